//! The impedance of a host at rest, and its relaxation times.

use std::time::Instant;

use foamflux_electro::impedance::{Complex, impedance_on, relaxations};
use foamflux_electro::{Cell, Collector, ElectroError};
use foamflux_grid::units::significant;
use foamflux_grid::{Event, Labels, Watch};
use foamflux_results::{CurrentInput, ImpedanceResults, RelaxationTimes};
use foamflux_transport::{Backend, Sides};

use crate::config::{Config, ConfigError};
use crate::current::units::{self, Unit};
use crate::current::{CurrentSettings, ground, i0_map};
use crate::error::PipelineError;
use crate::ingest::volume_info;
use crate::record::Recorder;

/// Double layer in F/m2 without a word.
const CAPACITANCE: f64 = 0.2;
/// Frequencies in Hz without a word.
const RANGE: [f64; 2] = [1e-2, 1e6];
/// Points per decade without a word.
const PER_DECADE: usize = 5;
/// Most frequencies.
const MAX_FREQUENCIES: usize = 500;
/// A maximum of the distribution counts as a peak from this share of the highest one on.
const PEAK: f64 = 0.01;

/// What a spectrum is computed for, beside what a current distribution is.
#[derive(Debug, Clone, PartialEq)]
pub struct ImpedanceSettings {
    /// Frequencies in Hz, falling.
    pub frequencies: Vec<f64>,
    /// Double layer on true area in F/m2.
    pub capacitance: f64,
    /// Its standing.
    pub inputs: Vec<CurrentInput>,
}

impl ImpedanceSettings {
    /// Reads them.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the flag.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let given =
            config.capacitance.as_ref().map(|t| units::parse("capacitance", t, Unit::Capacitance)).transpose()?;
        let capacitance = given.unwrap_or(CAPACITANCE);
        if !(capacitance.is_finite() && capacitance >= 0.0) {
            return Err(ConfigError::value("capacitance", format!("{capacitance} F/m2 is below zero")));
        }
        let range = match &config.frequencies {
            None => RANGE,
            Some(text) => {
                let (low, high) = text.split_once(':').ok_or_else(|| {
                    ConfigError::value(
                        "frequencies",
                        format!("'{text}' is not a range: write FROM:TO, such as 10mHz:1MHz"),
                    )
                })?;
                let [low, high] = [low, high].map(|t| units::parse("frequencies", t, Unit::Frequency));
                [low?, high?]
            }
        };
        let [low, high] = [range[0].min(range[1]), range[0].max(range[1])];
        if !(low.is_finite() && high.is_finite() && low > 0.0) {
            return Err(ConfigError::value(
                "frequencies",
                "frequencies lie above zero: write a range such as 10mHz:1MHz",
            ));
        }
        let per_decade = config.points_per_decade.unwrap_or(PER_DECADE);
        let steps = ((high / low).log10() * per_decade as f64).round() as usize;
        if per_decade == 0 || steps >= MAX_FREQUENCIES {
            return Err(ConfigError::value(
                "points-per-decade",
                format!(
                    "{per_decade} per decade are {} frequencies: write 1 or more, and at most {MAX_FREQUENCIES} in all",
                    steps + 1
                ),
            ));
        }
        let frequencies = (0..=steps)
            .rev()
            .map(|k| if steps == 0 { low } else { low * (high / low).powf(k as f64 / steps as f64) })
            .collect();
        let inputs =
            vec![ground::input("capacitance", None, capacitance, "F/m2", given.is_some(), ground::CAPACITANCE)];
        Ok(ImpedanceSettings { frequencies, capacitance, inputs })
    }
}

