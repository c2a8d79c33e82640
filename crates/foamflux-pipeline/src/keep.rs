//! Where unfinished work is kept, so that a job that was interrupted can go on.

use crate::error::PipelineError;

/// Where unfinished work is kept, by name; the caller decides what a name is.
pub trait Keep {
    /// Keeps bytes under a name, in place of what it held.
    ///
    /// # Errors
    /// When they cannot be kept.
    fn save(&mut self, name: &str, bytes: &[u8]) -> Result<(), PipelineError>;

    /// What a name holds; none where nothing was kept under it.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, PipelineError>;

    /// Where it is, for messages.
    fn place(&self) -> String;
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

impl Keep for Nowhere {
    fn save(&mut self, _: &str, _: &[u8]) -> Result<(), PipelineError> {
        Ok(())
    }

    fn load(&self, _: &str) -> Result<Option<Vec<u8>>, PipelineError> {
        Ok(None)
    }

    fn place(&self) -> String {
        "no folder, as there is no --output".to_owned()
    }
}
