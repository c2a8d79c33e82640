//! The operations of the Krylov loop on the device.
//!
//! Scalars are slots of a small buffer and never leave the device until the loop looks.
//! After a fault every operation does nothing and scalars read as not a number, which ends the loop; the fault is then
//! the error of the solve.

use std::cell::{Cell, RefCell};

use foamflux_shaders::layout::{PRODUCT, QUOTIENT};
use foamflux_transport::device::ListOrder;
use foamflux_transport::krylov::{Energy, Moments, Primitives, Step};
use foamflux_transport::{Deviation, Problem};

use crate::context::Buffer;
use crate::cycle::Levels;
use crate::grid::Grid;
use crate::recorder::Recorder;
use crate::rows::{List, Stretch, Way, add, combine};

/// Bytes per voxel that the grid moves in an iteration, and per unknown that a list moves; counted in `shaders/README.md`.
const GRID_ITERATION: u64 = 69;
const LIST_ITERATION: u64 = 296;

/// Squared roundings of an iterate, in units of its last digit, that its energy may carry; the processor's number.
const ROUNDINGS: f64 = 8.0;

/// The finest level.
#[allow(clippy::large_enum_variant, reason = "there is one of them per solve")]
pub(crate) enum Finest {
    Grid(Grid),
    List {
        list: List,
        /// Where there are levels below.
        way: Option<Way>,
        drive: Buffer,
        /// Energy of the straight profile; none where sources drive, whose energy is negative.
        straight: Option<f64>,
        /// None where fields come in the order of the list.
        order: Option<ListOrder>,
    },
}

/// A number on the device, and how to read it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scalar {
    slot: u32,
    scale: f64,
    offset: f64,
}

impl Scalar {
    /// Always 0.
    pub(crate) const ZERO: Scalar = Scalar { slot: foamflux_shaders::layout::ZERO, scale: 1.0, offset: 0.0 };

    fn plain(slot: u32) -> Self {
        Scalar { slot, scale: 1.0, offset: 0.0 }
    }
}

/// A field by its number; its buffers are made when it is first used, as some never are.
#[derive(Debug)]
pub(crate) struct Field(usize);

/// One problem on one device.
pub(crate) struct On<'c> {
    pub(crate) recorder: Recorder<'c>,
    pub(crate) finest: Finest,
    pub(crate) levels: Levels,
    fields: RefCell<Vec<Vec<Buffer>>>,
    /// The field to give next.
    next: Cell<usize>,
}

impl<'c> On<'c> {
    pub(crate) fn new(recorder: Recorder<'c>, finest: Finest, levels: Levels) -> Self {
        On { recorder, finest, levels, fields: RefCell::new(Vec::new()), next: Cell::new(0) }
    }

    pub(crate) fn buffers(&self, field: &Field) -> Vec<Buffer> {
        let mut fields = self.fields.borrow_mut();
        if fields[field.0].is_empty() {
            let context = self.recorder.context;
            fields[field.0] = match &self.finest {
                Finest::Grid(grid) => grid.field(context),
                Finest::List { list, .. } => vec![context.zeros(4 * u64::from(list.len()))],
            };
        }
        fields[field.0].clone()
    }

    fn sum<const N: usize>(&self, stretch: Stretch) -> [u32; N] {
        let slots = std::array::from_fn(|_| self.recorder.slot());
        self.recorder.sum(&stretch.sums(slots));
        slots
    }

    /// The cycle from where the finest level's first colour is swept.
    fn cycle(&self, p: Option<&[Buffer]>, q: Option<&Buffer>, r: &[Buffer], z: &[Buffer]) -> Stretch {
        let to = &self.recorder;
        match &self.finest {
            Finest::Grid(grid) => match self.levels.ends() {
                Some((residual, correction)) => {
                    grid.down(to, r, z, residual);
                    to.run(self.levels.program());
                    grid.up(to, correction, p, r, z)
                }
                None => Stretch { first: 0, stride: 0, count: 0 },
            },
            Finest::List { list, way, .. } => {
                let (mut take, r, z) = (to, &r[0], &z[0]);
                list.sweep_from_zero(&mut take, r, z, &to.partials);
                if let (Some((residual, correction)), Some(way)) = (self.levels.ends(), way) {
                    list.restrict(&mut take, way, z, residual);
                    to.run(self.levels.program());
                    way.prolong(&mut take, correction, z);
                }
                list.sweep_back(&mut take, [r, z, &to.partials], Some(0), q)
            }
        }
    }

