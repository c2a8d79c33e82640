//! Against dense elimination, and what must not matter.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use foamflux_grid::{Axis, Shape, Silent};

use super::*;
use crate::cpu::linked::single_pass;
use crate::device::{self, MORE, WIDTH};
use crate::krylov::Limits;

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

/// A device in single precision: the processor's own iteration.
fn single(links: &Links, source: &[f32], c: &mut Vec<f32>, limits: &Limits<'_>) -> Reached {
    single_pass(&links.on, source, c, limits, &Silent)
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

#[test]
fn refinement_reaches_what_single_precision_cannot() {
    let shape = Shape::new(6, 7, 8).unwrap();
    let (_, links) = random_links(shape, [false; 3]);
    let b: Vec<f64> =
        (0..links.unknowns()).map(|i| if links.ground(i) > 0.0 { 0.0 } else { (i as f64).sin() }).collect();
    // Unknowns without links have no equation.
    let b: Vec<f64> =
        b.iter().enumerate().map(|(i, b)| if links.inverse_diagonal()[i] > 0.0 { *b } else { 0.0 }).collect();
    let exact = dense(&links, &b);
    for relative in [1e-3, 1e-6, 1e-9, 1e-11] {
        let stop = LinksStop { relative, max_iterations: 300, double: false };
        // What is there is added to.
        let mut x = vec![0.5; b.len()];
        let found = device::correct(&links, &b, &mut x, &stop, &Silent, |s, c, l| Ok(single(&links, s, c, l))).unwrap();
        let d: Vec<f64> = x.iter().map(|x| x - 0.5).collect();
        let error = in_energy(&links, &d, &exact);
        assert!(found.corrected.converged && error <= relative, "{relative}: {error} after {found:?}");
        // Two digits or more a pass, and none for safety.
        assert!(if relative > 1e-5 { found.passes == 1 } else { found.passes > 1 }, "{relative}: {found:?}");
    }
}

#[test]
fn what_a_device_cannot_gain_the_processor_does() {
    let shape = Shape::new(5, 5, 5).unwrap();
    let (_, links) = random_links(shape, [false; 3]);
    let b: Vec<f64> = links.inverse_diagonal().iter().map(|&d| if d > 0.0 { 1.0 } else { 0.0 }).collect();
    let exact = dense(&links, &b);
    let stop = LinksStop { relative: 1e-6, max_iterations: 300, double: false };
    let mut x = vec![0.0; b.len()];
    let mut calls = 0;
    let found = device::correct(&links, &b, &mut x, &stop, &Silent, |s, c, l| {
        calls += 1;
        let reached = single(&links, s, c, l);
        // Half of every correction gets lost, and the device knows that it has stalled.
        c.iter_mut().for_each(|c| *c *= 0.5);
        Ok(Reached { end: End::Stalled, energy_error: -0.25 * reached.energy, ..reached })
    })
    .unwrap();
    assert!(found.finished && found.corrected.converged && found.passes == calls && calls == 2, "{found:?}");
    let error = in_energy(&links, &x, &exact);
    assert!(error <= 1e-6, "{error}");
}

#[test]
fn a_device_that_fails_leaves_the_potentials_alone() {
    let shape = Shape::new(5, 5, 5).unwrap();
    let (_, links) = random_links(shape, [false; 3]);
    let b = vec![1.0; links.unknowns()];
    let stop = LinksStop { relative: 1e-6, max_iterations: 300, double: false };
    let mut x = vec![0.25; b.len()];
    let lost = || LinksError::Device { device: "gpu:0".to_owned(), message: "lost".to_owned() };
    let failed = device::correct(&links, &b, &mut x, &stop, &Silent, |_, _, _| Err(lost()));
    assert_eq!(failed, Err(lost()));
    let broken = |_: &[f32], c: &mut Vec<f32>, _: &Limits<'_>| {
        *c = vec![f32::NAN; links.unknowns()];
        Ok(Reached { end: End::NotFinite, iterations: 3, energy: f64::NAN, energy_error: f64::NAN })
    };
    let failed = device::correct(&links, &b, &mut x, &stop, &Silent, broken);
    assert_eq!(failed, Err(LinksError::NotFinite { iterations: 3 }));
    assert!(x.iter().all(|x| x.to_bits() == 0.25f64.to_bits()));
    let short = device::correct(&links, &b[1..], &mut x, &stop, &Silent, broken);
    assert!(matches!(short, Err(LinksError::Length { .. })));
}

