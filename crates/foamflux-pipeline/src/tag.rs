//! Nodes and fibres: tags and graph of the solid.

mod errors;
mod grey;

use std::collections::BTreeMap;
use std::time::Instant;

use foamflux_grid::{Axis, Event, Label, LabelSet, Labels, LengthUnit, Stage, Watch};
use foamflux_io::read::StackData;
use foamflux_network::{
    Conduction, Direction, Network, NetworkError, NodeKind, Parameters, PoreCells, Spread, Statistics, ZoneRule,
};
use foamflux_results::{
    CellResults, ErrorParts, FibreResults, NetworkConduction, NetworkPaths, NodeResults, NodeZoneInfo,
    OrientationField, SpreadInfo, StepSeconds, TagResults, TopologyInfo, TransportResults,
};

pub use errors::{add_band, add_threshold};
pub use grey::GreyZone;

use crate::error::PipelineError;
use crate::ingest::volume_info;
use crate::record::{Recorder, Stopwatch};

/// What becomes of node voxels that the labels have already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// Tagged anew like all other solid.
    Replace,
    /// Kept: whoever made the file knew. Only the graph is found then.
    Keep,
}

/// What tagging may go by beside the shape of the solid.
#[derive(Debug, Clone, Copy)]
pub struct Extras<'a> {
    /// Node voxels of the labels.
    pub given: Given,
    /// Whether loose bodies that are no network become [`Label::Other`] instead of fibre.
    pub debris: bool,
    /// Grey values that show where nodes end.
    pub grey: Option<&'a StackData>,
    /// Whether every solid voxel gets a direction by the structure tensor.
    pub directions: bool,
}

impl Extras<'_> {
    /// The shape alone.
    #[must_use]
    pub const fn none(given: Given) -> Self {
        Extras { given, debris: false, grey: None, directions: false }
    }
}

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
    /// Directions of the solid voxels by ascending place, where they were asked for.
    pub directions: Option<Vec<Direction>>,
}

/// Tags fibre and node voxels; other labels stay what they are, and lithiophilic ones count as solid.
///
/// # Errors
/// [`PipelineError::Network`] for parameters out of range or more voxels than can be thinned at once,
/// [`PipelineError::Cancelled`].
pub fn tag(
    labels: &Labels,
    parameters: &Parameters,
    extras: Extras<'_>,
    watch: &dyn Watch,
) -> Result<Tagged, PipelineError> {
    let clock = Instant::now();
    let stopwatch = Stopwatch::new(watch);
    let recorder = Recorder::new(&stopwatch);
    let watch: &dyn Watch = &recorder;
    let solid = labels.mask(LabelSet::SOLID);
    let find = |parameters: &Parameters| {
        Network::find(&solid, parameters, watch).map_err(|error| match error {
            NetworkError::Cancelled => PipelineError::Cancelled,
            other => PipelineError::Network(other),
        })
    };
    let mut network = find(parameters)?;
    if let Some(grey) = extras.grey {
        match grey::zone(&network, labels, grey) {
            Some(GreyZone::Ends { factor, levels: [node, fibre] }) => {
                watch.event(Event::Note(format!(
                    "nodes end at {factor:.2} inscribed radii, where their grey value of {node:.1} is half-way to the \
                     {fibre:.1} of fibres"
                )));
                network = find(&Parameters { zone: ZoneRule::NodeRadius(factor), ..*parameters })?;
            }
            Some(GreyZone::Alike { levels: [node, fibre] }) => watch.event(Event::Warning(format!(
                "grey values do not tell nodes ({node:.1}) from fibres ({fibre:.1}): the shape alone was used"
            ))),
            None => {}
        }
    }
    let network = network;
    watch.event(Event::Started { stage: Stage::Tag, what: "cells of the pore".to_owned() });
    let cells = PoreCells::of(&solid);
    let statistics = Statistics::of(&network);
    let directions = match statistics.diameter.filter(|_| extras.directions) {
        Some(diameter) => {
            Some(foamflux_network::orientations(&solid, 0.5 * diameter.median, watch).map_err(|error| match error {
                NetworkError::Cancelled => PipelineError::Cancelled,
                other => PipelineError::Network(other),
            })?)
        }
        None => {
            if extras.directions {
                watch.event(Event::Warning("there is no fibre, and so no direction of fibres".to_owned()));
            }
            None
        }
    };
    drop(solid);
    if watch.cancelled() {
        return Err(PipelineError::Cancelled);
    }
    let keep = extras.given == Given::Keep && labels.volume().as_slice().contains(&(Label::Node as u8));
    let labels = if keep {
        watch.event(Event::Note(kept(labels, &network)));
        labels.clone()
    } else {
        let mut tagged = labels.clone().into_volume();
        for (voxel, &tag) in tagged.as_mut_slice().iter_mut().zip(network.tags.as_slice()) {
            if *voxel == Label::Fibre as u8 || *voxel == Label::Node as u8 {
                *voxel = tag;
            }
        }
        if extras.debris {
            for &i in &network.debris {
                let voxel = &mut tagged.as_mut_slice()[i as usize];
                if *voxel == Label::Fibre as u8 || *voxel == Label::Node as u8 {
                    *voxel = Label::Other as u8;
                }
            }
        }
        Labels::new(tagged)?
    };
    watch.event(Event::Started { stage: Stage::Tag, what: "statistics".to_owned() });
    let conduction: Vec<Conduction> = Axis::ALL.iter().map(|&a| foamflux_network::conduction(&network, a)).collect();
    let mut results = results(&labels, &network, &statistics, &conduction);
    results.tags_of_the_file = keep;
    results.orientation_field = directions.as_ref().map(|o| OrientationField {
        tensor: o.tensor,
        order_parameter: o.order,
        principal_direction_xyz: o.principal,
        linear_share: o.linear_share,
    });
    results.cells = cells.map(|c| cell_results(c, labels.spacing().unit == LengthUnit::Metre));
    errors::estimate(&mut results, labels.spacing().min_edge());
    if let Some(t) = network.topology {
        watch.event(Event::Note(format!("topology of solid and skeleton agree: {t}")));
    }
    results.warnings = recorder.warnings();
    results.seconds = clock.elapsed().as_secs_f64();
    results.seconds_by_step = stopwatch.steps();
    // No note: notes are part of results, which are the same from run to run.
    watch.event(Event::Finished { stage: Stage::Tag, outcome: spent(&results.seconds_by_step) });
    Ok(Tagged { results, labels, network, conduction, directions: directions.map(|o| o.directions) })
}

