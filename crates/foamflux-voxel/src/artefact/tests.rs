use foamflux_grid::{Shape, Silent, Volume, VoxelSize};

use super::*;

const SHAPE: [usize; 3] = [24, 96, 96];
const NOISE: f64 = 6.0;

struct Random(u64);

impl Random {
    fn normal(&mut self) -> f64 {
        let mut uniform = || {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..12).map(|_| uniform()).sum::<f64>() - 6.0
    }
}

/// Shares of solid: a half, and a tenth.
const DENSE: f64 = 0.0;
const SPARSE: f64 = 1.5;

/// Blobs of twenty voxels and more, of which no slice, row or column is special; solid above a level.
fn sample(z: usize, y: usize, x: usize, level: f64) -> f64 {
    let (x, y, z) = (x as f64, y as f64, z as f64);
    let wave = |phase: f64| (phase * std::f64::consts::TAU / 40.0).sin();
    let sum = wave(x + 0.5 * y + 0.3 * z) + wave(y - 0.4 * x + 0.6 * z) + wave(z + 0.7 * x - 0.5 * y);
    if sum > level { 150.0 } else { 60.0 }
}

/// A sample with an artefact, and the same without; the same noise in both.
fn pair(level: f64, artefact: impl Fn(f64, usize, usize, usize) -> f64) -> (Volume<f32>, Volume<f32>) {
    let shape = Shape::new(SHAPE[0], SHAPE[1], SHAPE[2]).unwrap();
    let mut random = Random(9);
    let noise: Vec<f64> = (0..shape.len()).map(|_| NOISE * random.normal()).collect();
    let clean = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| {
        (sample(z, y, x, level) + noise[shape.index(z, y, x)]) as f32
    });
    let spoilt = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| {
        (artefact(sample(z, y, x, level), z, y, x) + noise[shape.index(z, y, x)]) as f32
    });
    (spoilt, clean)
}

/// Root mean square difference.
fn apart(a: &Volume<f32>, b: &Volume<f32>) -> f64 {
    let sum: f64 = a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    (sum / a.shape().len() as f64).sqrt()
}

#[test]
fn running_medians_are_those_of_their_windows() {
    let mut random = Random(1);
    let values: Vec<f32> = (0..40).map(|_| random.normal() as f32).collect();
    let mut out = Vec::new();
    for half in [1, 3, 7, 60] {
        running_median(&values, half, &mut out);
        for (i, m) in out.iter().enumerate() {
            let mut window = values[i.saturating_sub(half)..(i + half + 1).min(40)].to_vec();
            window.sort_unstable_by(f32::total_cmp);
            assert!(m.total_cmp(&window[window.len() / 2]).is_eq(), "{half} {i}");
        }
    }
}

#[test]
fn flicker_is_divided_out_and_slow_change_stays() {
    let factor = |z: usize| 1.0 + 0.04 * ((z * 7919) as f64).sin();
    let slow = |z: usize| 1.0 + 0.004 * z as f64;
    let (spoilt, _) = pair(SPARSE, |g, z, _, _| g * factor(z) * slow(z));
    let (_, wanted) = pair(SPARSE, |g, _, _, _| g);
    let (corrected, found) = flicker(&spoilt, &Silent).unwrap();
    assert!(found.corrected && (0.02..0.04).contains(&found.strength), "{found:?}");
    // What is left against the slow change alone: a few per mille of the brightness, and noise scaled by a few per cent.
    let slowly = Volume::from_fn(wanted.shape(), VoxelSize::Unknown, |z, y, x| {
        let g = f64::from(wanted.as_slice()[wanted.shape().index(z, y, x)]);
        (g + sample(z, y, x, SPARSE) * (slow(z) - 1.0)) as f32
    });
    assert!(apart(&corrected, &slowly) < 0.35 * apart(&spoilt, &slowly), "{}", apart(&corrected, &slowly));
}

#[test]
fn curtains_go_from_sparse_and_dense_samples_and_the_sample_stays() {
    let mut random = Random(4);
    let stripes: Vec<f64> = (0..SHAPE[2]).map(|_| 0.06 * random.normal()).collect();
    for level in [SPARSE, DENSE] {
        let (spoilt, clean) = pair(level, |g, _, y, x| g * (1.0 + stripes[x] * (0.5 + y as f64 / 96.0)));
        let (corrected, found) = curtains(&spoilt, &Silent).unwrap();
        assert!(found.corrected && (0.03..0.09).contains(&found.strength), "{level}: {found:?}");
        let (before, after) = (apart(&spoilt, &clean), apart(&corrected, &clean));
        assert!(after < 0.55 * before, "{level}: {before} to {after}");
    }
}

/// The same in whole grey values of a byte, half as bright.
fn bytes(volume: &Volume<f32>) -> Volume<u8> {
    volume.map(|v| (0.5 * v).round().clamp(0.0, 255.0) as u8)
}

