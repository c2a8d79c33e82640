//! What a current distribution is computed for, from the flags.

use foamflux_electro::electrolyte::{Electrolyte, Model};
use foamflux_electro::materials::{self, Materials};
use foamflux_electro::theory::Salt;
use foamflux_electro::{Collector, Drive, Setting};
use foamflux_grid::{Axis, Label};
use foamflux_results::CurrentInput;
use foamflux_transport::Sides;

use super::i0_map::I0Map;
use super::units::{self, Unit};
use crate::config::{Config, ConfigError};
use crate::memory::Work;

pub(crate) mod ground;
mod tertiary;

use ground::Ground;

/// Current per cross-section without a word, A/m2: 1 mA/cm2, the middle of what hosts are tested at.
const CURRENT: f64 = 10.0;

/// Everything that a current distribution rests on.
#[derive(Debug, Clone)]
pub struct CurrentSettings {
    /// Depth axis, collector's end, sides.
    pub setting: Setting,
    /// What drives the cell.
    pub drive: Drive,
    /// Conductivities and surfaces.
    pub materials: Materials,
    /// The salt, for limits.
    pub salt: Salt,
    /// The electrolyte with that salt.
    pub electrolyte: Electrolyte,
    /// Time in s until which the salt is followed.
    pub time: Option<f64>,
    /// Whether it is followed until it is gone or steady.
    pub sand: bool,
    /// Exchange current densities by voxel.
    pub i0_map: Option<I0Map>,
    /// Every input with its standing.
    pub inputs: Vec<CurrentInput>,
    /// Bytes that may be used.
    pub max_memory: Option<u64>,
}

/// Collects inputs with their standing.
struct Inputs(Vec<CurrentInput>);

impl Inputs {
    /// What somebody gave.
    fn given(&mut self, key: &str, value: f64, unit: &str) {
        self.0.push(CurrentInput {
            key: key.to_owned(),
            label: None,
            value,
            unit: unit.to_owned(),
            standing: "given".to_owned(),
            basis: None,
            source: None,
        });
    }

    /// A number that stands alone.
    fn one(
        &mut self,
        key: &'static str,
        text: Option<&String>,
        unit: Unit,
        default: f64,
        ground: Ground,
    ) -> Result<f64, ConfigError> {
        let value = text.map(|t| units::parse(key, t, unit)).transpose()?;
        self.0.push(ground::input(key, None, value.unwrap_or(default), unit.si(), value.is_some(), ground));
        Ok(value.unwrap_or(default))
    }

    /// A number by label: `V` for all of `labels`, `LABEL=V` for one.
    fn by_label(
        &mut self,
        key: &'static str,
        texts: Option<&Vec<String>>,
        unit: Unit,
        labels: &[Label],
        values: &mut [f64; 9],
        ground: impl Fn(Label) -> Ground,
    ) -> Result<(), ConfigError> {
        let mut given = [false; 9];
        let parts: Vec<&str> = texts.into_iter().flatten().flat_map(|t| t.split(',')).collect();
        // A value for all of them comes first, whatever the order, so that it does not undo one for a label.
        for named in [false, true] {
            for part in &parts {
                match part.split_once('=') {
                    None if !named => {
                        let value = units::parse(key, part, unit)?;
                        for &label in labels {
                            (values[label as usize], given[label as usize]) = (value, true);
                        }
                    }
                    Some((name, text)) if named => {
                        let label: Label = name.parse().map_err(|e: String| ConfigError::value(key, e))?;
                        (values[label as usize], given[label as usize]) = (units::parse(key, text, unit)?, true);
                    }
                    _ => {}
                }
            }
        }
        for label in Label::ALL {
            if given[label as usize] || labels.contains(&label) {
                let l = label as usize;
                self.0.push(ground::input(key, Some(label), values[l], unit.si(), given[l], ground(label)));
            }
        }
        Ok(())
    }
}

