//! Every kernel against a plain loop in double precision.
//!
//! The finest level's loops know the labels and the equation and nothing of checkerboards, colours or slabs; those of the
//! stored levels walk the plain arrays of a level.

use foamflux_gpu::{GpuBackend, Options, Pick};
use foamflux_grid::{Axis, Labels, Volume, VoxelSize, VoxelSizeSource};
use foamflux_transport::device::{Finest, Hierarchy, Level, MORE, Next, WIDTH, piece_table};
use foamflux_transport::suite::Lcg;
use foamflux_transport::{Layout, Problem, Sides};

use crate::conformance::backend;
use crate::harness::{Test, noise, pore};
use crate::links;

pub(crate) const TESTS: &[Test] = &[
    ("kernels::grid_residual_apply_update_and_direction", iteration),
    ("kernels::grid_relax", relaxation),
    ("kernels::grid_restrict_and_prolong", transfers),
    ("kernels::list_relax_apply_residual", rows),
    ("kernels::list_restrict_prolong_and_direct", between_levels),
    ("kernels::k_cycle_in_dispatches_and_in_one", cycles),
    ("kernels::a_cycle_is_positive_definite", positive),
];

/// Roundings that a value may have gathered, in units of the last digit of its largest term: a dozen terms and a factor.
const ROUNDINGS: f64 = 16.0 * f32::EPSILON as f64;
/// The same for a sum over a field, in units of the sum of its terms' sizes: pairwise sums gather few.
const OF_A_SUM: f64 = 64.0 * f32::EPSILON as f64;
/// Relative difference of a K-cycle in single precision, of which 2e-7 were seen: a wrong sign shows in the first digits.
const OF_A_CYCLE: f64 = 5e-6;

/// The operator by unknown.
struct Plain {
    links: Vec<Vec<(usize, f64)>>,
    ground: Vec<f64>,
    drive: Vec<f64>,
    /// Energy of the straight profile.
    straight: f64,
    /// Voxel of each unknown, x y z.
    voxels: Vec<[usize; 3]>,
}

/// What a row's terms add up to, and how large they are.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    value: f64,
    size: f64,
}

impl Sum {
    fn add(&mut self, term: f64) {
        self.value += term;
        self.size += term.abs();
    }

    fn of(terms: impl Iterator<Item = f64>) -> Sum {
        let mut sum = Sum::default();
        terms.for_each(|t| sum.add(t));
        sum
    }

    fn check(self, got: f64, what: &str) {
        assert!((got - self.value).abs() <= OF_A_SUM * self.size, "{what}: {got} for {} of {}", self.value, self.size);
    }
}

impl Plain {
    fn of(labels: &Labels, axis: Axis) -> Plain {
        let (shape, spacing) = (labels.shape(), labels.spacing());
        let (n, d) = ([shape.x, shape.y, shape.z], [spacing.x, spacing.y, spacing.z]);
        let flow = axis.xyz_index();
        let all: Vec<[usize; 3]> = (0..shape.len())
            .map(|i| shape.zyx_of(i))
            .map(|(z, y, x)| [x, y, z])
            .filter(|c| *labels.volume().at(c[2], c[1], c[0]) == 0)
            .collect();
        let id = |c: [usize; 3]| (c[2] * n[1] + c[1]) * n[0] + c[0];
        let mut number = vec![usize::MAX; shape.len()];
        all.iter().enumerate().for_each(|(k, &c)| number[id(c)] = k);
        let neighbours = |c: [usize; 3]| -> Vec<(usize, usize, bool)> {
            let mut out = Vec::new();
            for a in 0..3 {
                for up in [false, true] {
                    let mut to = c;
                    match up {
                        true if c[a] + 1 < n[a] => to[a] += 1,
                        false if c[a] > 0 => to[a] -= 1,
                        _ => continue,
                    }
                    if number[id(to)] != usize::MAX {
                        out.push((number[id(to)], a, up));
                    }
                }
            }
            out
        };
        let reached = |slice: usize| {
            let mut seen: Vec<bool> = all.iter().map(|c| c[flow] == slice).collect();
            let mut stack: Vec<usize> = (0..all.len()).filter(|&k| seen[k]).collect();
            while let Some(k) = stack.pop() {
                for (to, ..) in neighbours(all[k]) {
                    if !std::mem::replace(&mut seen[to], true) {
                        stack.push(to);
                    }
                }
            }
            seen
        };
        let (from_inlet, from_outlet) = (reached(0), reached(n[flow] - 1));
        let mut place = vec![usize::MAX; all.len()];
        let mut voxels = Vec::new();
        for (k, &c) in all.iter().enumerate() {
            if from_inlet[k] && from_outlet[k] {
                place[k] = voxels.len();
                voxels.push(c);
            }
        }
        let mut plain = Plain { links: Vec::new(), ground: Vec::new(), drive: Vec::new(), straight: 0.0, voxels };
        for &c in &plain.voxels {
            let (mut links, mut ground, mut drive) = (Vec::new(), 0.0, 0.0);
            for (to, a, up) in neighbours(c) {
                let g = (d[flow] / d[a]).powi(2);
                links.push((place[to], g));
                if a == flow {
                    // The profile loses 1 per slice.
                    drive += if up { -1.0 } else { 1.0 };
                    plain.straight += 0.5;
                }
            }
            for (slice, sign) in [(0, 1.0), (n[flow] - 1, -1.0)] {
                if c[flow] == slice {
                    ground += 2.0;
                    drive += sign;
                    plain.straight += 0.5;
                }
            }
            plain.links.push(links);
            plain.ground.push(ground);
            plain.drive.push(drive);
        }
        plain
    }

