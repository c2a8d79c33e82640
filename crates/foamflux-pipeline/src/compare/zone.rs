//! The part of a volume that is the host: without layers of collector, separator and metal.
//!
//! Depth is z, separator at the first slice and collector at the last; [`Turn`] puts other volumes that way.

use foamflux_grid::{Axis, GridError, Label, Labels, Region, Shape, Volume, VoxelSize};

/// The host's part of a volume.
#[derive(Debug)]
pub(super) struct Zone {
    /// The slices of the host; `None` where nothing is left, as in a foil.
    pub(super) labels: Option<Labels>,
    /// The slice of the volume at which they begin.
    pub(super) begin: usize,
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
        return Ok(Zone { labels: None, begin, on_metal });
    }
    let all = shape.region();
    let part = Region { z0: begin, z1: end, ..all };
    let labels = if part == all { labels.clone() } else { Labels::new(labels.volume().crop(part)?)? };
    Ok(Zone { labels: Some(labels), begin, on_metal })
}

/// Which direction of a volume becomes z, so that the separator is at the first slice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    /// The direction along the depth.
    pub(super) depth: Axis,
    /// Whether the collector is at its first slice.
    pub(super) collector_first: bool,
}

impl Turn {
    fn changes_nothing(self) -> bool {
        self.depth == Axis::Z && !self.collector_first
    }

    /// All of the labels.
    pub(super) fn labels(self, labels: Labels) -> Result<Labels, GridError> {
        if self.changes_nothing() {
            return Ok(labels);
        }
        let all = self.shape(labels.shape())?.region();
        Labels::new(self.part(labels.volume(), all)?)
    }

    fn shape(self, old: Shape) -> Result<Shape, GridError> {
        match self.depth {
            Axis::X => Shape::new(old.x, old.y, old.z),
            Axis::Y => Shape::new(old.y, old.z, old.x),
            Axis::Z => Ok(old),
        }
    }

    /// A part of the turned volume; `region` is counted in that one, and nothing else of it is made.
    pub(super) fn part<T: Copy>(self, source: &Volume<T>, region: Region) -> Result<Volume<T>, GridError> {
        if self.changes_nothing() {
            return source.crop(region);
        }
        let whole = self.shape(source.shape())?;
        let part = region.shape_within(whole)?;
        let voxel_size = match source.voxel_size() {
            VoxelSize::Known { source: origin, .. } => {
                let [x, y, z] = source.voxel_size().m_xyz().unwrap_or([1.0; 3]);
                let edges = match self.depth {
                    Axis::X => [z, y, x],
                    Axis::Y => [x, z, y],
                    Axis::Z => [x, y, z],
                };
                VoxelSize::known(edges, origin.clone())?
            }
            VoxelSize::Unknown => VoxelSize::Unknown,
        };
        Ok(Volume::from_fn(part, voxel_size, |z, y, x| {
            let (z, y, x) = (z + region.z0, y + region.y0, x + region.x0);
            let d = if self.collector_first { whole.z - 1 - z } else { z };
            match self.depth {
                Axis::X => *source.at(x, y, d),
                Axis::Y => *source.at(y, d, x),
                Axis::Z => *source.at(d, y, x),
            }
        }))
    }
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
    use foamflux_grid::VoxelSizeSource;

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
        let all = slices(text);
        let z = zone(&all).unwrap();
        if let Some(host) = &z.labels {
            let [first, last] =
                [0, host.shape().z - 1].map(|k| (host.volume().plane(k), all.volume().plane(z.begin + k)));
            assert!(first.0 == first.1 && last.0 == last.1, "the host begins at slice {} of {text}", z.begin);
        }
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

    fn turned(labels: Labels, depth: Axis, collector_first: bool) -> Labels {
        Turn { depth, collector_first }.labels(labels).unwrap()
    }

    #[test]
    fn turning_keeps_voxels_and_edges() {
        let labels = slices("ppp5");
        let twice = turned(turned(labels.clone(), Axis::X, true), Axis::X, true);
        // Mirrored twice along what was x: back where it was.
        assert_eq!(twice.volume().as_slice().len(), 8);
        let once = turned(labels.clone(), Axis::X, false);
        assert_eq!(once.shape().zyx(), [2, 1, 4]);
        assert_eq!(once.voxel_size().m_xyz(), Some([3e-6, 2e-6, 1e-6]));
        assert_eq!(turned(once, Axis::X, false), labels);
        let flipped = turned(labels.clone(), Axis::Z, true);
        assert_eq!(flipped.volume().plane(0), labels.volume().plane(3));
        let y = turned(labels.clone(), Axis::Y, false);
        assert_eq!(y.voxel_size().m_xyz(), Some([1e-6, 3e-6, 2e-6]));
        assert_eq!(y.shape().zyx(), [1, 4, 2]);
    }

    #[test]
    fn a_part_is_cut_where_the_whole_would_be_cut_after_turning() {
        let size = VoxelSize::known([1e-6, 2e-6, 3e-6], VoxelSizeSource::Flag).unwrap();
        let shape = Shape::new(4, 5, 6).unwrap();
        let volume = Volume::from_fn(shape, size, |z, y, x| (100 * z + 10 * y + x) as u16);
        let region = Region { x0: 1, x1: 4, y0: 2, y1: 4, z0: 1, z1: 3 };
        for depth in Axis::ALL {
            for collector_first in [false, true] {
                let turn = Turn { depth, collector_first };
                let all = turn.shape(shape).unwrap().region();
                let whole = turn.part(&volume, all).unwrap();
                assert_eq!(turn.part(&volume, region).unwrap(), whole.crop(region).unwrap(), "{turn:?}");
                assert!(turn.part(&volume, Region { z1: 9, ..region }).is_err());
            }
        }
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
