use std::collections::VecDeque;

use foamflux_grid::VoxelSize;

use super::*;

fn shape(z: usize, y: usize, x: usize) -> Shape {
    Shape::new(z, y, x).unwrap()
}

/// A mask whose voxels are true with probability `percent`.
fn random(shape: Shape, seed: u64, percent: u64) -> Volume<bool> {
    let mut state = seed;
    Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 100 < percent
    })
}

/// Breadth-first flooding in scan order.
fn by_flooding(mask: &Volume<bool>, connectivity: Connectivity) -> Components {
    let s = mask.shape();
    let mut labels = vec![0u32; s.len()];
    let (mut sizes, mut faces) = (vec![0u64], vec![Faces::NONE]);
    let mut extents = vec![Extent { first_xyz: [0; 3], last_xyz: [0; 3] }];
    for start in 0..s.len() {
        if !mask.as_slice()[start] || labels[start] != 0 {
            continue;
        }
        let number = sizes.len() as u32;
        let (mut size, mut touched) = (0, Faces::NONE);
        let mut extent = Extent { first_xyz: [u32::MAX; 3], last_xyz: [0; 3] };
        labels[start] = number;
        let mut queue = VecDeque::from([start]);
        while let Some(i) = queue.pop_front() {
            size += 1;
            let (z, y, x) = s.zyx_of(i);
            for (axis, at) in [(Axis::X, x), (Axis::Y, y), (Axis::Z, z)] {
                if at == 0 {
                    touched = touched.or(Faces::first(axis));
                }
                if at + 1 == s.along(axis) {
                    touched = touched.or(Faces::last(axis));
                }
                let a = axis.xyz_index();
                extent.first_xyz[a] = extent.first_xyz[a].min(at as u32);
                extent.last_xyz[a] = extent.last_xyz[a].max(at as u32);
            }
            for d in 0..27 {
                let (dz, dy, dx) = (d / 9 - 1, d / 3 % 3 - 1, d % 3 - 1);
                let steps = i32::abs(dz) + i32::abs(dy) + i32::abs(dx);
                if steps == 0 || (connectivity == Connectivity::Face6 && steps > 1) {
                    continue;
                }
                let at = |i: usize, d: i32, n: usize| i.checked_add_signed(d as isize).filter(|&i| i < n);
                if let (Some(z), Some(y), Some(x)) = (at(z, dz, s.z), at(y, dy, s.y), at(x, dx, s.x)) {
                    let j = s.index(z, y, x);
                    if mask.as_slice()[j] && labels[j] == 0 {
                        labels[j] = number;
                        queue.push_back(j);
                    }
                }
            }
        }
        sizes.push(size);
        faces.push(touched);
        extents.push(extent);
    }
    Components { labels: mask.like(labels).unwrap(), sizes, faces, extents, connectivity }
}

#[test]
fn equals_flooding_for_every_number_of_threads() {
    // Slices straddle the slab thickness, rows the 32 voxels that are skipped at once.
    let shapes = [
        shape(1, 1, 1),
        shape(1, 1, 70),
        shape(1, 9, 8),
        shape(9, 1, 8),
        shape(3, 40, 1),
        shape(7, 8, 31),
        shape(8, 7, 32),
        shape(9, 5, 33),
        shape(17, 6, 65),
        shape(33, 5, 5),
    ];
    for threads in 1..=4 {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for (k, s) in shapes.into_iter().enumerate() {
            for percent in [0, 8, 25, 31, 50, 90, 100] {
                let mask = random(s, 1 + k as u64, percent);
                for connectivity in [Connectivity::Face6, Connectivity::Full26] {
                    let fast = pool.install(|| label(&mask, connectivity)).unwrap();
                    assert!(
                        fast == by_flooding(&mask, connectivity),
                        "{s} {percent} % {connectivity:?} {threads} threads"
                    );
                }
            }
        }
    }
}

#[test]
fn a_spiral_that_meets_itself_late_is_one_component() {
    // Rows of a serpentine are joined only at alternating ends: the worst order for union-find.
    let s = shape(1, 41, 40);
    let snake = Volume::from_fn(s, VoxelSize::Unknown, |_, y, x| y % 2 == 0 || x == if y % 4 == 1 { 39 } else { 0 });
    let comb = Volume::from_fn(s, VoxelSize::Unknown, |_, y, x| x % 2 == 0 || y == 40);
    for mask in [snake, comb] {
        let c = label(&mask, Connectivity::Face6).unwrap();
        assert_eq!(c.count(), 1);
        assert_eq!(c.voxels(), mask.as_slice().iter().filter(|&&v| v).count() as u64);
        assert_eq!(c.largest(), Some((1, c.voxels())));
    }
}

#[test]
fn touching_is_by_face_or_by_corner() {
    let s = shape(2, 2, 2);
    let diagonal = Volume::from_fn(s, VoxelSize::Unknown, |z, y, x| z == y && y == x);
    assert_eq!(label(&diagonal, Connectivity::Face6).unwrap().count(), 2);
    let one = label(&diagonal, Connectivity::Full26).unwrap();
    assert_eq!(one.count(), 1);
    assert_eq!(one.faces[1], Faces::ALL);
    assert_eq!(one.extents[1].along(Axis::Y), (0, 1));
    let empty = label(&diagonal.map(|_| false), Connectivity::Full26).unwrap();
    assert_eq!((empty.count(), empty.largest(), empty.voxels()), (0, None, 0));
}
