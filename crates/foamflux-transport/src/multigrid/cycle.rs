//! The cycle over the stored levels, and the finest level's part in it.

mod export;

use super::coarsen::{Fine, Layout, coarsen};
use super::coarsest::Cholesky;
use super::matrix::{Matrix, Transfer, apply, products, prolong, restrict, subtract, sweep_back, sweep_from_zero};
use crate::pages::Pages;

/// A level of at most this many unknowns is factorised.
const SMALL: usize = 64;
/// A level that did not shrink enough to go on is factorised up to this size, and only swept beyond it.
const STUCK: usize = 1500;
/// A level shrinks if it has at most this share of the unknowns above it.
const SHRINKS: f64 = 0.9;
/// Two steps on a level are afforded while the unknowns visited on it stay below this share of those on the level above ...
const AFFORDED: f64 = 1.0;
/// ... or while the unknowns visited on it stay below this share of the finest level's.
const FREE: f64 = 0.1;

/// Only the first stored levels take two steps: near percolation at 256^3 two are not enough (22 iterations), with three
/// 13 are needed, with four and more 9, and at 384^3 with five 10 for 9 without a limit. Without it the smallest levels
/// are visited 128 times per cycle, which a device feels that has to be told of every visit.
const TWO_STEPS_ON: usize = 5;

/// A stored level and the way to the one below.
#[derive(Debug)]
struct Level {
    matrix: Matrix,
    below: Below,
    /// Two preconditioned steps instead of one cycle.
    two_steps: bool,
}

#[derive(Debug)]
enum Below {
    Level(Transfer),
    Factor(Cholesky),
    /// Nothing: sweeps alone.
    Nothing,
}

/// Fields of one stored level.
#[derive(Debug, Default)]
struct Fields {
    r: Pages<f32>,
    c: Pages<f32>,
    v: Pages<f32>,
    d: Pages<f32>,
    /// Residuals of the first colour.
    pulls: Pages<f32>,
}

/// The stored levels, with what a cycle needs to run.
#[derive(Debug)]
pub(crate) struct Cycle {
    levels: Vec<Level>,
    fields: Vec<Fields>,
}

/// A finest level: sweeps of its own, in whatever storage.
pub(crate) trait Top {
    /// Sweeps from zero, `z = S r`, and restricts the residual that is left.
    fn down(&self, r: &[f32], z: &mut [f32], coarse: &mut [f32]);
    /// Adds the coarse correction to `z` and sweeps back; returns `z.r` and `z.q`.
    fn up(&self, coarse: &[f32], r: &[f32], z: &mut [f32], q: Option<&[f32]>) -> [f64; 2];
}

impl Cycle {
    /// Builds the levels below a first stored one.
    pub(crate) fn new(first: Matrix, layout: Layout, unknowns_above: usize) -> Self {
        Cycle::of(Cycle::levels(first, layout, unknowns_above))
    }

    fn levels(first: Matrix, layout: Layout, unknowns_above: usize) -> Vec<Level> {
        let mut levels = Vec::new();
        let (mut matrix, mut layout) = (first, layout);
        let mut visits = 1.0;
        let mut work_above = unknowns_above as f64;
        loop {
            let n = matrix.len();
            if n <= SMALL {
                let below = Below::Factor(Cholesky::of(&matrix));
                levels.push(Level { matrix, below, two_steps: false });
                break;
            }
            let next = coarsen(&matrix, &layout);
            if next.matrix.len() as f64 > SHRINKS * n as f64 {
                let below = if n <= STUCK { Below::Factor(Cholesky::of(&matrix)) } else { Below::Nothing };
                levels.push(Level { matrix, below, two_steps: false });
                break;
            }
            let twice = 2.0 * visits * n as f64;
            let affordable = twice <= AFFORDED * work_above || twice <= FREE * unknowns_above as f64;
            let two_steps = levels.len() < TWO_STEPS_ON && affordable;
            visits *= if two_steps { 2.0 } else { 1.0 };
            work_above = visits * n as f64;
            levels.push(Level { matrix, below: Below::Level(next.transfer), two_steps });
            (matrix, layout) = (next.matrix, next.layout);
        }
        levels
    }

