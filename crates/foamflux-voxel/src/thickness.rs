//! Local thickness.

use foamflux_grid::{Volume, Watch};

use crate::distance::{Border, boundary_distance};

/// Diameter of the largest ball inside of the phase that covers each voxel; zero outside.
#[must_use]
pub fn local_thickness(mask: &Volume<bool>, _watch: &dyn Watch) -> Volume<f32> {
    boundary_distance(mask, Border::Open).map(|d| 2.0 * d)
}
