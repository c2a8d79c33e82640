//! Maps of a direction.

use foamflux_grid::Axis;

/// Potential, flux and losses along one direction; phases share the arrays, since no voxel belongs to two.
#[derive(Debug, Clone)]
pub struct Fields {
    /// Direction of the applied potential.
    pub axis: Axis,
    /// Potential, 1 at the inlet and 0 at the outlet; not a number where nothing flows. `[z][y][x]`.
    pub potential: Vec<f32>,
    /// Flux vector x, y, z per voxel, relative to the flux of the empty box. `[z][y][x]`.
    pub flux: Vec<[f32; 3]>,
    /// Dissipation over its mean over the phase's voxels; not a number where nothing flows. `[z][y][x]`.
    pub loss: Vec<f32>,
}

/// Lays a phase's fields into those of the direction: wherever this phase has a potential, its values stand.
pub(super) fn merge(fields: &mut Vec<Fields>, new: Fields) {
    match fields.iter_mut().find(|f| f.axis == new.axis) {
        None => fields.push(new),
        Some(f) => {
            for (i, &value) in new.potential.iter().enumerate().filter(|(_, v)| v.is_finite()) {
                f.potential[i] = value;
                f.flux[i] = new.flux[i];
                f.loss[i] = new.loss[i];
            }
        }
    }
}
