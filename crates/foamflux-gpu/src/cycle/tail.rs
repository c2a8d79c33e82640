//! The smallest levels, whose cycle one workgroup does in one dispatch.
//!
//! A cycle visits a level of some thousand rows eight or sixteen times, and every visit takes eighteen dispatches of
//! which each moves less than a dispatch costs. Here the same steps are a list that the kernel works off, a barrier apart.

use foamflux_shaders::TAIL;
use foamflux_shaders::layout::{
    ONLY_BEFORE, PULL, SUM, TAIL_APPLY, TAIL_CAC, TAIL_DAD, TAIL_DR, TAIL_FIRST_STEP, TAIL_INVERT, TAIL_LEVELS,
    TAIL_PROLONG, TAIL_RELAX, TAIL_RESTRICT, TAIL_SECOND_STEP, TAIL_SLOTS_PER_LEVEL, TAIL_STEPS, Tail as Uniforms,
    TailLevel, TailStep,
};
use foamflux_transport::device::{Level, Next};

use super::{Field, Order, Steps};
use crate::context::{Buffer, Context};
use crate::recorder::{Call, Take};

/// Rows per thread of the one workgroup, up to which a level goes into its dispatch with all below it.
///
/// Measured: on an H100 a thread takes some 2 microseconds per row and step, as it waits for memory at every link, and a
/// dispatch 5 to 10. At 256^3 an iteration with 1024 threads took, for 0, 1, 4, 8 and 16 rows each, 6.9, 6.9, 6.8, 6.3 and
/// 6.2 ms on blobs, 5.6, 4.9, 4.1, 4.3 and 4.3 on struts, 57, 57, 57, 56 and 66 near percolation; 256 threads with 128
/// rows each, as it once was, 9.4, 11.0 and 86.
pub(crate) const ROWS_PER_THREAD: usize = 8;

/// The smallest levels on the device.
pub(super) struct Tail {
    /// The first of them.
    pub(super) first: usize,
    uniforms: Box<Uniforms>,
    data: Buffer,
    fields: Buffer,
}

impl Tail {
    /// The levels of up to `rows` rows, if there are any; fewer where their steps are too many.
    pub(super) fn of(context: &Context, levels: &[Level], rows: usize) -> Option<Tail> {
        let small = (0..levels.len()).find(|&k| levels[k].len() <= rows)?;
        // One level that is solved at once already gains nothing.
        (small..levels.len().saturating_sub(1)).find_map(|first| Tail::from(context, levels, first))
    }

    fn from(context: &Context, levels: &[Level], first: usize) -> Option<Tail> {
        let own = &levels[first..];
        if own.len() > TAIL_LEVELS as usize {
            return None;
        }
        let mut fields = 0;
        let places = own
            .iter()
            .map(|level| {
                let at = fields;
                fields += 4 * level.len() as u32;
                at
            })
            .collect();
        let mut list = List { own, places, steps: Vec::new() };
        Order(own).solve(&mut list, 0);
        let result = list.place(0, Field::Correction);
        let List { steps, .. } = list;
        if steps.len() > TAIL_STEPS as usize {
            return None;
        }
        let mut data = Vec::new();
        let mut uniforms: Box<Uniforms> = bytemuck::zeroed_box();
        for (level, described) in own.iter().zip(&mut uniforms.levels) {
            *described = describe(level, &mut data);
        }
        uniforms.steps[..steps.len()].copy_from_slice(&steps);
        (uniforms.rows, uniforms.result, uniforms.count) = (own[0].len() as u32, result, steps.len() as u32);
        Some(Tail { first, uniforms, data: context.upload(&data), fields: context.zeros(4 * u64::from(fields)) })
    }

    /// Solves the first level.
    pub(super) fn call(&self, to: &mut impl Take, residual: &Buffer, correction: &Buffer) {
        to.call(&Call {
            kernel: &TAIL,
            uniforms: bytemuck::bytes_of(&*self.uniforms),
            buffers: &[&self.data, &self.fields, residual, correction],
            groups: TAIL.groups([1, 1, 1]),
        });
    }
}

