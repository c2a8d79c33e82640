//! The finest level as a whole grid, in slabs.
//!
//! | lives as long as | what |
//! |---|---|
//! | a problem | by slab: connectivity, masks and first pieces of its blocks |
//! | a solve | by slab: four fields; the image of a direction is recomputed where it is needed and never stored |
//!
//! A slab has a halo plane on either side; planes are copied between slabs when a sweep has changed them.

use foamflux_shaders::layout::{Grid as Uniforms, IMAGE, PULL, SUM, ZERO};
use foamflux_shaders::{GRID_APPLY, GRID_PROLONG, GRID_RELAX, GRID_RESIDUAL, GRID_RESTRICT, GRID_UPDATE, Kernel};
use foamflux_transport::Problem;
use foamflux_transport::device::{self, GridOrder, piece_table};

use crate::context::{Buffer, Context};
use crate::recorder::{Call, Recorder};
use crate::rows::{Stretch, combine};

/// Colours of the checkerboard.
const RED: u32 = 0;
const BLACK: u32 = 1;

/// How the grid is cut, and what that takes.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    /// First plane and number of planes of every slab; all begin with an even plane.
    pub(crate) slabs: Vec<(usize, usize)>,
    plane: usize,
}

impl Cut {
    /// Slabs whose fields of two colours and two halos stay below `limit` bytes, or of `planes` planes.
    pub(crate) fn of(order: &GridOrder, limit: u64, planes: Option<usize>) -> Self {
        let ([_, _, nz], plane) = (order.voxels(), order.plane());
        let fits = (limit / (8 * plane as u64)) as usize;
        // Even, so that no block of two planes is cut and the colours of a plane do not depend on the slab.
        let height = (planes.unwrap_or(nz).min(fits.saturating_sub(2)) / 2 * 2).max(2);
        let slabs = (0..nz).step_by(height).map(|z| (z, height.min(nz - z))).collect();
        Cut { slabs, plane }
    }

    /// Values of a field of a slab.
    pub(crate) fn values(&self, slab: usize) -> usize {
        2 * (self.slabs[slab].1 + 2) * self.plane
    }

    /// Values of a field.
    pub(crate) fn all_values(&self) -> u64 {
        (0..self.slabs.len()).map(|k| self.values(k) as u64).sum()
    }
}

struct Slab {
    open: Buffer,
    masks: Buffer,
    first: Buffer,
    uniforms: Uniforms,
    cells: [u32; 3],
    blocks: [u32; 3],
    first_plane: u32,
}

/// The grid on the device.
pub(crate) struct Grid {
    order: GridOrder,
    pub(crate) cut: Cut,
    slabs: Vec<Slab>,
    table: Buffer,
    /// Partial sums of one sum over one colour.
    partials: u32,
}

/// Partial sums that a grid needs at most.
pub(crate) fn partials_needed(order: &GridOrder) -> u64 {
    let [_, ny, nz] = order.voxels().map(|n| n as u32);
    4 * 2 * u64::from(GRID_RELAX.partials([order.used() as u32, ny, nz]))
}

impl Grid {
    pub(crate) fn upload(context: &Context, grid: &device::Grid, cut: Cut) -> Self {
        let order = grid.order;
        let [nx, ny, nz] = order.voxels();
        let [bx, by] = [nx, ny].map(|n| n.div_ceil(2));
        let slabs = cut
            .slabs
            .iter()
            .map(|&(z, planes)| {
                // The slab's planes with their halos are consecutive in each colour.
                let from = z * order.plane();
                let to = from + (planes + 2) * order.plane();
                let half = order.half();
                let mut open = [&grid.open[from..to], &grid.open[half + from..half + to]].concat();
                open.resize(open.len().next_multiple_of(4), 0);
                let blocks = z / 2 * bx * by..(z + planes).div_ceil(2) * bx * by;
                let mut masks = grid.masks[blocks.clone()].to_vec();
                masks.resize(masks.len().next_multiple_of(4), 0);
                let [used, stride, plane] = [order.used(), order.stride(), order.plane()].map(|n| n as u32);
                let blocks_z = (planes.div_ceil(2)) as u32;
                Slab {
                    open: context.upload(&open),
                    masks: context.upload(&masks),
                    first: context.upload(&grid.first[blocks]),
                    uniforms: Uniforms {
                        used,
                        stride,
                        plane,
                        half: (planes as u32 + 2) * plane,
                        ny: ny as u32,
                        nz: planes as u32,
                        conductance_x: grid.faces[0],
                        conductance_y: grid.faces[1],
                        conductance_z: grid.faces[2],
                        axis: grid.axis,
                        blocks_x: bx as u32,
                        blocks_y: by as u32,
                        blocks_z,
                        ..Uniforms::default()
                    },
                    cells: [used, ny as u32, planes as u32],
                    blocks: [bx as u32, by as u32, blocks_z],
                    first_plane: z as u32,
                }
            })
            .collect();
        let partials = GRID_RELAX.partials([order.used() as u32, ny as u32, nz as u32]);
        Grid { order, cut, slabs, table: context.upload(&piece_table()), partials }
    }

