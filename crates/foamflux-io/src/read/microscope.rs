//! What electron microscopes say about their images: pixel size, data bar, tilt.
//!
//! | maker | where | pixel | rows of the scan | tilt |
//! |---|---|---|---|---|
//! | FEI, Thermo Fisher | TIFF tag 34682 or 34680, `[Section]` and `Key=Value` | `[Scan]` or beam `PixelWidth`, `PixelHeight`, m | `[Image] ResolutionY`, else height less `[PrivateFei] DatabarHeight` | `[Stage] StageT`, radian |
//! | Zeiss | TIFF tag 34118, a line with the key and one with `Name = value unit` | `AP_IMAGE_PIXEL_SIZE` (`AP_PIXEL_SIZE` is that of the screen) | - (drawn into the image) | `AP_STAGE_AT_T`, degree |
//! | TESCAN | `NAME-tif.hdr` beside `NAME.tif`, `Key=Value` | `PixelSizeX`, `PixelSizeY`, m | height less `ImageStripSize` | `StageTilt`, degree |
//! | JEOL | `NAME.txt` beside the image, `$KEY value` | `$$SM_MICRON_MARKER` over `$$SM_MICRON_BAR` pixels | - (drawn into the image) | - |
//! | Hitachi | `NAME.txt`, `[SemImageFile]` and `Key=Value` | `PixelSize`, nm | - | - |
//!
//! No microscope says how thick a slice is.

use foamflux_grid::VoxelSizeSource;

use super::metadata::{Stated, per_metre};
use super::origin::{Item, Origin};
use super::tiff_ifd::Directory;

const ZEISS: u16 = 34118;
const FEI_SFEG: u16 = 34680;
const FEI_HELIOS: u16 = 34682;

/// Sidecars are a few kilobytes of text; more is something else.
const SIDECAR_BYTES: u64 = 1 << 20;

/// What a microscope says about one image.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Microscope {
    /// Name of the source, such as `fei-metadata`.
    pub(super) source: &'static str,
    /// Edges of a pixel in metres, x and y.
    pub(super) pixel_m: [Option<f64>; 2],
    /// The pixel size in the file's own words.
    pub(super) words: String,
    /// Columns of the scan; another width means that the image was resized or cut after it.
    pub(super) scan_columns: Option<usize>,
    /// Rows of the scan, above a data bar.
    pub(super) scan_rows: Option<usize>,
    /// Tilt of the stage in degrees.
    pub(super) tilt_deg: Option<f64>,
    /// Whether the microscope corrected the pixel's height for a tilt itself.
    pub(super) tilt_corrected: bool,
    /// Acceleration voltage in volts.
    pub(super) voltage_v: Option<f64>,
}

impl Microscope {
    /// The pixel size as a statement of a file, for an image of this width.
    pub(super) fn stated(&self, width: usize) -> Option<Stated> {
        let [x, y] = self.pixel_m;
        x.or(y)?;
        let source = VoxelSizeSource::Other(self.source.to_owned());
        let mut stated = Stated::new(source, [x.or(y), y.or(x), None], self.words.clone());
        if let Some(columns) = self.scan_columns.filter(|&c| c != width) {
            stated.objection =
                Some(format!("the scan had {columns} columns and the image has {width}: it was resized or cut"));
        }
        Some(stated)
    }

    /// Voltage and tilt, for people.
    pub(super) fn describe(&self) -> String {
        let voltage = self.voltage_v.map(|v| format!(", {} kV", v / 1e3));
        let tilt = self.tilt_deg.map(|t| format!(", stage tilt {} degrees", (t * 100.0).round() / 100.0));
        format!("{}{}{}", self.source, voltage.unwrap_or_default(), tilt.unwrap_or_default())
    }
}

/// What the private tags of a TIFF page say.
pub(super) fn of_tiff(tags: &Directory, height: usize) -> Option<Microscope> {
    [FEI_HELIOS, FEI_SFEG]
        .into_iter()
        .find_map(|tag| fei(&tags.text(tag)?, height))
        .or_else(|| tags.text(ZEISS).and_then(|text| zeiss(&text)))
}

