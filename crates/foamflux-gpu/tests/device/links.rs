//! Systems of links on the device: their rows, whole corrections against elimination, and what changes between systems.

use foamflux_gpu::{GpuBackend, Options, Pick};
use foamflux_grid::{Axis, Shape, Silent};
use foamflux_transport::device::Level;
use foamflux_transport::links::{Corrected, Lattice, Links, LinksError, LinksSolver, LinksStop, NO_GROUP};
use foamflux_transport::suite::Lcg;
use foamflux_transport::{Backend, CpuBackend};

use crate::conformance::backend;
use crate::harness::Test;

pub(crate) const TESTS: &[Test] = &[
    ("links::corrections_reach_elimination", elimination),
    ("links::what_changes_is_uploaded_and_nothing_else", changes),
    ("links::one_pass_agrees_with_the_processor", passes),
    ("links::every_step_a_dispatch", dispatches),
    ("links::a_source_of_zero_is_solved", nothing),
];

/// Iterations in which device and processor may differ: sums in single precision fall on either side of a threshold.
const SAME_ITERATIONS: u32 = 2;

/// Two media in random clumps, one unknown in sixteen left out; `contrast` between the media's conductivities, exchange
/// conductances over four decades around `exchange`.
pub(crate) struct Network {
    shape: Shape,
    wraps: [bool; 3],
    group: Vec<u8>,
    contrast: f32,
    exchange: f32,
    seed: u64,
}

impl Network {
    pub(crate) fn new(zyx: [usize; 3], wraps: [bool; 3], contrast: f32, exchange: f32, seed: u64) -> Self {
        let shape = Shape::new(zyx[0], zyx[1], zyx[2]).unwrap();
        let mut rng = Lcg(seed);
        let clump = [0; 64].map(|_: u8| u8::from(rng.unit() < 0.4));
        let group = (0..shape.len())
            .map(|i| {
                let (z, y, x) = shape.zyx_of(i);
                if rng.unit() < 0.06 { NO_GROUP } else { clump[(z / 2 % 4 * 4 + y / 2 % 4) * 4 + x / 2 % 4] }
            })
            .collect();
        Network { shape, wraps, group, contrast, exchange, seed }
    }

    pub(crate) fn lattice(&self) -> Lattice<'_> {
        Lattice { shape: self.shape, wraps: self.wraps, group: &self.group, second_medium: 0b10 }
    }

    /// A number between 0 and 1 that belongs to a face.
    fn chance(&self, axis: Axis, lower: usize, round: u64) -> f64 {
        let mut rng =
            Lcg(self.seed ^ (lower as u64 * 8 + axis.xyz_index() as u64 + 1).wrapping_mul(0x9e37_79b9) ^ round << 40);
        rng.unit();
        rng.unit()
    }

    fn conductance(&self, axis: Axis, a: usize, b: usize, round: u64) -> f32 {
        let noise = self.chance(axis, a.min(b), round);
        match (self.group[a], self.group[b]) {
            (x, y) if x != y => self.exchange * 10f64.powf(4.0 * noise - 2.0) as f32,
            (1, _) => self.contrast * (1.0 + noise as f32),
            _ => 1.0 + noise as f32,
        }
    }

    pub(crate) fn links(&self) -> Links {
        let ground = |i: usize| if i % 9 == 4 { 0.5 } else { 0.0 };
        let mut links = Links::new(&self.lattice(), |axis, a, b| self.conductance(axis, a, b, 0), ground).unwrap();
        links.build_levels(&self.lattice()).unwrap();
        links
    }

    /// Other exchange conductances, as another Newton step has them.
    fn step(&self, links: &mut Links, round: u64) {
        for voxel in 0..self.shape.len() {
            let Some(i) = links.unknown(voxel) else { continue };
            for axis in Axis::ALL {
                let at = [self.shape.x, self.shape.y, self.shape.z][axis.xyz_index()];
                let (z, y, x) = self.shape.zyx_of(voxel);
                let inside = [x, y, z][axis.xyz_index()] + 1 < at;
                let up = voxel + self.shape.stride(axis);
                if inside && self.group[up] != NO_GROUP && self.group[up] != self.group[voxel] {
                    links.set_conductance(i, axis, self.conductance(axis, voxel, up, round));
                }
            }
        }
        links.refresh();
    }
}

/// All levels, the finest first, as kernels are tested on.
pub(crate) fn levels(network: &Network) -> Vec<Level> {
    let links = network.links();
    let (next, levels) = links.coarse();
    std::iter::once(Level { next, ..links.finest() }).chain(levels).collect()
}

