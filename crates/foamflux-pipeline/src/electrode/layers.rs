//! Layers that a file holds beside the host: a separator (label 5) and a collector (label 6) that fill whole slices.
//!
//! They bound the electrode as they stand: its first slice is the one behind the separator, its last the one before the
//! collector, and length and volume fractions are those of the slices between.

use foamflux_grid::{Axis, GridError, Label, Labels, Region};
use foamflux_transport::Collector;

/// The slices between the layers.
#[derive(Debug)]
pub(super) struct Between {
    /// The electrode alone, where there are layers to take off.
    pub(super) labels: Option<Labels>,
    /// Slices of the separator's layer.
    pub(super) separator: usize,
    /// Slices of the collector's layer.
    pub(super) collector: usize,
}

/// Takes off the layers at the two ends of an axis; labels that fill everything are left as they are.
pub(super) fn between(labels: &Labels, axis: Axis, collector: Collector) -> Result<Between, GridError> {
    let shape = labels.shape();
    let slices = shape.along(axis);
    let filled = |slice: usize, label: Label| -> bool {
        let region = of(shape_region(labels), axis, slice..slice + 1);
        region.along(Axis::Z).all(|z| {
            region.along(Axis::Y).all(|y| {
                let row = &labels.volume().as_slice()[shape.index(z, y, 0)..][..shape.x];
                row[region.x0..region.x1].iter().all(|&v| v == label as u8)
            })
        })
    };
    let ends = match collector {
        Collector::Last => [Label::Separator, Label::Collector],
        Collector::First => [Label::Collector, Label::Separator],
    };
    let first = (0..slices).take_while(|&slice| filled(slice, ends[0])).count();
    let last = (first..slices).rev().take_while(|&slice| filled(slice, ends[1])).count();
    let [separator, taken] = if collector == Collector::Last { [first, last] } else { [last, first] };
    let rest = first..slices - last;
    if rest.is_empty() || rest == (0..slices) {
        return Ok(Between { labels: None, separator: 0, collector: 0 });
    }
    let volume = labels.volume().crop(of(shape_region(labels), axis, rest))?;
    Ok(Between { labels: Some(Labels::new(volume)?), separator, collector: taken })
}

/// What is said of such labels elsewhere.
pub(super) fn elsewhere(labels: &Labels) -> Option<String> {
    let counts = labels.counts();
    let found: Vec<&str> =
        [Label::Separator, Label::Collector].iter().filter(|l| counts[**l as usize] > 0).map(|l| l.name()).collect();
    (!found.is_empty()).then(|| {
        format!(
            "tau_e takes layers of separator and collector only where they fill whole slices at their ends: other voxels \
             labelled {} are walls to it; crop them off",
            found.join(" and ")
        )
    })
}

fn shape_region(labels: &Labels) -> Region {
    let shape = labels.shape();
    Region { x0: 0, x1: shape.x, y0: 0, y1: shape.y, z0: 0, z1: shape.z }
}

fn of(region: Region, axis: Axis, slices: std::ops::Range<usize>) -> Region {
    match axis {
        Axis::X => Region { x0: slices.start, x1: slices.end, ..region },
        Axis::Y => Region { y0: slices.start, y1: slices.end, ..region },
        Axis::Z => Region { z0: slices.start, z1: slices.end, ..region },
    }
}

#[cfg(test)]
mod tests {
    use foamflux_grid::{Shape, Volume, VoxelSize};

    use super::*;

    fn stack(f: impl FnMut(usize, usize, usize) -> u8) -> Labels {
        Labels::new(Volume::from_fn(Shape::new(6, 7, 8).unwrap(), VoxelSize::Unknown, f)).unwrap()
    }

    #[test]
    fn whole_slices_at_their_ends_are_taken_off() {
        for axis in Axis::ALL {
            let n = stack(|_, _, _| 0).shape().along(axis);
            let labels = stack(|z, y, x| match [x, y, z][axis.xyz_index()] {
                0 | 1 => 5,
                k if k + 1 == n => 6,
                k => (k % 2) as u8,
            });
            let found = between(&labels, axis, Collector::Last).unwrap();
            assert_eq!((found.separator, found.collector), (2, 1));
            let inner = found.labels.unwrap();
            assert_eq!(inner.shape().along(axis), n - 3);
            assert_eq!(inner.counts()[5] + inner.counts()[6], 0);
            assert!(elsewhere(&inner).is_none());
            // The other way round nothing is at its end.
            let turned = between(&labels, axis, Collector::First).unwrap();
            assert!(turned.labels.is_none() && elsewhere(&labels).is_some());
        }
    }

    #[test]
    fn layers_with_a_hole_and_boxes_of_nothing_else_stay() {
        let holed = stack(|z, y, x| if z == 0 && (y, x) != (3, 3) { 5 } else { 0 });
        assert!(between(&holed, Axis::Z, Collector::Last).unwrap().labels.is_none());
        assert!(elsewhere(&holed).unwrap().contains("separator"));
        let full = stack(|_, _, _| 5);
        assert!(between(&full, Axis::Z, Collector::Last).unwrap().labels.is_none());
    }
}
