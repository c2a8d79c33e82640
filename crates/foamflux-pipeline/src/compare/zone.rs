//! The part of a volume that is the host: without layers of collector, separator and metal.
//!
//! Depth is z, separator at the first slice and collector at the last; [`turned`] puts other volumes that way.

use foamflux_grid::{Axis, GridError, Label, Labels, Region, Shape, Volume};

/// The host's part of a volume.
#[derive(Debug)]
pub(super) struct Zone {
    /// The slices of the host; `None` where nothing is left, as in a foil.
    pub(super) labels: Option<Labels>,
    /// Whether the host lies on a layer of lithium, so that its thickness cannot be chosen.
    pub(super) on_metal: bool,
}

/// Takes off whole slices of collector at the end and of separator at the start; on a layer of lithium that is then the end,
/// also the metal, and the electrolyte above the host.
pub(super) fn zone(labels: &Labels) -> Result<Zone, GridError> {
    let shape = labels.shape();
    let plane = shape.y * shape.x;
    let filled = |z: usize, label: Label| {
        labels.volume().as_slice()[z * plane..(z + 1) * plane].iter().all(|&v| v == label as u8)
    };
    let mut end = shape.z;
    while end > 0 && filled(end - 1, Label::Collector) {
        end -= 1;
    }
    let mut begin = 0;
    while begin < end && filled(begin, Label::Separator) {
        begin += 1;
    }
    let below = end;
    while end > begin && filled(end - 1, Label::Lithium) {
        end -= 1;
    }
    let on_metal = end < below;
    if on_metal {
        while begin < end && filled(begin, Label::Pore) {
            begin += 1;
        }
    }
    if begin >= end {
        return Ok(Zone { labels: None, on_metal });
    }
    let all = shape.region();
    let part = Region { z0: begin, z1: end, ..all };
    let labels = if part == all { labels.clone() } else { Labels::new(labels.volume().crop(part)?)? };
    Ok(Zone { labels: Some(labels), on_metal })
}

/// The volume with a direction as z, the separator at its first slice.
pub(super) fn turned(labels: Labels, depth: Axis, collector_first: bool) -> Result<Labels, GridError> {
    if depth == Axis::Z && !collector_first {
        return Ok(labels);
    }
    let old = labels.shape();
    let new = match depth {
        Axis::X => Shape::new(old.x, old.y, old.z)?,
        Axis::Y => Shape::new(old.y, old.z, old.x)?,
        Axis::Z => old,
    };
    let voxel_size = match labels.voxel_size() {
        foamflux_grid::VoxelSize::Known { source, .. } => {
            let [x, y, z] = labels.voxel_size().m_xyz().unwrap_or([1.0; 3]);
            let edges = match depth {
                Axis::X => [z, y, x],
                Axis::Y => [x, z, y],
                Axis::Z => [x, y, z],
            };
            foamflux_grid::VoxelSize::known(edges, source.clone())?
        }
        other => other.clone(),
    };
    let source = labels.volume();
    let volume = Volume::from_fn(new, voxel_size, |z, y, x| {
        let d = if collector_first { new.z - 1 - z } else { z };
        match depth {
            Axis::X => *source.at(x, y, d),
            Axis::Y => *source.at(y, d, x),
            Axis::Z => *source.at(d, y, x),
        }
    });
    Labels::new(volume)
}

