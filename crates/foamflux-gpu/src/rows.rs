//! Lists of rows on the device: the stored levels, and the finest level of a sparse phase.
//!
//! | lives as long as | what |
//! |---|---|
//! | a problem | links, conductances, diagonal, electrodes, the way to the next level |
//! | a solve | fields: residual, correction, and two more where two steps are made |

use foamflux_shaders::layout::{Combine, IMAGE, ONE, ONLY_BEFORE, PULL, Rows, SUM, Sums};
use foamflux_shaders::{COMBINE, Kernel, LIST_APPLY, LIST_PROLONG, LIST_RELAX, LIST_RESIDUAL, LIST_RESTRICT};
use foamflux_transport::device::{Level, Transfer};

use crate::context::{Buffer, Context};
use crate::recorder::{Call, Recorder, Take};

/// The operator of a list.
pub(crate) struct List {
    pub(crate) bounds: Vec<u32>,
    to: Buffer,
    conductance: Buffer,
    more: Buffer,
    ground: Buffer,
    inverse: Buffer,
}

/// The way from a list to the next one.
pub(crate) struct Way {
    parent: Buffer,
    first: Buffer,
    children: Buffer,
    /// Rows of the next list, and rows of this one that take part.
    coarse: u32,
    taking_part: u32,
}

/// Sums of a sweep: its partial sums lie in two stretches, `z·r` and (with an image) `z·q`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) first: u32,
    pub(crate) stride: u32,
    pub(crate) count: u32,
}

impl List {
    pub(crate) fn upload(context: &Context, level: &Level) -> Self {
        let more: Vec<[u32; 2]> = level.more.iter().map(|&(to, w)| [to, w.to_bits()]).collect();
        List {
            bounds: level.bounds.clone(),
            to: context.upload(&level.to),
            conductance: context.upload(&level.conductance),
            more: context.upload(&more),
            ground: context.upload(&level.ground),
            inverse: context.upload(&level.inverse),
        }
    }

    /// Other conductances of the same links, and the diagonal that they make.
    pub(crate) fn update(&self, context: &Context, conductance: &[f32], inverse: &[f32]) {
        context.write(&self.conductance, 0, conductance);
        context.write(&self.inverse, 0, inverse);
    }

    pub(crate) fn len(&self) -> u32 {
        self.bounds.last().copied().unwrap_or(0)
    }

    /// Partial sums of one sum of a sweep over all colours.
    pub(crate) fn partials(bounds: &[u32]) -> u32 {
        bounds.windows(2).map(|c| LIST_RELAX.partials([c[1] - c[0], 1, 1])).sum()
    }

