//! What several test files share.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "test helpers, which the lint does not see as tests")]

use foamflux_grid::{VoxelSize, VoxelSizeSource};
use foamflux_hosts::{Bounds, Solid};

/// A tiny linear congruential generator (Knuth's MMIX constants), independent of the crate's own.
pub(crate) struct Lcg(pub(crate) u64);

impl Lcg {
    /// Uniform in [0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in a box.
    pub(crate) fn point(&mut self, low: [f64; 3], high: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|k| low[k] + (high[k] - low[k]) * self.uniform())
    }
}

/// A generator's voxel size in metres.
pub(crate) fn metres(m_xyz: [f64; 3]) -> VoxelSize {
    VoxelSize::known(m_xyz, VoxelSizeSource::Generator).unwrap()
}

/// Runs with this many threads.
pub(crate) fn threads<R: Send>(n: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(work)
}

/// The bounds of a solid, wider by `by` on all sides.
pub(crate) fn widened(solid: &dyn Solid, by: f64) -> Bounds {
    let b = solid.bounds();
    Bounds { low: b.low.map(|c| c - by), high: b.high.map(|c| c + by) }
}

/// Distance of two points.
pub(crate) fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt()
}
