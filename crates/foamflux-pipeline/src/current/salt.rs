//! The salt in results, words and warnings.

use std::time::Instant;

use foamflux_electro::electrolyte::{Answer, Concentration, Electrolyte, Model, Supply, Transient, transient};
use foamflux_electro::{Cell, Materials};
use foamflux_grid::units::significant;
use foamflux_grid::{Event, Watch};
use foamflux_results::{CurrentAgreement, CurrentElectrolyte, CurrentResults, CurrentSaltProfile, CurrentTransient};

use super::CurrentSettings;
use super::reading::{milli_per_cm2, percent};
use crate::error::PipelineError;

/// Depletion number up to which one concentration is enough without a word, and from which it is not.
const DEPLETED: [f64; 2] = [0.02, 0.2];
/// Current over limiting current from which a steady state says little of what lithium does.
const CLOSE_TO_LIMIT: f64 = 0.5;
/// Instants that results keep at most: twelve per doubling of time are more than a curve shows.
const KEPT: usize = 120;

pub(super) const fn model_name(model: Model) -> &'static str {
    match model {
        Model::Secondary => "secondary",
        Model::Dilute => "dilute",
        Model::Concentrated => "concentrated",
    }
}

const fn supply_name(supply: Supply) -> &'static str {
    match supply {
        Supply::Counter => "counter",
        Supply::Reservoir => "reservoir",
    }
}

/// Follows the salt in time where that was asked for, or where the secondary model has no steady state of it.
pub(super) fn in_time(
    cell: &Cell,
    settings: &CurrentSettings,
    materials: &Materials,
    answer: &Answer,
    watch: &dyn Watch,
) -> Result<Option<(Transient, Concentration)>, PipelineError> {
    let gone = answer.salt.range()[0] <= 0.0;
    if !(settings.sand || settings.time.is_some() || gone) {
        return Ok(None);
    }
    let run = transient(cell, materials, &settings.electrolyte, &answer.found, settings.time, watch)?;
    Ok(Some(run))
}

/// What is written of it.
pub(super) fn results(
    cell: &Cell,
    settings: &CurrentSettings,
    materials: &Materials,
    answer: &Answer,
    run: Option<&Transient>,
    clock: Instant,
) -> CurrentElectrolyte {
    let Electrolyte { model, supply, salt: given, .. } = settings.electrolyte;
    let (found, salt) = (&answer.found, &answer.salt);
    let [min, max] = salt.range();
    let c0 = given.concentration;
    let limit = salt.limiting_current(found.applied_a_per_m2);
    let slices = cell.shape().along(cell.setting().axis);
    let step = cell.depth() / slices as f64;
    let planes = salt.li_planes(cell, found);
    let through = planes.first().copied().unwrap_or(f64::NAN);
    let mut sums = vec![[0.0; 2]; slices];
    for voxel in 0..cell.shape().len() {
        if let Some(c) = salt.at(voxel) {
            let sum = &mut sums[cell.slice_of(voxel)];
            sum[0] += c / c0;
            sum[1] += 1.0;
        }
    }
    let a = answer.agreement;
    CurrentElectrolyte {
        model: model_name(model).to_owned(),
        supply: supply_name(supply).to_owned(),
        kappa_s_per_m: materials.kappa[0],
        concentration_min_mol_per_m3: min,
        concentration_max_mol_per_m3: max,
        concentration_mean_mol_per_m3: salt.mean(),
        min_relative: min / c0,
        poorest_depth_m: salt.poorest_slice(cell).map(|k| (k as f64 + 0.5) * step),
        limiting_current_a_per_m2: limit.is_finite().then_some(limit),
        current_over_limit: limit.is_finite().then(|| found.applied_a_per_m2.abs() / limit),
        concentration_overpotential_v: answer.losses.concentration,
        ohmic_overpotential_v: answer.losses.ohmic,
        sand_time_s: run.and_then(|r| r.exhausted_s),
        transient: run.map(|r| thinned(r, c0)),
        agreement: CurrentAgreement {
            rounds: a.rounds,
            current_change: a.current_change,
            salt_change: a.salt_change,
            newton_steps: a.newton_steps,
            salt_iterations: a.salt_iterations + run.map_or(0, |r| r.iterations),
            li_slice_error: salt.li_slice_error(cell, found),
            seconds: clock.elapsed().as_secs_f64(),
        },
        profile: CurrentSaltProfile {
            concentration_relative: sums.iter().map(|s| (s[1] > 0.0).then(|| s[0] / s[1])).collect(),
            li_flux_relative: planes.iter().take(slices).map(|p| p / through).collect(),
        },
    }
}

/// The instants of a run, no more than a chart needs; the last is kept.
fn thinned(run: &Transient, c0: f64) -> CurrentTransient {
    let every = run.instants.len().div_ceil(KEPT).max(1);
    let last = run.instants.len().saturating_sub(1);
    let kept: Vec<_> =
        run.instants.iter().enumerate().filter(|&(k, _)| (last - k).is_multiple_of(every)).map(|(_, i)| i).collect();
    CurrentTransient {
        steady: run.steady,
        time_s: kept.iter().map(|i| i.time_s).collect(),
        min_relative: kept.iter().map(|i| i.min / c0).collect(),
        sustained_current_a_per_m2: kept.iter().map(|i| i.sustained).collect(),
    }
}

