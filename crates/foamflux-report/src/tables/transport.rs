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
        .numbers("Bruggeman p", "");
    for (phase, t, axis, d) in rows(transport) {
        table.row(vec![
            Cell::text(phase),
            Cell::text(axis),
            Cell::number(Some(t.phase.volume_fraction), ""),
            Cell::number(Some(d.percolating_fraction), ""),
            Cell::number(d.tau_percolating, absent(d)),
            Cell::with_error(
                d.bruggeman_exponent,
                exponent_error(t.phase.volume_fraction, d),
                if d.percolates { "ε too close to 1" } else { "blocked" },
            ),
        ]);
    }
    (!table.rows.is_empty()).then_some(table.note(
        "τ percolating uses the percolating volume fraction instead of the whole one (what PoreSpy and OpenImpala call tau).",
    ))
}

/// What the total error of tau does to the exponent: that of the solver alone would say too little.
fn exponent_error(eps: f64, d: &DirectionResults) -> Option<f64> {
    Some((d.error.total? / (d.tau? * eps.ln())).abs()).filter(|e| e.is_finite())
}

/// What an impedance measurement of the same electrode sees, beside what flows through.
pub(crate) fn electrodes(transport: &BTreeMap<String, TransportResults>) -> Option<Table> {
    let mut table = Table::new("Electrode with blocking walls")
        .words("phase")
        .words("axis")
        .numbers("τ", "")
        .numbers("τ_e", "")
        .numbers("not percolating", "%")
        .numbers("not reached", "%")
        .numbers("wall area", "")
        .words("collector");
    for (phase, t, axis, d) in rows(transport) {
        let Some(e) = &d.electrode else { continue };
        let rest = |fraction: f64| {
            let share = 100.0 * (1.0 - fraction / t.phase.volume_fraction).max(0.0);
            Cell::Number(crate::number::Number::significant(if share.is_finite() { share } else { 100.0 }, 3))
        };
        let area = match (e.electrode.interfacial_area_m2, e.electrode.interfacial_area_vox) {
            (Some(area), _) => Cell::text(format!("{} µm²", crate::number::brief(1e12 * area))),
            (_, Some(area)) => Cell::text(format!("{} vox²", crate::number::brief(area))),
            _ => Cell::Word("–"),
        };
        table.row(vec![
            Cell::text(phase),
            Cell::text(axis),
            Cell::with_error(d.tau, d.error.total, absent(d)),
            Cell::with_error(e.tau_e, e.tau_e_error.total, "none"),
            rest(d.percolating_fraction),
            rest(e.separator_connected_fraction),
            area,
            Cell::text(format!("{} slice", e.electrode.collector)),
        ]);
    }
    (!table.rows.is_empty()).then_some(
        table
            .note("τ_e = 3 Re Z(0) ε κ A / L: the resistance at zero frequency of an electrode whose walls block, dead ends included; ε is the whole volume fraction, as for τ. Not reached: share of the phase that no path joins to the separator.")
            .note("τ_e is not a pure transport number: wall area that is graded over the depth changes it, even to below 1.")
            .note("It takes the conductor for ideal. Where its effective conductivity does not exceed the electrolyte's by far, the measured resistance is (R_ion + R_el) / 3."),
    )
}

/// Why there is no tau_e, one sentence per phase and direction.
pub(crate) fn no_electrode(transport: &BTreeMap<String, TransportResults>) -> Vec<String> {
    rows(transport)
        .filter_map(|(phase, _, axis, d)| {
            let reason = d.electrode.as_ref()?.electrode.reason.as_ref()?;
            Some(format!("{phase} along {axis}: no τ_e, as {reason}."))
        })
        .collect()
}

/// How paths run, and where the loss sits.
pub(crate) fn paths(transport: &BTreeMap<String, TransportResults>) -> Option<Table> {
    let mut table = Table::new("Paths and throats")
        .words("phase")
        .words("axis")
        .numbers("T_geo", "")
        .numbers("median", "")
        .numbers("min", "")
        .numbers("T_flux", "")
        .numbers("δ", "")
        .numbers("half loss in", "%");
    for (phase, _, axis, d) in rows(transport) {
        let absent = if d.percolates { "not estimated" } else { "blocked" };
        let geo = d.geometric_tortuosity.as_ref();
        let share = d.half_loss_fraction.map(|f| crate::number::Number::significant(100.0 * f, 3));
        table.row(vec![
            Cell::text(phase),
            Cell::text(axis),
            Cell::with_error(geo.map(|g| g.value), geo.and_then(|g| g.error.total), absent),
            Cell::number(geo.map(|g| g.median), absent),
            Cell::number(geo.map(|g| g.min), absent),
            Cell::number(d.flux_tortuosity, absent),
            Cell::number(d.constrictivity, absent),
            share.map_or(Cell::Word(absent), Cell::Number),
        ]);
    }
    (!table.rows.is_empty()).then_some(table.note(
        "T_geo: mean length of the shortest paths from face to face over the length of the box, in voxels that share faces, with the median and the shortest; its error is against exact shortest paths in the same voxels. T_flux: the same for streamlines, weighted by flux; T_flux² never exceeds τ. Constrictivity δ = T_flux²/τ is 1 for tubes of constant width. The last column is the smallest share of the phase's voxels that holds half of the loss.",
    ))
}

