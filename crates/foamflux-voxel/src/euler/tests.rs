use std::collections::BTreeSet;

use foamflux_grid::{Shape, VoxelSize};

use super::*;
use crate::components::label;

fn mask(n: [usize; 3], f: impl FnMut(usize, usize, usize) -> bool) -> Volume<bool> {
    Volume::from_fn(Shape::new(n[0], n[1], n[2]).unwrap(), VoxelSize::Unknown, f)
}

fn random(n: [usize; 3], seed: u64, percent: u64) -> Volume<bool> {
    let mut state = seed;
    mask(n, |_, _, _| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 100 < percent
    })
}

/// Every cell of the closed cubes in a set, at doubled coordinates: the number of odd ones is its dimension.
fn by_cells_of_closed_cubes(mask: &Volume<bool>) -> i64 {
    let shape = mask.shape();
    let mut cells = BTreeSet::new();
    for i in (0..shape.len()).filter(|&i| mask.as_slice()[i]) {
        let (z, y, x) = shape.zyx_of(i);
        for d in 0..27 {
            cells.insert((2 * z + d / 9, 2 * y + d / 3 % 3, 2 * x + d % 3));
        }
    }
    cells.iter().map(|(z, y, x)| if (z + y + x) % 2 == 0 { 1 } else { -1 }).sum()
}

/// Blocks of 1, 2, 4 and 8 voxels that are all set.
fn by_full_blocks(mask: &Volume<bool>) -> i64 {
    let shape = mask.shape();
    let mut chi = 0;
    for i in 0..shape.len() {
        let (z, y, x) = shape.zyx_of(i);
        for block in 0..8usize {
            let (dz, dy, dx) = (block >> 2, block >> 1 & 1, block & 1);
            if z + dz >= shape.z || y + dy >= shape.y || x + dx >= shape.x {
                continue;
            }
            let full = (0..=dz).all(|a| (0..=dy).all(|b| (0..=dx).all(|c| *mask.at(z + a, y + b, x + c))));
            chi += if !full {
                0
            } else if block.count_ones() % 2 == 0 {
                1
            } else {
                -1
            };
        }
    }
    chi
}

fn both(mask: &Volume<bool>) -> (i64, i64) {
    (euler_number(mask, Connectivity::Full26), euler_number(mask, Connectivity::Face6))
}

fn distance(z: usize, y: usize, x: usize, c: [f64; 3]) -> f64 {
    ((z as f64 - c[0]).powi(2) + (y as f64 - c[1]).powi(2) + (x as f64 - c[2]).powi(2)).sqrt()
}

#[test]
fn solids_of_known_topology() {
    let ball = |c: [f64; 3], r: f64| move |z, y, x| distance(z, y, x, c) <= r;
    let centre = [12.0, 12.0, 12.0];
    let n = [25, 25, 40];
    assert_eq!(both(&mask(n, ball(centre, 9.3))), (1, 1));
    let two = |z, y, x| ball([6.0, 6.0, 6.0], 4.2)(z, y, x) || ball([16.0, 16.0, 30.0], 5.0)(z, y, x);
    assert_eq!(both(&mask(n, two)), (2, 2));
    let shell = |z, y, x| ball(centre, 9.0)(z, y, x) && !ball(centre, 5.0)(z, y, x);
    assert_eq!(both(&mask(n, shell)), (2, 2));
    let torus = |c: [f64; 3]| {
        move |z: usize, y: usize, x: usize| {
            let ring = (y as f64 - c[1]).hypot(x as f64 - c[2]) - 7.0;
            ring.hypot(z as f64 - c[0]) <= 2.2
        }
    };
    assert_eq!(both(&mask(n, torus(centre))), (0, 0));
    // Two rings that touch: one piece with two loops. Then two rings apart.
    let chain = |z, y, x| torus(centre)(z, y, x) || torus([12.0, 12.0, 27.0])(z, y, x);
    assert_eq!(both(&mask(n, chain)), (-1, -1));
    let apart = |z, y, x| torus([4.0, 12.0, 12.0])(z, y, x) || torus([20.0, 12.0, 27.0])(z, y, x);
    assert_eq!(both(&mask(n, apart)), (0, 0));
    assert_eq!(both(&mask(n, |_, _, _| true)), (1, 1));
    assert_eq!(both(&mask(n, |_, _, _| false)), (0, 0));
    // A lattice of bars: 2 x 3 x 4 nodes and 46 struts, one piece: 24 - 46.
    let lattice = |z, y, x| [z, y, x].iter().filter(|&&i| i % 5 != 0).count() <= 1;
    assert_eq!(both(&mask([6, 11, 16], lattice)), (-22, -22));
    // The box cuts a tube open: its wall is a ring.
    let tube = |_, y, x| (y as f64 - 6.0).hypot(x as f64 - 6.0).round() as i64 == 4;
    assert_eq!(euler_number(&mask([5, 13, 13], tube), Connectivity::Full26), 0);
}

