//! The salt, the law of the reaction, and maps of i0, from the flags.

use foamflux_electro::Kinetics;
use foamflux_electro::electrolyte::{Electrolyte, Model, Supply};
use foamflux_electro::theory::Salt;

use super::{Inputs, ground};
use crate::config::{Config, ConfigError};
use crate::current::i0_map::I0Map;
use crate::current::units::{self, Unit};

/// Reorganisation energy in eV, assumed: what Tafel plots of lithium in carbonates were fitted with is 0.2 to 0.4.
const REORGANISATION: f64 = 0.3;

/// One of some words.
fn word<T: Copy>(key: &'static str, text: Option<&String>, words: &[(&str, T)], default: T) -> Result<T, ConfigError> {
    let Some(text) = text else { return Ok(default) };
    words.iter().find(|(name, _)| *name == text.as_str()).map(|&(_, value)| value).ok_or_else(|| {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        ConfigError::value(key, format!("'{text}' is not known: write {}", names.join(" or ")))
    })
}

/// The law of the reaction.
pub(super) fn kinetics(config: &Config, list: &mut Inputs) -> Result<Kinetics, ConfigError> {
    let marcus = word("kinetics", config.kinetics.as_ref(), &[("bv", false), ("mhc", true)], false)?;
    if marcus {
        if config.alpha.is_some() {
            return Err(ConfigError::value(
                "alpha",
                "Marcus-Hush-Chidsey kinetics is symmetric: leave it out, or use --kinetics bv",
            ));
        }
        let reorganisation_ev = list.one(
            "reorganisation-energy",
            config.reorganisation_energy.as_ref(),
            Unit::Energy,
            REORGANISATION,
            ground::REORGANISATION,
        )?;
        return Ok(Kinetics::MarcusHushChidsey { reorganisation_ev });
    }
    if config.reorganisation_energy.is_some() {
        return Err(ConfigError::value("reorganisation-energy", "Butler-Volmer kinetics has none: add --kinetics mhc"));
    }
    let alpha = list.one("alpha", config.alpha.as_ref(), Unit::None, 0.5, ground::ALPHA)?;
    Ok(Kinetics::ButlerVolmer { alpha })
}

/// The electrolyte around a salt.
pub(super) fn electrolyte(config: &Config, list: &mut Inputs, salt: Salt) -> Result<Electrolyte, ConfigError> {
    let models = [("secondary", Model::Secondary), ("dilute", Model::Dilute), ("concentrated", Model::Concentrated)];
    let model = word("electrolyte", config.electrolyte.as_ref(), &models, Model::Secondary)?;
    let supplies = [("counter", Supply::Counter), ("reservoir", Supply::Reservoir)];
    let supply = word("salt-supply", config.salt_supply.as_ref(), &supplies, Supply::Counter)?;
    let mut out = Electrolyte { model, supply, salt, ..Electrolyte::default() };
    if model == Model::Secondary {
        for (key, given) in [
            ("thermodynamic-factor", config.thermodynamic_factor.is_some()),
            ("i0-exponent", config.i0_exponent.is_some()),
        ] {
            if given {
                return Err(ConfigError::value(
                    key,
                    "the secondary model has one concentration and no use for it: add --electrolyte concentrated",
                ));
            }
        }
        return Ok(out);
    }
    out.i0_exponent =
        list.one("i0-exponent", config.i0_exponent.as_ref(), Unit::None, out.i0_exponent, ground::I0_EXPONENT)?;
    if model == Model::Concentrated {
        out.thermodynamic_factor = list.one(
            "thermodynamic-factor",
            config.thermodynamic_factor.as_ref(),
            Unit::None,
            out.thermodynamic_factor,
            ground::THERMODYNAMIC_FACTOR,
        )?;
    } else if config.thermodynamic_factor.is_some() {
        return Err(ConfigError::value(
            "thermodynamic-factor",
            "the dilute model is one of ideal ions: use --electrolyte concentrated",
        ));
    }
    out.check().map_err(|e| ConfigError::Argument(e.to_string()))?;
    Ok(out)
}

/// Until when the salt is followed, and whether it is without an end.
pub(super) fn time(config: &Config, list: &mut Inputs) -> Result<(Option<f64>, bool), ConfigError> {
    let sand = config.sand == Some(true);
    let Some(text) = &config.time else { return Ok((None, sand)) };
    if sand {
        return Err(ConfigError::value(
            "time",
            "--sand follows the salt until it is gone or steady: give one of the two",
        ));
    }
    let value = units::parse("time", text, Unit::Time)?;
    if !(value.is_finite() && value > 0.0) {
        return Err(ConfigError::value(
            "time",
            format!("{value} s is no time to follow: write a number above 0, such as 10min"),
        ));
    }
    list.given("time", value, "s");
    Ok((Some(value), false))
}

/// The map of i0.
pub(super) fn i0_map(config: &Config) -> Result<Option<I0Map>, ConfigError> {
    let relative = word("i0-map-kind", config.i0_map_kind.as_ref(), &[("absolute", false), ("relative", true)], false)?;
    match &config.i0_map {
        Some(path) => Ok(Some(I0Map { path: path.clone(), relative })),
        None if config.i0_map_kind.is_some() => {
            Err(ConfigError::value("i0-map-kind", "there is no map: give its file with --i0-map"))
        }
        None => Ok(None),
    }
}
