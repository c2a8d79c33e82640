//! The steps of a cycle, a dispatch for each.

use foamflux_shaders::layout::{QUOTIENT, Rows, Sums, TWO_STEPS};
use foamflux_shaders::{DIRECT, LIST_APPLY, SUM};
use foamflux_transport::device::{Level, Next};

use super::tail::Tail;
use super::{Field, Steps, way};
use crate::context::{Buffer, Context};
use crate::recorder::{Call, Take, Writer};
use crate::rows::{List, Stretch, Way, add, combine};

/// Slots that a level with two steps needs: c·r, c·A c, the first step's length; d·r, d·A d, d·v; two factors.
pub(super) const SLOTS_PER_LEVEL: u32 = 8;

/// A level on the device.
pub(super) struct Stored {
    /// None for a level that the tail solves.
    pub(super) list: Option<List>,
    way: Option<Way>,
    inverse: Option<Buffer>,
    pub(super) r: Buffer,
    pub(super) c: Buffer,
    /// Image of the first step, and the second direction.
    second: Option<[Buffer; 2]>,
    slots: u32,
}

impl Stored {
    /// Brings a level to the device; of one that heads the tail its residual and correction alone.
    pub(super) fn upload(context: &Context, level: &Level, slots: u32, head: bool) -> Self {
        let field = || context.zeros(4 * level.len() as u64);
        let inverse = match &level.next {
            Next::Inverse(matrix) if !head => Some(context.upload(matrix)),
            _ => None,
        };
        Stored {
            list: (!head).then(|| List::upload(context, level)),
            way: if head { None } else { way(context, level) },
            inverse,
            r: field(),
            c: field(),
            second: (level.two_steps && !head).then(|| [field(), field()]),
            slots,
        }
    }

    fn field(&self, field: Field) -> &Buffer {
        match (field, &self.second) {
            (Field::Residual, _) => &self.r,
            (Field::Image, Some([v, _])) => v,
            (Field::Second, Some([_, d])) => d,
            // A level without two steps has no such fields and no step that names them.
            (Field::Correction | Field::Image | Field::Second, _) => &self.c,
        }
    }
}

/// Records dispatches.
pub(super) struct Dispatches<'a, 'c> {
    pub(super) to: &'a mut Writer<'c>,
    pub(super) stored: Vec<Stored>,
    pub(super) tail: Option<Tail>,
    pub(super) scalars: &'a Buffer,
    pub(super) partials: &'a Buffer,
    /// Partial sums of the sweep that was summed last.
    pub(super) summed: Option<Stretch>,
}

impl Dispatches<'_, '_> {
    /// Partial sums of a level at most: those of a sweep and of a product before they are added up.
    pub(super) fn partials(level: &Level) -> u32 {
        2 * List::partials(&level.bounds) + 2 * LIST_APPLY.partials([level.len() as u32, 1, 1])
    }

    fn sum(&mut self, sums: &Sums) {
        self.to.call(&Call {
            kernel: &SUM,
            uniforms: bytemuck::bytes_of(sums),
            buffers: &[self.partials, self.scalars],
            groups: [1, 1, 1],
        });
    }
}

impl Steps for Dispatches<'_, '_> {
    fn sweep_from_zero(&mut self, level: usize, z: Field) {
        let stored = &self.stored[level];
        if let Some(list) = &stored.list {
            list.sweep_from_zero(self.to, &stored.r, stored.field(z), self.partials);
        }
    }

    fn restrict(&mut self, level: usize, z: Field) {
        let [stored, next] = [&self.stored[level], &self.stored[level + 1]];
        if let (Some(list), Some(way)) = (&stored.list, &stored.way) {
            list.restrict(self.to, way, stored.field(z), &next.r);
        }
    }

    fn prolong(&mut self, level: usize, z: Field) {
        let [stored, next] = [&self.stored[level], &self.stored[level + 1]];
        if let Some(way) = &stored.way {
            way.prolong(self.to, &next.c, stored.field(z));
        }
    }

    fn sweep_back(&mut self, level: usize, z: Field, summed: bool) {
        let stored = &self.stored[level];
        if let Some(list) = &stored.list {
            // Behind the partial sums of a product.
            let at = summed.then(|| LIST_APPLY.partials([list.len(), 1, 1]) * 2);
            let stretch = list.sweep_back(self.to, [&stored.r, stored.field(z), self.partials], at, None);
            self.summed = summed.then_some(stretch);
        }
    }

    fn invert(&mut self, level: usize, z: Field) {
        let stored = &self.stored[level];
        if let (Some(list), Some(matrix)) = (&stored.list, &stored.inverse) {
            let rows = Rows { end: list.len(), rows: list.len(), ..Rows::default() };
            self.to.call(&Call {
                kernel: &DIRECT,
                uniforms: bytemuck::bytes_of(&rows),
                buffers: &[matrix, &stored.r, stored.field(z)],
                groups: DIRECT.groups([list.len(), 1, 1]),
            });
        }
    }

    fn first_step(&mut self, level: usize) {
        let stored = &self.stored[level];
        let (Some(list), [cr, cac, alpha, ..]) = (&stored.list, slots(stored)) else { return };
        // c·A c, and c·r with what the cycle was given.
        let [c, v, r] = [Field::Correction, Field::Image, Field::Residual].map(|f| stored.field(f));
        let product = list.apply(self.to, [c, v, r, self.partials], 0);
        let sums = Sums { then: QUOTIENT, operands: [cr, cac, 0, 0], result: alpha, ..product.sums([cac, cr]) };
        self.sum(&sums);
        let stored = &self.stored[level];
        let [v, r] = [Field::Image, Field::Residual].map(|f| stored.field(f));
        add(self.to, self.scalars, [v, r], r_len(stored), alpha, -1.0);
    }

    fn second_step(&mut self, level: usize) {
        let stored = &self.stored[level];
        let (Some(list), [cr, cac, _, dr, dad, dv, a, _]) = (&stored.list, slots(stored)) else { return };
        let [d, v, r] = [Field::Second, Field::Image, Field::Residual].map(|f| stored.field(f));
        // The residual is no longer needed: its place takes the image.
        let product = list.apply(self.to, [d, r, v, self.partials], 0);
        let mut sums =
            Sums { then: TWO_STEPS, operands: [cr, cac, dr, dad], operand: dv, result: a, ..product.sums([dad, dv]) };
        if let Some(sweep) = self.summed.take() {
            (sums.first[2], sums.count[2], sums.slot[2]) = (sweep.first, sweep.count, dr);
        }
        self.sum(&sums);
        let stored = &self.stored[level];
        let [d, c] = [Field::Second, Field::Correction].map(|f| stored.field(f));
        combine(self.to, self.scalars, [d, c], r_len(stored), [a, a + 1], 1.0);
    }

    fn at_once(&mut self, level: usize) -> bool {
        match &self.tail {
            Some(tail) if tail.first == level => {
                let stored = &self.stored[level];
                tail.call(self.to, &stored.r, &stored.c);
                true
            }
            _ => false,
        }
    }
}

fn slots(stored: &Stored) -> [u32; SLOTS_PER_LEVEL as usize] {
    std::array::from_fn(|k| stored.slots + k as u32)
}

fn r_len(stored: &Stored) -> u32 {
    stored.list.as_ref().map_or(0, List::len)
}
