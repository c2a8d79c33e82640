//! What a map of current density says, in words, and when it should not be believed.

use foamflux_electro::Kinetics;
use foamflux_grid::{Event, Watch};
use foamflux_results::CurrentResults;

use super::CurrentSettings;

/// Below this standard deviation over mean a distribution is called even.
const EVEN: f64 = 0.05;
/// Shares of labels within this of the limit of even potentials are explained by what was entered.
const EXPLAINED: f64 = 0.05;
/// Overpotential in V from which Butler-Volmer overstates what lithium does.
const BUTLER_VOLMER_UP_TO: f64 = 0.15;
/// Shift of the mean depth of the reaction against that of the area that is worth a word.
const SHIFT: f64 = 0.01;

pub(super) fn percent(x: f64) -> String {
    format!("{} %", foamflux_grid::units::significant(100.0 * x, 3))
}

pub(super) fn milli_per_cm2(a_per_m2: f64) -> String {
    format!("{} mA/cm\u{b2}", foamflux_grid::units::significant(a_per_m2 / 10.0, 3))
}

/// Sentences that a reader of the map should know.
pub(super) fn reading(r: &CurrentResults) -> Vec<String> {
    let (Some(u), Some(j)) = (r.uniformity, r.current_density_a_per_m2) else { return Vec::new() };
    let mut out = Vec::new();
    out.push(format!(
        "The host offers {} times the area of the box's cross-section, so that {} applied become {} on its surface.",
        foamflux_grid::units::significant(r.area.ratio, 3),
        milli_per_cm2(r.applied_current_a_per_m2.unwrap_or(f64::NAN)),
        milli_per_cm2(j.mean),
    ));
    let explained = r.shares.values().all(|s| (s.relative / s.relative_kinetic_limit - 1.0).abs() <= EXPLAINED);
    let contrast = r.shares.values().map(|s| s.relative_kinetic_limit).fold(0.0, f64::max)
        / r.shares.values().map(|s| s.relative_kinetic_limit).fold(f64::INFINITY, f64::min);
    let entered = contrast > 1.0 + EXPLAINED;
    if entered && explained {
        let parts: Vec<String> = r
            .shares
            .iter()
            .map(|(name, s)| {
                format!(
                    "{name} {} (entered: {})",
                    foamflux_grid::units::significant(s.relative, 3),
                    foamflux_grid::units::significant(s.relative_kinetic_limit, 3)
                )
            })
            .collect();
        out.push(format!(
            "The contrast between labels in this map is the contrast of i0 and nucleation overpotential that was entered, not a prediction: current density over its mean is {}; within labels it varies by {} only.",
            parts.join(", "),
            percent(u.cv_within_labels)
        ));
    } else if entered {
        out.push(
            "Exchange current densities or nucleation overpotentials that differ between labels were entered, and ohmic losses change what they alone would give: compare 'relative' with 'relative_kinetic_limit' of each label."
                .to_owned(),
        );
    }
    if u.cv_within_labels < EVEN {
        out.push(format!(
            "{} the current is almost even (it varies by {}): with these inputs the host acts through its area and not by focusing current.",
            if entered { "Within labels" } else { "Over the whole surface" },
            percent(u.cv_within_labels)
        ));
    } else {
        out.push(format!(
            "The current is uneven beyond what was entered for labels: it varies by {} within them, and 1 % of the area has more than {} times the mean.",
            percent(u.cv_within_labels),
            foamflux_grid::units::significant(u.hot_spot_p99, 3)
        ));
    }
    if let (Some(centroid), Some(area), Some(top)) = (r.depth_centroid, r.area_centroid, r.top_share) {
        let shift = centroid - area;
        let where_to = if shift.abs() < SHIFT {
            "as its area does"
        } else if shift < 0.0 {
            "shifted towards the separator: plating starts at the top"
        } else {
            "shifted towards the collector: plating starts at the bottom"
        };
        out.push(format!(
            "In depth the reaction lies {where_to} (mean depth {} of the box, of the area {}); the first tenth takes {}.",
            percent(centroid),
            percent(area),
            percent(top)
        ));
    }
    out.extend(super::salt::words(r));
    let assumed: Vec<&str> = r.inputs.iter().filter(|i| i.standing == "assumed").map(|i| i.key.as_str()).collect();
    let mut keys = assumed;
    keys.dedup();
    if !keys.is_empty() {
        out.push(format!("Assumed, not measured on this sample: {}.", keys.join(", ")));
    }
    out.push(
        "The map cannot say where dendrites start, nor coulombic efficiency or cycle life: lithium is a smooth reacting surface here."
            .to_owned(),
    );
    out
}

/// Warns where the model does not stand.
pub(super) fn warn(r: &CurrentResults, settings: &CurrentSettings, watch: &dyn Watch) {
    let warn = |text: String| watch.event(Event::Warning(text));
    super::salt::warn(r, watch);
    if let (Some(sand), Some(diffusion)) = (r.groups.sand_time_s, r.groups.diffusion_time_s)
        && sand < diffusion
    {
        warn(format!(
            "Sand's time of {} s is shorter than the {} s that salt takes to diffuse over the host: a planar electrode would run out of salt first",
            foamflux_grid::units::significant(sand, 3),
            foamflux_grid::units::significant(diffusion, 3)
        ));
    }
    if let Some(eta) = r.overpotential_kinetic_v
        && eta.abs() > BUTLER_VOLMER_UP_TO
        && matches!(settings.materials.kinetics, Kinetics::ButlerVolmer { .. })
    {
        warn(format!(
            "the reaction needs {} mV: beyond about 150 mV lithium follows Marcus kinetics and reacts more slowly than Butler-Volmer says (--kinetics mhc)",
            foamflux_grid::units::significant(eta * 1e3, 3)
        ));
    }
    if r.left_out.solid > 0.0 {
        warn(format!(
            "{} of the box is solid that the collector does not reach: it takes no part",
            percent(r.left_out.solid)
        ));
    }
    if r.left_out.electrolyte > 0.0 {
        warn(format!(
            "{} of the box is electrolyte that the separator does not reach: surface around it takes no part",
            percent(r.left_out.electrolyte)
        ));
    }
    let film = settings.materials.surface.iter().all(|s| s.film == 0.0);
    if film {
        watch.event(Event::Note(
            "no film resistance was given: the interphase on lithium is left out of the overpotential".to_owned(),
        ));
    }
}