/// Refuses what a cell at rest has no use for.
///
/// # Errors
/// [`ConfigError::Value`].
pub fn check(config: &Config) -> Result<(), ConfigError> {
    let given = [
        ("current", config.current.is_some()),
        ("voltage", config.voltage.is_some()),
        ("electrolyte", config.electrolyte.is_some()),
        ("time", config.time.is_some()),
        ("sand", config.sand.is_some()),
        ("eta-nuc", config.eta_nuc.is_some()),
        ("separator-plane", config.separator_plane.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((key, _)) => Err(ConfigError::value(
            key,
            "impedance is that of a cell at rest, with even salt and an even current through the separator: leave it out",
        )),
        None => Ok(()),
    }
}

/// Computes the spectrum; a volume through which no current flows is a result.
///
/// # Errors
/// [`PipelineError::Electro`], [`PipelineError::Cancelled`].
pub fn impedance(
    labels: &Labels,
    settings: &ImpedanceSettings,
    cell_of: &CurrentSettings,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<ImpedanceResults, PipelineError> {
    let recorder = Recorder::new(watch);
    let watch: &dyn Watch = &recorder;
    let clock = Instant::now();
    let inert = ["current", "eta-nuc", "diffusivity", "transference", "concentration"];
    let inputs = crate::current::used_inputs(labels, cell_of).into_iter().filter(|i| !inert.contains(&i.key.as_str()));
    let mut results = ImpedanceResults {
        schema: ImpedanceResults::SCHEMA.to_owned(),
        volume: volume_info(labels.shape(), labels.voxel_size()),
        direction: cell_of.setting.axis.name().to_owned(),
        collector: if cell_of.setting.collector == Collector::Last { "last" } else { "first" }.to_owned(),
        sides: if cell_of.setting.sides == Sides::Periodic { "periodic" } else { "no-flux" }.to_owned(),
        capacitance_f_per_m2: settings.capacitance,
        device: backend.describe(),
        inputs: settings.inputs.iter().cloned().chain(inputs).collect(),
        ..ImpedanceResults::default()
    };
    let mut cell = match Cell::new(labels, &cell_of.materials, cell_of.setting) {
        Ok(cell) => cell,
        Err(ElectroError::Blocked(blocked)) => {
            watch.event(Event::Warning(format!("no impedance: {blocked}")));
            results.reading = vec![format!("No current flows: {blocked}.")];
            results.blocked = Some(blocked.to_string());
            results.warnings = recorder.warnings();
            return Ok(results);
        }
        Err(error) => return Err(error.into()),
    };
    i0_map::apply(&mut cell, labels, cell_of, &cell_of.materials, watch)?;
    let (found, device) =
        impedance_on(backend, &cell, &cell_of.materials, settings.capacitance, &settings.frequencies, watch)?;
    results.device = device;
    results.frequency_hz = found.iter().map(|i| i.frequency_hz).collect();
    results.z_real_ohm_m2 = found.iter().map(|i| i.z.re).collect();
    results.z_imag_ohm_m2 = found.iter().map(|i| i.z.im).collect();
    results.steps = found.iter().map(|i| i.steps).collect();
    results.last_change = found.iter().map(|i| i.change).fold(0.0, f64::max);
    results.area_ratio = Some(cell.reacting_area() / cell.projected_area());
    let spectrum: Vec<(f64, Complex)> = found.iter().map(|i| (i.frequency_hz, i.z)).collect();
    results.relaxation_times = relaxations(&spectrum).map(|r| RelaxationTimes {
        peaks_tau_s: peaks(&r.distribution.iter().map(|d| (d.tau_s, d.gamma)).collect::<Vec<_>>()),
        tau_s: r.distribution.iter().map(|d| d.tau_s).collect(),
        gamma_ohm_m2: r.distribution.iter().map(|d| d.gamma).collect(),
        series_ohm_m2: r.series,
        polarisation_ohm_m2: r.polarisation,
        strength: r.strength,
        misfit: r.misfit,
    });
    results.reading = reading(&results);
    results.warnings = recorder.warnings();
    results.seconds = clock.elapsed().as_secs_f64();
    Ok(results)
}

/// Time constants of maxima, the highest first; between points of the grid as a parabola of the logarithms has them.
fn peaks(distribution: &[(f64, f64)]) -> Vec<f64> {
    let highest = distribution.iter().map(|d| d.1).fold(0.0, f64::max);
    let mut found: Vec<(f64, f64)> = distribution
        .windows(3)
        .filter(|w| w[1].1 > PEAK * highest && w[1].1 >= w[0].1 && w[1].1 > w[2].1)
        .map(|w| {
            let [a, b, c] = [w[0].1, w[1].1, w[2].1].map(|g| g.max(1e-12 * highest).ln());
            let shift = 0.5 * (a - c) / (a - 2.0 * b + c);
            (w[1].0 * (w[2].0 / w[1].0).powf(shift), w[1].1)
        })
        .collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found.into_iter().map(|d| d.0).collect()
}

fn ohm_cm2(ohm_m2: f64) -> String {
    format!("{} ohm cm\u{b2}", significant(1e4 * ohm_m2, 3))
}

fn reading(r: &ImpedanceResults) -> Vec<String> {
    let mut out = Vec::new();
    if let (Some(fast), Some(slow), Some(f0), Some(f1)) =
        (r.z_real_ohm_m2.first(), r.z_real_ohm_m2.last(), r.frequency_hz.first(), r.frequency_hz.last())
    {
        out.push(format!(
            "Per cross-section the host has {} at {} Hz and {} at {} Hz.",
            ohm_cm2(*fast),
            significant(*f0, 3),
            ohm_cm2(*slow),
            significant(*f1, 3)
        ));
    }
    if let Some(d) = &r.relaxation_times {
        let times: Vec<String> = d.peaks_tau_s.iter().take(4).map(|t| format!("{} s", significant(*t, 3))).collect();
        if !times.is_empty() {
            out.push(format!(
                "Its relaxation times have {} at {}; they are not given names here: which process a peak belongs to one spectrum cannot say.",
                if times.len() == 1 { "a maximum" } else { "maxima" },
                times.join(", ")
            ));
        }
    }
    out.push("At rest: carbon counts as covered by lithium, and salt is even, so that diffusion (Warburg) is not part of it.".to_owned());
    out
}
