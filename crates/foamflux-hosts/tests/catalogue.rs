//! Presets and parameters: every preset is made, every refusal names its key, nothing assumed is shown as the paper's.

#![allow(clippy::unwrap_used, reason = "test helpers, which the lint does not see as tests")]

mod common;

use common::threads;
use foamflux_grid::{Label, Shape};
use foamflux_hosts::Recipe;
use foamflux_hosts::catalogue::{UNRESOLVED, presets};
use foamflux_hosts::presets::Standing;

fn named(name: &str) -> Recipe {
    Recipe::named(name).unwrap()
}

#[test]
fn every_preset_is_made_and_is_the_same_for_every_thread_count() {
    for preset in presets() {
        let recipe = named(preset.name);
        let shape = recipe.shape();
        // A corner of it, as high as it is where layers and floors need their height.
        let flat = ["foil", "foil-rough", "ag-foil", "interlayer", "buffer-layer"].contains(&preset.name);
        // A period must hold a cell or a wave.
        let edge = if ["kelvin-foam", "laguerre-foam", "spinodal"].contains(&preset.name) { 60 } else { 32 };
        let z = if flat { shape.z } else { shape.z.min(edge) };
        let small = recipe.with_shape(Shape::new(z, shape.y.min(edge), shape.x.min(edge + 4)).unwrap());
        let make = || {
            let host = small.build(7).unwrap_or_else(|e| panic!("{}: {e}", preset.name));
            let drawn = host.draw().unwrap();
            (host, drawn)
        };
        let a = threads(1, make).1;
        let (host, b) = threads(3, make);
        assert_eq!(a, b, "{}", preset.name);
        let truth = host.truth(&b).unwrap();
        let total: f64 = truth.label_fractions.values().sum();
        assert!((total - 1.0).abs() < 1e-12, "{}", preset.name);
        let text = serde_json::to_string(&truth).unwrap();
        assert!(!text.contains("null,\"what\"") && text.contains("foamflux.host-truth/1"), "{}", preset.name);
    }
}

#[test]
fn anisotropic_voxels_hold_the_same_host() {
    /// Counted voxels of a few thousand solid ones.
    const COUNTED: f64 = 0.05;
    for name in ["cmf-sem", "fibre-mat-isotropic", "spinodal", "sphere-packing", "microchannels"] {
        let recipe = named(name);
        let [e, ..] = recipe.voxel_m_xyz();
        let share = |recipe: &Recipe| {
            let labels = recipe.build(3).unwrap().draw().unwrap().labels;
            let counts = labels.counts();
            (counts[1] + counts[2]) as f64 / labels.shape().len() as f64
        };
        let cube = share(&recipe.clone().with_shape(Shape::cube(72).unwrap()));
        let slices = recipe.with_shape(Shape::new(36, 72, 48).unwrap()).with_voxel_size_m([1.5 * e, e, 2.0 * e]);
        assert!((share(&slices) / cube - 1.0).abs() < COUNTED, "{name}: {} {cube}", share(&slices));
    }
}

#[test]
fn names_are_unique_and_rows_are_known() {
    let names: Vec<&str> = presets().map(|p| p.name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), names.len());
    for wanted in [
        "cmf-free",
        "cmf-sem",
        "cmf-pressed",
        "li-cmf",
        "melamine-foam",
        "fibre-mat",
        "microchannels",
        "ni-foam",
        "foil",
    ] {
        assert!(names.contains(&wanted), "{wanted}");
    }
    assert!(UNRESOLVED.iter().all(|u| !u.why.is_empty()));
}

#[test]
fn only_the_papers_own_numbers_count_as_measured() {
    for preset in presets() {
        for s in preset.settings.iter().filter(|s| s.standing == Standing::Measured) {
            let paper = s.key == "strut_diameter" && s.value == "6.2um" && s.source.contains("source paper");
            let basf = preset.name == "melamine-foam" && s.source.contains("[S1]");
            assert!(paper || basf, "{}: {} = {}", preset.name, s.key, s.value);
        }
        for s in preset.settings {
            assert!(!s.source.is_empty(), "{}: {}", preset.name, s.key);
        }
    }
    // What nobody stated is assumed, and what the user sets is the user's.
    let mut recipe = named("cmf-sem");
    recipe.set("strut_diameter", "7um").unwrap();
    let entry = recipe.entries().into_iter().find(|e| e.key == "strut_diameter").unwrap();
    assert_eq!(
        (entry.standing, entry.source.as_str(), entry.text.as_str()),
        (Standing::Assumed, "set by the user", "7 \u{b5}m")
    );
}