#[test]
fn artefacts_below_a_grey_value_are_measured_in_whole_ones() {
    let mut random = Random(4);
    let stripes: Vec<f64> = (0..SHAPE[2]).map(|_| 0.03 * random.normal()).collect();
    // Pores of 30 grey values: 3 % are less than one of them.
    let (spoilt, _) = pair(SPARSE, |g, _, _, x| g * (1.0 + stripes[x]));
    let (exact, whole) = (curtains(&spoilt, &Silent).unwrap().1, curtains(&bytes(&spoilt), &Silent).unwrap().1);
    assert!(exact.corrected && whole.corrected, "{exact:?} {whole:?}");
    // Rounding adds a twelfth of a grey value squared to the noise, and nothing else.
    assert!((whole.strength / exact.strength - 1.0).abs() < 0.15, "{exact:?} {whole:?}");
    let factor = |z: usize| 1.0 + 0.02 * ((z * 7919) as f64).sin();
    let (spoilt, _) = pair(SPARSE, |g, z, _, _| g * factor(z));
    let (exact, whole) = (flicker(&spoilt, &Silent).unwrap().1, flicker(&bytes(&spoilt), &Silent).unwrap().1);
    assert!((whole.strength / exact.strength - 1.0).abs() < 0.15, "{exact:?} {whole:?}");
}

#[test]
fn rings_are_subtracted() {
    let mut random = Random(4);
    let offsets: Vec<f64> = (0..SHAPE[2]).map(|_| 3.0 * random.normal()).collect();
    let ring = |y: usize, x: usize| offsets[(x as f64 - 47.5).hypot(y as f64 - 47.5) as usize];
    let (spoilt, clean) = pair(DENSE, |g, _, y, x| g + ring(y, x));
    let (corrected, found) = rings(&spoilt, &Silent).unwrap();
    assert!(found.corrected && (1.5..4.0).contains(&found.strength), "{found:?}");
    let (before, after) = (apart(&spoilt, &clean), apart(&corrected, &clean));
    assert!(after < 0.5 * before, "{before} to {after}");
}

#[test]
fn light_from_behind_is_taken_out_of_pores_and_none_is_found_where_there_is_none() {
    const PORE: f64 = 60.0;
    const SOLID: f64 = 150.0;
    let (_, clean) = pair(SPARSE, |g, _, _, _| g);
    let shape = clean.shape();
    let plane = shape.y * shape.x;
    let (shine, keep) = (0.5, (-1.0f64 / 4.0).exp());
    let mut behind = vec![0f64; plane];
    let mut data = clean.as_slice().to_vec();
    for z in (0..shape.z).rev() {
        for i in 0..plane {
            let own = (sample(z, i / shape.x, i % shape.x, SPARSE) - PORE) / (SOLID - PORE);
            data[z * plane + i] += ((SOLID - PORE) * (1.0 - own) * shine * behind[i]) as f32;
            behind[i] = (own + (1.0 - own) * behind[i]) * keep;
        }
    }
    let spoilt = Volume::from_vec(shape, VoxelSize::Unknown, data).unwrap();
    let (corrected, found) = pore_backs(&spoilt, &Silent).unwrap();
    assert!(found.corrected && (0.46..=0.54).contains(&found.strength), "{found:?}");
    let (before, after) = (apart(&spoilt, &clean), apart(&corrected, &clean));
    assert!(after < 0.4 * before, "{before} to {after}");
    let (same, found) = pore_backs(&clean, &Silent).unwrap();
    assert!(!found.corrected && same == clean, "{found:?}");
}

#[test]
fn what_is_not_there_is_not_corrected() {
    let (clean, _) = pair(DENSE, |g, _, _, _| g);
    for (name, result) in [
        ("flicker", flicker(&clean, &Silent)),
        ("curtains", curtains(&clean, &Silent)),
        ("rings", rings(&clean, &Silent)),
    ] {
        let (same, found) = result.unwrap();
        assert!(!found.corrected && same == clean, "{name}: {found:?}");
    }
}

#[test]
fn outliers_are_replaced_and_nothing_else() {
    let (clean, _) = pair(SPARSE, |g, _, _, _| g);
    let mut spoilt = clean.clone();
    let shape = clean.shape();
    let at = [(3, 40, 40), (10, 0, 95), (23, 95, 0), (12, 50, 51)];
    for (i, (z, y, x)) in at.into_iter().enumerate() {
        spoilt.as_mut_slice()[shape.index(z, y, x)] = if i % 2 == 0 { 900.0 } else { -500.0 };
    }
    let (out, found) = outliers(&spoilt, &Silent).unwrap();
    assert!(found.strength.total_cmp(&4.0).is_eq(), "{found:?}");
    let changed = out.as_slice().iter().zip(spoilt.as_slice()).filter(|(a, b)| a.total_cmp(b).is_ne()).count();
    assert_eq!(changed, 4);
    assert!(at.iter().all(|&(z, y, x)| (0.0..200.0).contains(&out.as_slice()[shape.index(z, y, x)])));
}