/// Surfaces that a host may have.
const SURFACES: [Label; 5] = [Label::Fibre, Label::Node, Label::Lithium, Label::Lithiophilic, Label::Collector];
/// Carbon.
const CARBON: [Label; 3] = [Label::Fibre, Label::Node, Label::Lithiophilic];

impl CurrentSettings {
    /// The work, for plans of memory.
    #[must_use]
    pub fn work(&self) -> Work {
        if self.electrolyte.model == Model::Secondary { Work::Current } else { Work::CoupledCurrent }
    }

    /// Reads them, and lists every one with its standing.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the flag.
    pub fn new(config: &Config, max_memory: Option<u64>) -> Result<Self, ConfigError> {
        let axis = match config.direction.as_deref() {
            // The main job's word for transport: depth is along z then.
            None | Some("all") => Axis::Z,
            Some(text) => text.parse().map_err(|e| ConfigError::value("direction", e))?,
        };
        let collector = match config.collector.as_deref() {
            Some("first") => Collector::First,
            _ => Collector::Last,
        };
        let sides = if config.sides.as_deref() == Some("periodic") { Sides::Periodic } else { Sides::NoFlux };
        let mut list = Inputs(Vec::new());
        let drive = drive(config, &mut list)?;
        let mut m = Materials::default();
        let per_label = |i: fn(&materials::Surface) -> f64, m: &Materials| std::array::from_fn(|l| i(&m.surface[l]));
        let mut i0 = per_label(|s| s.i0, &m);
        list.by_label("i0", config.i0.as_ref(), Unit::CurrentDensity, &SURFACES, &mut i0, |_| ground::I0)?;
        let mut eta_nuc = per_label(|s| s.eta_nuc, &m);
        list.by_label("eta-nuc", config.eta_nuc.as_ref(), Unit::Voltage, &CARBON, &mut eta_nuc, |_| ground::ETA_NUC)?;
        let mut film = per_label(|s| s.film, &m);
        list.by_label("film", config.film.as_ref(), Unit::AreaResistance, &SURFACES, &mut film, |_| ground::FILM)?;
        for l in 0..9 {
            let surface = &mut m.surface[l];
            (surface.i0, surface.eta_nuc, surface.film) = (i0[l], eta_nuc[l], film[l]);
        }
        let sigma_labels = [CARBON.as_slice(), &[Label::Lithium, Label::Collector]].concat();
        list.by_label("sigma", config.sigma.as_ref(), Unit::Conductivity, &sigma_labels, &mut m.sigma, ground::sigma)?;
        // A bare value is meant for carbon; metals keep theirs unless named.
        if !names(config.sigma.as_ref(), Label::Lithium) {
            list.reset(&mut m.sigma, "sigma", Label::Lithium, materials::SIGMA_LITHIUM);
        }
        if !names(config.sigma.as_ref(), Label::Collector) {
            list.reset(&mut m.sigma, "sigma", Label::Collector, materials::SIGMA_COPPER);
        }
        let kappa = list.one("kappa", config.kappa.as_ref(), Unit::Conductivity, materials::KAPPA, ground::KAPPA)?;
        m.kappa[Label::Pore as usize] = kappa;
        let separator = kappa * materials::SEPARATOR.0.powf(materials::SEPARATOR.1);
        m.kappa[Label::Separator as usize] = list.one(
            "kappa-separator",
            config.kappa_separator.as_ref(),
            Unit::Conductivity,
            separator,
            ground::kappa_separator(config.kappa.is_some()),
        )?;
        m.kinetics = tertiary::kinetics(config, &mut list)?;
        m.temperature_k = list.one(
            "temperature",
            config.temperature.as_ref(),
            Unit::Temperature,
            materials::TEMPERATURE,
            ground::TEMPERATURE,
        )?;
        let salt = Salt::default();
        let salt = Salt {
            diffusivity: list.one(
                "diffusivity",
                config.diffusivity.as_ref(),
                Unit::Diffusivity,
                salt.diffusivity,
                ground::SALT,
            )?,
            transference: list.one(
                "transference",
                config.transference.as_ref(),
                Unit::None,
                salt.transference,
                ground::SALT,
            )?,
            concentration: list.one(
                "concentration",
                config.concentration.as_ref(),
                Unit::Concentration,
                salt.concentration,
                ground::CONCENTRATION,
            )?,
        };
        for (key, value) in [("diffusivity", salt.diffusivity), ("concentration", salt.concentration)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(ConfigError::value(key, format!("{value} is not above zero")));
            }
        }
        if !(0.0..1.0).contains(&salt.transference) {
            return Err(ConfigError::value(
                "transference",
                format!("{} is not a share: write a number from 0 to less than 1", salt.transference),
            ));
        }
        let electrolyte = tertiary::electrolyte(config, &mut list, salt)?;
        if electrolyte.model == Model::Dilute {
            if config.kappa.is_some() {
                return Err(ConfigError::value(
                    "kappa",
                    "the conductivity of the dilute model follows from --diffusivity, --transference and --concentration: leave it out, or use --electrolyte concentrated",
                ));
            }
            list.derived(
                "kappa",
                electrolyte.ideal_conductivity(m.temperature_k),
                ground::kappa_of_ions(
                    [&config.diffusivity, &config.transference, &config.concentration].iter().all(|t| t.is_some()),
                ),
            );
        }
        let (time, sand) = tertiary::time(config, &mut list)?;
        let i0_map = tertiary::i0_map(config)?;
        m.check().map_err(|e| ConfigError::Argument(e.to_string()))?;
        Ok(CurrentSettings {
            setting: Setting { axis, collector, sides },
            drive,
            materials: m,
            salt,
            electrolyte,
            time,
            sand,
            i0_map,
            inputs: list.0,
            max_memory,
        })
    }
}

