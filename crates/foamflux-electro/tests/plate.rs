//! T19 to T21: growth of lithium, and back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common;

use common::{ALONG_Z, labels};
use foamflux_electro::Materials;
use foamflux_electro::plate::{
    Advance, Ended, MAH_PER_CM2, PlatePlan, PlateState, Plated, Plating, SnapshotError, dense_thickness,
    geometric_hysteresis, plate, voltage_hysteresis,
};
use foamflux_grid::{Event, Label, Labels, Silent, Watch};
use foamflux_transport::CpuBackend;

/// What rounding leaves of the balance of charge and volume: 1e-9 is asked for.
const BALANCE: f64 = 1e-9;

fn plan(capacity_mah_per_cm2: f64, strip: bool) -> PlatePlan {
    PlatePlan { strip, ..PlatePlan::once(10.0, capacity_mah_per_cm2 * MAH_PER_CM2) }
}

/// Carries a plan out and checks what every one owes: charge in lithium, charge in every solve, and T22.
fn plated_with(labels: &Labels, materials: &Materials, plan: &PlatePlan) -> Plated {
    let done = plate(labels, materials, ALONG_Z, plan, &Silent).unwrap();
    assert!(done.ledger.balance_error() < BALANCE, "{:?}", done.ledger);
    for step in &done.steps {
        assert!(step.charge_error < BALANCE, "{step:?}");
        assert!(step.slice_error < 1e-5, "{step:?}");
    }
    done
}

fn plated(labels: &Labels, plan: &PlatePlan) -> Plated {
    plated_with(labels, &Materials::default(), plan)
}

/// Lithium in a state, in voxels.
fn lithium(state: &PlateState) -> f64 {
    state.fill.iter().map(|&f| f64::from(f)).sum()
}

/// A fibre of a radius in voxels along the depth, on a plate.
fn fibre_on_plate(zyx: [usize; 3], plate: usize, radius: f64) -> Labels {
    let middle = (zyx[1] / 2) as f64;
    labels(zyx, 1e-6, |z, y, x| u8::from(z >= zyx[0] - plate || (x as f64 - middle).hypot(y as f64 - middle) < radius))
}

#[test]
fn t19_a_plane_grows_by_4_85_um_per_mah_per_cm2_and_charge_balances() {
    let base = labels([40, 2, 2], 1e-6, |z, _, _| u8::from(z >= 36));
    let done = plated(&base, &plan(5.0, false));
    assert_eq!(done.halves[0].ended, Ended::Complete);
    assert!((done.ledger.plated / (5.0 * MAH_PER_CM2) - 1.0).abs() < BALANCE);
    let last = done.states.last().unwrap();
    let height = lithium(last) / 4.0 * 1e-6;
    assert!((height / (5.0 * 4.850e-6) - 1.0).abs() < 2e-3, "{height}");
    assert!((dense_thickness(5.0 * MAH_PER_CM2) / height - 1.0).abs() < 1e-6);
    assert_eq!(last.labels.counts()[Label::Lithium as usize], 24 * 4, "24 of 24.25 slices are full");
    // All of it lies above the plate, which it covers, and its overpotential is that of kinetics and the gap that is left.
    let end = done.steps.last().unwrap();
    assert!((end.above / (5.0 * MAH_PER_CM2) - 1.0).abs() < BALANCE && end.coverage > 0.999_999);
    let volt = 8.314_463 * 298.15 / 96_485.332;
    let exact = 2.0 * volt * (10.0f64 / 5.6).asinh();
    assert!((end.kinetic / exact - 1.0).abs() < 1e-6, "{} for {exact}", end.kinetic);
    let gap = 10.0 * 12e-6 / 1.1;
    assert!((end.overpotential / (exact + gap) - 1.0).abs() < 1e-3, "{} for {}", end.overpotential, exact + gap);
}

#[test]
fn no_layer_is_skipped() {
    // At 5 mAh/cm2 in voxels of 1 um a quarter of a mAh/cm2 would be more than a voxel.
    let base = labels([40, 2, 2], 1e-6, |z, _, _| u8::from(z >= 36));
    let done = plated(&base, &plan(5.0, false));
    for pair in done.steps.windows(2) {
        let moved = dense_thickness(pair[1].charge - pair[0].charge);
        assert!(moved < 0.5e-6 * (1.0 + 1e-6), "{moved}");
    }
}

