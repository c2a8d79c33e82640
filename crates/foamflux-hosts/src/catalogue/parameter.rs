//! One parameter of a model: its unit, range and default, and how it is read and written.

use foamflux_grid::units;

use crate::error::HostError;

/// What a number means, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// A length, kept in metres and written with a unit.
    Length,
    /// A number without a unit.
    Number,
    /// A whole number.
    Count,
    /// An angle in degrees.
    Degrees,
    /// `true` or `false`, kept as 1 or 0.
    Flag,
    /// One of these words, kept as its place in the list.
    Choice(&'static [&'static str]),
}

/// A parameter of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// Key in files and on the command line.
    pub key: &'static str,
    /// What it is, in a few words.
    pub what: &'static str,
    /// Its kind.
    pub quantity: Quantity,
    /// Smallest accepted value (metres for lengths).
    pub low: f64,
    /// Largest accepted value.
    pub high: f64,
    /// Value where a preset says nothing; assumed.
    pub default: f64,
}

impl Parameter {
    /// Reads a value as the user writes it.
    ///
    /// # Errors
    /// [`HostError::Parameter`] naming the parameter and what it accepts.
    pub fn read(&self, text: &str) -> Result<f64, HostError> {
        let text = text.trim().trim_matches('"');
        let refuse =
            |wanted: String| Err(HostError::Parameter { key: self.key.to_owned(), value: text.to_owned(), wanted });
        let number = || text.parse::<f64>().ok().filter(|v| !v.is_nan());
        let value = match self.quantity {
            Quantity::Length if text == "none" && self.high.is_infinite() => Some(f64::INFINITY),
            Quantity::Length if number() == Some(0.0) && self.low <= 0.0 => Some(0.0),
            Quantity::Length => match units::parse_length_m(text) {
                Ok(value) => Some(value),
                Err(why) => return refuse(format!("{why}; write a length with its unit, {}", self.range())),
            },
            Quantity::Number | Quantity::Degrees => number(),
            Quantity::Count => number().filter(|v| v.fract().abs() <= 0.0),
            Quantity::Flag => match text {
                "true" | "yes" | "1" => Some(1.0),
                "false" | "no" | "0" => Some(0.0),
                _ => None,
            },
            Quantity::Choice(words) => words.iter().position(|w| *w == text).map(|i| i as f64),
        };
        match value {
            Some(value) if value >= self.low && value <= self.high => Ok(value),
            _ => refuse(format!("give {}", self.range())),
        }
    }

    /// The accepted values in words.
    #[must_use]
    pub fn range(&self) -> String {
        match self.quantity {
            Quantity::Choice(words) => format!("one of {}", words.join(", ")),
            Quantity::Flag => "true or false".to_owned(),
            Quantity::Length if self.high.is_infinite() => {
                format!("a length from {} on, or none", length_text(self.low))
            }
            Quantity::Length => format!("a length from {} to {}", length_text(self.low), length_text(self.high)),
            Quantity::Count => format!("a whole number from {} to {}", self.low, self.high),
            Quantity::Degrees => format!("degrees from {} to {}", self.low, self.high),
            Quantity::Number => format!("a number from {} to {}", self.low, self.high),
        }
    }

    /// A value as it would be written.
    #[must_use]
    pub fn write(&self, value: f64) -> String {
        match self.quantity {
            Quantity::Length => length_text(value),
            Quantity::Flag => (value > 0.5).to_string(),
            Quantity::Choice(words) => words.get(value as usize).copied().unwrap_or("?").to_owned(),
            Quantity::Degrees => format!("{value}\u{b0}"),
            Quantity::Number | Quantity::Count => format!("{value}"),
        }
    }

    /// Unit as a table shows it.
    #[must_use]
    pub const fn unit(&self) -> &'static str {
        match self.quantity {
            Quantity::Length => "m",
            Quantity::Degrees => "degree",
            Quantity::Number | Quantity::Count | Quantity::Flag | Quantity::Choice(_) => "1",
        }
    }
}

/// A length with a readable unit; zero and infinity in words.
pub(crate) fn length_text(value: f64) -> String {
    if value.is_infinite() {
        return "none".to_owned();
    }
    if value.abs() <= 0.0 { "0".to_owned() } else { units::format_length(value) }
}
