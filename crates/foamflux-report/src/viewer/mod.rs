//! What the report lets its reader move through: slices in three directions, and the network in three dimensions.
//!
//! The program hands over whole arrays and what they mean; here they are thinned until the page keeps its size, turned into
//! images and short binary tables, and put into attributes of the page that its scripts (`templates/*.js`) read.
//! Nothing is loaded: the data are in the page, and its policy forbids every request.

mod atlas;
mod network;
mod slices;
mod surface;

pub(crate) use network::NetworkPart;
pub use network::{NetworkNode, NetworkPoint, NetworkView};
pub(crate) use slices::SlicePart;
pub use slices::{ByVoxel, Content, Layer, SliceVolume};
pub(crate) use surface::SurfacePart;
pub use surface::SurfaceView;

/// Largest size of `report.html`: what a mail passes on and a browser opens at once.
pub const PAGE_BYTES: usize = 12 << 20;

/// What can be moved through.
#[derive(Debug, Default)]
pub struct Viewer<'a> {
    /// Arrays of the volume; without layers there is no viewer of slices.
    pub slices: Option<SliceVolume<'a>>,
    /// Nodes and fibres.
    pub network: Option<NetworkView>,
    /// The solid, shown where there is no network.
    pub surface: Option<SurfaceView<'a>>,
}
