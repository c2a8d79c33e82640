//! The host without its structure: effective conductivities of the slices that react, and what follows from them.

use std::ops::Range;

use foamflux_electro::theory::Macrohomogeneous;
use foamflux_electro::{Cell, Collector, constants};
use foamflux_grid::{Axis, Label, Labels, Region, Watch};
use foamflux_results::CurrentGroups;
use foamflux_transport::{Backend, Coefficients, Problem, Setup, SolveError, Stop};

use super::CurrentSettings;
use crate::error::PipelineError;

/// Relative error of effective conductivities: groups are no more than guides.
const TOL: f64 = 1e-3;

/// Effective conductivities of the slices that react.
#[derive(Debug, Clone)]
pub(super) struct Effective {
    kappa: Option<f64>,
    sigma: Option<f64>,
    /// Slices that react, from the separator.
    pub(super) slices: Range<usize>,
    depth: f64,
    /// Volume of the electrolyte that takes part in m3.
    electrolyte: f64,
}

/// Solves for both conductivities; none where a medium does not cross those slices.
pub(super) fn effective(
    labels: &Labels,
    cell: &Cell,
    settings: &CurrentSettings,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<Effective, PipelineError> {
    let (mut first, mut end) = (usize::MAX, 0);
    for face in cell.faces() {
        let k = cell.slice_of(face.pore());
        (first, end) = (first.min(k), end.max(k + 1));
    }
    // A cell has faces, but a range must not be reversed whatever happens.
    let slices = first.min(end)..end;
    let axis = settings.setting.axis;
    let shape = labels.shape();
    let n = shape.along(axis);
    let range = match settings.setting.collector {
        Collector::Last => slices.clone(),
        Collector::First => n - slices.end..n - slices.start,
    };
    let mut region = Region { x0: 0, x1: shape.x, y0: 0, y1: shape.y, z0: 0, z1: shape.z };
    match axis {
        Axis::X => (region.x0, region.x1) = (range.start, range.end),
        Axis::Y => (region.y0, region.y1) = (range.start, range.end),
        Axis::Z => (region.z0, region.z1) = (range.start, range.end),
    }
    let part = Labels::new(labels.volume().crop(region)?)?;
    let solve = |values: [f64; 9]| -> Result<Option<f64>, PipelineError> {
        let present = part.counts();
        let values = std::array::from_fn(|l| if present[l] > 0 { values[l] } else { 0.0 });
        let Ok(coefficients) = Coefficients::per_label(values) else { return Ok(None) };
        let Setup::Ready(problem) = Problem::new(&part, &coefficients, axis, settings.setting.sides)? else {
            return Ok(None);
        };
        let stop = Stop { tau_rel: TOL, ..Stop::default() };
        match backend.solve(&problem, &stop, watch) {
            Ok(solution) => Ok(Some(solution.d_eff_relative)),
            Err(SolveError::NotConverged { best, .. }) => Ok(Some(best.d_eff_relative)),
            Err(SolveError::Cancelled { .. }) => Err(PipelineError::Cancelled),
            Err(source) => Err(PipelineError::Solve { what: "effective conductivity".to_owned(), source }),
        }
    };
    let voxels = (0..shape.len()).filter(|&i| cell.is_electrolyte(i) == Some(true)).count();
    let spacing = labels.spacing();
    Ok(Effective {
        kappa: solve(settings.materials.kappa)?,
        sigma: solve(settings.materials.sigma)?,
        depth: slices.len() as f64 * spacing.along(axis),
        slices,
        electrolyte: voxels as f64 * spacing.voxel_volume(),
    })
}

impl Effective {
    /// Slope of the kinetics at a current density, with the mean exchange current density of the surface.
    fn slope(&self, cell: &Cell, settings: &CurrentSettings, mean: f64) -> f64 {
        let (mut i0, mut area) = (0.0, 0.0);
        for face in cell.faces() {
            let a = cell.area(face);
            i0 += a * f64::from(face.i0_factor) * settings.materials.surface[usize::from(face.label) % 9].i0;
            area += a;
        }
        let i0 = i0 / area;
        let alpha = settings.materials.kinetics.alpha();
        let volt = constants::thermal_voltage(settings.materials.temperature_k);
        // Between the linear slope and Tafel's, as a hyperbolic sine has it.
        let tafel = if mean > 0.0 { alpha } else { 1.0 - alpha } * mean.abs();
        (i0 * i0 + tafel * tafel).sqrt() / volt
    }

    /// The homogeneous electrode of the same numbers.
    pub(super) fn homogeneous(
        &self,
        cell: &Cell,
        settings: &CurrentSettings,
        mean: f64,
        area: f64,
    ) -> Option<Macrohomogeneous> {
        Some(Macrohomogeneous {
            depth: self.depth,
            kappa: self.kappa?,
            sigma: self.sigma?,
            area: area / (cell.projected_area() * self.depth),
            slope: self.slope(cell, settings, mean),
        })
    }

    pub(super) fn groups(
        &self,
        cell: &Cell,
        settings: &CurrentSettings,
        applied: f64,
        mean: f64,
        area: f64,
    ) -> CurrentGroups {
        let slope = self.slope(cell, settings, mean);
        let length = 4.0 * self.electrolyte / area;
        let kappa = settings.materials.kappa[Label::Pore as usize];
        let homogeneous = self.homogeneous(cell, settings, mean, area);
        let macmullin = self.kappa.map(|k| kappa / k);
        let salt = settings.salt;
        let area_density = area / (cell.projected_area() * self.depth);
        CurrentGroups {
            wagner: (kappa > 0.0).then(|| kappa / (slope * length)),
            wagner_length_m: Some(length),
            nu: homogeneous.map(|h| h.nu()),
            penetration_depth_m: self.kappa.map(|k| (k / (area_density * slope)).sqrt()),
            kappa_over_sigma: homogeneous.map(|h| h.ratio()),
            kappa_effective_s_per_m: self.kappa,
            sigma_effective_s_per_m: self.sigma,
            host_depth_m: self.depth,
            depletion: macmullin.map(|n| salt.depletion(applied, self.depth, n)),
            // From a reservoir at the separator: half of what a symmetric cell of the same gap has.
            limiting_current_a_per_m2: macmullin.map(|n| salt.limiting_current(self.depth, n) / 2.0),
            sand_time_s: Some(salt.sand_time(applied)),
            diffusion_time_s: Some(salt.diffusion_time(self.depth)),
        }
    }
}
