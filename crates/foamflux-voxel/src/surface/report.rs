//! All estimators side by side, and the one to believe.

use std::fmt;

use foamflux_grid::{GridError, Sample, Volume};
use serde::{Deserialize, Serialize};

use super::bits::Bits;
use super::marching_cubes::{marching_cubes_in_grey, marching_cubes_mask};
use super::normals::weighted_faces;
use super::{SurfaceArea, border_faces, crofton, faces};

/// A way to estimate surface area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Plain voxel faces: an upper bound, about 1.5 times the area.
    Faces,
    /// Voxel faces weighted by the direction of the surface.
    WeightedFaces,
    /// Crofton's formula over 13 directions.
    Crofton,
    /// Mesh between voxel centres, points half-way.
    MarchingCubes,
    /// Mesh between voxel centres, points where the grey field passes the threshold.
    GreyMarchingCubes,
}

impl Method {
    /// Name as the results spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Method::Faces => "faces",
            Method::WeightedFaces => "weighted_faces",
            Method::Crofton => "crofton",
            Method::MarchingCubes => "marching_cubes",
            Method::GreyMarchingCubes => "grey_marching_cubes",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The grey field that a mask was cut from.
///
/// Pass the field that was thresholded, after filtering: noise that the segmentation never saw roughens the mesh.
#[derive(Debug, Clone, Copy)]
pub struct GreyField<'a, T> {
    /// The field, bright or dark inside of the phase.
    pub field: &'a Volume<T>,
    /// The threshold, in the unit of the field.
    pub level: f64,
}

/// Areas by every method, in the squared unit of the spacing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SurfaceReport {
    /// Plain faces.
    pub faces: SurfaceArea,
    /// Weighted faces.
    pub weighted_faces: SurfaceArea,
    /// Crofton.
    pub crofton: SurfaceArea,
    /// Mesh of the mask.
    pub marching_cubes: SurfaceArea,
    /// Mesh of the grey field, where there is one.
    pub grey_marching_cubes: Option<SurfaceArea>,
    /// The method to believe.
    pub recommended: Method,
    /// Why, in a sentence.
    pub reason: String,
}

impl SurfaceReport {
    /// Area by a method; `None` where it needs a grey field and there was none.
    #[must_use]
    pub const fn area(&self, method: Method) -> Option<SurfaceArea> {
        match method {
            Method::Faces => Some(self.faces),
            Method::WeightedFaces => Some(self.weighted_faces),
            Method::Crofton => Some(self.crofton),
            Method::MarchingCubes => Some(self.marching_cubes),
            Method::GreyMarchingCubes => self.grey_marching_cubes,
        }
    }

    /// Area by the recommended method.
    #[must_use]
    pub const fn recommended_area(&self) -> SurfaceArea {
        match self.area(self.recommended) {
            Some(area) => area,
            None => self.weighted_faces,
        }
    }
}

/// How far the mesh of the grey field may lie from the weighted faces and still be believed.
///
/// On shapes of three voxels of radius and more the two differ by up to 3 %;
/// noise in the field, or a mask that was not cut from it, adds far more.
const AGREEMENT: f64 = 0.06;

/// Surface area by every method.
///
/// # Errors
/// [`GridError::Mismatch`] when mask and grey field have different shapes.
pub fn measure<T: Sample>(mask: &Volume<bool>, grey: Option<GreyField<'_, T>>) -> Result<SurfaceReport, GridError> {
    if let Some(g) = &grey
        && g.field.shape() != mask.shape()
    {
        return Err(GridError::Mismatch { left: mask.shape(), right: g.field.shape() });
    }
    let border = border_faces(mask);
    let bits = Bits::new(mask);
    let faces = SurfaceArea { interior: faces::interior(&bits, mask), border };
    let crofton = SurfaceArea { interior: crofton::interior(&bits, mask), border };
    drop(bits);
    let weighted_faces = weighted_faces(mask);
    let marching_cubes = marching_cubes_mask(mask);
    let grey_marching_cubes = grey.map(|g| marching_cubes_in_grey(mask, g.field, g.level));
    let (recommended, reason) = match grey_marching_cubes {
        None => (
            Method::WeightedFaces,
            "There is no grey field: faces weighted by the surface normal are within 1.5 % on struts of six voxels and \
             exact on planes along the axes."
                .to_owned(),
        ),
        Some(mesh) => {
            let apart = mesh.interior / weighted_faces.interior - 1.0;
            // An empty phase has no area by either method: 0/0 is not a disagreement.
            if apart.abs() > AGREEMENT {
                let reason = format!(
                    "The mesh of the grey field differs by {:+.1} % from the weighted faces, more than {:.0} %: the \
                     field is rough or the mask was not cut from it at this level, so the mask is believed.",
                    100.0 * apart,
                    100.0 * AGREEMENT
                );
                (Method::WeightedFaces, reason)
            } else {
                let reason = "The grey field places the surface between voxels, and its mesh agrees with the mask.";
                (Method::GreyMarchingCubes, reason.to_owned())
            }
        }
    };
    Ok(SurfaceReport { faces, weighted_faces, crofton, marching_cubes, grey_marching_cubes, recommended, reason })
}
