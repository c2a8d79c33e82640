//! Loops over one row of one colour, written so that the compiler turns them into vector instructions.

use super::super::reduce::{dot, sum};
use super::board::Board;
use crate::layout::bit;

/// The conductances.
pub(super) struct Stencil {
    /// By axis x, y, z.
    pub(super) faces: [f32; 3],
    /// One over the diagonal by connectivity byte.
    pub(super) inverse: Box<[f32; 256]>,
    /// Fall of the straight profile per voxel along x, y, z.
    pub(super) straight: [f32; 3],
    /// The same from a voxel's centre to an electrode.
    pub(super) half: f32,
}

/// The six neighbouring rows of the other colour, lined up with a row: -x, +x, -y, +y, -z, +z.
pub(super) struct Neighbours<'a>([&'a [f32]; 6]);

impl<'a> Neighbours<'a> {
    /// From a whole field.
    #[inline(always)]
    pub(super) fn of(b: &Board, field: &'a [f32], colour: usize, z: usize, y: usize) -> Self {
        Neighbours::within(b, &field[(1 - colour) * b.half..][..b.half], colour, z, y)
    }

    /// From the other colour of a field.
    #[inline(always)]
    pub(super) fn within(b: &Board, other: &'a [f32], colour: usize, z: usize, y: usize) -> Self {
        let at = b.row(z, y);
        let s = Board::shift(colour, z, y);
        let from = |at: usize| &other[at..][..b.used];
        Neighbours([
            from(at + s - 1),
            from(at + s),
            from(at - b.stride),
            from(at + b.stride),
            from(at - b.plane),
            from(at + b.plane),
        ])
    }
}

/// `value` where the bit is set, otherwise 0.
#[inline(always)]
fn masked(byte: u8, mask: u8, value: f32) -> f32 {
    if byte & mask != 0 { value } else { 0.0 }
}

/// `z = r / d`.
#[inline(always)]
pub(super) fn divide(s: &Stencil, open: &[u8], r: &[f32], z: &mut [f32]) {
    for ((z, &r), &o) in z.iter_mut().zip(r).zip(open) {
        *z = r * s.inverse[usize::from(o)];
    }
}

/// `z = (r + sum of g z over the neighbours) / d`; missing neighbours hold 0.
#[inline(always)]
pub(super) fn relax(s: &Stencil, open: &[u8], r: &[f32], n: &Neighbours<'_>, z: &mut [f32]) {
    let len = z.len();
    let [xd, xu, yd, yu, zd, zu] = n.0.map(|row| &row[..len]);
    let [gx, gy, gz] = s.faces;
    let (open, r) = (&open[..len], &r[..len]);
    for k in 0..len {
        let pull = gx * (xd[k] + xu[k]) + gy * (yd[k] + yu[k]) + gz * (zd[k] + zu[k]);
        z[k] = (r[k] + pull) * s.inverse[usize::from(open[k])];
    }
}

/// `sum of g z over the neighbours`, 0 where nothing is solved.
#[inline(always)]
pub(super) fn pull(s: &Stencil, open: &[u8], n: &Neighbours<'_>, out: &mut [f32]) {
    let len = out.len();
    let [xd, xu, yd, yu, zd, zu] = n.0.map(|row| &row[..len]);
    let [gx, gy, gz] = s.faces;
    let open = &open[..len];
    for k in 0..len {
        let pull = gx * (xd[k] + xu[k]) + gy * (yd[k] + yu[k]) + gz * (zd[k] + zu[k]);
        out[k] = if open[k] != 0 { pull } else { 0.0 };
    }
}

