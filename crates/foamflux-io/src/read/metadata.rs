//! What files say about themselves in text: ImageJ descriptions, OME-XML, tifffile's JSON.
//!
//! Only the few attributes needed are picked out; a full XML parser would add a dependency and refuse the
//! slightly broken XML that is common in the field.

use foamflux_grid::VoxelSizeSource;

use super::tiff_ifd::Directory;
use super::tiff_page::DESCRIPTION;

const X_RESOLUTION: u16 = 282;
const Y_RESOLUTION: u16 = 283;
const RESOLUTION_UNIT: u16 = 296;

/// Metres per inch.
const INCH: f64 = 0.0254;

/// A voxel size as a file states it, before anyone believes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stated {
    /// Where in the file.
    pub(super) source: VoxelSizeSource,
    /// Edges in metres, x, y, z, as far as the file gives them.
    pub(super) m_xyz: [Option<f64>; 3],
    /// The file's own words.
    pub(super) words: String,
    /// Why it cannot be a voxel size whatever the numbers are (a unit that is no length).
    pub(super) objection: Option<String>,
    /// Why a missing z edge is missing, and what it may be.
    pub(super) z_hint: Option<String>,
}

impl Stated {
    pub(super) fn new(source: VoxelSizeSource, m_xyz: [Option<f64>; 3], words: String) -> Self {
        Stated { source, m_xyz, words, objection: None, z_hint: None }
    }

    /// Pixels per metre of a PNG.
    pub(super) fn png(x_per_m: u32, y_per_m: u32) -> Self {
        let edge = |n: u32| (n > 0).then(|| 1.0 / f64::from(n));
        Stated::new(
            VoxelSizeSource::ResolutionTags,
            [edge(x_per_m), edge(y_per_m), None],
            format!("{x_per_m} x {y_per_m} pixels per metre"),
        )
    }

    /// Axes of an NRRD header, `None` as the unit of an axis when there is none.
    pub(super) fn nrrd(edges_xyz: [Option<f64>; 3], units_xyz: [Option<String>; 3], words: String) -> Self {
        let mut m_xyz = [None; 3];
        let mut objection = None;
        for i in 0..3 {
            match &units_xyz[i] {
                Some(unit) => match per_metre(unit) {
                    Some(n) => m_xyz[i] = edges_xyz[i].map(|e| e / n),
                    None => objection = Some(format!("its unit '{unit}' is no length")),
                },
                None if edges_xyz[i].is_some() => {
                    objection = Some("the header gives no unit (3D Slicer would take mm)".to_owned());
                }
                None => {}
            }
        }
        Stated { objection, ..Stated::new(VoxelSizeSource::Nrrd, m_xyz, words) }
    }
}

/// How many of a unit of length are a metre, as people and programs write it. Inches and pixels are no unit of a voxel.
///
/// Lengths are divided by it, because powers of ten above one are exact: 5 µm times 1e-6 is 4.9999999999999996e-6 m.
pub(super) fn per_metre(unit: &str) -> Option<f64> {
    let unit = unit.trim().trim_matches('"');
    let folded = unit.to_lowercase().replace("\\u00b5", "\u{b5}").replace('\u{3bc}', "\u{b5}");
    Some(match folded.as_str() {
        "m" | "meter" | "metre" | "meters" | "metres" => 1.0,
        "cm" | "centimeter" | "centimetre" => 1e2,
        // "Mm" is a megametre, which nobody scans.
        "mm" | "millimeter" | "millimetre" | "millimeters" | "millimetres" => 1e3,
        "um" | "\u{b5}m" | "micron" | "microns" | "micrometer" | "micrometre" | "micrometers" | "micrometres" => 1e6,
        "nm" | "nanometer" | "nanometre" | "nanometers" | "nanometres" => 1e9,
        "\u{e5}" | "angstrom" | "a" | "\u{e5}ngstr\u{f6}m" => 1e10,
        "pm" | "picometer" | "picometre" => 1e12,
        _ => return None,
    })
}

