//! Against an independent solver: primal Newton on dense matrices, every face's equation by bisection.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common;

use common::{ALONG_Z, labels_xyz, solved};
use foamflux_electro::constants::thermal_voltage;
use foamflux_electro::{Cell, Collector, Drive, Materials, Options, Setting, solve};
use foamflux_grid::{Axis, Labels, Shape, Silent};
use foamflux_transport::Sides;
use foamflux_voxel::surface::weights;

/// Single precision of conductances and the stopping rule of Newton's method.
const TOL: f64 = 3e-6;

struct Dense<'a> {
    labels: &'a Labels,
    m: &'a Materials,
    setting: Setting,
}

impl Dense<'_> {
    fn label(&self, i: usize) -> usize {
        usize::from(self.labels.volume().as_slice()[i])
    }

    /// Depth of a voxel, from the separator.
    fn depth(&self, i: usize) -> usize {
        let (z, y, x) = self.labels.shape().zyx_of(i);
        let at = [x, y, z][self.setting.axis.xyz_index()];
        let n = self.labels.shape().along(self.setting.axis);
        if self.setting.collector == Collector::Last { at } else { n - 1 - at }
    }

    /// Current of a face from electrolyte to solid and its derivative, by bisection on the current density.
    fn face(&self, s: usize, e: usize, axis: Axis, weight: f64, drop: f64) -> (f64, f64) {
        let spacing = self.labels.spacing();
        let (area, dx) = (spacing.face_area(axis), spacing.along(axis));
        let surface = self.m.surface[self.label(s)];
        let rho =
            surface.film + weight * 0.5 * dx * (1.0 / self.m.sigma[self.label(s)] + 1.0 / self.m.kappa[self.label(e)]);
        let volt = thermal_voltage(self.m.temperature_k);
        let law = |eta: f64| 2.0 * surface.i0 * (eta / (2.0 * volt)).sinh();
        let drive = drop - if surface.bare { surface.eta_nuc } else { 0.0 };
        if surface.bare && drive <= 0.0 {
            return (0.0, 0.0);
        }
        let (mut low, mut high) = (-2.0, 2.0);
        for _ in 0..200 {
            let eta = 0.5 * (low + high);
            if eta + rho * law(eta) > drive { high = eta } else { low = eta }
        }
        let slope = surface.i0 / volt * (low / (2.0 * volt)).cosh();
        (area * weight * law(low), area * weight * slope / (1.0 + rho * slope))
    }

    /// Potential of the plane and the currents of all faces, for a current through it or a potential of it.
    fn solve(&self, drive: Drive) -> (f64, Vec<f64>) {
        let shape = self.labels.shape();
        let spacing = self.labels.spacing();
        let n = shape.len();
        let last = shape.along(self.setting.axis) - 1;
        let solid = |i: usize| self.m.sigma[self.label(i)] > 0.0;
        let half = |i: usize, axis: Axis| {
            0.5 * spacing.along(axis) / self.m.sigma[self.label(i)].max(self.m.kappa[self.label(i)])
        };
        // Unknown n is the potential of the plane.
        let mut links = Vec::new();
        for i in 0..n {
            let (z, y, x) = shape.zyx_of(i);
            for (axis, at) in [(Axis::X, x), (Axis::Y, y), (Axis::Z, z)] {
                if at + 1 < shape.along(axis) {
                    let j = i + shape.stride(axis);
                    if solid(i) == solid(j) {
                        links.push((i, j, spacing.face_area(axis) / (half(i, axis) + half(j, axis))));
                    }
                }
            }
        }
        let faces: Vec<(usize, usize, Axis, f64)> = weights(&self.labels.mask(self.m.solid()))
            .into_iter()
            .map(|f| {
                let (a, b) = (f.voxel, f.voxel + shape.stride(f.axis));
                let (s, e) = if solid(a) { (a, b) } else { (b, a) };
                (s, e, f.axis, f64::from(f.weight))
            })
            .collect();
        let axis = self.setting.axis;
        let plane_area = spacing.face_area(axis);
        let top: Vec<usize> = (0..n).filter(|&i| !solid(i) && self.depth(i) == 0).collect();
        let projected = plane_area * (n / (last + 1)) as f64;
        let mut x = vec![0.0; n + 1];
        if let Drive::Voltage(v) = drive {
            x[n] = v;
        }
        for _ in 0..200 {
            let mut a = vec![vec![0.0; n + 2]; n + 1];
            let link = |a: &mut Vec<Vec<f64>>, i: usize, j: usize, g: f64, current: f64| {
                a[i][i] += g;
                a[j][j] += g;
                a[i][j] -= g;
                a[j][i] -= g;
                a[i][n + 1] -= current;
                a[j][n + 1] += current;
            };
            for &(i, j, g) in &links {
                link(&mut a, i, j, g, g * (x[i] - x[j]));
            }
            for &(s, e, axis, w) in &faces {
                let (current, slope) = self.face(s, e, axis, w, x[e] - x[s]);
                link(&mut a, e, s, slope, current);
            }
            for i in 0..n {
                if solid(i) && self.depth(i) == last {
                    let g = plane_area / half(i, axis);
                    a[i][i] += g;
                    a[i][n + 1] -= g * x[i];
                }
            }
            match drive {
                Drive::Uniform(j) => {
                    for &i in &top {
                        a[i][n + 1] += j * projected / top.len() as f64;
                    }
                    a[n][n] = 1.0;
                }
                Drive::Current(_) | Drive::Voltage(_) => {
                    for &i in &top {
                        let g = plane_area / half(i, axis);
                        link(&mut a, n, i, g, g * (x[n] - x[i]));
                    }
                    if let Drive::Current(j) = drive {
                        a[n][n + 1] += j * projected;
                    } else {
                        a[n] = vec![0.0; n + 2];
                        a[n][n] = 1.0;
                    }
                }
            }
            // Gaussian elimination with a sparse-minded skip.
            let m = n + 1;
            for k in 0..m {
                let (head, tail) = a.split_at_mut(k + 1);
                let pivot = &head[k];
                for row in tail {
                    let f = row[k] / pivot[k];
                    if f != 0.0 {
                        for c in k..=m {
                            row[c] -= f * pivot[c];
                        }
                    }
                }
            }
            let mut d = vec![0.0; m];
            for k in (0..m).rev() {
                let sum: f64 = (k + 1..m).map(|c| a[k][c] * d[c]).sum();
                d[k] = (a[k][m] - sum) / a[k][k];
            }
            // Steps of at most two thermal voltages.
            let largest = d.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            let damp = (0.05 / largest).min(1.0);
            x.iter_mut().zip(&d).for_each(|(x, d)| *x += damp * d);
            if largest < 1e-13 {
                break;
            }
        }
        let currents = faces.iter().map(|&(s, e, axis, w)| self.face(s, e, axis, w, x[e] - x[s]).0).collect();
        let plane = match drive {
            Drive::Uniform(j) => {
                let per = j * projected / top.len() as f64;
                top.iter().map(|&i| x[i] + per * half(i, axis) / plane_area).sum::<f64>() / top.len() as f64
            }
            _ => x[n],
        };
        (plane, currents)
    }
}

