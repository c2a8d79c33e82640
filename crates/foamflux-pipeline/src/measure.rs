//! Morphology of labels: fractions, components, percolation, surface, thickness, chords.

mod sampling;
mod surface;

use std::collections::BTreeMap;

use foamflux_grid::{Axis, Event, Label, Labels, LengthUnit, Phase, Stage, Volume, Watch};
use foamflux_io::read::StackData;
use foamflux_results::{ChordLengths, ErrorParts, MeasureResults, PercolationInfo, PhaseMeasure, Summary};
use foamflux_voxel::components::{Connectivity, label};
use foamflux_voxel::euler::euler_number;
use foamflux_voxel::percolation::percolation;
use foamflux_voxel::{chords, stats, thickness};

use crate::error::PipelineError;
use crate::ingest::volume_info;
use crate::record::Recorder;
use crate::settings::{MeasureSettings, label_numbers};

/// The grey field that was cut into the labels, and the level of the cut.
#[derive(Debug, Clone, Copy)]
pub struct GreyField<'a> {
    /// The field.
    pub data: &'a StackData,
    /// The level.
    pub level: f64,
}

/// Measures the labels; where there is a grey field the surface is also meshed in it.
///
/// # Errors
/// [`PipelineError::Internal`] when a volume has more runs of voxels than the components can number,
/// [`PipelineError::Cancelled`].
pub fn measure(
    labels: &Labels,
    grey: Option<GreyField<'_>>,
    settings: &MeasureSettings,
    watch: &dyn Watch,
) -> Result<MeasureResults, PipelineError> {
    let recorder = Recorder::new(watch);
    let watch: &dyn Watch = &recorder;
    let metric = labels.spacing().unit == LengthUnit::Metre;
    let begin = |what: &str| watch.event(Event::Started { stage: Stage::Measure, what: what.to_owned() });

    begin("components and percolation");
    let mut phases = BTreeMap::new();
    for phase in phases_of(labels) {
        phases.insert(phase.name.clone(), one_phase(labels, &phase)?);
        stop(watch)?;
    }

    let solid = labels.mask(Phase::solid().labels);
    let pore = labels.mask(Phase::pore().labels);
    let solid_voxels = solid.as_slice().iter().filter(|&&v| v).count();
    let has_solid = solid_voxels > 0;
    let has_pore = pore.as_slice().contains(&true);
    if !has_solid {
        watch.event(Event::Warning("there is no solid: surface and thickness are left out".to_owned()));
    }

    let mut surface = None;
    if has_solid {
        begin("surface area");
        surface = Some(surface::solid(&solid, solid_voxels, grey, settings)?);
        stop(watch)?;
    }

    begin("the box as a sample");
    let goal = settings.sampling_goal.unwrap_or(sampling::GOAL);
    let sampling = has_solid.then(|| sampling::fill(labels, &solid, &mut phases, surface.as_mut(), goal, watch));
    stop(watch)?;

    let mut sizes: [Option<Summary>; 2] = [None, None];
    for (size, name, mask, present) in
        [(0, "thickness of the solid", &solid, has_solid), (1, "size of the pores", &pore, has_pore)]
    {
        if present && solid_voxels < labels.shape().len() {
            begin(name);
            let local = match grey {
                // The grey field tells where between two voxels the boundary lies.
                Some(GreyField { data, level }) => foamflux_io::for_each_grey!(data, field => {
                    thickness::local_thickness_in_grey(mask, field, level, watch)
                }),
                None => thickness::local_thickness(mask, watch),
            };
            sizes[size] = stats::Summary::over(&local, mask)?.map(summary);
            stop(watch)?;
        }
    }

    begin("chord lengths and Euler number");
    let mut chord_lengths = BTreeMap::new();
    for (name, mask) in [("solid", &solid), ("pore", &pore)] {
        let by_axis: BTreeMap<String, ChordLengths> = Axis::ALL
            .into_iter()
            .map(|axis| {
                let found = chords::chord_lengths(mask, axis);
                (axis.name().to_owned(), ChordLengths { inner: found.lengths.map(summary), cut: found.cut })
            })
            .collect();
        chord_lengths.insert(name.to_owned(), by_axis);
    }
    let euler = |c| BTreeMap::from([("solid".to_owned(), euler_number(&solid, c))]);
    let (euler_26, euler_6) = (euler(Connectivity::Full26), euler(Connectivity::Face6));
    let components = ["solid", "pore"].into_iter().map(|name| (name.to_owned(), phases[name].components)).collect();
    watch.event(Event::Finished { stage: Stage::Measure, outcome: String::new() });

    let [thickness, pore_size] = sizes;
    Ok(MeasureResults {
        schema: MeasureResults::SCHEMA.to_owned(),
        volume: volume_info(labels.shape(), labels.voxel_size()),
        phases,
        surface,
        sampling,
        components,
        euler_number: euler_26,
        euler_number_6: euler_6,
        thickness_m: thickness.filter(|_| metric),
        thickness_vox: thickness.filter(|_| !metric),
        pore_size_m: pore_size.filter(|_| metric),
        pore_size_vox: pore_size.filter(|_| !metric),
        chord_length_m: metric.then(|| chord_lengths.clone()),
        chord_length_vox: (!metric).then_some(chord_lengths),
        warnings: recorder.warnings(),
    })
}

