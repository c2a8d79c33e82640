//! Several hosts under the same conditions.
//!
//! ```text
//! host:NAME ── one box per seed ──┐
//! file, folder, OUT/ ── crops ────┴► zone (no collector, no metal) ─► facts ─► metrics ─► means ± errors
//!                                                                                      └► pairs, Pareto views
//! ```
//!
//! Every host is measured by the same code with the same settings; a finished run is measured again from its labels.
//! Shape comes first: every surface reacts alike, and no material property but the density and the conductivity of the solid
//! goes into these numbers; kinetics by label come in a table of their own, beside and never instead.

mod contender;
mod current;
mod grey;
mod metrics;
mod network;
mod pareto;
pub(crate) mod settings;
mod specimen;
mod statistics;
mod zone;

use std::collections::BTreeMap;
use std::time::Instant;

use foamflux_grid::{Event, Label, Labels, Stage, Watch, units};
use foamflux_io::read::StackData;
use foamflux_results::{
    CompareConditions, CompareResults, ComparedHost, Difference, ErrorParts, Pair, Program, Quantity, Replicate,
};
use foamflux_transport::Backend;

pub use contender::Contender;
pub use settings::{CONFIDENCE, CompareSettings, LITHIUM_C_PER_M3, Quality};
pub use specimen::CurrentMap;

use crate::config::ConfigError;
use crate::current::CurrentSettings;
use crate::error::PipelineError;
use crate::memory;
use crate::record::Recorder;
use crate::settings::{Settings, main_electrode};
use contender::Prepared;
use specimen::{Examination, Facts, Known, examine, stop};
use statistics::{Mean, differ};

/// Relative error to which tau - 1 is converged, as in the main job.
const TAU_MINUS_ONE: f64 = 0.01;

/// What a comparison leaves behind.
#[derive(Debug)]
pub struct Comparison {
    /// The numbers; figures and files are for the caller to add.
    pub results: CompareResults,
    /// The first seed or crop of every host, for pictures.
    pub volumes: Vec<Labels>,
    /// The grey values of these, voxel by voxel, of images that have some.
    pub greys: Vec<Option<StackData>>,
    /// The current distribution of each of these with all surfaces alike, where there is one.
    pub maps: Vec<Option<CurrentMap>>,
}

