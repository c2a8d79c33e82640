//! Geometric tortuosity against exact shortest paths, brute force, and what must not matter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod common;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use common::{blobs, labels, noise, ready, sized, solve};
use foamflux_grid::{Axis, Event, LabelSet, Labels, Shape, Silent, Watch};
use foamflux_transport::suite::Lcg;
use foamflux_transport::{Geodesic, GeodesicError, METRICATION, Sides, geodesic};

/// Longest path of face, edge and corner steps over the straight line: `sqrt(1 + (sqrt 2 - 1)^2 + (sqrt 3 - sqrt 2)^2)`.
const WORST_STEPS: f64 = 1.1281;
/// A step may be taken a sixteenth of an edge out of order; measured: 1e-3 of a path of eight voxels.
const UNTIDY: f64 = 5e-3;
/// Single precision holds the lengths.
const SINGLE: f64 = 1e-6;

fn geo(labels: &Labels, axis: Axis) -> Option<Geodesic> {
    geodesic(labels, LabelSet::PORE, axis, Sides::NoFlux, &Silent).unwrap()
}

#[test]
fn an_empty_box_is_exactly_one() {
    for zyx in [[1, 1, 1], [1, 7, 3], [16, 1, 5], [9, 8, 1], [17, 16, 15]] {
        for xyz in [[1.0; 3], [25e-9, 25e-9, 50e-9], [3.0, 1.0, 0.1]] {
            let empty = sized(zyx, xyz, |_, _, _| 0);
            for axis in Axis::ALL {
                let g = geo(&empty, axis).unwrap();
                let exact = [g.mean, g.median, g.min].iter().all(|t| t.to_bits() == 1f64.to_bits());
                assert!(exact && g.error.abs() < f64::MIN_POSITIVE, "{zyx:?} {xyz:?} {axis}: {g:?}");
                assert_eq!(g.outlet_voxels as usize, empty.shape().len() / empty.shape().along(axis));
            }
        }
    }
}

/// Behind the edge of a baffle, paths run straight to its upper edge and from there to the end.
#[test]
fn the_fan_behind_a_baffle_is_right_to_three_percent() {
    /// Of the mean excess, 24 voxels behind the edge: measured +2.0 % (cubes), +2.5 % (0.5 by 1), +1.0 % (2 by 1).
    const FAN: f64 = 0.03;
    let (nx, nz, wide, at) = (40usize, 48usize, 20usize, 23usize);
    for (dx, dz) in [(1.0, 1.0), (0.5, 1.0), (2.0, 1.0)] {
        let l = sized([nz, 1, nx], [dx, 1.0, dz], |z, _, x| u8::from(z == at && x < wide));
        let exact = |v: usize| {
            let behind = (nz - at - 1) as f64 * dz;
            let aside = wide.saturating_sub(v) as f64 * dx;
            ((at + 1) as f64 * dz + behind.hypot(aside)) / (nz as f64 * dz)
        };
        let mean = (0..nx).map(|x| 0.5 * (exact(x) + exact(x + 1))).sum::<f64>() / nx as f64;
        let g = geo(&l, Axis::Z).unwrap();
        assert!((g.mean - mean).abs() < FAN * (mean - 1.0), "{dx}: {} against {mean}", g.mean);
        assert!(g.mean > mean, "what fans lose, they lose to one side");
        assert!(g.median < 1.001 && (g.min - 1.0).abs() < SINGLE, "{g:?}");
        assert!((g.mean - mean).abs() <= g.error, "the stated error holds");
    }
}

