//! The plan of a read.

use std::path::Path;

use foamflux_grid::Watch;

use super::{IngestReport, ReadError, ReadOptions, Stack};

/// What would be read, from headers only.
#[derive(Debug)]
pub struct Plan {
    report: IngestReport,
}

/// Looks at names and headers of `input` and plans the read.
///
/// # Errors
/// [`ReadError`].
pub fn plan(input: &Path, _options: &ReadOptions) -> Result<Plan, ReadError> {
    Err(ReadError::Missing { path: input.to_path_buf() })
}

impl Plan {
    /// What was found.
    #[must_use]
    pub const fn report(&self) -> &IngestReport {
        &self.report
    }

    /// Whether the stack looks like labels: an integer type with at most nine values in a few slices.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn looks_like_labels(&self) -> Result<bool, ReadError> {
        Ok(false)
    }

    /// Reads the stack.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(self, _watch: &dyn Watch) -> Result<Stack, ReadError> {
        Err(ReadError::Cancelled)
    }
}
