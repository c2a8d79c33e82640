//! What is done to grey values before they are cut, from the flags.

use foamflux_voxel::align::Trend;

use super::choice;
use crate::config::{Config, ConfigError};
use crate::prepare::{Artefact, PrepareSettings};

/// Artefacts and alignment.
///
/// # Errors
/// [`ConfigError::Value`] naming the flag.
pub(super) fn settings(config: &Config) -> Result<PrepareSettings, ConfigError> {
    let align = choice(
        "align",
        config.align.as_deref(),
        &[("none", None), ("jitter", Some(Trend::Smooth)), ("drift", Some(Trend::Line)), ("all", Some(Trend::Nothing))],
    )?;
    let mut correct = Vec::new();
    for word in config.correct.iter().flatten().map(|w| w.trim()).filter(|w| *w != "none") {
        let found = Artefact::ALL.into_iter().find(|a| a.name() == word).ok_or_else(|| {
            let names = Artefact::ALL.map(Artefact::name).join(", ");
            ConfigError::value("correct", format!("'{word}' is not known: write none, or some of {names}"))
        })?;
        if !correct.contains(&found) {
            correct.push(found);
        }
    }
    correct.sort_unstable();
    Ok(PrepareSettings { correct, align })
}