/// Whether the straight line between two vertices of a sheet stays in open cells; contacts across corners are excluded.
fn sees(open: &dyn Fn(i64, i64) -> bool, a: [i64; 2], b: [i64; 2]) -> bool {
    let d = [b[0] - a[0], b[1] - a[1]];
    if d[0] == 0 || d[1] == 0 {
        let k = usize::from(d[0] == 0);
        let (low, high) = (a[k].min(b[k]), a[k].max(b[k]));
        return (low..high).all(|t| match k {
            0 => open(t, a[1] - 1) || open(t, a[1]),
            _ => open(a[0] - 1, t) || open(a[0], t),
        });
    }
    let mut cuts = vec![0.0, 1.0];
    for k in 0..2 {
        let n = d[k].abs();
        cuts.extend((1..n).map(|t| t as f64 / n as f64));
    }
    cuts.sort_by(f64::total_cmp);
    cuts.windows(2).filter(|w| w[1] - w[0] > 1e-9).all(|w| {
        let t = 0.5 * (w[0] + w[1]);
        let cell = [0, 1].map(|k| (a[k] as f64 + t * d[k] as f64).floor() as i64);
        open(cell[0], cell[1])
    })
}

/// Mean over the outlet faces of the exact shortest path in a sheet, by the visibility graph of all vertices.
fn exact_in_sheet(l: &Labels) -> Option<f64> {
    let (n, s) = (l.shape(), l.spacing());
    let open = |x: i64, z: i64| {
        x >= 0 && z >= 0 && x < n.x as i64 && z < n.z as i64 && *l.volume().at(z as usize, 0, x as usize) == 0
    };
    let touches = |[x, z]: [i64; 2]| (0..2).any(|i| (0..2).any(|j| open(x - i, z - j)));
    let nodes: Vec<[i64; 2]> =
        (0..=n.z as i64).flat_map(|z| (0..=n.x as i64).map(move |x| [x, z])).filter(|v| touches(*v)).collect();
    let mut length: Vec<f64> = nodes.iter().map(|v| if v[1] == 0 { 0.0 } else { f64::INFINITY }).collect();
    let mut done = vec![false; nodes.len()];
    while let Some(i) =
        (0..nodes.len()).filter(|&i| !done[i] && length[i].is_finite()).min_by(|&i, &j| length[i].total_cmp(&length[j]))
    {
        done[i] = true;
        for j in (0..nodes.len()).filter(|&j| !done[j]).collect::<Vec<_>>() {
            let d = [0, 1].map(|k| (nodes[i][k] - nodes[j][k]) as f64);
            let along = length[i] + (d[0] * s.x).hypot(d[1] * s.z);
            if along < length[j] && sees(&open, nodes[i], nodes[j]) {
                length[j] = along;
            }
        }
    }
    let at = |x: usize| nodes.iter().position(|v| *v == [x as i64, n.z as i64]).map_or(f64::INFINITY, |i| length[i]);
    let faces: Vec<f64> = (0..n.x)
        .filter(|&x| open(x as i64, n.z as i64 - 1))
        .map(|x| 0.5 * (at(x) + at(x + 1)) / (n.z as f64 * s.z))
        .filter(|t| t.is_finite())
        .collect();
    (!faces.is_empty()).then(|| faces.iter().sum::<f64>() / faces.len() as f64)
}

#[test]
fn an_inclined_channel_has_the_length_of_its_slope() {
    // Between two staircases, two voxels aside per voxel of depth: the path is close to sqrt(5) times the depth.
    for (slope, dx) in [(1usize, 1.0), (2, 1.0), (1, 0.5)] {
        let l = sized([30, 1, 12 + 30 * slope], [dx, 1.0, 1.0], |z, _, x| {
            u8::from(!(slope * z..slope * z + 6).contains(&x))
        });
        let exact = exact_in_sheet(&l).unwrap();
        let g = geo(&l, Axis::Z).unwrap();
        assert!((g.mean - exact).abs() < METRICATION * (exact - 1.0), "slope {slope}: {} against {exact}", g.mean);
        // On flat voxels a wave that is assumed where a fan begins reads too short, once at every step of the wall.
        assert!(g.mean > exact - SINGLE, "slope {slope}, edge {dx}: {} is shorter than {exact}", g.mean);
        // The shortest path may use the width, the longest is the slope itself.
        let inclined = (1.0 + (slope as f64 * dx).powi(2)).sqrt();
        assert!(g.mean > 1.0 + 0.6 * (inclined - 1.0) && g.mean < inclined + 0.05, "{} at {inclined}", g.mean);
    }
}

