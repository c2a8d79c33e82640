//! The K-cycle over the stored levels, recorded once: the twin of `multigrid/cycle.rs` of `foamflux-transport`.
//!
//! On each level two steps of flexible conjugate gradients, preconditioned by the cycle of the level below; what the
//! processor decides from a scalar (no second step where rounding is all that is left) the device decides in a formula of
//! slots.

use foamflux_shaders::layout::{QUOTIENT, Rows, Sums, TWO_STEPS};
use foamflux_shaders::{DIRECT, LIST_APPLY, SUM};
use foamflux_transport::device::{Level, Next};

use crate::context::{Buffer, Context};
use crate::recorder::{Call, Program, Take, Writer};
use crate::rows::{List, Stretch, Way, add, combine};

/// Slots that a level with two steps needs: c·r, c·A c, the first step's length; d·r, d·A d, d·v; two factors.
const SLOTS_PER_LEVEL: u32 = 8;

enum Below {
    Level(Way),
    Inverse(Buffer),
    Nothing,
}

struct Stored {
    list: List,
    below: Below,
    two_steps: bool,
    r: Buffer,
    c: Buffer,
    /// Image of the first step, and the second direction.
    second: Option<[Buffer; 2]>,
    slots: u32,
}

/// The stored levels on the device.
pub(crate) struct Levels {
    levels: Vec<Stored>,
    program: Program,
}

/// Partial sums that the levels need at most, and the first slot behind theirs.
pub(crate) fn needs(levels: &[Level], first_slot: u32) -> (u64, u32) {
    let sums = |level: &Level| {
        let sweep = 2 * List::partials(&level.bounds);
        u64::from(sweep + 2 * LIST_APPLY.partials([level.len() as u32, 1, 1]))
    };
    let partials = levels.iter().map(sums).max().unwrap_or(0);
    let steps = levels.iter().filter(|l| l.two_steps).count() as u32;
    (partials, first_slot + SLOTS_PER_LEVEL * steps)
}

impl Levels {
    /// Uploads the levels and records their cycle.
    pub(crate) fn new(
        context: &Context,
        levels: Vec<Level>,
        scalars: &Buffer,
        partials: &Buffer,
        first_slot: u32,
    ) -> Self {
        let mut slots = first_slot;
        let stored = levels
            .into_iter()
            .map(|level| {
                let field = || context.zeros(4 * level.len() as u64);
                let below = match &level.next {
                    Next::Level(transfer) => Below::Level(Way::upload(context, transfer)),
                    Next::Inverse(matrix) => Below::Inverse(context.upload(matrix)),
                    Next::Nothing => Below::Nothing,
                };
                let own = slots;
                slots += if level.two_steps { SLOTS_PER_LEVEL } else { 0 };
                Stored {
                    list: List::upload(context, &level),
                    below,
                    two_steps: level.two_steps,
                    r: field(),
                    c: field(),
                    second: level.two_steps.then(|| [field(), field()]),
                    slots: own,
                }
            })
            .collect();
        let mut levels = Levels { levels: stored, program: Program::default() };
        let mut writer = Writer::new(context);
        levels.solve(&mut writer, 0, scalars, partials);
        levels.program = writer.finish();
        levels
    }

    /// Residual and correction of the first level.
    pub(crate) fn ends(&self) -> Option<(&Buffer, &Buffer)> {
        self.levels.first().map(|l| (&l.r, &l.c))
    }

    /// The first level with its residual and correction.
    pub(crate) fn first(&self) -> Option<(&List, [&Buffer; 2])> {
        self.levels.first().map(|l| (&l.list, [&l.r, &l.c]))
    }

    /// The recorded cycle: it solves the first level for its residual, approximately.
    pub(crate) fn program(&self) -> &Program {
        &self.program
    }

    fn solve(&self, to: &mut Writer<'_>, number: usize, scalars: &Buffer, partials: &Buffer) {
        let Some(level) = self.levels.get(number) else { return };
        let (list, n) = (&level.list, level.list.len());
        self.cycle(to, number, &level.c, None, scalars, partials);
        let Some([v, d]) = &level.second else { return };
        if !level.two_steps {
            return;
        }
        let [cr, cac, alpha, dr, dad, dv, a, _] = std::array::from_fn(|k| level.slots + k as u32);
        // c·A c, and c·r with what the cycle was given.
        let first = list.apply(to, [&level.c, v, &level.r, partials], 0);
        let sums = Sums { then: QUOTIENT, operands: [cr, cac, 0, 0], result: alpha, ..first.sums([cac, cr]) };
        sum(to, &sums, scalars, partials);
        add(to, scalars, [v, &level.r], n, alpha, -1.0);
        let at = LIST_APPLY.partials([n, 1, 1]) * 2;
        let sweep = self.cycle(to, number, d, Some(at), scalars, partials);
        // The residual is no longer needed: its place takes the image.
        let second = list.apply(to, [d, &level.r, v, partials], 0);
        let mut sums =
            Sums { then: TWO_STEPS, operands: [cr, cac, dr, dad], operand: dv, result: a, ..second.sums([dad, dv]) };
        (sums.first[2], sums.count[2], sums.slot[2]) = (sweep.first, sweep.count, dr);
        sum(to, &sums, scalars, partials);
        combine(to, scalars, [d, &level.c], n, [a, a + 1], 1.0);
    }

    /// One cycle, `z = M r`.
    fn cycle(
        &self,
        to: &mut Writer<'_>,
        number: usize,
        z: &Buffer,
        sums: Option<u32>,
        scalars: &Buffer,
        partials: &Buffer,
    ) -> Stretch {
        let level = &self.levels[number];
        let list = &level.list;
        if let Below::Inverse(matrix) = &level.below {
            let rows = Rows { end: list.len(), rows: list.len(), ..Rows::default() };
            to.call(&Call {
                kernel: &DIRECT,
                uniforms: bytemuck::bytes_of(&rows),
                buffers: &[matrix, &level.r, z],
                groups: DIRECT.groups([list.len(), 1, 1]),
            });
            return Stretch { first: 0, stride: 0, count: 0 };
        }
        list.sweep_from_zero(to, &level.r, z, partials);
        if let Below::Level(way) = &level.below
            && let Some(next) = self.levels.get(number + 1)
        {
            list.restrict(to, way, z, &next.r);
            self.solve(to, number + 1, scalars, partials);
            way.prolong(to, &next.c, z);
        }
        list.sweep_back(to, [&level.r, z, partials], sums, None)
    }
}

fn sum(to: &mut impl Take, sums: &Sums, scalars: &Buffer, partials: &Buffer) {
    to.call(&Call {
        kernel: &SUM,
        uniforms: bytemuck::bytes_of(sums),
        buffers: &[partials, scalars],
        groups: [1, 1, 1],
    });
}
