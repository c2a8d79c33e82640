//! Which hosts no other host beats.
//!
//! A host is dominated by another that is no worse in any objective and significantly better in at least one, so that noise
//! alone removes nobody.

use std::collections::BTreeMap;

use foamflux_results::{Better, ComparedHost, Pair, Pareto};

use super::metrics;

/// Title and objectives of each view; an objective that any ranked host lacks for want of a density is left out for all.
const VIEWS: [(&str, &[&str]); 2] = [
    (
        "at equal thickness",
        &[
            "thickness_area_ratio",
            "thickness_capacity_c_per_m2",
            "thickness_electrolyte_path_m",
            "thickness_host_mass_kg_per_m2",
        ],
    ),
    (
        "at equal filling capacity",
        &["capacity_area_ratio", "capacity_thickness_m", "capacity_electrolyte_path_m", "capacity_host_mass_kg_per_m2"],
    ),
];

pub(super) fn views(hosts: &[ComparedHost], pairs: &[Pair]) -> Vec<Pareto> {
    VIEWS.iter().map(|(title, objectives)| view(title, objectives, hosts, pairs)).collect()
}

fn view(title: &str, objectives: &[&str], hosts: &[ComparedHost], pairs: &[Pair]) -> Pareto {
    let mut left_out = BTreeMap::new();
    for host in hosts {
        let why = match &host.not_comparable {
            Some(why) => Some(why.clone()),
            None if host.plane => Some("a plane: the reference".to_owned()),
            None if !host.scalable => Some("a layer on metal: its thickness cannot be chosen".to_owned()),
            None => None,
        };
        if let Some(why) = why {
            left_out.insert(host.name.clone(), why);
        }
    }
    let mut ranked: Vec<&ComparedHost> = hosts.iter().filter(|h| !left_out.contains_key(&h.name)).collect();
    let needs_density = |key: &str| key.ends_with("kg_per_m2");
    let without = ranked.iter().any(|h| h.material.is_none());
    let objectives: Vec<&str> = objectives.iter().copied().filter(|key| !(without && needs_density(key))).collect();
    ranked.retain(|h| {
        let lacks = objectives.iter().find(|key| !h.values.contains_key(**key));
        if let Some(key) = lacks {
            let why = h.missing.get(*key).map_or("no value", String::as_str);
            left_out.insert(h.name.clone(), format!("{key}: {why}"));
        }
        lacks.is_none()
    });
    let mut dominated_by = BTreeMap::new();
    for host in &ranked {
        let winner = ranked.iter().find(|other| other.name != host.name && beats(other, host, &objectives, pairs));
        if let Some(winner) = winner {
            dominated_by.insert(host.name.clone(), winner.name.clone());
        }
    }
    Pareto {
        title: title.to_owned(),
        objectives: objectives.iter().map(|key| (*key).to_owned()).collect(),
        front: ranked.iter().map(|h| h.name.clone()).filter(|name| !dominated_by.contains_key(name)).collect(),
        dominated_by,
        left_out,
    }
}

/// Whether one host is no worse than another anywhere and significantly better somewhere.
fn beats(a: &ComparedHost, b: &ComparedHost, objectives: &[&str], pairs: &[Pair]) -> bool {
    let pair = pairs.iter().find(|p| (p.a == a.name && p.b == b.name) || (p.a == b.name && p.b == a.name));
    let significant = |key: &str| pair.and_then(|p| p.metrics.get(key)).and_then(|d| d.significant) == Some(true);
    let gain = |key: &str| -> f64 {
        let sign = match metrics::all().find(|m| m.key == key).map(|m| m.better) {
            Some(Better::Lower) => -1.0,
            _ => 1.0,
        };
        let of = |h: &ComparedHost| h.values.get(key).map_or(f64::NAN, |q| q.value);
        sign * (of(a) - of(b))
    };
    objectives.iter().all(|key| gain(key) >= 0.0) && objectives.iter().any(|key| gain(key) > 0.0 && significant(key))
}
