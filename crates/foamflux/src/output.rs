//! Writing to the terminal, and the files of a run.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use foamflux_grid::Labels;
use foamflux_io::write::{self, VtiArray, VtiData, WriteError};
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
        .context("cannot write to standard output")
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
