use foamflux_grid::{Shape, Silent, Volume, VoxelSize, VoxelSizeSource};

use super::*;

fn boxed(n: [usize; 3], mut f: impl FnMut(f64, f64, f64) -> bool) -> Volume<bool> {
    let shape = Shape::new(n[2], n[1], n[0]).unwrap();
    Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| f(x as f64 + 0.5, y as f64 + 0.5, z as f64 + 0.5))
}

fn count_of(s: &Skeleton) -> usize {
    s.voxels.len()
}

/// Bars and blocks whose skeletons common thinning loses.
#[test]
fn bars_and_blocks_do_not_vanish() {
    for w in 1..=7usize {
        let bar = boxed([w + 6, w + 6, 100], |x, y, z| {
            let inside = |v: f64| v > 3.0 && v < 3.0 + w as f64;
            inside(x) && inside(y) && z > 2.0 && z < 98.0
        });
        let s = skeleton(&bar, Sides::Open, &Silent).unwrap();
        // 96 voxels long, less its width at each end.
        assert!(count_of(&s) >= 96 - 2 * w && count_of(&s) <= 96 + 2, "{w}: {}", count_of(&s));
        // Touching both faces of the box it reaches them.
        let through = boxed([w + 6, w + 6, 50], |x, y, _| {
            let inside = |v: f64| v > 3.0 && v < 3.0 + w as f64;
            inside(x) && inside(y)
        });
        let s = skeleton(&through, Sides::Open, &Silent).unwrap();
        // A cut's anchor may lie beside the line in a section without a middle voxel.
        assert!((50..=52).contains(&count_of(&s)), "{w}: {}", count_of(&s));
    }
    for n in [1, 2, 3, 8, 31, 32, 33] {
        let cube = boxed([n + 4; 3], |x, y, z| [x, y, z].iter().all(|&v| v > 2.0 && v < 2.0 + n as f64));
        let s = skeleton(&cube, Sides::Open, &Silent).unwrap();
        assert!((1..=n).contains(&count_of(&s)), "{n}: {}", count_of(&s));
        assert_eq!(s.topology, Some(Topology { components: 1, euler: 1 }));
    }
}

/// Seen from its flat side every voxel of a ribbon is on the border: none may begin to eat it from its end.
/// One distance everywhere takes away what else would protect the ends.
#[test]
fn ribbons_do_not_vanish() {
    for (w, h) in [(2usize, 1usize), (3, 1), (4, 1), (2, 2), (4, 2), (4, 4)] {
        for axes in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let ribbon = boxed([70; 3], |x, y, z| {
                let p = axes.map(|k| [x, y, z][k]);
                let across = |v: f64, n: usize| v > 20.0 && v < 20.0 + n as f64;
                across(p[0], w) && across(p[1], h) && p[2] > 5.0 && p[2] < 65.0
            });
            let pad = Pad::new(ribbon.shape(), Sides::Open).unwrap();
            let same = ribbon.map(|&r| if r { 1.0 } else { 0.0 });
            let voxels = thin(SLICES, &ribbon, &Bits::new(&ribbon), &same, None, pad, &Silent).unwrap().voxels();
            // Each end goes by no more than the width.
            assert!(voxels.len() >= 60 - 2 * w, "{w} {h} {axes:?}: {}", voxels.len());
        }
    }
}

#[test]
fn rings_shells_and_dust_keep_their_topology() {
    let ring = boxed([40, 40, 16], |x, y, z| {
        let rho = ((x - 20.0).powi(2) + (y - 20.0).powi(2)).sqrt() - 12.0;
        rho * rho + (z - 8.0).powi(2) < 16.0
    });
    let s = skeleton(&ring, Sides::Open, &Silent).unwrap();
    assert_eq!(s.topology, Some(Topology { components: 1, euler: 0 }));
    assert!(count_of(&s) > 50 && count_of(&s) < 90, "{}", count_of(&s));
    let shell = boxed([24; 3], |x, y, z| {
        let r = ((x - 12.0).powi(2) + (y - 12.0).powi(2) + (z - 12.0).powi(2)).sqrt();
        r < 10.0 && r > 6.0
    });
    let s = skeleton(&shell, Sides::Open, &Silent).unwrap();
    assert_eq!(s.topology, Some(Topology { components: 1, euler: 2 }));
}

/// Random dust: topology is checked inside of `skeleton` for the open box.
#[test]
fn random_volumes_keep_their_topology_and_cannot_be_thinned_further() {
    let mut state = 7u64;
    for round in 0..60 {
        let density = 0.1 + 0.8 * f64::from(round) / 60.0;
        let n = [5 + round as usize % 7, 6, 9];
        let values: Vec<bool> = (0..n[0] * n[1] * n[2])
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                ((state >> 33) as f64 / (1u64 << 31) as f64) < density
            })
            .collect();
        let dust = Volume::from_vec(Shape::new(n[2], n[1], n[0]).unwrap(), VoxelSize::Unknown, values).unwrap();
        for sides in [Sides::Open, Sides::Periodic] {
            let s = skeleton(&dust, sides, &Silent).unwrap();
            assert!(s.mask.as_slice().iter().zip(dust.as_slice()).all(|(&a, &b)| !a || b));
        }
    }
}

