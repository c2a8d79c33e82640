//! What can go wrong.

use foamflux_grid::Shape;

/// Why a network could not be found.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// More voxels than 32-bit numbers.
    #[error(
        "a volume of {shape} voxels (z,y,x) is more than the {} that can be thinned at once: crop it with --crop \
         x0:x1,y0:y1,z0:z1 or merge voxels with --bin 2",
        u32::MAX - 1
    )]
    TooLarge {
        /// Shape of the volume.
        shape: Shape,
    },
    /// Thinning changed the topology, which it must not.
    #[error(
        "thinning changed the topology of the solid, from {before} to {after}: this is a mistake of the program, please \
         report it with the input"
    )]
    Topology {
        /// Components and Euler number before.
        before: String,
        /// Components and Euler number after.
        after: String,
    },
    /// A parameter out of its range.
    #[error("{what} is {value}, and must be {range}")]
    Parameter {
        /// Which.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// The components could not be counted.
    #[error(transparent)]
    Components(#[from] foamflux_voxel::components::ComponentsError),
    /// The user asked to stop.
    #[error("stopped on request")]
    Cancelled,
}
