//! The choice that nobody has to make: a GPU where the problem is large enough to gain, the processor otherwise, and the
//! processor when the GPU fails.

use std::sync::OnceLock;

use foamflux_grid::{Event, Watch};
use foamflux_transport::links::LinksSolver;
use foamflux_transport::{Backend, CpuBackend, Problem, Solution, SolveError, Start, Stop};

use crate::adapters::Pick;
use crate::backend::{GpuBackend, Options};
use crate::links::{AutoLinks, DeviceLinks};

/// Unknowns from which a GPU is worth opening: that and compiling its kernels takes about half a second, in which two
/// cores solve four million unknowns.
pub const WORTH_IT: usize = 4_000_000;

/// Chooses for every problem; never a driver that computes on the processor.
pub struct AutoBackend {
    options: Options,
    cpu: CpuBackend,
    gpu: OnceLock<Option<GpuBackend>>,
    worth_it: usize,
}

impl AutoBackend {
    /// Opens nothing yet; `cpu` solves what the GPU does not.
    #[must_use]
    pub fn new(options: Options, cpu: CpuBackend) -> Self {
        AutoBackend { options, cpu, gpu: OnceLock::new(), worth_it: WORTH_IT }
    }

    /// With a device that is open already, which is used for every problem; for tests.
    #[must_use]
    pub fn with(gpu: GpuBackend) -> Self {
        AutoBackend {
            gpu: OnceLock::from(Some(gpu)),
            worth_it: 0,
            ..AutoBackend::new(Options::default(), CpuBackend::new())
        }
    }

    /// The device, where one is open.
    #[must_use]
    pub fn device(&self) -> Option<&GpuBackend> {
        self.gpu.get().and_then(Option::as_ref)
    }

    fn gpu(&self, watch: &dyn Watch) -> Option<&GpuBackend> {
        let open = || match GpuBackend::open(Pick::BestHardware, self.options) {
            Ok(gpu) => Some(gpu),
            Err(crate::GpuError::NoAdapter) => None,
            Err(error) => {
                watch.event(Event::Note(format!("the processor solves: {error}")));
                None
            }
        };
        self.gpu.get_or_init(open).as_ref()
    }
}

impl Backend for AutoBackend {
    fn describe(&self) -> String {
        match self.gpu.get() {
            Some(Some(gpu)) => format!("auto: {}", gpu.describe()),
            _ => format!("auto: {}", self.cpu.describe()),
        }
    }

    fn links<'a>(&'a self, unknowns: usize, watch: &dyn Watch) -> Box<dyn LinksSolver + 'a> {
        let gpu = if unknowns >= self.worth_it { self.gpu(watch) } else { None };
        match gpu {
            Some(gpu) => Box::new(AutoLinks::new(DeviceLinks::new(gpu))),
            None => self.cpu.links(unknowns, watch),
        }
    }

    fn solve(&self, problem: &Problem, stop: &Stop, watch: &dyn Watch) -> Result<Solution, SolveError> {
        self.solve_from(problem, None, stop, watch)
    }

    fn solve_from(
        &self,
        problem: &Problem,
        start: Option<&Start<'_>>,
        stop: &Stop,
        watch: &dyn Watch,
    ) -> Result<Solution, SolveError> {
        let gpu = if problem.unknowns() >= self.worth_it { self.gpu(watch) } else { None };
        let Some(gpu) = gpu else { return self.cpu.solve_from(problem, start, stop, watch) };
        match gpu.solve_from(problem, start, stop, watch) {
            // The problem itself is the state of the run that counts: an iterate on a lost device is lost with it.
            Err(error @ (SolveError::Device { .. } | SolveError::Memory { .. })) => {
                watch.event(Event::Warning(format!("{error}; the processor solves instead")));
                self.cpu.solve_from(problem, start, stop, watch)
            }
            other => other,
        }
    }
}