/// The `key=value` lines of an ImageJ description.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ImageJ(Vec<(String, String)>);

impl ImageJ {
    /// Parses a description, if ImageJ or someone who follows it wrote it.
    pub(super) fn parse(description: &str) -> Option<Self> {
        if !description.starts_with("ImageJ=") {
            return None;
        }
        let pairs = description.lines().filter_map(|l| l.split_once('='));
        Some(ImageJ(pairs.map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned())).collect()))
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// A count such as `images`, `slices`, `frames`, `channels`; `None` when absent or senseless.
    pub(super) fn count(&self, key: &str) -> Option<u64> {
        self.get(key)?.parse().ok().filter(|&n| n > 0)
    }
}

/// The value of an attribute of the first `element` of some XML.
pub(super) fn attribute<'a>(xml: &'a str, element: &str, name: &str) -> Option<&'a str> {
    let mut rest = xml;
    let tag = loop {
        let at = rest.find(&format!("<{element}")).or_else(|| rest.find(&format!(":{element}")))?;
        let tail = &rest[at + 1 + element.len()..];
        if tail.starts_with(char::is_whitespace) {
            break &tail[..tail.find('>')?];
        }
        rest = tail;
    };
    let mut rest = tag;
    loop {
        let at = rest.find(name)?;
        let before = rest[..at].chars().next_back();
        rest = &rest[at + name.len()..];
        let Some(value) = rest.trim_start().strip_prefix('=') else { continue };
        if before.is_some_and(char::is_whitespace) {
            let value = value.trim_start();
            let quote = value.chars().next().filter(|&c| c == '"' || c == '\'')?;
            return value[1..].split_once(quote).map(|(v, _)| v);
        }
    }
}

/// Every voxel size that a TIFF page states.
pub(super) fn of_tiff(tags: &Directory) -> Vec<Stated> {
    let description = tags.text(DESCRIPTION).unwrap_or_default();
    let per_unit = |tag| tags.rational(tag).filter(|&n| n > 0.0);
    let resolution = [per_unit(X_RESOLUTION), per_unit(Y_RESOLUTION)];
    let mut all = Vec::new();
    let imagej = ImageJ::parse(&description);
    if let Some(imagej) = &imagej {
        all.extend(of_imagej(imagej, resolution));
    } else if description.contains("<OME") || description.contains(":OME ") {
        all.extend(of_ome(&description));
    }
    // ImageJ uses the resolution tags with the unit of its text, so they state nothing by themselves then.
    if imagej.as_ref().and_then(|i| i.get("unit")).is_none() {
        all.extend(of_resolution(tags.first(RESOLUTION_UNIT).unwrap_or(2), resolution));
    }
    all
}

fn of_imagej(imagej: &ImageJ, resolution: [Option<f64>; 2]) -> Option<Stated> {
    let unit = imagej.get("unit")?;
    let spacing = imagej.get("spacing").and_then(|s| s.parse::<f64>().ok()).map(f64::abs).filter(|&s| s > 0.0);
    let unit_per_m = per_metre(unit);
    let [x, y] = resolution.map(|r| r.map(|n| 1.0 / n));
    let words = format!(
        "unit={unit}, {} x {} pixels per unit, spacing={}",
        resolution[0].map_or("?".to_owned(), |n| n.to_string()),
        resolution[1].map_or("?".to_owned(), |n| n.to_string()),
        spacing.map_or("none".to_owned(), |s| s.to_string())
    );
    let m_xyz = [x, y, spacing].map(|e| e.zip(unit_per_m).map(|(e, n)| e / n));
    let mut stated = Stated::new(VoxelSizeSource::ImageJ, m_xyz, words);
    if unit_per_m.is_none() {
        stated.objection = Some(format!("its unit '{unit}' is no length of a voxel"));
    } else if spacing.is_none() && imagej.count("images").is_some_and(|n| n > 1) {
        // ImageJ leaves `spacing` out when it is 1, and other writers leave it out because they know none.
        // Only a voxel that is a cube of exactly one unit is what ImageJ alone would write.
        if x.is_some_and(is_one) && y.is_some_and(is_one) {
            stated.m_xyz[2] = unit_per_m.map(f64::recip);
        } else {
            stated.z_hint = Some(format!("ImageJ leaves spacing out when it is 1 {unit}, others when they know none"));
        }
    }
    Some(stated)
}