/// tau of the voxel geometry, where voxels were split.
pub(crate) fn refined(transport: &BTreeMap<String, TransportResults>) -> Option<Table> {
    let mut table = Table::new("τ of the voxel geometry, extrapolated over split voxels")
        .words("phase")
        .words("axis")
        .numbers("τ refined", "")
        .numbers("order", "")
        .words("levels: voxels split into, τ");
    for (phase, _, axis, d) in rows(transport) {
        let Some(r) = &d.tau_refined else { continue };
        let levels: Vec<String> = r.levels.iter().map(|l| format!("{}: {:.5}", l.factor.pow(3), l.tau)).collect();
        table.row(vec![
            Cell::text(phase),
            Cell::text(axis),
            Cell::with_error(Some(r.value), r.error.total, ""),
            Cell::text(format!("{:.2}{}", r.order, if r.order_measured { "" } else { " assumed" })),
            Cell::text(levels.join(", ")),
        ]);
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Effective tensors of volumes that repeat themselves.
pub(crate) fn tensors(transport: &BTreeMap<String, TransportResults>) -> Option<Table> {
    let mut table = Table::new("Effective tensor of the volume as a unit cell that repeats itself")
        .words("phase")
        .words("D_eff / D0: xx, yy, zz")
        .words("xy, xz, yz")
        .words("eigenvalue and principal axis (x, y, z)");
    for (phase, results) in transport {
        let Some(t) = &results.effective_tensor else { continue };
        let d = &t.d_eff_relative_xyz;
        let list = |values: [f64; 3]| values.map(|v| format!("{v:.6}")).join(", ");
        let axes: Vec<String> = t
            .eigenvalues
            .iter()
            .zip(&t.principal_axes_xyz)
            .map(|(value, [x, y, z])| format!("{value:.6} ({x:.3}, {y:.3}, {z:.3})"))
            .collect();
        table.row(vec![
            Cell::text(phase),
            Cell::text(list([d[0][0], d[1][1], d[2][2]])),
            Cell::text(list([d[0][1], d[0][2], d[1][2]])),
            Cell::text(axes.join("; ")),
        ]);
    }
    (!table.rows.is_empty()).then_some(table.note(
        "All three pairs of opposite walls are joined. A volume that does not repeat itself is cut where its phases do not meet, so that the diagonal differs from what electrodes at its walls see.",
    ))
}

/// By how much tau of the plain voxel model exceeds the exact one of the same voxels, one sentence per phase.
pub(crate) fn overestimates(transport: &BTreeMap<String, TransportResults>) -> Vec<String> {
    let excess = |tau: f64, of: f64| 100.0 * (tau / of - 1.0);
    let shown = |v: f64| crate::number::trimmed(v, 2);
    transport
        .iter()
        .filter_map(|(phase, t)| {
            let mut best = false;
            let each: Vec<String> = t
                .directions
                .iter()
                .filter_map(|(axis, d)| {
                    let (tau, [low, high]) = d.tau.zip(d.tau_voxel_geometry_bounds)?;
                    let (most, least) = (excess(tau, low), excess(tau, high));
                    if !(most.is_finite() && least.is_finite()) {
                        return None;
                    }
                    let range = format!("between {} and {} %", shown(least), shown(most));
                    Some(match &d.tau_refined {
                        Some(r) => {
                            best = true;
                            format!("{} % along {axis} ({range})", shown(excess(tau, r.value)))
                        }
                        None => format!("{} % along {axis} ({range})", shown(0.5 * (least + most))),
                    })
                })
                .collect();
            let source = if best { "split voxels" } else { "the middle of the range" };
            (!each.is_empty()).then(|| {
                format!(
                    "{}: τ of the plain voxel model over-estimates the exact τ of this voxel geometry by {}; against the true shape the sign is not guaranteed. The ranges are proved bounds, the numbers before them come from {source}.",
                    crate::verdicts::capital(phase),
                    each.join(", ")
                )
            })
        })
        .collect()
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
        "The first bounds hold for the equations that were solved, the second bracket the exact solution on the voxel geometry.",
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
        .numbers("paths", "s")
        .numbers("peak memory", "");
    let mut devices = std::collections::BTreeSet::new();
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
            seconds(d.seconds.geometric),
            Cell::text(bytes(d.peak_bytes)),
        ]);
        devices.insert(d.device.as_str());
    }
    // A column would hold the same words in every row.
    let on = format!("Computed on {}.", devices.into_iter().collect::<Vec<_>>().join(" and "));
    (!table.rows.is_empty()).then_some(table.note(on))
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