fn sources(links: &Links, seed: u64) -> Vec<f64> {
    let mut rng = Lcg(seed);
    (0..links.unknowns()).map(|_| rng.unit() - 0.5).collect()
}

/// Elimination with partial pivoting, in double precision and straight from the links.
fn eliminated(links: &Links, b: &[f64]) -> Vec<f64> {
    let n = links.unknowns();
    let mut a: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let mut row = vec![0.0; n + 1];
            row[n] = b[i];
            row[i] += f64::from(links.ground(i));
            for axis in Axis::ALL {
                for up in [false, true] {
                    let (j, g) = (links.neighbour(i, axis, up), f64::from(links.conductance(i, axis, up)));
                    row[i] += g;
                    row[j] -= g;
                }
            }
            row
        })
        .collect();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap();
        a.swap(k, pivot);
        assert!(a[k][k] != 0.0, "row {k} has no equation");
        let (done, rest) = a.split_at_mut(k + 1);
        let pivot = &done[k];
        for row in rest.iter_mut().filter(|row| row[k] != 0.0) {
            let f = row[k] / pivot[k];
            row[k..].iter_mut().zip(&pivot[k..]).for_each(|(v, p)| *v -= f * p);
        }
    }
    let mut x = vec![0.0; n];
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|j| a[i][j] * x[j]).sum();
        x[i] = (a[i][n] - sum) / a[i][i];
    }
    x
}

/// `|x - y|_A / |y|_A`.
fn in_energy(links: &Links, x: &[f64], y: &[f64]) -> f64 {
    let zero = vec![0.0; x.len()];
    let norm = |v: &[f64]| -> f64 {
        let image = links.residual(v, &zero).unwrap();
        -v.iter().zip(&image).map(|(v, a)| v * a).sum::<f64>()
    };
    let apart: Vec<f64> = x.iter().zip(y).map(|(x, y)| x - y).collect();
    (norm(&apart) / norm(y)).sqrt()
}

fn solve(solver: &mut dyn LinksSolver, links: &Links, b: &[f64], relative: f64) -> (Vec<f64>, Corrected) {
    let mut x = vec![0.0; b.len()];
    let stop = LinksStop { relative, max_iterations: 400, double: false };
    let found = solver.correct(links, b, &mut x, &stop, &Silent).unwrap();
    (x, found)
}

fn elimination() {
    let gpu = backend(None);
    let cases = [
        ([7, 8, 9], [false; 3], 1.0, 1.0),
        ([8, 9, 7], [false; 3], 1e5, 1e-2),
        // Odd rings need a third colour.
        ([7, 7, 9], [true, true, false], 1e3, 1e-4),
        ([9, 8, 8], [false, false, true], 1e5, 1e2),
        ([1, 20, 21], [false; 3], 10.0, 1e-6),
    ];
    for (k, (zyx, wraps, contrast, exchange)) in cases.into_iter().enumerate() {
        let links = Network::new(zyx, wraps, contrast, exchange, 11 + k as u64).links();
        let b = sources(&links, 21);
        let exact = eliminated(&links, &b);
        for relative in [1e-4, 1e-10] {
            let mut solver = gpu.links(links.unknowns(), &Silent);
            let (x, found) = solve(solver.as_mut(), &links, &b, relative);
            let error = in_energy(&links, &x, &exact);
            let effort = solver.effort();
            println!(
                "{zyx:?} contrast {contrast:.0e} exchange {exchange:.0e} to {relative:.0e}: {error:.1e}, {} iterations in {} passes; {}",
                found.iterations,
                effort.passes,
                solver.describe()
            );
            assert!(found.converged && error <= relative, "{zyx:?}: {error} for {relative}");
            // The device alone, refined: finishing on the processor would hide a wrong kernel.
            assert_eq!(solver.describe(), gpu.describe());
        }
    }
}

/// The processor in double precision, far beyond what is asked of the device.
fn on_processor(links: &Links, b: &[f64]) -> Vec<f64> {
    let mut x = vec![0.0; b.len()];
    let stop = LinksStop { relative: 1e-11, max_iterations: 400, double: true };
    assert!(links.correct(b, &mut x, &stop, &Silent).unwrap().converged);
    x
}

