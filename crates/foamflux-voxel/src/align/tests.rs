use foamflux_grid::{Shape, Silent, VoxelSize};

use super::*;

/// A measured displacement of slices with noise agrees with the true one to this many pixels.
const PLACE_PIXEL: f64 = 0.1;

/// A small deterministic generator; numbers from 0 to 1.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Nearly normal, of standard deviation one.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

/// Rods through the stack: places in the first slice, and pixels per slice that each moves by itself.
fn rods(n: usize, edge: f64, slant: [f64; 2], spread: f64) -> Vec<[f64; 4]> {
    let mut random = Random(11);
    (0..n)
        .map(|_| {
            let place = [edge * random.next(), edge * random.next()];
            let own = [spread * random.normal(), spread * random.normal()];
            [place[0], place[1], slant[0] + own[0], slant[1] + own[1]]
        })
        .collect()
}

const EDGE: usize = 96;
const SLICES: usize = 60;

/// The image of rods of two pixels radius whose slices are displaced, with curtains that stand still, and noise.
fn stack(rods: &[[f64; 4]], moved: &[[f64; 2]], noise: f64) -> Volume<f32> {
    let shape = Shape::new(moved.len(), EDGE, EDGE).unwrap();
    let mut random = Random(5);
    let curtain: Vec<f64> = (0..EDGE).map(|_| 6.0 * random.normal()).collect();
    let mut data = Vec::with_capacity(shape.len());
    for (z, d) in moved.iter().enumerate() {
        let mut plane: Vec<f64> = (0..EDGE * EDGE).map(|i| curtain[i % EDGE] + noise * random.normal()).collect();
        for rod in rods {
            // Rods come round on the other side, so that every slice has as many.
            let at = |k: usize| (rod[k] + rod[k + 2] * z as f64).rem_euclid(EDGE as f64) + d[k];
            let (x, y) = (at(0), at(1));
            for j in (y - 8.0).max(0.0) as usize..((y + 9.0).max(0.0) as usize).min(EDGE) {
                for i in (x - 8.0).max(0.0) as usize..((x + 9.0).max(0.0) as usize).min(EDGE) {
                    let r = (i as f64 - x).powi(2) + (j as f64 - y).powi(2);
                    plane[j * EDGE + i] += 100.0 * (-r / 8.0).exp();
                }
            }
        }
        data.extend(plane.iter().map(|&v| v as f32));
    }
    Volume::from_vec(shape, VoxelSize::Unknown, data).unwrap()
}

/// Jitter of slices about their place.
fn jitter(pixel: f64) -> Vec<[f64; 2]> {
    let mut random = Random(7);
    (0..SLICES).map(|_| [pixel * random.normal(), pixel * random.normal()]).collect()
}

fn rms(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = values.clone().count() as f64;
    (values.map(|v| v * v).sum::<f64>() / n).sqrt()
}

/// Root mean square of what is left when the mean is taken out.
fn spread(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    rms(values.iter().map(|v| v - mean))
}

#[test]
fn displacements_are_measured_to_parts_of_a_pixel_in_front_of_curtains() {
    let moved = jitter(1.5);
    let path = measure(&stack(&rods(60, EDGE as f64, [0.0; 2], 0.0), &moved, 10.0), &Silent).unwrap();
    for axis in 0..2 {
        let off: Vec<f64> = path.position.iter().zip(&moved).map(|(p, m)| p[axis] - m[axis]).collect();
        assert!(spread(&off) < PLACE_PIXEL, "{axis}: {}", spread(&off));
    }
    assert!(path.missing.is_empty() && path.lost.is_empty() && path.odd.is_empty(), "{path:?}");
}

