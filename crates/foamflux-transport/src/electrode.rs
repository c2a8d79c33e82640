//! Electrode tortuosity factor tau_e: what an impedance measurement of a blocking electrode sees, dead ends included.
//!
//! **Symbols.** Re Z resistance at zero frequency [ohm]; kappa conductivity of the electrolyte [S/m]; eps its whole volume
//! fraction; A cross-section [m2] and L thickness [m] of the box; R_ion ionic resistance of a homogeneous electrode [ohm];
//! C capacity of the walls [F]; s_i current into voxel i through its walls, I their sum [A].
//!
//! **Equation.** A homogeneous electrode with blocking walls, an inert conductor of negligible resistance and a collector
//! that passes no ions is a transmission line, `Z = R_ion coth(sqrt(i w R_ion C)) / sqrt(i w R_ion C)`,
//! whose real part tends to `R_ion / 3` with `R_ion = tau_e L / (eps kappa A)`. Hence
//! `tau_e = 3 Re Z(0) eps kappa A / L` (concept: Nguyen et al., npj Comput. Mater. 2020, doi 10.1038/s41524-020-00386-4;
//! method of measurement: Landesfeind et al., J. Electrochem. Soc. 2016).
//!
//! **Zero frequency.** At low frequency the walls charge evenly over their area, whatever the resistances.
//! So one real problem replaces complex ones: `div(kappa grad u) = 0` in the electrolyte, u = 0 on the separator (the
//! outer face of the box), an even current through the walls, none through collector and sides.
//! With the matrix A of conductances (see [`crate::problem`]), `A u = s` and
//! `Re Z = sum s_i u_i / I^2 = u'Au / I^2`: the mean potential of the walls, or the dissipation, over the current.
//! Test: the limit of complex solves at low frequency, to 1e-5.
//!
//! **Walls.** Faces between the phase and the rest, each with the area of the smooth surface behind it
//! ([`foamflux_voxel::surface::normals`]); faces of the box are none. Clusters that the separator does not reach are
//! removed first; dead ends stay.
//!
//! **Error.** `J(x) = x'Ax - 2 s'x = |x - x*|_A^2 - s'A^-1 s`, so what conjugate gradients know of their error bounds the
//! error of Re Z as it does that of tau; `-J` is reported, which approaches Re Z I^2 from below.
//!
//! **Resolution.** A current that enters at voxel centres costs a little more than one spread over its voxel:
//! a straight channel of n voxels gives `1 + 1 / (2 n^2)`. With the current spread, the exact resistance of the voxel
//! geometry lies between that of a continuous potential (`(s'u)^2 / E(u)`, [`crate::vertices`]) and that of the flux which is
//! linear in every voxel (`(a^2 + ab + b^2) / 3` for face fluxes a and b, as in [`crate::certify()`]), 1 in such a channel.
//! Both hold up to the solver's error. The discrete value stays as it is, for it is the one that equals the limit of
//! complex solves; the distance to the farther of the two is its error of resolution.
//!
//! **What is different here.** TauFactor solves complex problems at a few frequencies and weights every voxel face alike
//! ([`WallArea::Faces`]).

use foamflux_grid::{Axis, GridError, Labels, Watch};
use rayon::prelude::*;

use crate::audit::RowFluxes;
use crate::backend::tau_of;
use crate::problem::Separated;
use crate::vertices::{conductivity, continuous, geometry};
use crate::{
    Backend, Coefficients, CpuBackend, Deviation, Problem, ProblemError, Seconds, Sides, SolveError, SolverError, Stop,
};

/// Rows are summed in this many blocks, whatever the number of threads.
const BLOCKS: usize = 256;

/// At which slice the collector is; the separator is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Collector {
    /// Beyond the first slice.
    First,
    /// Beyond the last slice.
    #[default]
    Last,
}

impl Collector {
    /// As the command line names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Collector::First => "first",
            Collector::Last => "last",
        }
    }
}

/// Area that a voxel face of the wall counts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WallArea {
    /// That of the smooth surface behind it.
    #[default]
    Normals,
    /// Its own, which over-reads a surface by up to a half: for comparison with others.
    Faces,
}

impl WallArea {
    /// As the command line names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            WallArea::Normals => "normals",
            WallArea::Faces => "faces",
        }
    }
}

/// The electrode's place in the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ElectrodeSetting {
    /// From the separator to the collector or back.
    pub axis: Axis,
    /// Where the collector is.
    pub collector: Collector,
    /// What the four side walls do.
    pub sides: Sides,
    /// How the area of the walls is counted.
    pub walls: WallArea,
}

