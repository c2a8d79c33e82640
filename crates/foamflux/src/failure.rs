//! From an error to a message on standard error and the documented exit status.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use foamflux_io::write::WriteError;
use foamflux_pipeline::{ExitStatus, PipelineError};

use crate::lines::{self, Line};

/// Prints the error with its causes and gives the exit status.
pub(crate) fn report(error: anyhow::Error) -> ExitCode {
    if is_broken_pipe(&error) {
        // The reader of our output has left, as `head` does: nothing went wrong here.
        return ExitCode::SUCCESS;
    }
    let error = as_asked(error);
    let (status, message) = (status(&error) as u8, message(&error));
    if !lines::say(&Line::Error { status, message: &message }) {
        crate::output::complain(&format!("error: {message}"));
    }
    ExitCode::from(status)
}

/// Names a file of a folder under construction as it would have been called: the temporary name is gone by now.
fn as_asked(error: anyhow::Error) -> anyhow::Error {
    // What was told beside it would be lost on the way.
    let temporary = matches!(
        error.downcast_ref(),
        Some(PipelineError::Write(WriteError::Io { path, .. })) if without_temporary_names(path) != *path
    );
    if !temporary {
        return error;
    }
    match error.downcast::<PipelineError>() {
        Ok(PipelineError::Write(WriteError::Io { action, path, source })) => {
            PipelineError::from(WriteError::Io { action, path: without_temporary_names(&path), source }).into()
        }
        Ok(other) => other.into(),
        Err(error) => error,
    }
}

/// `.OUT.foamflux-12-0.partial/a.png` is `OUT/a.png`.
fn without_temporary_names(path: &Path) -> PathBuf {
    let name = |part: &str| -> Option<String> {
        let (name, _) = part.strip_prefix('.')?.strip_suffix(".partial")?.rsplit_once(".foamflux-")?;
        Some(name.to_owned())
    };
    path.iter().map(|part| part.to_str().and_then(name).map_or_else(|| part.to_owned(), Into::into)).collect()
}

/// The error and its causes, each said once: most errors of the libraries have put their cause into their own words.
fn message(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn status(error: &anyhow::Error) -> ExitStatus {
    match error.downcast_ref::<PipelineError>() {
        Some(error) => error.exit_status(),
        None => ExitStatus::Internal,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
mod tests {
    use std::path::Path;

    use super::{message, without_temporary_names};
    use anyhow::Context;

    #[test]
    fn temporary_names_are_not_told() {
        let told = |path: &str| without_temporary_names(Path::new(path)).display().to_string();
        let path = ["a", ".my out.foamflux-12-0.partial", "figures", "x.png"].iter().collect::<std::path::PathBuf>();
        let wanted = ["a", "my out", "figures", "x.png"].iter().collect::<std::path::PathBuf>();
        assert_eq!(without_temporary_names(&path), wanted);
        assert_eq!(told(".hidden.partial"), ".hidden.partial");
        assert_eq!(told("x.foamflux-1-0.partial"), "x.foamflux-1-0.partial");
    }

    #[test]
    fn a_cause_is_said_once_and_not_left_out() {
        let cause = || std::io::Error::other("disk on fire");
        let told = foamflux_io::write::WriteError::Io { action: "write", path: "a.tif".into(), source: cause() };
        let once = message(&anyhow::Error::from(told));
        assert_eq!(once.matches("disk on fire").count(), 1, "{once}");
        let added = message(&Err::<(), _>(cause()).context("cannot start").unwrap_err());
        assert_eq!(added, "cannot start: disk on fire");
    }
}