#[test]
fn a_slanted_feature_stays_slanted() {
    // All rods run at half a pixel per slice along x: what a drift of constant speed looks like.
    let moved = jitter(1.0);
    let volume = stack(&rods(60, EDGE as f64, [0.5, 0.0], 0.0), &moved, 5.0);
    let path = measure(&volume, &Silent).unwrap();
    for keep in [Trend::Line, Trend::Smooth] {
        let (removed, slope) = path.removed(keep);
        assert!((slope[0] - 0.5).abs() < 0.02 && slope[1].abs() < 0.02, "{keep:?}: {slope:?}");
        for axis in 0..2 {
            let left: Vec<f64> = removed.iter().zip(&moved).map(|(r, m)| r[axis] - m[axis]).collect();
            let (left, before) = (spread(&left), spread(&moved.iter().map(|m| m[axis]).collect::<Vec<_>>()));
            // A local line over 21 slices follows a little of white jitter.
            let share = if keep == Trend::Line { 0.2 } else { 0.5 };
            assert!(left < share * before, "{keep:?} {axis}: {left} of {before}");
        }
        // And in the voxels: the aligned stack measured again has the slope and no jitter.
        let again = measure(&apply(&volume, &removed, &Silent).unwrap().volume, &Silent).unwrap();
        let (jitter, slope) = again.removed(Trend::Line);
        assert!((slope[0] - 0.5).abs() < 0.02, "{keep:?}: {slope:?}");
        assert!(rms(jitter.iter().map(|j| j[0])) < 0.5, "{keep:?}");
    }
    // Who says that nothing is the sample's shape gets it upright.
    let (removed, _) = path.removed(Trend::Nothing);
    let upright = measure(&apply(&volume, &removed, &Silent).unwrap().volume, &Silent).unwrap();
    assert!(upright.removed(Trend::Line).1[0].abs() < 0.02);
}

#[test]
fn a_bent_feature_stays_bent_where_only_jitter_goes() {
    let bend: Vec<[f64; 2]> = (0..SLICES).map(|z| [4.0 * (z as f64 / 12.0).sin(), 0.0]).collect();
    let volume = stack(&rods(60, EDGE as f64, [0.0; 2], 0.0), &bend, 5.0);
    let (removed, _) = measure(&volume, &Silent).unwrap().removed(Trend::Smooth);
    // The bend has an amplitude of four pixels; a local line cuts its turning points a little.
    let most = removed.iter().map(|r| r[0].abs()).fold(0.0, f64::max);
    assert!(most < 0.8, "{most}");
}

#[test]
fn struts_of_all_slants_show_the_drift_of_the_frame() {
    let mut random = Random(3);
    let mut place = [0.0; 2];
    let moved: Vec<[f64; 2]> = (0..SLICES)
        .map(|_| {
            place = place.map(|p: f64| 0.97 * p + 0.4 * random.normal());
            place
        })
        .collect();
    let path = measure(&stack(&rods(80, EDGE as f64, [0.0; 2], 0.5), &moved, 10.0), &Silent).unwrap();
    for axis in 0..2 {
        let off: Vec<f64> = path.position.iter().zip(&moved).map(|(p, m)| p[axis] - m[axis]).collect();
        // Eighty rods of slants of 0.5 pixel average to 0.06 pixel per slice, which is a line and stays.
        let line = path::line(&off);
        let rest: Vec<f64> = off.iter().zip(&line).map(|(o, l)| o - l).collect();
        assert!(spread(&rest) < 0.5, "{axis}: {}", spread(&rest));
    }
}

/// Leaves slices out.
fn without(volume: &Volume<f32>, left_out: &[usize]) -> Volume<f32> {
    let shape = volume.shape();
    let kept: Vec<usize> = (0..shape.z).filter(|z| !left_out.contains(z)).collect();
    let data = kept.iter().flat_map(|&z| volume.plane(z).to_vec()).collect();
    Volume::from_vec(Shape { z: kept.len(), ..shape }, VoxelSize::Unknown, data).unwrap()
}

#[test]
fn missing_repeated_and_spoilt_slices_are_found() {
    let still = vec![[0.0; 2]; SLICES];
    let whole = stack(&rods(80, EDGE as f64, [0.0; 2], 0.7), &still, 5.0);
    let clean = measure(&whole, &Silent).unwrap();
    assert!(clean.missing.is_empty() && clean.repeated.is_empty() && clean.odd.is_empty(), "{:?}", clean.missing);

    let path = measure(&without(&whole, &[20, 40, 41, 42]), &Silent).unwrap();
    let found: Vec<(usize, usize)> = path.missing.iter().map(|m| (m.after, m.slices)).collect();
    assert_eq!(found.iter().map(|f| f.0).collect::<Vec<_>>(), [19, 38], "{found:?}");
    assert!(found[0].1 == 1 && (2..=4).contains(&found[1].1), "{found:?}");

    let mut data = whole.as_slice().to_vec();
    let plane = EDGE * EDGE;
    data.copy_within(29 * plane..30 * plane, 30 * plane);
    let repeated =
        measure(&Volume::from_vec(whole.shape(), VoxelSize::Unknown, data.clone()).unwrap(), &Silent).unwrap();
    assert_eq!(repeated.repeated, [30]);

    // Another place of the sample.
    data.copy_within(5 * plane..6 * plane, 30 * plane);
    data[30 * plane..31 * plane].reverse();
    let spoilt = measure(&Volume::from_vec(whole.shape(), VoxelSize::Unknown, data).unwrap(), &Silent).unwrap();
    assert_eq!((spoilt.odd, spoilt.missing.len()), (vec![30], 0));
}

