//! How fast a device is: what it copies, and what each kernel makes of that.

use std::time::Instant;

use foamflux_grid::Silent;
use foamflux_shaders::layout::{ONE, ZERO};
use foamflux_shaders::{
    COMBINE, GRID_APPLY, GRID_PROLONG, GRID_RELAX, GRID_RESIDUAL, GRID_RESTRICT, GRID_UPDATE, Kernel, LIST_APPLY,
    LIST_RELAX, LIST_RESIDUAL, LIST_RESTRICT,
};
use foamflux_transport::Problem;
use foamflux_transport::krylov::{Primitives, Step};

use crate::backend::GpuBackend;
use crate::context::Buffer;
use crate::error::Fault;
use crate::primitives::{Finest, On, Scalar};
use crate::rows::{List, add, combine};

/// Times of a kernel in one measurement.
const REPEATS: u32 = 10;
/// Copies in one measurement.
const COPIES: u32 = 20;
/// Measurements of which the median counts.
const ROUNDS: usize = 5;

/// What a kernel took.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelTime {
    /// Its name.
    pub name: &'static str,
    /// Bytes that have to move, by the table.
    pub bytes: u64,
    /// Median of several measurements.
    pub seconds: f64,
    /// Whether the device took the time; otherwise it is the host's, with the submission in it.
    pub on_device: bool,
    /// Dispatches that it takes.
    pub dispatches: u64,
    /// Seconds until the host has recorded and handed over all of them.
    pub host_seconds: f64,
}

impl KernelTime {
    /// Bytes per second.
    #[must_use]
    pub fn bytes_per_s(&self) -> f64 {
        self.bytes as f64 / self.seconds
    }
}

impl GpuBackend {
    /// Bytes per second that the device moves between two arrays of half of `bytes` each, read and written counted: by a
    /// copy, or by the kernel that adds one to the other where that is faster, as some devices copy by a slow unit.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn copy_bandwidth(&self, bytes: u64) -> Result<f64, Fault> {
        let context = self.context();
        context.recover();
        let recorder = crate::recorder::Recorder::new(context, 4, 2);
        let bytes = (bytes / 2).min(self.info().max_binding_bytes) / 4096 * 4096;
        let [from, to] = [context.zeros(bytes), context.zeros(bytes)];
        let mut seconds = Vec::new();
        for _ in 0..=ROUNDS {
            context.wait();
            let start = Instant::now();
            for _ in 0..COPIES {
                recorder.copy((&from, 0), (&to, 0), bytes);
            }
            recorder.hand_over();
            context.wait();
            seconds.push(start.elapsed().as_secs_f64());
        }
        // The first pass pays for pages and clocks.
        let copied = f64::from(COPIES) * 2.0 * bytes as f64 / median(&mut seconds[1..]);
        seconds.clear();
        for _ in 0..=ROUNDS {
            context.wait();
            let start = Instant::now();
            for _ in 0..COPIES {
                combine(&mut { &recorder }, &recorder.scalars, [&from, &to], (bytes / 4) as u32, [ONE, ZERO], 1.0);
            }
            recorder.hand_over();
            context.wait();
            seconds.push(start.elapsed().as_secs_f64());
        }
        // It reads both and writes one.
        let added = f64::from(COPIES) * 3.0 * bytes as f64 / median(&mut seconds[1..]);
        match context.fault() {
            Some(fault) => Err(fault),
            None => Ok(copied.max(added)),
        }
    }

    /// Times the kernels of the finest level and of the first stored one on a problem.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn time_kernels(&self, problem: &Problem) -> Result<Vec<KernelTime>, Fault> {
        self.context().recover();
        let (on, _) = self.prepare(problem, &Silent)?;
        let timer = Timer::new(self);
        let times = measure(&on, &timer);
        match self.context().fault() {
            Some(fault) => Err(fault),
            None => Ok(times),
        }
    }
}