#[test]
fn t20_a_fibre_grows_in_area_as_charge_passes() {
    // A fibre along the depth, in a cell wide enough that the current is even.
    let (n, slices, r0) = (41usize, 3, 5.0);
    let base = labels([slices, n, n], 0.5e-6, |_, y, x| u8::from((x as f64 - 20.0).hypot(y as f64 - 20.0) < r0));
    let done = plated(&base, &plan(0.06, false));
    let last = done.states.last().unwrap();
    // r^2 = r0^2 + V/(pi h): the volume is that of the charge, and lithium lies in a ring around the fibre.
    let per_slice = lithium(last) / slices as f64;
    let plated_m3 = dense_thickness(0.06 * MAH_PER_CM2) * (n * n) as f64 * 0.25e-12;
    assert!((per_slice * slices as f64 * 0.125e-18 / plated_m3 - 1.0).abs() < 1e-6);
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
    let base = fibre_on_plate([30, 9, 9], 4, 2.2);
    let done = plated(&base, &plan(0.8, true));
    assert_eq!(done.halves.len(), 2);
    assert!(done.halves.iter().all(|h| h.ended == Ended::Complete), "{:?}", done.halves);
    assert!(done.ledger.dead < 1e-6 * done.ledger.plated, "dead {}", done.ledger.dead);
    let last = done.states.last().unwrap();
    assert!(lithium(last) < 1e-6);
    assert!(last.labels == base, "labels differ");
    // Voltage: positive when plating, negative when stripping.
    assert!(done.steps.iter().all(|s| (s.overpotential < 0.0) == s.stripping));
    let gap = voltage_hysteresis(&done.steps, 1).unwrap();
    assert!(gap.gap > gap.kinetic_floor && gap.kinetic_floor > 0.03, "{gap:?}");
    assert!(voltage_hysteresis(&done.steps, 2).is_none());
}

#[test]
fn cycles_repeat_themselves() {
    let base = fibre_on_plate([16, 7, 7], 3, 1.6);
    let once = plated(&base, &plan(0.2, true));
    let twice = plated(&base, &PlatePlan { cycles: 2, ..plan(0.2, true) });
    assert_eq!(twice.halves.len(), 4);
    assert_eq!(twice.steps.last().unwrap().cycle, 2);
    let of = |done: &Plated, cycle: u32| -> Vec<[f64; 2]> {
        done.steps.iter().filter(|s| s.cycle == cycle).map(|s| [s.charge, s.overpotential]).collect()
    };
    assert_eq!(of(&once, 1), of(&twice, 1));
    // What is left of the first cycle is rounding.
    for (a, b) in of(&twice, 1).iter().zip(of(&twice, 2)) {
        assert!((a[0] - b[0]).abs() < 1e-4 * 0.2 * MAH_PER_CM2 && (a[1] - b[1]).abs() < 1e-4, "{a:?} {b:?}");
    }
}

#[test]
fn a_full_pore_ends_plating_and_keeps_what_is_there() {
    let base = labels([12, 3, 3], 1e-6, |z, _, _| u8::from(z >= 10));
    // Ten slices of pore are 2.06 mAh/cm2.
    let done = plated(&base, &plan(5.0, true));
    assert!(matches!(done.halves[0].ended, Ended::Full | Ended::Closed(_)), "{:?}", done.halves);
    let full = 10e-6 / 4.850e-6 * MAH_PER_CM2;
    let plated = done.halves[0].passed;
    assert!(plated < 1.001 * full && plated > 0.95 * full, "{plated} of {full}");
    // What closes the plane is stripped as a foil, and the rest follows.
    assert_eq!(done.halves[1].ended, Ended::Complete);
    assert!(done.states.last().unwrap().labels == base);
}

