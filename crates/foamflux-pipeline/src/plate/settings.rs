//! What is plated, from the flags.

use foamflux_electro::Drive;
use foamflux_electro::plate::{MAH_PER_CM2, PlatePlan};

use crate::compare::settings::per_area;
use crate::config::{Config, ConfigError};
use crate::current::{CurrentSettings, ground};

/// Capacity without a word: what the source paper plated.
const CAPACITY: &str = "10mAh/cm2";
/// Stages without a word, in mAh/cm2: those of the source paper's pictures and between.
const STAGES: [&str; 5] = ["0", "1", "3", "5", "10"];
/// Cycles that a quasi-static model of geometry is worth.
const MAX_CYCLES: u32 = 1000;
/// Units of a charge per cross-section.
const UNITS: [(&str, f64); 3] = [("mAh/cm2", MAH_PER_CM2), ("Ah/m2", 3600.0), ("C/m2", 1.0)];

/// Everything that a plating rests on.
#[derive(Debug, Clone)]
pub struct PlateSettings {
    /// The cell: materials, depth, sides.
    pub cell: CurrentSettings,
    /// Current, capacity, stages, cycles.
    pub plan: PlatePlan,
}

impl PlateSettings {
    /// Reads them.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the flag.
    pub fn new(config: &Config, cell: &CurrentSettings) -> Result<Self, ConfigError> {
        if config.voltage.is_some() {
            return Err(ConfigError::value("voltage", "plating passes a charge at a current: give --current instead"));
        }
        let (current, equipotential) = match cell.drive {
            Drive::Uniform(j) => (j, false),
            Drive::Current(j) => (j, true),
            Drive::Voltage(_) => return Err(ConfigError::value("voltage", "plating passes a charge at a current")),
        };
        if current <= 0.0 {
            return Err(ConfigError::value(
                "current",
                "plating needs a current above 0; --strip takes the lithium away again at the same current",
            ));
        }
        let text = config.capacity.as_deref().unwrap_or(CAPACITY);
        let capacity = per_area("capacity", text, &UNITS)?;
        let cycles = config.cycles.unwrap_or(1);
        if !(1..=MAX_CYCLES).contains(&cycles) {
            return Err(ConfigError::value(
                "cycles",
                format!("{cycles} is not a number of cycles: write 1 to {MAX_CYCLES}"),
            ));
        }
        let mut marks = match &config.stages {
            Some(texts) => texts.iter().flat_map(|t| t.split(',')).map(stage).collect::<Result<Vec<f64>, _>>()?,
            None => STAGES.iter().map(|t| stage(t)).collect::<Result<_, _>>()?,
        };
        // The start and the end are kept in any case.
        marks.retain(|&m| m > 1e-9 * capacity && m < capacity * (1.0 - 1e-9));
        marks.sort_by(f64::total_cmp);
        marks.dedup();
        let mut cell = cell.clone();
        let given = config.capacity.is_some();
        cell.inputs.push(ground::input("capacity", None, capacity, "C/m2", given, ground::CAPACITY));
        let plan = PlatePlan {
            current,
            equipotential,
            capacity,
            marks,
            cycles,
            strip: config.strip.unwrap_or(false) || cycles > 1,
            overflow: config.overflow.unwrap_or(false),
        };
        Ok(PlateSettings { cell, plan })
    }
}

/// A stage: a number of mAh/cm2, or one with its unit.
fn stage(text: &str) -> Result<f64, ConfigError> {
    let text = text.trim();
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number * MAH_PER_CM2),
        Ok(_) => Err(ConfigError::value(
            "stages",
            format!("'{text}' is not a charge: write numbers of mAh/cm2, as in 1,3,10"),
        )),
        Err(_) => per_area("stages", text, &UNITS),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Config)) -> Result<PlateSettings, ConfigError> {
        let mut config = Config::default();
        change(&mut config);
        let cell = CurrentSettings::new(&config, None)?;
        PlateSettings::new(&config, &cell)
    }

    #[test]
    fn stages_are_those_below_the_capacity() {
        let plan = with(|_| {}).unwrap().plan;
        assert!((plan.capacity - 3.6e5).abs() < 1e-6 && !plan.strip);
        assert_eq!(plan.marks, [3.6e4, 1.08e5, 1.8e5]);
        let plan = with(|c| {
            c.capacity = Some("3 mAh/cm\u{b2}".into());
            c.stages = Some(vec!["0.5,0".into(), "36 C/m2".into(), "2".into(), "2".into()]);
            c.cycles = Some(3);
        })
        .unwrap()
        .plan;
        assert_eq!(plan.marks, [36.0, 1.8e4, 7.2e4]);
        assert!(plan.strip && plan.cycles == 3);
    }

    #[test]
    fn what_cannot_be_plated_is_refused_by_its_flag() {
        for (change, parts) in [
            (Config { capacity: Some("10".into()), ..Config::default() }, ["--capacity", "mAh/cm2"]),
            (Config { capacity: Some("-1mAh/cm2".into()), ..Config::default() }, ["--capacity", "positive"]),
            (Config { capacity: Some("0mAh/cm2".into()), ..Config::default() }, ["--capacity", "positive"]),
            (Config { current: Some("-1mA/cm2".into()), ..Config::default() }, ["--current", "--strip"]),
            (Config { voltage: Some("0.1V".into()), ..Config::default() }, ["--voltage", "--current"]),
            (Config { cycles: Some(0), ..Config::default() }, ["--cycles", "1 to 1000"]),
            (Config { stages: Some(vec!["-1".into()]), ..Config::default() }, ["--stages", "mAh/cm2"]),
            (Config { stages: Some(vec!["x".into()]), ..Config::default() }, ["--stages", "'x'"]),
        ] {
            let error = with(|c| *c = change).unwrap_err().to_string();
            assert!(parts.iter().all(|p| error.contains(p)), "{error}");
        }
    }
}
