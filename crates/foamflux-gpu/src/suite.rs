//! Kernel by kernel on a device, for tests that hold each to a plain loop in double precision.
//!
//! Fields go in and come out in the memory order of the problem's unknowns, or in the order of a level's rows.
//! Not part of the interface: what is here follows the kernels.

use foamflux_shaders::layout::{IMAGE, PULL, Rows, SUM};
use foamflux_shaders::{DIRECT, Kernel};
use foamflux_transport::Problem;
use foamflux_transport::device::{Level, Next};
use foamflux_transport::krylov::{Primitives, Step};

use crate::backend::GpuBackend;
use crate::context::{Buffer, Context};
use crate::cycle::{Levels, needs};
use crate::error::Fault;
use crate::primitives::{Field, Finest, On};
use crate::recorder::{Call, Recorder};
use crate::rows::{List, Stretch, Way};

/// First slot that the tests may use, behind the constants.
const SLOTS: u32 = 2;

/// A problem on a device.
pub struct OnDevice<'c> {
    on: On<'c>,
    problem: &'c Problem,
}

/// What a step of the iteration leaves.
#[derive(Debug, Clone)]
pub struct Advanced {
    /// The iterate.
    pub x: Vec<f32>,
    /// The residual.
    pub r: Vec<f32>,
    /// The preconditioned residual.
    pub z: Vec<f32>,
    /// `r·z`.
    pub rz: f64,
    /// `(r - r before)·z`.
    pub flexible: f64,
}

impl GpuBackend {
    /// Brings a problem to the device.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn on_device<'c>(&'c self, problem: &'c Problem) -> Result<OnDevice<'c>, Fault> {
        self.context().recover();
        let (on, _) = self.prepare(problem, &foamflux_grid::Silent)?;
        Ok(OnDevice { on, problem })
    }

    /// Brings one level to the device.
    #[must_use]
    pub fn one_level<'c>(&'c self, level: &'c Level) -> OneLevel<'c> {
        let context = self.context();
        let (partials, ring) = needs(std::slice::from_ref(level), SLOTS);
        let way = match &level.next {
            Next::Level(transfer) => Some(Way::upload(context, transfer)),
            Next::Inverse(_) | Next::Nothing => None,
        };
        let recorder = Recorder::new(context, 2 * partials, ring);
        OneLevel { recorder, list: List::upload(context, level), way, level }
    }

    /// Solves the first of some levels for a residual by one K-cycle; those of up to `tail_rows` rows in one dispatch.
    #[must_use]
    pub fn k_cycle(&self, levels: &[Level], tail_rows: usize, residual: &[f32]) -> Vec<f32> {
        let context = self.context();
        let (partials, ring) = needs(levels, SLOTS);
        let recorder = Recorder::new(context, partials, ring);
        let stored = Levels::new(context, levels, [&recorder.scalars, &recorder.partials], SLOTS, tail_rows);
        let Some((r, c)) = stored.ends() else { return Vec::new() };
        context.write(r, 0, residual);
        recorder.run(stored.program());
        context.download(c, residual.len())
    }

    /// Dispatches of one K-cycle over some levels.
    #[must_use]
    pub fn dispatches(&self, levels: &[Level], tail_rows: usize) -> usize {
        let context = self.context();
        let (partials, ring) = needs(levels, SLOTS);
        let recorder = Recorder::new(context, partials, ring);
        let stored = Levels::new(context, levels, [&recorder.scalars, &recorder.partials], SLOTS, tail_rows);
        stored.program().len()
    }
}