fn seconds(s: f64) -> String {
    match s {
        s if s >= 7200.0 => format!("{} h", significant(s / 3600.0, 3)),
        s if s >= 120.0 => format!("{} min", significant(s / 60.0, 3)),
        s => format!("{} s", significant(s, 3)),
    }
}

fn millivolts(v: f64) -> String {
    format!("{} mV", significant(1e3 * v, 3))
}

/// Sentences on the salt.
pub(super) fn words(r: &CurrentResults) -> Vec<String> {
    let (Some(e), Some(applied)) = (&r.electrolyte, r.applied_current_a_per_m2) else { return Vec::new() };
    let mut out = Vec::new();
    let supply = match e.supply.as_str() {
        "reservoir" => "from a reservoir at the separator",
        _ => "from a counter electrode at the separator, the salt between them conserved",
    };
    if let (Some(limit), Some(depth)) = (e.limiting_current_a_per_m2, e.poorest_depth_m) {
        let shape = if e.model == "secondary" {
            "the current keeping its shape"
        } else {
            "the current keeping the shape found here"
        };
        out.push(format!(
            "At {} the salt would run out, first at a depth of {} \u{b5}m ({supply}; {shape}); {} leave {} of it there.",
            milli_per_cm2(limit),
            significant(depth * 1e6, 3),
            milli_per_cm2(applied),
            if e.min_relative > 0.0 { percent(e.min_relative) } else { "nothing".to_owned() },
        ));
    }
    if let Some(v) = e.concentration_overpotential_v {
        out.push(match e.model.as_str() {
            "secondary" => format!(
                "Uneven salt would add about {} to the overpotential, which this model leaves out.",
                millivolts(v)
            ),
            _ => format!(
                "Uneven salt makes {} of the overpotential, resistance {}.",
                millivolts(v),
                millivolts(e.ohmic_overpotential_v)
            ),
        });
    }
    if let Some(t) = &e.transient {
        let last = t.time_s.last().copied().unwrap_or(0.0);
        out.push(match e.sand_time_s {
            Some(s) => format!(
                "After {} at {} the salt is gone at the poorest place (Sand's time of this geometry).",
                seconds(s),
                milli_per_cm2(applied)
            ),
            None if t.steady => format!("The salt lasts: it is steady after {}.", seconds(last)),
            None => format!(
                "After {} {} of the salt is left at the poorest place, and it still falls.",
                seconds(last),
                percent(t.min_relative.last().copied().unwrap_or(f64::NAN))
            ),
        });
    }
    out
}

/// Warns where one concentration, or a steady one, does not stand.
pub(super) fn warn(r: &CurrentResults, watch: &dyn Watch) {
    let (Some(e), Some(applied)) = (&r.electrolyte, r.applied_current_a_per_m2) else { return };
    let warn = |text: String| watch.event(Event::Warning(text));
    let over = e.current_over_limit.unwrap_or(0.0);
    let limit = milli_per_cm2(e.limiting_current_a_per_m2.unwrap_or(f64::INFINITY));
    if e.model != "secondary" {
        if over > CLOSE_TO_LIMIT {
            warn(format!(
                "the applied {} are {} of the limiting current of {limit}: a steady state exists, but salt takes {} to get there and plating may not wait; follow it with --sand",
                milli_per_cm2(applied),
                percent(over),
                seconds(r.groups.diffusion_time_s.unwrap_or(f64::NAN))
            ));
        }
        return;
    }
    // The group of a homogeneous host; where it has none, what the salt itself says.
    let (name, number) = match r.groups.depletion {
        Some(da) => ("depletion number Da = J L (1 - t+) N_M / (F D c0)", da),
        None => ("missing share of the salt", 1.0 - e.min_relative),
    };
    let more = "compute it with --electrolyte dilute or concentrated";
    if over >= 1.0 {
        let when = e.sand_time_s.map_or(String::new(), |s| format!(" it is gone after {};", seconds(s)));
        warn(format!(
            "the applied {} exceed the limiting current of {limit} of this host: no steady state exists,{when} and this model of one concentration does not see it; apply less, or follow it with --sand",
            milli_per_cm2(applied)
        ));
    } else if number >= DEPLETED[1] {
        warn(format!(
            "{name} is {}, and the model of one concentration stands below {} only: {} of the salt is missing at the poorest place, and current shifts further towards the separator than this map shows; {more}",
            significant(number, 3),
            DEPLETED[1],
            percent(1.0 - e.min_relative)
        ));
    } else if number >= DEPLETED[0] {
        warn(format!(
            "{name} is {}, above {}: concentration varies by up to {}, which the secondary model leaves out; {more}",
            significant(number, 3),
            DEPLETED[0],
            percent(e.concentration_max_mol_per_m3 / e.concentration_mean_mol_per_m3 - e.min_relative)
        ));
    }
}
