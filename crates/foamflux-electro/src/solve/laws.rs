//! The law of every face: kinetics, equilibrium, film and the half voxels on both sides.

use foamflux_grid::Axis;

use crate::cell::{Cell, Face};
use crate::kinetics::{Curve, Law};
use crate::materials::Materials;

/// One face's current at its state, and its tangent.
#[derive(Clone, Copy)]
pub(super) struct Tangent {
    /// Current density and its slope against overpotential.
    pub(super) j: f64,
    pub(super) slope: f64,
    /// Potential drop between the centres at which the state is exact.
    pub(super) drop: f64,
}

pub(super) struct Laws {
    pub(super) laws: [Law; 9],
    /// `E_eq` by label.
    pub(super) equilibrium: [f64; 9],
    film: [f64; 9],
    /// Half-voxel resistances in ohm m2 by axis and label.
    pub(super) half: [[f64; 9]; 3],
}

impl Laws {
    pub(super) fn new(cell: &Cell, materials: &Materials) -> Self {
        let curve = Curve::new(materials.kinetics, materials.temperature_k);
        let half = Axis::ALL.map(|axis| {
            let dx = cell.spacing.along(axis);
            std::array::from_fn(|l| {
                let conducts = materials.sigma[l].max(materials.kappa[l]);
                if conducts > 0.0 { 0.5 * dx / conducts } else { 0.0 }
            })
        });
        Laws {
            laws: materials.surface.map(|s| Law { curve, i0: s.i0, bare: s.bare }),
            equilibrium: materials.surface.map(|s| if s.bare { -s.eta_nuc } else { 0.0 }),
            film: materials.surface.map(|s| s.film),
            half,
        }
    }

    #[inline]
    pub(super) fn law(&self, face: &Face) -> &Law {
        &self.laws[usize::from(face.surface) % 9]
    }

    /// Series resistance per true area.
    #[inline]
    pub(super) fn rho(&self, face: &Face) -> f64 {
        let half = &self.half[face.axis.xyz_index()];
        let (s, e) = (usize::from(face.label) % 9, usize::from(face.electrolyte) % 9);
        self.film[usize::from(face.surface) % 9] + f64::from(face.weight) * (half[s] + half[e])
    }

    #[inline]
    pub(super) fn tangent(&self, face: &Face, eta: f64) -> Tangent {
        let point = self.law(face).at(eta);
        let equilibrium = self.equilibrium[usize::from(face.surface) % 9];
        Tangent { j: point.j, slope: point.slope, drop: eta + self.rho(face) * point.j - equilibrium }
    }

    /// Overpotential of a face at a potential drop.
    #[inline]
    pub(super) fn exact(&self, face: &Face, drop: f64, near: f64) -> f64 {
        let equilibrium = self.equilibrium[usize::from(face.surface) % 9];
        self.law(face).solve(drop + equilibrium, self.rho(face), near)
    }
}
