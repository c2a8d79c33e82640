//! Which stated voxel size to believe.
//!
//! Rules, in this order:
//!
//! 1. A flag or the configuration wins; what the files state is still shown, and a contradiction is a warning.
//! 2. OME-XML, then ImageJ, then NRRD are believed when they give all three edges in a unit of length,
//!    every edge lies between [`MIN_EDGE_M`] and [`MAX_EDGE_M`], and all slices state the same.
//!    Someone typed such a number in on purpose.
//! 3. Microscopes know nothing about z: their pixel size is believed with the slice thickness that is given beside it
//!    (`--slice-thickness`), which also stands in for a z that ImageJ or OME-XML leave out, and is asked for otherwise.
//!    Resolution tags know nothing about z either, and everybody writes them: they are shown and never believed.
//!    Of these, a whole number of pixels per inch whose pixel is larger than [`PRINTER_EDGE_M`]
//!    (72, 96, 100, 150, 300, 600, ...) is called what it is: the default of a screen or printer.
//!    A scanner whose pixel happens to be such a number is not harmed: z is missing all the same.
//! 4. A missing z edge is never filled in from x and y, and a unit is never assumed.
//!
//! What is not believed leaves the voxel size explicitly unknown.

use foamflux_grid::units::format_length;
use foamflux_grid::{VoxelSize, VoxelSizeSource};

use super::error::ReadError;
use super::metadata::Stated;
use super::options::Tilt;
use super::report::VoxelSizeCandidate;

/// Smallest edge anyone images: a tenth of an angstrom.
const MIN_EDGE_M: f64 = 1e-11;
/// Largest edge of a voxel in a tomogram of a porous material.
const MAX_EDGE_M: f64 = 2e-3;
/// Above this edge a whole number of pixels per inch is a printer's or screen's: 10 um is 2540 per inch.
const PRINTER_EDGE_M: f64 = 10e-6;
/// PNG stores whole pixels per metre, which moves 72 per inch to 72.009.
const DPI_ROUNDING: f64 = 0.02;
/// Slices of one stack agree to the rounding of their rationals.
const SAME: f64 = 1e-4;
/// A flag and the files contradict each other when they differ by more than one per cent.
const CONTRADICTION: f64 = 0.01;
const INCH: f64 = 0.0254;

/// What was decided.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) voxel_size: VoxelSize,
    pub(super) candidates: Vec<VoxelSizeCandidate>,
    pub(super) warnings: Vec<String>,
    /// What to ask for where a pixel size would be believed if only the slice thickness were known.
    pub(super) thickness_missing: Option<String>,
}

/// Tilts at which the correction is more than a factor of eleven, or none.
const TILT_DEG: std::ops::RangeInclusive<f64> = 5.0..=90.0;
/// Stages hold their tilt to better than this from slice to slice.
const SAME_TILT_DEG: f64 = 0.5;