/// Appends the arrays of a level and says where they lie.
fn describe(level: &Level, data: &mut Vec<u32>) -> TailLevel {
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    let mut append = |values: &[u32]| {
        let at = data.len() as u32;
        data.extend_from_slice(values);
        at
    };
    let mut described = TailLevel {
        rows: level.len() as u32,
        to: append(&level.to),
        conductance: append(&bits(&level.conductance)),
        more: append(&level.more.iter().flat_map(|&(to, w)| [to, w.to_bits()]).collect::<Vec<_>>()),
        ground: append(&bits(&level.ground)),
        inverse: append(&bits(&level.inverse)),
        ..TailLevel::default()
    };
    match &level.next {
        Next::Level(transfer) => {
            described.parent = append(&transfer.to_coarse);
            described.first = append(&transfer.first);
            described.children = append(&transfer.children);
        }
        Next::Inverse(matrix) => described.matrix = append(&bits(matrix)),
        Next::Nothing => {}
    }
    described
}

/// Lists steps.
struct List<'a> {
    own: &'a [Level],
    /// Where the four fields of a level begin.
    places: Vec<u32>,
    steps: Vec<TailStep>,
}

impl List<'_> {
    fn place(&self, level: usize, field: Field) -> u32 {
        let number = match field {
            Field::Residual => 0,
            Field::Correction => 1,
            Field::Image => 2,
            Field::Second => 3,
        };
        self.places[level] + number * self.own[level].len() as u32
    }

    fn step(&mut self, level: usize, kind: u32, [from, to, other]: [u32; 3]) -> &mut TailStep {
        self.steps.push(TailStep {
            kind,
            level: level as u32,
            end: self.own[level].len() as u32,
            slot: TAIL_SLOTS_PER_LEVEL * level as u32,
            from_field: from,
            to_field: to,
            other_field: other,
            ..TailStep::default()
        });
        let last = self.steps.len() - 1;
        &mut self.steps[last]
    }

    fn relax(&mut self, level: usize, z: Field, (start, end): (u32, u32), flags: u32) {
        let places = [self.place(level, Field::Residual), self.place(level, z), 0];
        let step = self.step(level, TAIL_RELAX, places);
        (step.start, step.end, step.flags) = (start, end, flags);
        step.slot += TAIL_DR;
    }

    fn colours(&self, level: usize) -> Vec<(u32, u32)> {
        self.own[level].bounds.windows(2).map(|c| (c[0], c[1])).filter(|(start, end)| start < end).collect()
    }
}

impl Steps for List<'_> {
    fn sweep_from_zero(&mut self, level: usize, z: Field) {
        for colour in self.colours(level) {
            self.relax(level, z, colour, if colour.0 == 0 { 0 } else { PULL | ONLY_BEFORE });
        }
    }

    fn restrict(&mut self, level: usize, z: Field) {
        let places = [self.place(level, z), self.place(level + 1, Field::Residual), 0];
        let coarse = self.own[level + 1].len() as u32;
        self.step(level, TAIL_RESTRICT, places).end = coarse;
    }

    fn prolong(&mut self, level: usize, z: Field) {
        let places = [self.place(level + 1, Field::Correction), self.place(level, z), 0];
        let taking_part = match &self.own[level].next {
            Next::Level(transfer) => transfer.to_coarse.len() as u32,
            Next::Inverse(_) | Next::Nothing => 0,
        };
        self.step(level, TAIL_PROLONG, places).end = taking_part;
    }

    fn sweep_back(&mut self, level: usize, z: Field, summed: bool) {
        for &colour in self.colours(level).iter().rev() {
            self.relax(level, z, colour, PULL | if summed { SUM } else { 0 });
        }
    }

    fn invert(&mut self, level: usize, z: Field) {
        let places = [self.place(level, Field::Residual), self.place(level, z), 0];
        self.step(level, TAIL_INVERT, places);
    }

    fn first_step(&mut self, level: usize) {
        let [c, v, r] = [Field::Correction, Field::Image, Field::Residual].map(|f| self.place(level, f));
        self.step(level, TAIL_APPLY, [c, v, r]).slot += TAIL_CAC;
        self.step(level, TAIL_FIRST_STEP, [v, r, 0]);
    }

    fn second_step(&mut self, level: usize) {
        let [c, d, v, r] =
            [Field::Correction, Field::Second, Field::Image, Field::Residual].map(|f| self.place(level, f));
        // The residual is no longer needed: its place takes the image.
        self.step(level, TAIL_APPLY, [d, r, v]).slot += TAIL_DAD;
        self.step(level, TAIL_SECOND_STEP, [d, c, 0]);
    }

    fn at_once(&mut self, _: usize) -> bool {
        false
    }
}