fn measure(on: &On<'_>, timer: &Timer<'_>) -> Vec<KernelTime> {
    let to = &on.recorder;
    // One iteration, so that every field exists and holds numbers.
    let (mut x, mut r, mut z, mut p, mut q) = (on.vector(), on.vector(), on.correction(), on.vector(), on.vector());
    on.residual(&x, &mut r);
    let rz = on.precondition(&r, &mut z);
    on.direction(None, &r, &z, &mut p);
    let pq = on.apply(&p, &mut q);
    let alpha = on.ratio(rz, pq);
    on.advance(alpha, Step { p: &p, q: &q, x: &mut x, r: &mut r, z: &mut z });
    on.read(&[rz]);
    let mut times = Vec::new();
    let mut time = |kernel: &Kernel, bytes: u64, one_pass: bool, f: &mut dyn FnMut()| {
        times.push(timer.time(on, kernel.name, bytes, one_pass, f));
    };
    let whole = [x, r, z, p, q];
    let [x, r, z, p, q] = whole.each_ref().map(|f| on.buffers(f));
    match &on.finest {
        Finest::Grid(grid) => {
            let cells = grid.cells();
            let bytes = |kernel: &Kernel| u64::from(kernel.bytes_per_item()) * cells;
            let whole = grid.cut.slabs.len() == 1;
            let coarse = on.levels.ends().map(|(r, _)| r.clone());
            time(&GRID_RESIDUAL, bytes(&GRID_RESIDUAL), whole, &mut || {
                grid.residual(to, &x, &r);
            });
            time(&GRID_APPLY, bytes(&GRID_APPLY), true, &mut || {
                grid.apply(to, &p);
            });
            // A length of zero leaves the fields as they are.
            time(&GRID_UPDATE, bytes(&GRID_UPDATE), true, &mut || grid.update(to, ZERO, [&p, &x, &r, &z]));
            time(&GRID_RELAX, bytes(&GRID_RELAX), true, &mut || grid.both_colours(to, &p, &r, &z));
            if let Some(coarse) = coarse {
                time(&GRID_RESTRICT, bytes(&GRID_RESTRICT), true, &mut || grid.restrict(to, &z, &coarse));
                time(&GRID_PROLONG, bytes(&GRID_PROLONG), true, &mut || grid.prolong(to, &z, &coarse));
            }
            time(&COMBINE, bytes(&COMBINE), true, &mut || grid.direction(to, Some(ZERO), &z, &p));
        }
        Finest::List { list, way, drive, .. } => {
            let n = u64::from(list.len());
            let bytes = |kernel: &Kernel| u64::from(kernel.bytes_per_item()) * n;
            let partials = &to.partials;
            time(&LIST_RESIDUAL, bytes(&LIST_RESIDUAL), true, &mut || {
                list.residual(&mut { to }, [drive, &x[0], &r[0], partials]);
            });
            time(&LIST_APPLY, bytes(&LIST_APPLY), true, &mut || {
                list.apply(&mut { to }, [&p[0], &q[0], &p[0], partials], 0);
            });
            time(&LIST_RELAX, bytes(&LIST_RELAX), true, &mut || {
                list.sweep_back(&mut { to }, [&r[0], &z[0], partials], Some(0), Some(&q[0]));
            });
            if let (Some((coarse, _)), Some(way)) = (on.levels.ends(), way) {
                time(&LIST_RESTRICT, bytes(&LIST_RESTRICT), true, &mut || {
                    list.restrict(&mut { to }, way, &z[0], coarse);
                });
            }
            time(&COMBINE, bytes(&COMBINE), true, &mut || {
                combine(&mut { to }, &to.scalars, [&z[0], &p[0]], list.len(), [ZERO, ONE], 1.0);
            });
        }
    }
    if let Some((list, [r, c])) = on.levels.first() {
        times.extend(level(on, timer, list, [r, c]));
    }
    times.push(timer.time(on, "coarse levels", on.levels.traffic(), false, &mut || to.run(on.levels.program())));
    let [mut x, mut r, mut z, mut p, mut q] = whole;
    times.push(timer.time(on, "one iteration", on.traffic(), false, &mut || {
        let pq = on.apply(&p, &mut q);
        // A step of no length leaves the fields as they are, and costs what any step does.
        let moments = on.advance(Scalar::ZERO, Step { p: &p, q: &q, x: &mut x, r: &mut r, z: &mut z });
        on.ratio(pq, moments.rz);
        on.direction(Some(Scalar::ZERO), &r, &z, &mut p);
    }));
    times
}