    fn of_level(level: &Level) -> Plain {
        let n = level.len();
        let mut plain = Plain {
            links: vec![Vec::new(); n],
            ground: level.ground.iter().map(|&g| f64::from(g)).collect(),
            drive: vec![0.0; n],
            straight: 0.0,
            voxels: Vec::new(),
        };
        for i in 0..n {
            for k in 0..WIDTH {
                let (to, w) = (level.to[k * n + i], level.conductance[k * n + i]);
                if k + 1 == WIDTH && to & MORE != 0 {
                    let first = (to & !MORE) as usize;
                    let others = &level.more[first..first + w as usize];
                    plain.links[i].extend(others.iter().map(|&(to, w)| (to as usize, f64::from(w))));
                } else if w > 0.0 {
                    plain.links[i].push((to as usize, f64::from(w)));
                }
            }
        }
        plain
    }

    fn len(&self) -> usize {
        self.links.len()
    }

    fn diagonal(&self, i: usize) -> f64 {
        self.ground[i] + self.links[i].iter().map(|l| l.1).sum::<f64>()
    }

    /// `(A p)_i`.
    fn product(&self, p: &[f32], i: usize) -> Sum {
        let here = f64::from(p[i]);
        let mut sum = Sum::default();
        sum.add(self.ground[i] * here);
        for &(j, w) in &self.links[i] {
            sum.add(w * (here - f64::from(p[j])));
            // What the difference lost.
            sum.size += w * (here.abs() + f64::from(p[j]).abs());
        }
        sum
    }

    /// What the neighbours that count pull unknown i to.
    fn pull(&self, z: &[f64], i: usize, counts: impl Fn(usize) -> bool) -> Sum {
        Sum::of(self.links[i].iter().filter(|l| counts(l.0)).map(|&(j, w)| w * z[j]))
    }

    fn red(&self, i: usize) -> bool {
        self.voxels[i].iter().sum::<usize>() % 2 == 0
    }
}

fn close(got: &[f32], want: impl Fn(usize) -> Sum, what: &str) {
    for (i, &got) in got.iter().enumerate() {
        let want = want(i);
        assert!(
            (f64::from(got) - want.value).abs() <= ROUNDINGS * want.size,
            "{what}: value {i} of {} is {got} and should be {} (terms of {})",
            want.value,
            want.value,
            want.size
        );
    }
}

