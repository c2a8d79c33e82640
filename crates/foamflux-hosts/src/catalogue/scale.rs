//! The lengths of a recipe: what has to be resolved, what has to be repeated, and boxes that do so.

use foamflux_grid::Shape;

use super::models::Model;
use super::recipe::Recipe;
use crate::error::HostError;

/// How many repeats a representative box needs along each edge, for tau and area (`needed`), by what it repeats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repeat {
    /// Length of a repeat along x, y, z in metres; zero along an axis where nothing has to repeat.
    pub length_m_xyz: [f64; 3],
    /// What repeats.
    pub what: &'static str,
}

impl Repeat {
    /// Repeats of a box for tau and area per volume: five cells a side.
    pub const NEEDED: f64 = 5.0;

    /// The smallest number of repeats along any edge of a box.
    #[must_use]
    pub fn across(&self, box_m: [f64; 3]) -> f64 {
        let edges = box_m.iter().zip(self.length_m_xyz).filter(|(_, l)| *l > 0.0);
        edges.map(|(edge, l)| edge / l).fold(f64::INFINITY, f64::min)
    }

    /// The longest repeat.
    #[must_use]
    pub fn longest_m(&self) -> f64 {
        self.length_m_xyz.into_iter().fold(0.0, f64::max)
    }
}

impl Recipe {
    /// Whether the depth of the box is that of the real layer, so that it is neither cut nor repeated.
    #[must_use]
    pub fn depth_is_real(&self) -> bool {
        let [x, _, z] = self.preset().size;
        matches!(self.preset().model, Model::Foil | Model::Interlayer) || x != z
    }

    /// What the structure repeats on; `None` for a plane.
    #[must_use]
    pub fn repeat(&self) -> Option<Repeat> {
        let shrunk = super::carbonise_table().into_iter().find(|c| c.0 == self.word("carbonise"));
        let (lengths, what) = match self.preset().model {
            Model::Foam => {
                let cell = self.value("cell_size") * (1.0 - shrunk.map_or(0.0, |c| c.2));
                ([cell, cell, cell * self.value("compression")], "cells")
            }
            Model::Fibres => {
                // Pitch of a square array of rods with this fraction.
                let quarter = std::f64::consts::FRAC_PI_4;
                ([self.value("diameter") * (quarter / self.value("volume_fraction")).sqrt(); 3], "fibre distances")
            }
            Model::Channels => ([self.value("pitch"), self.value("pitch"), 0.0], "channel distances"),
            Model::Spinodal | Model::Sheets => ([self.value("wavelength"); 3], "wavelengths"),
            Model::Spheres => ([self.value("diameter"); 3], "spheres"),
            Model::Interlayer => ([self.value("wavelength"); 3], "wavelengths"),
            Model::Foil if self.word("relief") == "flat" => return None,
            Model::Foil => ([self.value("wavelength"); 3], "wavelengths"),
        };
        let depth = if self.depth_is_real() { 0.0 } else { lengths[2] };
        Some(Repeat { length_m_xyz: [lengths[0], lengths[1], depth], what })
    }

    /// The finest length that voxels have to resolve, in metres.
    #[must_use]
    pub fn finest_m(&self) -> f64 {
        /// Ligaments and pores of a random field over its wavelength: about half, and thinner at necks.
        const LIGAMENT: f64 = 0.3;
        let wall = |outer: f64, ratio: f64| 0.5 * (1.0 - ratio) * outer;
        let body = match self.preset().model {
            Model::Foam => {
                // Corners of triangular sections are thinner than their area tells, concave ones far thinner.
                let corner = match self.word("section") {
                    "concave-triangle" => 0.3,
                    "triangle" => 0.6,
                    _ => 1.0,
                };
                let d = self.value("strut_diameter");
                if self.value("hollow") > 0.0 { wall(d, self.value("hollow")).min(corner * d) } else { corner * d }
            }
            Model::Fibres => {
                let (d, bore) = (self.value("diameter"), self.value("bore"));
                match self.word("inside") {
                    "hollow" => wall(d, bore).min(bore * d),
                    "lotus" => bore * d,
                    _ => d,
                }
            }
            Model::Channels => self.value("diameter").min(self.value("pitch") - self.value("diameter")),
            Model::Spinodal | Model::Interlayer => LIGAMENT * self.value("wavelength"),
            Model::Sheets => self.value("thickness"),
            Model::Spheres => match self.value("hollow") {
                h if h > 0.0 => wall(self.value("diameter"), h),
                _ => 0.25 * self.value("diameter"),
            },
            Model::Foil => 0.25 * self.value("wavelength"),
        };
        if matches!(self.word("sites"), "patches" | "particles") { body.min(self.value("site_size")) } else { body }
    }

    /// Coarser voxels, at most by this factor, that leave so many voxels across what has to be resolved.
    #[must_use]
    pub fn coarsened(self, most: f64, across: f64) -> Self {
        let edge = self.voxel_m_xyz().into_iter().fold(0.0, f64::max);
        let factor = (self.finest_m() / (across * edge)).clamp(1.0, most.max(1.0));
        let voxel = self.voxel_m_xyz().map(|m| m * factor);
        self.with_voxel_size_m(voxel)
    }

    /// A box of about `edge`^3 voxels: a cube, or as deep as the preset where that depth is the real one.
    ///
    /// # Errors
    /// [`HostError`] for an edge that no box can have.
    pub fn boxed(self, edge: usize) -> Result<Self, HostError> {
        if !self.depth_is_real() {
            return Ok(self.with_shape(Shape::cube(edge)?));
        }
        // The depth of the preset in its own voxels, whatever the voxels are now.
        let own = Recipe::named(self.preset().name)?;
        let depth = (own.box_m()[2] / self.voxel_m_xyz()[2]).round().max(1.0);
        let side = ((edge as f64).powi(3) / depth).sqrt().floor().max(1.0);
        let shape = Shape::new(depth as usize, side as usize, side as usize)?;
        Ok(self.with_shape(shape))
    }
}
