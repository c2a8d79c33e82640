//! Whether a phase leads through the box, how much of it does, and where it breaks.
//!
//! A phase percolates along an axis when one of its components touches both faces of the box that the axis is normal
//! to. Its percolating fraction is the share of the box in such components (PoreSpy and OpenImpala call the tortuosity
//! with that share `tau`). The inlet is the first slice along the axis, the outlet the last.

use foamflux_grid::{Axis, LengthUnit, Volume};
use serde::Serialize;

use crate::components::runs::Connected;
use crate::components::{Components, ComponentsError, Connectivity, Faces, label};

/// How far a phase reaches from one face of the box.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reach {
    /// The last slice that is reached, counted from the first slice of the axis for both faces.
    pub slice: usize,
    /// Number of slices that are reached.
    pub slices: usize,
    /// The same as a length, in the unit beside it.
    pub length: f64,
    /// Unit of the length.
    pub unit: LengthUnit,
}

/// Where and how a phase that does not percolate breaks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Break {
    /// How far it reaches from the inlet; `None` when it does not touch that face at all.
    pub from_inlet: Option<Reach>,
    /// How far it reaches from the outlet; `None` when it does not touch that face at all.
    pub from_outlet: Option<Reach>,
    /// Whether it would percolate if voxels that share only an edge or a corner were connected (26 neighbours). True
    /// hints at resolution: a strut is thinner than a voxel there.
    pub percolates_by_edges_or_corners: bool,
}

/// Percolation of a phase along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percolation {
    /// The axis.
    pub axis: Axis,
    /// Whether any component leads from face to face.
    pub percolates: bool,
    /// Number of components that do.
    pub components: u64,
    /// Voxels in them.
    pub percolating_voxels: u64,
    /// Voxels of the phase.
    pub phase_voxels: u64,
    /// Percolating voxels over the voxels of the box.
    pub percolating_fraction: f64,
    /// Percolating voxels over those of the phase; 0 for an empty phase.
    pub percolating_fraction_of_phase: f64,
    /// Where it breaks, when it does not percolate.
    pub breaks: Option<Break>,
}

impl Percolation {
    /// One sentence on why the phase does not percolate, for example in a table; `None` when it does.
    #[must_use]
    pub fn reason(&self, slices: usize) -> Option<String> {
        let axis = self.axis;
        let breaks = self.breaks?;
        if self.phase_voxels == 0 {
            return Some(format!("no voxel belongs to the phase, so nothing percolates along {axis}"));
        }
        let reach = |face: &str, reach: Option<Reach>| match reach {
            None => format!("does not touch the {face}"),
            Some(r) => {
                let length = match r.unit {
                    LengthUnit::Metre => format!(", {}", foamflux_grid::units::format_length(r.length)),
                    LengthUnit::Voxel => String::new(),
                };
                format!("reaches {} of {slices} slices from the {face}{length} (to {axis} = {})", r.slices, r.slice)
            }
        };
        let hint = if breaks.percolates_by_edges_or_corners {
            "; it would percolate if voxels touching at edges or corners were connected: struts are thinner than a voxel there"
        } else {
            ""
        };
        Some(format!(
            "along {axis} the phase {} and {}{hint}",
            reach("inlet", breaks.from_inlet),
            reach("outlet", breaks.from_outlet)
        ))
    }
}

/// Percolation of the components along `axis`. Label once, ask for each axis.
///
/// # Errors
/// [`ComponentsError`] from the check with 26 neighbours, which runs only when nothing percolates.
pub fn percolation(components: &Components, axis: Axis) -> Result<Percolation, ComponentsError> {
    let shape = components.labels.shape();
    let through = Faces::first(axis).or(Faces::last(axis));
    let (mut count, mut percolating_voxels) = (0, 0);
    for (&size, faces) in components.sizes.iter().zip(&components.faces) {
        if faces.contains(through) {
            count += 1;
            percolating_voxels += size;
        }
    }
    let phase_voxels = components.voxels();
    let breaks = if count == 0 { Some(find_break(components, axis)?) } else { None };
    Ok(Percolation {
        axis,
        percolates: count > 0,
        components: count,
        percolating_voxels,
        phase_voxels,
        percolating_fraction: percolating_voxels as f64 / shape.len() as f64,
        percolating_fraction_of_phase: if phase_voxels > 0 {
            percolating_voxels as f64 / phase_voxels as f64
        } else {
            0.0
        },
        breaks,
    })
}

/// Percolation of a mask along `axis` through shared faces.
///
/// # Errors
/// [`ComponentsError`] for masks with too many runs.
pub fn percolation_of(mask: &Volume<bool>, axis: Axis) -> Result<Percolation, ComponentsError> {
    percolation(&label(mask, Connectivity::Face6)?, axis)
}

/// The voxels of the components that percolate along `axis`.
#[must_use]
pub fn percolating_mask(components: &Components, axis: Axis) -> Volume<bool> {
    let through = Faces::first(axis).or(Faces::last(axis));
    components.labels.map(|&number| components.faces[number as usize].contains(through))
}

fn find_break(components: &Components, axis: Axis) -> Result<Break, ComponentsError> {
    let labels = &components.labels;
    let (n, spacing) = (labels.shape().along(axis), labels.spacing());
    let reach = |slice: usize, slices: usize| Reach {
        slice,
        slices,
        length: slices as f64 * spacing.along(axis),
        unit: spacing.unit,
    };
    let touching = |face: Faces| {
        components
            .faces
            .iter()
            .zip(&components.extents)
            .filter(move |(f, _)| f.contains(face))
            .map(|(_, e)| e.along(axis))
    };
    let from_inlet = touching(Faces::first(axis)).map(|(_, last)| last).max().map(|last| reach(last, last + 1));
    let from_outlet = touching(Faces::last(axis)).map(|(first, _)| first).min().map(|first| reach(first, n - first));
    let both = from_inlet.is_some() && from_outlet.is_some();
    let percolates_by_edges_or_corners = both && components.connectivity == Connectivity::Face6 && {
        let all = Connected::of(labels.shape(), Connectivity::Full26, true, |row| &labels.as_slice()[row])?;
        let through = Faces::first(axis).or(Faces::last(axis));
        all.faces.iter().any(|faces| faces.contains(through))
    };
    Ok(Break { from_inlet, from_outlet, percolates_by_edges_or_corners })
}