/// What a text file beside the image says.
pub(super) fn of_sidecar(item: &Item, height: usize) -> Option<Microscope> {
    let Origin::Path(path) = &item.origin else { return None };
    let (stem, extension) = (path.file_stem()?.to_str()?, path.extension()?.to_str()?);
    let names = [format!("{stem}-{extension}.hdr"), format!("{stem}.hdr"), format!("{stem}.txt")];
    names.iter().find_map(|name| {
        let beside = path.with_file_name(name);
        let meta = std::fs::metadata(&beside).ok().filter(|m| m.is_file() && m.len() <= SIDECAR_BYTES)?;
        let mut bytes = std::fs::read(&beside).ok()?;
        bytes.truncate(usize::try_from(meta.len()).ok()?);
        // Latin-1 and UTF-8 differ in the micro sign alone here.
        let text = String::from_utf8(bytes).unwrap_or_else(|e| e.as_bytes().iter().map(|&b| char::from(b)).collect());
        tescan(&text, height).or_else(|| jeol(&text)).or_else(|| hitachi(&text))
    })
}

/// `Key=Value` lines in sections.
struct Ini<'a>(Vec<(&'a str, &'a str, &'a str)>);

impl<'a> Ini<'a> {
    fn parse(text: &'a str) -> Self {
        let mut section = "";
        let mut lines = Vec::new();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                section = name;
            } else if let Some((key, value)) = line.split_once('=') {
                lines.push((section, key.trim(), value.trim()));
            }
        }
        Ini(lines)
    }

    /// The value of a key in the first of these sections that has it; an empty name stands for any.
    fn text(&self, sections: &[&str], key: &str) -> Option<&'a str> {
        sections.iter().find_map(|section| {
            let fits = |(s, k, _): &&(&str, &str, &str)| (section.is_empty() || s == section) && *k == key;
            self.0.iter().find(fits).map(|(_, _, value)| *value)
        })
    }

    fn number(&self, sections: &[&str], key: &str) -> Option<f64> {
        self.text(sections, key)?.parse().ok().filter(|v: &f64| v.is_finite())
    }

    fn length(&self, sections: &[&str], key: &str) -> Option<f64> {
        self.number(sections, key).filter(|&v| v > 0.0)
    }

    fn count(&self, sections: &[&str], key: &str) -> Option<usize> {
        self.text(sections, key)?.parse().ok().filter(|&n| n > 0)
    }
}

fn fei(text: &str, height: usize) -> Option<Microscope> {
    let ini = Ini::parse(text);
    // The scan in use, then those of the beams, and files of old microscopes without sections.
    let scan = ["Scan", "EScan", "IScan", ""];
    let (x, y) = (ini.length(&scan, "PixelWidth"), ini.length(&scan, "PixelHeight"));
    let bar = ini.count(&["PrivateFei", ""], "DatabarHeight");
    let rows = ini.count(&["Image", ""], "ResolutionY").or(bar.and_then(|b| height.checked_sub(b)));
    x.or(y).or(rows.map(|r| r as f64))?;
    let beams = ["EBeam", "Beam", ""];
    Some(Microscope {
        source: "fei-metadata",
        pixel_m: [x, y],
        words: format!("PixelWidth={} m, PixelHeight={} m", shown(x), shown(y)),
        scan_columns: ini.count(&["Image", ""], "ResolutionX"),
        scan_rows: rows,
        tilt_deg: ini.number(&["Stage", ""], "StageT").or(ini.number(&["EBeam"], "StageTa")).map(f64::to_degrees),
        tilt_corrected: ini.text(&beams, "TiltCorrectionIsOn").is_some_and(|v| v.eq_ignore_ascii_case("yes")),
        voltage_v: ini.number(&beams, "HV"),
    })
}

fn shown(edge: Option<f64>) -> String {
    edge.map_or("?".to_owned(), |e| format!("{e:e}"))
}