#[test]
fn slices_move_by_parts_of_a_pixel_and_the_common_part_is_left() {
    let shape = Shape::new(5, 40, 50).unwrap();
    // Cubic polynomials reproduce straight lines exactly.
    let slope = Volume::from_fn(shape, VoxelSize::Unknown, |_, y, x| (2.0 * x as f64 + 3.0 * y as f64) as f32);
    let moved = [[0.0, 0.0], [1.5, -2.25], [-0.75, 0.5], [0.0, 0.0], [0.25, 0.0]];
    let Applied { volume, region } = apply(&slope, &moved, &Silent).unwrap();
    assert_eq!((region.x0, region.x1, region.y0, region.y1), (1, 48, 3, 39));
    assert_eq!(volume.shape(), Shape { z: 5, y: 36, x: 47 });
    for (z, m) in moved.iter().enumerate() {
        for (y, x) in [(5, 5), (20, 30), (30, 44)] {
            let wanted = 2.0 * ((x + region.x0) as f64 + m[0]) + 3.0 * ((y + region.y0) as f64 + m[1]);
            let got = f64::from(volume.as_slice()[volume.shape().index(z, y, x)]);
            assert!((got - wanted).abs() < 1e-3, "{z} {y} {x}: {got} {wanted}");
        }
    }
    // Nothing moves, nothing changes.
    assert_eq!(apply(&slope, &[[0.0; 2]; 5], &Silent).unwrap().volume, slope);
}

#[test]
fn what_cannot_be_aligned_is_refused_in_words() {
    let blank = Volume::from_fn(Shape::new(8, 40, 40).unwrap(), VoxelSize::Unknown, |_, _, _| 7u8);
    assert!(matches!(measure(&blank, &Silent), Err(AlignError::Uncorrelated { lost: 7, pairs: 7, .. })));
    let thin = Volume::from_fn(Shape::new(2, 40, 40).unwrap(), VoxelSize::Unknown, |_, _, _| 7u8);
    assert!(measure(&thin, &Silent).unwrap_err().to_string().contains("at least 5 slices"));
    let small = Volume::from_fn(Shape::new(8, 40, 9).unwrap(), VoxelSize::Unknown, |_, _, _| 7u8);
    assert!(measure(&small, &Silent).unwrap_err().to_string().contains("9 x 40"));
    let far: Vec<[f64; 2]> = (0..8).map(|z| [6.0 * z as f64, 0.0]).collect();
    let error = apply(&blank, &far, &Silent).unwrap_err().to_string();
    assert!(error.contains("42.0 pixels along x") && error.contains("--align jitter"), "{error}");
}

#[test]
fn the_path_of_perfect_pairs_is_exact_and_one_wrong_pair_does_not_bend_it() {
    let truth: Vec<f64> = (0..30).map(|z| (z as f64).sqrt()).collect();
    let mut pairs: Vec<Pair> = LAGS
        .into_iter()
        .flat_map(|lag| (0..30 - lag).map(move |a| (a, a + lag)))
        .map(|(a, b)| Pair { a, b, shift: [truth[b] - truth[a], 0.0], correlation: 0.9 })
        .collect();
    let exact = path::solve(&pairs, 30);
    assert!(exact.iter().zip(&truth).all(|(p, t)| (p[0] - t).abs() < 1e-4 && p[1].abs() < 1e-9));
    pairs[12].shift[0] += 20.0;
    let robust = path::solve(&pairs, 30);
    assert!(robust.iter().zip(&truth).all(|(p, t)| (p[0] - t).abs() < 0.05), "{robust:?}");
}

#[test]
fn few_rods_at_slants_of_their_own_are_no_drift() {
    let still = vec![[0.0; 2]; SLICES];
    let error = measure(&stack(&rods(5, EDGE as f64, [0.0; 2], 2.0), &still, 4.0), &Silent).unwrap_err();
    assert!(matches!(error, AlignError::Apart { apart } if apart > 0.5), "{error}");
    // Those that run nearly alike move alike.
    let alike = measure(&stack(&rods(60, EDGE as f64, [0.0; 2], 0.3), &still, 4.0), &Silent).unwrap();
    assert!(alike.quarters_apart.is_some_and(|a| a < MOST_APART), "{:?}", alike.quarters_apart);
}
