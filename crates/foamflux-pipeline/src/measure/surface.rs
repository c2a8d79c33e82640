//! Surface area, by every estimator, with the one to use named.

use std::collections::BTreeMap;

use foamflux_grid::{Axis, LengthUnit, Volume};
use foamflux_results::{AreaMethods, AreaPerGram, ErrorParts, SurfaceResults};
use foamflux_voxel::surface::{self, SurfaceReport};

use super::{GreyField, box_volume};
use crate::error::PipelineError;
use crate::settings::MeasureSettings;

/// Interior boundary of a phase per volume of the box.
pub(super) struct PhaseArea {
    /// By voxel faces.
    pub(super) faces: f64,
    /// By the estimator that is recommended for labels.
    pub(super) estimate: f64,
}

pub(super) fn of_phase(mask: &Volume<bool>) -> PhaseArea {
    let volume = box_volume(mask);
    PhaseArea {
        faces: surface::faces(mask).interior / volume,
        estimate: surface::weighted_faces(mask).interior / volume,
    }
}

/// The surface of the solid.
pub(super) fn solid(
    mask: &Volume<bool>,
    solid_voxels: usize,
    grey: Option<GreyField<'_>>,
    settings: &MeasureSettings,
) -> Result<SurfaceResults, PipelineError> {
    let report: SurfaceReport = match grey {
        Some(GreyField { data, level }) => foamflux_io::for_each_grey!(data, field => {
            surface::measure(mask, Some(surface::GreyField { field, level }))
        })?,
        None => surface::measure::<u8>(mask, None)?,
    };
    let mesh = report.grey_marching_cubes.unwrap_or(report.marching_cubes);
    // Three estimators that err for different reasons: their spread is the honest size of what voxels leave open.
    let spread = [report.weighted_faces, report.crofton, mesh]
        .iter()
        .map(|other| (other.interior - report.recommended_area().interior).abs())
        .fold(0.0, f64::max);
    let spacing = mask.spacing();
    let metric = spacing.unit == LengthUnit::Metre;
    let volume = box_volume(mask);
    let recommended = report.recommended_area().interior;
    let per_volume = AreaMethods {
        faces: report.faces.interior / volume,
        weighted_faces: report.weighted_faces.interior / volume,
        crofton: report.crofton.interior / volume,
        marching_cubes: mesh.interior / volume,
        recommended: recommended / volume,
    };
    let area_ratio: BTreeMap<String, f64> = Axis::ALL
        .into_iter()
        .map(|axis| {
            let depth = mask.shape().along(axis) as f64 * spacing.along(axis);
            (axis.name().to_owned(), recommended / volume * depth)
        })
        .collect();
    let solid_volume = solid_voxels as f64 * spacing.voxel_volume();
    let per_gram = settings.density_kg_per_m3.filter(|_| metric).map(|density| {
        // m2 of surface over m3 of solid times kg/m3, in m2/g.
        let geometric = recommended / (solid_volume * density) / 1000.0;
        let info = AreaPerGram {
            density_kg_per_m3: density,
            bet_m2_per_g: settings.bet_m2_per_g,
            roughness_factor: settings.bet_m2_per_g.map(|bet| bet / geometric),
        };
        (geometric, info)
    });
    Ok(SurfaceResults {
        phase: "solid".to_owned(),
        area_m2: metric.then_some(recommended),
        area_vox: (!metric).then_some(recommended),
        area_per_volume_per_m: metric.then(|| per_volume.clone()),
        area_per_volume_per_vox: (!metric).then(|| per_volume.clone()),
        error: ErrorParts { resolution: Some(spread / volume), total: Some(spread / volume), ..ErrorParts::default() },
        recommended_method: report.recommended.name().to_owned(),
        recommended_reason: report.reason,
        border_area_m2: metric.then_some(report.faces.border),
        border_area_vox: (!metric).then_some(report.faces.border),
        area_ratio,
        specific_surface_m2_per_g: per_gram.as_ref().map(|(geometric, _)| *geometric),
        per_gram: per_gram.map(|(_, info)| info),
    })
}
