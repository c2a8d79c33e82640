//! The K-cycle over the stored levels, recorded once: the twin of `multigrid/cycle.rs` of `foamflux-transport`.
//!
//! On each level two steps of flexible conjugate gradients, preconditioned by the cycle of the level below; what the
//! processor decides from a scalar (no second step where rounding is all that is left) the device decides in a formula of
//! slots.
//!
//! The order of steps is written down once, here, and done in two ways: a dispatch for each step ([`Dispatches`]), and for
//! the smallest levels a list of steps that one workgroup works off in one dispatch ([`tail`]).

mod dispatches;
mod tail;

use foamflux_transport::device::{Level, Next};

use crate::context::{Buffer, Context};
use crate::recorder::{Program, Writer};
use crate::rows::{List, Way};

use self::dispatches::{Dispatches, SLOTS_PER_LEVEL, Stored};
use self::tail::Tail;

/// Rows up to which a level and all below it are solved in one dispatch.
pub(crate) fn tail_rows(context: &Context) -> usize {
    tail::ROWS_PER_THREAD * context.tail_threads() as usize
}

/// A field of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// What is to be solved for; after the first of two steps, what that leaves; in the end, an image.
    Residual,
    /// What the level above takes.
    Correction,
    /// Image of the first of two steps.
    Image,
    /// The second of two directions.
    Second,
}

/// What a cycle is made of.
trait Steps {
    /// `z = S r`, colour by colour from zero.
    fn sweep_from_zero(&mut self, level: usize, z: Field);
    /// The residual that it leaves, on the next level.
    fn restrict(&mut self, level: usize, z: Field);
    /// Adds the next level's correction.
    fn prolong(&mut self, level: usize, z: Field);
    /// Sweeps back; with `z·r` where it is summed.
    fn sweep_back(&mut self, level: usize, z: Field, summed: bool);
    /// `z = A^-1 r`.
    fn invert(&mut self, level: usize, z: Field);
    /// Image of the correction `c`, and `r -= c (c·r / c·A c)`.
    fn first_step(&mut self, level: usize);
    /// Image of the second direction `d`, and the best combination of `c` and `d`.
    fn second_step(&mut self, level: usize);
    /// Solves this level and all below it in a way of its own, if there is one.
    fn at_once(&mut self, level: usize) -> bool;
}

/// How the levels hang together.
struct Order<'a>(&'a [Level]);

impl Order<'_> {
    /// Solves a level for its residual, approximately.
    fn solve(&self, to: &mut impl Steps, level: usize) {
        if level >= self.0.len() || to.at_once(level) {
            return;
        }
        self.cycle(to, level, Field::Correction, false);
        if self.0[level].two_steps {
            to.first_step(level);
            self.cycle(to, level, Field::Second, true);
            to.second_step(level);
        }
    }

    /// One cycle, `z = M r`.
    fn cycle(&self, to: &mut impl Steps, level: usize, z: Field, summed: bool) {
        if let Next::Inverse(_) = self.0[level].next {
            to.invert(level, z);
            return;
        }
        to.sweep_from_zero(level, z);
        if matches!(self.0[level].next, Next::Level(_)) && level + 1 < self.0.len() {
            to.restrict(level, z);
            self.solve(to, level + 1);
            to.prolong(level, z);
        }
        to.sweep_back(level, z, summed);
    }
}

/// The stored levels on the device.
pub(crate) struct Levels {
    first: Option<Stored>,
    program: Program,
    traffic: u64,
}

/// Bytes per row that a cycle moves on a list, and that the two products and combinations of two steps add.
const CYCLE: u64 = 128 + 56 + 12;
const TWO_STEPS: u64 = CYCLE + 128 + 24;

/// Partial sums that the levels need at most, and the first slot behind theirs.
pub(crate) fn needs(levels: &[Level], first_slot: u32) -> (u64, u32) {
    let partials = levels.iter().map(|level| u64::from(Dispatches::partials(level))).max().unwrap_or(0);
    (partials, first_slot + SLOTS_PER_LEVEL * levels.len() as u32)
}

impl Levels {
    /// Uploads the levels and records their cycle; levels of up to `tail_rows` rows go into one dispatch.
    pub(crate) fn new(
        context: &Context,
        levels: &[Level],
        [scalars, partials]: [&Buffer; 2],
        first_slot: u32,
        tail_rows: usize,
    ) -> Self {
        let tail = Tail::of(context, levels, tail_rows);
        let own = tail.as_ref().map_or(levels.len(), |tail| tail.first + 1);
        let stored = levels[..own]
            .iter()
            .enumerate()
            .map(|(k, level)| {
                let head = tail.as_ref().is_some_and(|tail| tail.first == k);
                Stored::upload(context, level, first_slot + SLOTS_PER_LEVEL * k as u32, head)
            })
            .collect();
        let mut writer = Writer::new(context);
        let mut dispatches = Dispatches { to: &mut writer, stored, tail, scalars, partials, summed: None };
        Order(levels).solve(&mut dispatches, 0);
        let first = dispatches.stored.into_iter().next();
        let mut visits = 1;
        let mut traffic = 0;
        for level in levels {
            traffic += visits * (CYCLE + if level.two_steps { TWO_STEPS } else { 0 }) * level.len() as u64;
            visits *= if level.two_steps { 2 } else { 1 };
        }
        Levels { first, program: writer.finish(), traffic }
    }

    /// Residual and correction of the first level.
    pub(crate) fn ends(&self) -> Option<(&Buffer, &Buffer)> {
        self.first.as_ref().map(|l| (&l.r, &l.c))
    }

    /// The first level, where it has dispatches of its own, with its residual and correction.
    pub(crate) fn first(&self) -> Option<(&List, [&Buffer; 2])> {
        self.first.as_ref().and_then(|l| l.list.as_ref().map(|list| (list, [&l.r, &l.c])))
    }

    /// Bytes that the cycle has to move, by the table of the kernels.
    pub(crate) fn traffic(&self) -> u64 {
        self.traffic
    }

    /// The recorded cycle: it solves the first level for its residual, approximately.
    pub(crate) fn program(&self) -> &Program {
        &self.program
    }
}

/// The way from a level to the next one, if there is one.
pub(crate) fn way(context: &Context, level: &Level) -> Option<Way> {
    way_to(context, &level.next)
}

/// The same from what is next.
pub(crate) fn way_to(context: &Context, next: &Next) -> Option<Way> {
    match next {
        Next::Level(transfer) => Some(Way::upload(context, transfer)),
        Next::Inverse(_) | Next::Nothing => None,
    }
}
