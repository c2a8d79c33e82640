//! Writing to the terminal, and the files of a run.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use foamflux_grid::Labels;
use foamflux_io::write::{self, VtiArray, VtiData, WriteError};
use foamflux_pipeline::PipelineError;
use foamflux_pipeline::transport::Fields;

/// Prints results to standard output.
///
/// # Errors
/// When standard output cannot be written.
#[allow(clippy::disallowed_methods, reason = "here, and nowhere else, the program speaks")]
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let end: &[u8] = if text.ends_with('\n') { b"" } else { b"\n" };
    out.write_all(text.as_bytes())
        .and_then(|()| out.write_all(end))
        .and_then(|()| out.flush())
        .map_err(|source| refused("standard output".as_ref(), source).into())
}

/// Prints a line to standard error; when that is gone there is nobody left to tell.
#[allow(clippy::disallowed_methods, reason = "here, and nowhere else, the program complains")]
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Prints results as JSON to standard output.
///
/// # Errors
/// When they cannot be serialised or written.
pub(crate) fn print_json<T: serde::Serialize>(results: &T) -> anyhow::Result<()> {
    print(&serde_json::to_string_pretty(results)?)
}

/// What the system refused to write, with its remedy and its exit status.
fn refused(path: &Path, source: io::Error) -> PipelineError {
    WriteError::Io { action: "write", path: path.to_owned(), source }.into()
}

/// Refuses a file that could not be written after the work: nothing is made there but a name that goes at once.
///
/// # Errors
/// [`PipelineError::Write`], as the writers themselves would say it.
pub(crate) fn check_file(path: &Path) -> Result<(), PipelineError> {
    if path.is_dir() {
        let reason = "it is a folder: give the name of a file in it";
        return Err(WriteError::BadPath { path: path.to_owned(), reason }.into());
    }
    let folder = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        // The root, which the writers refuse.
        None => return Ok(()),
    };
    let probe = folder.join(format!(".foamflux-{}.probe", std::process::id()));
    match OpenOptions::new().write(true).create_new(true).open(&probe) {
        Ok(file) => {
            drop(file);
            fs::remove_file(&probe).map_err(|e| refused(path, e))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(refused(path, error)),
    }
}

/// Makes a folder where there is none.
///
/// # Errors
/// [`PipelineError::Write`] where it cannot be made.
pub(crate) fn make_folder(path: &Path) -> Result<(), PipelineError> {
    fs::create_dir_all(path).map_err(|source| WriteError::Io { action: "create", path: path.to_owned(), source }.into())
}

/// Writes labels, potentials, flux vectors and losses, and what else there is: `.vti` holds them all.
///
/// # Errors
/// [`WriteError`] when the file cannot be written.
pub(crate) fn fields(
    path: &Path,
    labels: &Labels,
    fields: &[Fields],
    more: Vec<VtiArray<'_>>,
) -> Result<(), WriteError> {
    let names: Vec<[String; 3]> = fields
        .iter()
        .map(|f| ["potential_{}", "flux_{}_relative", "loss_{}_relative"].map(|n| n.replace("{}", f.axis.name())))
        .collect();
    let mut arrays = vec![VtiArray { name: "labels", data: VtiData::U8(labels.volume().as_slice()) }];
    for (field, [potential, flux, loss]) in fields.iter().zip(&names) {
        arrays.push(VtiArray { name: potential, data: VtiData::F32(&field.potential) });
        arrays.push(VtiArray { name: flux, data: VtiData::Vector3F32(field.flux.as_flattened()) });
        arrays.push(VtiArray { name: loss, data: VtiData::F32(&field.loss) });
    }
    arrays.extend(more);
    write::vti(path, labels.shape(), labels.voxel_size(), &arrays)
}
