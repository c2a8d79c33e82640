//! One seed or crop, examined: everything that metrics are computed from.

use std::collections::BTreeMap;

use foamflux_grid::{Axis, Event, LabelSet, Labels, Phase, Stage, Watch};
use foamflux_results::TransportResults;
use foamflux_transport::Backend;
use foamflux_voxel::{stats, surface, thickness};

use super::current::{self, CurrentFacts, Load};
use super::metrics::area_ratio_at;
use super::network::{NetworkFacts, NetworkTruth, network};
use super::settings::CompareSettings;
use super::zone::zone;
use crate::current::CurrentSettings;
use crate::error::PipelineError;
use crate::memory;
use crate::settings::{ElectrodeSettings, TransportSettings};
use crate::transport::transport;

/// Shape of the host's part of a volume.
#[derive(Debug, Clone, Copy)]
pub(super) struct Geometry {
    pub(super) depth_m: f64,
    pub(super) porosity: f64,
    /// Carbon or metal of the host, lithium not counted.
    pub(super) solid_fraction: f64,
    /// Area between pore and everything else over the volume.
    pub(super) area_per_m: f64,
    /// Spread of three estimators of it.
    pub(super) area_spread_per_m: f64,
    /// The longest voxel edge.
    pub(super) voxel_m: f64,
    /// Mean local thickness of the solid.
    pub(super) strut_m: Option<f64>,
    /// Mean local thickness of the pore.
    pub(super) pore_m: Option<f64>,
    /// Pore in the last slice: where the collector or the metal below is bare.
    pub(super) floor: f64,
    /// What is not pore in the first slice: the top land.
    pub(super) land: f64,
}

/// What is known of a host beside its voxels.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    /// Density of the solid in kg/m3.
    pub(super) density: Option<f64>,
    /// Error of the solid fraction by the threshold.
    pub(super) fraction_segmentation: Option<f64>,
    /// Exact solid fraction minus that of the voxels, of a generated host.
    pub(super) fraction_off: Option<f64>,
    /// Exact area per volume of a generated host without lithium.
    pub(super) exact_area_per_m: Option<f64>,
    /// The network of a generated foam.
    pub(super) network: Option<NetworkTruth>,
    /// Whether a generated host is made of something else than struts and fibres.
    pub(super) no_fibres: bool,
    /// Electronic conductivity of the solid in S/m; 0 insulates.
    pub(super) sigma: Option<f64>,
}

/// Everything that metrics are computed from. A stage that joins the comparison adds a field here, fills it in [`examine`], and
/// adds its metrics to the list in `metrics.rs`; tables, files, figures and tests of significance follow from the list.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// The conditions.
    pub(super) conditions: CompareSettings,
    pub(super) known: Known,
    /// `None` for a plane.
    pub(super) geometry: Option<Geometry>,
    /// Whether the thickness can be chosen.
    pub(super) scalable: bool,
    /// Pore and solid along x, y, z; tau_e of the pore along z.
    pub(super) transport: BTreeMap<String, TransportResults>,
    /// Nodes and fibres, or why there are none.
    pub(super) network: Result<NetworkFacts, &'static str>,
    /// The current distribution with all surfaces alike.
    pub(super) current: Result<CurrentFacts, &'static str>,
    /// The same with the kinetics of each label, where they differ.
    pub(super) surfaces: Result<CurrentFacts, &'static str>,
    /// Voxels of the host's part.
    pub(super) shape_zyx: [usize; 3],
    /// The current distribution by voxel, where it was asked for and there is one.
    pub(super) map: Option<CurrentMap>,
}

/// Where the current of one box goes.
#[derive(Debug, Clone)]
pub struct CurrentMap {
    /// What it was solved on: the host without layers that belong to the cell, the separator above.
    pub labels: Labels,
    /// The slice of the box at which these labels begin.
    pub first_slice: usize,
    /// Current density per true area on voxels of the reacting surface in A/m2; not a number elsewhere.
    pub density: Vec<f32>,
}

/// How every seed and crop is examined.
#[derive(Clone, Copy)]
pub(super) struct Examination<'a> {
    pub(super) conditions: CompareSettings,
    pub(super) transport: &'a TransportSettings,
    pub(super) current: &'a CurrentSettings,
    pub(super) max_memory: Option<u64>,
    pub(super) backend: &'a dyn Backend,
    /// Whether the current distribution by voxel is kept.
    pub(super) map: bool,
}

const PLANE: &str = "a plane has no fibres";

/// Examines a volume whose depth is z.
pub(super) fn examine(
    labels: &Labels,
    known: Known,
    how: Examination<'_>,
    watch: &dyn Watch,
) -> Result<Facts, PipelineError> {
    let quiet = Quiet(watch);
    let found = zone(labels)?;
    let mut facts = Facts {
        conditions: how.conditions,
        known,
        geometry: None,
        scalable: !found.on_metal,
        transport: BTreeMap::new(),
        network: Err(PLANE),
        current: Err(NO_CURRENT),
        surfaces: Err(ALIKE),
        shape_zyx: [0, labels.shape().y, labels.shape().x],
        map: None,
    };
    let mut tagged = None;
    if let Some(host) = found.labels {
        facts.shape_zyx = host.shape().zyx();
        facts.geometry = Some(geometry(&host, watch)?);
        stop(watch)?;
        let settings = solver(how.transport, &host);
        facts.transport = transport(&host, &settings, 0.0, how.backend, &quiet)?.results;
        if known.no_fibres {
            facts.network = Err("not made of struts or fibres");
            tagged = Some(host);
        } else {
            let (labels, network) = network(&host, &quiet)?;
            facts.network = network;
            tagged = Some(labels);
        }
    }
    // A layer on metal takes its electrons from there, so that it is solved with its metal.
    let (labels, first_slice) = match tagged.as_ref().filter(|_| facts.scalable) {
        Some(host) => (host, found.begin),
        None => (labels, 0),
    };
    let density = distributions(&mut facts, labels, how, &quiet)?;
    facts.map = density.map(|density| CurrentMap { labels: labels.clone(), first_slice, density });
    Ok(facts)
}

