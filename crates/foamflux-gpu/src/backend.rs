//! The GPU as a backend of `foamflux-transport`.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use foamflux_grid::{Event, Watch};
use foamflux_transport::device::{self, Finest as Built, Hierarchy, Iterated};
use foamflux_transport::krylov::{Limits, Primitives, conjugate_gradients};
use foamflux_transport::links::LinksSolver;
use foamflux_transport::tail::Tail;
use foamflux_transport::{Backend, Deviation, Layout, Problem, Solution, SolveError, Start, Stop};

use crate::adapters::{DeviceInfo, Kind, Pick};
use crate::context::Context;
use crate::cycle::{Levels, needs, tail_rows, way};
use crate::error::{Fault, GpuError};
use crate::grid::{Cut, Grid, partials_needed};
use crate::links::DeviceLinks;
use crate::plan::DevicePlan;
use crate::primitives::{Finest, On};
use crate::recorder::Recorder;
use crate::rows::List;

/// Slots of the constants.
pub(crate) const CONSTANTS: u32 = 2;

/// How a device is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Bytes that may be used on the device; what the driver has where none is given.
    pub budget_bytes: Option<u64>,
    /// Planes of a slab, for tests; as many as the device binds at once where none is given.
    pub slab_planes: Option<usize>,
    /// Rows up to which a level and all below it are solved in one dispatch, for tests; 0 gives every step its own.
    pub tail_rows: Option<usize>,
    /// Storage, for tests; the cheaper one where none is given.
    pub layout: Option<Layout>,
}

/// Solves on a GPU.
pub struct GpuBackend {
    context: Context,
    options: Options,
    /// One solve at a time: they would share the memory.
    busy: Mutex<()>,
}

impl GpuBackend {
    /// Opens a device.
    ///
    /// # Errors
    /// [`GpuError`] when there is none, or it cannot be used.
    pub fn open(which: Pick, options: Options) -> Result<Self, GpuError> {
        Ok(GpuBackend { context: Context::open(which)?, options, busy: Mutex::new(()) })
    }

    /// The device.
    #[must_use]
    pub fn info(&self) -> &DeviceInfo {
        &self.context.info
    }

    /// Whether it is a driver that computes on the processor, which proves what is correct and not what is fast.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.context.info.kind == Kind::Software
    }

    /// Takes the device away, as a driver does that is updated or hangs: to try what happens then.
    pub fn destroy(&self) {
        self.context.device.destroy();
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn busy(&self) -> &Mutex<()> {
        &self.busy
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Bytes of one array that the device binds at once.
    fn limit(&self) -> u64 {
        self.context.info.max_binding_bytes.min(self.context.info.max_buffer_bytes)
    }

    /// The plan of a system of links and the levels below it.
    pub(crate) fn plan_links(
        &self,
        unknowns: usize,
        next: &device::Next,
        levels: &[device::Level],
    ) -> Result<DevicePlan, Fault> {
        DevicePlan::of_links(unknowns, next, levels, self.options.budget_bytes, self.limit())
    }

    fn iterate(
        &self,
        problem: &Problem,
        from: Option<&Deviation>,
        tail: &mut Tail,
        limits: &Limits<'_>,
        watch: &dyn Watch,
    ) -> Result<Iterated, Fault> {
        let start = Instant::now();
        let (on, plan) = self.prepare(problem, watch)?;
        let context = &self.context;
        let mut x = on.vector();
        if let Some(from) = from {
            on.start(problem, &x, from);
        }
        context.queue.submit([]);
        context.wait();
        let setup_seconds = start.elapsed().as_secs_f64();
        let reached = conjugate_gradients(&on, &mut x, tail, limits, watch);
        let deviation = on.deviation(problem, &x);
        match context.fault() {
            Some(fault) => Err(fault),
            None => Ok(Iterated {
                deviation: Deviation::Single(deviation),
                reached,
                setup_seconds,
                peak_bytes: plan.bytes(),
            }),
        }
    }

    /// Builds the levels, checks their plan, and brings them to the device.
    pub(crate) fn prepare(&self, problem: &Problem, watch: &dyn Watch) -> Result<(On<'_>, DevicePlan), Fault> {
        let context = &self.context;
        let hierarchy = Hierarchy::of(problem, self.options.layout);
        let limit = self.limit();
        let cut = match &hierarchy.finest {
            Built::Grid(grid) => Some(Cut::of(&grid.order, limit, self.options.slab_planes)),
            Built::List(_) => None,
        };
        let plan = DevicePlan::of(&hierarchy, cut.as_ref(), self.options.budget_bytes, limit)?;
        watch.event(stored(problem, &hierarchy, &plan));
        let Hierarchy { finest, levels } = hierarchy;
        let (partials, ring) = needs(&levels, CONSTANTS);
        let fine_partials = match &finest {
            Built::Grid(grid) => partials_needed(&grid.order),
            Built::List(list) => 4 * u64::from(List::partials(&list.level.bounds)),
        };
        let recorder = Recorder::new(context, partials.max(fine_partials), ring);
        let finest = match (finest, cut) {
            (Built::Grid(grid), Some(cut)) => Finest::Grid(Grid::upload(context, &grid, cut)),
            (Built::Grid(grid), None) => {
                let cut = Cut::of(&grid.order, limit, None);
                Finest::Grid(Grid::upload(context, &grid, cut))
            }
            (Built::List(list), _) => Finest::List {
                way: way(context, &list.level),
                drive: context.upload(&list.drive),
                straight: Some(list.energy),
                list: List::upload(context, &list.level),
                order: Some(list.order),
            },
        };
        let tail_rows = self.options.tail_rows.unwrap_or_else(|| tail_rows(context));
        let levels = Levels::new(context, &levels, [&recorder.scalars, &recorder.partials], CONSTANTS, tail_rows);
        match context.fault() {
            Some(fault) => Err(fault),
            None => Ok((On::new(recorder, finest, levels), plan)),
        }
    }
}

/// Says how a problem is stored.
fn stored(problem: &Problem, hierarchy: &Hierarchy, plan: &DevicePlan) -> Event {
    let share = 100.0 * problem.unknowns() as f64 / problem.shape().len() as f64;
    let layout = match (&hierarchy.finest, plan.slabs) {
        (Built::List(_), _) => "a list of the unknowns".to_owned(),
        (Built::Grid(_), 1) => "the whole grid".to_owned(),
        (Built::Grid(_), n) => format!("the whole grid in {n} slabs"),
    };
    let levels: Vec<usize> = hierarchy.levels.iter().map(device::Level::len).collect();
    let voxels = problem.shape().len() as f64;
    Event::Note(format!(
        "stored as {layout} ({share:.1} % of the voxels take part); coarse levels of {levels:?} unknowns; {:.1} bytes per \
         voxel on the device, of which the finest level takes {:.1}",
        plan.bytes() as f64 / voxels,
        plan.finest as f64 / voxels
    ))
}

impl Backend for GpuBackend {
    fn describe(&self) -> String {
        self.context.info.describe()
    }

    fn links<'a>(&'a self, _: usize, _: &dyn Watch) -> Box<dyn LinksSolver + 'a> {
        Box::new(DeviceLinks::new(self))
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
        let _alone = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        self.context.recover();
        let name = self.describe();
        device::solve(problem, start, (stop, watch), &name, |from, tail, limits| {
            self.iterate(problem, from, tail, limits, watch).map_err(|fault| fault.on(&name))
        })
    }
}