/// Resolutions are rationals of 32-bit numbers: ImageJ rounds them at the sixth digit.
fn is_one(edge: f64) -> bool {
    (edge - 1.0).abs() < 1e-6
}

fn of_ome(xml: &str) -> Option<Stated> {
    let value = |axis: &str| {
        let name = format!("PhysicalSize{axis}");
        attribute(xml, "Pixels", &name).and_then(|v| v.parse::<f64>().ok()).filter(|&v| v > 0.0)
    };
    let mut words = Vec::new();
    let mut objection = None;
    let m_xyz = ["X", "Y", "Z"].map(|axis| {
        let edge = value(axis)?;
        // The OME schema's default unit.
        let unit = attribute(xml, "Pixels", &format!("PhysicalSize{axis}Unit")).unwrap_or("\u{b5}m");
        let unit = unit.replace("&#181;", "\u{b5}").replace("&#xB5;", "\u{b5}").replace("&#xb5;", "\u{b5}");
        words.push(format!("PhysicalSize{axis}={edge} {unit}"));
        let unit_per_m = per_metre(&unit);
        if unit_per_m.is_none() {
            objection = Some(format!("its unit '{unit}' is no length of a voxel"));
        }
        unit_per_m.map(|n| edge / n)
    });
    if words.is_empty() {
        return None;
    }
    Some(Stated { objection, ..Stated::new(VoxelSizeSource::OmeXml, m_xyz, words.join(", ")) })
}

fn of_resolution(unit: u64, resolution: [Option<f64>; 2]) -> Option<Stated> {
    let [x, y] = resolution;
    let (m, name) = match unit {
        2 => (INCH, "inch"),
        3 => (0.01, "cm"),
        _ => (f64::NAN, "unit of no length"),
    };
    let words = format!("{} x {} pixels per {name}", x.or(y)?, y.or(x)?);
    if m.is_nan() {
        let none = Stated::new(VoxelSizeSource::ResolutionTags, [None; 3], words);
        // One pixel per nothing is what writers without any knowledge store.
        let silent = x.is_none_or(is_one) && y.is_none_or(is_one);
        return (!silent).then(|| Stated { objection: Some("the tags give no unit".to_owned()), ..none });
    }
    Some(Stated::new(VoxelSizeSource::ResolutionTags, [x.map(|n| m / n), y.map(|n| m / n), None], words))
}

/// Leading dimensions in the JSON that tifffile writes for arrays: `{"shape": [100, 200, 300]}`.
pub(super) fn tifffile_shape(description: &str) -> Option<Vec<u64>> {
    let rest = description.trim_start().strip_prefix('{')?;
    let (_, rest) = rest.split_once("\"shape\"")?;
    let (_, rest) = rest.split_once('[')?;
    let (list, _) = rest.split_once(']')?;
    list.split(',').map(|n| n.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "the nearest number to a decimal is one number")]
    fn lengths_are_the_numbers_that_a_person_would_write() {
        for (number, unit, metres) in [
            (5.0, "um", 5e-6),
            (13.0, "\u{b5}m", 13e-6),
            (19.5, "micron", 19.5e-6),
            (25.0, "nm", 25e-9),
            (7.0, "mm", 7e-3),
        ] {
            assert_eq!(number / per_metre(unit).unwrap(), metres, "{number} {unit}");
        }
        let imagej = ImageJ::parse("ImageJ=1.54f\nimages=3\nslices=3\nunit=um\nspacing=5\n").unwrap();
        let stated = of_imagej(&imagej, [Some(0.2), Some(0.2)]).unwrap();
        assert_eq!(stated.m_xyz, [Some(5e-6); 3]);
    }
}
