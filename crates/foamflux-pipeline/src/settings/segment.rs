//! How grey becomes labels, from the flags.

use foamflux_grid::units;
use foamflux_voxel::segment::{Denoise, Foreground, HoleFilling, Method, SegmentOptions};

use super::choice;
use crate::config::{Config, ConfigError};
use crate::prepare::Artefact;
use crate::segment::{Choice, SegmentSettings};

/// Method, filter and clean-up.
///
/// # Errors
/// [`ConfigError::Value`] naming the flag.
pub(super) fn settings(config: &Config) -> Result<SegmentSettings, ConfigError> {
    let word = config.method.as_deref().unwrap_or("auto");
    let chosen = match word {
        "auto" => Choice::Auto,
        "conserve" => Choice::Conserve,
        "halfway" => Choice::HalfWay,
        "classifier" => Choice::Classifier,
        _ => Choice::Given,
    };
    let method = match word {
        // What 'auto' falls back on.
        "auto" | "conserve" | "halfway" | "classifier" => Method::Otsu,
        "otsu" => Method::Otsu,
        "otsu-slices" => Method::OtsuPerSlice,
        "fixed" => Method::Fixed {
            threshold: config.threshold.ok_or_else(|| {
                ConfigError::value(
                    "threshold",
                    "the method 'fixed' needs one, as in --threshold 90 (solid is grey >= 90)",
                )
            })?,
        },
        "hysteresis" => match (config.low, config.high) {
            (Some(low), Some(high)) => Method::Hysteresis { low, high },
            _ => return Err(ConfigError::value("low", "the method 'hysteresis' needs --low and --high")),
        },
        "multi-otsu" => Method::MultiOtsu { classes: config.classes.unwrap_or(3) },
        "li" => Method::Li,
        "triangle" => Method::Triangle,
        "minimum-error" => Method::MinimumError,
        "sauvola" => Method::Sauvola { radius: config.radius.unwrap_or(12), k: config.sauvola_k.unwrap_or(0.2) },
        "phansalkar" => Method::Phansalkar { radius: config.radius.unwrap_or(12) },
        "watershed" => match (config.low, config.high) {
            (Some(low), Some(high)) => Method::Watershed { seeds: Some([low, high]) },
            (None, None) => Method::Watershed { seeds: None },
            _ => {
                return Err(ConfigError::value(
                    "low",
                    "the method 'watershed' takes both --low and --high, or neither",
                ));
            }
        },
        "markov" => Method::MarkovField { beta: config.beta.unwrap_or(1.0) },
        other => {
            return Err(ConfigError::value(
                "method",
                format!(
                    "'{other}' is not known: write auto, conserve, halfway, otsu, multi-otsu, otsu-slices, li, triangle, minimum-error, \
                     sauvola, phansalkar, watershed, markov, classifier, fixed or hysteresis"
                ),
            ));
        }
    };
    for (key, given, method) in [
        ("classes", config.classes.is_some(), &["multi-otsu"][..]),
        ("radius", config.radius.is_some(), &["sauvola", "phansalkar"]),
        ("sauvola-k", config.sauvola_k.is_some(), &["sauvola"]),
        ("beta", config.beta.is_some(), &["markov"]),
    ] {
        if given && !method.contains(&word) {
            return Err(ConfigError::value(key, format!("is used by --method {} alone", method.join(" or "))));
        }
    }
    if config.train.as_deref().is_some_and(|path| path.trim().is_empty()) {
        return Err(ConfigError::value("train", "names no file: give the painted image, as in --train painted.tif"));
    }
    if config.train.is_some() && chosen != Choice::Classifier {
        return Err(ConfigError::value("train", "is used by --method classifier alone"));
    }
    if chosen == Choice::Classifier && config.foreground.as_deref() == Some("dark") {
        return Err(ConfigError::value(
            "foreground",
            "what was painted says which is solid: leave it out with --method classifier",
        ));
    }
    if config.threshold.is_some() && !matches!(method, Method::Fixed { .. }) {
        return Err(ConfigError::value("threshold", "is used by --method fixed alone"));
    }
    if (config.low.is_some() || config.high.is_some())
        && !matches!(method, Method::Hysteresis { .. } | Method::Watershed { .. })
    {
        let key = if config.low.is_some() { "low" } else { "high" };
        return Err(ConfigError::value(key, "is used by --method hysteresis or watershed alone"));
    }
    let denoise_given = config.denoise.as_deref().filter(|word| *word != "auto");
    let denoise = match denoise_given.unwrap_or("median").split_once(':') {
        None => match denoise_given.unwrap_or("median") {
            "none" => Denoise::None,
            "median" => Denoise::Median { radius: 1 },
            "gaussian" => Denoise::Gaussian { sigma_voxel: 1.0 },
            "nlm" => Denoise::NonLocalMeans { strength: 1.0 },
            "tv" => Denoise::TotalVariation { strength: 1.0 },
            "diffusion" => Denoise::Diffusion { strength: 1.0 },
            other => return Err(bad_denoise(other)),
        },
        Some(("median", radius)) => {
            Denoise::Median { radius: radius.parse().map_err(|_| bad_denoise(&format!("median:{radius}")))? }
        }
        Some(("gaussian", sigma)) => {
            Denoise::Gaussian { sigma_voxel: sigma.parse().map_err(|_| bad_denoise(&format!("gaussian:{sigma}")))? }
        }
        Some((filter @ ("nlm" | "tv" | "diffusion"), text)) => {
            let strength = text.parse().map_err(|_| bad_denoise(&format!("{filter}:{text}")))?;
            match filter {
                "nlm" => Denoise::NonLocalMeans { strength },
                "tv" => Denoise::TotalVariation { strength },
                _ => Denoise::Diffusion { strength },
            }
        }
        Some((other, _)) => return Err(bad_denoise(other)),
    };
    let (fill_holes, fill_volume) = match config.fill_holes.as_deref().unwrap_or("none") {
        "none" => (HoleFilling::None, None),
        "all" => (HoleFilling::Enclosed, None),
        "hollow" => (HoleFilling::Hollow, None),
        text => match size("fill-holes", text, "none, all, hollow, a number of voxels or a volume, as in 200 or 5um3")?
        {
            Size::Voxels(n) => (HoleFilling::UpTo(n), None),
            Size::Volume(m3) => (HoleFilling::None, Some(m3)),
        },
    };
    let small = size(
        "min-solid",
        config.min_solid.as_deref().unwrap_or("0"),
        "a number of voxels or a volume, as in 200 or 5um3",
    )?;
    let (min_solid_voxels, min_solid_volume) = match small {
        Size::Voxels(n) => (n, None),
        Size::Volume(m3) => (0, Some(m3)),
    };
    let options = SegmentOptions {
        denoise,
        method,
        foreground: choice(
            "foreground",
            config.foreground.as_deref(),
            &[("bright", Foreground::Bright), ("dark", Foreground::Dark)],
        )?,
        min_solid_voxels,
        fill_holes,
    };
    Ok(SegmentSettings {
        choice: chosen,
        options,
        denoise_given: denoise_given.is_some(),
        correct_given: config.correct.is_some(),
        halo_corrected: config
            .correct
            .iter()
            .flatten()
            .any(|word| [Artefact::Fringes, Artefact::PoreBacks].iter().any(|artefact| artefact.name() == word.trim())),
        doubt: config.doubt.unwrap_or(true),
        min_solid_m3: min_solid_volume,
        fill_holes_m3: fill_volume,
    })
}

