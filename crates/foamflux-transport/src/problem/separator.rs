//! The problem of an electrode: a separator on one side, and current that enters through the walls of the phase.

use std::sync::Arc;
use std::time::Instant;

use foamflux_grid::{Axis, GridError, LabelSet, Labels, Shape, Volume};
use foamflux_voxel::surface::weights;

use super::{Conductance, Ends, Fractions, Problem, several_conductivities, table};
use crate::electrode::{Collector, ElectrodeError, ElectrodeSetting, WallArea};
use crate::prune::{Clusters, INLET, Neighbours, OUTLET, wraps};
use crate::runs::{Runs, count, counts, gather};
use crate::{Coefficients, ProblemError};

/// Voxels by which a mask is continued across a wall that wraps: as far as a Gaussian of 1.2 edges, cut at three
/// standard deviations, reaches, and one more for the normal of the neighbour.
const REACH: usize = 5;

/// Current that enters through walls.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Source {
    /// Current into every unknown in memory order.
    pub(crate) values: Vec<f32>,
    /// Their sum: about one per face of a slice.
    pub(crate) total: f64,
    /// Faces of a slice, `A / a` with the cross-section A of the box and a of a voxel.
    pub(crate) faces: f64,
    /// Whether the separator is at the last slice.
    pub(crate) at_outlet: bool,
    /// Area of the walls through which the current enters, in the squared unit of the spacing.
    pub(crate) area: f64,
    /// The same with the walls of what the separator does not reach.
    pub(crate) area_of_all: f64,
}

impl Source {
    pub(crate) fn bytes(&self) -> u64 {
        4 * self.values.capacity() as u64
    }
}

/// What came of setting the problem up.
pub(crate) enum Separated {
    Ready(Box<Problem>),
    /// No voxel of the phase touches the separator.
    Unconnected,
    /// What touches it has no walls.
    NoWalls,
}

impl Problem {
    /// Finds what is connected to the separator; dead ends stay, as current enters through their walls.
    ///
    /// # Errors
    /// [`ElectrodeError`].
    pub(crate) fn separator(
        labels: &Labels,
        coefficients: &Coefficients,
        setting: &ElectrodeSetting,
    ) -> Result<Separated, ElectrodeError> {
        let start = Instant::now();
        let ElectrodeSetting { axis, collector, sides, .. } = *setting;
        let (shape, spacing) = (labels.shape(), labels.spacing());
        let conducting = coefficients.conducting();
        let counts = counts(labels, conducting);
        let voxels: u64 = counts.iter().sum();
        if voxels > u64::from(u32::MAX) {
            return Err(ProblemError::TooManyUnknowns { unknowns: voxels }.into());
        }
        let wrapping = |a| wraps(sides, axis, a, shape);
        let all = Runs::of(labels, conducting);
        let clusters = Clusters::of(&all, Neighbours::Faces, axis, wrapping);
        let end = if collector == Collector::Last { INLET } else { OUTLET };
        let runs = all.keep(|i| clusters.touches_any(i, end));
        let mut peak_bytes = all.bytes() + clusters.bytes() + runs.bytes();
        drop((all, clusters));
        if runs.voxels == 0 {
            return Ok(Separated::Unconnected);
        }
        let Some((source, bytes)) = walls(labels, conducting, &runs, setting, Axis::ALL.map(wrapping))? else {
            return Ok(Separated::NoWalls);
        };
        peak_bytes = peak_bytes.max(runs.bytes() + bytes);
        let several = several_conductivities(&counts, coefficients);
        let classes = several.then(|| gather(labels, &runs));
        let connected = runs.voxels as f64 / shape.len() as f64;
        let mean = coefficients.mean(&counts, shape.len());
        let mean_connected = match &classes {
            Some(classes) => coefficients.mean(&count(classes, conducting), shape.len()),
            None => mean * (runs.voxels as f64 / voxels as f64),
        };
        let present = (0..9u8).filter(|&l| counts[usize::from(l)] > 0).map(|l| coefficients.of(l)).filter(|&s| s > 0.0);
        let (sigma_min, sigma_max) = present.fold((f64::INFINITY, 0.0f64), |(a, b), s| (a.min(s), b.max(s)));
        let geometry = Axis::ALL.map(|a| (spacing.along(axis) / spacing.along(a)).powi(2));
        Ok(Separated::Ready(Box::new(Problem {
            voxel_size: labels.voxel_size().clone(),
            spacing,
            axis,
            sides,
            ends: Ends::Separator(Box::new(source)),
            conductance: if several {
                table(coefficients, sigma_max, geometry)
            } else {
                Conductance::Uniform(geometry)
            },
            classes: classes.map(Arc::new),
            sigma_max,
            contrast: sigma_max / sigma_min,
            fractions: Fractions {
                conducting: voxels as f64 / shape.len() as f64,
                percolating: connected,
                mean_conductivity: mean,
                mean_conductivity_percolating: mean_connected,
            },
            removed: None,
            leaf_share: 0.0,
            seconds: start.elapsed().as_secs_f64(),
            peak_bytes,
            runs: Arc::new(runs),
        })))
    }
}