const NO_CURRENT: &str = "takes more memory than --max-memory allows";
const ALIKE: &str = "all surfaces react alike: give --i0, --eta-nuc or --film by label";

/// Solves for the current distribution, once with all surfaces alike and once more with their own kinetics; what comes back is
/// the first by voxel, where it was asked for.
fn distributions(
    facts: &mut Facts,
    labels: &Labels,
    how: Examination<'_>,
    watch: &dyn Watch,
) -> Result<Option<Vec<f32>>, PipelineError> {
    if memory::check(how.current.work(), labels.shape(), 0, how.max_memory).is_err() {
        return Ok(None);
    }
    let ratio = area_ratio_at(facts, how.conditions.thickness_m);
    let load = Load {
        local: how.conditions.current_a_per_m2 / ratio,
        scalable: facts.scalable && facts.geometry.is_some(),
        sigma: facts.known.sigma,
    };
    let (alike, differ) = current::alike(labels, how.current);
    let (found, density) = current::solve(labels, load, &alike, how.map, how.backend, watch)?;
    facts.current = found;
    stop(watch)?;
    if differ {
        facts.surfaces = current::solve(labels, load, how.current, false, how.backend, watch)?.0;
    }
    Ok(density)
}

/// The same questions for every host, whatever the user's configuration says of phases and directions.
fn solver(settings: &TransportSettings, host: &Labels) -> TransportSettings {
    let counts = host.counts();
    let present = |phase: &Phase| phase.labels.iter().any(|l| counts[l as usize] > 0);
    let electrode = settings.electrode.as_ref();
    TransportSettings {
        phases: [Phase::pore(), Phase::solid()].into_iter().filter(present).collect(),
        conductivities: None,
        axes: Axis::ALL.to_vec(),
        electrode: electrode.map(|e| ElectrodeSettings {
            axes: vec![Axis::Z],
            only: Some(LabelSet::PORE),
            collector: foamflux_transport::Collector::Last,
            ..e.clone()
        }),
        geometric: false,
        tensor: false,
        refine: false,
        fields: Vec::new(),
        layout: None,
        ..settings.clone()
    }
}

fn geometry(host: &Labels, watch: &dyn Watch) -> Result<Geometry, PipelineError> {
    let shape = host.shape();
    let spacing = host.spacing();
    let begin = |what: &str| watch.event(Event::Started { stage: Stage::Measure, what: what.to_owned() });
    let pore = host.mask(LabelSet::PORE);
    let solid = host.mask(LabelSet::SOLID);
    let voxels = shape.len() as f64;
    let count = |mask: &foamflux_grid::Volume<bool>| mask.as_slice().iter().filter(|v| **v).count() as f64;
    let (porosity, solid_fraction) = (count(&pore) / voxels, count(&solid) / voxels);

    begin("surface area");
    // Everything but pore has a surface that lithium can be plated on.
    let body = pore.map(|p| !p);
    let report = surface::measure::<u8>(&body, None)?;
    let volume = voxels * spacing.voxel_volume();
    let area = report.recommended_area().interior;
    let spread = [report.weighted_faces, report.crofton, report.marching_cubes]
        .iter()
        .map(|other| (other.interior - area).abs())
        .fold(0.0, f64::max);
    drop(body);
    stop(watch)?;

    let size = |mask: &foamflux_grid::Volume<bool>, fraction: f64| -> Result<Option<f64>, PipelineError> {
        if fraction <= 0.0 || fraction >= 1.0 {
            return Ok(None);
        }
        let local = thickness::local_thickness(mask, watch);
        stop(watch)?;
        Ok(stats::Summary::over(&local, mask)?.map(|s| s.mean))
    };
    begin("sizes of struts and pores");
    let strut_m = size(&solid, solid_fraction)?;
    let pore_m = size(&pore, porosity)?;
    let share = |z: usize| pore.plane(z).iter().filter(|v| **v).count() as f64 / (shape.y * shape.x) as f64;
    Ok(Geometry {
        depth_m: shape.z as f64 * spacing.z,
        porosity,
        solid_fraction,
        area_per_m: area / volume,
        area_spread_per_m: spread / volume,
        voxel_m: spacing.x.max(spacing.y).max(spacing.z),
        strut_m,
        pore_m,
        floor: share(shape.z - 1),
        land: 1.0 - share(0),
    })
}

pub(super) fn stop(watch: &dyn Watch) -> Result<(), PipelineError> {
    if watch.cancelled() { Err(PipelineError::Cancelled) } else { Ok(()) }
}

/// Keeps the notes of single solves to itself: a comparison makes dozens, and says its own.
pub(super) struct Quiet<'a>(pub(super) &'a dyn Watch);

impl Watch for Quiet<'_> {
    fn event(&self, event: Event) {
        if matches!(event, Event::Started { .. } | Event::Advanced { .. }) {
            self.0.event(event);
        }
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}
