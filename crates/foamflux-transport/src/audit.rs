//! An independent look at a potential: energy, residual and fluxes through every cross-section, in double precision.
//!
//! It walks over runs of voxels, not over a backend's storage, so every backend's answer passes through the same check.
//! tau comes from the dissipated energy `sum g (drop)^2`, which is second order in the error of the potential
//! (Dirichlet's principle), never from the flux through one face, which is first order.

use foamflux_grid::Axis;
use rayon::prelude::*;

use crate::problem::LATERAL;
use crate::{Deviation, Problem};

/// Rows per parallel block; fixed, so that sums do not depend on the number of threads.
const BLOCKS: usize = 256;

/// What a potential implies, in scaled units.
#[derive(Debug, Clone)]
pub(crate) struct Audit {
    /// Dissipated energy; one per voxel in a box full of the best conductor.
    pub(crate) energy: f64,
    /// Euclidean norm of the residual over that of the Dirichlet problem's right-hand side.
    pub(crate) residual: f64,
    /// Flux through every cross-section, the inlet first, the outlet last.
    pub(crate) sections: Vec<f64>,
}

/// Scaled fluxes through the faces of the unknowns of one row, counted positive towards +x, +y, +z:
/// -x, +x, -y, +y, -z, +z face. Along the axis of transport the electrodes' half faces are included,
/// and positive means from inlet to outlet.
pub(crate) struct RowFluxes {
    pub(crate) faces: Vec<[f64; 6]>,
    /// Energy of the faces towards higher coordinates and of the electrodes.
    pub(crate) energy: f64,
    /// Squared right-hand side of the Dirichlet problem.
    drive: f64,
}

/// Fluxes of row `(z, y)`.
pub(crate) fn row_fluxes(problem: &Problem, deviation: &Deviation, (z, y): (usize, usize)) -> RowFluxes {
    let runs = problem.runs().row(z, y);
    let base = runs.first().map_or(0, |r| r.first as usize);
    let len: usize = runs.iter().map(|r| r.len()).sum();
    let mut row = RowFluxes { faces: vec![[0.0; 6]; len], energy: 0.0, drive: 0.0 };
    let flow = problem.axis();
    let cross = |row: &mut RowFluxes, axis: Axis, up: bool, i: usize, j: usize| {
        let straight = f64::from(u8::from(axis == flow));
        let rise = deviation.at(i) - deviation.at(j);
        let drop = straight + if up { rise } else { -rise };
        let flux = problem.between(axis, i, j) * drop;
        row.faces[i - base][2 * axis.xyz_index() + usize::from(up)] = flux;
        if up {
            row.energy += flux * drop;
        }
    };
    for run in runs {
        let (first, end) = (run.first as usize, run.first as usize + run.len());
        for i in first + 1..end {
            cross(&mut row, Axis::X, true, i - 1, i);
            cross(&mut row, Axis::X, false, i, i - 1);
        }
    }
    if let Some((first, last)) = problem.x_wrap(runs) {
        cross(&mut row, Axis::X, true, last as usize, first as usize);
        cross(&mut row, Axis::X, false, first as usize, last as usize);
    }
    for (axis, up) in LATERAL {
        problem.for_neighbours((z, y), (axis, up), |i, j, len| {
            for k in 0..len {
                cross(&mut row, axis, up, i as usize + k, j as usize + k);
            }
        });
    }
    let slices = problem.slices();
    let mut end_face = |i: usize, outlet: bool| {
        let g = problem.to_electrode(i);
        let drop = 0.5 + if outlet { deviation.at(i) } else { -deviation.at(i) };
        row.faces[i - base][2 * flow.xyz_index() + usize::from(outlet)] = g * drop;
        row.energy += g * drop * drop;
        if !outlet {
            row.drive += (g * slices as f64).powi(2);
        }
    };
    for run in runs {
        let (first, last) = (run.first as usize, run.first as usize + run.len() - 1);
        if flow == Axis::X {
            if run.x0 == 0 {
                end_face(first, false);
            }
            if run.x1 as usize == slices {
                end_face(last, true);
            }
        } else {
            let at = if flow == Axis::Y { y } else { z };
            for i in first..=last {
                if at == 0 {
                    end_face(i, false);
                }
                if at + 1 == slices {
                    end_face(i, true);
                }
            }
        }
    }
    row
}

/// Looks at a potential.
pub(crate) fn audit(problem: &Problem, deviation: &Deviation) -> Audit {
    let (shape, flow, slices) = (problem.shape(), problem.axis(), problem.slices());
    let rows = shape.z * shape.y;
    let per_block = rows.div_ceil(BLOCKS);
    let axis = flow.xyz_index();
    let parts: Vec<(f64, f64, f64, Vec<f64>)> = (0..rows.div_ceil(per_block))
        .into_par_iter()
        .map(|block| {
            let (mut energy, mut squares, mut drive) = (0.0, 0.0, 0.0);
            let mut sections = vec![0.0; slices + 1];
            for row in block * per_block..((block + 1) * per_block).min(rows) {
                let (z, y) = (row / shape.y, row % shape.y);
                let fluxes = row_fluxes(problem, deviation, (z, y));
                energy += fluxes.energy;
                drive += fluxes.drive;
                for f in &fluxes.faces {
                    squares += (f[0] - f[1] + f[2] - f[3] + f[4] - f[5]).powi(2);
                }
                let mut k = 0;
                for run in problem.runs().row(z, y) {
                    for x in run.x0 as usize..run.x1 as usize {
                        let depth = [x, y, z][axis];
                        let f = fluxes.faces[k];
                        k += 1;
                        // Every cross-section once: the inlet by the faces before the first slice, others by those after.
                        if depth == 0 {
                            sections[0] += f[2 * axis];
                        }
                        sections[depth + 1] += f[2 * axis + 1];
                    }
                }
            }
            (energy, squares, drive, sections)
        })
        .collect();
    let mut total = Audit { energy: 0.0, residual: 0.0, sections: vec![0.0; slices + 1] };
    let (mut squares, mut drive) = (0.0, 0.0);
    for (energy, square, drive_part, sections) in parts {
        total.energy += energy;
        squares += square;
        drive += drive_part;
        for (sum, part) in total.sections.iter_mut().zip(sections) {
            *sum += part;
        }
    }
    total.residual = if drive > 0.0 { (squares / drive).sqrt() } else { 0.0 };
    total
}

impl Audit {
    /// Largest deviation of a section's flux from the effective flux, relative.
    pub(crate) fn imbalance(&self, slices: usize) -> f64 {
        // The energy is the effective flux times the whole potential drop of one per slice.
        let flux = self.energy / slices as f64;
        if flux > 0.0 { self.sections.iter().map(|s| (s - flux).abs()).fold(0.0, f64::max) / flux } else { 0.0 }
    }
}