    /// Bytes that an iteration has to move, by the table of the kernels.
    pub(crate) fn traffic(&self) -> u64 {
        let finest = match &self.finest {
            Finest::Grid(grid) => GRID_ITERATION * grid.cells(),
            Finest::List { list, .. } => LIST_ITERATION * u64::from(list.len()),
        };
        finest + self.levels.traffic()
    }

    /// Starts from a deviation in memory order, unless zero is nearer to the solution.
    pub(crate) fn start(&self, problem: &Problem, x: &Field, from: &Deviation) {
        let mut r = self.vector();
        let straight = self.residual(x, &mut r).energy;
        let values: Vec<f32> = (0..from.len()).map(|i| from.at(i) as f32).collect();
        let before = self.read(&[straight]);
        self.fill(problem, x, &values);
        let after = self.residual(x, &mut r).energy;
        let after = self.read(&[after]);
        if before.iter().zip(&after).any(|(before, after)| before <= after) {
            self.fill(problem, x, &vec![0.0; values.len()]);
        }
        self.release(&r);
    }

    /// Gives the memory of a field back.
    fn release(&self, field: &Field) {
        self.recorder.forget();
        self.fields.borrow_mut()[field.0].clear();
    }

    /// Sets a field from values in memory order.
    pub(crate) fn fill(&self, problem: &Problem, field: &Field, values: &[f32]) {
        let buffers = self.buffers(field);
        let context = self.recorder.context;
        self.recorder.hand_over();
        match &self.finest {
            Finest::Grid(grid) => grid.fill(context, problem, &buffers, values),
            Finest::List { order: Some(order), .. } => {
                context.write(&buffers[0], 0, &order.from_memory_order(problem, values));
            }
            Finest::List { order: None, .. } => context.write(&buffers[0], 0, values),
        }
    }

    /// The potential of every unknown, in memory order.
    pub(crate) fn deviation(&self, problem: &Problem, x: &Field) -> Vec<f32> {
        let x = self.buffers(x);
        let context = self.recorder.context;
        self.recorder.hand_over();
        match &self.finest {
            Finest::Grid(grid) => grid.download(context, problem, &x),
            Finest::List { list, order, .. } => {
                let mut values = context.download(&x[0], list.len() as usize);
                values.resize(list.len() as usize, 0.0);
                order.as_ref().map_or_else(|| values.clone(), |order| order.to_memory_order(problem, &values))
            }
        }
    }

    /// Another source for a list: gives fields out anew, and the first of them as a zero to start from.
    pub(crate) fn restart(&self, source: &[f32]) -> Field {
        self.recorder.hand_over();
        self.next.set(0);
        let x = self.vector();
        if let Finest::List { list, drive, .. } = &self.finest {
            self.recorder.context.write(drive, 0, source);
            // What the last solve left is finite, and nothing of it stays.
            let slots = [foamflux_shaders::layout::ZERO; 2];
            let fields = [drive, &self.buffers(&x)[0]];
            combine(&mut { &self.recorder }, &self.recorder.scalars, fields, list.len(), slots, 1.0);
        }
        x
    }

    /// A field of a list, in its own order.
    pub(crate) fn values(&self, x: &Field) -> Vec<f32> {
        let x = self.buffers(x);
        self.recorder.hand_over();
        match &self.finest {
            Finest::List { list, .. } => {
                let mut values = self.recorder.context.download(&x[0], list.len() as usize);
                values.resize(list.len() as usize, 0.0);
                values
            }
            Finest::Grid(_) => Vec::new(),
        }
    }

    /// Puts other levels below a list.
    pub(crate) fn turn(&mut self, recorder: Recorder<'c>, to: Option<Way>, levels: Levels) {
        self.recorder.hand_over();
        (self.recorder, self.levels) = (recorder, levels);
        if let Finest::List { way, .. } = &mut self.finest {
            *way = to;
        }
    }
}

