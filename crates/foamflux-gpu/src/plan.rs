//! What a solve takes on a device, before anything is allocated there.

use foamflux_transport::device::{Finest, Hierarchy, Level, Next, WIDTH};

use crate::error::Fault;
use crate::grid::Cut;

/// Fields of the whole grid: iterate, residual, correction, direction.
pub(crate) const GRID_FIELDS: u64 = 4;
/// Fields of a list: those, and the image of the direction.
const LIST_FIELDS: u64 = 5;

/// Bytes on the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevicePlan {
    /// Of the finest level: fields, connectivity, blocks.
    pub finest: u64,
    /// Of the stored levels, with their fields.
    pub levels: u64,
    /// Slabs that the grid is cut into; 1 for a list.
    pub slabs: usize,
}

impl DevicePlan {
    /// All bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.finest + self.levels
    }

    /// Counts, and refuses what is larger than `budget` or than one binding of `limit` bytes.
    pub(crate) fn of(hierarchy: &Hierarchy, cut: Option<&Cut>, budget: Option<u64>, limit: u64) -> Result<Self, Fault> {
        let (finest, slabs) = match (&hierarchy.finest, cut) {
            (Finest::Grid(grid), Some(cut)) => {
                for slab in 0..cut.slabs.len() {
                    bound("two planes of the grid and their halos", 4 * cut.values(slab) as u64, limit)?;
                }
                let values = cut.all_values();
                let blocks = grid.masks.len() as u64;
                ((4 * GRID_FIELDS + 1) * values + 5 * blocks, cut.slabs.len())
            }
            (Finest::List(list), _) => return DevicePlan::of_list(&list.level, &hierarchy.levels, budget, limit),
            (Finest::Grid(_), None) => (0, 1),
        };
        DevicePlan::with_levels(finest, slabs, &hierarchy.levels, budget, limit)
    }

    fn of_list(finest: &Level, levels: &[Level], budget: Option<u64>, limit: u64) -> Result<Self, Fault> {
        bound("the links of the unknowns", 4 * finest.to.len() as u64, limit)?;
        let bytes = operator(finest) + way(&finest.next) + 4 * (LIST_FIELDS + 1) * finest.len() as u64;
        DevicePlan::with_levels(bytes, 1, levels, budget, limit)
    }

    /// The same for unknowns with [`WIDTH`] links each, and the levels below them.
    pub(crate) fn of_links(
        unknowns: usize,
        next: &Next,
        levels: &[Level],
        budget: Option<u64>,
        limit: u64,
    ) -> Result<Self, Fault> {
        let (n, width) = (unknowns as u64, WIDTH as u64);
        bound("the links of the unknowns", 4 * width * n, limit)?;
        let bytes = 4 * (2 * width + 2 + LIST_FIELDS + 1) * n + way(next);
        DevicePlan::with_levels(bytes, 1, levels, budget, limit)
    }

    fn with_levels(finest: u64, slabs: usize, all: &[Level], budget: Option<u64>, limit: u64) -> Result<Self, Fault> {
        let mut levels = 0;
        for level in all {
            bound("the links of a coarse level", 4 * level.to.len() as u64, limit)?;
            let fields = if level.two_steps { 4 } else { 2 };
            levels += operator(level) + way(&level.next) + 4 * fields * level.len() as u64;
        }
        let plan = DevicePlan { finest, levels, slabs };
        match budget {
            Some(budget) if plan.bytes() > budget => Err(Fault::OverBudget { need: plan.bytes(), budget }),
            _ => Ok(plan),
        }
    }
}

fn bound(what: &'static str, need: u64, limit: u64) -> Result<(), Fault> {
    if need > limit { Err(Fault::TooLarge { what, need, limit }) } else { Ok(()) }
}

/// Links, conductances, diagonal and electrodes.
fn operator(level: &Level) -> u64 {
    4 * (level.to.len() + level.conductance.len() + 2 * level.more.len() + 2 * level.len()) as u64
}

fn way(next: &Next) -> u64 {
    match next {
        Next::Level(t) => 4 * (t.to_coarse.len() + t.first.len() + t.children.len()) as u64,
        Next::Inverse(matrix) => 4 * matrix.len() as u64,
        Next::Nothing => 0,
    }
}

/// Bytes per voxel on a device by share of conducting voxels, as planned for struts, blobs and what is between struts
/// (`foamflux bench -v`).
pub const BYTES_PER_VOXEL: [(f64, f64); 3] = [(0.05, 5.6), (0.5, 26.0), (0.95, 30.0)];
