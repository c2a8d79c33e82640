//! T19 to T21: growth of lithium, and back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common;

use common::{ALONG_Z, labels};
use foamflux_electro::plate::{Ended, MAH_PER_CM2, PlatePlan, geometric_hysteresis, plate};
use foamflux_electro::{Materials, Options};
use foamflux_grid::{Label, Labels, Silent};

fn plan(capacity_mah_per_cm2: f64, strip: bool) -> PlatePlan {
    PlatePlan { current: 10.0, capacity: capacity_mah_per_cm2 * MAH_PER_CM2, marks: Vec::new(), strip }
}

fn plated(labels: &Labels, plan: &PlatePlan) -> foamflux_electro::plate::Plated {
    plate(labels, &Materials::default(), ALONG_Z, plan, &Options::default(), &Silent).unwrap()
}

#[test]
fn t19_a_plane_grows_by_4_85_um_per_mah_per_cm2_and_charge_balances() {
    let base = labels([40, 2, 2], 1e-6, |z, _, _| u8::from(z >= 36));
    let done = plated(&base, &plan(5.0, false));
    assert_eq!(done.plating, Ended::Complete);
    assert!((done.plated / (5.0 * MAH_PER_CM2) - 1.0).abs() < 1e-9);
    assert!(done.balance_error < 1e-9, "{}", done.balance_error);
    let last = done.states.last().unwrap();
    let height = last.fill.iter().sum::<f64>() / 4.0 * 1e-6;
    assert!((height / (5.0 * 4.850e-6) - 1.0).abs() < 2e-3, "{height}");
    let lithium = last.labels.counts()[Label::Lithium as usize];
    assert_eq!(lithium, 24 * 4, "24 of 24.25 slices are full");
}

#[test]
fn t20_a_fibre_grows_in_area_as_charge_passes() {
    // A fibre along the depth, in a cell wide enough that the current is even.
    let (n, slices, r0) = (41usize, 3, 5.0);
    let base = labels([slices, n, n], 0.5e-6, |_, y, x| u8::from((x as f64 - 20.0).hypot(y as f64 - 20.0) < r0));
    let done = plated(&base, &plan(0.06, false));
    assert!(done.balance_error < 1e-9, "{}", done.balance_error);
    let last = done.states.last().unwrap();
    // r^2 = r0^2 + V/(pi h): the volume is that of the charge, and lithium lies in a ring around the fibre.
    let per_slice = last.fill.iter().sum::<f64>() / slices as f64;
    let plated_m3 = 0.06 * MAH_PER_CM2 * (n * n) as f64 * 0.25e-12 * foamflux_electro::constants::LITHIUM_MOLAR_VOLUME
        / foamflux_electro::constants::FARADAY;
    assert!((per_slice * slices as f64 * 0.125e-18 / plated_m3 - 1.0).abs() < 1e-9);
    let r = (r0 * r0 + per_slice / std::f64::consts::PI).sqrt();
    assert!(r > r0 + 1.5, "nothing to see: {r}");
    for (voxel, &fill) in last.fill.iter().enumerate() {
        let (_, y, x) = last.labels.shape().zyx_of(voxel);
        let at = (x as f64 - 20.0).hypot(y as f64 - 20.0);
        // One voxel for the raster, one for the front that is half full.
        assert!(fill < 1e-9 || at < r + 2.0, "lithium at {at} beyond {r}");
        let full = fill > 0.999 || last.labels.volume().as_slice()[voxel] == 1;
        assert!(full || at > r - 2.0, "a hole at {at} within {r}");
    }
}

#[test]
fn t21_stripping_returns_to_the_start() {
    let base = labels([30, 9, 9], 1e-6, |z, y, x| u8::from(z >= 26 || (x as f64 - 4.0).hypot(y as f64 - 4.0) < 2.2));
    let done = plated(&base, &plan(0.8, true));
    assert_eq!((&done.plating, &done.stripping), (&Ended::Complete, &Ended::Complete));
    assert!(done.balance_error < 1e-9, "{}", done.balance_error);
    assert!(done.dead < 1e-6 * done.plated, "dead {}", done.dead);
    let last = done.states.last().unwrap();
    assert!(last.fill.iter().sum::<f64>() < 1e-6);
    assert!(last.labels == base, "labels differ");
    // Voltage: positive when plating, negative when stripping.
    assert!(done.steps.iter().all(|s| (s.overpotential < 0.0) == s.stripping));
}

#[test]
fn a_full_pore_ends_plating_and_keeps_what_is_there() {
    let base = labels([12, 3, 3], 1e-6, |z, _, _| u8::from(z >= 10));
    // Ten slices of pore are 2.06 mAh/cm2.
    let done = plated(&base, &plan(5.0, false));
    assert!(matches!(&done.plating, Ended::Stopped(_)), "{:?}", done.plating);
    let full = 10e-6 / 4.850e-6 * MAH_PER_CM2;
    assert!(done.plated < 1.001 * full && done.plated > 0.85 * full, "{} of {full}", done.plated);
    assert!(done.balance_error < 1e-9, "{}", done.balance_error);
}

#[test]
fn marks_are_met_and_the_same_state_has_no_hysteresis() {
    let base = labels([20, 2, 2], 1e-6, |z, _, _| u8::from(z >= 18));
    let marks = vec![0.3 * MAH_PER_CM2, 0.7 * MAH_PER_CM2];
    let done = plated(&base, &PlatePlan { marks: marks.clone(), ..plan(1.0, true) });
    for mark in marks {
        let at = |stripping: bool| {
            let met = |s: &&foamflux_electro::plate::PlateState| {
                s.stripping == stripping && (s.charge / mark - 1.0).abs() < 1e-6
            };
            done.states.iter().find(met).unwrap()
        };
        assert!(geometric_hysteresis(&at(false).fill, &at(true).fill) < 1e-6);
    }
    assert!((geometric_hysteresis(&[1.0, 0.0], &[0.0, 1.0]) - 1.0).abs() < 1e-12);
}
