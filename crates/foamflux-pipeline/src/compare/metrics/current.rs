//! Columns of the current distribution.

use foamflux_results::{Better, ErrorParts, Quantity};

use super::Metric;
use super::arithmetic::plain;
use super::shape::{ONE, area_ratio, geometry, thickness, thickness_for_capacity};
use crate::compare::current::{At, CurrentFacts};
use crate::compare::specimen::Facts;

const GROUP: &str = "current distribution";
const VOLTS: (&str, &str, f64) = ("V", "mV", 1e3);
const LAYER: &str = "a layer on metal has the thickness that it has";

macro_rules! even {
    ($key:literal, $name:literal, $better:ident, $headline:literal, $meaning:literal, $field:ident) => {
        Metric {
            key: $key,
            name: $name,
            group: GROUP,
            unit: ONE,
            better: Better::$better,
            headline: $headline,
            meaning: $meaning,
            of: |f| plain(f.current?.$field),
        }
    };
}

/// How evenly the surface shares the local current of the comparison at equal thickness.
pub(super) const EVENNESS: &[Metric] = &[
    even!(
        "current_hot_spot_p99",
        "hot spots",
        Lower,
        true,
        "99th percentile of the current density on true area over the mean of its slice, all surfaces alike",
        hot_spot
    ),
    even!(
        "current_cv",
        "unevenness",
        Lower,
        false,
        "standard deviation of the current density on true area over the mean of its slice, all surfaces alike",
        cv
    ),
    even!("current_gini", "Gini", Lower, false, "Gini coefficient of the same: 0 where all area carries alike", gini),
    even!(
        "current_active_area_fraction",
        "active area",
        Higher,
        false,
        "share of the area that carries more than half of the mean of its slice, all surfaces alike",
        active
    ),
];

/// What the whole depth adds.
pub(super) const OVERPOTENTIAL: &[Metric] = &[
    Metric {
        key: "thickness_overpotential_v",
        name: "overpotential, at thickness",
        group: GROUP,
        unit: VOLTS,
        better: Better::Lower,
        headline: true,
        meaning: "kinetic part and what electrolyte and solid of the host resist, at the applied current and equal thickness; no \
                  separator and no counter electrode",
        of: |f| overpotential(f, thickness(f)),
    },
    Metric {
        key: "capacity_overpotential_v",
        name: "overpotential, at capacity",
        group: GROUP,
        unit: VOLTS,
        better: Better::Lower,
        headline: false,
        meaning: "the same at the thickness that holds the capacity",
        of: |f| overpotential(f, thickness_for_capacity(f)),
    },
    Metric {
        key: "thickness_nu",
        name: "\u{3bd}, at thickness",
        group: GROUP,
        unit: ONE,
        better: Better::Lower,
        headline: false,
        meaning: "depth of the host over the depth that the reaction reaches: below 1 all of the depth takes part",
        of: |f| {
            let now = at(f, thickness(f))?;
            plain(f.current?.nu(&now).ok_or(LAYER)?)
        },
    },
];

macro_rules! surface {
    ($key:literal, $name:literal, $meaning:literal, $of:expr) => {
        Metric {
            key: $key,
            name: $name,
            group: "with the surfaces' own kinetics",
            unit: ONE,
            better: Better::Neither,
            headline: false,
            meaning: $meaning,
            of: $of,
        }
    };
}

/// With the kinetics of each label, where they differ.
pub(super) const SURFACES: &[Metric] = &[
    surface!(
        "surfaces_hot_spot_p99",
        "hot spots",
        "99th percentile of the current density over its mean, each label with its own kinetics",
        |f| plain(f.surfaces?.hot_spot)
    ),
    surface!(
        "surfaces_cv",
        "unevenness",
        "standard deviation of the current density over its mean, each label with its own kinetics",
        |f| plain(f.surfaces?.cv)
    ),
    surface!(
        "surfaces_node_relative",
        "on nodes",
        "mean current density on nodes over that on all surfaces; it answers to the exchange current densities that were put in",
        |f| plain(f.surfaces?.on_nodes.ok_or("no nodes")?)
    ),
    surface!(
        "surfaces_site_relative",
        "on sites",
        "mean current density on lithiophilic sites over that on all surfaces",
        |f| plain(f.surfaces?.on_sites.ok_or("no lithiophilic sites")?)
    ),
];

/// The host at a thickness, without errors.
fn at(f: &Facts, thickness: Result<Quantity, &'static str>) -> Result<At, &'static str> {
    let depth_m = thickness?.value;
    Ok(At {
        depth_m,
        area_ratio: area_ratio(f, plain(depth_m))?.value,
        applied: f.conditions.current_a_per_m2,
        conductivity_factor: [1.0; 2],
    })
}

fn overpotential(f: &Facts, thickness: Result<Quantity, &'static str>) -> Result<Quantity, &'static str> {
    let facts: CurrentFacts = f.current?;
    if !facts.is_host() {
        // A plane or a layer: the gap of electrolyte before it belongs to the cell.
        return plain(facts.kinetic_v);
    }
    let thick = thickness?;
    let now = at(f, Ok(thick))?;
    let of = |at: &At| facts.overpotential(at).unwrap_or(f64::NAN);
    let value = of(&now);
    let area = area_ratio(f, Ok(thick))?;
    let relative =
        |phase: &str| f.transport.get(phase).and_then(|t| t.directions.get("z")).and_then(|d| Some((d.tau?, d.error)));
    let (pore, solid) = (relative("pore"), relative("solid"));
    let part = |of_error: fn(&ErrorParts) -> Option<f64>| -> Option<f64> {
        let mut sum = None;
        let mut add = |change: f64| *sum.get_or_insert(0.0) += (change - value).abs();
        if let Some(e) = of_error(&thick.error) {
            add(of(&At { depth_m: now.depth_m + e, ..now }));
        }
        if let Some(e) = of_error(&area.error) {
            add(of(&At { area_ratio: now.area_ratio + e, ..now }));
        }
        for (k, phase) in [&pore, &solid].into_iter().enumerate() {
            if let Some((tau, e)) = phase.as_ref().and_then(|(tau, error)| Some((*tau, of_error(error)?))) {
                let mut off = now;
                off.conductivity_factor[k] = tau / (tau + e);
                add(of(&off));
            }
        }
        sum
    };
    let geometry = geometry(f)?;
    // What the formula misses grows with the depth at most.
    let off = facts.formula_off_v * (now.depth_m / geometry.depth_m).max(1.0);
    let error = ErrorParts {
        solver: part(|e| e.solver),
        resolution: Some(part(|e| e.resolution).unwrap_or(0.0) + off),
        segmentation: part(|e| e.segmentation),
        ..ErrorParts::default()
    };
    Ok(Quantity { value, error })
}
