//! Errors of building hosts.

use foamflux_grid::{GridError, Shape};

/// Why a shape could not be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ShapeError {
    /// A length that must be positive and finite.
    #[error("{what} is {value}: give a positive finite length in the unit of the voxel size")]
    Length {
        /// Which length.
        what: &'static str,
        /// The refused value.
        value: f64,
    },
    /// A coordinate or angle that is not finite.
    #[error("{what} is not finite: {value}")]
    NotFinite {
        /// Which number.
        what: &'static str,
        /// The refused value.
        value: f64,
    },
    /// A direction without a length.
    #[error("direction {value:?} (x,y,z) has no finite positive length")]
    Direction {
        /// The refused direction.
        value: [f64; 3],
    },
    /// Two lengths in the wrong order.
    #[error("{larger} ({larger_value}) must exceed {smaller} ({smaller_value})")]
    Order {
        /// Name of the length that must be larger.
        larger: &'static str,
        /// Its value.
        larger_value: f64,
        /// Name of the length that must be smaller.
        smaller: &'static str,
        /// Its value.
        smaller_value: f64,
    },
}

/// Why a foam could not be generated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FoamError {
    /// A length that must be positive and finite.
    #[error("{what} is {value} m: give a positive finite length")]
    Length {
        /// Which length.
        what: &'static str,
        /// The refused value in metres.
        value: f64,
    },
    /// A dimensionless parameter outside its range.
    #[error("{what} is {value}: give a number from {low} to {high}")]
    Range {
        /// Which parameter.
        what: &'static str,
        /// The refused value.
        value: f64,
        /// Smallest accepted value.
        low: f64,
        /// Largest accepted value.
        high: f64,
    },
    /// No seed, or none left in the box.
    #[error("the foam has no cell: the box of {box_m:?} m (x,y,z) holds no seed at a cell size of {cell_size_m} m")]
    NoCells {
        /// Box edges in metres, x, y, z.
        box_m: [f64; 3],
        /// Cell size in metres; not a number where the seeds were given.
        cell_size_m: f64,
    },
    /// More cells than the program is willing to build.
    #[error("the box would hold about {cells:.3e} cells; at most {limit} are supported: enlarge the cell size")]
    TooManyCells {
        /// Number of cells asked for.
        cells: f64,
        /// Largest number.
        limit: usize,
    },
    /// A strut so thick that it fills its cell.
    #[error(
        "the strut diameter {diameter_m} m is not below {limit_m} m, half of the cell size: the cells would have no \
         windows left; make the struts thinner or the cells larger"
    )]
    StrutTooThick {
        /// Strut diameter in metres.
        diameter_m: f64,
        /// Largest diameter in metres.
        limit_m: f64,
    },
    /// Random placing did not find room.
    #[error(
        "only {placed} of {wanted} hard-core seeds found room after {attempts} attempts: lower the minimum distance \
         (now {min_distance} of the mean spacing)"
    )]
    Crowded {
        /// Seeds placed.
        placed: usize,
        /// Seeds wanted.
        wanted: usize,
        /// Attempts made.
        attempts: usize,
        /// Hard-core distance as a fraction of the mean spacing.
        min_distance: f64,
    },
    /// Two seeds at the same place.
    #[error("seeds {first} and {second} are {distance_m} m apart, too close for a cell wall between them")]
    SeedsCoincide {
        /// Index of one.
        first: usize,
        /// Index of the other.
        second: usize,
        /// Their distance in metres.
        distance_m: f64,
    },
    /// The cells do not fit together; rounding has broken the tessellation.
    #[error("the tessellation is inconsistent ({what}); move the seeds slightly or use another seed number")]
    Inconsistent {
        /// What does not fit.
        what: String,
    },
    /// A grid that is not the foam's box.
    #[error("the grid spans {grid:?} m (x,y,z) but the foam's box is {box_m:?} m; they must agree")]
    BoxMismatch {
        /// Extent of the grid in metres.
        grid: [f64; 3],
        /// Edges of the box in metres.
        box_m: [f64; 3],
    },
    /// A foam drawn into a volume without a voxel size.
    #[error("a foam has lengths in metres and cannot be drawn into a volume whose voxel size is unknown")]
    VoxelSizeUnknown,
    /// The grid itself is not usable.
    #[error(transparent)]
    Grid(#[from] GridError),
}

/// Why a grey stack could not be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GreyError {
    /// A parameter outside its range.
    #[error("grey parameter {what} is {value}: give {wanted}")]
    Parameter {
        /// Which parameter.
        what: &'static str,
        /// The refused value.
        value: f64,
        /// What is accepted.
        wanted: &'static str,
    },
    /// A coverage value outside 0 to 1.
    #[error("coverage {value} at x,y,z = {x},{y},{z} of shape {shape} (z,y,x) is not between 0 and 1")]
    Coverage {
        /// The value found.
        value: f32,
        /// Column.
        x: usize,
        /// Row.
        y: usize,
        /// Slice.
        z: usize,
        /// Shape of the volume.
        shape: Shape,
    },
    /// The grid itself is not usable.
    #[error(transparent)]
    Grid(#[from] GridError),
}

/// Why a host could not be generated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HostError {
    /// A parameter that no table has.
    #[error("'{key}' is not a parameter of {host}: {meant}its parameters are {known}")]
    UnknownKey {
        /// The key given.
        key: String,
        /// The host.
        host: String,
        /// What may have been meant, as a question.
        meant: String,
        /// The allowed keys.
        known: String,
    },
    /// A name that no host has.
    #[error("'{name}' is not a host: {meant}write one of {known}; 'foamflux host --list' says what they are")]
    UnknownHost {
        /// The name given.
        name: String,
        /// What may have been meant, as a question.
        meant: String,
        /// The known names.
        known: String,
    },
    /// A value outside of its range, or not of its kind.
    #[error("{key} = {value}: {wanted}")]
    Parameter {
        /// The parameter.
        key: String,
        /// The refused value as the user wrote it.
        value: String,
        /// What is accepted.
        wanted: String,
    },
    /// A combination that cannot be built.
    #[error("{key} = {value} cannot be reached: {why}")]
    Unreachable {
        /// The parameter.
        key: &'static str,
        /// The wanted value.
        value: f64,
        /// What stands in the way, and what to change.
        why: String,
    },
    /// The foam.
    #[error(transparent)]
    Foam(#[from] FoamError),
    /// The grey stack.
    #[error(transparent)]
    Grey(#[from] GreyError),
    /// The grid.
    #[error(transparent)]
    Grid(#[from] GridError),
}

/// A number within its range, or an error that names the parameter and the range.
pub(crate) fn within(key: &str, value: f64, low: f64, high: f64, unit: &str) -> Result<(), HostError> {
    // A comparison with NaN is false, so NaN is refused as well.
    if value >= low && value <= high {
        return Ok(());
    }
    let wanted = format!("give a value from {low}{unit} to {high}{unit}");
    Err(HostError::Parameter { key: key.to_owned(), value: format!("{value}{unit}"), wanted })
}
