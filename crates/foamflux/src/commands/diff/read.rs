//! Results as they are on disk.

use std::path::Path;

use foamflux_pipeline::PipelineError;
use serde_json::Value;

/// The tree of a results file, or of `results.json` in a folder.
///
/// # Errors
/// With exit status 3, where it is missing, broken off, or no results of this program.
pub(super) fn results(path: &Path) -> Result<Value, PipelineError> {
    let file = if path.is_dir() { path.join("results.json") } else { path.to_owned() };
    let refuse = |message: String| PipelineError::Content { path: file.display().to_string(), message };
    let bytes = std::fs::read(&file).map_err(|e| {
        if e.kind() == std::io::ErrorKind::NotFound {
            refuse("there is no such file; name a results.json, or the folder that 'foamflux run -o' wrote".to_owned())
        } else {
            refuse(format!("it cannot be read: {e}"))
        }
    })?;
    let tree: Value = serde_json::from_slice(&bytes).map_err(|e| {
        if e.is_eof() {
            refuse(format!("the file ends in the middle, after {} bytes: it was not written whole ({e})", bytes.len()))
        } else {
            refuse(format!("it is no JSON: {e}"))
        }
    })?;
    match tree["schema"].as_str() {
        Some(schema) if schema.starts_with("foamflux.") => Ok(tree),
        _ => Err(refuse("it has no \"schema\" of foamflux, so it is not what a command of foamflux wrote".to_owned())),
    }
}

/// # Errors
/// With exit status 3, where the two are not of one kind and version.
pub(super) fn alike(a_path: &Path, a: &Value, b_path: &Path, b: &Value) -> Result<(), PipelineError> {
    let name = |tree: &Value| tree["schema"].as_str().unwrap_or_default().to_owned();
    let (first, second) = (name(a), name(b));
    if first == second {
        return Ok(());
    }
    let kind = |schema: &str| schema.split('/').next().unwrap_or_default().to_owned();
    let message = if kind(&first) == kind(&second) {
        format!(
            "is {second}, but {} is {first}: another version, whose keys need not mean the same; run the older one again",
            a_path.display()
        )
    } else {
        format!("is {second}, but {} is {first}: results of one command can be compared", a_path.display())
    };
    Err(PipelineError::Content { path: b_path.display().to_string(), message })
}