/// Every label that occurs, and pore and solid in any case.
fn phases_of(labels: &Labels) -> Vec<Phase> {
    let mut phases = vec![Phase::pore(), Phase::solid()];
    phases.extend(labels.present().iter().filter(|&l| l != Label::Pore).map(Phase::of));
    phases
}

fn one_phase(labels: &Labels, phase: &Phase) -> Result<PhaseMeasure, PipelineError> {
    let mask = labels.mask(phase.labels);
    let metric = labels.spacing().unit == LengthUnit::Metre;
    let by_faces = label(&mask, Connectivity::Face6).map_err(internal)?;
    let by_all = label(&mask, Connectivity::Full26).map_err(internal)?;
    let voxels = by_faces.voxels();
    let share = |n: u64| if voxels > 0 { n as f64 / voxels as f64 } else { 0.0 };
    let mut leads = BTreeMap::new();
    for axis in Axis::ALL {
        let found = percolation(&by_faces, axis).map_err(internal)?;
        let info = PercolationInfo {
            percolates: found.percolates,
            percolating_fraction: found.percolating_fraction,
            percolating_share_of_phase: found.percolating_fraction_of_phase,
            breaks: found.reason(labels.shape().along(axis)),
        };
        leads.insert(axis.name().to_owned(), info);
    }
    let area = surface::of_phase(&mask);
    Ok(PhaseMeasure {
        labels: label_numbers(phase.labels),
        voxels,
        volume_fraction: voxels as f64 / labels.shape().len() as f64,
        error: ErrorParts::default(),
        components: by_faces.count() as u64,
        components_26: by_all.count() as u64,
        largest_component_share: share(by_faces.largest().map_or(0, |(_, size)| size)),
        percolation: leads,
        face_area_per_volume_per_m: metric.then_some(area.faces),
        face_area_per_volume_per_vox: (!metric).then_some(area.faces),
        area_per_volume_per_m: metric.then_some(area.estimate),
        area_per_volume_per_vox: (!metric).then_some(area.estimate),
    })
}

fn summary(s: stats::Summary) -> Summary {
    Summary {
        mean: s.mean,
        median: s.median,
        std: s.std,
        p05: s.p05,
        p95: s.p95,
        count: s.count,
        error: ErrorParts::default(),
    }
}

fn stop(watch: &dyn Watch) -> Result<(), PipelineError> {
    if watch.cancelled() { Err(PipelineError::Cancelled) } else { Ok(()) }
}

fn internal(error: impl std::fmt::Display) -> PipelineError {
    PipelineError::Internal(error.to_string())
}

/// Volume of the box in the cubed unit of its spacing.
fn box_volume<T>(volume: &Volume<T>) -> f64 {
    volume.shape().len() as f64 * volume.spacing().voxel_volume()
}
