//! What can go wrong between an input and its results, and the exit status that each case has.

use foamflux_grid::GridError;

use crate::config::ConfigError;

/// Exit status of the program, by kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// A mistake of the program.
    Internal = 1,
    /// A flag or the configuration is wrong, or the output cannot be written where it was asked for.
    Usage = 2,
    /// The input cannot be read or contradicts itself.
    Input = 3,
    /// It would not fit in memory.
    Memory = 4,
    /// The solver did not reach the tolerance.
    NotConverged = 5,
    /// The device asked for is absent or failed.
    Device = 6,
    /// Stopped by Ctrl-C, with the status that shells give it.
    Interrupted = 130,
}

/// Why a command ended without results.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The input cannot be read.
    #[error(transparent)]
    Read(#[from] foamflux_io::read::ReadError),
    /// An output cannot be written.
    #[error(transparent)]
    Write(#[from] foamflux_io::write::WriteError),
    /// The grey values cannot be segmented.
    #[error(transparent)]
    Segment(#[from] foamflux_voxel::segment::SegmentError),
    /// Voxels that cannot be learnt from or classified.
    #[error(transparent)]
    Classify(foamflux_voxel::classify::ClassifyError),
    /// An artefact that cannot be corrected.
    #[error(transparent)]
    Artefact(foamflux_voxel::artefact::ArtefactError),
    /// Slices that cannot be aligned.
    #[error(transparent)]
    Align(foamflux_voxel::align::AlignError),
    /// A method of segmentation that does not apply.
    #[error("the method '{method}' does not apply: {why}; let --method auto choose, or take otsu or a --threshold")]
    Unsuited {
        /// Its name.
        method: &'static str,
        /// What is wrong.
        why: foamflux_voxel::segment::Unsuited,
    },
    /// The voxels are not what the command expects.
    #[error("{path}: {message}")]
    Content {
        /// The input.
        path: String,
        /// What was found, what was expected and what to do.
        message: String,
    },
    /// The work needs more memory than it may use.
    #[error(
        "{what} of {voxels} voxels needs about {need}, and {limit} may be used: crop with --crop x0:x1,y0:y1,z0:z1, \
         merge voxels with --bin 2, or raise --max-memory"
    )]
    Memory {
        /// The stage.
        what: &'static str,
        /// Voxels of the volume.
        voxels: usize,
        /// Memory needed, readable.
        need: String,
        /// Memory allowed, readable.
        limit: String,
    },
    /// The network of nodes and fibres cannot be found.
    #[error(transparent)]
    Network(foamflux_network::NetworkError),
    /// The transport problem cannot be set up.
    #[error(transparent)]
    Problem(#[from] foamflux_transport::ProblemError),
    /// The solver failed.
    #[error("{what}: {source}")]
    Solve {
        /// Which solve.
        what: String,
        /// The cause.
        source: foamflux_transport::SolveError,
    },
    /// The tolerance was not met; the best value is worth telling.
    #[error(
        "{what}: not converged after {iterations} iterations: {why}; \
         the best value is tau = {tau}, {bounds}; its estimated relative error is {estimated:.1e}, \
         and {wanted:.1e} was asked for"
    )]
    NotConverged {
        /// Which solve.
        what: String,
        /// Iterations done.
        iterations: u32,
        /// Why they ended, and what to do.
        why: &'static str,
        /// The best value.
        tau: String,
        /// What is certified about it, in words.
        bounds: String,
        /// Estimated relative error.
        estimated: f64,
        /// Relative error that was asked for.
        wanted: f64,
    },
    /// The current distribution cannot be found.
    #[error(transparent)]
    Electro(foamflux_electro::ElectroError),
    /// The device asked for cannot be had.
    #[error("{0}")]
    Device(String),
    /// The user asked to stop.
    #[error("stopped on request; nothing was written")]
    Cancelled,
    /// The user asked to stop, and what was done is kept.
    #[error(
        "stopped on request; what was done so far is kept in {place}: the same command with --resume goes on from there"
    )]
    Interrupted {
        /// Where it is kept.
        place: String,
    },
    /// A mistake of the program.
    #[error("internal error: {0}; please report it with the command line and the input")]
    Internal(String),
}

impl From<GridError> for PipelineError {
    fn from(error: GridError) -> Self {
        PipelineError::Internal(error.to_string())
    }
}

