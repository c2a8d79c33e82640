//! Current distribution on the surface of a host.

mod effective;
pub(crate) mod i0_map;
mod reading;
mod salt;
mod settings;
pub(crate) mod units;

use std::collections::BTreeMap;
use std::time::Instant;

use foamflux_electro::electrolyte::{Answer, Concentration};
use foamflux_electro::{
    Blocked, Cell, Collector, Distribution, Drive, ElectroError, Metrics, Options, electrolyte, kinetic_limit, metrics,
};
use foamflux_grid::{Event, Label, Labels, Watch};
use foamflux_results::{
    CurrentArea, CurrentBalance, CurrentDensity, CurrentEffort, CurrentLeftOut, CurrentProfile, CurrentResults,
    CurrentSeconds, CurrentShare, Evenness, Uniformity,
};
use foamflux_transport::{Backend, Sides};

use crate::error::PipelineError;
use crate::ingest::volume_info;
use crate::record::Recorder;
use effective::{Effective, effective};
pub use i0_map::I0Map;
pub use settings::CurrentSettings;
pub(crate) use settings::ground;

/// Maps by voxel, `[z][y][x]`.
#[derive(Debug, Clone, Default)]
pub struct CurrentFields {
    /// Current density per true area on voxels of the reacting surface in A/m2; not a number elsewhere.
    pub current_density: Vec<f32>,
    /// Overpotential of the reaction on the same voxels in V, weighted by area.
    pub overpotential: Vec<f32>,
    /// Potential of electrolyte and solid in V, each against the collector; not a number where nothing takes part.
    pub phi_electrolyte: Vec<f32>,
    /// Potential of the solid.
    pub phi_solid: Vec<f32>,
    /// Ionic current density in A/m2, x, y, z.
    pub ionic: Vec<[f32; 3]>,
    /// Electronic current density in A/m2, x, y, z.
    pub electronic: Vec<[f32; 3]>,
    /// Flux of lithium ions N+ in mol/(m2 s), diffusion and migration, x, y, z.
    pub li_flux: Vec<[f32; 3]>,
    /// Concentration of the salt in mol/m3; not a number where there is no electrolyte. At the time that was asked for.
    pub concentration: Vec<f32>,
}

/// What the stage leaves behind.
#[derive(Debug)]
pub struct Current {
    /// Numbers.
    pub results: CurrentResults,
    /// Maps, where they were asked for and current flows.
    pub fields: Option<CurrentFields>,
}

