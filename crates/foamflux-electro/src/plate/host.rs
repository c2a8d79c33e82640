//! The host before plating, and what is said of lithium against it.

use foamflux_grid::{Label, Labels, Shape};

use crate::cell::{Cell, Setting};
use crate::deposit::Deposit;
use crate::materials::Materials;

/// Share of a slice that is collector from which the slice is no part of the host.
const COLLECTOR_SLICE: f64 = 0.5;
/// Share of the host's depth that counts as top.
const TOP: f64 = 0.1;

/// The host as it was.
#[derive(Debug)]
pub(super) struct Host {
    /// Pore voxels and true areas of the faces that are not lithium.
    faces: Vec<(u32, f64)>,
    area: f64,
    /// First slice from the separator that has solid.
    pub(super) first: usize,
    /// Slices of the host, without a collector layer behind it.
    pub(super) slices: usize,
    /// Pore voxels of every slice.
    pores: Vec<u64>,
    /// Lithium that the host came with in every slice, in voxels.
    lithium: Vec<f64>,
    /// Voxels of the electrolyte, and those of them that the separator did not reach even then.
    electrolyte: u64,
    blocked: u64,
    shape: Shape,
    setting: Setting,
}

/// Where lithium is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Whereabouts {
    pub(super) coverage: f64,
    pub(super) pore_filling: f64,
    /// In the first tenth of the host or above it, in voxels.
    pub(super) top: f64,
    /// Above the host, in voxels.
    pub(super) above: f64,
    /// All of it, in voxels.
    pub(super) all: f64,
}

impl Host {
    pub(super) fn new(labels: &Labels, cell: &Cell, materials: &Materials) -> Self {
        let voxels = labels.volume().as_slice();
        let slices = cell.shape().along(cell.setting().axis);
        let (mut solid, mut collector) = (vec![0u64; slices], vec![0u64; slices]);
        let (mut pores, mut lithium) = (vec![0u64; slices], vec![0.0; slices]);
        let is_solid = materials.solid();
        for (voxel, &label) in voxels.iter().enumerate() {
            let slice = cell.slice_of(voxel);
            solid[slice] += u64::from(is_solid.contains(label));
            collector[slice] += u64::from(label == Label::Collector as u8);
            pores[slice] += u64::from(label == Label::Pore as u8);
            lithium[slice] += f64::from(u8::from(label == Label::Lithium as u8));
        }
        let in_slice = (voxels.len() / slices) as f64;
        let is_layer = |k: usize| collector[k] as f64 >= COLLECTOR_SLICE * in_slice;
        let first = solid.iter().position(|&n| n > 0).unwrap_or(0);
        let end = (first..slices).find(|&k| is_layer(k)).unwrap_or(slices);
        let faces: Vec<(u32, f64)> = cell
            .faces()
            .iter()
            .filter(|f| f.label != Label::Lithium as u8)
            .map(|f| (f.pore() as u32, cell.area(f)))
            .collect();
        let left = cell.left_out();
        let electrolyte = materials.electrolyte();
        Host {
            area: faces.iter().map(|f| f.1).sum(),
            faces,
            first,
            slices: end - first,
            pores,
            lithium,
            electrolyte: voxels.iter().filter(|&&l| electrolyte.contains(l)).count() as u64,
            blocked: left.electrolyte,
            shape: cell.shape(),
            setting: cell.setting(),
        }
    }

    /// Pore voxels from the host's first slice on.
    fn pore_voxels(&self) -> u64 {
        self.pores[self.first..].iter().sum()
    }

    /// Pore voxels that the separator reaches, above the host as well.
    pub(super) fn open_voxels(&self) -> u64 {
        self.pores.iter().sum::<u64>().saturating_sub(self.blocked)
    }

    /// Share of the electrolyte that was open at first and is cut off now.
    pub(super) fn blocked(&self, cell: &Cell) -> f64 {
        let now = cell.left_out().electrolyte.saturating_sub(self.blocked);
        now as f64 / (self.electrolyte - self.blocked).max(1) as f64
    }

    /// Lithium by slice beyond what was there, in voxels.
    fn by_slice(&self, deposit: &Deposit) -> Vec<f64> {
        let mut sums = vec![0.0; self.lithium.len()];
        for (voxel, &fill) in deposit.fill().iter().enumerate() {
            if fill > 0.0 {
                sums[self.setting.slice_of(self.shape, voxel)] += fill;
            }
        }
        sums.iter().zip(&self.lithium).map(|(now, then)| now - then).collect()
    }

    pub(super) fn whereabouts(&self, deposit: &Deposit, covers: f64) -> Whereabouts {
        let covered: f64 = self
            .faces
            .iter()
            .filter(|&&(pore, _)| {
                deposit.label(pore as usize) == Label::Lithium as u8 || deposit.fill()[pore as usize] >= covers
            })
            .map(|f| f.1)
            .fold(0.0, |sum, area| sum + area);
        let by_slice = self.by_slice(deposit);
        let above = by_slice[..self.first].iter().fold(0.0, |sum, v| sum + v);
        let all: f64 = by_slice.iter().sum();
        let depth = TOP * self.slices as f64;
        // A slice that the limit cuts counts in part.
        let top: f64 =
            by_slice[self.first..].iter().enumerate().map(|(k, v)| v * (depth - k as f64).clamp(0.0, 1.0)).sum();
        Whereabouts {
            coverage: if self.area > 0.0 { covered / self.area } else { 1.0 },
            pore_filling: (all - above) / (self.pore_voxels().max(1) as f64),
            top: top + above,
            above,
            all,
        }
    }

    /// Share of the cross-section of every slice of the box that is plated lithium, from the separator.
    pub(super) fn profile(&self, deposit: &Deposit) -> Vec<f64> {
        let in_slice = (self.shape.len() / self.lithium.len()) as f64;
        self.by_slice(deposit).iter().map(|v| v / in_slice).collect()
    }
}
