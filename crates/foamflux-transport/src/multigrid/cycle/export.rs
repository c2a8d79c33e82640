//! The stored levels as plain arrays, for devices that cannot use ours.

use rayon::prelude::*;

use super::{Below, Cholesky, Cycle, Level};
use crate::device::{self, DIRECT_UP_TO, Next};
use crate::multigrid::{Layout, Matrix, Transfer};

impl Cycle {
    /// Builds the levels below a first stored one, for a device.
    pub(crate) fn exported(first: Matrix, layout: Layout, unknowns_above: usize) -> Vec<device::Level> {
        export(&Cycle::levels(first, layout, unknowns_above))
    }

    /// The same from a cycle that is already there.
    pub(crate) fn exports(&self) -> Vec<device::Level> {
        export(&self.levels)
    }
}

fn export(levels: &[Level]) -> Vec<device::Level> {
    let mut out = Vec::with_capacity(levels.len());
    for level in levels {
        let small = level.matrix.len() <= DIRECT_UP_TO;
        let next = match &level.below {
            // What is cheap to solve at once needs no further levels.
            Below::Level(_) | Below::Factor(_) if small => Next::Inverse(inverse(&Cholesky::of(&level.matrix))),
            Below::Level(transfer) => Next::Level(transfer.into()),
            Below::Factor(factor) => Next::Inverse(inverse(factor)),
            Below::Nothing => Next::Nothing,
        };
        let last = !matches!(next, Next::Level(_));
        out.push(device::Level { two_steps: level.two_steps && !last, next, ..device::Level::of(&level.matrix) });
        if last {
            break;
        }
    }
    out
}

/// The inverse as a whole matrix, symmetric to the last digit.
fn inverse(factor: &Cholesky) -> Vec<f32> {
    let n = factor.len();
    let mut out = vec![0f32; n * n];
    out.par_chunks_mut(n.max(1)).enumerate().for_each(|(i, row)| {
        let mut unit = vec![0f32; n];
        unit[i] = 1.0;
        factor.solve(&unit, row);
    });
    for i in 0..n {
        for j in 0..i {
            out[i * n + j] = out[j * n + i];
        }
    }
    out
}

impl From<Transfer> for device::Transfer {
    fn from(t: Transfer) -> Self {
        device::Transfer { to_coarse: t.to_coarse, first: t.first, children: t.children }
    }
}

impl From<&Transfer> for device::Transfer {
    fn from(t: &Transfer) -> Self {
        device::Transfer { to_coarse: t.to_coarse.clone(), first: t.first.clone(), children: t.children.clone() }
    }
}
