//! Work beside the interpreter.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use foamflux_grid::{Event, VoxelSize, VoxelSizeSource, Watch};
use foamflux_pipeline::config::ConfigError;
use foamflux_pipeline::settings::Device;
use foamflux_pipeline::{Config, PipelineError, Settings};
use foamflux_transport::{Backend, CpuBackend};
use pyo3::prelude::*;

use crate::errors::exception;

/// How long Ctrl-C may wait to be seen.
const LOOK: Duration = Duration::from_millis(50);

/// Stops when asked to; warnings come with the results.
struct Quiet(AtomicBool);

impl Watch for Quiet {
    fn event(&self, _event: Event) {}

    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The settings that a table of options (JSON, keys as the long flags) stands for.
pub(crate) fn settings(py: Python<'_>, options: &str) -> PyResult<Settings> {
    let usage = |error: ConfigError| exception(py, &error.into());
    let config: Config = serde_json::from_str(options)
        .map_err(|error| usage(ConfigError::Value { key: "options", message: error.to_string() }))?;
    let mut settings = Settings::new(config).map_err(usage)?;
    if let Some(VoxelSize::Known { source, .. }) = &mut settings.ingest.options.voxel_size {
        *source = VoxelSizeSource::Config;
    }
    Ok(settings)
}

/// Runs `work` on as many threads as the settings say, without the interpreter's lock.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    settings: &Settings,
    work: impl FnOnce(&dyn Watch) -> Result<T, PipelineError> + Send,
) -> PyResult<T> {
    let watch = Quiet(AtomicBool::new(false));
    let threads = settings.threads.unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| exception(py, &PipelineError::Internal(format!("cannot start worker threads: {error}"))))?;
    let (done, waiting) = channel();
    let watch = &watch;
    let result = py.detach(move || {
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let result = pool.install(|| work(watch));
                // Nobody waits any more only where this thread's owner is gone.
                let _ = done.send(result);
            });
            loop {
                match waiting.recv_timeout(LOOK) {
                    Ok(result) => return Ok(result),
                    Err(RecvTimeoutError::Timeout) => {
                        // Only the main thread of the interpreter learns of signals; elsewhere this does nothing.
                        if let Err(interrupt) = Python::attach(|py| py.check_signals()) {
                            watch.0.store(true, Ordering::Relaxed);
                            // What is under way ends at the next safe point.
                            let _ = waiting.recv();
                            return Err(interrupt);
                        }
                    }
                    Err(RecvTimeoutError::Disconnected) => {
                        return Ok(Err(PipelineError::Internal("the work ended without a word".to_owned())));
                    }
                }
            }
        })
    })?;
    result.map_err(|error| exception(py, &error))
}

/// The backend that `device` names.
pub(crate) fn backend(settings: &Settings) -> Result<Box<dyn Backend>, PipelineError> {
    let cpu = settings.transport.layout.map_or_else(CpuBackend::new, CpuBackend::with_layout).keep_hierarchy();
    match settings.device {
        Device::Cpu => Ok(Box::new(cpu)),
        #[cfg(feature = "gpu")]
        Device::Auto => Ok(Box::new(foamflux_gpu::AutoBackend::new(gpu_options(settings), cpu))),
        #[cfg(feature = "gpu")]
        Device::Gpu(index) => {
            let pick = index.map_or(foamflux_gpu::Pick::Best, foamflux_gpu::Pick::Index);
            let gpu = foamflux_gpu::GpuBackend::open(pick, gpu_options(settings));
            Ok(Box::new(gpu.map_err(|error| PipelineError::Device(error.to_string()))?))
        }
        #[cfg(not(feature = "gpu"))]
        Device::Auto => Ok(Box::new(cpu)),
        #[cfg(not(feature = "gpu"))]
        Device::Gpu(_) => Err(PipelineError::Device("this foamflux was built without its GPU backend".to_owned())),
    }
}

#[cfg(feature = "gpu")]
fn gpu_options(settings: &Settings) -> foamflux_gpu::Options {
    let budget_bytes = settings.config.max_memory.as_ref().and(settings.max_memory);
    foamflux_gpu::Options { budget_bytes, layout: settings.transport.layout, ..foamflux_gpu::Options::default() }
}