#[test]
fn random_sheets_match_exact_shortest_paths() {
    let mut found = 0;
    for seed in 0..24 {
        let mut rng = Lcg(seed);
        let mut open = [true; 15 * 13];
        for _ in 0..12 {
            let (x, z) = (rng.below(13), rng.below(15));
            let (w, h) = (1 + rng.below(4), 1 + rng.below(3));
            for (dz, dx) in (0..h).flat_map(|dz| (0..w).map(move |dx| (dz, dx))) {
                if z + dz < 15 && x + dx < 13 {
                    open[(z + dz) * 13 + x + dx] = false;
                }
            }
        }
        // Voxels that touch across a corner alone are closed, as the exact paths know no groups.
        loop {
            let contact = (0..14 * 12).map(|i| (i / 12, i % 12)).find(|&(z, x)| {
                let [a, b, c, d] = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(i, j)| open[(z + i) * 13 + x + j]);
                a && d && !b && !c || b && c && !a && !d
            });
            let Some((z, x)) = contact else { break };
            (open[z * 13 + x], open[z * 13 + x + 1]) = (false, false);
        }
        let l = sized([15, 1, 13], [0.8, 1.0, 1.1], |z, _, x| u8::from(!open[z * 13 + x]));
        let (exact, g) = (exact_in_sheet(&l), geo(&l, Axis::Z));
        assert_eq!(exact.is_some(), g.is_some(), "seed {seed}");
        if let (Some(exact), Some(g)) = (exact, g) {
            found += 1;
            assert!(g.mean - exact <= g.error, "seed {seed}: {} for {exact}, {} is stated", g.mean, g.error);
            assert!(g.mean > exact - SINGLE, "seed {seed}: {} is shorter than {exact}", g.mean);
        }
    }
    assert!(found > 12, "{found} of 24 percolate");
}

/// Shortest paths of straight steps between any two vertices of a voxel, through voxels that share faces.
fn steps(l: &Labels, axis: Axis) -> BTreeMap<([usize; 3], [usize; 3]), f64> {
    let (n, s) = (l.shape(), l.spacing());
    let open = |v: [usize; 3]| v[0] < n.x && v[1] < n.y && v[2] < n.z && *l.volume().at(v[2], v[1], v[0]) == 0;
    // Group of a voxel around a vertex, named by its lowest voxel.
    let group = |vertex: [usize; 3], voxel: [usize; 3]| {
        let mut seen = BTreeSet::from([voxel]);
        let mut list = vec![voxel];
        while let Some(v) = list.pop() {
            for a in 0..3 {
                let mut next = v;
                next[a] = (2 * vertex[a]).wrapping_sub(1 + v[a]);
                if next[a] < usize::MAX / 2 && open(next) && seen.insert(next) {
                    list.push(next);
                }
            }
        }
        *seen.first().unwrap()
    };
    let mut length = BTreeMap::new();
    let mut heap = BinaryHeap::new();
    let voxels: Vec<[usize; 3]> =
        (0..n.len()).map(|i| n.zyx_of(i)).map(|(z, y, x)| [x, y, z]).filter(|v| open(*v)).collect();
    let corners = |v: [usize; 3]| (0..8).map(move |c| [v[0] + (c & 1), v[1] + (c >> 1 & 1), v[2] + (c >> 2)]);
    for &voxel in &voxels {
        for c in corners(voxel).filter(|c| c[axis.xyz_index()] == 0) {
            length.insert((c, group(c, voxel)), 0.0);
        }
    }
    for key in length.keys() {
        heap.push(Reverse((0u64, *key)));
    }
    while let Some(Reverse((bits, (c, g)))) = heap.pop() {
        let here = f64::from_bits(bits);
        if length[&(c, g)] < here {
            continue;
        }
        for &voxel in voxels.iter().filter(|v| (0..3).all(|a| c[a] == v[a] || c[a] == v[a] + 1)) {
            if group(c, voxel) != g {
                continue;
            }
            for to in corners(voxel) {
                let d: f64 = (0..3).map(|a| (c[a].abs_diff(to[a]) as f64 * [s.x, s.y, s.z][a]).powi(2)).sum();
                let key = (to, group(to, voxel));
                let new = here + d.sqrt();
                if length.get(&key).is_none_or(|old| new < old - 1e-12) {
                    length.insert(key, new);
                    heap.push(Reverse((new.to_bits(), key)));
                }
            }
        }
    }
    length
}