impl From<foamflux_electro::ElectroError> for PipelineError {
    fn from(error: foamflux_electro::ElectroError) -> Self {
        use foamflux_electro::ElectroError;
        use foamflux_transport::links::LinksError;
        match error {
            ElectroError::Links(LinksError::Cancelled { .. }) => PipelineError::Cancelled,
            // Not the volume's fault: a run that goes on without currents must not hide it.
            ElectroError::Links(error @ LinksError::Device { .. }) => PipelineError::Device(error.to_string()),
            other => PipelineError::Electro(other),
        }
    }
}

impl PipelineError {
    /// An interrupted work that cannot be taken up.
    pub(crate) fn resume(message: String) -> Self {
        ConfigError::Value { key: "resume", message }.into()
    }

    /// The documented exit status.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        use foamflux_io::read::ErrorCategory;
        use foamflux_io::write::WriteCategory;
        use foamflux_network::NetworkError;
        use foamflux_transport::SolveError;
        use foamflux_voxel::filter::FilterError;
        use foamflux_voxel::segment::SegmentError;
        match self {
            PipelineError::Config(_) | PipelineError::Problem(_) => ExitStatus::Usage,
            PipelineError::Read(error) => match error.category() {
                ErrorCategory::Usage => ExitStatus::Usage,
                ErrorCategory::Input => ExitStatus::Input,
                ErrorCategory::Memory => ExitStatus::Memory,
            },
            // A full disk and a folder without permission ask for another place, as a wrong name does.
            PipelineError::Write(error) => match error.category() {
                WriteCategory::Usage | WriteCategory::Io => ExitStatus::Usage,
                WriteCategory::Internal => ExitStatus::Internal,
            },
            PipelineError::Network(error) => match error {
                NetworkError::Parameter { .. } => ExitStatus::Usage,
                NetworkError::TooLarge { .. } | NetworkError::Components(_) => ExitStatus::Memory,
                NetworkError::Topology { .. } | NetworkError::Cancelled => ExitStatus::Internal,
            },
            PipelineError::Segment(
                SegmentError::NotANumber { .. }
                | SegmentError::Hysteresis { .. }
                | SegmentError::Filter(
                    FilterError::Radius { .. } | FilterError::Sigma { .. } | FilterError::Strength { .. },
                ),
            ) => ExitStatus::Usage,
            PipelineError::Segment(_)
            | PipelineError::Classify(_)
            | PipelineError::Artefact(_)
            | PipelineError::Align(_)
            | PipelineError::Unsuited { .. }
            | PipelineError::Content { .. } => ExitStatus::Input,
            PipelineError::Memory { .. } | PipelineError::Solve { source: SolveError::Memory { .. }, .. } => {
                ExitStatus::Memory
            }
            PipelineError::Solve { source: SolveError::Tolerance { .. }, .. } => ExitStatus::Usage,
            PipelineError::Solve { source: SolveError::Device { .. }, .. } | PipelineError::Device(_) => {
                ExitStatus::Device
            }
            PipelineError::Solve { .. } | PipelineError::NotConverged { .. } => ExitStatus::NotConverged,
            PipelineError::Electro(error) => electro_status(error),
            PipelineError::Cancelled | PipelineError::Interrupted { .. } => ExitStatus::Interrupted,
            PipelineError::Internal(_) => ExitStatus::Internal,
        }
    }
}

fn electro_status(error: &foamflux_electro::ElectroError) -> ExitStatus {
    use foamflux_electro::ElectroError;
    use foamflux_transport::links::LinksError;
    match error {
        ElectroError::Materials(_) | ElectroError::VoxelSize | ElectroError::Drive { .. } => ExitStatus::Usage,
        ElectroError::Blocked(_) | ElectroError::NothingToStrip | ElectroError::I0Map { .. } => ExitStatus::Input,
        ElectroError::TooLarge { .. }
        | ElectroError::Components(_)
        | ElectroError::Links(LinksError::TooMany { .. } | LinksError::Memory { .. }) => ExitStatus::Memory,
        ElectroError::NotConverged { .. }
        | ElectroError::Runaway { .. }
        | ElectroError::Saturated { .. }
        | ElectroError::Exhausted { .. }
        | ElectroError::Unsettled { .. }
        | ElectroError::Impedance { .. }
        | ElectroError::Links(LinksError::NotFinite { .. }) => ExitStatus::NotConverged,
        ElectroError::Links(_) => ExitStatus::Internal,
    }
}
