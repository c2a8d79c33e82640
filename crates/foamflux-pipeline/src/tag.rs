//! Nodes and fibres: tags and graph of the solid.

use std::collections::BTreeMap;
use std::time::Instant;

use foamflux_grid::{Axis, Event, Label, LabelSet, Labels, LengthUnit, Stage, Watch};
use foamflux_network::{Conduction, Network, NetworkError, NodeKind, Parameters, Spread, Statistics, ZoneRule};
use foamflux_results::{
    FibreResults, NetworkConduction, NodeResults, NodeZoneInfo, SpreadInfo, TagResults, TopologyInfo,
};

use crate::error::PipelineError;
use crate::ingest::volume_info;
use crate::record::Recorder;

/// What was found.
#[derive(Debug, Clone)]
pub struct Tagged {
    /// Numbers.
    pub results: TagResults,
    /// The labels with nodes and fibres.
    pub labels: Labels,
    /// The graph.
    pub network: Network,
    /// Conduction of the graph along x, y, z.
    pub conduction: Vec<Conduction>,
}

/// Tags fibre and node voxels; other labels stay what they are, and lithiophilic ones count as solid.
///
/// # Errors
/// [`PipelineError::Network`] for parameters out of range or more voxels than can be thinned at once,
/// [`PipelineError::Cancelled`].
pub fn tag(labels: &Labels, parameters: &Parameters, watch: &dyn Watch) -> Result<Tagged, PipelineError> {
    let clock = Instant::now();
    let recorder = Recorder::new(watch);
    let watch: &dyn Watch = &recorder;
    let solid = labels.mask(LabelSet::SOLID);
    let network = Network::find(&solid, parameters, watch).map_err(|error| match error {
        NetworkError::Cancelled => PipelineError::Cancelled,
        other => PipelineError::Network(other),
    })?;
    drop(solid);
    let mut tagged = labels.clone().into_volume();
    for (voxel, &tag) in tagged.as_mut_slice().iter_mut().zip(network.tags.as_slice()) {
        if *voxel == Label::Fibre as u8 || *voxel == Label::Node as u8 {
            *voxel = tag;
        }
    }
    let labels = Labels::new(tagged)?;
    watch.event(Event::Started { stage: Stage::Tag, what: "statistics".to_owned() });
    let statistics = Statistics::of(&network);
    let conduction: Vec<Conduction> = Axis::ALL.iter().map(|&a| foamflux_network::conduction(&network, a)).collect();
    let mut results = results(&labels, &network, &statistics, &conduction);
    if let Some(t) = network.topology {
        watch.event(Event::Note(format!("topology of solid and skeleton agree: {t}")));
    }
    results.warnings = recorder.warnings();
    results.seconds = clock.elapsed().as_secs_f64();
    watch.event(Event::Finished { stage: Stage::Tag, outcome: String::new() });
    Ok(Tagged { results, labels, network, conduction })
}

fn spread(s: Option<Spread>) -> Option<SpreadInfo> {
    s.map(|s| SpreadInfo {
        mean: s.mean,
        median: s.median,
        std: s.std,
        min: s.min,
        max: s.max,
        log_mean: s.log_mean,
        log_std: s.log_std,
        count: s.count as u64,
    })
}

fn results(labels: &Labels, network: &Network, s: &Statistics, conduction: &[Conduction]) -> TagResults {
    let metric = labels.spacing().unit == LengthUnit::Metre;
    let si = |v: Option<SpreadInfo>| v.filter(|_| metric);
    let vox = |v: Option<SpreadInfo>| v.filter(|_| !metric);
    let voxels = labels.shape().len() as f64;
    let counts = labels.counts();
    let share = |label: Label| counts[label as usize] as f64 / voxels;
    let mut volume_fractions = BTreeMap::new();
    for label in Label::ALL {
        if matches!(label, Label::Pore | Label::Fibre | Label::Node) || counts[label as usize] > 0 {
            volume_fractions.insert(label.name().to_owned(), share(label));
        }
    }
    let zones = &network.zones;
    let (radius, diameter, length) = (spread(s.node_radius), spread(s.diameter), spread(s.length));
    let debris = network.fibres.iter().filter(|f| f.is_debris()).count();
    let [whole, cut, dead_ends, free] = s.fibres.map(|n| n as u64);
    TagResults {
        schema: TagResults::SCHEMA.to_owned(),
        volume: volume_info(labels.shape(), labels.voxel_size()),
        nodes: NodeResults {
            count: s.nodes as u64,
            density_per_m3: metric.then_some(s.node_density),
            density_per_vox3: (!metric).then_some(s.node_density),
            coordination_mean: s.coordination_mean,
            coordination_histogram: s.coordination.iter().map(|(k, n)| (k.to_string(), *n as u64)).collect(),
            at_border: network.nodes.iter().filter(|n| n.kind == NodeKind::Junction && n.at_border).count() as u64,
            radius_m: si(radius),
            radius_vox: vox(radius),
            zone: NodeZoneInfo {
                rule: match zones.rule {
                    ZoneRule::Swelling => "swelling",
                    ZoneRule::NodeRadius(_) => "node-radius",
                    ZoneRule::StrutDiameter(_) => "strut-diameter",
                }
                .to_owned(),
                factor: zones.factor,
                swelling: zones.swelling,
                from_profile: zones.from_profile,
                node_share_by_scale: zones.influence.iter().map(|i| (i.scale.to_string(), i.node_share)).collect(),
            },
        },
        fibres: FibreResults {
            count: (network.fibres.len() - debris) as u64,
            whole,
            cut,
            dead_ends,
            free: free - debris as u64,
            diameter_m: si(diameter),
            diameter_vox: vox(diameter),
            length_m: si(length),
            length_vox: vox(length),
            length_unbiased_mean_m: s.length_unbiased.filter(|_| metric),
            length_total_m: metric.then_some(s.length_total),
            length_total_vox: (!metric).then_some(s.length_total),
            tortuosity: spread(s.tortuosity),
            orientation_tensor: s.orientation,
            order_parameter: s.order,
            principal_direction_xyz: s.principal,
        },
        volume_fractions,
        node_share_of_solid: counts[Label::Node as usize] as f64 / (network.solid_voxels.max(1)) as f64,
        topology: network.topology.map(|t| TopologyInfo { components: t.components as u64, euler_number: t.euler }),
        loops: s.loops,
        conduction: conduction
            .iter()
            .map(|c| {
                let one = NetworkConduction { percolates: c.tau.is_some(), tau: c.tau, d_eff_relative: c.relative };
                (c.axis.name().to_owned(), one)
            })
            .collect(),
        kelvin_solid_fraction: s.kelvin_solid_fraction,
        strut_like_share: network.strut_like,
        debris_share: network.debris_share,
        spurs_cut: network.steps.spurs as u64,
        junctions_merged: network.steps.merged as u64,
        seconds: 0.0,
        warnings: Vec::new(),
    }
}