/// Compares.
///
/// # Errors
/// [`PipelineError`]; nothing has been written by then.
pub fn compare(
    contenders: &[Contender],
    settings: &Settings,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<Comparison, PipelineError> {
    let began = Instant::now();
    let conditions = CompareSettings::new(&settings.config)?;
    if contenders.len() < 2 {
        return Err(ConfigError::Argument(
            "two hosts at least are compared: foamflux compare host:cmf-sem host:fibre-mat -o OUT".to_owned(),
        )
        .into());
    }
    let recorder = Recorder::new(watch);
    let watch: &dyn Watch = &recorder;
    let mut transport = settings.transport.clone();
    transport.stop.tau_minus_one = Some(TAU_MINUS_ONE);
    transport.electrode = main_electrode(&settings.config)?;
    transport.max_memory = settings.max_memory;

    let mut hosts = Vec::new();
    let (mut volumes, mut greys, mut maps) = (Vec::new(), Vec::new(), Vec::new());
    let mut means = Vec::new();
    for contender in contenders {
        let Prepared { mut host, source, mut grey } = contender.prepare(conditions, settings, watch)?;
        unique(&mut host, &hosts);
        let density = host.material.as_ref().map(|m| m.density_kg_per_m3);
        let sigma = source.conductivity();
        let count = source.count(conditions.replicates);
        for index in 0..count {
            let clock = Instant::now();
            let what = format!("{} ({} of {count})", host.name, index + 1);
            watch.event(Event::Started { stage: Stage::Measure, what: format!("making {what}") });
            memory::check(memory::Work::Transport, source.shape(index)?, 0, settings.max_memory)?;
            let sample = source.sample(index, settings.config.seed.unwrap_or(1))?;
            // Hosts without chance are the same for every seed: what is known of the first holds for all.
            if let (Some(first), true) = (host.replicates.first(), volumes.last() == Some(&sample.labels)) {
                host.replicates.push(Replicate {
                    name: sample.name,
                    seconds: clock.elapsed().as_secs_f64(),
                    ..first.clone()
                });
                continue;
            }
            let known = Known { density, sigma, ..sample.known };
            // Bounds of the voxel geometry give tau its error of resolution, which is much the same for every seed: in a
            // hurry the first one's stands for all.
            transport.certify = settings.config.certify.unwrap_or(conditions.quality == Quality::Full || index == 0);
            let how = Examination {
                conditions,
                transport: &transport,
                current: &settings.current,
                max_memory: settings.max_memory,
                backend,
                map: index == 0,
            };
            let mut facts = examine(&sample.labels, known, how, watch)?;
            let how = Examination { map: false, ..how };
            if index == 0 {
                (host.plane, host.scalable) = (facts.geometry.is_none(), facts.scalable);
                if facts.scalable && sample.labels.counts()[Label::Lithium as usize] > 0 {
                    host.notes.push(
                        "it holds lithium already: its capacity is what the rest of its pores can take".to_owned(),
                    );
                }
                volumes.push(sample.labels);
                greys.push(grey.take());
                maps.push(facts.map.take());
                if host.representative.is_none() {
                    host.representative = by_pore_size(&facts, host.voxel_size_m_xyz);
                }
            }
            let (mut values, missing) = values_of(&facts);
            host.missing.extend(missing);
            let mut others = Vec::new();
            for doubt in &sample.doubt {
                others.push(values_of(&examine(doubt, known, how, watch)?).0);
            }
            let lost = doubt_of(&mut values, &others);
            if !lost.is_empty() {
                host.notes.push(format!("{}: a step of the threshold takes away {}", sample.name, lost.join(", ")));
            }
            let seconds = clock.elapsed().as_secs_f64();
            watch.event(Event::Finished { stage: Stage::Measure, outcome: format!("{what}: {seconds:.1} s") });
            host.replicates.push(Replicate { name: sample.name, shape_zyx: facts.shape_zyx, values, seconds });
            stop(watch)?;
        }
        means.push(summarise(&mut host));
        hosts.push(host);
    }
    let pairs = pairs(&hosts, &means);
    let pareto = pareto::views(&hosts, &pairs);
    let mut limits = limits(&hosts, conditions);
    limits.extend(assumed(&settings.current));
    let results = CompareResults {
        schema: CompareResults::SCHEMA.to_owned(),
        program: Program { name: "foamflux".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        finished_utc: crate::run::utc_now(),
        configuration: serde_json::to_value(&settings.config)
            .map_err(|e| PipelineError::Internal(format!("the configuration cannot be written: {e}")))?,
        device: backend.describe(),
        conditions: CompareConditions {
            quality: conditions.quality.name().to_owned(),
            size_voxels: conditions.size as u64,
            replicates: conditions.replicates as u64,
            thickness_m: conditions.thickness_m,
            capacity_c_per_m2: conditions.capacity_c_per_m2,
            current_a_per_m2: conditions.current_a_per_m2,
            lithium_c_per_m3: LITHIUM_C_PER_M3,
            confidence: CONFIDENCE,
        },
        metrics: metrics::all().map(metrics::Metric::info).collect(),
        hosts,
        pairs,
        pareto,
        limits,
        figures: Vec::new(),
        files: BTreeMap::new(),
        warnings: recorder.warnings(),
        notes: recorder.notes(),
        peak_memory_bytes: None,
        seconds_total: began.elapsed().as_secs_f64(),
    };
    Ok(Comparison { results, volumes, greys, maps })
}

/// Every metric of one box, and why the others have no value.
fn values_of(facts: &Facts) -> (BTreeMap<String, Quantity>, BTreeMap<String, String>) {
    let (mut values, mut missing) = (BTreeMap::new(), BTreeMap::new());
    for metric in metrics::all() {
        let key = metric.key.to_owned();
        match (metric.of)(facts) {
            Ok(q) if q.value.is_finite() => {
                values.insert(key, total(q));
            }
            Ok(_) => {
                missing.insert(key, "not finite".to_owned());
            }
            Err(why) => {
                missing.insert(key, why.to_owned());
            }
        }
    }
    (values, missing)
}

/// Sets the error of segmentation to the larger change when the threshold moves by a step, and names what has no value then.
fn doubt_of(values: &mut BTreeMap<String, Quantity>, others: &[BTreeMap<String, Quantity>]) -> Vec<String> {
    let mut lost = Vec::new();
    if others.is_empty() {
        return lost;
    }
    for (key, q) in values.iter_mut() {
        let changes = others.iter().filter_map(|o| Some((o.get(key)?.value - q.value).abs()));
        q.error.segmentation = changes.reduce(f64::max);
        *q = total(*q);
        if others.iter().any(|o| !o.contains_key(key)) {
            lost.push(key.clone());
        }
    }
    lost
}

/// A second host of the same name gets a number.
fn unique(host: &mut ComparedHost, others: &[ComparedHost]) {
    let taken = |name: &str| others.iter().any(|o| o.name == name);
    if taken(&host.name) {
        let next = (2..).map(|k| format!("{}#{k}", host.name)).find(|name| !taken(name));
        host.name = next.unwrap_or_default();
    }
}

/// For a file nothing is known to repeat, so that the pores stand for it.
fn by_pore_size(facts: &Facts, voxel_m_xyz: [f64; 3]) -> Option<foamflux_results::Representative> {
    /// Pores that a box must hold for the same reason that it must hold cells.
    const NEEDED: f64 = 5.0;
    let length_m = facts.geometry.as_ref()?.pore_m?;
    let [_, y, x] = facts.shape_zyx;
    let edge = (x as f64 * voxel_m_xyz[0]).min(y as f64 * voxel_m_xyz[1]);
    let across = edge / length_m;
    Some(foamflux_results::Representative {
        length_m,
        what: "mean pore sizes, across the depth".to_owned(),
        box_over_length: across,
        needed: NEEDED,
        enough: across >= NEEDED,
    })
}

/// The sum of what was estimated.
fn total(q: Quantity) -> Quantity {
    let e = q.error;
    let parts = [e.solver, e.resolution, e.segmentation, e.sampling];
    let known = parts.iter().any(Option::is_some);
    let total = known.then(|| parts.iter().flatten().sum());
    Quantity { error: ErrorParts { total, ..e }, ..q }
}

/// Means over the replicates: values into the host, and by metric the mean with the errors that do not average out.
fn summarise(host: &mut ComparedHost) -> BTreeMap<String, (Mean, f64)> {
    let mut means = BTreeMap::new();
    let all = host.replicates.len();
    for metric in metrics::all() {
        let found: Vec<Quantity> = host.replicates.iter().filter_map(|r| r.values.get(metric.key)).copied().collect();
        let values: Vec<f64> = found.iter().map(|q| q.value).collect();
        let Some(mean) = Mean::of(&values) else { continue };
        let average = |part: fn(&ErrorParts) -> Option<f64>| -> Option<f64> {
            let parts: Vec<f64> = found.iter().filter_map(|q| part(&q.error)).collect();
            (!parts.is_empty()).then(|| parts.iter().sum::<f64>() / parts.len() as f64)
        };
        let error = ErrorParts {
            solver: average(|e| e.solver),
            resolution: average(|e| e.resolution),
            segmentation: average(|e| e.segmentation),
            sampling: mean.error,
            total: None,
        };
        let bias = [error.solver, error.resolution, error.segmentation].iter().flatten().sum();
        host.values.insert(metric.key.to_owned(), total(Quantity { value: mean.value, error }));
        if values.len() == all {
            host.missing.remove(metric.key);
        } else {
            let why = format!("in {} of {all}: {}", all - values.len(), host.missing.get(metric.key).map_or("", |w| w));
            host.missing.insert(metric.key.to_owned(), why);
        }
        means.insert(metric.key.to_owned(), (mean, bias));
    }
    means
}

fn pairs(hosts: &[ComparedHost], means: &[BTreeMap<String, (Mean, f64)>]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (i, a) in hosts.iter().enumerate() {
        for (j, b) in hosts.iter().enumerate().skip(i + 1) {
            let mut metrics = BTreeMap::new();
            for (key, (ma, bias_a)) in &means[i] {
                let Some((mb, bias_b)) = means[j].get(key) else { continue };
                let v = differ(*ma, *mb, bias_a + bias_b, CONFIDENCE);
                metrics.insert(
                    key.clone(),
                    Difference {
                        difference: ma.value - mb.value,
                        threshold: v.threshold,
                        p_value: v.p_value,
                        significant: v.significant,
                    },
                );
            }
            pairs.push(Pair { a: a.name.clone(), b: b.name.clone(), metrics });
        }
    }
    pairs
}

/// What electrochemistry rests on without having been given.
fn assumed(current: &CurrentSettings) -> Option<String> {
    let mut list: Vec<String> = Vec::new();
    let unused = ["current", "sigma", "kappa-separator", "diffusivity", "transference", "concentration"];
    for input in current.inputs.iter().filter(|i| i.standing == "assumed" && !unused.contains(&i.key.as_str())) {
        let unit = if input.unit == "1" { "" } else { &input.unit };
        let text = format!("{} = {} {unit}", input.key, units::significant(input.value, 3));
        let text = text.trim_end().to_owned();
        if !list.contains(&text) {
            list.push(text);
        }
    }
    (!list.is_empty()).then(|| format!("Assumed, and the same for every host: {}.", list.join(", ")))
}

/// What the reader must know before believing a ranking.
fn limits(hosts: &[ComparedHost], conditions: CompareSettings) -> Vec<String> {
    let mut limits = vec![
        "Every surface reacts alike: no sites and no nucleation; the conductivity of the solid is that of the material. A host that \
         is better here is better in shape and not in the cell."
            .to_owned(),
        "The current distribution is that of a box at the local current that its host has on average at equal thickness; the \
         overpotential adds what the depth resists by the homogeneous electrode. Neither has a separator or a counter electrode."
            .to_owned(),
        "Thickness and area trade off: read the comparison at equal thickness and that at equal filling capacity together."
            .to_owned(),
        format!(
            "Significant means: beyond the errors of resolution and solver of both, at {} % confidence for each pair by \
             itself: of twenty pairs of equal hosts one is called different by chance. p-values are in compare.json.",
            100.0 * CONFIDENCE
        ),
        "Cycling data of papers (efficiency, hours) are not computed here and must not be drawn beside these bars.".to_owned(),
    ];
    let small: Vec<String> = hosts
        .iter()
        .filter_map(|h| {
            let r = h.representative.as_ref().filter(|r| !r.enough)?;
            Some(format!("{} ({:.1} {})", h.name, r.box_over_length, r.what))
        })
        .collect();
    if !small.is_empty() {
        limits.push(format!(
            "Below a representative volume, {} across: {}. Their spread is large and finite boxes may shift their means; go on with \
             --size above {} or --quality full.",
            foamflux_hosts::catalogue::Repeat::NEEDED,
            small.join(", "),
            conditions.size
        ));
    }
    if hosts.iter().any(|h| h.kind != "generated") {
        limits.push(
            "Crops of one image tell how much a number changes from place to place, not from sample to sample."
                .to_owned(),
        );
    }
    for host in hosts {
        if let Some(why) = &host.not_comparable {
            limits.push(format!("{} is measured and not ranked: {why}.", host.name));
        }
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_change_of_two_thresholds_is_the_error_of_segmentation() {
        let one = |v: f64| BTreeMap::from([("a".to_owned(), total(Quantity::from(v)))]);
        let mut values = one(2.0);
        values.insert("b".to_owned(), Quantity::from(1.0));
        let lost = doubt_of(&mut values, &[one(1.5), one(2.25)]);
        assert_eq!((values["a"].error.segmentation, values["a"].error.total), (Some(0.5), Some(0.5)));
        // What only the middle threshold has is named, and its error is not known.
        assert_eq!((lost, values["b"].error.segmentation), (vec!["b".to_owned()], None));
        let mut untouched = one(2.0);
        assert!(doubt_of(&mut untouched, &[]).is_empty() && untouched == one(2.0));
    }
}
