//! From `--device` to a backend, and what is known of the devices there are.

use foamflux_pipeline::PipelineError;
use foamflux_pipeline::settings::Device;
use foamflux_transport::{Backend, CpuBackend};

use crate::commands::Session;

/// The backend that `--device` names.
pub(crate) fn backend(session: &Session) -> Result<Box<dyn Backend>, PipelineError> {
    match session.settings.device {
        Device::Cpu => Ok(Box::new(cpu(session))),
        Device::Auto => Ok(auto(session)),
        Device::Gpu(index) => gpu(index, session),
    }
}

/// The processor, in the storage that the user chose.
fn cpu(session: &Session) -> CpuBackend {
    session.settings.transport.layout.map_or_else(CpuBackend::new, CpuBackend::with_layout).keep_hierarchy()
}

#[cfg(not(feature = "gpu"))]
mod built {
    use super::{Backend, PipelineError, Session};

    pub(crate) fn auto(session: &Session) -> Box<dyn Backend> {
        Box::new(super::cpu(session))
    }

    pub(crate) fn gpu(_: Option<usize>, _: &Session) -> Result<Box<dyn Backend>, PipelineError> {
        Err(PipelineError::Device(
            "--device gpu: this foamflux was built without its GPU backend; use --device cpu or leave the flag out"
                .to_owned(),
        ))
    }
}

#[cfg(feature = "gpu")]
mod built {
    use foamflux_gpu::{AutoBackend, GpuBackend, Options, Pick};
    use foamflux_grid::Event;

    use super::{Backend, PipelineError, Session};

    fn options(session: &Session) -> Options {
        // What the user allows holds for the device as well; what happens to be free on the host does not.
        let budget_bytes = session.settings.config.max_memory.as_ref().and(session.settings.max_memory);
        Options { budget_bytes, layout: session.settings.transport.layout, ..Options::default() }
    }

    pub(crate) fn auto(session: &Session) -> Box<dyn Backend> {
        Box::new(AutoBackend::new(options(session), super::cpu(session)))
    }

    /// Opens a GPU.
    pub(crate) fn open(index: Option<usize>, session: &Session) -> Result<GpuBackend, PipelineError> {
        let pick = index.map_or(Pick::Best, Pick::Index);
        let gpu = GpuBackend::open(pick, options(session)).map_err(|e| PipelineError::Device(e.to_string()))?;
        if gpu.is_software() {
            session.watch().event(Event::Warning(format!(
                "{} computes on the processor: correct, and slower than --device cpu",
                gpu.describe()
            )));
        }
        Ok(gpu)
    }

    pub(crate) fn gpu(index: Option<usize>, session: &Session) -> Result<Box<dyn Backend>, PipelineError> {
        Ok(Box::new(open(index, session)?))
    }
}

#[cfg(feature = "gpu")]
pub(crate) use built::open;
use built::{auto, gpu};