    /// A field of zeros, by slab.
    pub(crate) fn field(&self, context: &Context) -> Vec<Buffer> {
        (0..self.slabs.len()).map(|k| context.zeros(4 * self.cut.values(k) as u64)).collect()
    }

    /// Sets a field from values in memory order, halos included.
    pub(crate) fn fill(&self, context: &Context, problem: &Problem, field: &[Buffer], values: &[f32]) {
        let board = self.order.from_memory_order(problem, values);
        let (half, plane) = (self.order.half(), self.order.plane());
        for (k, &(z, planes)) in self.cut.slabs.iter().enumerate() {
            let (from, len) = (z * plane, (planes + 2) * plane);
            for colour in 0..2 {
                context.write(&field[k], 4 * (colour * len) as u64, &board[colour * half + from..][..len]);
            }
        }
    }

    fn each(
        &self,
        to: &Recorder<'_>,
        kernel: &Kernel,
        change: impl Fn(&mut Uniforms),
        buffers: impl Fn(usize) -> Vec<Buffer>,
    ) {
        for (k, slab) in self.slabs.iter().enumerate() {
            let mut uniforms = slab.uniforms;
            change(&mut uniforms);
            let blocks = matches!(kernel.work, foamflux_shaders::Work::Blocks);
            let groups = kernel.groups(if blocks { slab.blocks } else { slab.cells });
            // Partial sums lie in the order of the box.
            uniforms.partials += slab.first_plane * groups[0] * groups[1];
            let buffers = buffers(k);
            to.call(&Call {
                kernel,
                uniforms: bytemuck::bytes_of(&uniforms),
                buffers: &std::iter::once(&slab.open).chain(&buffers).collect::<Vec<_>>(),
                groups,
            });
        }
    }

    /// Copies the planes at the ends of slabs into the halos of their neighbours.
    fn exchange(&self, to: &Recorder<'_>, field: &[Buffer], colour: u32) {
        let plane = 4 * self.order.plane() as u64;
        let place = |slab: usize, at: usize| u64::from(colour) * 2 * self.cut.values(slab) as u64 + at as u64 * plane;
        for k in 1..self.slabs.len() {
            let planes = self.cut.slabs[k - 1].1;
            to.copy((&field[k - 1], place(k - 1, planes)), (&field[k], place(k, 0)), plane);
            to.copy((&field[k], place(k, 1)), (&field[k - 1], place(k - 1, planes + 1)), plane);
        }
    }

    /// `r = b - A x` with its four sums.
    pub(crate) fn residual(&self, to: &Recorder<'_>, x: &[Buffer], r: &[Buffer]) -> Stretch {
        self.exchange(to, x, RED);
        self.exchange(to, x, BLACK);
        let stride = self.partials;
        let partials = &to.partials;
        self.each(
            to,
            &GRID_RESIDUAL,
            |u| u.partials_stride = stride,
            |k| vec![x[k].clone(), r[k].clone(), partials.clone()],
        );
        Stretch { first: 0, stride, count: self.partials }
    }

    /// Partial sums of `p·A p`.
    pub(crate) fn apply(&self, to: &Recorder<'_>, p: &[Buffer]) -> Stretch {
        self.each(to, &GRID_APPLY, |_| {}, |k| vec![p[k].clone(), to.partials.clone()]);
        Stretch { first: 0, stride: self.partials, count: self.partials }
    }

    /// `x += alpha p`, `r -= alpha A p`, and the red half of a sweep from zero.
    pub(crate) fn update(&self, to: &Recorder<'_>, alpha: u32, [p, x, r, z]: [&[Buffer]; 4]) {
        self.each(
            to,
            &GRID_UPDATE,
            |u| u.slot = alpha,
            |k| vec![p[k].clone(), x[k].clone(), r[k].clone(), z[k].clone(), to.scalars.clone()],
        );
    }

    /// The red half of a sweep from zero by itself.
    pub(crate) fn begin(&self, to: &Recorder<'_>, r: &[Buffer], z: &[Buffer]) {
        self.relax(to, RED, 0, [r, r, z]);
    }