fn zeiss(text: &str) -> Option<Microscope> {
    let value = |key: &str| {
        let line = text.lines().skip_while(|l| l.trim() != key).nth(1)?;
        line.split_once('=').map(|(_, value)| value.trim())
    };
    let quantity = |key: &str| {
        let (number, unit) = value(key)?.split_once(' ')?;
        Some((number.parse::<f64>().ok().filter(|v| v.is_finite())?, unit.trim()))
    };
    let words = value("AP_IMAGE_PIXEL_SIZE")?;
    let edge = quantity("AP_IMAGE_PIXEL_SIZE").and_then(|(n, unit)| Some(n / per_metre(unit)?)).filter(|&e| e > 0.0);
    let voltage = quantity("AP_ACTUALKV").or_else(|| quantity("AP_MANUALKV"));
    Some(Microscope {
        source: "zeiss-metadata",
        pixel_m: [edge, edge],
        words: format!("Image Pixel Size = {words}"),
        scan_columns: None,
        scan_rows: None,
        tilt_deg: quantity("AP_STAGE_AT_T").map(|(n, _)| n),
        tilt_corrected: value("DP_TILT_CORRECTION").is_some_and(|v| v.eq_ignore_ascii_case("on")),
        voltage_v: voltage.map(|(n, unit)| if unit.eq_ignore_ascii_case("kv") { n * 1e3 } else { n }),
    })
}

fn tescan(text: &str, height: usize) -> Option<Microscope> {
    let ini = Ini::parse(text);
    let (x, y) = (ini.length(&[""], "PixelSizeX"), ini.length(&[""], "PixelSizeY"));
    x.or(y)?;
    let strip = ini.count(&[""], "ImageStripSize");
    Some(Microscope {
        source: "tescan-sidecar",
        pixel_m: [x, y],
        words: format!("PixelSizeX={} m, PixelSizeY={} m", shown(x), shown(y)),
        scan_columns: None,
        scan_rows: strip.and_then(|s| height.checked_sub(s)),
        tilt_deg: ini.number(&[""], "StageTilt"),
        tilt_corrected: ini.number(&[""], "TiltCorrection").is_some_and(|v| v != 0.0),
        voltage_v: ini.number(&[""], "HV"),
    })
}

fn jeol(text: &str) -> Option<Microscope> {
    let value = |key: &str| text.lines().find_map(|l| l.trim().strip_prefix(key)?.strip_prefix(' ').map(str::trim));
    let bar: f64 = value("$$SM_MICRON_BAR")?.parse().ok().filter(|&n| n > 0.0)?;
    let marker = value("$$SM_MICRON_MARKER")?;
    let at = marker.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let length = marker[..at].parse::<f64>().ok()? / per_metre(&marker[at..])?;
    let edge = Some(length / bar).filter(|&e| e > 0.0);
    Some(Microscope {
        source: "jeol-sidecar",
        pixel_m: [edge, edge],
        words: format!("a micron bar of {bar} pixels is {marker}"),
        scan_columns: None,
        scan_rows: None,
        tilt_deg: None,
        tilt_corrected: false,
        voltage_v: value("$CM_ACCEL_VOLT").and_then(|v| v.parse::<f64>().ok()).map(|kv| kv * 1e3),
    })
}