/// Electrode tortuosity factor and what it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Electrode {
    /// tau_e with the whole volume fraction (mean conductivity, where there are several).
    pub tau_e: f64,
    /// tau_e with the volume fraction of what the separator reaches.
    pub tau_e_connected: f64,
    /// Estimated solver error of tau_e.
    pub error_solver: SolverError,
    /// Between which values tau_e of the voxel geometry itself lies, up to the solver's error.
    pub voxel_geometry_range: [f64; 2],
    /// Share of the box that belongs to the phase.
    pub volume_fraction: f64,
    /// Share of the box that belongs to clusters of the phase that touch the separator.
    pub connected_fraction: f64,
    /// Area of their walls, in the squared unit of the spacing.
    pub wall_area: f64,
    /// Area of all walls of the phase.
    pub wall_area_of_all: f64,
    /// Iterations.
    pub iterations: u32,
    /// Residual over the currents that enter (Euclidean norms).
    pub residual: f64,
    /// Difference of the current through the separator to the one through the walls, relative.
    pub current_imbalance: f64,
    /// Unknowns.
    pub unknowns: usize,
    /// Device that solved it.
    pub device: String,
    /// Time.
    pub seconds: Seconds,
    /// Most bytes held at once.
    pub peak_bytes: u64,
}

/// What became of an electrode.
#[derive(Debug, Clone, PartialEq)]
pub enum ElectrodeOutcome {
    /// It has a tau_e.
    Solved(Box<Electrode>),
    /// Nothing of the phase touches the separator: the resistance is infinite.
    Unconnected,
    /// What touches the separator has no walls that could be charged.
    NoWalls,
}

/// Why tau_e could not be computed.
#[derive(Debug, thiserror::Error)]
pub enum ElectrodeError {
    /// The problem could not be set up.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// The volume could not be continued across its sides.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// The solve failed.
    #[error("electrode: {0}")]
    Solve(#[from] SolveError),
}

/// Electrode tortuosity factor of what conducts, by one solve.
///
/// A backend that takes no wall currents is replaced by the processor.
/// [`Stop::tau_minus_one`] is not used: tau_e may be one, or less, in a structure that is far from open.
///
/// # Errors
/// [`ElectrodeError`].
pub fn electrode_tortuosity(
    labels: &Labels,
    coefficients: &Coefficients,
    setting: &ElectrodeSetting,
    backend: &dyn Backend,
    stop: &Stop,
    watch: &dyn Watch,
) -> Result<ElectrodeOutcome, ElectrodeError> {
    let problem = match Problem::separator(labels, coefficients, setting)? {
        Separated::Ready(problem) => problem,
        Separated::Unconnected => return Ok(ElectrodeOutcome::Unconnected),
        Separated::NoWalls => return Ok(ElectrodeOutcome::NoWalls),
    };
    let Some(source) = problem.source() else { return Ok(ElectrodeOutcome::NoWalls) };
    let processor = CpuBackend::new();
    let backend = if backend.takes_wall_currents() { backend } else { &processor };
    let solution = backend.solve(&problem, &Stop { tau_minus_one: None, ..*stop }, watch)?;
    Ok(ElectrodeOutcome::Solved(Box::new(Electrode {
        tau_e: solution.tau,
        tau_e_connected: solution.tau_percolating,
        error_solver: solution.error_solver,
        voxel_geometry_range: geometry_range(&problem, &solution.deviation),
        volume_fraction: problem.fractions().conducting,
        connected_fraction: problem.fractions().percolating,
        wall_area: source.area,
        wall_area_of_all: source.area_of_all,
        iterations: solution.iterations,
        residual: solution.residual,
        current_imbalance: solution.flux_imbalance,
        unknowns: solution.unknowns,
        device: solution.device,
        seconds: solution.seconds,
        peak_bytes: solution.peak_bytes,
    })))
}

/// tau_e of the continuous potential and of the linear flux of a solution.
fn geometry_range(problem: &Problem, deviation: &Deviation) -> [f64; 2] {
    let Some(source) = problem.source() else { return [f64::NAN; 2] };
    let [energy, work] = continuous(problem, deviation);
    let unit = (source.faces / source.total).powi(2);
    let tau = |resistance: f64| tau_of(problem, problem.fractions().mean_conductivity, unit * resistance);
    [tau(work * work / energy), tau(linear_dissipation(problem, deviation))]
}

/// Dissipation of the flux that is linear along each axis within each voxel.
fn linear_dissipation(problem: &Problem, deviation: &Deviation) -> f64 {
    let (shape, geometry) = (problem.shape(), geometry(problem));
    let rows = shape.z * shape.y;
    let per_block = rows.div_ceil(BLOCKS);
    let parts: Vec<f64> = (0..rows.div_ceil(per_block))
        .into_par_iter()
        .map(|block| {
            let (mut sum, mut fluxes) = (0.0, RowFluxes::default());
            for row in block * per_block..((block + 1) * per_block).min(rows) {
                fluxes.fill(problem, deviation, (row / shape.y, row % shape.y));
                let first = problem.runs().row_first(row);
                for (k, faces) in fluxes.faces.iter().enumerate() {
                    let s = conductivity(problem, first + k);
                    for (axis, g) in geometry.into_iter().enumerate() {
                        let (a, b) = (faces[2 * axis], faces[2 * axis + 1]);
                        sum += (a * a + a * b + b * b) / (3.0 * s * g);
                    }
                }
            }
            sum
        })
        .collect();
    parts.iter().sum()
}