/// Solid towards the collector and electrolyte towards the separator, ragged in between, without loose parts.
fn ragged(zyx: [usize; 3], edges: [f64; 3], axis: Axis, collector: Collector) -> Labels {
    let shape = Shape::new(zyx[0], zyx[1], zyx[2]).unwrap();
    labels_xyz(zyx, edges, |z, y, x| {
        let [u, v, w] = match axis {
            Axis::Z => [z, y, x],
            Axis::Y => [y, z, x],
            Axis::X => [x, z, y],
        };
        let n = shape.along(axis);
        let u = if collector == Collector::Last { u } else { n - 1 - u };
        let height = 1 + (v * 7 + w * 5 + v * w) % (n - 2);
        if u < height { 0 } else { [1, 2, 4, 3][(u + 2 * v + 3 * w) % 4] }
    })
}

fn materials(decades: f64) -> Materials {
    let mut m = Materials::default();
    m.sigma[1] = 5.0;
    m.sigma[2] = 0.4;
    m.sigma[4] = 30.0;
    m.surface[2].i0 *= 10f64.powf(-decades / 2.0);
    m.surface[4].i0 *= 10f64.powf(decades / 2.0);
    m.surface[1].eta_nuc = 0.03;
    m.surface[2].film = 2e-3;
    m
}