/// Crops of a volume that do not overlap, spread over it: `wanted` of the largest square towers of at most `most` voxels a
/// side, or as many as there are of at least `least`; the depth is whole, or its middle where it is over twice the side.
pub(super) fn towers(shape: Shape, wanted: usize, most: usize) -> Vec<Region> {
    /// Narrower crops hold too little of any structure.
    const LEAST: usize = 32;
    let fits = |side: usize| (shape.x / side) * (shape.y / side);
    let widest = most.min(shape.x).min(shape.y).max(1);
    let narrowest = LEAST.min(widest);
    let side = (narrowest..=widest).rev().find(|&side| fits(side) >= wanted);
    let side = side.unwrap_or_else(|| if fits(narrowest) > 1 { narrowest } else { widest });
    let (nx, ny) = (shape.x / side, shape.y / side);
    let depth = if shape.z > 2 * most { most } else { shape.z };
    let z0 = (shape.z - depth) / 2;
    let count = wanted.min(nx * ny).max(1);
    (0..count)
        .map(|k| {
            // Evenly spread over the tiles in their order, and tiles centred in the volume.
            let tile = k * (nx * ny) / count + (nx * ny) / (2 * count);
            let (i, j) = (tile % nx, tile / nx);
            let (x0, y0) = ((shape.x - nx * side) / 2 + i * side, (shape.y - ny * side) / 2 + j * side);
            Region { x0, x1: x0 + side, y0, y1: y0 + side, z0, z1: z0 + depth }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use foamflux_grid::{VoxelSize, VoxelSizeSource};

    /// Slices of one label each, two voxels wide, with a pillar where the letter is `p`.
    fn slices(text: &str) -> Labels {
        let slices: Vec<char> = text.chars().collect();
        let size = VoxelSize::known([1e-6, 2e-6, 3e-6], VoxelSizeSource::Flag).unwrap();
        let shape = Shape::new(slices.len(), 1, 2).unwrap();
        Labels::new(Volume::from_fn(shape, size, |z, _, x| match (slices[z], x) {
            ('p', 0) => 1,
            ('p', _) => 0,
            (c, _) => c.to_digit(10).unwrap() as u8,
        }))
        .unwrap()
    }

    fn depth(text: &str) -> (usize, bool) {
        let z = zone(&slices(text)).unwrap();
        (z.labels.map_or(0, |l| l.shape().z), z.on_metal)
    }

    #[test]
    fn layers_are_taken_off_and_gaps_of_a_host_are_not() {
        assert_eq!(depth("pppp66"), (4, false));
        assert_eq!(depth("55pppp6"), (4, false));
        // A sparse host may begin with a slice of pore.
        assert_eq!(depth("00pppp6"), (6, false));
        // On metal the electrolyte above is not the host's.
        assert_eq!(depth("00pp336"), (2, true));
        assert_eq!(depth("000333"), (0, true));
        // Lithium that does not lie at the end belongs to the host.
        assert_eq!(depth("p3p"), (3, false));
    }

    #[test]
    fn turning_keeps_voxels_and_edges() {
        let labels = slices("ppp5");
        let twice = turned(turned(labels.clone(), Axis::X, true).unwrap(), Axis::X, true).unwrap();
        // Mirrored twice along what was x: back where it was.
        assert_eq!(twice.volume().as_slice().len(), 8);
        let once = turned(labels.clone(), Axis::X, false).unwrap();
        assert_eq!(once.shape().zyx(), [2, 1, 4]);
        assert_eq!(once.voxel_size().m_xyz(), Some([3e-6, 2e-6, 1e-6]));
        assert_eq!(turned(once, Axis::X, false).unwrap(), labels);
        let flipped = turned(labels.clone(), Axis::Z, true).unwrap();
        assert_eq!(flipped.volume().plane(0), labels.volume().plane(3));
        let y = turned(labels.clone(), Axis::Y, false).unwrap();
        assert_eq!(y.voxel_size().m_xyz(), Some([1e-6, 3e-6, 2e-6]));
        assert_eq!(y.shape().zyx(), [1, 4, 2]);
    }

    #[test]
    fn towers_do_not_overlap_and_lie_inside() {
        for (z, y, x, wanted, most) in [
            (50, 100, 100, 3, 64),
            (96, 96, 96, 3, 128),
            (9, 20, 20, 3, 128),
            (500, 400, 300, 5, 100),
            (7, 33, 70, 4, 16),
        ] {
            let shape = Shape::new(z, y, x).unwrap();
            let all = towers(shape, wanted, most);
            assert!(!all.is_empty() && all.len() <= wanted);
            for (k, a) in all.iter().enumerate() {
                assert!(a.shape_within(shape).is_ok(), "{a} in {shape}");
                assert!(a.x1 - a.x0 <= most);
                let apart = |b: &Region| a.x1 <= b.x0 || b.x1 <= a.x0 || a.y1 <= b.y0 || b.y1 <= a.y0;
                assert!(all[k + 1..].iter().all(apart), "{all:?}");
            }
        }
        assert_eq!(towers(Shape::new(96, 96, 96).unwrap(), 3, 128).len(), 3);
        assert_eq!(towers(Shape::new(9, 20, 20).unwrap(), 3, 128).len(), 1);
    }
}
