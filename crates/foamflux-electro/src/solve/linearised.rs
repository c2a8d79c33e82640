//! The coupled system at rest, with any exchange on its faces: what impedance is solved with.

use foamflux_grid::Watch;
use foamflux_transport::links::{LinksSolver, LinksStop};

use super::newton::Newton;
use super::{Drive, Options};
use crate::cell::Cell;
use crate::error::ElectroError;
use crate::materials::Materials;

/// The system of both potentials.
pub(crate) struct Linearised<'a> {
    newton: Newton<'a>,
    /// Exchange conductance of every face, as the system has it.
    held: Vec<f32>,
    /// Those that the coarse levels were built of.
    built: Vec<f32>,
    /// Cluster of electrolyte of every unknown; [`SOLID`] where it is none.
    clusters: Vec<u32>,
}

/// Cluster of what is solid.
const SOLID: u32 = u32::MAX;

/// Change of exchange on average, in logarithms, from which coarse levels are built anew.
const REBUILD: f64 = 0.4;

impl<'a> Linearised<'a> {
    pub(crate) fn new(
        cell: &'a Cell,
        materials: &Materials,
        drive: Drive,
        options: &'a Options,
    ) -> Result<Self, ElectroError> {
        let newton = Newton::new(cell, materials, drive, options)?;
        let clusters = newton.clusters.by_unknown(SOLID);
        Ok(Linearised { held: Vec::new(), built: Vec::new(), clusters, newton })
    }

    /// Currents that drive it in A.
    pub(crate) fn drive(&self) -> Vec<f64> {
        let mut b = vec![0.0; self.newton.phi.len()];
        self.newton.feed(&mut b);
        b
    }

    /// Cluster of electrolyte of every unknown, and of every face.
    pub(crate) fn clusters(&self) -> (&[u32], &[u32]) {
        (&self.clusters, &self.newton.cell.component)
    }

    /// Slope of the reaction at rest in A/(m2 V), series resistance in ohm m2, and true area in m2 of every face.
    pub(crate) fn faces(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        let (cell, laws) = (self.newton.cell, &self.newton.laws);
        cell.faces.iter().map(move |f| (laws.law(f).at(0.0).slope, laws.rho(f), cell.area(f)))
    }

    /// Unknowns of electrolyte and solid of every face.
    pub(crate) fn places(&self) -> impl Iterator<Item = [usize; 2]> {
        self.newton.places.iter().map(|p| [p.e as usize, p.s as usize])
    }

    /// Exchange conductances that the system holds.
    pub(crate) fn held(&self) -> impl Iterator<Item = f64> {
        self.held.iter().map(|&g| f64::from(g))
    }

    pub(crate) const fn double(&self) -> bool {
        self.newton.double
    }

    /// Gives faces other exchange conductances.
    pub(crate) fn exchange(&mut self, conductances: impl Iterator<Item = f64>) -> Result<(), ElectroError> {
        self.held = conductances.map(|g| g as f32).collect();
        let newton = &mut self.newton;
        for ((face, place), &g) in newton.cell.faces.iter().zip(&newton.places).zip(&self.held) {
            let lower = if face.solid_below { place.s } else { place.e };
            newton.links.set_conductance(lower as usize, face.axis, g);
        }
        newton.links.refresh();
        let change: f64 = self.held.iter().zip(&self.built).map(|(a, b)| f64::from((a / b).ln().abs())).sum();
        if self.built.is_empty() || change.is_nan() || change > REBUILD * self.held.len() as f64 {
            newton.links.build_levels(&newton.lattice)?;
            self.built.clone_from(&self.held);
        }
        Ok(())
    }

    pub(crate) fn residual(&self, x: &[f64], b: &[f64]) -> Result<Vec<f64>, ElectroError> {
        Ok(self.newton.links.residual(x, b)?)
    }

    pub(crate) fn correct(
        &self,
        solver: &mut dyn LinksSolver,
        residual: &[f64],
        x: &mut [f64],
        stop: &LinksStop,
        watch: &dyn Watch,
    ) -> Result<(), ElectroError> {
        solver.correct(&self.newton.links, residual, x, stop, watch)?;
        Ok(())
    }

    /// Resistance in ohm m2 of cross-section between the separator's plane and the centres of its voxels, as means over
    /// the plane's currents.
    pub(crate) fn plane_resistance(&self) -> f64 {
        let cell = self.newton.cell;
        let axis = cell.setting.axis;
        let open = cell.top.len() as f64 * cell.spacing.face_area(axis);
        let half: f64 = cell
            .top
            .iter()
            .map(|&(voxel, _)| {
                let voxel = voxel as usize;
                self.newton.laws.half(axis, usize::from(cell.labels[voxel]), voxel)
            })
            .sum();
        half / cell.top.len() as f64 * cell.projected_area() / open
    }
}