impl OnDevice<'_> {
    fn with(&self, values: &[f32]) -> Field {
        let field = self.on.vector();
        self.on.fill(self.problem, &field, values);
        field
    }

    fn out(&self, field: &Field) -> Vec<f32> {
        self.on.deviation(self.problem, field)
    }

    /// `r = b - A x`, the energy, its rounding, the squared norms of the residual and of its change from `before`.
    #[must_use]
    pub fn residual(&self, x: &[f32], before: &[f32]) -> (Vec<f32>, Vec<f64>) {
        let (x, mut r) = (self.with(x), self.with(before));
        let found = self.on.residual(&x, &mut r);
        let sums = self.on.read(&[found.energy, found.rounding, found.norm, found.change]);
        (self.out(&r), sums)
    }

    /// `p·A p`.
    #[must_use]
    pub fn apply(&self, p: &[f32]) -> f64 {
        let (p, mut q) = (self.with(p), self.on.vector());
        let pq = self.on.apply(&p, &mut q);
        self.on.read(&[pq])[0]
    }

    /// `z = M r` and `r·z`.
    #[must_use]
    pub fn precondition(&self, r: &[f32]) -> (Vec<f32>, f64) {
        let (r, mut z) = (self.with(r), self.on.correction());
        let rz = self.on.precondition(&r, &mut z);
        (self.out(&z), self.on.read(&[rz])[0])
    }

    /// `x += alpha p` with `alpha = x·A x / p·A p`, and what follows it.
    #[must_use]
    pub fn advance(&self, p: &[f32], x: &[f32], r: &[f32]) -> Advanced {
        let (p, mut x, mut r) = (self.with(p), self.with(x), self.with(r));
        let (mut z, mut q) = (self.on.correction(), self.on.vector());
        let xx = self.on.apply(&x, &mut q);
        let pq = self.on.apply(&p, &mut q);
        let alpha = self.on.ratio(xx, pq);
        let moments = self.on.advance(alpha, Step { p: &p, q: &q, x: &mut x, r: &mut r, z: &mut z });
        let sums = self.on.read(&[moments.rz, moments.rz_flexible]);
        Advanced { x: self.out(&x), r: self.out(&r), z: self.out(&z), rz: sums[0], flexible: sums[1] }
    }

    /// `p = z + (z·A z / p·A p) p`.
    #[must_use]
    pub fn direction(&self, z: &[f32], p: &[f32]) -> Vec<f32> {
        let (z, mut p, mut image) = (self.with(z), self.with(p), self.on.vector());
        let [zz, pp] = [&z, &p].map(|f| self.on.apply(f, &mut image));
        let beta = self.on.ratio(zz, pp);
        self.on.direction(Some(beta), &z, &z, &mut p);
        self.out(&p)
    }

    /// A sweep over one colour of the grid with `z·r` and `z·A p` of that colour; none for a list.
    #[must_use]
    pub fn relax(&self, colour: u32, p: &[f32], r: &[f32], z: &[f32]) -> Option<(Vec<f32>, [f64; 2])> {
        let Finest::Grid(grid) = &self.on.finest else { return None };
        let (to, [p, r], z) = (&self.on.recorder, [p, r].map(|f| self.with(f)), self.with(z));
        // Partial sums of the colour that is not swept are those of the dispatch before.
        let [pb, rb, zb] = [&p, &r, &z].map(|f| self.on.buffers(f));
        let stretch = grid.one_colour(to, colour, PULL | SUM | IMAGE, [&pb, &rb, &zb]);
        let sums = read(to, stretch);
        Some((self.out(&z), sums))
    }

    /// The residual of the first stored level after a sweep from zero left `z`.
    #[must_use]
    pub fn restrict(&self, z: &[f32]) -> Option<Vec<f32>> {
        let Finest::Grid(grid) = &self.on.finest else { return None };
        let (coarse, _) = self.on.levels.ends()?;
        let z = self.on.buffers(&self.with(z));
        grid.restrict(&self.on.recorder, &z, coarse);
        self.on.recorder.hand_over();
        Some(self.on.recorder.context.download(coarse, coarse.values()))
    }

    /// Adds a correction of the first stored level.
    #[must_use]
    pub fn prolong(&self, coarse: &[f32], z: &[f32]) -> Option<Vec<f32>> {
        let Finest::Grid(grid) = &self.on.finest else { return None };
        let (_, correction) = self.on.levels.ends()?;
        self.on.recorder.context.write(correction, 0, coarse);
        let z = self.with(z);
        grid.prolong(&self.on.recorder, &self.on.buffers(&z), correction);
        Some(self.out(&z))
    }
}

/// One level on a device.
pub struct OneLevel<'c> {
    recorder: Recorder<'c>,
    list: List,
    way: Option<Way>,
    level: &'c Level,
}