    fn colours(&self) -> impl DoubleEndedIterator<Item = (u32, u32)> + '_ {
        self.bounds.windows(2).map(|c| (c[0], c[1])).filter(|(start, end)| start < end)
    }

    /// `z = S r`, colour by colour from zero.
    pub(crate) fn sweep_from_zero(&self, to: &mut impl Take, r: &Buffer, z: &Buffer, partials: &Buffer) {
        for (start, end) in self.colours() {
            let flags = if start == 0 { 0 } else { PULL | ONLY_BEFORE };
            let rows = Rows { start, end, rows: self.len(), flags, ..Rows::default() };
            self.relax(to, &rows, [r, z, r, partials]);
        }
    }

    /// Sweeps back; with partial sums from place `first` on, and with those of an image.
    pub(crate) fn sweep_back(
        &self,
        to: &mut impl Take,
        [r, z, partials]: [&Buffer; 3],
        sums: Option<u32>,
        image: Option<&Buffer>,
    ) -> Stretch {
        let stride = List::partials(&self.bounds);
        let mut at = sums.unwrap_or(0);
        for (start, end) in self.colours().rev() {
            let flags = PULL | if sums.is_some() { SUM } else { 0 } | if image.is_some() { IMAGE } else { 0 };
            let rows =
                Rows { start, end, rows: self.len(), flags, partials: at, partials_stride: stride, ..Rows::default() };
            self.relax(to, &rows, [r, z, image.unwrap_or(r), partials]);
            at += LIST_RELAX.partials([end - start, 1, 1]);
        }
        let first = sums.unwrap_or(0);
        Stretch { first, stride, count: at - first }
    }

    fn relax(&self, to: &mut impl Take, rows: &Rows, [r, z, q, partials]: [&Buffer; 4]) {
        to.call(&Call {
            kernel: &LIST_RELAX,
            uniforms: bytemuck::bytes_of(rows),
            buffers: &[&self.to, &self.conductance, &self.more, &self.inverse, r, z, q, partials],
            groups: LIST_RELAX.groups([rows.end - rows.start, 1, 1]),
        });
    }

    /// `q = A p` with partial sums of `p·q` and `p·v` from place `first` on.
    pub(crate) fn apply(&self, to: &mut impl Take, [p, q, v, partials]: [&Buffer; 4], first: u32) -> Stretch {
        let (rows, stretch) = self.whole(&LIST_APPLY, first);
        to.call(&Call {
            kernel: &LIST_APPLY,
            uniforms: bytemuck::bytes_of(&rows),
            buffers: &[&self.to, &self.conductance, &self.more, &self.ground, p, q, v, partials],
            groups: LIST_APPLY.groups([self.len(), 1, 1]),
        });
        stretch
    }

    /// `r = b - A x` with its four sums.
    pub(crate) fn residual(&self, to: &mut impl Take, [b, x, r, partials]: [&Buffer; 4]) -> Stretch {
        let (rows, stretch) = self.whole(&LIST_RESIDUAL, 0);
        to.call(&Call {
            kernel: &LIST_RESIDUAL,
            uniforms: bytemuck::bytes_of(&rows),
            buffers: &[&self.to, &self.conductance, &self.more, &self.ground, b, x, r, partials],
            groups: LIST_RESIDUAL.groups([self.len(), 1, 1]),
        });
        stretch
    }

    fn whole(&self, kernel: &Kernel, first: u32) -> (Rows, Stretch) {
        let n = self.len();
        let count = kernel.partials([n, 1, 1]);
        let rows = Rows { start: 0, end: n, rows: n, partials: first, partials_stride: count, ..Rows::default() };
        (rows, Stretch { first, stride: count, count })
    }

    /// Residual of the next list.
    pub(crate) fn restrict(&self, to: &mut impl Take, way: &Way, z: &Buffer, coarse: &Buffer) {
        let rows = Rows { start: 0, end: way.coarse, rows: self.len(), ..Rows::default() };
        to.call(&Call {
            kernel: &LIST_RESTRICT,
            uniforms: bytemuck::bytes_of(&rows),
            buffers: &[&self.to, &self.conductance, &self.more, z, &way.first, &way.children, coarse],
            groups: LIST_RESTRICT.groups([way.coarse, 1, 1]),
        });
    }
}

impl Way {
    pub(crate) fn upload(context: &Context, transfer: &Transfer) -> Self {
        Way {
            parent: context.upload(&transfer.to_coarse),
            first: context.upload(&transfer.first),
            children: context.upload(&transfer.children),
            coarse: transfer.first.len().saturating_sub(1) as u32,
            taking_part: transfer.to_coarse.len() as u32,
        }
    }

    /// Adds the next list's correction.
    pub(crate) fn prolong(&self, to: &mut impl Take, coarse: &Buffer, z: &Buffer) {
        if self.taking_part == 0 {
            return;
        }
        let rows = Rows { start: 0, end: self.taking_part, ..Rows::default() };
        to.call(&Call {
            kernel: &LIST_PROLONG,
            uniforms: bytemuck::bytes_of(&rows),
            buffers: &[&self.parent, coarse, z],
            groups: LIST_PROLONG.groups([self.taking_part, 1, 1]),
        });
    }
}

/// `y = a y + sign b x`, a and b from slots.
pub(crate) fn combine(
    to: &mut impl Take,
    scalars: &Buffer,
    [x, y]: [&Buffer; 2],
    count: u32,
    [factor, added]: [u32; 2],
    sign: f32,
) {
    let uniforms = Combine { count, factor, added, sign };
    to.call(&Call {
        kernel: &COMBINE,
        uniforms: bytemuck::bytes_of(&uniforms),
        buffers: &[scalars, x, y],
        groups: COMBINE.groups([count, 1, 1]),
    });
}

/// The same with `a = 1`.
pub(crate) fn add(to: &mut impl Take, scalars: &Buffer, fields: [&Buffer; 2], count: u32, slot: u32, sign: f32) {
    combine(to, scalars, fields, count, [ONE, slot], sign);
}

impl Stretch {
    /// The first `n` sums of the stretch, into slots.
    pub(crate) fn sums<const N: usize>(self, slots: [u32; N]) -> Sums {
        let mut sums = Sums::default();
        for (k, slot) in slots.into_iter().enumerate() {
            sums.first[k] = self.first + k as u32 * self.stride;
            sums.count[k] = self.count;
            sums.slot[k] = slot;
        }
        sums
    }
}

impl Take for &Recorder<'_> {
    fn call(&mut self, call: &Call<'_>) {
        Recorder::call(self, call);
    }
}
