//! Exchange current densities that differ from place to place within a label.

use foamflux_grid::Label;

use crate::cell::Cell;
use crate::error::ElectroError;
use crate::materials::Materials;

/// What a map made of the reacting surface, weighted by true area.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct I0Mapped {
    /// Smallest exchange current density in A/m2.
    pub min: f64,
    /// Mean.
    pub mean: f64,
    /// Largest.
    pub max: f64,
    /// Standard deviation over mean.
    pub cv: f64,
}

impl Cell {
    /// Gives every reacting face the exchange current density of its solid voxel: `value` in A/m2, or over that of the label where
    /// `relative`.
    ///
    /// # Errors
    /// [`ElectroError::I0Map`] where a reacting voxel has none above zero.
    pub fn set_i0(
        &mut self,
        materials: &Materials,
        relative: bool,
        value: impl Fn(usize) -> f64,
    ) -> Result<I0Mapped, ElectroError> {
        let mut bad: Vec<usize> = Vec::new();
        let (mut min, mut max) = (f64::INFINITY, 0.0f64);
        let (mut area, mut sum, mut square) = (0.0, 0.0, 0.0);
        let mut factors = Vec::with_capacity(self.faces.len());
        for face in &self.faces {
            let own = materials.surface[usize::from(face.surface) % 9].i0;
            let given = value(face.solid());
            if !(given.is_finite() && given > 0.0) {
                bad.push(face.solid());
            }
            let factor = if relative { given } else { given / own };
            let (i0, a) = (factor * own, self.area(face));
            (min, max) = (min.min(i0), max.max(i0));
            area += a;
            sum += a * i0;
            square += a * i0 * i0;
            factors.push(factor as f32);
        }
        bad.sort_unstable();
        bad.dedup();
        if let Some(&voxel) = bad.first() {
            let (z, y, x) = self.shape.zyx_of(voxel);
            let label = Label::ALL.get(usize::from(self.labels[voxel])).copied().unwrap_or(Label::Other);
            return Err(ElectroError::I0Map { value: value(voxel), xyz: [x, y, z], label, voxels: bad.len() });
        }
        for (face, factor) in self.faces.iter_mut().zip(factors) {
            face.i0_factor = factor;
        }
        let mean = sum / area;
        Ok(I0Mapped { min, mean, max, cv: (square / area - mean * mean).max(0.0).sqrt() / mean })
    }
}