fn double(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

fn random(n: usize, seed: u64) -> Vec<f32> {
    let mut rng = Lcg(seed);
    (0..n).map(|_| (2.0 * rng.unit() - 1.0) as f32).collect()
}

fn dot(a: &[f32], b: impl Fn(usize) -> f64) -> Sum {
    Sum::of(a.iter().enumerate().map(|(i, &a)| f64::from(a) * b(i)))
}

/// Boxes that straddle the sizes of workgroups and blocks, of voxels that are not cubes, and how they are cut.
fn grids() -> Vec<(Labels, Axis, &'static GpuBackend)> {
    let [whole, cut] = [backend(Some(Layout::Dense)), in_slabs()];
    let mut out = Vec::new();
    for (shape, seed) in [([9, 70, 131], 1), ([21, 17, 64], 2), ([8, 65, 5], 3)] {
        let flat = noise(shape, 0.62, 1, seed);
        let size = VoxelSize::known([0.7e-6, 1e-6, 1.6e-6], VoxelSizeSource::Generator).unwrap();
        let shape = flat.shape();
        let labels = Labels::new(Volume::from_fn(shape, size, |z, y, x| *flat.volume().at(z, y, x))).unwrap();
        for axis in Axis::ALL {
            out.push((labels.clone(), axis, if axis == Axis::Y { cut } else { whole }));
        }
    }
    out
}

fn in_slabs() -> &'static GpuBackend {
    static OPEN: std::sync::OnceLock<GpuBackend> = std::sync::OnceLock::new();
    let options = Options { layout: Some(Layout::Dense), slab_planes: Some(4), ..Options::default() };
    OPEN.get_or_init(|| GpuBackend::open(Pick::Best, options).unwrap())
}

fn each_grid(f: impl Fn(&Plain, &Problem, &GpuBackend)) {
    for (labels, axis, gpu) in grids() {
        let (plain, problem) = (Plain::of(&labels, axis), pore(&labels, axis, Sides::NoFlux));
        assert_eq!(plain.len(), problem.unknowns(), "the loops and the problem have the same unknowns");
        f(&plain, &problem, gpu);
    }
}

fn iteration() {
    each_grid(|plain, problem, gpu| {
        let on = gpu.on_device(problem).unwrap();
        let n = plain.len();
        let [x, p, before] = [11, 12, 13].map(|seed| random(n, seed));
        let (r, sums) = on.residual(&x, &before);
        let residual = |i: usize| {
            let image = plain.product(&x, i);
            // Every term of the drive is rounded with the difference it belongs to.
            Sum { value: plain.drive[i] - image.value, size: image.size + plain.diagonal(i) }
        };
        close(&r, residual, "grid_residual");
        let energy = dot(&x, |i| plain.drive[i] + residual(i).value);
        let energy = Sum { value: plain.straight - energy.value, size: plain.straight + energy.size };
        energy.check(sums[0], "energy");
        Sum::of((0..n).map(|i| residual(i).value.powi(2))).check(sums[2], "squared norm");
        Sum::of((0..n).map(|i| (residual(i).value - f64::from(before[i])).powi(2))).check(sums[3], "change");
        let weight = Sum::of((0..n).map(|i| plain.diagonal(i) * f64::from(x[i]).powi(2)));
        let unit = (f64::from(f32::EPSILON) / 2.0).powi(2);
        // Eight squared roundings of half a digit: the loop's own number.
        weight.check(sums[1] / (8.0 * unit), "weight");
        dot(&p, |i| plain.product(&p, i).value).check(on.apply(&p), "grid_apply");

        // Lengths of steps are quotients of two sums.
        let length = |a: &[f32], b: &[f32]| {
            let [a, b] = [a, b].map(|f| dot(f, |i| plain.product(f, i).value).value);
            a / b
        };
        let of_length = 2.0 * OF_A_SUM / ROUNDINGS;
        let stepped = |from: f64, alpha: f64, along: Sum| Sum {
            value: from + alpha * along.value,
            size: from.abs() + alpha.abs() * (along.size + of_length * along.value.abs()),
        };
        let alpha = length(&x, &p);
        let image = |i: usize| plain.product(&p, i);
        let value = |v: f32| Sum::of(std::iter::once(f64::from(v)));
        let step = on.advance(&p, &x, &before);
        close(&step.x, |i| stepped(f64::from(x[i]), alpha, value(p[i])), "grid_update, potential");
        close(&step.r, |i| stepped(f64::from(before[i]), -alpha, image(i)), "grid_update, residual");
        // What the cycle makes of it is tested below; its sums belong to it.
        dot(&step.z, |i| f64::from(step.r[i])).check(step.rz, "r·z");
        dot(&step.z, |i| -alpha * image(i).value).check(step.flexible, "(r - r before)·z");
        let turned = on.direction(&before, &p);
        let beta = length(&before, &p);
        close(&turned, |i| stepped(f64::from(before[i]), beta, value(p[i])), "combine");
    });
}

