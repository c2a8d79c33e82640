//! Boxes for comparisons: what has to be resolved is, what has to repeat does, and every preset builds.

#![allow(clippy::unwrap_used, reason = "test helpers, which the lint does not see as tests")]

use foamflux_hosts::Recipe;
use foamflux_hosts::catalogue::{Model, presets};

/// Voxels across the finest part.
fn across(r: &Recipe) -> f64 {
    r.finest_m() / r.voxel_m_xyz().into_iter().fold(0.0, f64::max)
}

#[test]
fn coarse_voxels_resolve_what_they_promise() {
    for p in presets() {
        let own = Recipe::named(p.name).unwrap();
        let coarse = own.clone().coarsened(2.0, 2.5);
        // Presets that are coarser than that already stay as they are.
        assert!(across(&coarse) >= across(&own).min(2.5) - 1e-9, "{}: {}", p.name, across(&coarse));
        let factor = coarse.voxel_m_xyz()[0] / own.voxel_m_xyz()[0];
        assert!((1.0..=2.0 + 1e-12).contains(&factor), "{}: {factor}", p.name);
        assert!(own.finest_m() > 0.0 && own.finest_m().is_finite(), "{}", p.name);
    }
}

#[test]
fn boxes_have_the_voxels_asked_for_and_real_depths_stay() {
    for p in presets() {
        let own = Recipe::named(p.name).unwrap();
        for edge in [64usize, 128] {
            let boxed = own.clone().coarsened(2.0, 2.5).boxed(edge).unwrap();
            let share = boxed.shape().len() as f64 / (edge as f64).powi(3);
            // A square side is rounded down to whole voxels.
            assert!((0.9..=1.001).contains(&share), "{}: {share}", p.name);
            if own.depth_is_real() {
                let off = (boxed.box_m()[2] - own.box_m()[2]).abs();
                assert!(off <= 0.5 * boxed.voxel_m_xyz()[2] + 1e-15, "{}", p.name);
            }
        }
    }
}

#[test]
fn every_preset_builds_in_a_small_box() {
    for p in presets() {
        let boxed = Recipe::named(p.name).unwrap().coarsened(2.0, 2.5).boxed(48).unwrap();
        let host = boxed.build(1).unwrap();
        let drawn = host.draw().unwrap();
        assert_eq!(drawn.labels.shape(), boxed.shape(), "{}", p.name);
    }
}

#[test]
fn repeats_are_those_of_the_class() {
    let repeat = |name: &str| Recipe::named(name).unwrap().repeat();
    let foam = repeat("cmf-sem").unwrap();
    assert_eq!(foam.what, "cells");
    // 307 µm of cells of 141 µm.
    let box_m = Recipe::named("cmf-sem").unwrap().box_m();
    assert!((foam.across(box_m) - 256.0 * 1.2 / 141.0).abs() < 1e-9);
    // Carbonised at 900 °C: 40 % shorter than the 205 µm of the precursor.
    assert!((repeat("cmf-900").unwrap().longest_m() - 123e-6).abs() < 1e-12);
    // The pressed foam has its real depth, so that only the sides are to repeat.
    assert!(repeat("cmf-pressed").unwrap().length_m_xyz[2].abs() < 1e-30);
    assert!(repeat("foil").is_none() && repeat("foil-rough").is_some());
    // Rods of 0.3 µm at 15 %: pi / 4 d^2 / p^2 = phi.
    let mat = repeat("cnf-mat").unwrap().longest_m();
    assert!((std::f64::consts::FRAC_PI_4 * (0.3e-6 / mat).powi(2) - 0.15).abs() < 1e-12);
}

#[test]
fn a_density_has_a_standing_and_what_is_no_host_says_so() {
    for p in presets() {
        match p.material() {
            Some(m) => assert!((500.0..25_000.0).contains(&m.density_kg_per_m3) && !m.source.is_empty(), "{}", p.name),
            None => assert!(matches!(p.model, Model::Foil | Model::Interlayer), "{}", p.name),
        }
    }
    let of = |name: &str| presets().find(|p| p.name == name).unwrap();
    assert_eq!(of("ni-foam").material().unwrap().name, "nickel");
    assert_eq!(of("cmf-sem").material().unwrap().name, "carbon");
    assert!(of("interlayer").not_comparable().is_some() && of("melamine-foam").not_comparable().is_some());
    assert!(of("cmf-sem").not_comparable().is_none() && of("foil").not_comparable().is_none());
}