#[test]
fn refusals_name_the_key_and_what_it_accepts() {
    let refuse = |name: &str, key: &str, value: &str, parts: &[&str]| {
        let mut recipe = named(name);
        let e = match recipe.set(key, value) {
            Err(e) => e.to_string(),
            Ok(()) => recipe.build(1).map(|_| ()).unwrap_err().to_string(),
        };
        for part in parts {
            assert!(e.contains(part), "{name} {key}={value}: '{part}' is missing in: {e}");
        }
    };
    refuse("cmf-sem", "diameter", "6um", &["'diameter'", "strut_diameter", "cell_size", "voxel_size"]);
    refuse("cmf-sem", "strut_diameter", "6", &["strut_diameter", "unit"]);
    refuse("cmf-sem", "strut_diameter", "-6um", &["strut_diameter"]);
    refuse("cmf-sem", "strut_diameter", "90um", &["strut", "cell"]);
    refuse("cmf-sem", "section", "square", &["section", "round", "concave-triangle"]);
    refuse("cmf-sem", "broken", "1.5", &["broken", "0 to 1"]);
    refuse("cmf-sem", "broken", "NaN", &["broken"]);
    refuse("cmf-sem", "relax", "2.5", &["relax", "whole"]);
    refuse("cmf-sem", "size", "0", &["size"]);
    refuse("cmf-sem", "size", "-5", &["size"]);
    refuse("cmf-sem", "size", "10,20", &["size", "X,Y,Z"]);
    refuse("cmf-sem", "voxel_size", "0um", &["voxel_size"]);
    refuse("sphere-packing", "fraction", "0.7", &["fraction", "0.62"]);
    refuse("inverse-opal", "fraction", "0.9", &["fraction", "0.74"]);
    refuse("microchannels", "diameter", "16um", &["diameter", "pitch"]);
    refuse("lotus-fibres", "bore", "0.5", &["bore"]);
    refuse("fibre-bundle", "volume_fraction", "0.9", &["volume_fraction"]);
    refuse("spinodal", "wavelength", "1mm", &["wavelength"]);
    refuse("foil", "headspace", "1mm", &["headspace"]);
    refuse("microchannels", "floor", "1mm", &["floor"]);
    let e = Recipe::named("nickel").unwrap_err().to_string();
    assert!(e.contains("'nickel' is not a host") && e.contains("ni-foam") && !e.contains("did you mean"), "{e}");
    let e = Recipe::named("cmf-sen").unwrap_err().to_string();
    assert!(e.contains("did you mean 'cmf-sem'?"), "{e}");
    refuse("cmf-sem", "strut-diametre", "5um", &["did you mean 'strut_diameter'"]);
}

#[test]
fn lithium_takes_its_share() {
    for (name, size) in [("li-cmf", "60,60,103"), ("li-cmf-bottom", "60,60,103")] {
        let mut recipe = named(name);
        recipe.set("size", size).unwrap();
        let host = recipe.build(1).unwrap();
        let drawn = host.draw().unwrap();
        let found = drawn.labels.counts()[Label::Lithium as usize] as f64 / drawn.labels.shape().len() as f64;
        // Whole slices from the bottom; whole distances around struts.
        assert!((found - 0.59).abs() < 0.01, "{name}: {found}");
        let plane = drawn.labels.volume().plane(0);
        assert_eq!(plane.contains(&3), name == "li-cmf", "{name}: the separator side");
    }
}

#[test]
fn sites_cover_their_share_of_the_surface() {
    let facts = |pattern: &str, fraction: &str, on: &str| {
        let mut recipe = named("cmf-sem");
        for (k, v) in [
            ("size", "90"),
            ("voxel_size", "2um"),
            ("sites", pattern),
            ("site_fraction", fraction),
            ("site_on", on),
            ("site_size", "8um"),
        ] {
            recipe.set(k, v).unwrap();
        }
        let host = recipe.build(2).unwrap();
        let drawn = host.draw().unwrap();
        (drawn.labels.clone(), host.truth(&drawn).unwrap().sites.unwrap())
    };
    let (_, uniform) = facts("uniform", "0.3", "all");
    assert!((uniform.face_share - 0.3).abs() < 0.03, "{uniform:?}");
    let (_, patches) = facts("patches", "0.2", "all");
    assert!((patches.face_share - 0.2).abs() < 0.06 && patches.sites < 3 * patches.voxels, "{patches:?}");
    let (labels, _) = facts("gradient", "1", "all");
    let count = |z: std::ops::Range<usize>| {
        z.map(|z| labels.volume().plane(z).iter().filter(|v| **v == 4).count()).sum::<usize>()
    };
    assert!(count(45..90) > 2 * count(0..45));
    let (labels, _) = facts("uniform", "1", "node");
    assert!(labels.counts()[1] > 0 && labels.counts()[4] > 0);
    let (_, particles) = facts("particles", "0.1", "all");
    assert!(particles.voxels > 20, "{particles:?}");
}