/// The current through the walls of the voxels in `runs`, evenly over their area, and the bytes that finding it took;
/// none where there are no walls.
fn walls(
    labels: &Labels,
    phase: LabelSet,
    runs: &Runs,
    setting: &ElectrodeSetting,
    wraps: [bool; 3],
) -> Result<Option<(Source, u64)>, GridError> {
    let shape = labels.shape();
    let frame = Frame::of(shape, wraps)?;
    let mask = frame.mask(labels, phase)?;
    let faces = weights(&mask);
    let unit = labels.spacing().face_area(setting.axis);
    let share = Axis::ALL.map(|a| labels.spacing().face_area(a) / unit);
    let mut areas = vec![0f32; shape.len()];
    for face in &faces {
        let high = face.voxel + mask.shape().stride(face.axis);
        let inside = if mask.as_slice()[face.voxel] { face.voxel } else { high };
        if let Some(home) = frame.home(inside) {
            let weight = match setting.walls {
                WallArea::Normals => face.weight,
                WallArea::Faces => 1.0,
            };
            areas[home] += weight * share[face.axis.xyz_index()] as f32;
        }
    }
    let bytes = (mask.as_slice().len() + size_of_val(faces.as_slice()) + 4 * areas.len() + 4 * runs.voxels) as u64;
    drop((mask, faces));
    let mut values = Vec::with_capacity(runs.voxels);
    for (row, areas) in areas.chunks_exact(shape.x).enumerate() {
        for run in &runs.runs[runs.row_range(row)] {
            values.extend_from_slice(&areas[run.x0 as usize..run.x1 as usize]);
        }
    }
    let sum = |values: &[f32]| values.iter().map(|&v| f64::from(v)).sum::<f64>();
    let (area, area_of_all) = (sum(&values), sum(&areas));
    if area <= 0.0 {
        return Ok(None);
    }
    let per_slice = (shape.len() / shape.along(setting.axis)) as f64;
    let current = (per_slice / area) as f32;
    values.iter_mut().for_each(|v| *v *= current);
    let source = Source {
        total: sum(&values),
        values,
        faces: per_slice,
        at_outlet: setting.collector == Collector::First,
        area: area * unit,
        area_of_all: area_of_all * unit,
    };
    Ok(Some((source, bytes)))
}

/// A volume continued across those of its walls that wrap.
struct Frame {
    shape: Shape,
    /// Voxels added on either side along x, y, z.
    added: [usize; 3],
    whole: Shape,
}

impl Frame {
    fn of(shape: Shape, wraps: [bool; 3]) -> Result<Self, GridError> {
        let added = wraps.map(|wraps| if wraps { REACH } else { 0 });
        let whole = Shape::new(shape.z + 2 * added[2], shape.y + 2 * added[1], shape.x + 2 * added[0])?;
        Ok(Frame { shape, added, whole })
    }

    fn mask(&self, labels: &Labels, phase: LabelSet) -> Result<Volume<bool>, GridError> {
        if self.added == [0; 3] {
            return Ok(labels.mask(phase));
        }
        // Where a position of the continued volume lies in the volume itself.
        let from = |at: usize, n: usize, added: usize| (at + n * added.div_ceil(n) - added) % n;
        let (shape, [ax, ay, az]) = (self.shape, self.added);
        let mut data = Vec::with_capacity(self.whole.len());
        for z in 0..self.whole.z {
            let plane = labels.volume().plane(from(z, shape.z, az));
            for y in 0..self.whole.y {
                let row = &plane[from(y, shape.y, ay) * shape.x..][..shape.x];
                data.extend((0..self.whole.x).map(|x| phase.contains(row[from(x, shape.x, ax)])));
            }
        }
        Volume::from_vec(self.whole, labels.voxel_size().clone(), data)
    }

    /// Position in the volume itself; none for what was added.
    fn home(&self, index: usize) -> Option<usize> {
        let (z, y, x) = self.whole.zyx_of(index);
        let inside = |at: usize, added: usize, n: usize| at.checked_sub(added).filter(|&at| at < n);
        let [ax, ay, az] = self.added;
        let (z, y, x) = (inside(z, az, self.shape.z)?, inside(y, ay, self.shape.y)?, inside(x, ax, self.shape.x)?);
        Some(self.shape.index(z, y, x))
    }
}
