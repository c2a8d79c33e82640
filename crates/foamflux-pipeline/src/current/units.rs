//! Electrochemical quantities as people write them, into SI.

use crate::config::ConfigError;

/// A quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A/m2.
    CurrentDensity,
    /// S/m.
    Conductivity,
    /// V.
    Voltage,
    /// ohm m2.
    AreaResistance,
    /// m2/s.
    Diffusivity,
    /// mol/m3.
    Concentration,
    /// K.
    Temperature,
    /// s.
    Time,
    /// eV.
    Energy,
    /// Hz.
    Frequency,
    /// F/m2.
    Capacitance,
    /// A plain number.
    None,
}

impl Unit {
    /// The SI unit.
    pub(crate) const fn si(self) -> &'static str {
        match self {
            Unit::CurrentDensity => "A/m2",
            Unit::Conductivity => "S/m",
            Unit::Voltage => "V",
            Unit::AreaResistance => "ohm m2",
            Unit::Diffusivity => "m2/s",
            Unit::Concentration => "mol/m3",
            Unit::Temperature => "K",
            Unit::Time => "s",
            Unit::Energy => "eV",
            Unit::Frequency => "Hz",
            Unit::Capacitance => "F/m2",
            Unit::None => "1",
        }
    }

    /// Names of units with their factors; the first is SI.
    const fn names(self) -> &'static [(&'static str, f64)] {
        match self {
            Unit::CurrentDensity => &[("A/m2", 1.0), ("mA/cm2", 10.0), ("A/cm2", 1e4), ("uA/cm2", 1e-2)],
            Unit::Conductivity => &[("S/m", 1.0), ("mS/cm", 0.1), ("S/cm", 100.0)],
            Unit::Voltage => &[("V", 1.0), ("mV", 1e-3)],
            Unit::AreaResistance => &[("ohm*m2", 1.0), ("ohm*cm2", 1e-4)],
            Unit::Diffusivity => &[("m2/s", 1.0), ("cm2/s", 1e-4)],
            Unit::Concentration => &[("mol/m3", 1.0), ("M", 1e3), ("mol/L", 1e3)],
            Unit::Temperature => &[("K", 1.0), ("C", 1.0)],
            Unit::Time => &[("s", 1.0), ("min", 60.0), ("h", 3600.0), ("ms", 1e-3)],
            // A mole of electronvolts is Faraday's constant in joules.
            Unit::Energy => &[("eV", 1.0), ("meV", 1e-3), ("kJ/mol", 1e3 / 96_485.332)],
            Unit::Frequency => &[("Hz", 1.0), ("mHz", 1e-3), ("kHz", 1e3), ("MHz", 1e6)],
            Unit::Capacitance => &[("F/m2", 1.0), ("uF/cm2", 1e-2), ("mF/cm2", 10.0)],
            Unit::None => &[],
        }
    }
}

/// Reads a number with its unit; without one it is SI.
pub(crate) fn parse(key: &'static str, text: &str, unit: Unit) -> Result<f64, ConfigError> {
    let text = text.trim();
    // The longest start that is a number: units may begin with E, as exponents do, but none here does.
    let split = (1..=text.len())
        .rev()
        .filter(|&k| text.is_char_boundary(k))
        .find_map(|k| text[..k].trim_end().parse::<f64>().ok().map(|number| (number, text[k..].trim())));
    let bad = || {
        let (example, rest) = match unit.names() {
            [] => ("0.5".to_owned(), String::new()),
            [first, others @ ..] => (
                format!("1{}", first.0),
                format!(" (or {})", others.iter().map(|u| u.0).collect::<Vec<_>>().join(", ")),
            ),
        };
        ConfigError::value(
            key,
            format!("'{text}' is not understood: write a number with its unit, such as {example}{rest}"),
        )
    };
    let (number, name) = split.ok_or_else(bad)?;
    let folded: String =
        name.replace(['\u{b2}', '^'], "2").replace("22", "2").replace('\u{b5}', "u").replace([' ', '-', '\u{b7}'], "*");
    let folded = folded.replace('\u{3a9}', "ohm");
    if folded.is_empty() {
        return Ok(number);
    }
    let factor =
        unit.names().iter().find(|(n, _)| n.eq_ignore_ascii_case(&folded) && same_case(n, &folded)).ok_or_else(bad)?.1;
    let value = number * factor;
    Ok(if unit == Unit::Temperature && folded.eq_ignore_ascii_case("c") { value + 273.15 } else { value })
}

/// Milli and mega are told apart; everything else may be written in any case.
fn same_case(name: &str, text: &str) -> bool {
    name.starts_with(['m', 'M']) == text.starts_with(['m', 'M'])
        && (!name.starts_with(['m', 'M']) || name.chars().next() == text.chars().next())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_as_people_write_them() {
        for (text, unit, si) in [
            ("1mA/cm2", Unit::CurrentDensity, 10.0),
            ("1 mA/cm^2", Unit::CurrentDensity, 10.0),
            ("0.28mA/cm\u{b2}", Unit::CurrentDensity, 2.8),
            ("2.8", Unit::CurrentDensity, 2.8),
            ("-5 A/m2", Unit::CurrentDensity, -5.0),
            ("11 mS/cm", Unit::Conductivity, 1.1),
            ("3e3", Unit::Conductivity, 3e3),
            ("30mV", Unit::Voltage, 0.03),
            ("50 ohm cm2", Unit::AreaResistance, 5e-3),
            ("50ohm*cm2", Unit::AreaResistance, 5e-3),
            ("4e-6cm2/s", Unit::Diffusivity, 4e-10),
            ("1M", Unit::Concentration, 1e3),
            ("25C", Unit::Temperature, 298.15),
            ("10min", Unit::Time, 600.0),
            ("1.5 h", Unit::Time, 5400.0),
            ("0.3eV", Unit::Energy, 0.3),
            ("300 meV", Unit::Energy, 0.3),
            ("10mHz", Unit::Frequency, 1e-2),
            ("1 MHz", Unit::Frequency, 1e6),
            ("20uF/cm2", Unit::Capacitance, 0.2),
            ("0.5", Unit::None, 0.5),
        ] {
            let got = parse("i0", text, unit).unwrap();
            assert!((got - si).abs() <= 1e-12 * si.abs(), "{text}: {got}");
        }
        for (text, unit) in [
            ("1mA", Unit::CurrentDensity),
            ("MA/cm2", Unit::CurrentDensity),
            ("1MV", Unit::Voltage),
            ("x", Unit::None),
            ("0.5V", Unit::None),
            ("", Unit::Voltage),
        ] {
            assert!(parse("i0", text, unit).unwrap_err().to_string().contains("--i0"), "{text}");
        }
    }
}