#[test]
fn voxels_that_touch_at_an_edge_or_corner_differ_by_the_connectivity() {
    assert_eq!(both(&mask([2, 2, 2], |z, y, x| z == y && y == x)), (1, 2));
    assert_eq!(both(&mask([1, 2, 2], |_, y, x| y == x)), (1, 2));
    // Four voxels around an edge of empty space: a ring for 26 neighbours, four pieces for 6.
    assert_eq!(both(&mask([1, 3, 3], |_, y, x| (y + x) % 2 == 1)), (0, 4));
}

const SIZES: [[usize; 3]; 8] =
    [[1, 1, 1], [1, 1, 9], [1, 7, 2], [6, 1, 3], [2, 2, 2], [5, 6, 7], [9, 8, 3], [4, 3, 33]];

#[test]
fn equals_the_count_of_cells_on_random_sets() {
    for (k, n) in SIZES.into_iter().enumerate() {
        for percent in [5, 20, 35, 50, 65, 80, 95] {
            let m = random(n, 31 + k as u64, percent);
            assert_eq!(both(&m), (by_cells_of_closed_cubes(&m), by_full_blocks(&m)), "{n:?} {percent} %");
        }
    }
}

/// The set in a box with one voxel of the other phase around it.
fn framed(m: &Volume<bool>) -> Volume<bool> {
    let s = m.shape();
    mask([s.z + 2, s.y + 2, s.x + 2], |z, y, x| {
        let inside = |i: usize, n: usize| (1..=n).contains(&i);
        inside(z, s.z) && inside(y, s.y) && inside(x, s.x) && *m.at(z - 1, y - 1, x - 1)
    })
}

#[test]
fn the_background_has_one_more_with_the_dual_connectivity() {
    // Alexander duality: the complement in space has the same number plus one for its outer end.
    for (k, n) in SIZES.into_iter().enumerate() {
        let solid = framed(&random(n, 77 + k as u64, 40));
        let pore = solid.map(|s| !s);
        assert_eq!(euler_number(&pore, Connectivity::Face6), euler_number(&solid, Connectivity::Full26) + 1);
        assert_eq!(euler_number(&pore, Connectivity::Full26), euler_number(&solid, Connectivity::Face6) + 1);
    }
}

#[test]
fn adds_up_over_overlapping_parts() {
    // chi(A or B) = chi(A) + chi(B) - chi(A and B) for halves that share a slice, with 6 neighbours.
    let m = random([9, 7, 8], 5, 50);
    let part =
        |z0: usize, z1: usize| euler_number(&mask([z1 - z0, 7, 8], |z, y, x| *m.at(z0 + z, y, x)), Connectivity::Face6);
    assert_eq!(part(0, 9), part(0, 5) + part(4, 9) - part(4, 5));
}

#[test]
fn a_network_without_loops_or_cavities_counts_components() {
    // Lone voxels on a sparse lattice and one bar.
    let m = mask([9, 9, 30], |z, y, x| z % 4 == 0 && y % 4 == 0 && x % 3 == 0 || z == 2 && y == 2);
    let c = label(&m, Connectivity::Full26).unwrap();
    assert_eq!(euler_number(&m, Connectivity::Full26), c.count() as i64);
}

#[test]
fn does_not_depend_on_the_number_of_threads_or_the_axis_order() {
    let m = random([11, 12, 13], 3, 45);
    let turned = mask([13, 11, 12], |z, y, x| *m.at(y, x, z));
    assert_eq!(both(&m), both(&turned));
    for threads in 1..=4 {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| both(&m)), both(&m));
    }
}
