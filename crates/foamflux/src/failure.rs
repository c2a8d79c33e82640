//! From an error to a message on standard error and the documented exit status.

use std::process::ExitCode;

use foamflux_pipeline::{ExitStatus, PipelineError};

/// Prints the error with its causes and gives the exit status.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        // The reader of our output has left, as `head` does: nothing went wrong here.
        return ExitCode::SUCCESS;
    }
    crate::output::complain(&format!("error: {error:#}"));
    ExitCode::from(status(error) as u8)
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