fn relaxation() {
    each_grid(|plain, problem, gpu| {
        let on = gpu.on_device(problem).unwrap();
        let n = plain.len();
        let [p, r, z] = [21, 22, 23].map(|seed| random(n, seed));
        for colour in [0, 1] {
            let (swept, sums) = on.relax(colour, &p, &r, &z).unwrap();
            let own = |i: usize| plain.red(i) == (colour == 0);
            let old = double(&z);
            let want = |i: usize| {
                if !own(i) {
                    return Sum { value: old[i], size: 0.0 };
                }
                let pull = plain.pull(&old, i, |_| true);
                let size = (pull.size + f64::from(r[i]).abs()) / plain.diagonal(i);
                Sum { value: (pull.value + f64::from(r[i])) / plain.diagonal(i), size }
            };
            close(&swept, want, "grid_relax");
            let of_own = |f: &dyn Fn(usize) -> f64| Sum::of((0..n).filter(|&i| own(i)).map(f));
            of_own(&|i| want(i).value * f64::from(r[i])).check(sums[0], "z·r of a colour");
            of_own(&|i| want(i).value * plain.product(&p, i).value).check(sums[1], "z·A p of a colour");
        }
    });
}

/// Coarse unknown of every red unknown.
fn pieces(plain: &Plain, problem: &Problem) -> (Vec<Option<usize>>, usize) {
    let Finest::Grid(grid) = Hierarchy::of(problem, Some(Layout::Dense)).finest else { panic!("not a grid") };
    let [bx, by] = [problem.shape().x, problem.shape().y].map(|n| n.div_ceil(2));
    let table = piece_table();
    let mut coarse = 0;
    let of = plain
        .voxels
        .iter()
        .enumerate()
        .map(|(i, &[x, y, z])| {
            let block = (z / 2 * by + y / 2) * bx + x / 2;
            let word = table[usize::from(grid.masks[block])];
            let first = grid.first[block] as usize;
            coarse = coarse.max(first + (word & 7) as usize);
            plain.red(i).then(|| first + (word >> (4 + 4 * (y % 2 + 2 * (z % 2))) & 3) as usize)
        })
        .collect();
    (of, coarse)
}

fn transfers() {
    each_grid(|plain, problem, gpu| {
        let on = gpu.on_device(problem).unwrap();
        let n = plain.len();
        let (of, coarse) = pieces(plain, problem);
        let z = random(n, 31);
        let old = double(&z);
        let mut want = vec![Sum::default(); coarse];
        for (i, piece) in of.iter().enumerate() {
            if let Some(piece) = piece {
                let pull = plain.pull(&old, i, |_| true);
                want[*piece].value += pull.value;
                want[*piece].size += pull.size;
            }
        }
        let got = on.restrict(&z).unwrap();
        close(&got[..coarse], |c| want[c], "grid_restrict");
        let correction = random(coarse, 32);
        let got = on.prolong(&correction, &z).unwrap();
        let added = |i: usize| of[i].map_or(0.0, |piece| f64::from(correction[piece]));
        close(&got, |i| Sum::of([old[i], added(i)].into_iter()), "grid_prolong");
    });
}

/// The finest level as a list and all levels below, with and without joined walls, of one potential and of two.
fn levels() -> Vec<Vec<Level>> {
    let mut out = Vec::new();
    for (shape, share, blur, sides) in
        [([40, 38, 45], 0.55, 2, Sides::NoFlux), ([36, 36, 36], 0.36, 0, Sides::Periodic)]
    {
        let problem = pore(&noise(shape, share, blur, 41), Axis::Z, sides);
        let hierarchy = Hierarchy::of(&problem, Some(Layout::Compact));
        let Finest::List(list) = hierarchy.finest else { panic!("not a list") };
        out.push(std::iter::once(list.level).chain(hierarchy.levels).collect());
    }
    // Two media, whose finest level has links that conduct nothing among its six; the second wraps an odd ring.
    for (zyx, wraps, seed) in [([22, 23, 24], [false; 3], 42), ([21, 20, 19], [true, false, true], 43)] {
        out.push(links::levels(&links::Network::new(zyx, wraps, 1e3, 1e-2, seed)));
    }
    out
}

/// Number of the colour of every row.
fn colours(level: &Level) -> Vec<usize> {
    let mut out = Vec::with_capacity(level.len());
    for (colour, bounds) in level.bounds.windows(2).enumerate() {
        out.extend((bounds[0]..bounds[1]).map(|_| colour));
    }
    out
}