#[test]
fn exported_rows_are_the_links_and_follow_them() {
    let shape = Shape::new(5, 4, 3).unwrap();
    let (group, mut links) = random_links(shape, [false, true, false]);
    let n = links.unknowns();
    let before = links.stamp();
    let mut values = Vec::new();
    for change in [false, true] {
        if change {
            for i in 0..n {
                links.set_conductance(i, Axis::Y, 0.5 + i as f32);
            }
            links.refresh();
        }
        let finest = links.finest();
        links.conductances(&mut values);
        assert_eq!(values, finest.conductance);
        for i in 0..n {
            let mut sum = f64::from(finest.ground[i]);
            for axis in Axis::ALL {
                for up in [false, true] {
                    let at = (2 * axis.xyz_index() + usize::from(up)) * n + i;
                    assert_eq!(finest.to[at] as usize, links.neighbour(i, axis, up));
                    assert_eq!(finest.conductance[at].to_bits(), links.conductance(i, axis, up).to_bits());
                    sum += f64::from(finest.conductance[at]);
                }
            }
            assert!((sum * f64::from(finest.inverse[i]) - 1.0).abs() < 1e-6 || sum == 0.0);
        }
    }
    assert_ne!(links.stamp(), before);
    let after = links.stamp();
    links.build_levels(&Lattice { shape, wraps: [false, true, false], group: &group, second_medium: 0b10 }).unwrap();
    assert_eq!((links.stamp().values, links.stamp().levels), (after.values, after.levels + 1));
    assert_ne!(random_links(shape, [false; 3]).1.stamp().system, after.system);
    assert!(matches!(links.coarse().0, Next::Level(_)));
}

#[test]
fn neighbours_are_those_of_the_box() {
    for (zyx, wraps) in
        [([3, 4, 5], [false; 3]), ([3, 4, 5], [true; 3]), ([1, 2, 3], [true; 3]), ([5, 3, 4], [false, true, false])]
    {
        let shape = Shape::new(zyx[0], zyx[1], zyx[2]).unwrap();
        let (group, links) = random_links(shape, wraps);
        for voxel in 0..shape.len() {
            let Some(i) = links.unknown(voxel) else {
                assert_eq!(group[voxel], NO_GROUP);
                continue;
            };
            let (z, y, x) = shape.zyx_of(voxel);
            for axis in Axis::ALL {
                let (at, len) = ([x, y, z][axis.xyz_index()], shape.along(axis));
                for (up, by) in [(false, len - 1), (true, 1)] {
                    let wall = if up { at + 1 == len } else { at == 0 };
                    let to = voxel - at * shape.stride(axis) + (at + by) % len * shape.stride(axis);
                    let open = len > 1 && (!wall || wraps[axis.xyz_index()]);
                    let expected = if open { links.unknown(to).unwrap_or(i) } else { i };
                    assert_eq!(links.neighbour(i, axis, up), expected, "{shape} {wraps:?}: {x} {y} {z}, {axis:?} {up}");
                }
            }
        }
        assert_eq!(links.unknown(shape.len()), None);
    }
}

#[test]
fn a_face_of_a_row_that_others_share_changes_alone() {
    let shape = Shape::new(16, 16, 16).unwrap();
    let group = vec![0; shape.len()];
    let lattice = Lattice { shape, wraps: [false; 3], group: &group, second_medium: 0 };
    let mut links = Links::new(&lattice, |_, _, _| 2.0, |_| 0.0).unwrap();
    // Numbers of voxels, margin included, places and rows: 4 bytes each, and no row twice.
    let per_unknown = links.bytes(false) as f64 / shape.len() as f64 - 24.0;
    assert!(per_unknown < 4.0 * (18f64 / 16.0).powi(3) + 8.5, "{per_unknown} bytes per unknown");
    let voxel = shape.index(8, 8, 8);
    let i = links.unknown(voxel).unwrap();
    links.set_conductance(i, Axis::Y, 0.5);
    links.refresh();
    let inverse = links.inverse_diagonal();
    for other in 0..shape.len() {
        let k = links.unknown(other).unwrap();
        let mut sum = 0.0;
        for axis in Axis::ALL {
            for up in [false, true] {
                let changed = axis == Axis::Y && if up { other == voxel } else { other == voxel + shape.x };
                let expected = match links.neighbour(k, axis, up) {
                    j if j == k => 0.0,
                    _ if changed => 0.5,
                    _ => 2.0,
                };
                assert!((links.conductance(k, axis, up) - expected).abs() < f32::EPSILON, "{other} {axis:?} {up}");
                sum += expected;
            }
        }
        assert!((inverse[k] * sum - 1.0).abs() < 1e-6);
    }
}

