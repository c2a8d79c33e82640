//! Fibres, channels, fields, spheres and foils against what is known of them.

#![allow(clippy::unwrap_used, reason = "test helpers, which the lint does not see as tests")]

mod common;

use std::f64::consts::PI;

use foamflux_grid::Label;
use foamflux_hosts::{HostModel, Recipe, Truth};

fn host(name: &str, size: &str, set: &[(&str, &str)], seed: u64) -> (HostModel, Truth) {
    let mut recipe = Recipe::named(name).unwrap();
    recipe.set("size", size).unwrap();
    for (key, value) in set {
        recipe.set(key, value).unwrap();
    }
    let host = recipe.build(seed).unwrap();
    let truth = host.truth(&host.draw().unwrap()).unwrap();
    (host, truth)
}

/// The geometry alone.
fn built(name: &str, size: &str, set: &[(&str, &str)], seed: u64) -> HostModel {
    let mut recipe = Recipe::named(name).unwrap();
    recipe.set("size", size).unwrap();
    for (key, value) in set {
        recipe.set(key, value).unwrap();
    }
    recipe.build(seed).unwrap()
}

fn near(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found / expected - 1.0).abs() < tolerance, "{what}: {found} against {expected}");
}

#[test]
fn fibres_that_do_not_overlap_fill_exactly_what_was_asked_for() {
    /// One fibre of 60 is 1.7 %; the last one is left out where that is nearer.
    const ONE_FIBRE: f64 = 0.012;
    let set = [
        ("diameter", "4um"),
        ("periodic", "true"),
        ("length", "60um"),
        ("overlap", "false"),
        ("tilt", "8"),
        ("volume_fraction", "0.12"),
    ];
    let (_, truth) = host("fibre-bundle", "96", &set, 1);
    near(truth.solid_volume_fraction.value, 0.12, ONE_FIBRE, "volume fraction");
    // Sides and ends: 4 / d + 2 / L per volume of fibre.
    let per_volume = 4.0 / 4e-6 + 2.0 / 60e-6;
    near(truth.area_per_volume_per_m.value, 0.12 * per_volume, ONE_FIBRE, "area");
}

#[test]
fn overlapping_fibres_fill_what_poisson_says_on_average() {
    /// Three boxes of some 50 fibres scatter by 2 to 3 % around the mean.
    const SCATTER: f64 = 0.05;
    let set = [("diameter", "5um"), ("periodic", "true"), ("persistence", "none"), ("volume_fraction", "0.2")];
    let mean = (1..=3).map(|s| host("fibre-mat-isotropic", "80", &set, s).1.solid_volume_fraction.value).sum::<f64>();
    near(mean / 3.0, 0.2, SCATTER, "volume fraction");
}

#[test]
fn orientation_tensors_are_those_of_the_distributions() {
    let trace = |t: [[f64; 3]; 3]| t[0][0] + t[1][1] + t[2][2];
    let set = [("diameter", "2um"), ("length", "80um"), ("periodic", "true"), ("persistence", "none")];
    let iso = built("fibre-mat-isotropic", "64", &set, 1).graph().unwrap().facts().orientation_tensor;
    assert!((trace(iso) - 1.0).abs() < 1e-9);
    // About 130 fibres: the variance of u_z^2 is 4/45, so 0.026 a standard error.
    (0..3).for_each(|k| assert!((iso[k][k] - 1.0 / 3.0).abs() < 0.1, "{iso:?}"));
    let planar =
        built("fibre-mat", "64", &[("diameter", "2um"), ("tilt", "10")], 1).graph().unwrap().facts().orientation_tensor;
    // <sin^2> of a normal tilt of 10 degrees; long fibres that leave the box early count less.
    assert!((0.01..0.05).contains(&planar[2][2]), "{planar:?}");
    let along = built("fibre-bundle", "64", &[("diameter", "4um"), ("tilt", "5")], 1)
        .graph()
        .unwrap()
        .facts()
        .orientation_tensor;
    assert!(along[2][2] > 0.96, "{along:?}");
}

#[test]
fn curved_fibres_forget_their_direction_over_the_persistence_length() {
    /// Some 300 independent pieces.
    const SCATTER: f64 = 0.08;
    let set = [
        ("diameter", "1um"),
        ("length", "150um"),
        ("periodic", "true"),
        ("persistence", "40um"),
        ("volume_fraction", "0.1"),
    ];
    let host = built("fibre-mat-isotropic", "64", &set, 1);
    let (mut sum, mut n) = (0.0, 0.0);
    for strut in &host.graph().unwrap().struts {
        let points: Vec<[f64; 3]> = strut.points().collect();
        let step = common::distance(points[1], points[2]);
        let lag = (40e-6 / step).round() as usize;
        let u: Vec<[f64; 3]> = points
            .windows(2)
            .map(|w| std::array::from_fn(|k| (w[1][k] - w[0][k]) / common::distance(w[0], w[1])))
            .collect();
        for i in (0..u.len().saturating_sub(lag)).step_by(lag) {
            sum += (0..3).map(|k| u[i][k] * u[i + lag][k]).sum::<f64>();
            n += 1.0;
        }
    }
    assert!(n > 100.0);
    assert!((sum / n - (-1.0f64).exp()).abs() < SCATTER, "{}", sum / n);
}

