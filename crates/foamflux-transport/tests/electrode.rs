//! Electrode tortuosity factor: T8 and T3 of the verification table, symmetries, storages and bad input.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common;

use common::{PORE, blobs, labels, noise, sized};
use foamflux_grid::{Axis, LabelSet, Labels, Silent};
use foamflux_transport::{
    Backend, Coefficients, Collector, CpuBackend, Electrode, ElectrodeError, ElectrodeOutcome, ElectrodeSetting,
    Layout, Problem, Setup, Sides, SolveError, Stop, WallArea, electrode_tortuosity,
};
use foamflux_voxel::surface::weights;

/// What is asked of the solver.
const TOL: f64 = 1e-7;
/// Agreement of two solves at [`TOL`], the second one's error and rounding of the currents in single precision included.
const AGREES: f64 = 4e-7;
/// The flux of a potential in single precision, whose values are a few hundred times its differences, is of first order in
/// their rounding.
const FLUX: f64 = 1e-5;
/// Normals where the gradient of the mask all but vanishes, as it does in noise, are rounding of sums whose order turns with
/// the axes.
const TURNED: f64 = 1e-4;
/// T8: direct-current form against the limit of complex solves.
const T8: f64 = 1e-5;
/// Frequency of the complex solves times resistance times capacity: what is left of it is its square.
const LOW: f64 = 3e-4;

fn setting(axis: Axis) -> ElectrodeSetting {
    ElectrodeSetting { axis, collector: Collector::Last, sides: Sides::NoFlux, walls: WallArea::Normals }
}

fn outcome(
    labels: &Labels,
    sigma: [f64; 9],
    setting: ElectrodeSetting,
    backend: &CpuBackend,
    tol: f64,
) -> Result<ElectrodeOutcome, ElectrodeError> {
    let stop = Stop { tau_rel: tol, ..Stop::default() };
    electrode_tortuosity(labels, &Coefficients::per_label(sigma).unwrap(), &setting, backend, &stop, &Silent)
}

