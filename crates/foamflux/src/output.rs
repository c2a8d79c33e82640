//! Writing to the terminal, and the files of a run.

use std::io::{self, Write};

/// Prints results to standard output.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Prints a line to standard error; when that is gone there is nobody left to tell.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Prints results as JSON to standard output.
///
/// # Errors
/// When they cannot be serialised or written.
pub(crate) fn print_json<T: serde::Serialize>(results: &T) -> anyhow::Result<()> {
    Ok(print(&serde_json::to_string_pretty(results)?)?)
}