fn compare(labels: &Labels, m: &Materials, drive: Drive, setting: Setting) {
    let (cell, found): (Cell, _) = solved(labels, m, drive, setting);
    let (plane, currents) = Dense { labels, m, setting }.solve(drive);
    assert!((found.overpotential_v / plane - 1.0).abs() < TOL, "{drive:?}: {} for {plane}", found.overpotential_v);
    let largest = currents.iter().fold(0.0f64, |m, c| m.max(c.abs()));
    // Faces without weight are left out of the cell.
    let mut k = 0;
    for (face, &j) in cell.faces().iter().zip(found.current_density()) {
        while k < currents.len() && (cell.area(face) * j - currents[k]).abs() > TOL * largest {
            assert!(
                currents[k].abs() < TOL * largest,
                "{drive:?}: face {k} takes {} for {}",
                cell.area(face) * j,
                currents[k]
            );
            k += 1;
        }
        k += 1;
    }
    assert!(k <= currents.len());
}

#[test]
fn patchy_kinetics_agree_with_dense_elimination() {
    let edges = [1e-6, 1.5e-6, 0.8e-6];
    for (axis, zyx) in [(Axis::Z, [7, 4, 5]), (Axis::Y, [4, 7, 5]), (Axis::X, [4, 5, 7])] {
        for collector in [Collector::Last, Collector::First] {
            let labels = ragged(zyx, edges, axis, collector);
            let setting = Setting { axis, collector, sides: Sides::NoFlux };
            for drive in [Drive::Uniform(10.0), Drive::Current(300.0), Drive::Voltage(0.2)] {
                compare(&labels, &materials(4.0), drive, setting);
            }
        }
    }
}

#[test]
fn currents_that_ohm_limits_agree_as_well() {
    let labels = ragged([9, 4, 4], [20e-6; 3], Axis::Z, Collector::Last);
    for drive in [Drive::Uniform(3e3), Drive::Current(1e4), Drive::Voltage(1.0)] {
        compare(&labels, &materials(2.0), drive, ALONG_Z);
    }
}

#[test]
fn no_face_is_wrong_by_more_than_was_asked_for() {
    let labels = ragged([9, 8, 8], [2e-6, 3e-6, 1.6e-6], Axis::Z, Collector::Last);
    let mut saved = 0;
    for (decades, drive) in [0.0, 2.0, 4.0]
        .into_iter()
        .flat_map(|d| [Drive::Uniform(10.0), Drive::Uniform(1e3), Drive::Current(300.0)].map(|drive| (d, drive)))
    {
        let m = materials(decades);
        let cell = Cell::new(&labels, &m, ALONG_Z).unwrap();
        let found = |change: f64, linear: f64| {
            // Slices must not ask for a step more.
            let options = Options { change, linear, slices: 1.0, ..Options::default() };
            solve(&cell, &m, drive, &options, &Silent).unwrap()
        };
        let exact = found(1e-11, 1e-8);
        let area: f64 = cell.reacting_area();
        let mean =
            cell.faces().iter().zip(exact.current_density()).map(|(f, j)| cell.area(f) * j.abs()).sum::<f64>() / area;
        for change in [1e-2, 1e-4, 1e-6] {
            let near = found(change, Options::default().linear);
            let pairs = near.current_density().iter().zip(exact.current_density());
            let error = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / mean;
            println!(
                "{decades} decades, {drive:?}: {error:.1e} of {change:.0e} after {} steps",
                near.effort.newton_steps
            );
            assert!(error <= change, "{decades} decades, {drive:?}: {error:e} for {change:e}");
            // The last step still moved faces by more than that: nothing was solved to see that nothing moves.
            saved += u32::from(near.effort.change > change);
        }
    }
    assert!(saved >= 18, "{saved} of 27");
}
