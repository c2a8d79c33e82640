use super::*;
use crate::stats::Summary;
use crate::surface::shapes::{Vec3, ball, cylinder, grey, mask, plate};
use foamflux_grid::{Shape, Silent, VoxelSize, VoxelSizeSource};

const CUBES: Vec3 = [1.0; 3];
/// f32 distances, a few sums.
const ROUNDING: f64 = 1e-4;

fn mean(mask: &Volume<bool>) -> f64 {
    Summary::over(&local_thickness(mask, &Silent), mask).unwrap().unwrap().mean
}

fn per_cent(found: f64, exact: f64) -> f64 {
    100.0 * (found / exact - 1.0)
}

#[test]
fn plates_along_an_axis_are_exact() {
    for t in [3.0, 6.0, 7.0, 10.0] {
        for normal in [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] {
            let shift = if (t as usize).is_multiple_of(2) { 0.0 } else { 0.5 };
            let m = mask([24; 3], CUBES, plate([shift; 3], normal, t));
            let thickness = local_thickness(&m, &Silent);
            let s = Summary::over(&thickness, &m).unwrap().unwrap();
            assert!(per_cent(s.mean, t).abs() < 100.0 * ROUNDING && s.std < ROUNDING, "{t} {normal:?}: {s:?}");
        }
    }
}

#[test]
fn cylinders_of_six_and_ten_voxels() {
    // Goal over orientations: 3 % at six voxels, 2 % at ten.
    // One orientation along an axis repeats the same stairs in every slice and is held to twice as much.
    for (d, bound) in [(6.2, 3.0), (10.0, 2.0)] {
        let shifts = [[0.2, 0.1, -0.3], [-0.4, 0.25, 0.05]];
        let mut errors = Vec::new();
        for axis in [[1.0, 0.37, 0.21], [0.45, -0.8, 0.61], [1.0, 1.0, 0.3], [0.1, 0.5, 1.0]] {
            for c in shifts {
                errors.push(per_cent(mean(&mask([32; 3], CUBES, cylinder(c, axis, d / 2.0))), d));
            }
        }
        let average = errors.iter().sum::<f64>() / errors.len() as f64;
        assert!(average.abs() < bound, "{d}: {errors:?}");
        assert!(errors.iter().all(|e| e.abs() < 1.5 * bound), "{d}: {errors:?}");
        let on_axis = shifts.map(|c| per_cent(mean(&mask([32; 3], CUBES, cylinder(c, [0.0, 0.0, 1.0], d / 2.0))), d));
        assert!((on_axis[0] + on_axis[1]).abs() / 2.0 < 2.0 * bound, "{d}: {on_axis:?}");
    }
}

#[test]
fn the_grey_field_places_the_wall() {
    const BOUND: f64 = 3.0;
    for (axis, d) in [([0.0, 0.0, 1.0], 6.2), ([0.45, -0.8, 0.61], 6.2), ([0.0, 1.0, 0.0], 10.0)] {
        let field = grey([32; 3], CUBES, cylinder([0.31, 0.12, -0.43], axis, d / 2.0));
        let m = field.map(|&v| v >= 120);
        let thickness = local_thickness_in_grey(&m, &field, 119.5, &Silent);
        let e = per_cent(Summary::over(&thickness, &m).unwrap().unwrap().mean, d);
        assert!(e.abs() < BOUND, "{axis:?}, {d}: {e:+.2} %");
    }
}

#[test]
fn balls_on_fine_and_coarse_grids() {
    // Half a voxel of noise in the radius; radii that paint on grids coarser by 1, 2 and 4.
    for (r, bound) in [(3.0, 6.0), (6.0, 5.0), (12.0, 3.0), (20.0, 3.0)] {
        let n = 2 * (r as usize) + 6;
        let e = per_cent(mean(&mask([n; 3], CUBES, ball([0.2, 0.1, -0.3], r))), 2.0 * r);
        assert!(e.abs() < bound, "r {r}: {e:+.2} %");
    }
}

#[test]
fn anisotropic_voxels() {
    // A strut of 12 has six voxels along an edge of two, and four along an edge of three.
    for (edges, bound) in [([1.0, 1.0, 2.0], 6.0), ([1.0, 2.0, 3.0], 10.0)] {
        let n: [usize; 3] = std::array::from_fn(|k| (36.0 / edges[k]) as usize);
        for axis in [[1.0, 0.37, 0.21], [0.45, -0.8, 0.61]] {
            let e = per_cent(mean(&mask(n, edges, cylinder([0.2, 0.1, -0.3], axis, 6.0))), 12.0);
            assert!(e.abs() < bound, "{edges:?} {axis:?}: {e:+.2} %");
        }
        let e = per_cent(mean(&mask(n, edges, plate([0.0; 3], [0.0, 0.0, 1.0], 4.0 * edges[2]))), 4.0 * edges[2]);
        assert!(e.abs() < 100.0 * ROUNDING, "{edges:?}: {e:+.2} %");
    }
}

/// Largest 2 D(c) over all true voxels c whose ball covers x.
fn brute(mask: &Volume<bool>) -> Vec<f32> {
    let d = boundary_distance(mask, Border::Open);
    let shape = mask.shape();
    let e = mask.spacing().zyx().map(|e| e as f32);
    let point = |i: usize| {
        let (z, y, x) = shape.zyx_of(i);
        [z as f32 * e[0], y as f32 * e[1], x as f32 * e[2]]
    };
    (0..shape.len())
        .map(|x| {
            let covers = |&c: &usize| {
                let (p, q) = (point(x), point(c));
                let square: f32 = (0..3).map(|k| (p[k] - q[k]).powi(2)).sum();
                square.sqrt() <= d.as_slice()[c]
            };
            let inside = (0..shape.len()).filter(|&c| mask.as_slice()[c]);
            if mask.as_slice()[x] {
                inside.filter(covers).map(|c| 2.0 * d.as_slice()[c]).fold(2.0 * d.as_slice()[x], f32::max)
            } else {
                0.0
            }
        })
        .collect()
}