fn electrode(labels: &Labels, sigma: [f64; 9], setting: ElectrodeSetting) -> Electrode {
    match outcome(labels, sigma, setting, &CpuBackend::new(), TOL).unwrap() {
        ElectrodeOutcome::Solved(found) => *found,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_close(a: f64, b: f64, relative: f64) {
    assert!((a / b - 1.0).abs() < relative, "{a} and {b}");
}

#[track_caller]
fn assert_agrees(a: f64, b: f64) {
    assert_close(a, b, AGREES);
}

/// An electrode in plain loops: conductances and walls in physical units, and a dense factorisation.
struct Plain {
    /// Links of every voxel that the separator reaches, and its own to the separator.
    links: Vec<Vec<(usize, f64)>>,
    to_separator: Vec<f64>,
    walls: Vec<f64>,
    /// `eps kappa A / L`.
    scale: f64,
}

impl Plain {
    fn of(labels: &Labels, sigma: [f64; 9], setting: ElectrodeSetting) -> Self {
        let (shape, spacing) = (labels.shape(), labels.spacing());
        let n = [shape.x, shape.y, shape.z];
        let d = [spacing.x, spacing.y, spacing.z];
        let area = |a: usize| d[0] * d[1] * d[2] / d[a];
        let value = |i: usize| sigma[usize::from(labels.volume().as_slice()[i])];
        let place = |i: usize| {
            let (z, y, x) = shape.zyx_of(i);
            [x, y, z]
        };
        let index = |c: [usize; 3]| shape.index(c[2], c[1], c[0]);
        let flow = setting.axis.xyz_index();
        let separator = if setting.collector == Collector::Last { 0 } else { n[flow] - 1 };
        let neighbours = |i: usize| -> Vec<(usize, usize)> {
            let c = place(i);
            let mut out = Vec::new();
            for a in 0..3 {
                for up in [false, true] {
                    let mut to = c;
                    if up && c[a] + 1 < n[a] {
                        to[a] += 1;
                    } else if !up && c[a] > 0 {
                        to[a] -= 1;
                    } else {
                        continue;
                    }
                    if value(index(to)) > 0.0 {
                        out.push((a, index(to)));
                    }
                }
            }
            out
        };
        let mut number = vec![usize::MAX; shape.len()];
        let mut cells: Vec<usize> =
            (0..shape.len()).filter(|&i| value(i) > 0.0 && place(i)[flow] == separator).collect();
        cells.iter().enumerate().for_each(|(k, &i)| number[i] = k);
        let mut k = 0;
        while k < cells.len() {
            for (_, j) in neighbours(cells[k]) {
                if number[j] == usize::MAX {
                    number[j] = cells.len();
                    cells.push(j);
                }
            }
            k += 1;
        }
        let mut plain =
            Plain { links: Vec::new(), to_separator: Vec::new(), walls: vec![0.0; cells.len()], scale: 0.0 };
        for &i in &cells {
            let link = |(a, j): (usize, usize)| (number[j], area(a) / (0.5 * d[a] / value(i) + 0.5 * d[a] / value(j)));
            plain.links.push(neighbours(i).into_iter().map(link).collect());
            let near = place(i)[flow] == separator;
            plain.to_separator.push(if near { value(i) * area(flow) / (0.5 * d[flow]) } else { 0.0 });
        }
        let phase: LabelSet = foamflux_grid::Label::ALL.into_iter().filter(|&l| sigma[l as usize] > 0.0).collect();
        for face in weights(&labels.mask(phase)) {
            let high = face.voxel + shape.stride(face.axis);
            let inside = if value(face.voxel) > 0.0 { face.voxel } else { high };
            if number[inside] != usize::MAX {
                let weight = if setting.walls == WallArea::Normals { f64::from(face.weight) } else { 1.0 };
                plain.walls[number[inside]] += weight * area(face.axis.xyz_index());
            }
        }
        let mean = (0..shape.len()).map(value).sum::<f64>() / shape.len() as f64;
        let cross = area(flow) * (shape.len() / n[flow]) as f64;
        plain.scale = mean * cross / (n[flow] as f64 * d[flow]);
        plain
    }

    fn matrix(&self, size: usize) -> Vec<Vec<f64>> {
        let mut a = vec![vec![0.0; size]; size];
        for (i, links) in self.links.iter().enumerate() {
            a[i][i] = self.to_separator[i] + links.iter().map(|l| l.1).sum::<f64>();
            links.iter().for_each(|&(j, g)| a[i][j] -= g);
        }
        a
    }

    /// tau_e by the direct-current form.
    fn direct(&self) -> f64 {
        let u = eliminate(self.matrix(self.walls.len()), self.walls.clone());
        let total: f64 = self.walls.iter().sum();
        3.0 * self.scale * self.walls.iter().zip(&u).map(|(s, u)| s * u).sum::<f64>() / (total * total)
    }

    /// tau_e by `kappa dphi/dn = i w C phi` on the walls and phi = 1 on the separator, at a low frequency.
    fn complex(&self) -> f64 {
        let n = self.walls.len();
        let capacity: f64 = self.walls.iter().sum();
        let frequency = LOW * self.scale / capacity;
        let mut a = self.matrix(2 * n);
        for i in 0..n {
            let (upper, lower) = a.split_at_mut(n);
            lower[i][n..].copy_from_slice(&upper[i][..n]);
            upper[i][n + i] = -frequency * self.walls[i];
            lower[i][i] = frequency * self.walls[i];
        }
        let mut b = self.to_separator.clone();
        b.resize(2 * n, 0.0);
        let phi = eliminate(a, b);
        let current = |part: usize, outside: f64| -> f64 {
            (0..n).map(|i| self.to_separator[i] * (outside - phi[part * n + i])).sum()
        };
        let (re, im) = (current(0, 1.0), current(1, 0.0));
        3.0 * self.scale * re / (re * re + im * im)
    }
}

/// Gaussian elimination with pivots.
fn eliminate(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap();
        a.swap(k, pivot);
        b.swap(k, pivot);
        let (done, rest) = a.split_at_mut(k + 1);
        for (row, target) in rest.iter_mut().zip(k + 1..n) {
            let factor = row[k] / done[k][k];
            if factor != 0.0 {
                row[k..].iter_mut().zip(&done[k][k..]).for_each(|(r, d)| *r -= factor * d);
                b[target] -= factor * b[k];
            }
        }
    }
    for k in (0..n).rev() {
        let known: f64 = (k + 1..n).map(|j| a[k][j] * b[j]).sum();
        b[k] = (b[k] - known) / a[k][k];
    }
    b
}

#[test]
fn straight_channels_are_one_to_the_resolution_of_their_length() {
    // One voxel wide, and a slit two voxels wide: all voxels have the same walls, so nothing flows across.
    for n in [1, 2, 7, 40] {
        for axis in Axis::ALL {
            let in_channel = |c: usize, first: usize, last: usize| (first..=last).contains(&c);
            for slit in [false, true] {
                let mut zyx = [4, 4, 4];
                zyx[2 - axis.xyz_index()] = n;
                let volume = labels(zyx, |z, y, x| {
                    let across: Vec<usize> = [x, y, z]
                        .into_iter()
                        .enumerate()
                        .filter(|&(a, _)| a != axis.xyz_index())
                        .map(|c| c.1)
                        .collect();
                    let inside = in_channel(across[0], 1, if slit { 2 } else { 1 }) && (slit || across[1] == 2);
                    u8::from(!inside)
                });
                let found = electrode(&volume, PORE, setting(axis));
                let centres = 1.0 + 0.5 / (n * n) as f64;
                assert_agrees(found.tau_e, centres);
                // The flux that is linear in every voxel is the exact one.
                assert_close(found.voxel_geometry_range[1], 1.0, FLUX);
                assert!(found.voxel_geometry_range[0] < 1.0 + FLUX);
                assert!(found.current_imbalance < 1e-4);
            }
        }
    }
}

#[test]
fn a_round_channel_tends_to_one() {
    // T8. What is above one is the way from the axis to the wall, of the order of (radius / length)^2 = 0.0026.
    let (n, r) = (80, 4.0);
    let volume = labels([n, 12, 12], |_, y, x| u8::from((x as f64 - 5.5).hypot(y as f64 - 5.5) > r));
    let found = electrode(&volume, PORE, setting(Axis::Z));
    println!("round channel: {}", found.tau_e);
    assert!(found.tau_e > 1.0 && found.tau_e < 1.004, "{}", found.tau_e);
}

#[test]
fn the_direct_current_form_is_the_limit_of_complex_solves() {
    let mut worst = [0.0f64; 2];
    for (seed, axis) in [(3, Axis::Z), (4, Axis::X), (5, Axis::Y)] {
        for walls in [WallArea::Normals, WallArea::Faces] {
            let volume = noise(8, 0.6, seed);
            let setting = ElectrodeSetting { walls, ..setting(axis) };
            let plain = Plain::of(&volume, PORE, setting);
            let found = electrode(&volume, PORE, setting);
            assert!(plain.walls.len() < found.unknowns + 1 && found.connected_fraction < found.volume_fraction);
            worst[0] = worst[0].max((found.tau_e / plain.direct() - 1.0).abs());
            worst[1] = worst[1].max((found.tau_e / plain.complex() - 1.0).abs());
            assert!(found.voxel_geometry_range[0] <= found.voxel_geometry_range[1]);
            assert!(found.voxel_geometry_range[1] <= found.tau_e * (1.0 + FLUX));
        }
    }
    println!("against the direct oracle {:e}, against complex solves {:e}", worst[0], worst[1]);
    assert!(worst[0] < AGREES && worst[1] < T8, "{worst:?}");
}

#[test]
fn a_dead_end_blocks_tau_and_not_tau_e() {
    // T3: a channel of six voxels in a box of ten, with a branch.
    let volume = labels([10, 6, 6], |z, y, x| u8::from(!((z < 6 && y == 2 && x == 3) || (z == 4 && y == 2))));
    let coefficients = Coefficients::per_label(PORE).unwrap();
    let flows = Problem::new(&volume, &coefficients, Axis::Z, Sides::NoFlux).unwrap();
    assert!(matches!(flows, Setup::Blocked(_)));
    let found = electrode(&volume, PORE, setting(Axis::Z));
    assert_agrees(found.tau_e, Plain::of(&volume, PORE, setting(Axis::Z)).direct());
    assert_eq!(found.unknowns, 11);
    let turned = ElectrodeSetting { collector: Collector::First, ..setting(Axis::Z) };
    assert_eq!(outcome(&volume, PORE, turned, &CpuBackend::new(), TOL).unwrap(), ElectrodeOutcome::Unconnected);
}

#[test]
fn several_conductivities_and_flat_voxels_match_the_oracle() {
    let mut rng = foamflux_transport::suite::Lcg(77);
    let volume = sized([7, 8, 6], [1.0, 0.6, 1.7], |_, _, _| [0, 0, 1, 2, 2][rng.below(5)]);
    for sigma in [1.0, 0.2, 1e-5].map(|s| [1.0, s, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]) {
        for axis in Axis::ALL {
            let plain = Plain::of(&volume, sigma, setting(axis)).direct();
            assert_agrees(electrode(&volume, sigma, setting(axis)).tau_e, plain);
        }
    }
}

#[test]
fn units_axes_and_ends_do_not_matter() {
    let n = 12;
    let base = noise(n, 0.65, 9);
    let at = |z: usize, y: usize, x: usize| *base.volume().at(z, y, x);
    for (walls, agrees) in [(WallArea::Faces, AGREES), (WallArea::Normals, TURNED)] {
        let setting = |axis| ElectrodeSetting { walls, ..setting(axis) };
        let plain = electrode(&base, PORE, setting(Axis::Z));
        // Ten times the voxel: the same number, a hundred times the area. Seven times the conductivity: the same number.
        let large = sized([n; 3], [10.0; 3], at);
        let found = electrode(&large, [7.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], setting(Axis::Z));
        assert_close(found.tau_e, plain.tau_e, agrees);
        assert_close(found.wall_area, 100.0 * plain.wall_area, agrees);
        assert!(plain.wall_area < plain.wall_area_of_all);
        // x for z, with flat voxels.
        let flat = electrode(&sized([n; 3], [1.0, 1.0, 0.5], at), PORE, setting(Axis::Z));
        let turned = electrode(&sized([n; 3], [0.5, 1.0, 1.0], |z, y, x| at(x, y, z)), PORE, setting(Axis::X));
        assert_close(flat.tau_e, turned.tau_e, agrees);
        // Upside down with the collector at the other end.
        for axis in Axis::ALL {
            let mirrored = labels([n; 3], |z, y, x| match axis {
                Axis::X => at(z, y, n - 1 - x),
                Axis::Y => at(z, n - 1 - y, x),
                Axis::Z => at(n - 1 - z, y, x),
            });
            let first = ElectrodeSetting { collector: Collector::First, ..setting(axis) };
            let (a, b) = (electrode(&base, PORE, setting(axis)), electrode(&mirrored, PORE, first));
            assert_close(a.tau_e, b.tau_e, agrees);
            assert_close(a.voxel_geometry_range[0], b.voxel_geometry_range[0], agrees.max(FLUX));
            assert_close(a.voxel_geometry_range[1], b.voxel_geometry_range[1], agrees.max(FLUX));
            // And it does matter which end it is.
            assert!((electrode(&base, PORE, first).tau_e / a.tau_e - 1.0).abs() > 1e-3);
        }
    }
}

#[test]
fn a_shift_across_periodic_sides_does_not_matter() {
    let base = blobs(16, 2, 0.55, 4);
    let shifted = labels([16; 3], |z, y, x| *base.volume().at(z, (y + 5) % 16, (x + 11) % 16));
    let periodic = ElectrodeSetting { sides: Sides::Periodic, ..setting(Axis::Z) };
    let (a, b) = (electrode(&base, PORE, periodic), electrode(&shifted, PORE, periodic));
    assert_close(a.tau_e, b.tau_e, TURNED);
    assert_close(a.wall_area, b.wall_area, TURNED);
    // The blobs are cut nowhere, so that walls that do not wrap have less area.
    let cut = electrode(&base, PORE, setting(Axis::Z));
    assert!((cut.tau_e / a.tau_e - 1.0).abs() > 1e-4);
}

#[test]
fn storages_and_threads_agree() {
    let volume = blobs(32, 2, 0.5, 8);
    for axis in Axis::ALL {
        for collector in [Collector::First, Collector::Last] {
            let setting = ElectrodeSetting { collector, ..setting(axis) };
            let [dense, list] = [Layout::Dense, Layout::Compact].map(|layout| {
                match outcome(&volume, PORE, setting, &CpuBackend::with_layout(layout), 1e-6).unwrap() {
                    ElectrodeOutcome::Solved(found) => *found,
                    other => panic!("{other:?}"),
                }
            });
            // Each within its own error.
            assert!((dense.tau_e / list.tau_e - 1.0).abs() < 2e-6, "{} {}", dense.tau_e, list.tau_e);
            assert!(dense.iterations <= 12 && list.iterations <= 12, "{} {}", dense.iterations, list.iterations);
        }
    }
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| electrode(&volume, PORE, setting(Axis::Y)).tau_e.to_bits())
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn the_stated_error_holds() {
    let volume = blobs(32, 1, 0.45, 5);
    let exact = electrode(&volume, PORE, setting(Axis::Z)).tau_e;
    for tol in [0.1, 1e-2, 1e-3, 1e-4, 1e-5] {
        let Ok(ElectrodeOutcome::Solved(found)) = outcome(&volume, PORE, setting(Axis::Z), &CpuBackend::new(), tol)
        else {
            panic!("not solved")
        };
        let error = (found.tau_e / exact - 1.0).abs();
        assert!(error <= found.error_solver.relative + AGREES && found.error_solver.relative <= tol, "{error} {tol}");
    }
}

#[test]
fn what_has_no_tau_e_says_why() {
    let full = labels([5; 3], |_, _, _| 0);
    assert_eq!(outcome(&full, PORE, setting(Axis::Z), &CpuBackend::new(), TOL).unwrap(), ElectrodeOutcome::NoWalls);
    let none = labels([5; 3], |_, _, _| 1);
    assert_eq!(outcome(&none, PORE, setting(Axis::Z), &CpuBackend::new(), TOL).unwrap(), ElectrodeOutcome::Unconnected);
    let volume = noise(8, 0.6, 3);
    for tol in [0.0, -1.0, f64::NAN, 1.0] {
        let refused = outcome(&volume, PORE, setting(Axis::Z), &CpuBackend::new(), tol);
        assert!(matches!(refused, Err(ElectrodeError::Solve(SolveError::Tolerance { .. }))));
    }
    // No iteration allowed: the best there is, with an error that claims nothing.
    let stop = Stop { max_iterations: 2, tau_rel: 1e-9, ..Stop::default() };
    let coefficients = Coefficients::per_label(PORE).unwrap();
    let backend: &dyn Backend = &CpuBackend::new();
    match electrode_tortuosity(&volume, &coefficients, &setting(Axis::Z), backend, &stop, &Silent) {
        Err(ElectrodeError::Solve(SolveError::NotConverged { best, .. })) => assert!(best.error_solver.relative > 1e-9),
        other => panic!("{other:?}"),
    }
}