#[test]
fn what_the_pores_cannot_take_grows_on_top_if_it_may() {
    let base = labels([12, 3, 3], 1e-6, |z, _, _| u8::from(z >= 10));
    let done = plated(&base, &PlatePlan { overflow: true, ..plan(5.0, true) });
    assert!(done.halves.iter().all(|h| h.ended == Ended::Complete), "{:?}", done.halves);
    let top = done.steps.iter().rfind(|s| !s.stripping).unwrap();
    assert!((top.above / (5.0 * MAH_PER_CM2) - 1.0).abs() < 1e-6, "a plate has no pores: all is above it");
    let volt = 8.314_463 * 298.15 / 96_485.332;
    let last = done.steps.iter().find(|s| s.stripping).unwrap();
    assert!((last.overpotential + 2.0 * volt * (10.0f64 / 5.6).asinh()).abs() < 1e-9, "a foil strips as one");
    assert!(done.states.last().unwrap().labels == base && done.ledger.overflow.abs() < 1e-6);
}

#[test]
fn marks_are_met_and_the_same_state_has_no_hysteresis() {
    let base = labels([20, 2, 2], 1e-6, |z, _, _| u8::from(z >= 18));
    let marks = vec![0.3 * MAH_PER_CM2, 0.7 * MAH_PER_CM2];
    let done = plated(&base, &PlatePlan { marks: marks.clone(), ..plan(1.0, true) });
    assert_eq!(done.states.len(), 7, "start, two marks, end, two marks, end");
    for mark in marks {
        let at = |stripping: bool| {
            let met = |s: &&PlateState| s.stripping == stripping && (s.charge / mark - 1.0).abs() < 1e-6;
            done.states.iter().find(met).unwrap()
        };
        assert!(geometric_hysteresis(&at(false).fill, &at(true).fill) < 1e-6);
    }
    assert!((geometric_hysteresis(&[1.0, 0.0], &[0.0, 1.0]) - 1.0).abs() < 1e-12);
}

#[test]
fn a_chamber_that_lithium_cuts_off_stays_as_it_was() {
    // A chamber of eight slices below a long neck one voxel wide, all of carbon around it.
    let base = labels([22, 9, 9], 1e-6, |z, y, x| {
        let neck = (4..12).contains(&z) && (y, x) == (4, 4);
        let chamber = (12..20).contains(&z) && (1..8).contains(&y) && (1..8).contains(&x);
        u8::from(!(z < 4 || neck || chamber))
    });
    let done = plated(&base, &plan(0.6, false));
    let cut = done.steps.iter().position(|s| s.blocked > 0.1).expect("the neck closes");
    assert!(done.steps[..cut].iter().all(|s| s.blocked == 0.0));
    assert!(done.steps[cut..].windows(2).all(|w| w[1].blocked <= w[0].blocked), "nothing opens it again");
    let chamber = |state: &PlateState| -> f64 {
        let shape = state.labels.shape();
        state.fill.iter().enumerate().filter(|(v, _)| shape.zyx_of(*v).0 >= 12).map(|(_, &f)| f64::from(f)).sum()
    };
    let (from, to) = (done.steps[cut].charge, 0.6 * MAH_PER_CM2);
    let marks: Vec<f64> = (1..5).map(|k| from + (to - from) * f64::from(k) / 5.0).collect();
    let again = plated(&base, &PlatePlan { marks, ..plan(0.6, false) });
    let kept: Vec<f64> = again.states[1..].iter().map(chamber).collect();
    assert!(kept.len() > 2 && kept[0] > 1.0, "{kept:?}");
    assert!(kept.iter().all(|k| (k - kept[0]).abs() < 1e-6), "{kept:?}");
}

#[test]
fn bare_carbon_needs_its_nucleation_overpotential_until_it_is_covered() {
    let base = labels([12, 2, 2], 1e-6, |z, _, _| u8::from(z >= 8));
    let mut materials = Materials::default();
    materials.surface[1].eta_nuc = 0.03;
    materials.surface[3].i0 = 28.0;
    let done = plated_with(&base, &materials, &plan(0.5, true));
    let volt = 8.314_463 * 298.15 / 96_485.332;
    let eta = |i0: f64| 2.0 * volt * (10.0 / (2.0 * i0)).asinh();
    let first = done.steps[0];
    assert!((first.overpotential - eta(2.8) - 0.03 - 10.0 * 8e-6 / 1.1).abs() < 1e-4, "{first:?}");
    assert!(first.coverage == 0.0);
    // One step of the thickness that covers is enough.
    let second = done.steps[1];
    assert!((dense_thickness(second.charge) / 0.1e-6 - 1.0).abs() < 2e-3, "{second:?}");
    assert!(second.coverage > 0.999 && (second.kinetic - eta(28.0)).abs() < 1e-5, "{second:?}");
    let back = done.steps.iter().find(|s| s.stripping).unwrap();
    assert!((back.kinetic + eta(28.0)).abs() < 1e-5, "{back:?}");
}