/// Dust and struts across seams: topology is kept, as much goes as without seams, and the number of threads changes
/// nothing.
#[test]
fn slabs_keep_the_topology_and_do_not_depend_on_threads() {
    let mut state = 11u64;
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for round in 0..24 {
        let density = 0.2 + 0.7 * f64::from(round) / 24.0;
        let n = [11, 9, 30];
        let dust = boxed(n, |_, _, _| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((state >> 33) as f64 / (1u64 << 31) as f64) < density
        });
        let struts = boxed(n, |x, y, z| {
            let (u, v) = (x - 5.0 - 0.1 * (z - 15.0), y - 4.5);
            u * u + v * v < 8.0 || (z - 15.0).powi(2) + v * v < 7.0 || dust_at(&dust, x, y, z) && round < 12
        });
        let before = count(&struts).unwrap();
        let pad = Pad::new(struts.shape(), Sides::Open).unwrap();
        let d = boundary_distance(&struts, Border::Open);
        let bits = Bits::new(&struts);
        let mut whole = 0;
        for slices in [30, 16, 5, 2, 1] {
            let thinned = || thin(slices, &struts, &bits, &d, None, pad, &Silent).unwrap().mask(&struts);
            let mask = thinned();
            assert_eq!(count(&mask).unwrap(), before, "{round} {slices}");
            assert_eq!(one.install(thinned), mask, "{round} {slices}");
            let left = mask.as_slice().iter().filter(|&&m| m).count();
            // One slab after the other: what a neighbour uncovers is looked at again.
            whole = if slices == 30 { left } else { whole };
            assert!(10 * left <= 11 * whole + 10, "{round} {slices}: {left} of {whole}");
        }
    }
}

/// A slab that came to rest looks again at what its neighbour uncovers.
#[test]
fn a_slab_learns_what_its_neighbour_deletes() {
    let block = boxed([9, 9, 8], |x, y, z| x > 1.0 && x < 8.0 && y > 1.0 && y < 8.0 && z > 3.0);
    let shape = block.shape();
    let pad = Pad::new(shape, Sides::Open).unwrap();
    let (bits, same) = (Bits::new(&block), block.map(|&b| f32::from(u8::from(b))));
    let ridge = Ridge { pad, distance: &same, edges: [1.0; 3] };
    // One voxel inside of the block, and one under it at the surface.
    let (inner, outer) = (shape.index(4, 4, 4), shape.index(3, 4, 4));
    let level = |i: usize| if i == inner || i == outer { 0 } else { 5 };
    let [mut below, mut above] = [0..4, 4..8].map(|z| Slab::new(pad, z, &bits, level, &[], None));
    above.peel(1, &ridge);
    assert_eq!(above.work(1), 0);
    below.peel(1, &ridge);
    below.exchange(&mut above);
    assert_eq!(above.work(1), 1);
    below.exchange(&mut above);
    assert_eq!(above.work(1), 1, "what is known is not told again");
    above.peel(1, &ridge);
    assert_eq!((above.work(1), above.left(&bits, |i| i == inner).len()), (0, 0));
}

fn dust_at(dust: &Volume<bool>, x: f64, y: f64, z: f64) -> bool {
    *dust.at(z as usize, y as usize, x as usize)
}

#[test]
fn voxel_edges_decide_where_the_middle_is() {
    // A round rod along y in voxels that are three times as high as wide, and its copy in cubes.
    let shape = Shape::new(20, 60, 60).unwrap();
    let size = VoxelSize::known([1.0, 1.0, 3.0], VoxelSizeSource::Generator).unwrap();
    let rod = Volume::from_fn(shape, size, |z, _, x| {
        (x as f64 + 0.5 - 28.5).powi(2) + (3.0 * (z as f64 + 0.5) - 31.5).powi(2) < 81.0
    });
    let s = skeleton(&rod, Sides::Open, &Silent).unwrap();
    assert!((60..=62).contains(&count_of(&s)));
    for &v in &s.voxels {
        let [x, _, z] = s.pad.xyz(v);
        assert!((x as f64 + 0.5 - 28.5).abs() <= 1.0 && z == 10, "{x} {z}");
    }
}

#[test]
fn a_periodic_rod_is_a_closed_curve_and_a_cut_one_is_not() {
    let rod = boxed([24, 20, 20], |_, y, z| {
        // Its axis lies on the edge of the box.
        let wrap = |v: f64| (v + 10.0).rem_euclid(20.0) - 10.0;
        wrap(y).powi(2) + wrap(z).powi(2) < 20.0
    });
    let s = skeleton(&rod, Sides::Periodic, &Silent).unwrap();
    assert_eq!(count_of(&s), 24);
    let s = skeleton(&rod, Sides::Open, &Silent).unwrap();
    assert_eq!(s.topology, Some(Topology { components: 4, euler: 4 }));
}

#[test]
fn nothing_and_everything() {
    let nothing = boxed([5, 6, 7], |_, _, _| false);
    assert_eq!(count_of(&skeleton(&nothing, Sides::Open, &Silent).unwrap()), 0);
    let all = boxed([5, 6, 7], |_, _, _| true);
    assert_eq!(count_of(&skeleton(&all, Sides::Open, &Silent).unwrap()), 1);
    assert_eq!(count_of(&skeleton(&all, Sides::Periodic, &Silent).unwrap()), 1);
}