/// The seconds of each step in words.
fn spent(steps: &[StepSeconds]) -> String {
    let words: Vec<String> = steps.iter().map(|s| format!("{} {:.2}", s.step, s.seconds)).collect();
    format!("seconds: {}", words.join(", "))
}

/// How tags that were kept compare with those that the graph gives.
fn kept(labels: &Labels, network: &Network) -> String {
    let node = Label::Node as u8;
    let (mut both, mut file, mut graph) = (0u64, 0u64, 0u64);
    for (&l, &t) in labels.volume().as_slice().iter().zip(network.tags.as_slice()) {
        file += u64::from(l == node);
        graph += u64::from(t == node);
        both += u64::from(l == node && t == node);
    }
    let f1 = 2.0 * both as f64 / (file + graph).max(1) as f64;
    format!(
        "the labels have node voxels already, which are kept ('foamflux tag' tags anew); of the file's and the graph's own \
         node voxels {:.1} % agree (F1)",
        100.0 * f1
    )
}

/// Puts the solve on voxels beside the resistor network, and says how far they are apart.
pub fn beside_voxels(results: &mut TagResults, solid: &TransportResults, watch: &dyn Watch) {
    let mut words = Vec::new();
    for (axis, graph) in &mut results.conduction {
        let Some(voxels) = solid.directions.get(axis) else { continue };
        graph.tau_voxel = voxels.tau;
        if voxels.percolates && voxels.d_eff_relative > 0.0 {
            let difference = graph.d_eff_relative / voxels.d_eff_relative - 1.0;
            graph.difference = Some(difference);
            words.push(format!("{axis} {:+.1} %", 100.0 * difference));
        }
    }
    if !words.is_empty() {
        watch.event(Event::Note(format!(
            "conductivity of the solid by the resistor network of the graph, to that by the solve on voxels: {}",
            words.join(", ")
        )));
    }
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
        error: ErrorParts::default(),
    })
}

fn cell_results(cells: PoreCells, metric: bool) -> CellResults {
    let diameter = spread(cells.diameter);
    CellResults {
        count: cells.count as u64,
        whole: cells.whole as u64,
        diameter_m: diameter.filter(|_| metric),
        diameter_vox: diameter.filter(|_| !metric),
        faces_mean: cells.faces_mean,
        face_histogram: cells.faces.iter().map(|(k, n)| (k.to_string(), *n as u64)).collect(),
    }
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
    let volume: f64 = network.box_size.iter().product();
    let connectivity = network.topology.map(|t| (1 - t.euler) as f64 / volume);
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
            error: ErrorParts::default(),
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
        volume_fractions_error: BTreeMap::new(),
        node_share_of_solid: counts[Label::Node as usize] as f64 / (network.solid_voxels.max(1)) as f64,
        node_share_error: ErrorParts::default(),
        tags_of_the_file: false,
        topology: network.topology.map(|t| TopologyInfo { components: t.components as u64, euler_number: t.euler }),
        loops: s.loops,
        connectivity_density_per_m3: connectivity.filter(|_| metric),
        connectivity_density_per_vox3: connectivity.filter(|_| !metric),
        cells: None,
        conduction: conduction
            .iter()
            .map(|c| {
                let one = NetworkConduction {
                    percolates: c.tau.is_some(),
                    tau: c.tau,
                    d_eff_relative: c.relative,
                    tau_voxel: None,
                    difference: None,
                };
                (c.axis.name().to_owned(), one)
            })
            .collect(),
        paths: Axis::ALL
            .iter()
            .map(|&axis| {
                let p = foamflux_network::paths(network, axis);
                let one = NetworkPaths {
                    independent: p.independent as u64,
                    shortest_m: p.shortest.filter(|_| metric),
                    shortest_vox: p.shortest.filter(|_| !metric),
                    tortuosity: p.tortuosity,
                };
                (axis.name().to_owned(), one)
            })
            .collect(),
        orientation_field: None,
        kelvin_solid_fraction: s.kelvin_solid_fraction,
        strut_like_share: network.strut_like,
        debris_share: network.debris_share,
        wings_cut: network.steps.wings as u64,
        fringe_cut: network.steps.fringe as u64,
        spurs_cut: network.steps.spurs as u64,
        junctions_merged: network.steps.merged as u64,
        seconds: 0.0,
        seconds_by_step: Vec::new(),
        warnings: Vec::new(),
    }
}