/// Decides from what each file states. `asked` is the flag's or the configuration's.
pub(super) fn decide<'a>(
    stated: impl Iterator<Item = (&'a str, &'a Stated)>,
    asked: Option<&VoxelSize>,
    thickness_m: Option<f64>,
) -> Decision {
    let mut distinct: Vec<(&str, &Stated)> = Vec::new();
    for (file, s) in stated {
        if !distinct.iter().any(|(_, d)| same(d, s)) {
            distinct.push((file, s));
        }
    }
    let mut warnings = Vec::new();
    let mut candidates: Vec<VoxelSizeCandidate> = distinct
        .iter()
        .map(|&(file, s)| {
            let rivals = distinct.iter().filter(|(_, other)| other.source == s.source).count();
            let (believed, reason) = if rivals > 1 {
                (false, format!("the slices contradict one another: {rivals} different statements"))
            } else {
                judge(s, thickness_m)
            };
            VoxelSizeCandidate {
                source: s.source.clone(),
                file: file.to_owned(),
                m_xyz: s.m_xyz,
                stated: s.words.clone(),
                believed,
                reason,
            }
        })
        .collect();
    if let Some(c) = candidates.iter().find(|c| c.reason.starts_with("the slices contradict")) {
        warnings.push(format!(
            "the slices state different voxel sizes ({}, first in {}): none is believed",
            c.source, c.file
        ));
    }
    if let Some(VoxelSize::Known { m_xyz, .. }) = asked {
        for c in &mut candidates {
            if c.believed && contradicts(c, m_xyz) {
                warnings.push(format!(
                    "the voxel size given contradicts the one in {} ({}: {}); the given one is used",
                    c.file, c.source, c.stated
                ));
            }
            if c.believed {
                c.reason = "the voxel size given wins".to_owned();
            }
            c.believed = false;
        }
    }
    let rank = |s: &VoxelSizeSource| match s {
        VoxelSizeSource::OmeXml => 0,
        VoxelSizeSource::ImageJ => 1,
        _ => 2,
    };
    let best = (0..candidates.len()).filter(|&i| candidates[i].believed).min_by_key(|&i| rank(&candidates[i].source));
    for (i, c) in candidates.iter_mut().enumerate() {
        if c.believed && Some(i) != best {
            c.believed = false;
            c.reason = "a source that says more wins".to_owned();
        }
    }
    let found = best.and_then(|i| match candidates[i].m_xyz {
        [Some(x), Some(y), Some(z)] if thickness_m.is_none() => {
            VoxelSize::known([x, y, z], candidates[i].source.clone()).ok()
        }
        [Some(x), Some(y), _] => {
            let source = format!("{}, z by --slice-thickness", candidates[i].source);
            VoxelSize::known([x, y, thickness_m?], VoxelSizeSource::Other(source)).ok()
        }
        _ => None,
    });
    let lacks_z = |c: &&VoxelSizeCandidate| !c.believed && c.reason.starts_with(NO_Z) && knows_pixels(&c.source);
    let thickness_missing = candidates.iter().find(lacks_z).map(|c| {
        format!(
            "{} states the pixel ({}) and no file states the slice thickness: give --slice-thickness LENGTH, or \
             everything goes on in voxels",
            c.source, c.stated
        )
    });
    if thickness_m.is_some() && asked.is_none() && found.is_none() {
        warnings.push(
            "--slice-thickness has no effect: no microscope, ImageJ or OME-XML states the pixel size; give --voxel-size \
             x,y,z instead"
                .to_owned(),
        );
    }
    let voxel_size = asked.cloned().or(found).unwrap_or(VoxelSize::Unknown);
    Decision { voxel_size, candidates, warnings, thickness_missing }
}

/// Whether a source knows the pixel size when it states it: everyone but the resolution tags.
const fn knows_pixels(source: &VoxelSizeSource) -> bool {
    !matches!(source, VoxelSizeSource::ResolutionTags)
}

/// How the reason begins when nothing but z is missing.
const NO_Z: &str = "it does not state z";

/// The voxel size with y divided by the sine of the tilt, and its source saying so.
///
/// # Errors
/// [`ReadError::Tilt`] where the stage's tilt is asked for and not known, not the same for all slices, or too small.
pub(super) fn tilted(
    mut decision: Decision,
    tilt: Tilt,
    stage_deg: Option<[f64; 2]>,
    corrected: bool,
) -> Result<Decision, ReadError> {
    let degrees = match (tilt, stage_deg) {
        (Tilt::None, _) => return Ok(decision),
        (Tilt::Degrees(degrees), _) => degrees,
        (Tilt::Stage, None) => {
            return Err(ReadError::Tilt { found: "no file states the tilt of the stage".to_owned() });
        }
        (Tilt::Stage, Some([low, high])) if high - low > SAME_TILT_DEG => {
            return Err(ReadError::Tilt {
                found: format!("the slices state tilts from {low:.1} to {high:.1} degrees"),
            });
        }
        (Tilt::Stage, Some([low, high])) => {
            let degrees = 0.5 * (low + high);
            if !TILT_DEG.contains(&degrees) {
                let found = format!("the stage is tilted by {degrees:.1} degrees, at which no cross-section is seen");
                return Err(ReadError::Tilt { found });
            }
            degrees
        }
    };
    if corrected {
        decision.warnings.push(format!(
            "the microscope says that it corrected its images for a tilt already: --tilt-correction by {degrees:.1} degrees \
             comes on top of that"
        ));
    }
    match &mut decision.voxel_size {
        VoxelSize::Known { m_xyz, source } => {
            m_xyz[1] /= degrees.to_radians().sin();
            let shown = (degrees * 100.0).round() / 100.0;
            *source = VoxelSizeSource::Other(format!("{source}, y divided by the sine of {shown} degrees"));
        }
        VoxelSize::Unknown => {
            decision.warnings.push("--tilt-correction has no effect: the voxel size is unknown".to_owned());
        }
    }
    Ok(decision)
}

