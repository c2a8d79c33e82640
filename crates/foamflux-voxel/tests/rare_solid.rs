//! The threshold for rare solid on grey stacks whose truth is known.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use foamflux_grid::{Labels, Sample, Shape, Silent, Volume, VoxelSize};
use foamflux_hosts::Recipe;
use foamflux_hosts::grey::{GreyParameters, Shading, grey};
use foamflux_hosts::imaging::{Ct, FibSem, as_imaged, brightness, ct, fib_sem};
use foamflux_voxel::artefact;
use foamflux_voxel::segment::{Conserved, Foreground, LevelRule, Unsuited, between_levels};

/// A foam with struts of 6.2 voxels and 4 % solid: its solid fraction by voxel, and its labels.
fn foam(seed: u64) -> (Volume<f32>, Labels) {
    let mut recipe = Recipe::named("cmf-sem").unwrap();
    for (key, value) in [("size", "112"), ("voxel_size", "1um"), ("cell_size", "70um")] {
        recipe.set(key, value).unwrap();
    }
    let model = recipe.build(seed).unwrap();
    (model.coverage().unwrap().unwrap(), model.draw().unwrap().labels)
}

/// Blur, shading and noise; the contrast over the noise of the pore is as asked for.
fn image(coverage: &Volume<f32>, contrast_to_noise: f64, levels: [f64; 2]) -> Volume<u8> {
    let parameters = GreyParameters {
        pore_level: levels[0],
        solid_level: levels[1],
        blur_sigma_voxel: [0.7; 3],
        noise_sigma: (levels[1] - levels[0]).abs() / contrast_to_noise,
        noise_gain: 0.0,
        shading: Shading { tilt: [0.1, -0.06, 0.04], cupping: 0.05 },
    };
    grey(coverage, &parameters, 7).unwrap()
}

fn cut<T: Sample>(volume: &Volume<T>, foreground: Foreground, rule: LevelRule) -> Result<Conserved, Unsuited> {
    between_levels(volume, foreground, rule, &Silent).unwrap()
}

fn solid(found: &Conserved, foreground: Foreground) -> Vec<bool> {
    let side = foreground == Foreground::Bright;
    found.field.as_slice().iter().map(|v| (f64::from(*v) >= found.threshold) == side).collect()
}

/// Dice overlap, and voxels found over true ones less one.
fn score(mask: &[bool], truth: &Labels) -> (f64, f64) {
    let (mut both, mut found, mut true_ones) = (0u64, 0u64, 0u64);
    for (m, l) in mask.iter().zip(truth.volume().as_slice()) {
        found += u64::from(*m);
        true_ones += u64::from(*l != 0);
        both += u64::from(*m && *l != 0);
    }
    (2.0 * both as f64 / (found + true_ones) as f64, found as f64 / true_ones as f64 - 1.0)
}

#[test]
fn rare_struts_keep_their_volume_whatever_the_noise() {
    /// Contrast over noise, Dice, and what the volume may be off. The best of ten tools read 0.941 and 0.871 at 5.7 and 3
    /// without labels drawn by hand, and missed the volume by 5 and 6.5 %. Inner voxels are taken where noise favours them, which
    /// makes the solid brighter than it is, and its volume less, by 1 to 2 % at the lowest contrast; shading of a tenth, which
    /// scales the contrast as well, takes another 1.5 %.
    const GOALS: [(f64, f64, f64); 3] = [(12.0, 0.96, 0.02), (5.7, 0.95, 0.025), (3.0, 0.925, 0.04)];
    for seed in [1, 2] {
        let (coverage, truth) = foam(seed);
        for (contrast, dice, volume) in GOALS {
            let found =
                cut(&image(&coverage, contrast, [60.0, 150.0]), Foreground::Bright, LevelRule::Conserve).unwrap();
            let (d, v) = score(&solid(&found, Foreground::Bright), &truth);
            println!(
                "seed {seed}, contrast {contrast}: Dice {d:.4}, volume {:+.2} %, halo {:+.4}",
                100.0 * v,
                found.halo
            );
            assert!(d > dice, "Dice {d} at contrast {contrast}");
            assert!(v.abs() < volume, "volume {v:+} at contrast {contrast}");
            // The shading brightens the solid by a thirtieth on average; a few hundred struts sample it.
            assert!((found.contrast / 93.0 - 1.0).abs() < 0.03, "contrast {}", found.contrast);
        }
    }
}

#[test]
fn fringes_and_light_through_open_pores_are_noticed() {
    let (_, truth) = foam(1);
    let tried = |g: &Volume<u8>| cut(g, Foreground::Bright, LevelRule::Conserve);
    let scan =
        |fringe: f64| -> Volume<u8> { ct(&brightness(&truth), &Ct { fringe, ..Ct::typical(255.0) }, 1).unwrap() };
    let plain = tried(&scan(0.0)).unwrap();
    let (d, v) = score(&solid(&plain, Foreground::Bright), &truth);
    assert!(d > 0.98 && v.abs() < 0.01, "Dice {d}, volume {v:+}");
    let fringed = tried(&scan(0.35)).err();
    assert!(matches!(fringed, Some(Unsuited::Halo { share }) if share < 0.0), "{fringed:?}");
    let settings = FibSem { slice_voxels: 1, drift_pixel: 0.0, ..FibSem::typical(255.0) };
    let (series, _) = fib_sem(&brightness(&truth), &settings, 1).unwrap();
    let shining = tried(&series).err();
    assert!(matches!(shining, Some(Unsuited::Halo { share }) if share > 0.0), "{shining:?}");
}