#[test]
fn no_longer_than_brute_force_steps_and_no_shorter_than_lines() {
    let mut found = 0;
    for seed in 0..12 {
        let mut rng = Lcg(100 + seed);
        let zyx = [4 + rng.below(4), 1 + rng.below(5), 2 + rng.below(5)];
        let share = 0.5 + 0.4 * rng.unit();
        let l = labels(zyx, |_, _, _| u8::from(rng.unit() >= share));
        for axis in Axis::ALL {
            let (n, a) = (l.shape(), axis.xyz_index());
            let length = steps(&l, axis);
            // The mean over the outlet faces, as the front takes it.
            let ends: Vec<f64> = (0..n.len())
                .map(|i| n.zyx_of(i))
                .map(|(z, y, x)| [x, y, z])
                .filter(|v| v[a] + 1 == n.along(axis) && *l.volume().at(v[2], v[1], v[0]) == 0)
                .filter_map(|v| {
                    let (b, c) = ((a + 1) % 3, (a + 2) % 3);
                    let mut sum = 0.0;
                    for (db, dc) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                        let mut at = v;
                        (at[a], at[b], at[c]) = (v[a] + 1, v[b] + db, v[c] + dc);
                        // A vertex of the last plane may carry several groups: this voxel's is the one that its steps reach.
                        let own = length
                            .iter()
                            .filter(|((vertex, g), _)| *vertex == at && connected(&l, at, *g, v))
                            .map(|(_, t)| *t)
                            .fold(f64::INFINITY, f64::min);
                        sum += 0.25 * own;
                    }
                    sum.is_finite().then_some(sum / n.along(axis) as f64)
                })
                .collect();
            let g = geo(&l, axis);
            assert_eq!(g.map_or(0, |g| g.outlet_voxels as usize), ends.len(), "seed {seed} {axis}: who is reached");
            if let Some(g) = g {
                found += 1;
                let brute = ends.iter().sum::<f64>() / ends.len() as f64;
                assert!(g.mean <= brute * (1.0 + UNTIDY), "seed {seed} {axis}: {} above {brute}", g.mean);
                assert!(g.mean >= brute / WORST_STEPS - SINGLE, "seed {seed} {axis}: {} for {brute}", g.mean);
                assert!(g.min >= 1.0 - SINGLE && g.min <= g.median, "{g:?}");
            }
        }
    }
    assert!(found > 12, "{found} cases percolate");
}

/// Whether two voxels around a vertex belong to one group.
fn connected(l: &Labels, vertex: [usize; 3], from: [usize; 3], to: [usize; 3]) -> bool {
    let n = l.shape();
    let open = |v: [usize; 3]| v[0] < n.x && v[1] < n.y && v[2] < n.z && *l.volume().at(v[2], v[1], v[0]) == 0;
    let mut seen = vec![from];
    let mut k = 0;
    while k < seen.len() {
        for a in 0..3 {
            let mut next = seen[k];
            next[a] = (2 * vertex[a]).wrapping_sub(1 + next[a]);
            if next[a] < usize::MAX / 2 && open(next) && !seen.contains(&next) {
                seen.push(next);
            }
        }
        k += 1;
    }
    seen.contains(&to)
}