/// Struts of carbon (1) in electrolyte (0), with patches of a metal (2) of one voxel and more on them.
fn patchy(shape: Shape) -> Vec<u8> {
    let carbon = |at: [i64; 3]| {
        let [z, y, x] = at.map(|c| c.rem_euclid(12));
        [(y, x), (z, x), (z, y)].into_iter().any(|(a, b)| a < 4 && b < 4)
    };
    (0..shape.len())
        .map(|i| {
            let (z, y, x) = shape.zyx_of(i);
            let at = [z, y, x].map(|c| c as i64);
            let near = (0..3).any(|k| {
                [-1, 1].into_iter().any(|step| {
                    let mut other = at;
                    other[k] += step;
                    carbon(other)
                })
            });
            // Patches of 1 to 8 voxels across the borders of blocks, and larger where they meet.
            let [a, b, c] = [z, y, x].map(|c| c.div_ceil(2));
            let patch = ((a * 73_856_093) ^ (b * 19_349_663) ^ (c * 83_492_791)) % 7;
            match (carbon(at), near, patch) {
                (true, ..) => 1,
                (false, true, 0 | 1) => 2,
                (false, true, 2) if (x + y + z) % 2 == 0 => 2,
                _ => 0,
            }
        })
        .collect()
}

#[test]
fn islands_of_a_good_conductor_join_what_carries_them() {
    let shape = Shape::new(36, 36, 36).unwrap();
    let group = patchy(shape);
    let lattice = Lattice { shape, wraps: [false; 3], group: &group, second_medium: 0b110 };
    let iterations = |metal: f64| {
        let resistance = [1.0, 1.0 / 3e3, 1.0 / metal];
        let g = |_: Axis, a: usize, b: usize| {
            let [a, b] = [group[a], group[b]];
            if (a == 0) == (b == 0) {
                (2.0 / (resistance[usize::from(a)] + resistance[usize::from(b)])) as f32
            } else {
                1e-4
            }
        };
        let plane = shape.stride(Axis::Z);
        let ground = |i: usize| if i + plane >= shape.len() && group[i] > 0 { 6e3 } else { 0.0 };
        let mut links = Links::new(&lattice, g, ground).unwrap();
        links.build_levels(&lattice).unwrap();
        let mut b = vec![0.0; links.unknowns()];
        (0..plane).filter(|&v| group[v] == 0).for_each(|v| b[links.unknown(v).unwrap()] = 1.0);
        let stop = LinksStop { relative: 1e-4, max_iterations: 500, double: true };
        let mut x = vec![0.0; b.len()];
        links.correct(&b, &mut x, &stop, &Silent).unwrap().iterations
    };
    let (same, metal) = (iterations(3e3), iterations(1e7));
    println!("{same} iterations without contrast, {metal} with");
    assert!(metal <= 2 * same + 5, "{metal} iterations, {same} where the patches conduct as the carbon does");
}

#[test]
fn unknowns_of_one_colour_are_never_neighbours() {
    for (zyx, wraps) in [([12, 12, 12], [false; 3]), ([9, 8, 7], [true; 3]), ([10, 6, 11], [true, false, true])] {
        let shape = Shape::new(zyx[0], zyx[1], zyx[2]).unwrap();
        for seed in 0..6usize {
            let group: Vec<u8> = (0..shape.len())
                .map(|i| match (i + 1).wrapping_mul(2_654_435_761 + 2 * seed) >> 9 & 15 {
                    0 => NO_GROUP,
                    1..4 => 0,
                    4..9 => 1,
                    9..12 => 2,
                    _ => 3,
                })
                .collect();
            let lattice = Lattice { shape, wraps, group: &group, second_medium: 0b1110 };
            let mut links = Links::new(&lattice, |_, _, _| 1.0, |_| 1.0).unwrap();
            links.build_levels(&lattice).unwrap();
            let (_, levels) = links.coarse();
            for level in &levels {
                let n = level.len();
                let colour = |i: usize| level.bounds.iter().rposition(|&b| b as usize <= i).unwrap();
                for i in 0..n {
                    let mut row: Vec<(u32, f32)> =
                        (0..WIDTH).map(|k| (level.to[k * n + i], level.conductance[k * n + i])).collect();
                    if let Some((to, count)) = row.pop_if(|last| last.0 & MORE != 0) {
                        row.extend_from_slice(&level.more[(to & !MORE) as usize..][..count as usize]);
                    }
                    for (to, _) in row.into_iter().filter(|&(to, g)| g > 0.0 && to as usize != i) {
                        assert_ne!(colour(i), colour(to as usize), "{shape} seed {seed}: {i} and {to} of {n}");
                    }
                }
            }
        }
    }
}
