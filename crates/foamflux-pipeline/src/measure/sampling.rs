//! The box as a sample: standard errors of shares and area, and the box that would be large enough.

use std::collections::BTreeMap;

use foamflux_grid::{Event, LabelSet, Labels, LengthUnit, Volume, Watch};
use foamflux_results::{PhaseMeasure, RepresentativityInfo, SamplingResults, SurfaceResults};
use foamflux_voxel::representativity::{Cells, Representativity, cube_edge_voxels, surface_cells};

use crate::errors;

/// The relative error that a box should have where nobody says otherwise.
pub(super) const GOAL: f64 = 0.02;
/// Boxes with fewer independent samples than this are warned of: their own variance is hardly known.
const FEW_SAMPLES: f64 = 10.0;

const PRINCIPLE: &str = "standard error of the mean over the box, from the variance of overlapping blocks of it and the law that \
                         links blocks and box (integral range); within one error two times of three; that of tau is what the share of its phase does to it, and \
                         is known where a band of thresholds shows how tau follows the share";

/// Fills in `error.sampling` of shares and area.
pub(super) fn fill(
    labels: &Labels,
    solid: &Volume<bool>,
    phases: &mut BTreeMap<String, PhaseMeasure>,
    surface: Option<&mut SurfaceResults>,
    goal: f64,
    watch: &dyn Watch,
) -> SamplingResults {
    let mut quantities = BTreeMap::new();
    for (name, phase) in phases {
        let set: LabelSet = phase.labels.iter().filter_map(|&l| foamflux_grid::Label::from_u8(l)).collect();
        if let Some(found) = Cells::of_mask(&labels.mask(set)).representativity() {
            phase.error.sampling = Some(found.standard_error);
            phase.error = errors::total(phase.error);
            quantities.insert(name.clone(), info(&found, solid, goal));
        }
    }
    if let Some(surface) = surface
        && let Some(found) = surface_cells(solid).representativity()
    {
        let methods = surface.area_per_volume_per_m.as_ref().or(surface.area_per_volume_per_vox.as_ref());
        if let Some(area) = methods.map(|m| m.recommended) {
            // Cells hold weighted faces; the estimator that is recommended may read a little more or less.
            surface.error.sampling = Some(found.standard_error / found.mean * area);
            surface.error = errors::total(surface.error);
        }
        quantities.insert("area_per_volume".to_owned(), info(&found, solid, goal));
    }
    if let Some(few) = quantities.get("solid").filter(|q| q.independent_samples < FEW_SAMPLES) {
        watch.event(Event::Warning(format!(
            "the box holds only {:.1} independent samples of the solid: its error as a sample of the material ({:.0} % of the \
             solid share) is itself hardly known; a box with an edge of {:.0} voxels would bring it to {:.1} %",
            few.independent_samples,
            100.0 * few.relative_error,
            few.box_edge_for_goal_vox,
            100.0 * goal
        )));
    }
    SamplingResults { goal_relative: goal, quantities, principle: PRINCIPLE.to_owned() }
}

fn info(found: &Representativity, like: &Volume<bool>, goal: f64) -> RepresentativityInfo {
    let spacing = like.spacing();
    let metric = spacing.unit == LengthUnit::Metre;
    let volume = found.volume_for(goal * found.mean);
    RepresentativityInfo {
        mean: found.mean,
        standard_error: found.standard_error,
        relative_error: found.standard_error / found.mean,
        integral_range_m3: metric.then_some(found.integral_range),
        integral_range_vox: found.integral_range / spacing.voxel_volume(),
        independent_samples: found.independent_samples,
        box_edge_for_goal_m: metric.then(|| volume.cbrt()),
        box_edge_for_goal_vox: cube_edge_voxels(volume, spacing),
        blocks: found.blocks as u64,
    }
}