fn same(a: &Stated, b: &Stated) -> bool {
    let edge = |(a, b): (&Option<f64>, &Option<f64>)| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= SAME * a.abs(),
        (None, None) => true,
        _ => false,
    };
    a.source == b.source && a.objection == b.objection && a.m_xyz.iter().zip(&b.m_xyz).all(edge)
}

fn contradicts(candidate: &VoxelSizeCandidate, given: &[f64; 3]) -> bool {
    candidate.m_xyz.iter().zip(given).any(|(c, g)| c.is_some_and(|c| (c - g).abs() > CONTRADICTION * g))
}

/// Whether one statement is believed by itself, and why.
fn judge(s: &Stated, thickness_m: Option<f64>) -> (bool, String) {
    if let Some(objection) = &s.objection {
        return (false, objection.clone());
    }
    if let Some(edge) = s.m_xyz.iter().flatten().find(|e| !(MIN_EDGE_M..=MAX_EDGE_M).contains(*e)) {
        return (false, format!("a voxel of {} is implausible", format_length(*edge)));
    }
    if s.source == VoxelSizeSource::ResolutionTags
        && let Some(dpi) = s.m_xyz.iter().flatten().find_map(|&e| printer_dpi(e))
    {
        return (false, format!("{dpi} pixels per inch is the default of a screen or printer, not a measurement"));
    }
    match s.m_xyz {
        [Some(_), Some(_), z] if thickness_m.is_some() && knows_pixels(&s.source) => {
            let instead = if z.is_some() {
                "the slice thickness given stands in the place of its z"
            } else {
                "z is the slice thickness given"
            };
            (true, format!("pixels in a unit of length; {instead}"))
        }
        [Some(_), Some(_), Some(_)] => (true, "all three edges are stated in a unit of length".to_owned()),
        [Some(x), Some(y), None] => {
            let hint = s.z_hint.as_ref().map_or(String::new(), |h| format!(" ({h})"));
            let (x, y) = (format_length(x).replace(' ', ""), format_length(y).replace(' ', ""));
            let flag = if knows_pixels(&s.source) { "--slice-thickness Z, or " } else { "" };
            (false, format!("{NO_Z}{hint}: if x and y are right, give {flag}--voxel-size {x},{y},Z"))
        }
        _ => (false, "it does not state all edges".to_owned()),
    }
}

/// The whole number of pixels per inch behind an edge that only a screen or printer has.
fn printer_dpi(edge: f64) -> Option<f64> {
    let dpi = INCH / edge;
    (edge > PRINTER_EDGE_M && (dpi - dpi.round()).abs() <= DPI_ROUNDING).then(|| dpi.round())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printer_defaults_are_recognised_and_detector_pixels_are_not() {
        for dpi in [72.0, 96.0, 100.0, 150.0, 200.0, 300.0, 600.0] {
            assert_eq!(printer_dpi(INCH / dpi), Some(dpi));
        }
        // PNG: whole pixels per metre.
        for (per_metre, dpi) in [(2835.0, 72.0), (3780.0, 96.0), (11811.0, 300.0)] {
            assert_eq!(printer_dpi(1.0 / per_metre), Some(dpi));
        }
        for edge in [19.5e-6, 1.3e-6, 65e-9, 12.34e-6] {
            assert_eq!(printer_dpi(edge), None, "{edge}");
        }
    }
}