#[test]
fn a_fib_sem_series_without_its_pore_backs_is_cut_half_way() {
    let (coverage, _) = foam(1);
    let settings = FibSem { drift_pixel: 0.0, ..FibSem::typical(255.0) };
    let (series, records): (Volume<u8>, _) = fib_sem(&coverage, &settings, 1).unwrap();
    let truth = Labels::new(as_imaged(&coverage, &settings, &records).unwrap()).unwrap();
    let (clean, light) = artefact::pore_backs(&series, &Silent).unwrap();
    // The generator's; a strut of five pixels is seldom full in a slice of two, which reads as a little more light.
    assert!(light.corrected && (light.strength / settings.shine - 1.0).abs() < 0.12, "{light:?}");
    let found = cut(&clean, Foreground::Bright, LevelRule::HalfWay).unwrap();
    let (d, v) = score(&solid(&found, Foreground::Bright), &truth);
    println!("FIB-SEM: Dice {d:.4}, volume {:+.2} %, light {:.3}", 100.0 * v, light.strength);
    assert!(d > 0.9 && v.abs() < 0.06, "Dice {d}, volume {v:+}");
    // With the light it is half as much again.
    let shining = cut(&series, Foreground::Bright, LevelRule::HalfWay).unwrap();
    assert!(score(&solid(&shining, Foreground::Bright), &truth).1 > 0.25);
}

#[test]
fn what_is_left_of_a_halo_does_not_count_as_solid() {
    let (coverage, truth) = foam(1);
    let plain = image(&coverage, 5.7, [60.0, 150.0]);
    // A twenty-fifth of the contrast around the struts: as far as ten voxels by a Gaussian of the labels.
    let body = truth.volume().map(|l| f32::from(u8::from(*l != 0)));
    let glow = foamflux_voxel::filter::gaussian(&body, 5.0, &Silent).unwrap();
    let mut seen = plain.clone();
    let place = seen.as_mut_slice().iter_mut().zip(glow.as_slice()).zip(truth.volume().as_slice());
    place.filter(|(_, l)| **l == 0).for_each(|((v, g), _)| *v = (f32::from(*v) + 20.0 * g).round() as u8);
    let refused = cut(&seen, Foreground::Bright, LevelRule::Conserve).err();
    assert!(matches!(refused, Some(Unsuited::Halo { share }) if share > 0.0), "{refused:?}");
    let found = cut(&seen, Foreground::Bright, LevelRule::Surroundings).unwrap();
    let (d, v) = score(&solid(&found, Foreground::Bright), &truth);
    println!("halo {:+.4}: Dice {d:.4}, volume {:+.2} %", found.halo, 100.0 * v);
    assert!(d > 0.94 && v.abs() < 0.04, "Dice {d}, volume {v:+}");
    assert_eq!(found.rule, LevelRule::Surroundings);
    // Without a halo both rules are one.
    let [a, b] = [LevelRule::Conserve, LevelRule::Surroundings].map(|r| cut(&plain, Foreground::Bright, r).unwrap());
    assert!(a.rule == LevelRule::Conserve && b.rule == LevelRule::Conserve && a.field == b.field);
    assert!((a.threshold - b.threshold).abs() < 1e-9, "{} and {}", a.threshold, b.threshold);
}

#[test]
fn dark_struts_are_the_same_as_bright_ones() {
    let (coverage, truth) = foam(1);
    let found = cut(&image(&coverage, 8.0, [180.0, 90.0]), Foreground::Dark, LevelRule::Conserve).unwrap();
    let (d, v) = score(&solid(&found, Foreground::Dark), &truth);
    assert!(d > 0.95 && v.abs() < 0.02, "Dice {d}, volume {v:+}");
    assert!(found.contrast < -85.0 && found.threshold > 90.0 && found.threshold < 180.0);
}

#[test]
fn what_is_no_rare_solid_is_refused_with_its_reason() {
    let shape = Shape::cube(64).unwrap();
    // A little unevenness, or it would be taken for labels.
    let of = |f: &dyn Fn(usize, usize, usize) -> u8| {
        let volume =
            Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| f(z, y, x) - ((3 * z + 5 * y + 7 * x) % 11) as u8);
        cut(&volume, Foreground::Bright, LevelRule::Conserve).err()
    };
    let even = Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| 80u8);
    assert!(
        between_levels(&even, Foreground::Bright, LevelRule::Conserve, &Silent)
            .err()
            .unwrap()
            .to_string()
            .contains("80"),
        "one value"
    );
    let noise = of(&|z, y, x| 80 + ((z * 7919 + y * 104_729 + x * 1_299_709) % 41) as u8);
    assert!(matches!(noise, Some(Unsuited::NoCore | Unsuited::Noise { .. } | Unsuited::NotRare { .. })), "{noise:?}");
    // Walls of a third of the volume.
    let thick = of(&|_, _, x| if x % 24 < 8 { 200 } else { 50 });
    assert!(matches!(thick, Some(Unsuited::NotRare { .. })), "{thick:?}");
    // A wire in a wide glow: its sum of grey values is far more than its own.
    let glow = of(&|_, y, x| {
        let r = (x as f64 - 31.5).hypot(y as f64 - 31.5);
        if r < 5.0 {
            200
        } else if r < 9.0 {
            100
        } else {
            50
        }
    });
    assert!(matches!(glow, Some(Unsuited::NotConserved { .. } | Unsuited::Halo { .. })), "{glow:?}");
}
