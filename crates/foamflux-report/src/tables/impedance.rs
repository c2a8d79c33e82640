//! Tables of an impedance.

use foamflux_results::ImpedanceResults;

use super::{Cell, Table};

/// ohm cm2 of an ohm m2.
const OHM_CM2: f64 = 1e4;
/// Rows that a terminal shows of a spectrum.
const ROWS: usize = 24;

/// The spectrum, or as much of it as a table holds.
pub(crate) fn spectrum(r: &ImpedanceResults) -> Option<Table> {
    if r.frequency_hz.is_empty() {
        return None;
    }
    let mut table = Table::new("Impedance per cross-section [ohm cm²]")
        .numbers("frequency", "Hz")
        .numbers("Re Z", "")
        .numbers("-Im Z", "")
        .numbers("|Z|", "")
        .numbers("phase", "°");
    let every = r.frequency_hz.len().div_ceil(ROWS);
    for k in (0..r.frequency_hz.len()).step_by(every) {
        let (re, im) = (r.z_real_ohm_m2[k], r.z_imag_ohm_m2[k]);
        let row = [r.frequency_hz[k], OHM_CM2 * re, -OHM_CM2 * im, OHM_CM2 * re.hypot(im), im.atan2(re).to_degrees()];
        table.row(row.iter().map(|&v| Cell::number(Some(v), "")).collect());
    }
    Some(table)
}

/// The parts of the distribution.
pub(crate) fn relaxation(r: &ImpedanceResults) -> Option<Table> {
    let d = r.relaxation_times.as_ref()?;
    let mut table = Table::new("Relaxation times").words("quantity").numbers("value", "").words("unit");
    let mut row = |name: &str, value: f64, unit: &str| {
        table.row(vec![Cell::text(name), Cell::number(Some(value), ""), Cell::text(unit)]);
    };
    row("series resistance", OHM_CM2 * d.series_ohm_m2, "ohm cm²");
    row("polarisation", OHM_CM2 * d.polarisation_ohm_m2, "ohm cm²");
    for tau in d.peaks_tau_s.iter().take(4) {
        row("peak at", *tau, "s");
    }
    row("penalty", d.strength, "");
    row("misfit / |Z|", d.misfit, "");
    Some(table.note("Tikhonov on curvature, non-negative, strength by cross-validation"))
}
