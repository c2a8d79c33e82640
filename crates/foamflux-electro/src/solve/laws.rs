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

pub(super) struct Laws<'a> {
    curve: Curve,
    i0: [f64; 9],
    bare: [bool; 9],
    /// `E_eq` by label.
    pub(super) equilibrium: [f64; 9],
    film: [f64; 9],
    /// Half-voxel resistances in ohm m2 by axis and label.
    half: [[f64; 9]; 3],
    /// Conductivity of every voxel over that of its label; empty where it is one.
    conducts: &'a [f32],
}

impl<'a> Laws<'a> {
    pub(super) fn new(cell: &'a Cell, materials: &Materials) -> Self {
        let half = Axis::ALL.map(|axis| {
            let dx = cell.spacing.along(axis);
            std::array::from_fn(|l| {
                let conducts = materials.sigma[l].max(materials.kappa[l]);
                if conducts > 0.0 { 0.5 * dx / conducts } else { 0.0 }
            })
        });
        Laws {
            curve: Curve::new(materials.kinetics, materials.temperature_k),
            i0: materials.surface.map(|s| s.i0),
            bare: materials.surface.map(|s| s.bare),
            equilibrium: materials.surface.map(|s| if s.bare { -s.eta_nuc } else { 0.0 }),
            film: materials.surface.map(|s| s.film),
            half,
            conducts: &cell.conducts,
        }
    }

    /// The law of a label's surface.
    #[inline]
    pub(super) fn of(&self, label: usize) -> Law<'_> {
        Law { curve: &self.curve, i0: self.i0[label], bare: self.bare[label] }
    }

    #[inline]
    pub(super) fn law(&self, face: &Face) -> Law<'_> {
        let law = self.of(usize::from(face.surface) % 9);
        Law { i0: law.i0 * f64::from(face.i0_factor), ..law }
    }

    /// What is added to the potential drop of a face.
    #[inline]
    pub(super) fn equilibrium(&self, face: &Face) -> f64 {
        self.equilibrium[usize::from(face.surface) % 9] + f64::from(face.shift)
    }

    /// Resistance of half a voxel in ohm m2.
    #[inline]
    pub(super) fn half(&self, axis: Axis, label: usize, voxel: usize) -> f64 {
        let half = self.half[axis.xyz_index()][label % 9];
        self.conducts.get(voxel).map_or(half, |&factor| half / f64::from(factor))
    }

    /// Series resistance per true area.
    #[inline]
    pub(super) fn rho(&self, face: &Face) -> f64 {
        let solid = self.half(face.axis, usize::from(face.label), face.solid());
        let pore = self.half(face.axis, usize::from(face.electrolyte), face.pore());
        self.film[usize::from(face.surface) % 9] + f64::from(face.weight) * (solid + pore)
    }

    #[inline]
    pub(super) fn tangent(&self, face: &Face, eta: f64) -> Tangent {
        let point = self.law(face).at(eta);
        Tangent { j: point.j, slope: point.slope, drop: eta + self.rho(face) * point.j - self.equilibrium(face) }
    }

    /// Overpotential of a face at a potential drop.
    #[inline]
    pub(super) fn exact(&self, face: &Face, drop: f64, near: f64) -> f64 {
        self.law(face).solve(drop + self.equilibrium(face), self.rho(face), near)
    }
}
