//! Who solves systems of links: the processor, or a device that keeps what it was given.

use foamflux_grid::Watch;

use super::{Corrected, Links, LinksError, LinksStop};
use crate::CpuBackend;

/// Solves systems of links one after the other; see [`Backend::links`](crate::Backend::links).
///
/// From one system to the next a device keeps links, aggregates and buffers, and takes over what [`Links::stamp`] says has
/// changed.
pub trait LinksSolver {
    /// What solves, and whom it left work to; results print it.
    fn describe(&self) -> String;

    /// Solves `A d = residual` and adds `d` to `x`, which stays as it was where that fails.
    ///
    /// # Errors
    /// [`LinksError`]; falling short of the tolerance is not an error but said in the result.
    fn correct(
        &mut self,
        links: &Links,
        residual: &[f64],
        x: &mut [f64],
        stop: &LinksStop,
        watch: &dyn Watch,
    ) -> Result<Corrected, LinksError>;

    /// What it has moved and holds, beside the system itself.
    fn effort(&self) -> LinksEffort {
        LinksEffort::default()
    }
}

/// What a device did for some systems; all zero for the processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinksEffort {
    /// Bytes brought to the device.
    pub uploaded_bytes: u64,
    /// Bytes brought back: solutions, and the scalars that the iteration looks at.
    pub downloaded_bytes: u64,
    /// Most bytes held there.
    pub device_bytes: u64,
    /// Kernels started.
    pub dispatches: u64,
    /// Solves in single precision; more than corrections where one was not enough.
    pub passes: u32,
}

/// The processor.
#[derive(Debug, Clone, Copy, Default)]
pub struct Processor;

impl LinksSolver for Processor {
    fn describe(&self) -> String {
        CpuBackend::name()
    }

    fn correct(
        &mut self,
        links: &Links,
        residual: &[f64],
        x: &mut [f64],
        stop: &LinksStop,
        watch: &dyn Watch,
    ) -> Result<Corrected, LinksError> {
        links.correct(residual, x, stop, watch)
    }
}