/// `q = A p` in difference form.
#[inline(always)]
pub(super) fn apply(s: &Stencil, open: &[u8], p: &[f32], n: &Neighbours<'_>, q: &mut [f32]) {
    let len = q.len();
    let [xd, xu, yd, yu, zd, zu] = n.0.map(|row| &row[..len]);
    let [gx, gy, gz] = s.faces;
    let (open, p) = (&open[..len], &p[..len]);
    for k in 0..len {
        let (o, h) = (open[k], p[k]);
        let x = masked(o, 1, h - xd[k]) + masked(o, 2, h - xu[k]);
        let y = masked(o, 4, h - yd[k]) + masked(o, 8, h - yu[k]);
        let z = masked(o, 16, h - zd[k]) + masked(o, 32, h - zu[k]);
        let electrodes = masked(o, bit::INLET, h) + masked(o, bit::OUTLET, h);
        q[k] = gx * x + gy * y + gz * z + 2.0 * electrodes;
    }
}

/// Sums of one row of the true residual.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Truth {
    pub(super) energy: f64,
    /// Squared norm of the field in the diagonal.
    pub(super) weight: f64,
    /// Squared norm of the residual.
    pub(super) norm: f64,
    /// Squared norm of its change.
    pub(super) change: f64,
}

/// Space for the terms of one row.
pub(super) struct Terms {
    energy: Vec<f32>,
    weight: Vec<f32>,
    residual: Vec<f32>,
}

impl Terms {
    pub(super) fn new(used: usize) -> Self {
        Terms { energy: vec![0.0; used], weight: vec![0.0; used], residual: vec![0.0; used] }
    }
}

/// True residual of one row; returns its sums.
///
/// Differences of neighbouring potentials are exact or nearly so in single precision (Sterbenz), so that the residual is
/// as good as the stored potential; sums are taken in double precision.
#[inline(always)]
pub(super) fn truth(
    s: &Stencil,
    open: &[u8],
    x: &[f32],
    n: &Neighbours<'_>,
    r: &mut [f32],
    terms: &mut Terms,
    source: Option<&[f32]>,
) -> Truth {
    let len = r.len();
    let [xd, xu, yd, yu, zd, zu] = n.0.map(|row| &row[..len]);
    let [gx, gy, gz] = s.faces;
    // The straight profile loses 1 per slice towards the outlet.
    let [sx, sy, sz] = s.straight;
    let (open, x) = (&open[..len], &x[..len]);
    let (energy, weight, residual) = (&mut terms.energy[..len], &mut terms.weight[..len], &mut terms.residual[..len]);
    for k in 0..len {
        let (o, h) = (open[k], x[k]);
        let drops = [
            (1, gx, (h - xd[k]) - sx),
            (2, gx, (h - xu[k]) + sx),
            (4, gy, (h - yd[k]) - sy),
            (8, gy, (h - yu[k]) + sy),
            (16, gz, (h - zd[k]) - sz),
            (32, gz, (h - zu[k]) + sz),
        ];
        let (mut sum, mut e, mut diagonal) = (0.0, 0.0, 0.0);
        for (mask, g, drop) in drops {
            let g = masked(o, mask, g);
            sum -= g * drop;
            // Half of the face belongs to each side.
            e += 0.5 * g * drop * drop;
            diagonal += g;
        }
        for (mask, half) in [(bit::INLET, -s.half), (bit::OUTLET, s.half)] {
            let (g, drop) = (masked(o, mask, 2.0), half + h);
            sum -= g * drop;
            e += g * drop * drop;
            diagonal += g;
        }
        residual[k] = sum;
        energy[k] = e;
        weight[k] = diagonal * h * h;
    }
    if let Some(source) = source {
        // `x'Ax - 2 s'x` exceeds its minimum by what `x'Ax` of the error is.
        for k in 0..len {
            residual[k] += source[k];
            energy[k] -= 2.0 * source[k] * x[k];
        }
    }
    let mut sums = Truth { energy: sum(energy), weight: sum(weight), norm: dot(residual, residual), change: 0.0 };
    for ((change, r), &new) in energy.iter_mut().zip(r.iter_mut()).zip(residual.iter()) {
        *change = new - *r;
        *r = new;
    }
    sums.change = dot(energy, energy);
    sums
}
