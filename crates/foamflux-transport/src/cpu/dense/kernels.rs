//! Loops over one row of one colour, written so that the compiler turns them into vector instructions.

use super::board::Board;
use crate::layout::bit;

/// The conductances.
pub(super) struct Stencil {
    /// By axis x, y, z.
    pub(super) faces: [f32; 3],
    /// One over the diagonal by connectivity byte.
    pub(super) inverse: Box<[f32; 256]>,
    /// Number of the axis of transport.
    pub(super) axis: usize,
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

/// Partial sums kept side by side.
const LANES: usize = 8;

/// True residual of one row in double precision; returns its energy and the diagonal's norm of `x`, squared.
#[inline(always)]
pub(super) fn truth(s: &Stencil, open: &[u8], x: &[f32], n: &Neighbours<'_>, r: &mut [f32]) -> [f64; 2] {
    let len = r.len();
    let rows = n.0.map(|row| &row[..len]);
    let g = s.faces.map(f64::from);
    let (open, x) = (&open[..len], &x[..len]);
    // The straight profile loses 1 per slice towards the outlet.
    let straight: [f64; 6] = std::array::from_fn(|d| {
        if d / 2 != s.axis {
            0.0
        } else if d % 2 == 1 {
            1.0
        } else {
            -1.0
        }
    });
    let (mut energy, mut weight) = ([0.0; LANES], [0.0; LANES]);
    let mut from = 0;
    while from < len {
        let lanes = LANES.min(len - from);
        for lane in 0..lanes {
            let k = from + lane;
            let (o, h) = (open[k], f64::from(x[k]));
            let (mut residual, mut e, mut diagonal) = (0.0, 0.0, 0.0);
            for d in 0..6 {
                let g = if o >> d & 1 == 1 { g[d / 2] } else { 0.0 };
                let drop = straight[d] + (h - f64::from(rows[d][k]));
                residual -= g * drop;
                // Half of the face belongs to each side.
                e += 0.5 * g * drop * drop;
                diagonal += g;
            }
            for (mask, half) in [(bit::INLET, -0.5), (bit::OUTLET, 0.5)] {
                let g = if o & mask != 0 { 2.0 } else { 0.0 };
                let drop = half + h;
                residual -= g * drop;
                e += g * drop * drop;
                diagonal += g;
            }
            r[k] = residual as f32;
            energy[lane] += e;
            weight[lane] += diagonal * h * h;
        }
        from += LANES;
    }
    [energy.iter().sum(), weight.iter().sum()]
}