impl Primitives for On<'_> {
    type Vector = Field;
    type Scalar = Scalar;
    /// A look costs a tenth of a millisecond, an iteration too many a tenth of the solve: iterations are five to twenty.
    const LOOK_EVERY: u32 = 1;

    fn error_before(&self, energy: f64) -> f64 {
        match &self.finest {
            Finest::List { straight: None, .. } => f64::INFINITY,
            _ => energy,
        }
    }

    fn vector(&self) -> Field {
        let mut fields = self.fields.borrow_mut();
        let next = self.next.get();
        if next >= fields.len() {
            fields.push(Vec::new());
        }
        self.next.set(next + 1);
        Field(next)
    }

    fn correction(&self) -> Field {
        self.vector()
    }

    fn residual(&self, x: &Field, r: &mut Field) -> Energy<Scalar> {
        let (to, x, r) = (&self.recorder, self.buffers(x), self.buffers(r));
        let (stretch, scale, offset) = match &self.finest {
            Finest::Grid(grid) => (grid.residual(to, &x, &r), 1.0, 0.0),
            Finest::List { list, drive, straight, .. } => {
                (list.residual(&mut { to }, [drive, &x[0], &r[0], &to.partials]), -1.0, straight.unwrap_or(0.0))
            }
        };
        let [energy, weight, norm, change] = self.sum::<4>(stretch);
        let rounding = f64::from(f32::EPSILON) / 2.0;
        Energy {
            energy: Scalar { slot: energy, scale, offset },
            rounding: Scalar { slot: weight, scale: ROUNDINGS * rounding * rounding, offset: 0.0 },
            norm: Scalar::plain(norm),
            change: Scalar::plain(change),
        }
    }

    fn precondition(&self, r: &Field, z: &mut Field) -> Scalar {
        let (r, z) = (self.buffers(r), self.buffers(z));
        if let Finest::Grid(grid) = &self.finest {
            grid.begin(&self.recorder, &r, &z);
        }
        let [rz] = self.sum::<1>(self.cycle(None, None, &r, &z));
        Scalar::plain(rz)
    }

    fn apply(&self, p: &Field, q: &mut Field) -> Scalar {
        let (to, p) = (&self.recorder, self.buffers(p));
        let stretch = match &self.finest {
            // The image is not stored: whoever needs it recomputes it.
            Finest::Grid(grid) => grid.apply(to, &p),
            Finest::List { list, .. } => {
                let q = self.buffers(q);
                list.apply(&mut { to }, [&p[0], &q[0], &p[0], &to.partials], 0)
            }
        };
        let [pq] = self.sum::<1>(stretch);
        Scalar::plain(pq)
    }

    fn ratio(&self, a: Scalar, b: Scalar) -> Scalar {
        Scalar::plain(self.recorder.formula(QUOTIENT, [a.slot, b.slot]))
    }

    fn advance(&self, alpha: Scalar, step: Step<'_, Field>) -> Moments<Scalar> {
        let to = &self.recorder;
        let [p, x, r, z] = [step.p, &*step.x, &*step.r, &*step.z].map(|f| self.buffers(f));
        let stretch = match &self.finest {
            Finest::Grid(grid) => {
                grid.update(to, alpha.slot, [&p, &x, &r, &z]);
                self.cycle(Some(&p), None, &r, &z)
            }
            Finest::List { list, .. } => {
                let (q, n) = (self.buffers(step.q), list.len());
                add(&mut { to }, &to.scalars, [&p[0], &x[0]], n, alpha.slot, 1.0);
                add(&mut { to }, &to.scalars, [&q[0], &r[0]], n, alpha.slot, -1.0);
                self.cycle(None, Some(&q[0]), &r, &z)
            }
        };
        let [rz, qz] = self.sum::<2>(stretch);
        // r_new - r_old = -alpha q.
        let flexible = to.formula(PRODUCT, [alpha.slot, qz]);
        Moments { rz: Scalar::plain(rz), rz_flexible: Scalar::plain(flexible) }
    }

    fn direction(&self, beta: Option<Scalar>, _: &Field, z: &Field, p: &mut Field) {
        let (to, z, p) = (&self.recorder, self.buffers(z), self.buffers(p));
        let beta = beta.map(|b| b.slot);
        match &self.finest {
            Finest::Grid(grid) => grid.direction(to, beta, &z, &p),
            Finest::List { list, .. } => {
                let slots = [beta.unwrap_or(foamflux_shaders::layout::ZERO), foamflux_shaders::layout::ONE];
                combine(&mut { to }, &to.scalars, [&z[0], &p[0]], list.len(), slots, 1.0);
            }
        }
    }

    fn read(&self, scalars: &[Scalar]) -> Vec<f64> {
        let slots: Vec<u32> = scalars.iter().map(|s| s.slot).collect();
        let values = self.recorder.read(&slots);
        scalars.iter().zip(values).map(|(s, v)| s.offset + s.scale * f64::from(v)).collect()
    }
}