    fn of(levels: Vec<Level>) -> Self {
        let fields = levels
            .iter()
            .map(|l| {
                let n = l.matrix.len();
                let many = if l.two_steps { n } else { 0 };
                let pulls = if matches!(l.below, Below::Level(_)) { l.matrix.bounds[1] } else { 0 };
                Fields {
                    r: Pages::zeroed(n),
                    c: Pages::zeroed(n),
                    v: Pages::zeroed(many),
                    d: Pages::zeroed(many),
                    pulls: Pages::zeroed(pulls),
                }
            })
            .collect();
        Cycle { levels, fields }
    }

    /// Builds all levels below a finest one that is not a stored matrix.
    pub(crate) fn below<F: Fine>(fine: &F, layout: &Layout) -> (Transfer, Self) {
        let first = coarsen(fine, layout);
        (first.transfer, Cycle::new(first.matrix, first.layout, layout.places.len()))
    }

    /// `z = M r`; returns `z.r` and `z.q`.
    pub(crate) fn precondition<T: Top>(&mut self, top: &T, r: &[f32], z: &mut [f32], q: Option<&[f32]>) -> [f64; 2] {
        top.down(r, z, &mut self.fields[0].r);
        solve(&self.levels, &mut self.fields);
        top.up(&self.fields[0].c, r, z, q)
    }

    /// Moves the electrodes: `grounds` are the conductances to them on the first stored level.
    pub(crate) fn set_grounds(&mut self, mut grounds: Vec<(u32, f32)>) {
        for level in &mut self.levels {
            level.matrix.set_grounds(&grounds);
            match &mut level.below {
                Below::Level(transfer) => grounds = transfer.grounds(&grounds),
                Below::Factor(factor) => *factor = Cholesky::of(&level.matrix),
                Below::Nothing => {}
            }
        }
    }

    /// Unknowns of every stored level.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        self.levels.iter().map(|l| l.matrix.len()).collect()
    }

    pub(crate) fn bytes(&self) -> u64 {
        let fields: u64 = self.fields.iter().flat_map(|f| [&f.r, &f.c, &f.v, &f.d, &f.pulls]).map(Pages::bytes).sum();
        let levels: u64 = self
            .levels
            .iter()
            .map(|l| l.matrix.bytes() + if let Below::Level(t) = &l.below { t.bytes() } else { 0 })
            .sum();
        fields + levels
    }
}

/// Solves the first level for its `r`, approximately; the answer is in `c`.
fn solve(levels: &[Level], fields: &mut [Fields]) {
    let (Some((level, lower)), Some((f, below))) = (levels.split_first(), fields.split_first_mut()) else { return };
    let m = &level.matrix;
    let rc = cycle(level, lower, &f.r, &mut f.c, &mut f.pulls, below);
    if !level.two_steps {
        return;
    }
    let cv = apply(m, &f.c, &f.r, &mut f.v);
    if cv <= 0.0 || !cv.is_finite() {
        return;
    }
    let alpha = rc / cv;
    subtract(&mut f.r, alpha as f32, &f.v);
    let dr = cycle(level, lower, &f.r, &mut f.d, &mut f.pulls, below);
    let [dw, dv] = products(m, &f.d, &f.v, &mut f.r);
    let rest = dw - dv * dv / cv;
    // Nothing but rounding may be left for the second step.
    let b = if rest > f64::from(f32::EPSILON) * dw && rest.is_finite() { dr / rest } else { 0.0 };
    let (a, b) = ((alpha - b * dv / cv) as f32, b as f32);
    let d = &f.d;
    super::matrix::in_tasks(&mut f.c, |at, part| {
        for (c, d) in part.iter_mut().zip(&d[at..]) {
            *c = a * *c + b * d;
        }
    });
}

/// One cycle on a level: `z = M r`; returns `z.r`.
fn cycle(level: &Level, lower: &[Level], r: &[f32], z: &mut [f32], pulls: &mut [f32], below: &mut [Fields]) -> f64 {
    let m = &level.matrix;
    match &level.below {
        Below::Factor(factor) => {
            factor.solve(r, z);
            z.iter().zip(r).map(|(&z, &r)| f64::from(z * r)).sum()
        }
        Below::Nothing => {
            sweep_from_zero(m, r, z);
            sweep_back(m, r, z, None)[0]
        }
        Below::Level(transfer) => {
            sweep_from_zero(m, r, z);
            restrict(m, transfer, z, &mut below[0].r, Some(pulls));
            solve(lower, below);
            let coarse = &below[0].c;
            prolong(transfer, |k| coarse[k], z);
            sweep_back(m, r, z, None)[0]
        }
    }
}