#[test]
fn paths_pass_neither_edges_nor_corners_of_voxels() {
    for (dy, dx) in [(0, 1), (1, 0), (1, 1)] {
        let touching =
            labels([8, 4, 4], |z, y, x| u8::from(!if z < 4 { (y, x) == (1, 1) } else { (y, x) == (1 + dy, 1 + dx) }));
        assert_eq!(geo(&touching, Axis::Z), None, "{dy} {dx}");
    }
    // A contact that would be a short cut: the way around is five voxels aside and back.
    let detour = labels([9, 1, 9], |z, _, x| {
        let channels = x == 1 && z <= 4 || x == 2 && z >= 5;
        let around = z == 1 && (1..8).contains(&x) || x == 7 && (1..8).contains(&z) || z == 7 && (2..8).contains(&x);
        u8::from(!(channels || around))
    });
    let g = geo(&detour, Axis::Z).unwrap();
    assert!(g.mean > 1.7, "{g:?}");
}

#[test]
fn walls_that_wrap_are_doors() {
    // A staircase that leaves through one wall and comes back through the other.
    let l = labels([12, 1, 8], |z, _, x| u8::from((x + 8 - z % 8) % 8 > 2));
    let wrapped = geodesic(&l, LabelSet::PORE, Axis::Z, Sides::Periodic, &Silent).unwrap().unwrap();
    assert_eq!(geo(&l, Axis::Z), None);
    let unrolled = geo(&labels([12, 1, 24], |z, _, x| u8::from(!(z..z + 3).contains(&x))), Axis::Z).unwrap();
    assert!((wrapped.mean - unrolled.mean).abs() < SINGLE * 10.0, "{} and {}", wrapped.mean, unrolled.mean);
}

#[test]
fn axes_and_units_do_not_matter() {
    let l = blobs(14, 1, 0.6, 5);
    let at = |z: usize, y: usize, x: usize| *l.volume().at(z, y, x);
    let straight = sized([14; 3], [1.0, 2.0, 0.5], at);
    let turned = sized([14; 3], [0.5, 1.0, 2.0], |z, y, x| at(x, z, y));
    let larger = sized([14; 3], [1e-6, 2e-6, 0.5e-6], at);
    let along = |l: &Labels, axis| geo(l, axis).unwrap().mean;
    for (a, b) in [(Axis::X, Axis::Y), (Axis::Y, Axis::Z), (Axis::Z, Axis::X)] {
        assert!((along(&straight, a) - along(&turned, b)).abs() < UNTIDY * (along(&straight, a) - 1.0) + SINGLE);
        assert!((along(&straight, a) - along(&larger, a)).abs() < SINGLE * 10.0);
    }
}

#[test]
fn finer_voxels_change_no_more_than_stated() {
    for (half, share) in [(4, 0.5), (2, 0.5), (2, 0.3)] {
        let l = blobs(24, half, share, 1);
        let (plain, fine) = (geo(&l, Axis::Z), geo(&foamflux_transport::split_voxels(&l, 3).unwrap(), Axis::Z));
        let (plain, fine) = (plain.unwrap(), fine.unwrap());
        assert!((plain.mean - fine.mean).abs() < plain.error, "{} and {}", plain.mean, fine.mean);
        // Shortest paths are no longer than what the current takes on the whole, and the current pays for throats too.
        let tau = solve(&ready(&l, Axis::Z), 1e-3).tau;
        assert!(1.0 < plain.mean && plain.mean < tau, "{} and tau {tau}", plain.mean);
    }
}

#[test]
fn a_watcher_can_stop_it() {
    struct Stop;
    impl Watch for Stop {
        fn event(&self, _: Event) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let l = noise(8, 0.9, 1);
    assert_eq!(geodesic(&l, LabelSet::PORE, Axis::Z, Sides::NoFlux, &Stop), Err(GeodesicError::Cancelled));
    assert_eq!(Shape::cube(8).unwrap(), l.shape());
}