fn changes() {
    let gpu = backend(None);
    let network = Network::new([16, 16, 16], [false; 3], 1e2, 1e-1, 5);
    let mut links = network.links();
    let n = links.unknowns() as u64;
    let b = sources(&links, 22);
    let mut solver = gpu.links(links.unknowns(), &Silent);
    let (mut uploaded, mut iterations) = (Vec::new(), Vec::new());
    for round in 0..5 {
        match round {
            // Values alone, twice; then the levels anew; then nothing.
            1 | 2 => network.step(&mut links, round),
            3 => {
                network.step(&mut links, round);
                links.build_levels(&network.lattice()).unwrap();
            }
            _ => {}
        }
        let before = solver.effort();
        let (x, found) = solve(solver.as_mut(), &links, &b, 1e-6);
        let error = in_energy(&links, &x, &on_processor(&links, &b));
        let after = solver.effort();
        uploaded.push(after.uploaded_bytes - before.uploaded_bytes);
        iterations.push(found.iterations);
        let passes = u64::from(after.passes - before.passes);
        let down = after.downloaded_bytes - before.downloaded_bytes;
        println!(
            "round {round}: error {error:.1e}, {} iterations, {passes} passes, {} bytes up and {} down per unknown",
            found.iterations,
            uploaded[round as usize] / n,
            down / n
        );
        assert!(found.converged && error <= 1e-6, "round {round}: {error}");
        assert!(down >= 4 * n * passes);
        // The device has as many iterations as it says, each a handful of kernels.
        assert!(after.dispatches - before.dispatches >= 5 * u64::from(found.iterations));
    }
    // Links and the way once; then conductances and diagonal (28 bytes); in the end the source alone.
    let values = WIDTH_BYTES * n;
    assert!(uploaded[0] >= 2 * values);
    let kept = uploaded[4];
    for round in [1, 2] {
        let more = uploaded[round].saturating_sub(kept);
        let extra = UNIFORMS * u64::from(iterations[round].saturating_sub(iterations[4]));
        assert!(10 * more >= 9 * values && 10 * more < 11 * values + 10 * extra, "round {round}: {more} bytes for {n}");
    }
    assert!(uploaded[3] > uploaded[2]);
    // Another system, of another size, by the same solver.
    let other = Network::new([5, 6, 7], [false; 3], 1.0, 1.0, 6).links();
    let b = sources(&other, 23);
    let (x, _) = solve(solver.as_mut(), &other, &b, 1e-6);
    assert!(in_energy(&other, &x, &eliminated(&other, &b)) <= 1e-6);
    // And fields of another length are refused, not read.
    let stop = LinksStop { relative: 1e-3, max_iterations: 10, double: false };
    let refused = solver.correct(&other, &b[1..], &mut vec![0.0; b.len()], &stop, &Silent);
    assert!(matches!(refused, Err(LinksError::Length { .. })));
}

/// Bytes of the uniforms of an iteration at most: sixteen kernels.
const UNIFORMS: u64 = 4096;
/// Bytes of conductances and diagonal by unknown.
const WIDTH_BYTES: u64 = 28;

fn agree(gpu: &GpuBackend, network: &Network) {
    let links = network.links();
    let b = sources(&links, 24);
    for relative in [1e-2, 1e-4] {
        let mut solver = gpu.links(links.unknowns(), &Silent);
        let (x, found) = solve(solver.as_mut(), &links, &b, relative);
        let (y, want) =
            solve(Backend::links(&CpuBackend::new(), links.unknowns(), &Silent).as_mut(), &links, &b, relative);
        let apart = in_energy(&links, &x, &y);
        println!(
            "{:?} to {relative:.0e}: iterations {} on the processor, {} on the device; {apart:.1e} apart; levels {:?}",
            network.shape.zyx(),
            want.iterations,
            found.iterations,
            links.levels()
        );
        assert!(found.iterations.abs_diff(want.iterations) <= SAME_ITERATIONS && apart <= 2.0 * relative);
        assert_eq!((solver.effort().passes, solver.describe()), (1, gpu.describe()));
    }
}

fn passes() {
    for (seed, wraps) in [(31, [false; 3]), (32, [true, false, true])] {
        agree(backend(None), &Network::new([26, 25, 27], wraps, 50.0, 1e-2, seed));
    }
}

/// As levels too large for one workgroup are.
fn dispatches() {
    let gpu = GpuBackend::open(Pick::Best, Options { tail_rows: Some(0), ..Options::default() }).unwrap();
    agree(&gpu, &Network::new([26, 25, 27], [false; 3], 50.0, 1e-2, 33));
}

fn nothing() {
    let gpu = backend(None);
    let links = Network::new([6, 6, 6], [false; 3], 1.0, 1.0, 7).links();
    let zero = vec![0.0; links.unknowns()];
    let mut solver = gpu.links(links.unknowns(), &Silent);
    let mut x = vec![0.5; zero.len()];
    let stop = LinksStop { relative: 1e-4, max_iterations: 50, double: false };
    let found = solver.correct(&links, &zero, &mut x, &stop, &Silent).unwrap();
    assert!(found.converged && x.iter().all(|x| x.to_bits() == 0.5f64.to_bits()), "{found:?}");
}
