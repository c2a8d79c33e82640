//! From solves and states to results.

use foamflux_electro::plate::{Ended, PlateStep, dense_thickness, voltage_hysteresis};
use foamflux_grid::{Event, Label, Labels, Watch};
use foamflux_results::{
    PlateBalance, PlateEffort, PlateHalf, PlateHysteresis, PlatePoint, PlateResults, PlateStage, PlateThickness,
    Program,
};

use super::{PlateSettings, Record, Work, reading};
use crate::current::{names, used_inputs};
use crate::error::PipelineError;
use crate::ingest::volume_info;
use crate::record::Recorder;
use crate::run::utc_now;

/// Thickness of the source paper's composite at 10 mAh/cm2.
pub(super) const PAPER_M: f64 = 82e-6;
/// What it holds, in C/m2.
pub(super) const PAPER_CHARGE: f64 = 3.6e5;
/// Lithium outside of these shares is left out of the depth of the deposit.
const MIDDLE: [f64; 2] = [0.05, 0.95];

pub(super) fn results(
    labels: &Labels,
    settings: &PlateSettings,
    work: &Work<'_>,
    seconds_read: f64,
    device: &str,
    recorder: &Recorder<'_>,
) -> Result<PlateResults, PipelineError> {
    let [direction, collector, sides, separator_plane] = names(&settings.cell);
    let (plan, job) = (&settings.plan, &work.job);
    let step_m = labels.spacing().along(settings.cell.setting.axis);
    let [host_slices, _] = job.host_slices();
    let host_m = host_slices as f64 * step_m;
    let curve: Vec<PlatePoint> = job.steps().iter().map(|s| point(s, host_m)).collect();
    let ledger = job.ledger();
    let worst = |value: fn(&PlateStep) -> f64| job.steps().iter().map(value).fold(0.0, f64::max);
    let halves: Vec<PlateHalf> = job
        .halves()
        .iter()
        .map(|h| PlateHalf {
            cycle: h.cycle,
            stripping: h.stripping,
            passed_c_per_m2: h.passed,
            complete: h.ended == Ended::Complete,
            reason: (h.ended != Ended::Complete).then(|| h.ended.to_string()),
        })
        .collect();
    let stages: Vec<PlateStage> = work.records.iter().map(|r| stage(r, step_m)).collect();
    let hysteresis = (1..=plan.cycles)
        .filter_map(|cycle| {
            let gap = voltage_hysteresis(job.steps(), cycle)?;
            let geometric =
                stages.iter().filter(|s| s.cycle == cycle).filter_map(|s| s.geometric_hysteresis).reduce(f64::max);
            Some(PlateHysteresis {
                cycle,
                voltage_v: gap.gap,
                kinetic_floor_v: gap.kinetic_floor,
                range_c_per_m2: gap.range,
                geometric,
            })
        })
        .collect();
    let peak = curve
        .iter()
        .filter(|p| p.cycle == 1 && !p.stripping)
        .max_by(|a, b| a.capacity_c_per_m2.total_cmp(&b.capacity_c_per_m2));
    let plated = halves.first().map_or(0.0, |h| h.passed_c_per_m2);
    let foil_m = dense_thickness(plated);
    let above = peak.map_or(0.0, |p| dense_thickness(p.above_host_c_per_m2));
    let area_ratio = curve.first().map_or(f64::NAN, |p| p.area_ratio);
    let thickness = PlateThickness {
        host_m,
        electrode_m: host_m + above,
        foil_m,
        coat_m: foil_m / area_ratio,
        taken_up: if foil_m > 0.0 { 1.0 - above / foil_m } else { 1.0 },
        paper_composite_m: PAPER_M,
        paper_lithium_fraction: dense_thickness(PAPER_CHARGE) / PAPER_M,
    };
    let mut results = PlateResults {
        schema: PlateResults::SCHEMA.to_owned(),
        program: Program { name: "foamflux".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        finished_utc: utc_now(),
        configuration: serde_json::Value::Null,
        input: String::new(),
        volume: volume_info(labels.shape(), labels.voxel_size()),
        direction,
        collector,
        sides,
        separator_plane,
        applied_current_a_per_m2: plan.current,
        capacity_c_per_m2: plan.capacity,
        pore_capacity_c_per_m2: job.pore_capacity(),
        cycles: plan.cycles,
        complete: halves.iter().all(|h| h.complete),
        halves,
        stages,
        hysteresis,
        balance: PlateBalance {
            charge_error: worst(|s| s.charge_error),
            volume_error: ledger.balance_error(),
            slice_error: worst(|s| s.slice_error),
            plated_c_per_m2: ledger.plated,
            stripped_c_per_m2: ledger.stripped,
            dead_c_per_m2: ledger.dead,
            overflow_c_per_m2: ledger.overflow,
            geometric_efficiency: (plan.strip && ledger.plated > 0.0).then(|| 1.0 - ledger.dead / ledger.plated),
        },
        thickness,
        inputs: inputs(labels, settings),
        reading: Vec::new(),
        limits: Vec::new(),
        figures: Vec::new(),
        files: std::collections::BTreeMap::new(),
        warnings: Vec::new(),
        solver: PlateEffort {
            solves: curve.len() as u64,
            newton_steps: curve.iter().map(|p| u64::from(p.newton_steps)).sum(),
            linear_iterations: curve.iter().map(|p| u64::from(p.linear_iterations)).sum(),
            device: device.to_owned(),
            seconds_read,
            seconds_plate: work.seconds,
            resumed: work.resumed,
        },
        curve,
    };
    for half in results.halves.iter().filter(|h| !h.complete) {
        let doing = if half.stripping { "stripping" } else { "plating" };
        recorder.event(Event::Warning(format!(
            "{doing} of cycle {} ended at {} of {} mAh/cm\u{b2}: {}",
            half.cycle,
            reading::mah(half.passed_c_per_m2),
            reading::mah(plan.capacity),
            half.reason.as_deref().unwrap_or("unknown")
        )));
    }
    results.reading = reading::reading(&results);
    results.limits = reading::limits(&results);
    reading::warn(&results, recorder);
    results.warnings = recorder.warnings();
    Ok(results)
}

/// Inputs that matter: lithium is there once it is plated.
fn inputs(labels: &Labels, settings: &PlateSettings) -> Vec<foamflux_results::CurrentInput> {
    let mut used = used_inputs(labels, &settings.cell);
    let lithium = |i: &&foamflux_results::CurrentInput| i.label.as_deref() == Some(Label::Lithium.name());
    for input in settings.cell.inputs.iter().filter(lithium) {
        if !used.contains(input) {
            used.push(input.clone());
        }
    }
    // Limits of the salt are the business of `current`.
    used.retain(|i| {
        !["diffusivity", "transference", "concentration"].contains(&i.key.as_str()) || i.standing == "given"
    });
    used
}

fn point(s: &PlateStep, host_m: f64) -> PlatePoint {
    PlatePoint {
        cycle: s.cycle,
        stripping: s.stripping,
        capacity_c_per_m2: s.charge,
        overpotential_v: s.overpotential,
        overpotential_kinetic_v: s.kinetic,
        lithium_fraction: s.pore_filling,
        top_plating_share: s.top_plating,
        top_current_share: s.top_share,
        coverage: s.coverage,
        thickness_m: host_m + dense_thickness(s.above),
        blocked_share: s.blocked,
        cv: s.cv,
        j99: s.hot_spot_p99,
        current_density_a_per_m2: s.mean,
        area_ratio: s.area_ratio,
        above_host_c_per_m2: s.above,
        dead_c_per_m2: s.dead,
        charge_error: s.charge_error,
        slice_error: s.slice_error,
        newton_steps: s.newton_steps,
        linear_iterations: s.linear_iterations,
    }
}

fn stage(record: &Record, step_m: f64) -> PlateStage {
    let lithium: u64 = record.state.shade.iter().map(|&s| u64::from(s)).sum();
    PlateStage {
        cycle: record.state.cycle,
        stripping: record.state.stripping,
        capacity_c_per_m2: record.state.charge,
        labels: None,
        lithium_volume_fraction: lithium as f64 / 255.0 / record.state.shade.len() as f64,
        lithium_by_slice: record.profile.clone(),
        deposit_depth_m: deposit_depth(&record.profile).map(|slices| slices * step_m),
        geometric_hysteresis: record.geometric_hysteresis,
        seconds: record.seconds,
    }
}

/// Slices over which the middle of the lithium lies.
fn deposit_depth(profile: &[f64]) -> Option<f64> {
    let total: f64 = profile.iter().map(|v| v.max(0.0)).sum();
    if total <= 0.0 {
        return None;
    }
    let at = |share: f64| {
        let mut below = 0.0;
        for (k, v) in profile.iter().map(|v| v.max(0.0) / total).enumerate() {
            if below + v >= share && v > 0.0 {
                return k as f64 + (share - below) / v;
            }
            below += v;
        }
        profile.len() as f64
    };
    Some(at(MIDDLE[1]) - at(MIDDLE[0]))
}

#[cfg(test)]
mod tests {
    use super::deposit_depth;

    #[test]
    fn the_middle_nine_tenths_of_an_even_deposit_are_nine_tenths_of_its_depth() {
        let depth = |profile: &[f64]| deposit_depth(profile).unwrap_or(f64::NAN);
        assert!((depth(&[0.2; 40]) - 36.0).abs() < 1e-9);
        assert!((depth(&[0.0, 0.0, 0.5, 0.5, 0.0]) - 1.8).abs() < 1e-9);
        assert!(deposit_depth(&[0.0; 3]).is_none());
    }
}
