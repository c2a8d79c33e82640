//! Against dense elimination, and what must not matter.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use foamflux_grid::{Axis, Shape, Silent};

use super::*;

/// Two media in a pattern without symmetry, some voxels left out; conductances over five decades.
fn random_links(shape: Shape, wraps: [bool; 3]) -> (Vec<u8>, Links) {
    let group: Vec<u8> = (0..shape.len())
        .map(|i| match (i * 2_654_435_761) >> 7 & 15 {
            0 => NO_GROUP,
            1..6 => 1,
            _ => 0,
        })
        .collect();
    let lattice = Lattice { shape, wraps, group: &group, second_medium: 0b10 };
    let g = |axis: Axis, i: usize, j: usize| {
        let noise = 1.0 + ((i * 7 + j * 13 + axis.xyz_index()) % 11) as f32 / 10.0;
        noise
            * if group[i] != group[j] {
                1e-2
            } else if group[i] == 1 {
                1e3
            } else {
                1.0
            }
    };
    let ground = |i: usize| if i.is_multiple_of(9) { 0.5 } else { 0.0 };
    let mut links = Links::new(&lattice, g, ground).unwrap();
    links.build_levels(&lattice).unwrap();
    (group, links)
}

/// Dense Gaussian elimination.
fn dense(links: &Links, b: &[f64]) -> Vec<f64> {
    let n = links.unknowns();
    let mut a = vec![vec![0.0; n + 1]; n];
    for i in 0..n {
        a[i][n] = b[i];
        a[i][i] += f64::from(links.ground(i));
        for axis in Axis::ALL {
            for up in [false, true] {
                let (j, g) = (links.neighbour(i, axis, up), f64::from(links.conductance(i, axis, up)));
                a[i][i] += g;
                a[i][j] -= g;
            }
        }
        // An unknown without links has no equation.
        if a[i][i] == 0.0 {
            a[i][i] = 1.0;
            a[i][n] = 0.0;
        }
    }
    for k in 0..n {
        for i in k + 1..n {
            let f = a[i][k] / a[k][k];
            if f != 0.0 {
                for j in k..=n {
                    let v = a[k][j];
                    a[i][j] -= f * v;
                }
            }
        }
    }
    let mut x = vec![0.0; n];
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|j| a[i][j] * x[j]).sum();
        x[i] = (a[i][n] - sum) / a[i][i];
    }
    x
}

#[test]
fn corrections_reach_the_dense_solution_in_both_precisions() {
    // Odd rings need a third colour.
    for (shape, wraps) in [((6, 7, 8), [false; 3]), ((5, 7, 6), [true, true, true])] {
        let shape = Shape::new(shape.0, shape.1, shape.2).unwrap();
        let (group, links) = random_links(shape, wraps);
        let mut b = vec![0.0; links.unknowns()];
        for voxel in 0..shape.len() {
            match links.unknown(voxel) {
                Some(i) => b[i] = (voxel as f64 * 0.37).sin(),
                None => assert_eq!(group[voxel], NO_GROUP),
            }
        }
        let exact = dense(&links, &b);
        for double in [false, true] {
            let mut x = vec![0.0; b.len()];
            // Each correction solves for what the one before left; eight leave nothing.
            for _ in 0..8 {
                let r = links.residual(&x, &b).unwrap();
                let stop = LinksStop { relative: 1e-3, max_iterations: 200, double };
                links.correct(&r, &mut x, &stop, &Silent).unwrap();
            }
            let scale = exact.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            for i in 0..x.len() {
                assert!((x[i] - exact[i]).abs() < 1e-9 * scale, "{i}: {} for {}", x[i], exact[i]);
            }
        }
    }
}

#[test]
fn an_exchange_keeps_its_conductance_from_level_to_level() {
    // Two slabs that touch in one plane: with the exchange halved per level the mode between them converges slowly.
    let shape = Shape::new(32, 16, 16).unwrap();
    let group: Vec<u8> = (0..shape.len()).map(|i| u8::from(i >= shape.len() / 2)).collect();
    let lattice = Lattice { shape, wraps: [false; 3], group: &group, second_medium: 0b10 };
    let g = |_: Axis, i: usize, j: usize| if group[i] == group[j] { 1.0 } else { 1e-3 };
    let plane = shape.stride(Axis::Z);
    let ground = |i: usize| if i + plane >= shape.len() { 2.0 } else { 0.0 };
    let mut links = Links::new(&lattice, g, ground).unwrap();
    links.build_levels(&lattice).unwrap();
    let mut b = vec![0.0; links.unknowns()];
    for voxel in 0..plane {
        b[links.unknown(voxel).unwrap()] = 1.0;
    }
    let mut x = vec![0.0; b.len()];
    let stop = LinksStop { relative: 1e-6, max_iterations: 100, double: true };
    let done = links.correct(&b, &mut x, &stop, &Silent).unwrap();
    assert!(done.converged && done.iterations <= 12, "{done:?}");
    // Ohm's law of the stack: 15.5 voxels, the exchange, 15 links and half a voxel to the ground.
    let mean = (0..plane).map(|v| x[links.unknown(v).unwrap()]).sum::<f64>() / plane as f64;
    assert!((mean / (15.0 + 1e3 + 15.0 + 0.5) - 1.0).abs() < 1e-5, "{mean}");
}

#[test]
fn changed_conductances_count_at_once_and_groups_are_checked() {
    let shape = Shape::new(1, 1, 2).unwrap();
    let lattice = Lattice { shape, wraps: [false; 3], group: &[0, 1], second_medium: 2 };
    let mut links = Links::new(&lattice, |_, _, _| 1.0, |i| i as f32).unwrap();
    links.set_conductance(links.unknown(0).unwrap(), Axis::X, 0.25);
    links.refresh();
    links.build_levels(&lattice).unwrap();
    let mut x = vec![0.0; 2];
    let mut b = vec![0.0; 2];
    b[links.unknown(0).unwrap()] = 1.0;
    let stop = LinksStop { relative: 1e-12, max_iterations: 50, double: true };
    links.correct(&b, &mut x, &stop, &Silent).unwrap();
    assert!((x[links.unknown(0).unwrap()] - 5.0).abs() < 1e-9);
    let bad = Lattice { group: &[0, 16], ..lattice };
    assert!(matches!(Links::new(&bad, |_, _, _| 1.0, |_| 1.0), Err(LinksError::Group { voxel: 1, group: 16 })));
    let short = Lattice { group: &[0], ..lattice };
    assert!(matches!(Links::new(&short, |_, _, _| 1.0, |_| 1.0), Err(LinksError::Groups { .. })));
}
