//! What has to be said about the images of an electron microscope, from the flags.

use foamflux_grid::units;
use foamflux_io::read::{DataBar, Tilt};

use super::{VOXEL_EDGE_M, at};
use crate::config::{Config, ConfigError};

/// Distance of the slices in metres.
pub(super) fn slice_thickness_m(config: &Config) -> Result<Option<f64>, ConfigError> {
    let Some(text) = config.slice_thickness.as_deref() else { return Ok(None) };
    let m = units::parse_length_m(text).map_err(at("slice-thickness"))?;
    if !VOXEL_EDGE_M.contains(&m) {
        let message = format!("'{text}' is not the thickness of a slice: write a length between 0.001nm and 1m");
        return Err(ConfigError::value("slice-thickness", message));
    }
    if config.voxel_size.is_some() {
        let message = "is part of --voxel-size x,y,z: give one of the two";
        return Err(ConfigError::value("slice-thickness", message));
    }
    Ok(Some(m))
}

/// How the y edge is corrected.
pub(super) fn tilt(config: &Config) -> Result<Tilt, ConfigError> {
    match config.tilt_correction.as_deref().unwrap_or("none") {
        "none" => Ok(Tilt::None),
        "stage" => Ok(Tilt::Stage),
        text => {
            let degrees = text.trim_end_matches("deg").trim_end_matches('\u{b0}').trim().parse::<f64>().ok();
            // Below 5 degrees the correction is more than a factor of eleven: nobody images that.
            degrees.filter(|d| (5.0..=90.0).contains(d)).map(Tilt::Degrees).ok_or_else(|| {
                let message = format!("'{text}' is no angle of a cross-section: write none, stage, or 5 to 90 degrees");
                ConfigError::value("tilt-correction", message)
            })
        }
    }
}

/// What becomes of a data bar.
pub(super) fn data_bar(config: &Config) -> Result<DataBar, ConfigError> {
    match config.data_bar.as_deref().unwrap_or("auto") {
        "auto" => Ok(DataBar::Auto),
        "keep" => Ok(DataBar::Keep),
        text => text.parse().ok().filter(|&rows| rows > 0).map(DataBar::Rows).ok_or_else(|| {
            ConfigError::value("data-bar", format!("'{text}' is not known: write auto, keep, or a number of rows"))
        }),
    }
}