    /// The black half of the sweep from zero, and the residual that it leaves on the next level.
    pub(crate) fn down(&self, to: &Recorder<'_>, r: &[Buffer], z: &[Buffer], coarse: &Buffer) {
        self.exchange(to, z, RED);
        self.relax(to, BLACK, PULL, [r, r, z]);
        self.exchange(to, z, BLACK);
        self.restrict(to, z, coarse);
    }

    pub(crate) fn restrict(&self, to: &Recorder<'_>, z: &[Buffer], coarse: &Buffer) {
        self.each(to, &GRID_RESTRICT, |_| {}, |k| self.with_blocks(k, z, coarse));
    }

    pub(crate) fn prolong(&self, to: &Recorder<'_>, z: &[Buffer], coarse: &Buffer) {
        self.each(to, &GRID_PROLONG, |_| {}, |k| self.with_blocks(k, z, coarse));
    }

    fn with_blocks(&self, slab: usize, z: &[Buffer], coarse: &Buffer) -> Vec<Buffer> {
        let s = &self.slabs[slab];
        vec![z[slab].clone(), s.masks.clone(), s.first.clone(), self.table.clone(), coarse.clone()]
    }

    /// A sweep over both colours with all its sums, for measurements.
    pub(crate) fn both_colours(&self, to: &Recorder<'_>, p: &[Buffer], r: &[Buffer], z: &[Buffer]) {
        for colour in [BLACK, RED] {
            self.relax(to, colour, PULL | SUM | IMAGE, [p, r, z]);
        }
    }

    /// A sweep over one colour with its sums, for tests.
    #[cfg(feature = "kernel-suite")]
    pub(crate) fn one_colour(&self, to: &Recorder<'_>, colour: u32, flags: u32, fields: [&[Buffer]; 3]) -> Stretch {
        self.relax(to, colour, flags, fields);
        Stretch { first: (1 - colour) * self.partials, stride: 2 * self.partials, count: self.partials }
    }

    /// Voxels of the box.
    pub(crate) fn cells(&self) -> u64 {
        self.order.voxels().iter().map(|&n| n as u64).product()
    }

    /// Correction from the next level and the sweep back, with sums of `z·r` and, with a direction, `z·A p`.
    pub(crate) fn up(
        &self,
        to: &Recorder<'_>,
        coarse: &Buffer,
        p: Option<&[Buffer]>,
        r: &[Buffer],
        z: &[Buffer],
    ) -> Stretch {
        self.prolong(to, z, coarse);
        self.exchange(to, z, RED);
        let flags = PULL | SUM | if p.is_some() { IMAGE } else { 0 };
        for colour in [BLACK, RED] {
            self.relax(to, colour, flags, [p.unwrap_or(r), r, z]);
            self.exchange(to, z, colour);
        }
        Stretch { first: 0, stride: 2 * self.partials, count: 2 * self.partials }
    }

    fn relax(&self, to: &Recorder<'_>, colour: u32, flags: u32, [p, r, z]: [&[Buffer]; 3]) {
        let change = |u: &mut Uniforms| {
            (u.colour, u.flags) = (colour, flags);
            (u.partials, u.partials_stride) = ((1 - colour) * self.partials, 2 * self.partials);
        };
        self.each(to, &GRID_RELAX, change, |k| vec![p[k].clone(), r[k].clone(), z[k].clone(), to.partials.clone()]);
    }

    /// `p = z + beta p`, halos included, as those of both are current.
    pub(crate) fn direction(&self, to: &Recorder<'_>, beta: Option<u32>, z: &[Buffer], p: &[Buffer]) {
        for k in 0..self.slabs.len() {
            let slots = [beta.unwrap_or(ZERO), foamflux_shaders::layout::ONE];
            combine(&mut { to }, &to.scalars, [&z[k], &p[k]], self.cut.values(k) as u32, slots, 1.0);
        }
    }

    /// The field of every unknown, in memory order.
    pub(crate) fn download(&self, context: &Context, problem: &Problem, x: &[Buffer]) -> Vec<f32> {
        let (half, plane) = (self.order.half(), self.order.plane());
        let mut field = vec![0f32; 2 * half];
        for (k, &(z, planes)) in self.cut.slabs.iter().enumerate() {
            let own = context.download(&x[k], self.cut.values(k));
            let from = own.len() / 2;
            for colour in 0..2 {
                // Own planes alone.
                if let Some(part) = own.get(colour * from + plane..colour * from + (planes + 1) * plane) {
                    field[colour * half + (z + 1) * plane..][..planes * plane].copy_from_slice(part);
                }
            }
        }
        self.order.to_memory_order(problem, &field)
    }
}
