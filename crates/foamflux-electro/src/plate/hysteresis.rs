//! How much plating and stripping differ at the same charge, in volts and in place.
//!
//! ```text
//! DV_h(Q)  = eta_strip(Q) + |eta_plate(Q)|              full gap of the loop, mean over 10 to 90 % of Q
//! floor    = 2 |eta(j)|                                 what kinetics alone makes of it
//! H_geo    = 1/(2 V_Li) int |f_plate(Q) - f_strip(Q)| dV  0: lithium lies where it lay at the same charge
//! ```

use super::PlateStep;

/// Part of the charge over which the gap is averaged.
const FROM_TO: [f64; 2] = [0.1, 0.9];
/// Charges at which the two curves are compared.
const POINTS: usize = 81;

/// The gap between plating and stripping.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hysteresis {
    /// Mean gap in V.
    pub gap: f64,
    /// What the kinetics of the mean local current alone makes of it, in V.
    pub kinetic_floor: f64,
    /// Charges between which the mean was taken, in C/m2.
    pub range: [f64; 2],
}

/// The gap of one cycle; none where the two halves have no charge in common.
#[must_use]
pub fn voltage_hysteresis(steps: &[PlateStep], cycle: u32) -> Option<Hysteresis> {
    let curve = |stripping: bool, value: fn(&PlateStep) -> f64| -> Vec<[f64; 2]> {
        let mut points: Vec<[f64; 2]> = steps
            .iter()
            .filter(|s| s.cycle == cycle && s.stripping == stripping)
            .map(|s| [s.charge, value(s).abs()])
            .collect();
        points.sort_by(|a, b| a[0].total_cmp(&b[0]));
        points
    };
    let (plate, strip) = (curve(false, |s| s.overpotential), curve(true, |s| s.overpotential));
    let (plate_k, strip_k) = (curve(false, |s| s.kinetic), curve(true, |s| s.kinetic));
    let ends = |c: &[[f64; 2]]| Some([c.first()?[0], c.last()?[0]]);
    let (a, b) = (ends(&plate)?, ends(&strip)?);
    let most = a[1].max(b[1]);
    let range = [a[0].max(b[0]).max(FROM_TO[0] * most), a[1].min(b[1]).min(FROM_TO[1] * most)];
    if range[1].partial_cmp(&range[0]) != Some(std::cmp::Ordering::Greater) {
        return None;
    }
    let mean = |p: &[[f64; 2]], s: &[[f64; 2]]| {
        let at = |k: usize| range[0] + (range[1] - range[0]) * k as f64 / (POINTS - 1) as f64;
        (0..POINTS).map(|k| interpolated(p, at(k)) + interpolated(s, at(k))).sum::<f64>() / POINTS as f64
    };
    Some(Hysteresis { gap: mean(&plate, &strip), kinetic_floor: mean(&plate_k, &strip_k), range })
}

/// A value between the points of a curve, which are in order.
fn interpolated(points: &[[f64; 2]], at: f64) -> f64 {
    let k = points.partition_point(|p| p[0] < at);
    match (k.checked_sub(1).and_then(|k| points.get(k)), points.get(k)) {
        (Some(&[x0, y0]), Some(&[x1, y1])) if x1 > x0 => y0 + (y1 - y0) * (at - x0) / (x1 - x0),
        (Some(p), _) | (None, Some(p)) => p[1],
        (None, None) => f64::NAN,
    }
}

/// Geometric hysteresis of two states of the same charge: half of the volume by which they differ over that of the lithium.
#[must_use]
pub fn geometric_hysteresis(plating: &[f32], stripping: &[f32]) -> f64 {
    let total: f64 = plating.iter().map(|&f| f64::from(f)).sum();
    let differ: f64 = plating.iter().zip(stripping).map(|(&a, &b)| f64::from((a - b).abs())).sum();
    if total > 0.0 { differ / (2.0 * total) } else { 0.0 }
}
