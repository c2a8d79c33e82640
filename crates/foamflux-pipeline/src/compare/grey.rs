//! The grey values that a finished run was cut from, for the slices of its page.
//!
//! A run's folder holds labels and numbers; the grey values stay where the run read them. They are read again the way the run
//! read them, and shown where they are what they were: the checksums in its record decide. Where slices were aligned the labels
//! lie elsewhere than the grey values in the files, so that these are left out.

use std::path::Path;

use foamflux_grid::{Shape, Watch};
use foamflux_io::read::{Stack, StackData};
use foamflux_results::InputInfo;
use serde_json::Value;

use crate::config::Config;
use crate::ingest;
use crate::settings::Settings;

/// The grey values voxel by voxel beside labels of a shape; `None` where the run was made of labels.
///
/// # Errors
/// Why there are none to show, for the reader of the page.
pub(super) fn of_run(
    record: &Value,
    shape: Shape,
    settings: &Settings,
    watch: &dyn Watch,
) -> Result<Option<StackData>, String> {
    let input: InputInfo = serde_json::from_value(record["input"].clone())
        .map_err(|e| format!("the record of the run does not say where they are ({e})"))?;
    if input.content != "grey" {
        return Ok(None);
    }
    if input.files.is_empty() {
        return Err("the run made them on the spot and kept no file of them".to_owned());
    }
    if !record["segment"]["preparation"]["alignment"].is_null() {
        return Err("the run aligned their slices, so that they lie elsewhere than its labels".to_owned());
    }
    let own: Config = serde_json::from_value(record["configuration"].clone())
        .map_err(|e| format!("the configuration of the run cannot be read ({e})"))?;
    // What may be used is a matter of this machine.
    let own = Config { max_memory: settings.config.max_memory.clone(), ..own };
    let own = Settings::new(own).map_err(|e| format!("the configuration of the run cannot be read ({e})"))?;
    let path = Path::new(&input.path);
    let Stack { data, report } = ingest::read_stack(path, &own.ingest, watch).map_err(|e| e.to_string())?;
    let now = ingest::input_info(path, &input.content, &report).map_err(|e| e.to_string())?;
    if now.files != input.files {
        return Err(format!("the files in '{}' are no longer those that the run read", input.path));
    }
    if data.shape() != shape {
        return Err(format!("they are {} voxels (z,y,x) and its labels {shape}", data.shape()));
    }
    Ok(Some(data))
}
