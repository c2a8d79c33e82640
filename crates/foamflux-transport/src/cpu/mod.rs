//! The native processor backend: `f32` fields, `f64` sums, rayon.

mod compact;
mod dense;
mod kept;
pub(crate) mod linked;
mod listed;
pub(crate) mod real;
mod reduce;

use std::time::Instant;

use crate::backend::Backend;
use crate::device::{Iterated, finish};
use crate::krylov::{End, Limits, Primitives, conjugate_gradients};
use crate::layout::Layout;
use crate::problem::Conductance;
use crate::tail::Tail;
use crate::{Deviation, Problem, Solution, SolveError, Start, Stop};
pub use compact::ListOrder;
pub(crate) use compact::hierarchy as list_hierarchy;
use compact::{ByClass, Compact, Coupling, Order, Uniform};
use dense::Dense;
pub use dense::GridOrder;
pub(crate) use dense::hierarchy as grid_hierarchy;
use foamflux_grid::{Event, Watch};
use kept::Kept;
use listed::List;
use real::Real;

/// Largest contrast of conductivities that single precision is trusted with: its rounding, 6e-8 of the potential,
/// costs energy in proportion to the contrast.
pub(crate) const SINGLE_UP_TO: f64 = 1e3;

/// Solves on the processor, with as many threads as the current rayon pool has.
#[derive(Debug, Clone, Default)]
pub struct CpuBackend {
    layout: Option<Layout>,
    kept: Option<Kept>,
}

impl CpuBackend {
    /// A backend that chooses the storage by itself.
    #[must_use]
    pub fn new() -> Self {
        CpuBackend::default()
    }

    /// A backend with a fixed storage. [`Layout::Dense`] falls back to compact where it cannot hold the problem
    /// (several conductivities, periodic sides).
    #[must_use]
    pub fn with_layout(layout: Layout) -> Self {
        CpuBackend { layout: Some(layout), ..CpuBackend::default() }
    }

    /// Keeps the operator and its hierarchy, some 8 bytes per voxel of the grid or 50 per unknown of a list, until the
    /// next solve: one that has the same voxels and conductances along another direction starts at once.
    /// Results are the same to the last bit.
    #[must_use]
    pub fn keep_hierarchy(self) -> Self {
        CpuBackend { kept: Some(Kept::default()), ..self }
    }

    /// The operator of the last solve, if it fits.
    fn take<T: std::any::Any>(&self, problem: &Problem) -> Option<T> {
        self.kept.as_ref().and_then(|kept| kept.take(problem))
    }

    fn put<T: std::any::Any + Send>(&self, problem: &Problem, operator: T) {
        if let Some(kept) = &self.kept {
            kept.put(problem, operator);
        }
    }

    /// What results call the processor.
    pub(crate) fn name() -> String {
        match rayon::current_num_threads() {
            1 => "cpu (1 thread)".to_owned(),
            n => format!("cpu ({n} threads)"),
        }
    }

    fn layout(&self, problem: &Problem) -> Layout {
        let uniform = matches!(problem.conductance(), Conductance::Uniform(_));
        match self.layout {
            Some(Layout::Dense) if uniform && problem.sides() == crate::Sides::NoFlux => Layout::Dense,
            Some(_) => Layout::Compact,
            None => Layout::of(problem),
        }
    }
}

impl Backend for CpuBackend {
    fn describe(&self) -> String {
        CpuBackend::name()
    }

    fn takes_wall_currents(&self) -> bool {
        true
    }

    fn solve(&self, problem: &Problem, stop: &Stop, watch: &dyn Watch) -> Result<Solution, SolveError> {
        self.solve_from(problem, None, stop, watch)
    }

    fn solve_from(
        &self,
        problem: &Problem,
        from: Option<&Start<'_>>,
        stop: &Stop,
        watch: &dyn Watch,
    ) -> Result<Solution, SolveError> {
        stop.check()?;
        let start = Instant::now();
        let from = from.map(|from| from.guess(problem)).transpose()?;
        let from = from.as_ref();
        let allowed = |energy: f64| crate::backend::allowed_energy_error(problem, stop, energy);
        let limits = Limits { allowed: &allowed, max_iterations: stop.max_iterations };
        // The cycle carries information across the whole box in every step.
        let mut tail = Tail::new();
        let single = problem.contrast() <= SINGLE_UP_TO;
        let mut run = match (problem.conductance(), single) {
            (Conductance::Uniform(faces), _) if self.layout(problem) == Layout::Dense => {
                iterate_dense(self, problem, faces, from, &mut tail, &limits, watch)
            }
            (_, true) => iterate_compact::<f32>(self, problem, from, &mut tail, &limits, watch),
            (_, false) => iterate_compact::<f64>(self, problem, from, &mut tail, &limits, watch),
        };
        if run.reached.end == End::Stalled && matches!(run.deviation, Deviation::Single(_)) {
            watch.event(Event::Note("single precision is exhausted; the solve goes on in double precision".to_owned()));
            let before = (run.setup_seconds, run.peak_bytes);
            run = iterate_compact::<f64>(self, problem, Some(&run.deviation), &mut tail, &limits, watch);
            run.setup_seconds += before.0;
            run.peak_bytes = run.peak_bytes.max(before.1) + 4 * problem.unknowns() as u64;
        }
        finish(problem, stop, watch, start, self.describe(), run)
    }
}