impl Inputs {
    /// Replaces a default by what other inputs make of it.
    fn derived(&mut self, key: &str, value: f64, ground: Ground) {
        for input in self.0.iter_mut().filter(|i| i.key == key) {
            input.value = value;
            ground::rest_on(input, ground);
        }
    }

    /// Takes back what a value for all labels did to one that it was not meant for.
    fn reset(&mut self, values: &mut [f64; 9], key: &str, label: Label, value: f64) {
        values[label as usize] = value;
        for input in &mut self.0 {
            if input.key == key && input.label.as_deref() == Some(label.name()) {
                input.value = value;
                ground::rest_on(input, ground::sigma(label));
            }
        }
    }
}

fn names(texts: Option<&Vec<String>>, label: Label) -> bool {
    texts
        .into_iter()
        .flatten()
        .flat_map(|t| t.split(','))
        .any(|part| part.split_once('=').is_some_and(|(name, _)| name.parse::<Label>() == Ok(label)))
}

fn drive(config: &Config, list: &mut Inputs) -> Result<Drive, ConfigError> {
    let plane = match config.separator_plane.as_deref() {
        None | Some("uniform") => false,
        Some("equipotential") => true,
        Some(other) => {
            return Err(ConfigError::value(
                "separator-plane",
                format!("'{other}' is not known: write uniform or equipotential"),
            ));
        }
    };
    if let Some(text) = &config.voltage {
        if config.current.is_some() {
            return Err(ConfigError::value("voltage", "--current drives the cell already: give one of the two"));
        }
        let v = units::parse("voltage", text, Unit::Voltage)?;
        list.given("voltage", v, "V");
        return match v.is_finite() && v != 0.0 {
            true => Ok(Drive::Voltage(v)),
            false => Err(ConfigError::value("voltage", format!("{v} V drives nothing: write a number other than 0"))),
        };
    }
    let j = list.one("current", config.current.as_ref(), Unit::CurrentDensity, CURRENT, ground::CURRENT)?;
    if !(j.is_finite() && j != 0.0) {
        return Err(ConfigError::value("current", format!("{j} A/m2 drives nothing: write a number other than 0")));
    }
    Ok(if plane { Drive::Current(j) } else { Drive::Uniform(j) })
}
