//! Where Newton's method starts when a similar cell was solved before: its potentials instead of even ones.

use foamflux_grid::Axis;

use super::newton::Newton;
use crate::cell::Cell;
use crate::distribution::Distribution;

/// Potentials of an earlier solve by voxel, for a cell of the same box whose labels differ in a few voxels.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    /// Potential of every voxel in V, not a number where there is none. In good conductors currents are differences of the
    /// last digits, which single precision would lose.
    pub phi: Vec<f64>,
    /// Whether that is the potential of the electrolyte; that of a voxel which has changed sides is no guess.
    pub electrolyte: Vec<bool>,
    /// Potential of the separator's plane in V.
    pub plane: f64,
}

impl Distribution {
    /// The potentials as a start for a similar cell.
    #[must_use]
    pub fn guess(&self, cell: &Cell) -> Guess {
        let voxels = cell.shape.len();
        Guess {
            phi: (0..voxels).map(|v| self.potential(v).unwrap_or(f64::NAN)).collect(),
            electrolyte: (0..voxels).map(|v| cell.is_electrolyte(v) == Some(true)).collect(),
            plane: self.overpotential_v,
        }
    }
}

impl Newton<'_> {
    /// Takes the potentials of a guess where it has one, else the mean of neighbours in the same medium that have one;
    /// what has neither keeps the even potential.
    pub(super) fn adopt(&mut self, guess: &Guess) {
        let cell = self.cell;
        if guess.phi.len() != cell.shape.len() || guess.electrolyte.len() != cell.shape.len() {
            return;
        }
        let known = |voxel: usize, electrolyte: bool| {
            let phi = guess.phi[voxel];
            (guess.electrolyte[voxel] == electrolyte && phi.is_finite()).then_some(phi)
        };
        for voxel in 0..cell.shape.len() {
            let (Some(electrolyte), Some(i)) = (cell.is_electrolyte(voxel), self.links.unknown(voxel)) else {
                continue;
            };
            let (z, y, x) = cell.shape.zyx_of(voxel);
            let near = || {
                let (mut sum, mut count) = (0.0, 0.0);
                for (axis, at) in [(Axis::X, x), (Axis::Y, y), (Axis::Z, z)] {
                    let stride = cell.shape.stride(axis);
                    let below = (at > 0).then(|| voxel - stride);
                    let above = (at + 1 < cell.shape.along(axis)).then(|| voxel + stride);
                    for phi in below.into_iter().chain(above).filter_map(|n| known(n, electrolyte)) {
                        sum += phi;
                        count += 1.0;
                    }
                }
                (count > 0.0).then(|| sum / count)
            };
            if let Some(phi) = known(voxel, electrolyte).or_else(near) {
                self.phi[i] = phi;
            }
        }
        if !matches!(self.drive, super::Drive::Voltage(_)) {
            self.plane = guess.plane;
        }
        // What has changed for a whole cluster, such as its surface, is found on the faces alone; linear systems are left with
        // what changed from place to place.
        self.j = self.balance();
    }
}
