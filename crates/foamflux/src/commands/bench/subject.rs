//! What is measured: the processor, or one device.

use std::time::Instant;

use foamflux_pipeline::{PipelineError, settings::Device};
use foamflux_transport::{Backend, CpuBackend, Problem};
use rayon::prelude::*;

use super::line::{Line, Place};
use crate::commands::Session;

/// One device.
pub(super) enum Subject {
    Cpu(CpuBackend),
    #[cfg(feature = "gpu")]
    Gpu(Box<foamflux_gpu::GpuBackend>),
}

/// Bytes of the arrays that are copied.
const COPIED: u64 = 512 << 20;
/// The same with `--quick`.
const COPIED_QUICK: u64 = 32 << 20;
/// Passes, the median of which counts.
const PASSES: usize = 5;
/// Values per task of the processor's copy.
const CHUNK: usize = 64 << 10;

impl Subject {
    pub(super) fn open(device: Device, session: &Session) -> Result<Self, PipelineError> {
        match device {
            #[cfg(feature = "gpu")]
            Device::Gpu(index) => Ok(Subject::Gpu(Box::new(crate::device::open(index, session)?))),
            #[cfg(not(feature = "gpu"))]
            Device::Gpu(_) => crate::device::backend(session).map(|_| Subject::Cpu(CpuBackend::new())),
            _ => Ok(Subject::Cpu(CpuBackend::new())),
        }
    }

    pub(super) fn backend(&self) -> &dyn Backend {
        match self {
            Subject::Cpu(cpu) => cpu,
            #[cfg(feature = "gpu")]
            Subject::Gpu(gpu) => gpu.as_ref(),
        }
    }

    /// Driver and its version; none for the processor.
    pub(super) fn driver(&self) -> Option<String> {
        match self {
            Subject::Cpu(_) => None,
            #[cfg(feature = "gpu")]
            Subject::Gpu(gpu) => Some(gpu.info().driver.clone()),
        }
    }

    /// What it copies.
    pub(super) fn bandwidth(&self, quick: bool) -> Result<Line, PipelineError> {
        let bytes = if quick { COPIED_QUICK } else { COPIED };
        let copied = match self {
            Subject::Cpu(_) => cpu_copy(bytes),
            #[cfg(feature = "gpu")]
            Subject::Gpu(gpu) => gpu.copy_bandwidth(bytes).map_err(|e| PipelineError::Device(e.to_string()))?,
        };
        Ok(Line::bandwidth(self, copied))
    }

    /// What its kernels take; nothing for the processor, whose kernels `cargo bench` times.
    pub(super) fn kernels(&self, problem: &Problem, place: &Place) -> Result<Vec<Line>, PipelineError> {
        #[cfg(not(feature = "gpu"))]
        let _ = (problem, place);
        match self {
            Subject::Cpu(_) => Ok(Vec::new()),
            #[cfg(feature = "gpu")]
            Subject::Gpu(gpu) => {
                let times = gpu.time_kernels(problem).map_err(|e| PipelineError::Device(e.to_string()))?;
                Ok(times.iter().map(|t| Line::kernel(self, place.clone(), t)).collect())
            }
        }
    }
}

/// Bytes per second, read and written counted.
fn cpu_copy(bytes: u64) -> f64 {
    let n = (bytes / 8) as usize;
    let (from, mut to) = (vec![1f32; n], vec![0f32; n]);
    let mut seconds: Vec<f64> = (0..=PASSES)
        .map(|_| {
            let start = Instant::now();
            to.par_chunks_mut(CHUNK).zip(from.par_chunks(CHUNK)).for_each(|(to, from)| to.copy_from_slice(from));
            start.elapsed().as_secs_f64()
        })
        .skip(1)
        .collect();
    seconds.sort_by(f64::total_cmp);
    8.0 * n as f64 / seconds[PASSES / 2]
}