#[test]
fn two_struts_agree_with_brute_force() {
    /// Brute force tries voxel centres only and takes the nearest boundary point, so it reads low: by the distance of
    /// the true centre from a voxel centre, up to sqrt(3)/2 of an edge of 1.5, and by noise of up to half a voxel.
    const MEDIAN: f64 = 1.8;
    /// Never lower than that by more than rounding and the sliver that a dropped centre may leave.
    const LOWEST: f64 = -0.3;
    let (thin, thick) = (cylinder([0.1, 0.2, 0.0], [1.0, 0.3, 0.2], 2.0), ball([5.0, 0.4, 0.3], 5.0));
    for edges in [[1.0, 1.0, 1.0], [1.0, 1.0, 1.5]] {
        let m = mask([24, 14, 14], edges, |p| thin(p).min(thick(p)));
        let found = local_thickness(&m, &Silent);
        let plain = brute(&m);
        let inside = (0..plain.len()).filter(|&i| m.as_slice()[i]);
        let difference: Vec<f32> = inside.map(|i| found.as_slice()[i] - plain[i]).collect();
        let s = Summary::of(difference.iter().copied()).unwrap();
        assert!((0.0..MEDIAN).contains(&s.median) && s.p05 >= LOWEST, "{s:?}");
        assert!(found.as_slice().iter().zip(&plain).all(|(&f, &p)| (f > 0.0) == (p > 0.0)));
    }
}

#[test]
fn wide_and_narrow_parts_keep_their_own_thickness() {
    /// The planes of neighbours that touch within half a voxel are averaged.
    const HALF_VOXEL: f64 = 0.5;
    // A plate of 4 that opens into a block of 20: far from the mouth each has its own thickness.
    let m = mask([60, 40, 24], CUBES, |p| if p[0] < 0.0 { p[1].abs() - 2.0 } else { p[1].abs() - 10.0 });
    let t = local_thickness(&m, &Silent);
    assert!((f64::from(*t.at(12, 20, 5)) - 4.0).abs() < ROUNDING, "{}", t.at(12, 20, 5));
    assert!((f64::from(*t.at(12, 20, 50)) - 20.0).abs() < HALF_VOXEL, "{}", t.at(12, 20, 50));
}

#[test]
fn voxel_size_axis_order_and_threads_change_nothing_but_the_unit() {
    /// Rounding may move a voxel across the rim of a ball: means agree closer than single voxels.
    const MEAN: f64 = 2e-3;
    let known = |e: Vec3| VoxelSize::known(e, VoxelSizeSource::Generator).unwrap();
    let m = mask([20, 14, 17], [1.0, 2.0, 3.0], cylinder([0.3, 0.2, 0.1], [1.0, 0.5, 0.7], 9.0));
    let turned = Volume::from_fn(Shape::new(20, 17, 14).unwrap(), known([2.0, 3.0, 1.0]), |z, y, x| *m.at(y, x, z));
    let micro = m.clone().with_voxel_size(known([1e-6, 2e-6, 3e-6]));
    let t = local_thickness(&m, &Silent);
    let reference = mean(&m);
    assert!(per_cent(mean(&turned), reference).abs() < 100.0 * MEAN);
    assert!(per_cent(1e6 * mean(&micro), reference).abs() < 100.0 * MEAN);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(pool.install(|| local_thickness(&m, &Silent)), t);
}

#[test]
fn full_empty_and_single_voxels() {
    let full = mask([4, 5, 6], CUBES, |_| -1.0);
    assert!(local_thickness(&full, &Silent).as_slice().iter().all(|t| t.is_infinite()));
    let none = full.map(|_| false);
    assert!(local_thickness(&none, &Silent).as_slice().iter().all(|&t| t <= 0.0));
    assert_eq!(histogram(&local_thickness(&none, &Silent), &none, 8).unwrap(), None);
    // A lone voxel is one voxel thick, and so is a line of them.
    for wide in [0.6, 9.0] {
        let m = mask([9; 3], CUBES, |p| p[0].abs().max(p[1].abs()).max(p[2].abs() / wide) - 0.6);
        let t = local_thickness(&m, &Silent);
        assert!((f64::from(*t.at(4, 4, 4)) - 1.0).abs() < ROUNDING, "{}", t.at(4, 4, 4));
    }
}

#[test]
fn shares_of_the_histogram_are_those_of_the_voxels() {
    let shape = Shape::new(1, 1, 6).unwrap();
    let t = Volume::from_vec(shape, VoxelSize::Unknown, vec![1.0, 2.0, 4.0, 4.0, 9.0, 0.0]).unwrap();
    let m = Volume::from_vec(shape, VoxelSize::Unknown, vec![true, true, true, true, false, false]).unwrap();
    let h = histogram(&t, &m, 2).unwrap().unwrap();
    assert_eq!(h.edges.len(), 3);
    assert!((h.edges[2] - 4.0).abs() < ROUNDING && (h.shares[0] - 0.25).abs() < ROUNDING);
    assert!((h.shares[1] - 0.75).abs() < ROUNDING);
    assert!(histogram(&t, &m, 0).unwrap().is_none());
    let other = mask([2; 3], CUBES, |_| -1.0);
    assert!(histogram(&t, &other, 4).is_err());
}
