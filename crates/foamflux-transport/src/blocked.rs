//! Nothing percolates: a fact about the volume, with the place where it breaks.

use std::fmt;

use foamflux_grid::{Axis, LengthUnit, Spacing};

use crate::Sides;
use crate::prune::{Clusters, INLET, Neighbours, OUTLET, depth_range, wraps};
use crate::runs::Runs;

/// Why no cluster joins the two electrodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockedWhy {
    /// No voxel conducts.
    Absent,
    /// The phase lies inside and touches neither electrode.
    TouchesNeither,
    /// The phase does not touch the first slice.
    NotAtInlet,
    /// The phase does not touch the last slice.
    NotAtOutlet,
    /// The phase touches both electrodes, but no cluster touches both.
    Breaks,
}

/// How far a phase reaches into the box from one electrode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    /// Slices reached, counted from that electrode; 0 when it is not touched.
    pub slices: usize,
    /// The same depth in the unit of [`Blocked::unit`].
    pub length: f64,
}

/// The phase does not conduct from one electrode to the other: D_eff is 0 and tau has no value.
#[derive(Debug, Clone, PartialEq)]
pub struct Blocked {
    /// Direction of transport.
    pub axis: Axis,
    /// Why.
    pub why: BlockedWhy,
    /// Volume fraction of the conducting voxels.
    pub volume_fraction: f64,
    /// Depth reached by the clusters that touch the inlet (first slice).
    pub from_inlet: Reach,
    /// Depth reached by the clusters that touch the outlet (last slice).
    pub from_outlet: Reach,
    /// Slices along the axis.
    pub slices: usize,
    /// Unit of the lengths.
    pub unit: LengthUnit,
    /// Whether the phase would percolate if voxels that share only an edge or a corner were connected (26 neighbours).
    /// True points to a thin connection that the segmentation or the resolution lost.
    pub percolates_through_edges: bool,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (axis, n) = (self.axis, self.slices);
        match self.why {
            BlockedWhy::Absent => return write!(f, "blocked along {axis}: the phase is absent"),
            BlockedWhy::TouchesNeither => write!(f, "blocked along {axis}: the phase touches neither end")?,
            BlockedWhy::NotAtInlet => write!(f, "blocked along {axis}: the phase does not touch the first slice")?,
            BlockedWhy::NotAtOutlet => write!(f, "blocked along {axis}: the phase does not touch the last slice")?,
            BlockedWhy::Breaks => write!(f, "blocked along {axis}: no cluster of the phase touches both ends")?,
        }
        let length = |r: Reach| match self.unit {
            LengthUnit::Metre => format!(" ({})", foamflux_grid::units::format_length(r.length)),
            LengthUnit::Voxel => String::new(),
        };
        write!(
            f,
            "; it reaches {} of {n} slices{} from the first and {}{} from the last",
            self.from_inlet.slices,
            length(self.from_inlet),
            self.from_outlet.slices,
            length(self.from_outlet),
        )?;
        if self.percolates_through_edges {
            f.write_str("; it would connect through voxel edges or corners")?;
        }
        Ok(())
    }
}

/// Finds out why and where; `clusters` are those of face neighbours.
pub(crate) fn diagnose(runs: &Runs, clusters: &Clusters, axis: Axis, sides: Sides, spacing: Spacing) -> Blocked {
    let shape = runs.shape;
    let slices = shape.along(axis);
    let (mut deepest, mut shallowest) = (None::<usize>, None::<usize>);
    for z in 0..shape.z {
        for y in 0..shape.y {
            let start = runs.row_start[z * shape.y + y] as usize;
            for (k, &run) in runs.row(z, y).iter().enumerate() {
                let (first, last) = depth_range(run, (z, y), axis);
                if clusters.touches(start + k) & INLET != 0 {
                    deepest = Some(deepest.map_or(last, |d| d.max(last)));
                }
                if clusters.touches(start + k) & OUTLET != 0 {
                    shallowest = Some(shallowest.map_or(first, |d| d.min(first)));
                }
            }
        }
    }
    let reach = |slices: usize| Reach { slices, length: slices as f64 * spacing.along(axis) };
    let why = match (runs.runs.is_empty(), deepest, shallowest) {
        (true, ..) => BlockedWhy::Absent,
        (_, None, None) => BlockedWhy::TouchesNeither,
        (_, None, _) => BlockedWhy::NotAtInlet,
        (_, _, None) => BlockedWhy::NotAtOutlet,
        _ => BlockedWhy::Breaks,
    };
    let percolates_through_edges = why == BlockedWhy::Breaks
        && Clusters::of(runs, Neighbours::All, axis, |a| wraps(sides, axis, a, shape)).percolate();
    Blocked {
        axis,
        why,
        volume_fraction: runs.voxels as f64 / shape.len() as f64,
        from_inlet: reach(deepest.map_or(0, |d| d + 1)),
        from_outlet: reach(shallowest.map_or(0, |s| slices - s)),
        slices,
        unit: spacing.unit,
        percolates_through_edges,
    }
}
