//! What can go wrong with a device.

use foamflux_transport::SolveError;
use foamflux_transport::links::LinksError;

/// Why a device cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// Nothing that computes.
    #[error(
        "no GPU was found: install its driver with Vulkan support (Linux: `libvulkan1` and the vendor's package, or \
         `mesa-vulkan-drivers`), or use --device cpu; `foamflux devices` lists what is there"
    )]
    NoAdapter,
    /// An index beyond the list.
    #[error("there is no device gpu:{index}: `foamflux devices` lists {}", available(*.count))]
    NoSuchIndex {
        /// What was asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// An adapter below what the kernels need.
    #[error("{name} cannot be used: {reason}")]
    Unusable {
        /// The adapter.
        name: String,
        /// What it lacks, and what to do.
        reason: String,
    },
    /// The driver refused.
    #[error("{name} could not be opened: {message}; update its driver, or use --device cpu")]
    Refused {
        /// The adapter.
        name: String,
        /// What the driver said.
        message: String,
    },
}

fn available(count: usize) -> String {
    match count {
        0 => "none".to_owned(),
        1 => "gpu:0 alone".to_owned(),
        n => format!("gpu:0 to gpu:{}", n - 1),
    }
}

/// What happened to a device at work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The driver took the device away.
    #[error("the device was lost ({0}); try again, or use --device cpu")]
    Lost(String),
    /// The driver has no memory left.
    #[error("out of device memory ({0}); crop or bin the volume, close what else uses the device, or use --device cpu")]
    OutOfMemory(String),
    /// More than may be used.
    #[error(
        "{need} are needed and {budget} may be used; crop or bin the volume, raise the limit, or use --device cpu",
        need = foamflux_grid::units::format_bytes(*need),
        budget = foamflux_grid::units::format_bytes(*budget)
    )]
    OverBudget {
        /// Bytes that the plan needs.
        need: u64,
        /// Bytes that may be used.
        budget: u64,
    },
    /// One array is larger than the device binds.
    #[error(
        "{what} take {need} and the device binds {limit} at once; crop or bin the volume, or use --device cpu",
        need = foamflux_grid::units::format_bytes(*need),
        limit = foamflux_grid::units::format_bytes(*limit)
    )]
    TooLarge {
        /// Which array.
        what: &'static str,
        /// Its bytes.
        need: u64,
        /// What can be bound.
        limit: u64,
    },
    /// The device did not answer.
    #[error("the device did not answer within {0} s; try again, or use --device cpu")]
    Hung(u64),
    /// A call that wgpu refused: a mistake of ours.
    #[error("the driver refused a call, which is a fault of foamflux ({0}); use --device cpu and report it")]
    Refused(String),
}

impl Fault {
    /// As the error of a solve.
    pub(crate) fn on(self, device: &str) -> SolveError {
        let (device, message) = (device.to_owned(), self.to_string());
        match self {
            Fault::OutOfMemory(_) | Fault::OverBudget { .. } | Fault::TooLarge { .. } => {
                SolveError::Memory { device, message }
            }
            Fault::Lost(_) | Fault::Hung(_) | Fault::Refused(_) => SolveError::Device { device, message },
        }
    }

    /// As the error of a correction.
    pub(crate) fn on_links(self, device: &str) -> LinksError {
        let (device, message) = (device.to_owned(), self.to_string());
        match self {
            Fault::OutOfMemory(_) | Fault::OverBudget { .. } | Fault::TooLarge { .. } => {
                LinksError::Memory { device, message }
            }
            Fault::Lost(_) | Fault::Hung(_) | Fault::Refused(_) => LinksError::Device { device, message },
        }
    }
}