/// Solves for the current distribution; a volume through which none can flow is a result.
///
/// # Errors
/// [`PipelineError::Electro`], [`PipelineError::Memory`], [`PipelineError::Cancelled`].
pub fn current(
    labels: &Labels,
    settings: &CurrentSettings,
    with_fields: bool,
    seconds_read: f64,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<Current, PipelineError> {
    let recorder = Recorder::new(watch);
    let watch: &dyn Watch = &recorder;
    let clock = Instant::now();
    let mut seconds = CurrentSeconds { read: seconds_read, ..CurrentSeconds::default() };
    let mut cell = match Cell::new(labels, &settings.materials, settings.setting) {
        Ok(cell) => cell,
        Err(ElectroError::Blocked(blocked)) => {
            watch.event(Event::Warning(format!("no current distribution: {blocked}")));
            let mut results = blocked_results(labels, settings, &blocked, backend);
            results.warnings = recorder.warnings();
            return Ok(Current { results, fields: None });
        }
        Err(error) => return Err(error.into()),
    };
    seconds.setup = clock.elapsed().as_secs_f64();
    let clock = Instant::now();
    // The model's conductivity from here on: that of the dilute model follows from its salt.
    let settings =
        &CurrentSettings { materials: settings.electrolyte.materials(&settings.materials), ..settings.clone() };
    let materials = &settings.materials;
    let mapped = i0_map::apply(&mut cell, labels, settings, materials, watch)?;
    // Before the distribution is there: what both need at once would be half as much again.
    let effective = effective(labels, &cell, settings, backend, watch)?;
    seconds.effective = clock.elapsed().as_secs_f64();
    let clock = Instant::now();
    let answer = electrolyte::solve(
        &mut cell,
        materials,
        &settings.electrolyte,
        settings.drive,
        (backend, &Options::default()),
        watch,
    )?;
    let found = &answer.found;
    seconds.solve = clock.elapsed().as_secs_f64();
    let Some(metrics) = metrics(&cell, found) else {
        return Err(PipelineError::Internal("a current distribution without current".to_owned()));
    };
    let mut results = results(labels, &cell, settings, found, &metrics, &effective);
    let clock = Instant::now();
    let run = salt::in_time(&cell, settings, materials, &answer, watch)?;
    results.electrolyte = Some(salt::results(&cell, settings, materials, &answer, run.as_ref().map(|r| &r.0), clock));
    results.solver.seconds = seconds;
    reading::warn(&results, settings, watch);
    results.reading = reading::reading(&results);
    if let Some(mapped) = mapped {
        results.reading.insert(
            1.min(results.reading.len()),
            format!(
                "i0 comes from a map ({} to {} A/m\u{b2} on the reacting surface, it varies by {}): what varies in this map is first of all what was entered.",
                foamflux_grid::units::significant(mapped.min, 3),
                foamflux_grid::units::significant(mapped.max, 3),
                reading::percent(mapped.cv)
            ),
        );
    }
    let fields = with_fields.then(|| fields(&cell, &answer, run.as_ref().map(|r| &r.1)));
    results.warnings = recorder.warnings();
    Ok(Current { results, fields })
}

/// Depth axis, collector's end, sides and separator's plane as results call them.
pub(crate) fn names(settings: &CurrentSettings) -> [String; 4] {
    let plane = if matches!(settings.drive, Drive::Uniform(_)) { "uniform" } else { "equipotential" };
    let collector = if settings.setting.collector == Collector::Last { "last" } else { "first" };
    let sides = if settings.setting.sides == Sides::Periodic { "periodic" } else { "no-flux" };
    [settings.setting.axis.name(), collector, sides, plane].map(str::to_owned)
}

fn blocked_results(
    labels: &Labels,
    settings: &CurrentSettings,
    blocked: &Blocked,
    backend: &dyn Backend,
) -> CurrentResults {
    let [direction, collector, sides, separator_plane] = names(settings);
    CurrentResults {
        schema: CurrentResults::SCHEMA.to_owned(),
        volume: volume_info(labels.shape(), labels.voxel_size()),
        model: salt::model_name(settings.electrolyte.model).to_owned(),
        direction,
        collector,
        sides,
        separator_plane,
        blocked: Some(blocked.to_string()),
        applied_current_a_per_m2: None,
        overpotential_v: None,
        overpotential_kinetic_v: None,
        current_density_a_per_m2: None,
        uniformity: None,
        shares: BTreeMap::new(),
        top_share: None,
        depth_centroid: None,
        area_centroid: None,
        groups: foamflux_results::CurrentGroups::default(),
        balance: CurrentBalance { charge_error: None, slice_error: None },
        area: CurrentArea::default(),
        left_out: CurrentLeftOut::default(),
        profile: CurrentProfile::default(),
        electrolyte: None,
        inputs: settings.inputs.clone(),
        reading: vec![format!("No current flows: {blocked}.")],
        warnings: Vec::new(),
        solver: CurrentEffort { device: backend.describe(), ..CurrentEffort::default() },
    }
}

fn results(
    labels: &Labels,
    cell: &Cell,
    settings: &CurrentSettings,
    found: &Distribution,
    m: &Metrics,
    effective: &Effective,
) -> CurrentResults {
    let s = m.statistics;
    let limit = kinetic_limit(cell, &settings.materials, found.applied_a_per_m2);
    let shares: BTreeMap<String, CurrentShare> = m
        .shares
        .iter()
        .map(|share| {
            let even = limit[share.label as usize].unwrap_or(f64::NAN);
            let share_of = CurrentShare {
                area: share.area,
                current: share.current,
                mean_a_per_m2: share.mean_a_per_m2,
                relative: share.mean_a_per_m2 / s.mean,
                relative_kinetic_limit: even / s.mean,
            };
            (share.label.name().to_owned(), share_of)
        })
        .collect();
    let (mut kinetic, mut within) = (0.0, 0.0);
    for ((face, &j), &eta) in cell.faces().iter().zip(found.current_density()).zip(found.face_overpotential()) {
        kinetic += cell.area(face) * j * eta;
        let mean =
            m.shares.iter().find(|share| share.label as u8 == face.label).map_or(0.0, |share| share.mean_a_per_m2);
        within += cell.area(face) * (j - mean).powi(2);
    }
    let [direction, collector, sides, separator_plane] = names(settings);
    let voxels = labels.shape().len() as f64;
    let left = cell.left_out();
    CurrentResults {
        schema: CurrentResults::SCHEMA.to_owned(),
        volume: volume_info(labels.shape(), labels.voxel_size()),
        model: salt::model_name(settings.electrolyte.model).to_owned(),
        direction,
        collector,
        sides,
        separator_plane,
        blocked: None,
        applied_current_a_per_m2: Some(found.applied_a_per_m2),
        overpotential_v: Some(found.overpotential_v),
        overpotential_kinetic_v: Some(kinetic / (s.mean * s.area)),
        current_density_a_per_m2: Some(CurrentDensity {
            mean: s.mean,
            std: s.std,
            p01: s.p01,
            p50: s.p50,
            p99: s.p99,
            p999: s.p999,
            max: s.max,
        }),
        uniformity: Some(Uniformity {
            cv: s.cv,
            gini: s.gini,
            hot_spot_p99: s.hot_spot_p99,
            active_area_fraction: s.active_area_fraction,
            cv_within_labels: (within / s.area).sqrt() / s.mean.abs(),
            within_slices: m.within_slices.map(|w| Evenness {
                cv: w.cv,
                gini: w.gini,
                hot_spot_p99: w.hot_spot_p99,
                active_area_fraction: w.active_area_fraction,
            }),
        }),
        shares,
        top_share: Some(m.top_share),
        depth_centroid: Some(m.centroid),
        area_centroid: Some(m.area_centroid),
        groups: effective.groups(cell, settings, found.applied_a_per_m2, s.mean, s.area),
        balance: CurrentBalance { charge_error: Some(found.charge_error), slice_error: Some(found.slice_error(cell)) },
        area: CurrentArea {
            reacting_m2: s.area,
            projected_m2: cell.projected_area(),
            ratio: s.area / cell.projected_area(),
            open_share: cell.open_share(),
        },
        left_out: CurrentLeftOut {
            electrolyte: left.electrolyte as f64 / voxels,
            idle_electrolyte: left.idle_electrolyte as f64 / voxels,
            solid: left.solid as f64 / voxels,
        },
        profile: profile(cell, found, m, effective, settings),
        electrolyte: None,
        inputs: used_inputs(labels, settings),
        reading: Vec::new(),
        warnings: Vec::new(),
        solver: CurrentEffort {
            unknowns: found.effort.unknowns,
            reacting_faces: found.effort.reacting_faces,
            newton_steps: found.effort.newton_steps,
            linear_iterations: found.effort.linear_iterations.clone(),
            last_change: found.effort.change,
            device: found.effort.device.clone(),
            seconds: CurrentSeconds::default(),
            peak_bytes: found.effort.bytes,
        },
    }
}

/// Inputs that matter for this volume: those of labels that it does not have are left out.
pub(crate) fn used_inputs(labels: &Labels, settings: &CurrentSettings) -> Vec<foamflux_results::CurrentInput> {
    let present = labels.present();
    let has = |name: &str| name.parse::<Label>().is_ok_and(|l| present.contains(l as u8));
    settings
        .inputs
        .iter()
        .filter(|input| input.standing == "given" || input.label.as_deref().is_none_or(has))
        .filter(|input| {
            input.key != "kappa-separator" || input.standing == "given" || present.contains(Label::Separator as u8)
        })
        .cloned()
        .collect()
}

fn profile(
    cell: &Cell,
    found: &Distribution,
    m: &Metrics,
    effective: &Effective,
    settings: &CurrentSettings,
) -> CurrentProfile {
    let slices = m.reaction.len();
    let step = cell.depth() / slices as f64;
    let homogeneous = effective.homogeneous(cell, settings, m.statistics.mean, m.statistics.area);
    let mut sums = vec![[[0.0; 2]; 2]; slices];
    for voxel in 0..cell.shape().len() {
        if let (Some(electrolyte), Some(phi)) = (cell.is_electrolyte(voxel), found.potential(voxel)) {
            let sum = &mut sums[cell.slice_of(voxel)][usize::from(!electrolyte)];
            sum[0] += phi;
            sum[1] += 1.0;
        }
    }
    let mean = |sum: [f64; 2]| (sum[1] > 0.0).then(|| sum[0] / sum[1]);
    let host = effective.slices.clone();
    CurrentProfile {
        depth_m: (0..slices).map(|k| (k as f64 + 0.5) * step).collect(),
        reaction_relative: m.reaction.iter().map(|q| q * slices as f64).collect(),
        area_relative: m.area.iter().map(|q| q * slices as f64).collect(),
        macrohomogeneous_relative: (0..slices)
            .map(|k| {
                let h = homogeneous.filter(|_| host.contains(&k))?;
                let depth = (k as f64 + 0.5 - host.start as f64) / host.len() as f64;
                // All current reacts within the host's slices.
                Some(h.reaction(depth) * slices as f64 / host.len() as f64)
            })
            .collect(),
        ionic_share: (0..slices)
            .map(|k| {
                let [a, b] = [found.planes[k], found.planes[k + 1]];
                (a[0] + b[0]) / (a[0] + a[1] + b[0] + b[1])
            })
            .collect(),
        phi_electrolyte_v: sums.iter().map(|s| mean(s[0])).collect(),
        phi_solid_v: sums.iter().map(|s| mean(s[1])).collect(),
    }
}

fn fields(cell: &Cell, answer: &Answer, in_time: Option<&Concentration>) -> CurrentFields {
    let found = &answer.found;
    let salt = in_time.unwrap_or(&answer.salt);
    let voxels = cell.shape().len();
    let mut sums = vec![[0f32; 2]; voxels];
    for (face, &eta) in cell.faces().iter().zip(found.face_overpotential()) {
        let sum = &mut sums[face.solid()];
        sum[0] += (cell.area(face) * eta) as f32;
        sum[1] += cell.area(face) as f32;
    }
    CurrentFields {
        current_density: found.surface_map(cell).into_vec(),
        overpotential: sums.iter().map(|s| if s[1] > 0.0 { s[0] / s[1] } else { f32::NAN }).collect(),
        phi_electrolyte: found.potentials(cell, true).into_vec(),
        phi_solid: found.potentials(cell, false).into_vec(),
        ionic: found.flux(cell, true),
        electronic: found.flux(cell, false),
        li_flux: salt.li_flux(cell, found),
        concentration: salt.volume(cell).into_vec(),
    }
}
