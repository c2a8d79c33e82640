//! Shares, area and thickness at the ends of the threshold band.

use std::time::Instant;

use foamflux_grid::{Event, Stage, Volume, Watch};
use foamflux_results::{AreaMethods, AtThresholds, ErrorParts, MeasureResults};
use foamflux_voxel::{stats, surface, thickness};

use super::{Doubt, End};
use crate::error::PipelineError;
use crate::errors;
use crate::measure::GreyField;

/// Area per volume by the estimator of a name.
fn area_by(method: &str, mask: &Volume<bool>, grey: Option<GreyField<'_>>) -> f64 {
    let area = match (method, grey) {
        ("grey_marching_cubes", Some(GreyField { data, level })) => {
            foamflux_io::for_each_grey!(data, field => surface::marching_cubes_in_grey(mask, field, level))
        }
        ("crofton", _) => surface::crofton(mask),
        _ => surface::weighted_faces(mask),
    };
    area.interior / (mask.shape().len() as f64 * mask.spacing().voxel_volume())
}

/// Shares, area and thickness at the ends of the band; fills in the errors and returns the numbers by name.
///
/// # Errors
/// [`PipelineError::Internal`], [`PipelineError::Cancelled`].
pub(super) fn measure(
    doubt: &Doubt,
    results: &mut MeasureResults,
    grey: Option<GreyField<'_>>,
    watch: &dyn Watch,
) -> Result<Vec<(&'static str, AtThresholds)>, PipelineError> {
    let clock = Instant::now();
    watch
        .event(Event::Started { stage: Stage::Measure, what: "the same at the ends of the threshold band".to_owned() });
    let mut ends = Vec::new();
    for end in End::BOTH {
        if watch.cancelled() {
            return Err(PipelineError::Cancelled);
        }
        let mask = doubt.solid(end);
        let grey = grey.map(|g| GreyField { level: g.level + doubt.shift(end), ..g });
        let voxels = mask.as_slice().iter().filter(|v| **v).count();
        let partly = voxels > 0 && voxels < mask.shape().len();
        let area = match &results.surface {
            Some(s) if partly => Some(area_by(&s.recommended_method, &mask, grey)),
            _ => None,
        };
        let mean = if partly {
            let local = match grey {
                Some(GreyField { data, level }) => foamflux_io::for_each_grey!(data, field => {
                    thickness::local_thickness_in_grey(&mask, field, level, watch)
                }),
                None => thickness::local_thickness(&mask, watch),
            };
            stats::Summary::over(&local, &mask)?.map(|s| s.mean)
        } else {
            None
        };
        ends.push((voxels as f64 / mask.shape().len() as f64, area, mean));
    }
    let (low, high) = (ends[0], ends[1]);
    let mut out = Vec::new();
    let mut fill = |name, found: AtThresholds, part: &mut ErrorParts| {
        part.segmentation = found.error();
        *part = errors::total(*part);
        out.push((name, found));
    };
    if let Some(pore) = results.phases.get_mut("pore") {
        let found = AtThresholds { low: Some(1.0 - low.0), middle: pore.volume_fraction, high: Some(1.0 - high.0) };
        fill("porosity", found, &mut pore.error);
    }
    if let Some(solid) = results.phases.get_mut("solid") {
        let found = AtThresholds { low: Some(low.0), middle: solid.volume_fraction, high: Some(high.0) };
        fill("solid_fraction", found, &mut solid.error);
    }
    if let Some(s) = results.surface.as_mut() {
        let methods: Option<&AreaMethods> = s.area_per_volume_per_m.as_ref().or(s.area_per_volume_per_vox.as_ref());
        if let Some(middle) = methods.map(|m| m.recommended) {
            fill("area_per_volume", AtThresholds { low: low.1, middle, high: high.1 }, &mut s.error);
        }
    }
    if let Some(t) = results.thickness_m.as_mut().or(results.thickness_vox.as_mut()) {
        let found = AtThresholds { low: low.2, middle: t.mean, high: high.2 };
        fill("thickness_mean", found, &mut t.error);
        let error = t.error.segmentation;
        if let Some(p) = results.pore_size_m.as_mut().or(results.pore_size_vox.as_mut()) {
            p.error.segmentation = error;
            p.error = errors::total(p.error);
        }
    }
    let outcome = format!("{:.1} s", clock.elapsed().as_secs_f64());
    watch.event(Event::Finished { stage: Stage::Measure, outcome });
    Ok(out)
}