fn bad_denoise(text: &str) -> ConfigError {
    ConfigError::value(
        "denoise",
        format!(
            "'{text}' is not known: write auto, none, median, median:RADIUS, gaussian, gaussian:SIGMA (in voxels), \
             or nlm, tv, diffusion, which follow the measured noise, each with :STRENGTH behind it if wanted"
        ),
    )
}

/// A size of a piece of solid or pore.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Size {
    Voxels(u64),
    /// In m3.
    Volume(f64),
}

/// Reads `200` as voxels and `5um3`, `5um^3` as a volume.
fn size(key: &'static str, text: &str, wanted: &str) -> Result<Size, ConfigError> {
    let text = text.trim();
    let bad = || ConfigError::value(key, format!("'{text}' is not known: write {wanted}"));
    if let Ok(n) = text.parse() {
        return Ok(Size::Voxels(n));
    }
    let cubed = text.strip_suffix("^3").or(text.strip_suffix('3')).or(text.strip_suffix('\u{b3}')).ok_or_else(bad)?;
    let unit_at = cubed.find(|c: char| c.is_alphabetic() && c != 'e' && c != 'E').ok_or_else(bad)?;
    let (number, unit) = cubed.split_at(unit_at);
    let value: f64 = number.trim().parse().map_err(|_| bad())?;
    let edge = units::parse_length_m(&format!("1{}", unit.trim())).map_err(|_| bad())?;
    if value > 0.0 && value.is_finite() { Ok(Size::Volume(value * edge.powi(3))) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_voxels_or_volumes() {
        let read = |text: &str| size("min-solid", text, "x").ok();
        assert_eq!(read("200"), Some(Size::Voxels(200)));
        for (text, m3) in [("5um3", 5e-18), ("5 um^3", 5e-18), ("0.5\u{b5}m\u{b3}", 0.5e-18), ("2e3nm3", 2e-24)] {
            let Some(Size::Volume(found)) = read(text) else { panic!("{text}") };
            assert!((found / m3 - 1.0).abs() < 1e-12, "{text}: {found}");
        }
        for bad in ["5um", "5um2", "-1um3", "um3", "many", "", "5parsec3", "-3"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