#[cfg(test)]
mod tests {
    use foamflux_grid::{Shape, VoxelSize, VoxelSizeSource};

    use super::*;

    /// A phase in a box of 4 x 6 x 10 voxels of 1 x 2 x 5 um (x,y,z).
    fn phase(f: impl FnMut(usize, usize, usize) -> bool) -> Volume<bool> {
        let size = VoxelSize::known([1e-6, 2e-6, 5e-6], VoxelSizeSource::Flag).unwrap();
        Volume::from_fn(Shape::new(10, 6, 4).unwrap(), size, f)
    }

    const LENGTH_ROUNDING: f64 = 1e-18;

    #[test]
    fn a_straight_channel_percolates_along_its_axis_alone() {
        let m = phase(|_, y, x| y == 2 && x == 1 || y == 5 && x == 3);
        let c = label(&m, Connectivity::Face6).unwrap();
        let z = percolation(&c, Axis::Z).unwrap();
        assert!(z.percolates && z.breaks.is_none() && z.reason(10).is_none());
        assert_eq!((z.components, z.percolating_voxels, z.phase_voxels), (2, 20, 20));
        assert!((z.percolating_fraction - 20.0 / 240.0).abs() < f64::EPSILON);
        assert_eq!(percolating_mask(&c, Axis::Z), m);
        let x = percolation(&c, Axis::X).unwrap();
        assert!(!x.percolates && x.percolating_voxels == 0);
        // The second channel lies in the last column and has no other.
        let breaks = x.breaks.unwrap();
        assert_eq!(breaks.from_inlet, None);
        assert_eq!(breaks.from_outlet.map(|r| (r.slice, r.slices)), Some((3, 1)));
    }

    #[test]
    fn dead_ends_count_for_the_phase_but_islands_do_not_percolate() {
        let m = phase(|z, y, x| y == 2 && (x == 1 || z == 4) || z == 7 && y == 5);
        let p = percolation_of(&m, Axis::Z).unwrap();
        assert_eq!((p.percolating_voxels, p.phase_voxels, p.components), (13, 17, 1));
        assert!((p.percolating_fraction_of_phase - 13.0 / 17.0).abs() < f64::EPSILON);
    }

    #[test]
    fn one_missing_voxel_breaks_a_channel_and_is_found() {
        let m = phase(|z, y, x| y == 2 && x == 1 && z != 6);
        let p = percolation_of(&m, Axis::Z).unwrap();
        assert!(!p.percolates);
        let breaks = p.breaks.unwrap();
        let (inlet, outlet) = (breaks.from_inlet.unwrap(), breaks.from_outlet.unwrap());
        assert_eq!((inlet.slice, inlet.slices, outlet.slice, outlet.slices), (5, 6, 7, 3));
        assert!((inlet.length - 30e-6).abs() < LENGTH_ROUNDING && (outlet.length - 15e-6).abs() < LENGTH_ROUNDING);
        assert!(!breaks.percolates_by_edges_or_corners);
        let text = p.reason(10).unwrap();
        assert!(text.contains("6 of 10 slices from the inlet, 30 µm (to z = 5)"), "{text}");
    }

    #[test]
    fn a_contact_through_an_edge_or_corner_is_told_apart() {
        for (dy, dx) in [(0, 1), (1, 0), (1, 1)] {
            let m = phase(|z, y, x| if z < 4 { (y, x) == (2, 1) } else { (y, x) == (2 + dy, 1 + dx) });
            let p = percolation_of(&m, Axis::Z).unwrap();
            assert!(!p.percolates && p.breaks.unwrap().percolates_by_edges_or_corners);
            assert!(p.reason(10).unwrap().contains("thinner than a voxel"));
            let loose = percolation(&label(&m, Connectivity::Full26).unwrap(), Axis::Z).unwrap();
            assert!(loose.percolates);
        }
    }

    #[test]
    fn faces_that_are_not_touched_and_empty_phases_say_so() {
        let dead_end = percolation_of(&phase(|z, y, _| z < 3 && y == 1), Axis::Z).unwrap();
        let breaks = dead_end.breaks.unwrap();
        assert_eq!((breaks.from_inlet.map(|r| r.slice), breaks.from_outlet), (Some(2), None));
        assert!(dead_end.reason(10).unwrap().contains("does not touch the outlet"));
        let empty = percolation_of(&phase(|_, _, _| false), Axis::Y).unwrap();
        assert!(!empty.percolates && empty.percolating_fraction_of_phase.abs() < f64::EPSILON);
        assert!(empty.reason(6).unwrap().contains("no voxel"));
        let full = percolation_of(&phase(|_, _, _| true), Axis::Y).unwrap();
        assert!(full.percolates && (full.percolating_fraction - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_single_slice_of_phase_percolates_across_it() {
        let m = Volume::from_fn(Shape::new(1, 3, 3).unwrap(), VoxelSize::Unknown, |_, y, x| y == x);
        let p = percolation_of(&m, Axis::Z).unwrap();
        assert!(p.percolates && p.components == 3);
        let y = percolation_of(&m, Axis::Y).unwrap();
        assert!(y.breaks.unwrap().percolates_by_edges_or_corners);
    }
}
