//! From an error to a message on standard error and the documented exit status.

use std::process::ExitCode;

use foamflux_pipeline::{ExitStatus, PipelineError};

/// Prints the error with its causes and gives the exit status.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        // The reader of our output has left, as `head` does: nothing went wrong here.
        return ExitCode::SUCCESS;
    }
    crate::output::complain(&format!("error: {}", message(error)));
    ExitCode::from(status(error) as u8)
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
    use super::message;
    use anyhow::Context;

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