#[test]
fn hollow_and_lotus_fibres_lose_their_bores() {
    /// The sides of the box cut fibres anywhere: of some 150 fibres a third lie there.
    const CROSSINGS: f64 = 0.06;
    let straight = [
        ("persistence", "none"),
        ("orientation", "aligned-z"),
        ("tilt", "0"),
        ("spread", "0"),
        ("overlap", "false"),
        ("volume_fraction", "0.12"),
        ("diameter", "1.6um"),
    ];
    let of = |extra: &[(&str, &str)]| {
        let set: Vec<_> = straight.iter().chain(extra).copied().collect();
        host("lotus-fibres", "200,200,20", &[&set[..], &[("voxel_size", "0.2um")]].concat(), 1).1
    };
    let (hollow, lotus) = (of(&[("inside", "hollow"), ("bore", "0.6")]), of(&[("bore", "0.25")]));
    near(hollow.solid_volume_fraction.value, 0.12, CROSSINGS, "hollow");
    near(lotus.solid_volume_fraction.value, 0.12, CROSSINGS, "lotus");
    // Area per solid volume: 4 (1 + b) / (d (1 - b^2)) and 4 (1 + n b) / (d (1 - n b^2)).
    let per_solid = |t: &Truth| t.area_per_volume_per_m.value / t.solid_volume_fraction.value;
    near(per_solid(&hollow), 4.0 * 1.6 / (1.6e-6 * 0.64), CROSSINGS, "hollow area");
    near(per_solid(&lotus), 4.0 * 2.25 / (1.6e-6 * (1.0 - 5.0 * 0.0625)), CROSSINGS, "lotus area");
}

#[test]
fn channels_have_the_porosity_and_walls_of_their_lattice() {
    /// Partial volumes of circles of twenty voxels.
    const TOLERANCE: f64 = 1e-3;
    let set = [("periodic", "true"), ("floor", "0")];
    let (_, square) = host("microchannels", "90,90,12", &set, 1);
    near(1.0 - square.solid_volume_fraction.value, PI * 100.0 / 4.0 / 225.0, TOLERANCE, "square");
    near(square.area_per_volume_per_m.value, PI * 10e-6 / 225e-12, TOLERANCE, "square walls");
    for r in &square.relations {
        assert!(r.value > 0.0);
    }
    let (model, hex) =
        host("microchannels-hex", "120,104,12", &[("periodic", "true"), ("floor", "0"), ("spread", "0")], 1);
    // 4 x 4 channels in 60 x 52 um: the lattice is stretched by 0.07 % to fit.
    near(1.0 - hex.solid_volume_fraction.value, 16.0 * PI * 25.0 / (60.0 * 52.0), TOLERANCE, "hexagonal");
    let labels = model.draw().unwrap().labels;
    assert!((1..12).all(|z| labels.volume().plane(z) == labels.volume().plane(0)), "every slice is alike");
    let (model, _) = host("microchannels", "60,60,40", &[], 1);
    let labels = model.draw().unwrap().labels;
    // Six slices of 0.5 um.
    assert!(labels.volume().plane(34).iter().all(|v| *v == Label::Collector as u8));
    assert!(labels.volume().plane(33).contains(&0));
}

#[test]
fn a_spinodal_has_its_fraction_and_rices_area() {
    /// One periodic box of 8 waves along an edge against the mean of all.
    const SAMPLE: f64 = 0.03;
    for (fraction, tolerance) in [("0.5", 5e-3), ("0.25", 1e-2)] {
        let set = [("volume_fraction", fraction), ("wavelength", "6um"), ("voxel_size", "0.5um")];
        let (_, truth) = host("spinodal", "96", &set, 2);
        near(truth.solid_voxel_fraction, fraction.parse().unwrap(), tolerance, "voxels");
        near(truth.solid_volume_fraction.value, fraction.parse().unwrap(), tolerance, "integral");
        let expected = truth.relations[0].value;
        println!("{fraction}: {:?} against {expected}", truth.area_per_volume_per_m);
        near(truth.area_per_volume_per_m.value, expected, SAMPLE, "area");
    }
}

#[test]
fn sheets_are_as_thick_as_asked_for() {
    /// Thickness is constant to first order; folds and junctions change it.
    const FOLDS: f64 = 0.08;
    let (_, truth) = host("crumpled-sheets", "96", &[("periodic", "true")], 1);
    // Two faces a thickness apart.
    let thickness = 2.0 * truth.solid_volume_fraction.value / truth.area_per_volume_per_m.value;
    near(thickness, 1.5e-6, FOLDS, "thickness");
    near(truth.area_per_volume_per_m.value, truth.relations[0].value, 0.1, "area");
}