/// Goes on in double precision, from a deviation or from the straight profile; for other devices.
pub(crate) fn in_double(
    problem: &Problem,
    from: Option<&Deviation>,
    tail: &mut Tail,
    limits: &Limits<'_>,
    watch: &dyn Watch,
) -> Iterated {
    iterate_compact::<f64>(&CpuBackend::new(), problem, from, tail, limits, watch)
}

fn iterate_dense(
    backend: &CpuBackend,
    problem: &Problem,
    faces: &[f64; 3],
    from: Option<&Deviation>,
    tail: &mut Tail,
    limits: &Limits<'_>,
    watch: &dyn Watch,
) -> Iterated {
    let start = Instant::now();
    let kept = backend.take::<Dense>(problem);
    let again = kept.is_some();
    let on = match kept {
        Some(mut on) => {
            on.turn(problem);
            on
        }
        None => Dense::new(problem, faces),
    };
    let mut x = match from {
        Some(from) => nearer(&on, on.sort(problem, |i| from.at(i) as f32)),
        None => on.vector(),
    };
    let bytes = on.bytes() + 5 * 4 * x.len() as u64;
    let setup_seconds = start.elapsed().as_secs_f64();
    watch.event(stored(problem, Layout::Dense, &on.levels(), again));
    let reached = conjugate_gradients(&on, &mut x, tail, limits, watch);
    let deviation = on.unsort(problem, &x);
    backend.put(problem, on);
    Iterated { deviation: Deviation::Single(deviation), reached, setup_seconds, peak_bytes: bytes }
}

/// A start, or zero where that is nearer to the solution.
fn nearer<P: Primitives<Scalar = f64>>(on: &P, start: P::Vector) -> P::Vector {
    let (zero, mut r) = (on.vector(), on.vector());
    let [before, after] = [&zero, &start].map(|x| on.residual(x, &mut r).energy);
    if after < before { start } else { zero }
}

/// Says how a problem is stored, and why.
fn stored(problem: &Problem, layout: Layout, levels: &[usize], again: bool) -> Event {
    let share = 100.0 * problem.unknowns() as f64 / problem.shape().len() as f64;
    let why = layout.reason(problem);
    let layout = match layout {
        Layout::Compact => "a list of the unknowns",
        Layout::Dense => "the whole grid",
    };
    Event::Note(format!(
        "stored as {layout}: {share:.1} % of the voxels take part, {why}; coarse levels of {levels:?} unknowns{}",
        if again { ", kept from the solve before" } else { "" }
    ))
}

/// A precision that a compact list of potentials may have.
trait Precision: Real {
    fn deviation(values: Vec<Self>) -> Deviation;
}

impl Precision for f32 {
    fn deviation(values: Vec<f32>) -> Deviation {
        Deviation::Single(values)
    }
}

impl Precision for f64 {
    fn deviation(values: Vec<f64>) -> Deviation {
        Deviation::Double(values)
    }
}

fn iterate_compact<T: Precision>(
    backend: &CpuBackend,
    problem: &Problem,
    from: Option<&Deviation>,
    tail: &mut Tail,
    limits: &Limits<'_>,
    watch: &dyn Watch,
) -> Iterated {
    let start = Instant::now();
    let order = Order::of(problem);
    match (problem.conductance(), problem.classes()) {
        (Conductance::Table { faces, electrode }, Some(classes)) => {
            let coupling = || ByClass::<T>::of(faces, *electrode, order.sort(problem, |i, _| classes[i]));
            iterate_list(backend, problem, &order, coupling, start, from, tail, limits, watch)
        }
        (Conductance::Uniform(faces), _) => {
            iterate_list(backend, problem, &order, || Uniform::<T>::of(*faces), start, from, tail, limits, watch)
        }
        (Conductance::Table { .. }, None) => unreachable!("a table comes with classes"),
    }
}