#[test]
fn lithiophilic_sites_take_lithium_first() {
    // Half of a plate has no barrier, the other half one of 60 mV.
    let base = labels([20, 2, 8], 1e-6, |z, _, x| {
        if z < 16 {
            0
        } else if x < 4 {
            4
        } else {
            1
        }
    });
    let mut materials = Materials::default();
    materials.surface[1].eta_nuc = 0.06;
    let done = plated_with(&base, &materials, &plan(0.1, false));
    let last = done.states.last().unwrap();
    let on = |site: bool| -> f64 {
        let shape = last.labels.shape();
        last.fill.iter().enumerate().filter(|(v, _)| (shape.zyx_of(*v).2 < 4) == site).map(|(_, &f)| f64::from(f)).sum()
    };
    assert!(on(true) > 2.0 * on(false), "{} {}", on(true), on(false));
}

/// Asks to stop after some looks.
struct Impatient(std::sync::atomic::AtomicI64);

impl Watch for Impatient {
    fn event(&self, _: Event) {}

    fn cancelled(&self) -> bool {
        self.0.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) <= 0
    }
}

#[test]
fn an_interrupted_plating_ends_with_the_same_bits() {
    let base = fibre_on_plate([14, 6, 6], 3, 1.6);
    let materials = Materials::default();
    let plan = PlatePlan { marks: vec![0.1 * MAH_PER_CM2], ..plan(0.25, true) };
    let whole = plate(&base, &materials, ALONG_Z, &plan, &Silent).unwrap();
    // Stopped again and again, after a solve or in the middle of one, and taken up from bytes every time.
    let mut states = Vec::new();
    let processor = CpuBackend::new();
    let mut kept = Plating::new(&base, &materials, ALONG_Z, &plan, &processor).unwrap().snapshot();
    let (mut stops, mut done) = (0, false);
    while !done {
        let mut job = Plating::resume(&base, &materials, ALONG_Z, &plan, &processor, &kept).unwrap();
        let watch = Impatient(std::sync::atomic::AtomicI64::new(12 + stops % 13));
        loop {
            match job.advance(&watch) {
                Ok(Advance::Kept(state)) => states.push(PlateState::from_bytes(&state.to_bytes(), &base).unwrap()),
                Ok(Advance::Step) => {}
                Ok(Advance::Done) => {
                    done = true;
                    assert_eq!(job.steps(), whole.steps);
                    assert_eq!(job.halves(), whole.halves);
                    assert_eq!(job.ledger(), whole.ledger);
                    break;
                }
                Err(_) => break,
            }
        }
        kept = job.snapshot();
        stops += 1;
        assert!(stops < 5000, "it never ends");
    }
    assert!(stops > 5, "stopped {stops} times only");
    assert_eq!(states, whole.states);
}

#[test]
fn what_is_kept_is_checked() {
    let base = fibre_on_plate([14, 6, 6], 3, 1.6);
    let materials = Materials::default();
    let plan = plan(0.25, true);
    let processor = CpuBackend::new();
    let kept = Plating::new(&base, &materials, ALONG_Z, &plan, &processor).unwrap().snapshot();
    let refused = |bytes: &[u8], labels: &Labels| {
        matches!(Plating::resume(labels, &materials, ALONG_Z, &plan, &processor, bytes), Err(SnapshotError::Damaged))
    };
    assert!(!refused(&kept, &base));
    assert!(refused(&kept[..kept.len() - 1], &base) && refused(&[], &base) && refused(b"rubbish", &base));
    assert!(refused(&[&kept[..], &[0]].concat(), &base));
    assert!(refused(&kept, &fibre_on_plate([15, 6, 6], 3, 1.6)));
}