/// A sweep over colours, in the order given, from `z`.
fn swept(plain: &Plain, level: &Level, r: &[f64], z: &[f64], back: bool) -> (Vec<f64>, Vec<f64>) {
    let colours = colours(level);
    let mut z = z.to_vec();
    let mut size = vec![0.0; z.len()];
    let rows: Vec<usize> = if back { (0..z.len()).rev().collect() } else { (0..z.len()).collect() };
    for i in rows {
        let counts = |j: usize| back || colours[j] < colours[i];
        let pull = plain.pull(&z, i, counts);
        z[i] = (r[i] + pull.value) / plain.diagonal(i);
        // Rounding of neighbours is damped by the same quotient.
        size[i] =
            (r[i].abs() + pull.size + plain.pull(&size, i, |j| counts(j) && size[j] > 0.0).value) / plain.diagonal(i);
    }
    (z, size)
}

fn rows() {
    for levels in levels() {
        for level in levels.iter().filter(|l| !matches!(l.next, Next::Inverse(_))) {
            let (plain, gpu) = (Plain::of_level(level), backend(None));
            let n = level.len();
            for i in 0..n {
                let inverse = f64::from(level.inverse[i]);
                // The reciprocal and the sum that it is of are rounded.
                assert!((inverse * plain.diagonal(i) - 1.0).abs() < ROUNDINGS, "row {i} of {n}");
            }
            let on = gpu.one_level(level);
            let [r, z, q, b] = [51, 52, 53, 54].map(|seed| random(n, seed));
            let (want, size) = swept(&plain, level, &double(&r), &vec![0.0; n], false);
            close(&on.sweep_from_zero(&r), |i| Sum { value: want[i], size: size[i] }, "list_relax from zero");
            let (want, size) = swept(&plain, level, &double(&r), &double(&z), true);
            let (got, sums) = on.sweep_back(&r, &z, &q);
            close(&got, |i| Sum { value: want[i], size: size[i] }, "list_relax back");
            dot(&r, |i| want[i]).check(sums[0], "z·r");
            dot(&q, |i| want[i]).check(sums[1], "z·q");
            let (got, sums) = on.apply(&z, &q);
            close(&got, |i| plain.product(&z, i), "list_apply");
            dot(&z, |i| plain.product(&z, i).value).check(sums[0], "p·A p");
            dot(&z, |i| f64::from(q[i])).check(sums[1], "p·v");
            let (got, sums) = on.residual(&b, &z, &q);
            let residual = |i: usize| {
                let image = plain.product(&z, i);
                Sum { value: f64::from(b[i]) - image.value, size: image.size + f64::from(b[i]).abs() }
            };
            close(&got, residual, "list_residual");
            dot(&z, |i| f64::from(b[i]) + residual(i).value).check(sums[0], "x·(b + r)");
            Sum::of((0..n).map(|i| plain.diagonal(i) * f64::from(z[i]).powi(2))).check(sums[1], "d x^2");
            Sum::of((0..n).map(|i| residual(i).value.powi(2))).check(sums[2], "r^2");
            Sum::of((0..n).map(|i| (residual(i).value - f64::from(q[i])).powi(2))).check(sums[3], "change");
        }
    }
}

fn between_levels() {
    for levels in levels() {
        for level in &levels {
            let (plain, on) = (Plain::of_level(level), backend(None).one_level(level));
            let n = level.len();
            let [r, z] = [61, 62].map(|seed| random(n, seed));
            match &level.next {
                Next::Level(transfer) => {
                    let coarse = transfer.first.len() - 1;
                    let colours = colours(level);
                    let old = double(&z);
                    let mut want = vec![Sum::default(); coarse];
                    for (i, &c) in transfer.to_coarse.iter().enumerate() {
                        let pull = plain.pull(&old, i, |j| colours[j] > colours[i]);
                        want[c as usize].value += pull.value;
                        want[c as usize].size += pull.size;
                    }
                    close(&on.restrict(&z, coarse).unwrap(), |c| want[c], "list_restrict");
                    let correction = random(coarse, 63);
                    let added =
                        |i: usize| transfer.to_coarse.get(i).map_or(0.0, |&c| f64::from(correction[c as usize]));
                    let got = on.prolong(&correction, &z).unwrap();
                    close(&got, |i| Sum::of([old[i], added(i)].into_iter()), "list_prolong");
                }
                Next::Inverse(matrix) => {
                    let want = |i: usize| Sum::of((0..n).map(|j| f64::from(matrix[i * n + j]) * f64::from(r[j])));
                    close(&on.direct(&r).unwrap(), want, "direct");
                }
                Next::Nothing => {}
            }
        }
    }
}