#[allow(clippy::too_many_arguments, reason = "one caller, which passes on what it was given")]
fn iterate_list<T: Precision, C: Coupling<T> + Send + 'static>(
    backend: &CpuBackend,
    problem: &Problem,
    order: &Order,
    coupling: impl FnOnce() -> C,
    start: Instant,
    from: Option<&Deviation>,
    tail: &mut Tail,
    limits: &Limits<'_>,
    watch: &dyn Watch,
) -> Iterated {
    let kept = backend.take::<Compact<T, C>>(problem);
    let again = kept.is_some();
    let on = match kept {
        Some(mut on) => {
            on.turn(problem, order);
            on
        }
        None => Compact::new(problem, order, coupling()),
    };
    let list = List(&on);
    let mut x = match from {
        Some(from) => nearer(&list, order.sort_pages(problem, |i, _| T::of(from.at(i)))),
        None => list.vector(),
    };
    let setup_seconds = start.elapsed().as_secs_f64();
    watch.event(stored(problem, Layout::Compact, &on.levels(), again));
    let reached = conjugate_gradients(&list, &mut x, tail, limits, watch);
    let bytes = on.bytes() + (5 * size_of::<T>() * x.len()) as u64;
    let deviation = T::deviation(order.unsort(problem, &x));
    backend.put(problem, on);
    Iterated { deviation, reached, setup_seconds, peak_bytes: bytes }
}

#[cfg(test)]
mod tests {
    use foamflux_grid::{Axis, Labels, Shape, Volume, VoxelSize, VoxelSizeSource};

    use super::*;
    use crate::pages::Pages;
    use crate::{Coefficients, Setup, Sides};

    /// `A p` in single precision against the double-precision residual: a few roundings of values up to 20.
    const TOL_SINGLE: f64 = 1e-5;

    fn problem(sides: Sides, sigma: [f64; 9], axis: Axis) -> Problem {
        let shape = Shape::new(9, 11, 13).unwrap();
        let size = VoxelSize::known([1.0, 0.7, 1.4], VoxelSizeSource::Generator).unwrap();
        // Two labels in a pattern without symmetry, an insulator every seventh voxel.
        let volume = Volume::from_fn(shape, size, |z, y, x| match (3 * z + 5 * y + x * x) % 7 {
            0 => 2,
            1..4 => 1,
            _ => 0,
        });
        let labels = Labels::new(volume).unwrap();
        match Problem::new(&labels, &Coefficients::per_label(sigma).unwrap(), axis, sides).unwrap() {
            Setup::Ready(problem) => *problem,
            Setup::Blocked(blocked) => panic!("{blocked}"),
        }
    }

    /// The residual is affine in the iterate, so `A p = r(0) - r(p)` ties the fast sweep to the careful one;
    /// without this the fall-back to double precision would hide a wrong sweep.
    fn sweep_matches_residual<P: Primitives<Scalar = f64>>(
        on: &P,
        p: &P::Vector,
        values: impl Fn(&P::Vector) -> Vec<f64>,
    ) {
        let (mut at_zero, mut at_p, mut image) = (on.vector(), on.vector(), on.vector());
        on.residual(&on.vector(), &mut at_zero);
        on.residual(p, &mut at_p);
        let energy = on.apply(p, &mut image);
        let (zero, at_p, image, p) = (values(&at_zero), values(&at_p), values(&image), values(p));
        assert!(image.iter().any(|v| v.abs() > 0.1));
        for i in 0..image.len() {
            assert!((image[i] - (zero[i] - at_p[i])).abs() < TOL_SINGLE, "at {i}");
        }
        let dot: f64 = image.iter().zip(&p).map(|(q, p)| q * p).sum();
        assert!((energy / dot - 1.0).abs() < TOL_SINGLE);
    }

    fn waves(n: usize, active: impl Fn(usize) -> bool) -> Pages<f32> {
        (0..n).map(|i| if active(i) { (i as f32 * 0.7).sin() } else { 0.0 }).collect::<Vec<_>>().into()
    }

    #[test]
    fn sweeps_are_the_derivative_of_their_residuals() {
        let wide = |v: &Pages<f32>| v.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
        let one = [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let two = [1.0, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        for axis in Axis::ALL {
            let dense = problem(Sides::NoFlux, one, axis);
            let Conductance::Uniform(faces) = dense.conductance() else { panic!("one conductivity") };
            let on = Dense::new(&dense, faces);
            let len = on.vector().len();
            let inside = |i: usize| {
                let mut ones = on.vector();
                ones[i] = 1.0;
                on.apply(&ones, &mut on.vector()) > 0.0
            };
            sweep_matches_residual(&on, &waves(len, inside), wide);
            for sides in [Sides::NoFlux, Sides::Periodic] {
                let list = problem(sides, one, axis);
                let on = Compact::new(&list, &Order::of(&list), Uniform::<f32>::of(*faces));
                sweep_matches_residual(&List(&on), &waves(list.unknowns(), |_| true), wide);
                let list = problem(sides, two, axis);
                let (Conductance::Table { faces, electrode }, Some(classes)) = (list.conductance(), list.classes())
                else {
                    panic!("two conductivities")
                };
                let order = Order::of(&list);
                let classes = order.sort(&list, |i, _| classes[i]);
                let on = Compact::new(&list, &order, ByClass::<f32>::of(faces, *electrode, classes));
                sweep_matches_residual(&List(&on), &waves(list.unknowns(), |_| true), wide);
            }
        }
    }
}