fn hitachi(text: &str) -> Option<Microscope> {
    let ini = Ini::parse(text);
    let edge = Some(ini.length(&["SemImageFile"], "PixelSize")? / 1e9);
    Some(Microscope {
        source: "hitachi-sidecar",
        pixel_m: [edge, edge],
        words: format!("PixelSize={} nm", ini.text(&["SemImageFile"], "PixelSize")?),
        scan_columns: None,
        scan_rows: None,
        tilt_deg: None,
        tilt_corrected: false,
        voltage_v: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELIOS: &str = "[User]\r\nUser=a=b\r\n[Beam]\r\nHV=5000\r\n[EBeam]\r\nHV=2000\r\nTiltCorrectionIsOn=no\r\n\
        [EScan]\r\nPixelWidth=9e-09\r\n[Scan]\r\nPixelWidth=1.25e-08\r\nPixelHeight=1.5e-08\r\n\
        [Stage]\r\nStageT=0.9075712\r\n[Image]\r\nResolutionX=1536\r\nResolutionY=1024\r\n[PrivateFei]\r\nDatabarHeight=0\r\n";

    #[test]
    fn an_fei_scan_in_use_wins_over_those_of_the_beams() {
        let m = fei(HELIOS, 1094).unwrap();
        assert_eq!((m.pixel_m, m.scan_rows, m.voltage_v), ([Some(1.25e-8), Some(1.5e-8)], Some(1024), Some(2000.0)));
        // 52 degrees, as dual-beam microscopes tilt.
        assert!((m.tilt_deg.unwrap() - 52.0).abs() < 1e-4 && !m.tilt_corrected);
        assert!(m.stated(1536).unwrap().objection.is_none());
        assert!(m.stated(768).unwrap().objection.unwrap().contains("resized"));
    }

    #[test]
    fn a_bar_without_a_resolution_is_subtracted_and_zero_rows_are_no_bar() {
        let old = fei("PixelWidth=2e-9\nDatabarHeight=70\n", 1094).unwrap();
        assert_eq!((old.scan_rows, old.pixel_m), (Some(1024), [Some(2e-9), None]));
        assert_eq!(fei("PixelWidth=2e-9\nDatabarHeight=0\n", 1024).unwrap().scan_rows, None);
        assert!(fei("[User]\nUser=x\n", 1024).is_none());
    }

    #[test]
    fn zeiss_states_two_pixel_sizes_and_one_is_the_images() {
        let text = "0\r\nAP_PIXEL_SIZE\r\nPixel Size = 99.0 nm\r\nAP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 12.5 nm\r\n\
            AP_STAGE_AT_T\r\nStage at T =  54.0 \u{b0}\r\nAP_ACTUALKV\r\nEHT = 1.50 kV\r\nDP_TILT_CORRECTION\r\nTilt Corrn. = On\r\n";
        let m = zeiss(text).unwrap();
        assert!((m.pixel_m[0].unwrap() - 12.5e-9).abs() < 1e-18);
        assert_eq!((m.tilt_deg, m.voltage_v, m.tilt_corrected), (Some(54.0), Some(1500.0), true));
        assert!(zeiss("AP_PIXEL_SIZE\nPixel Size = 99.0 nm\n").is_none());
    }

    #[test]
    fn tescan_states_its_strip() {
        let m = tescan(
            "[MAIN]\nImageStripSize=84\nPixelSizeX=2.0e-8\nPixelSizeY=2.0e-8\n[SEM]\nHV=15000\nStageTilt=55\n",
            852,
        );
        let m = m.unwrap();
        assert_eq!((m.scan_rows, m.tilt_deg, m.voltage_v), (Some(768), Some(55.0), Some(15_000.0)));
    }

    #[test]
    fn jeol_states_the_length_of_its_bar() {
        for (marker, m) in [("5um", 5e-6), ("10\u{b5}m", 10e-6), ("500nm", 500e-9), ("1 um", 1e-6)] {
            let text = format!(
                "$CM_FORMAT JEOL-SEM\n$CM_ACCEL_VOLT 15.00\n$$SM_MICRON_BAR 160\n$$SM_MICRON_MARKER {marker}\n"
            );
            let found = jeol(&text).unwrap();
            assert!((found.pixel_m[1].unwrap() * 160.0 / m - 1.0).abs() < 1e-12, "{marker}");
            assert_eq!(found.voltage_v, Some(15_000.0));
        }
        assert!(jeol("$$SM_MICRON_BAR 0\n$$SM_MICRON_MARKER 5um\n").is_none());
        assert!(hitachi("[SemImageFile]\nPixelSize=24.8\n").is_some());
    }
}