/// The kernels of the first stored level.
fn level(on: &On<'_>, timer: &Timer<'_>, list: &List, [r, c]: [&Buffer; 2]) -> Vec<KernelTime> {
    let to = &on.recorder;
    let n = u64::from(list.len());
    let v = on.recorder.context.zeros(4 * n);
    let bytes = |kernel: &Kernel| u64::from(kernel.bytes_per_item()) * n;
    vec![
        timer.time(on, "list_relax, level 1", bytes(&LIST_RELAX), true, &mut || {
            list.sweep_back(&mut { to }, [r, c, &to.partials], None, None);
        }),
        timer.time(on, "list_apply, level 1", bytes(&LIST_APPLY), true, &mut || {
            list.apply(&mut { to }, [c, &v, r, &to.partials], 0);
        }),
        timer.time(on, "combine, level 1", bytes(&COMBINE), true, &mut || {
            add(&mut { to }, &to.scalars, [&v, r], list.len(), ZERO, 1.0);
        }),
    ]
}

/// Takes times, on the device where it has clocks.
struct Timer<'c> {
    gpu: &'c GpuBackend,
    queries: Option<(wgpu::QuerySet, Buffer, Buffer)>,
}

impl<'c> Timer<'c> {
    fn new(gpu: &'c GpuBackend) -> Self {
        let context = gpu.context();
        let queries = context.device.features().contains(wgpu::Features::TIMESTAMP_QUERY).then(|| {
            let descriptor = wgpu::QuerySetDescriptor { label: None, ty: wgpu::QueryType::Timestamp, count: 2 };
            let resolved = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
            let read = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
            (context.device.create_query_set(&descriptor), context.buffer(16, resolved), context.buffer(16, read))
        });
        Timer { gpu, queries }
    }

    /// Times what `f` records; `one_pass` says that no copies lie between.
    fn time(&self, on: &On<'_>, name: &'static str, bytes: u64, one_pass: bool, f: &mut dyn FnMut()) -> KernelTime {
        let context = self.gpu.context();
        // What hands over by itself cannot be timed by queries.
        let queries = self.queries.as_ref().filter(|_| one_pass && bytes > 0);
        let (mut seconds, mut busy, mut dispatches) = (Vec::new(), Vec::new(), 0);
        for _ in 0..=ROUNDS {
            on.recorder.hand_over();
            context.wait();
            let before = on.recorder.dispatches();
            let start = Instant::now();
            for _ in 0..REPEATS {
                f();
            }
            on.recorder.submit(queries.map(|q| &q.0));
            dispatches = on.recorder.dispatches() - before;
            busy.push(start.elapsed().as_secs_f64() / f64::from(REPEATS));
            context.wait();
            let host = start.elapsed().as_secs_f64();
            let device = queries.and_then(|q| self.elapsed(q));
            seconds.push(device.unwrap_or(host) / f64::from(REPEATS));
        }
        KernelTime {
            name,
            bytes,
            seconds: median(&mut seconds[1..]),
            on_device: queries.is_some(),
            dispatches: dispatches / u64::from(REPEATS),
            host_seconds: median(&mut busy[1..]),
        }
    }

    fn elapsed(&self, (set, resolved, read): &(wgpu::QuerySet, Buffer, Buffer)) -> Option<f64> {
        let context = self.gpu.context();
        if context.fault().is_some() {
            return None;
        }
        let mut encoder = context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.resolve_query_set(set, 0..2, &resolved.raw, 0);
        encoder.copy_buffer_to_buffer(&resolved.raw, 0, &read.raw, 0, 16);
        context.queue.submit([encoder.finish()]);
        let mut ticks = [0u64; 2];
        context.mapped(read, 16, |bytes| ticks.copy_from_slice(bytemuck::cast_slice(bytes))).ok()?;
        let period = f64::from(context.queue.get_timestamp_period()) * 1e-9;
        (ticks[1] > ticks[0]).then(|| (ticks[1] - ticks[0]) as f64 * period)
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