impl OneLevel<'_> {
    fn context(&self) -> &Context {
        self.recorder.context
    }

    fn with<const N: usize>(&self, fields: [&[f32]; N]) -> [Buffer; N] {
        fields.map(|values| self.context().upload(values))
    }

    fn out(&self, buffer: &Buffer, len: usize) -> Vec<f32> {
        self.recorder.hand_over();
        self.context().download(buffer, len)
    }

    /// A sweep from zero.
    #[must_use]
    pub fn sweep_from_zero(&self, r: &[f32]) -> Vec<f32> {
        // What is there before must not matter.
        let [r, z] = self.with([r, r]);
        self.list.sweep_from_zero(&mut { &self.recorder }, &r, &z, &self.recorder.partials);
        self.out(&z, self.level.len())
    }

    /// A sweep back, with `z·r` and `z·q`.
    #[must_use]
    pub fn sweep_back(&self, r: &[f32], z: &[f32], q: &[f32]) -> (Vec<f32>, [f64; 2]) {
        let [r, z, q] = self.with([r, z, q]);
        let fields = [&r, &z, &self.recorder.partials];
        let stretch = self.list.sweep_back(&mut { &self.recorder }, fields, Some(0), Some(&q));
        let sums = read(&self.recorder, stretch);
        (self.out(&z, self.level.len()), sums)
    }

    /// `q = A p`, with `p·q` and `p·v`.
    #[must_use]
    pub fn apply(&self, p: &[f32], v: &[f32]) -> (Vec<f32>, [f64; 2]) {
        let [p, q, v] = self.with([p, p, v]);
        let stretch = self.list.apply(&mut { &self.recorder }, [&p, &q, &v, &self.recorder.partials], 0);
        let sums = read(&self.recorder, stretch);
        (self.out(&q, self.level.len()), sums)
    }

    /// `r = b - A x` with its four sums.
    #[must_use]
    pub fn residual(&self, b: &[f32], x: &[f32], before: &[f32]) -> (Vec<f32>, [f64; 4]) {
        let [b, x, r] = self.with([b, x, before]);
        let stretch = self.list.residual(&mut { &self.recorder }, [&b, &x, &r, &self.recorder.partials]);
        let sums = read(&self.recorder, stretch);
        (self.out(&r, self.level.len()), sums)
    }

    /// Residual of the next level of `coarse` rows.
    #[must_use]
    pub fn restrict(&self, z: &[f32], coarse: usize) -> Option<Vec<f32>> {
        let way = self.way.as_ref()?;
        let [z] = self.with([z]);
        let r = self.context().zeros(4 * coarse as u64);
        self.list.restrict(&mut { &self.recorder }, way, &z, &r);
        Some(self.out(&r, coarse))
    }

    /// Adds the correction of the next level.
    #[must_use]
    pub fn prolong(&self, coarse: &[f32], z: &[f32]) -> Option<Vec<f32>> {
        let way = self.way.as_ref()?;
        let [coarse, z] = self.with([coarse, z]);
        way.prolong(&mut { &self.recorder }, &coarse, &z);
        Some(self.out(&z, self.level.len()))
    }

    /// `z = A^-1 r` by the stored inverse.
    #[must_use]
    pub fn direct(&self, r: &[f32]) -> Option<Vec<f32>> {
        let Next::Inverse(matrix) = &self.level.next else { return None };
        let [matrix, r, z] = self.with([matrix, r, r]);
        let n = self.level.len() as u32;
        let rows = Rows { end: n, rows: n, ..Rows::default() };
        self.recorder.call(&Call {
            kernel: &DIRECT,
            uniforms: bytemuck::bytes_of(&rows),
            buffers: &[&matrix, &r, &z],
            groups: Kernel::groups(&DIRECT, [n, 1, 1]),
        });
        Some(self.out(&z, self.level.len()))
    }
}

/// The sums of a stretch.
fn read<const N: usize>(to: &Recorder<'_>, stretch: Stretch) -> [f64; N] {
    let slots: [u32; N] = std::array::from_fn(|_| to.slot());
    to.sum(&stretch.sums(slots));
    let values = to.read(&slots);
    std::array::from_fn(|k| f64::from(values[k]))
}