/// The K-cycle in double precision: `c` of a level for a residual.
fn solve(levels: &[Level], plain: &[Plain], r: &[f64]) -> Vec<f64> {
    let c = cycle(levels, plain, r);
    if !levels[0].two_steps {
        return c;
    }
    let image = |x: &[f64]| -> Vec<f64> {
        (0..x.len())
            .map(|i| {
                let links = plain[0].links[i].iter();
                plain[0].ground[i] * x[i] + links.map(|&(j, w)| w * (x[i] - x[j])).sum::<f64>()
            })
            .collect()
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let v = image(&c);
    let (cr, cac) = (dot(&c, r), dot(&c, &v));
    let alpha = cr / cac;
    let left: Vec<f64> = r.iter().zip(&v).map(|(r, v)| r - alpha * v).collect();
    let d = cycle(levels, plain, &left);
    let w = image(&d);
    // The minimum of the energy over the span of c and d, by Cramer's rule.
    let (dac, dad, dr) = (dot(&d, &v), dot(&d, &w), dot(&d, r));
    let determinant = cac * dad - dac * dac;
    let a = (cr * dad - dr * dac) / determinant;
    let b = (dr * cac - cr * dac) / determinant;
    c.iter().zip(&d).map(|(c, d)| a * c + b * d).collect()
}

fn cycle(levels: &[Level], plain: &[Plain], r: &[f64]) -> Vec<f64> {
    let (level, own) = (&levels[0], &plain[0]);
    let n = level.len();
    if let Next::Inverse(matrix) = &level.next {
        return (0..n).map(|i| (0..n).map(|j| f64::from(matrix[i * n + j]) * r[j]).sum()).collect();
    }
    let (mut z, _) = swept(own, level, r, &vec![0.0; n], false);
    if let Next::Level(transfer) = &level.next {
        let mut coarse = vec![0.0; transfer.first.len() - 1];
        for (i, &c) in transfer.to_coarse.iter().enumerate() {
            let links = own.links[i].iter().map(|&(j, w)| w * (z[i] - z[j])).sum::<f64>();
            // The whole residual, where the kernel knows which part of it is zero.
            coarse[c as usize] += r[i] - own.ground[i] * z[i] - links;
        }
        let correction = solve(&levels[1..], &plain[1..], &coarse);
        for (i, &c) in transfer.to_coarse.iter().enumerate() {
            z[i] += correction[c as usize];
        }
    }
    swept(own, level, r, &z, true).0
}

fn cycles() {
    let gpu = backend(None);
    for levels in levels() {
        // The finest list belongs to the Krylov loop; the cycle is that of the levels below it.
        let levels = &levels[1..];
        let plain: Vec<Plain> = levels.iter().map(Plain::of_level).collect();
        let r = random(levels[0].len(), 71);
        let want = solve(levels, &plain, &double(&r));
        let largest = want.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        // None, the last two levels, all of them.
        let rows = [0, levels[levels.len() - 2].len(), levels[0].len()];
        let mut counts = Vec::new();
        for rows in rows {
            let got = gpu.k_cycle(levels, rows, &r);
            let off = got.iter().zip(&want).fold(0.0f64, |m, (g, w)| m.max((f64::from(*g) - w).abs())) / largest;
            counts.push(gpu.dispatches(levels, rows));
            println!(
                "levels of {:?} rows, {rows} in one dispatch: {} dispatches, {off:.1e} off",
                levels.iter().map(Level::len).collect::<Vec<_>>(),
                counts.last().unwrap()
            );
            assert!(off <= OF_A_CYCLE, "{off}");
        }
        // As many levels as the list of steps has room for.
        assert!(counts[0] > counts[1] && 4 * counts[2] < counts[0], "{counts:?}");
    }
}

fn positive() {
    each_grid(|plain, problem, gpu| {
        let on = gpu.on_device(problem).unwrap();
        let r = random(plain.len(), 81);
        let (z, rz) = on.precondition(&r);
        dot(&z, |i| f64::from(r[i])).check(rz, "r·z of a cycle");
        assert!(rz > 0.0, "a preconditioner is positive definite");
    });
}
