//! Under which conditions hosts are compared.

use foamflux_grid::units;

use crate::config::{Config, ConfigError};

/// Charge per volume of dense lithium in C/m3: F over the molar volume, 6.941 g/mol at 0.534 g/cm3.
pub const LITHIUM_C_PER_M3: f64 = 96_485.332 / (6.941e-3 / 534.0);

/// Level of confidence of "significant", for each pair of one metric by itself.
pub const CONFIDENCE: f64 = 0.95;

/// Edges of a box: fewer voxels hold no structure, more fit no memory.
const SIZES: std::ops::RangeInclusive<usize> = 16..=2048;

/// Seeds or crops: the work grows with each.
const REPLICATES: std::ops::RangeInclusive<usize> = 1..=100;

/// How much care is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// Coarse voxels for generated hosts, so that a box holds much of the structure.
    Fast,
    /// The voxels of the presets, larger boxes, more replicates, certified tau.
    Full,
}

impl Quality {
    /// Name as the flag takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Quality::Fast => "fast",
            Quality::Full => "full",
        }
    }

    /// Voxels along an edge of the box, and replicates, unless said otherwise.
    const fn defaults(self) -> (usize, usize) {
        match self {
            Quality::Fast => (96, 3),
            Quality::Full => (256, 5),
        }
    }

    /// How much coarser than the preset's the voxels of a generated host may be, and how many must lie across its finest
    /// part for that: two and a half voxels still hold the area of a strut within a few per cent.
    pub(super) const fn coarsening(self) -> (f64, f64) {
        match self {
            Quality::Fast => (2.0, 2.5),
            Quality::Full => (1.0, 2.5),
        }
    }
}

/// The conditions of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompareSettings {
    /// How much care is taken.
    pub quality: Quality,
    /// A box has about the cube of this many voxels.
    pub size: usize,
    /// Seeds of generated hosts and crops of files.
    pub replicates: usize,
    /// Thickness of the comparison at equal thickness, in metres.
    pub thickness_m: f64,
    /// Capacity of the comparison at equal filling, in C/m2.
    pub capacity_c_per_m2: f64,
    /// Current per projected area in A/m2.
    pub current_a_per_m2: f64,
}

impl CompareSettings {
    /// Reads and checks the flags.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the flag and what it accepts.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let quality = match config.quality.as_deref().unwrap_or("fast") {
            "fast" => Quality::Fast,
            "full" => Quality::Full,
            other => return Err(ConfigError::value("quality", format!("'{other}' is not known: write fast or full"))),
        };
        let (size, replicates) = quality.defaults();
        let within = |key, value: usize, range: std::ops::RangeInclusive<usize>, what| {
            if range.contains(&value) {
                return Ok(value);
            }
            let (low, high) = range.into_inner();
            Err(ConfigError::value(key, format!("{value} is not a number of {what}: write {low} to {high}")))
        };
        let thickness = config.thickness.as_deref().unwrap_or("82um");
        let thickness_m = units::parse_length_m(thickness).map_err(|e| ConfigError::value("thickness", e))?;
        if !(1e-9..=0.1).contains(&thickness_m) {
            return Err(ConfigError::value(
                "thickness",
                format!("'{thickness}' is no thickness of a host: write a length between 1nm and 10cm"),
            ));
        }
        if config.voltage.is_some() {
            return Err(ConfigError::value(
                "voltage",
                "hosts are compared at the same current, and each has its own overpotential then: give --current",
            ));
        }
        Ok(CompareSettings {
            quality,
            size: within("size", config.size.unwrap_or(size), SIZES, "voxels along an edge of the box")?,
            replicates: within("seeds", config.seeds.unwrap_or(replicates), REPLICATES, "seeds or crops")?,
            thickness_m,
            capacity_c_per_m2: per_area(
                "capacity",
                config.capacity.as_deref().unwrap_or("10mAh/cm2"),
                &[("mAh/cm2", 3.6e4), ("Ah/m2", 3600.0), ("C/m2", 1.0)],
            )?,
            current_a_per_m2: per_area(
                "current",
                config.current.as_deref().unwrap_or("1mA/cm2"),
                &[("mA/cm2", 10.0), ("A/m2", 1.0)],
            )?,
        })
    }
}

/// A positive number with one of the units, in SI.
pub(crate) fn per_area(key: &'static str, text: &str, units: &[(&str, f64)]) -> Result<f64, ConfigError> {
    let wanted = || {
        let names: Vec<&str> = units.iter().map(|u| u.0).collect();
        let example = names.first().copied().unwrap_or_default();
        ConfigError::value(
            key,
            format!(
                "'{text}' is not understood: write a positive number with its unit ({}), as in 1{example}",
                names.join(", ")
            ),
        )
    };
    let plain = text.trim().replace('\u{b2}', "2");
    let (unit, factor) = units.iter().find(|(unit, _)| plain.ends_with(unit)).ok_or_else(wanted)?;
    let number: f64 = plain[..plain.len() - unit.len()].trim().parse().map_err(|_| wanted())?;
    if number.is_finite() && number > 0.0 { Ok(number * factor) } else { Err(wanted()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Config)) -> Result<CompareSettings, String> {
        let mut config = Config::default();
        change(&mut config);
        CompareSettings::new(&config).map_err(|e| e.to_string())
    }

    #[test]
    fn units_are_those_of_the_field_and_come_out_in_si() {
        let s = with(|c| c.capacity = Some("10 mAh/cm\u{b2}".into())).unwrap();
        assert!((s.capacity_c_per_m2 - 3.6e5).abs() < 1e-6);
        assert!((s.current_a_per_m2 - 10.0).abs() < 1e-12);
        // 4.85 µm of lithium per mAh/cm2.
        assert!((3.6e4 / LITHIUM_C_PER_M3 - 4.850e-6).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_is_refused_by_flag_and_range() {
        for (change, parts) in [
            (Config { size: Some(3), ..Config::default() }, ["--size", "16 to 2048"]),
            (Config { seeds: Some(0), ..Config::default() }, ["--seeds", "1 to 100"]),
            (Config { quality: Some("best".into()), ..Config::default() }, ["--quality", "fast or full"]),
            (Config { thickness: Some("-4um".into()), ..Config::default() }, ["--thickness", "-4um"]),
            (Config { capacity: Some("10".into()), ..Config::default() }, ["--capacity", "mAh/cm2"]),
            (Config { voltage: Some("0.1V".into()), ..Config::default() }, ["--voltage", "--current"]),
            (Config { current: Some("-1mA/cm2".into()), ..Config::default() }, ["--current", "positive"]),
        ] {
            let error = CompareSettings::new(&change).unwrap_err().to_string();
            assert!(parts.iter().all(|p| error.contains(p)), "{error}");
        }
    }
}
