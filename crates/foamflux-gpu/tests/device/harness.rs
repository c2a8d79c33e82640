//! A harness for tests that need a device: without one they show as ignored, never as passed.
//!
//! `FOAMFLUX_GPU=require` makes a missing device a failure, `off` ignores all of them, anything else (or nothing) uses a
//! device where there is one.

use foamflux_gpu::{DeviceInfo, devices};
use foamflux_grid::{Axis, LabelSet, Labels, Shape, Volume, VoxelSize};
use foamflux_transport::suite::Lcg;
use foamflux_transport::{Coefficients, Problem, Setup, Sides};
use libtest_mimic::{Arguments, Trial};

/// A test by name.
pub(crate) type Test = (&'static str, fn());

/// Runs the tests, or ignores them.
pub(crate) fn run(tests: &[Test]) -> ! {
    #[allow(clippy::disallowed_methods, reason = "a test harness is an application")]
    let (mut arguments, wish) = (Arguments::from_args(), std::env::var("FOAMFLUX_GPU").unwrap_or_default());
    // One device, and software drivers use all cores by themselves.
    arguments.test_threads.get_or_insert(1);
    let usable = || devices().iter().any(|d: &DeviceInfo| d.unusable.is_none());
    let there = wish != "off" && usable();
    let trials = tests
        .iter()
        .map(|&(name, test)| {
            let missing = !there && wish == "require";
            let body = move || {
                if missing {
                    return Err("FOAMFLUX_GPU=require, but no device was found".into());
                }
                test();
                Ok(())
            };
            Trial::test(name, body).with_ignored_flag(!there && !missing)
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit()
}

/// Sites that conduct with a probability, smoothed over `blur` passes of a box of three voxels.
pub(crate) fn noise(shape: [usize; 3], share: f64, blur: usize, seed: u64) -> Labels {
    let [nz, ny, nx] = shape;
    let mut rng = Lcg(seed);
    let mut field: Vec<f64> = (0..nz * ny * nx).map(|_| rng.unit()).collect();
    for _ in 0..blur {
        for (step, n) in [(1, nx), (nx, ny), (nx * ny, nz)] {
            let before = field.clone();
            for (i, value) in field.iter_mut().enumerate() {
                let at = i / step % n;
                let low = if at > 0 { i - step } else { i + (n - 1) * step };
                let high = if at + 1 < n { i + step } else { i - (n - 1) * step };
                *value = (before[low] + before[i] + before[high]) / 3.0;
            }
        }
    }
    let mut sorted = field.clone();
    sorted.sort_by(f64::total_cmp);
    let threshold = sorted.get((sorted.len() as f64 * share) as usize).copied().unwrap_or(f64::INFINITY);
    let shape = Shape::new(nz, ny, nx).unwrap();
    let volume =
        Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| u8::from(field[(z * ny + y) * nx + x] >= threshold));
    Labels::new(volume).unwrap()
}

/// The problem of the pore phase.
pub(crate) fn pore(labels: &Labels, axis: Axis, sides: Sides) -> Problem {
    let pore = Coefficients::phase(LabelSet::PORE).unwrap();
    ready(labels, &pore, axis, sides)
}

/// A problem that percolates.
pub(crate) fn ready(labels: &Labels, coefficients: &Coefficients, axis: Axis, sides: Sides) -> Problem {
    match Problem::new(labels, coefficients, axis, sides).unwrap() {
        Setup::Ready(problem) => *problem,
        Setup::Blocked(blocked) => panic!("{blocked}"),
    }
}