#[test]
fn too_little_is_refused_in_words() {
    let small = Volume::from_fn(Shape::new(3, 20, 20).unwrap(), VoxelSize::Unknown, |_, _, x| x as u8);
    for (error, part) in [
        (flicker(&small, &Silent).err(), "5 slices"),
        (curtains(&small, &Silent).err(), "32 columns"),
        (rings(&small, &Silent).err(), "48 columns"),
    ] {
        assert!(error.unwrap().to_string().contains(part), "{part}");
    }
}

#[test]
fn shading_is_divided_out_and_what_has_none_is_left_alone() {
    // Up to a tenth brighter or darker: a slope along y and a bowl in the slices.
    let factor = |y: usize, x: usize| {
        let (u, v) = ((x as f64 + 0.5) / 48.0 - 1.0, (y as f64 + 0.5) / 48.0 - 1.0);
        1.0 + 0.1 * v + 0.08 * (u * u + v * v - 2.0 / 3.0)
    };
    let (spoilt, clean) = pair(SPARSE, |v, _, y, x| v * factor(y, x));
    let (mended, found) = shading(&spoilt, &Silent).unwrap();
    assert!(found.corrected, "{found:?}");
    let expected = (0.1f64 * 0.1 / 3.0 + 0.08f64 * 0.08 * 8.0 / 45.0).sqrt();
    // Bricks of 16 voxels see the mean of what they span.
    assert!((found.strength / expected - 1.0).abs() < 0.1, "{found:?} {expected}");
    // The noise of the stack is divided as well, by up to a tenth; what is left of the shading is a fifth of a grey value.
    let before = apart(&spoilt, &clean);
    let after = apart(&mended, &clean);
    assert!(after < 0.12 * before, "{after} of {before}");

    let (_, even) = shading(&clean, &Silent).unwrap();
    assert!(!even.corrected || even.strength < 0.005, "{even:?}");
    let (dense, _) = pair(DENSE, |v, _, _, _| v);
    let (same, found) = shading(&dense, &Silent).unwrap();
    assert!(!found.corrected && same == dense, "half solid: {found:?}");
}

/// Bars of five voxels in a loose lattice, blurred by 0.7 voxel, before and after fringes of a strength and width.
fn fringed(strength: f32, width: f64) -> (Volume<f32>, Volume<f32>) {
    let shape = Shape::cube(72).unwrap();
    let bars = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| {
        let near = |a: usize, b: usize| (a % 36).abs_diff(18) < 3 && (b % 36).abs_diff(18) < 3;
        if near(x, y) || near(y, z) || near(x, z) { 150f32 } else { 60.0 }
    });
    let plain = crate::filter::gaussian(&bars, 0.7, &Silent).unwrap();
    let wide = crate::filter::gaussian(&plain, width, &Silent).unwrap();
    let mut random = Random(4);
    let noise: Vec<f32> = (0..shape.len()).map(|_| (NOISE * random.normal()) as f32).collect();
    let at = |b: &Volume<f32>, i: usize| b.as_slice()[i];
    let mut seen = plain.clone();
    for (i, v) in seen.as_mut_slice().iter_mut().enumerate() {
        *v = at(&plain, i) + strength * (at(&plain, i) - at(&wide, i)) + noise[i];
    }
    (seen, plain)
}

#[test]
fn fringes_are_measured_by_their_rims_and_taken_out() {
    for (strength, width) in [(0.15, 2.0), (0.35, 2.0), (0.35, 3.0)] {
        let (seen, plain) = fringed(strength, width);
        let (mended, found) = fringes(&seen, &Silent).unwrap();
        assert!(found.corrected, "{strength} {width}: {found:?}");
        // The solid that is found is a little too small, as fringes make it.
        assert!((found.strength / f64::from(strength) - 1.0).abs() < 0.2, "{strength} {width}: {found:?}");
        // Away from the noise, by sums over the boxes of eight voxels: what was taken out is the fringes.
        let rims = |a: &Volume<f32>| {
            let off = |i: usize| f64::from(a.as_slice()[i] - plain.as_slice()[i]);
            let mut sum = 0.0;
            for corner in 0..729 {
                let (z, y, x) = (corner / 81 * 8, corner / 9 % 9 * 8, corner % 9 * 8);
                let shape = a.shape();
                let inside = (0..512).map(|k| off(shape.index(z + k / 64, y + k / 8 % 8, x + k % 8)));
                sum += (inside.sum::<f64>() / 512.0).powi(2);
            }
            // Less what noise leaves in such a mean; 729 boxes know its square to a twentieth.
            sum / 729.0 - NOISE * NOISE / 512.0
        };
        assert!(rims(&mended) < 0.25 * rims(&seen), "{strength} {width}: {} of {}", rims(&mended), rims(&seen));
    }
}

#[test]
fn edges_without_fringes_are_left_alone() {
    let (seen, _) = fringed(0.0, 2.0);
    let (same, found) = fringes(&seen, &Silent).unwrap();
    assert!(!found.corrected && same == seen, "{found:?}");
    // Light around the solid is the other way round.
    let (glow, _) = fringed(-0.2, 2.0);
    let (same, found) = fringes(&glow, &Silent).unwrap();
    assert!(!found.corrected && same == glow, "{found:?}");
}
