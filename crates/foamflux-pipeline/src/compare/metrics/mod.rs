//! The columns of the comparison, in one list.
//!
//! A metric is a row of a table here: its key in SI, how it is shown, which way it is good, and a function from the
//! [`Facts`] of one seed or crop to a number with its errors.
//! Whatever joins the list joins every table, file and figure, and every test of significance.
//!
//! # At equal thickness L and at equal filling capacity Q
//!
//! A host with porosity eps, area per volume a, and tortuosity factor tau along its depth, both ends included, has
//!
//! | | per projected area | at thickness L | at capacity Q |
//! |---|---|---|---|
//! | thickness | | L | L = Q / (eps c) |
//! | area | 1 + a L | | |
//! | capacity of its pores | eps L c | | Q |
//! | electrolyte that resists as much | tau L / eps | | |
//! | mass of its solid | rho phi L | | |
//! | mean local current | J over the area | | |
//!
//! with the charge per volume of lithium c and the current per projected area J.
//! The one in the area is the floor of bare collector and the top land together: eps + (1 - eps).
//! A layer on metal stays as thick as it is: its area is that of the box, with the floor and land that it has.
//!
//! Where each column is defined: `shape.rs` for what follows from geometry and transport, `network.rs` for nodes and fibres,
//! `current.rs` for the current distribution.

mod arithmetic;
mod current;
mod network;
mod shape;

use foamflux_results::{Better, MetricInfo, Quantity};

use super::specimen::Facts;

/// One column.
pub(super) struct Metric {
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    pub(super) group: &'static str,
    /// SI unit, shown unit, and shown over SI.
    pub(super) unit: (&'static str, &'static str, f64),
    pub(super) better: Better,
    pub(super) headline: bool,
    pub(super) meaning: &'static str,
    pub(super) of: fn(&Facts) -> Result<Quantity, &'static str>,
}

impl Metric {
    pub(super) fn info(&self) -> MetricInfo {
        MetricInfo {
            key: self.key.to_owned(),
            name: self.name.to_owned(),
            group: self.group.to_owned(),
            unit: self.unit.0.to_owned(),
            shown_unit: self.unit.1.to_owned(),
            shown_factor: self.unit.2,
            better: self.better,
            headline: self.headline,
            meaning: self.meaning.to_owned(),
        }
    }
}

/// Every column, in the order of tables. Later stages append theirs.
const METRICS: &[&[Metric]] = &[
    shape::GEOMETRY,
    network::NETWORK,
    shape::PERCOLATION,
    shape::TRANSPORT,
    shape::THICKNESS,
    shape::CAPACITY,
    current::EVENNESS,
    current::OVERPOTENTIAL,
    current::SURFACES,
];

/// Area that can react per projected area, at a thickness.
pub(super) fn area_ratio_at(facts: &Facts, thickness_m: f64) -> f64 {
    shape::area_ratio(facts, arithmetic::plain(thickness_m)).map_or(1.0, |q| q.value)
}

/// All of them in one sequence.
pub(super) fn all() -> impl Iterator<Item = &'static Metric> {
    METRICS.iter().copied().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn keys_are_unique_and_end_in_their_unit() {
        let keys: BTreeSet<&str> = all().map(|m| m.key).collect();
        assert_eq!(keys.len(), all().count());
        for m in all().filter(|m| m.unit.0 != "1") {
            let ending = format!("_{}", m.unit.0.replace('/', "_per_").to_lowercase());
            assert!(m.key.ends_with(ending.trim_start_matches("_1")), "{} [{}]", m.key, m.unit.0);
        }
    }
}
