//! Volumes that the tests share; all from a seeded generator.

#![allow(dead_code, reason = "every test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use foamflux_grid::{Axis, LabelSet, Labels, Shape, Silent, Volume, VoxelSize, VoxelSizeSource};
use foamflux_transport::suite::Lcg;
use foamflux_transport::{Backend, Blocked, Coefficients, CpuBackend, Problem, Setup, Sides, Solution, Stop};

pub(crate) const PORE: [f64; 9] = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

pub(crate) fn labels(zyx: [usize; 3], f: impl FnMut(usize, usize, usize) -> u8) -> Labels {
    sized(zyx, [1.0; 3], f)
}

pub(crate) fn sized(zyx: [usize; 3], xyz: [f64; 3], f: impl FnMut(usize, usize, usize) -> u8) -> Labels {
    let shape = Shape::new(zyx[0], zyx[1], zyx[2]).unwrap();
    let size = VoxelSize::known(xyz, VoxelSizeSource::Generator).unwrap();
    Labels::new(Volume::from_fn(shape, size, f)).unwrap()
}

/// Independent voxels, `share` of them pore.
pub(crate) fn noise(n: usize, share: f64, seed: u64) -> Labels {
    let mut rng = Lcg(seed);
    labels([n; 3], |_, _, _| u8::from(rng.unit() >= share))
}

/// Noise smoothed by two periodic box filters of the given half width, cut so that `share` is pore.
pub(crate) fn blobs(n: usize, half: usize, share: f64, seed: u64) -> Labels {
    let mut rng = Lcg(seed);
    let mut field: Vec<f64> = (0..n * n * n).map(|_| rng.unit() - 0.5).collect();
    for stride in [1, n, n * n, 1, n, n * n] {
        let old = field.clone();
        for (i, value) in field.iter_mut().enumerate() {
            let at = i / stride % n;
            let start = i - at * stride;
            *value = (0..=2 * half).map(|k| old[start + (at + n + k - half) % n * stride]).sum();
        }
    }
    let mut sorted = field.clone();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted[((n * n * n) as f64 * share) as usize % (n * n * n)];
    labels([n; 3], |z, y, x| u8::from(field[(z * n + y) * n + x] >= cut))
}

/// Straight struts of square cross-section at random places along all axes, pore between; returns the struts as pore.
pub(crate) fn struts(n: usize, count: usize, seed: u64) -> Labels {
    let mut rng = Lcg(seed);
    let mut solid = vec![1u8; n * n * n];
    for k in 0..3 * count {
        let (a, b) = (rng.below(n - 2), rng.below(n - 2));
        for t in 0..n {
            for (da, db) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let [x, y, z] = match k % 3 {
                    0 => [t, a + da, b + db],
                    1 => [a + da, t, b + db],
                    _ => [a + da, b + db, t],
                };
                solid[(z * n + y) * n + x] = 0;
            }
        }
    }
    labels([n; 3], |z, y, x| solid[(z * n + y) * n + x])
}

pub(crate) fn setup(labels: &Labels, axis: Axis) -> Setup {
    Problem::new(labels, &Coefficients::phase(LabelSet::PORE).unwrap(), axis, Sides::NoFlux).unwrap()
}

pub(crate) fn ready(labels: &Labels, axis: Axis) -> Problem {
    match setup(labels, axis) {
        Setup::Ready(problem) => *problem,
        Setup::Blocked(blocked) => panic!("{blocked}"),
    }
}

pub(crate) fn blocked(labels: &Labels, axis: Axis) -> Blocked {
    match setup(labels, axis) {
        Setup::Ready(_) => panic!("percolates"),
        Setup::Blocked(blocked) => blocked,
    }
}

pub(crate) fn tau(labels: &Labels, axis: Axis, tau_rel: f64) -> f64 {
    solve(&ready(labels, axis), tau_rel).tau
}

pub(crate) fn solve(problem: &Problem, tau_rel: f64) -> Solution {
    CpuBackend::new().solve(problem, &Stop { tau_rel, ..Stop::default() }, &Silent).unwrap()
}