#[test]
fn spheres_are_packed_as_asked_for_and_do_not_overlap() {
    /// A whole number of spheres, and the overlap that is taken out of the radii (three times 0.2 %).
    const PACKED: f64 = 0.01;
    let (_, truth) = host("sphere-packing", "100", &[("diameter", "8um")], 1);
    near(truth.solid_volume_fraction.value, 0.55, PACKED, "random");
    near(truth.area_per_volume_per_m.value, 6.0 * truth.solid_volume_fraction.value / 8e-6, 8e-3, "no overlap");
    let (_, opal) = host("inverse-opal", "96", &[("neck", "1"), ("fraction", "0.7"), ("voxel_size", "0.15um")], 1);
    let fcc = 1.0 - opal.solid_volume_fraction.value;
    near(opal.area_per_volume_per_m.value, 6.0 * fcc / 5e-6, 2e-3, "touching spheres keep their whole surface");
    let set =
        [("packing", "overlapping"), ("inverse", "false"), ("spread", "0"), ("periodic", "true"), ("diameter", "8um")];
    let (_, poisson) = host("sintered-metal", "120", &set, 1);
    near(poisson.solid_volume_fraction.value, 0.6, 0.05, "overlapping, one box");
    near(poisson.area_per_volume_per_m.value, poisson.relations[0].value, 0.06, "overlapping area");
    let hollow = host("hollow-spheres", "100", &[("spread", "0"), ("neck", "1"), ("periodic", "true")], 1).1;
    near(hollow.solid_volume_fraction.value, 0.58 * (1.0 - 0.88f64.powi(3)), 0.02, "shells");
}

#[test]
fn graded_spheres_shrink_towards_the_separator() {
    /// Spheres sit on six planes; the mean over planes stands for that over the depth.
    const PLANES: f64 = 0.03;
    /// The last spheres reach over the end of the periodic box, with a tenth of the volume of the smallest.
    const ACROSS: f64 = 0.12;
    let set = [("packing", "fcc"), ("diameter", "8um"), ("fraction", "0.5113"), ("grade", "0.4")];
    let (model, truth) = host("sphere-packing", "96", &set, 1);
    // Three cubes of four spheres along an edge. The mean of (1 + g t)^3 over -1 < t < 1 is 1 + g^2, and touching spheres are
    // placed at their largest.
    near(truth.solid_volume_fraction.value, 0.5113 * 1.16 / 1.4f64.powi(3), PLANES, "mean fraction");
    let labels = model.draw().unwrap().labels;
    let solid = |range: std::ops::Range<usize>| -> f64 {
        let voxels: Vec<u8> = range.flat_map(|z| labels.volume().plane(z).to_vec()).collect();
        voxels.iter().filter(|v| **v != 0).count() as f64 / voxels.len() as f64
    };
    // The planes of the outer thirds lie at t = 5/6 and 1/2 from mid-depth.
    let third = |sign: f64| (1.0 + sign * 0.4 * 5.0 / 6.0f64).powi(3) + (1.0 + sign * 0.2f64).powi(3);
    near(solid(64..96) / solid(0..32), third(1.0) / third(-1.0), ACROSS, "collector over separator");
    assert!(truth.relations.is_empty(), "no textbook relation holds for a graded packing");
}

#[test]
fn foils_have_their_area() {
    let (_, flat) = host("foil", "32,32,128", &[], 1);
    near(flat.surface_area_m2.value, 32e-6 * 32e-6, 1e-12, "flat");
    near(flat.solid_volume_fraction.value, flat.solid_voxel_fraction, 1e-12, "flat volume");
    let (_, sine) =
        host("foil-rough", "100,20,96", &[("relief", "sinusoid"), ("rms", "2um"), ("wavelength", "25um")], 1);
    // 1 + (k a)^2 / 4 - 3 (k a)^4 / 64 for a sine of amplitude a, and the next term.
    let ka2 = (2.0 * PI / 25.0 * 2.0 * 2f64.sqrt()).powi(2);
    near(sine.surface_area_m2.value, 100e-6 * 20e-6 * (1.0 + ka2 / 4.0 - 3.0 * ka2 * ka2 / 64.0), 3e-3, "sine");
    let (_, rough) = host("foil-rough", "100,100,96", &[], 1);
    assert!(rough.surface_area_m2.value > 1.1 * 1e-8);
}

#[test]
fn channels_whose_walls_pass_through_voxel_centres_are_straight() {
    // Radius 5 and pitch 15 voxels: centres at (5, 0), (3, 4) and so on lie exactly on the wall.
    let mut recipe = Recipe::named("microchannels").unwrap();
    for (key, value) in [("size", "45,45,66"), ("voxel_size", "1um"), ("floor", "0")] {
        recipe.set(key, value).unwrap();
    }
    let labels = recipe.build(1).unwrap().draw().unwrap().labels;
    let first = labels.volume().plane(0);
    assert!((1..66).all(|z| labels.volume().plane(z) == first), "slices differ");
}
