//! Tables of transport.

use std::collections::BTreeMap;

use foamflux_results::{DirectionResults, TransportResults};

use super::{Cell, Table};
use crate::number::bytes;

/// D_eff / D0 and the error that the error of tau causes.
pub(crate) fn d_eff(d: &DirectionResults) -> (f64, Option<f64>) {
    let error = d.tau.zip(d.error.total).map(|(tau, e)| d.d_eff_relative * e / tau).filter(|e| e.is_finite());
    (d.d_eff_relative, error.map(f64::abs))
}

/// MacMullin number and the error that the error of tau causes.
pub(crate) fn macmullin(d: &DirectionResults) -> (Option<f64>, Option<f64>) {
    let error = d.macmullin.zip(d.tau).zip(d.error.total).map(|((n, tau), e)| (n * e / tau).abs());
    (d.macmullin, error.filter(|e| e.is_finite()))
}

/// What stands where a number does not exist.
fn absent(d: &DirectionResults) -> &'static str {
    if d.percolates { "not solved" } else { "blocked" }
}

fn rows(
    transport: &BTreeMap<String, TransportResults>,
) -> impl Iterator<Item = (&String, &TransportResults, &String, &DirectionResults)> {
    transport.iter().flat_map(|(phase, t)| t.directions.iter().map(move |(axis, d)| (phase, t, axis, d)))
}

/// The numbers that matter.
pub(crate) fn summary(transport: &BTreeMap<String, TransportResults>) -> Option<Table> {
    let mut table = Table::new("Transport")
        .words("phase")
        .words("axis")
        .numbers("τ", "")
        .numbers("τ − 1", "")
        .numbers("D_eff/D0", "")
        .numbers("N_M", "")
        .numbers("connected", "%");
    for (phase, t, axis, d) in rows(transport) {
        let (relative, relative_error) = d_eff(d);
        let (n, n_error) = macmullin(d);
        let share = 100.0 * d.percolating_fraction / t.phase.volume_fraction;
        table.row(vec![
            Cell::text(phase),
            Cell::text(axis),
            Cell::with_error(d.tau, d.error.total, absent(d)),
            Cell::with_error(d.tau_minus_one, d.error.total, absent(d)),
            match (d.percolates, d.tau) {
                (true, None) => Cell::Word("not solved"),
                (true, Some(_)) => Cell::with_error(Some(relative), relative_error, ""),
                (false, _) => Cell::text("0"),
            },
            Cell::with_error(n, n_error, if d.percolates { "not solved" } else { "infinite" }),
            Cell::Number(crate::number::Number::significant(if share.is_finite() { share } else { 0.0 }, 3)),
        ]);
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Everything else about the result.
pub(crate) fn more(transport: &BTreeMap<String, TransportResults>) -> Option<Table> {
    let mut table = Table::new("Other measures of the same solution")
        .words("phase")
        .words("axis")
        .numbers("ε", "")
        .numbers("ε percolating", "")
        .numbers("τ percolating", "")
        .numbers("Bruggeman p", "")
        .numbers("flux tortuosity", "");
    for (phase, t, axis, d) in rows(transport) {
        table.row(vec![
            Cell::text(phase),
            Cell::text(axis),
            Cell::number(Some(t.phase.volume_fraction), ""),
            Cell::number(Some(d.percolating_fraction), ""),
            Cell::number(d.tau_percolating, absent(d)),
            Cell::with_error(
                d.bruggeman_exponent,
                d.bruggeman_exponent_error,
                if d.percolates { "ε too close to 1" } else { "blocked" },
            ),
            Cell::number(d.flux_tortuosity, if d.percolates { "not estimated" } else { "blocked" }),
        ]);
    }
    (!table.rows.is_empty()).then_some(table.note(
        "τ percolating uses the percolating volume fraction instead of the whole one (what PoreSpy and OpenImpala call tau). The square of the flux tortuosity never exceeds τ.",
    ))
}

/// How well the equations were solved.
pub(crate) fn certainty(transport: &BTreeMap<String, TransportResults>) -> Option<Table> {
    let mut table = Table::new("Bounds and residuals")
        .words("phase")
        .words("axis")
        .words("bounds of the discrete τ")
        .words("bounds of τ, voxel geometry")
        .numbers("residual", "")
        .numbers("flux imbalance", "");
    let interval = |b: Option<[f64; 2]>, digits: usize| {
        b.map_or(Cell::Word("not computed"), |[low, high]| Cell::text(format!("{low:.digits$} to {high:.digits$}")))
    };
    for (phase, _, axis, d) in rows(transport) {
        table.row(vec![
            Cell::text(phase),
            Cell::text(axis),
            interval(d.tau_bounds, 6),
            interval(d.tau_voxel_geometry_bounds, 4),
            Cell::power(d.residual, "–"),
            Cell::power(d.flux_imbalance, "–"),
        ]);
    }
    (!table.rows.is_empty()).then_some(table.note(
        "The first bounds hold for the equations that were solved, the second bracket the exact solution on the voxel geometry. The plain voxel model over-estimates the latter, so τ lies above its second bounds; against the true shape the sign is not guaranteed.",
    ))
}

/// What the solution cost.
pub(crate) fn cost(transport: &BTreeMap<String, TransportResults>) -> Option<Table> {
    let mut table = Table::new("Cost")
        .words("phase")
        .words("axis")
        .numbers("unknowns", "")
        .numbers("iterations", "")
        .numbers("setup", "s")
        .numbers("solve", "s")
        .numbers("certify", "s")
        .numbers("peak memory", "")
        .words("device");
    for (phase, _, axis, d) in rows(transport) {
        let seconds = |s: f64| Cell::text(crate::number::trimmed(s, 3));
        table.row(vec![
            Cell::text(phase),
            Cell::text(axis),
            Cell::Count(d.unknowns),
            d.iterations.map_or(Cell::Word("–"), Cell::Count),
            seconds(d.seconds.setup),
            seconds(d.seconds.solve),
            seconds(d.seconds.certify),
            Cell::text(bytes(d.peak_bytes)),
            Cell::text(&d.device),
        ]);
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Conductivities that were given by label, as a phrase.
pub(crate) fn conductivities(transport: &BTreeMap<String, TransportResults>) -> Vec<String> {
    transport
        .iter()
        .filter_map(|(phase, t)| {
            let given = t.phase.conductivities.as_ref()?;
            let list: Vec<String> =
                given.iter().map(|(label, c)| format!("{label} {}", crate::number::brief(*c))).collect();
            Some(format!("Relative conductivities of {phase}: {}.", list.join(", ")))
        })
        .collect()
}
