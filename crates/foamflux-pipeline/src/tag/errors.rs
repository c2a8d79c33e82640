//! Errors of what `tag` reports.
//!
//! - *Resolution*: what voxels do to diameters and lengths of fibres whose truth is known, see the constants.
//! - *Segmentation*: where a node ends is a choice as a threshold is one. The node share is read off for zones
//!   [`KNOWN`] or [`ASSUMED`] smaller and larger, and the larger change counts. A threshold that moves the solid fraction
//!   by a share s moves the volume of fibres of a given length by s, and so their diameter by s / 2.
//! - *Sampling*: means over n fibres are good to std / sqrt(n), counts of n nodes to sqrt(n). Neighbours in a foam are
//!   not independent, which makes counts better than that.

use foamflux_results::{ErrorParts, SpreadInfo, TagResults};

/// Bias of the median area-equivalent diameter in voxel edges: the worst of the generated foams and lattices of struts 3
/// to 10 voxels thick (accuracy table of `foamflux-network`).
const DIAMETER_VOXELS: f64 = 0.15;
/// Bias of the median length in voxel edges, from the same table.
const LENGTH_VOXELS: f64 = 0.5;
/// Uncertainty of a zone radius that the shape shows. On round foams radii are good to 1 %, but nodes that struts only seem
/// to make where they pass each other count as well: with it the node shares of all foams of the accuracy table (up to
/// 5 % off on most, 11 % on random ones with many short struts) lie within their errors.
const KNOWN: f64 = 0.05;
/// Uncertainty of a zone radius that is assumed: lambda from 0.5 to 1 strut diameters around 0.75.
const ASSUMED: f64 = 1.0 / 3.0;

/// Parts of an error with their root of the sum of squares; the parts have different causes.
fn together(parts: ErrorParts) -> ErrorParts {
    let all = [parts.solver, parts.resolution, parts.segmentation, parts.sampling];
    let known: Vec<f64> = all.into_iter().flatten().filter(|e| e.is_finite()).collect();
    let total = (!known.is_empty()).then(|| known.iter().map(|e| e * e).sum::<f64>().sqrt());
    ErrorParts { total, ..parts }
}

fn of_mean(spread: Option<&mut SpreadInfo>, resolution: f64) {
    if let Some(s) = spread {
        let sampling = (s.count > 1).then(|| s.std / (s.count as f64).sqrt());
        s.error = together(ErrorParts { resolution: Some(resolution), sampling, ..ErrorParts::default() });
    }
}

/// Node share of the solid for a zone radius scaled by `scale`, between the shares that are listed.
fn share_at(results: &TagResults, scale: f64) -> Option<f64> {
    let mut table: Vec<(f64, f64)> =
        results.nodes.zone.node_share_by_scale.iter().filter_map(|(k, v)| Some((k.parse().ok()?, *v))).collect();
    table.sort_by(|a, b| a.0.total_cmp(&b.0));
    let after = table.iter().position(|(s, _)| *s >= scale)?;
    let (s1, v1) = table[after];
    let (s0, v0) = table[after.saturating_sub(1)];
    Some(if s1 > s0 { v0 + (v1 - v0) * (scale - s0) / (s1 - s0) } else { v1 })
}

/// Fills in what can be said without a threshold. `edge` is the smallest voxel edge in the unit of the lengths.
pub(super) fn estimate(results: &mut TagResults, edge: f64) {
    let fibres = &mut results.fibres;
    of_mean(fibres.diameter_m.as_mut().or(fibres.diameter_vox.as_mut()), DIAMETER_VOXELS * edge);
    of_mean(fibres.length_m.as_mut().or(fibres.length_vox.as_mut()), LENGTH_VOXELS * edge);
    of_mean(results.nodes.radius_m.as_mut().or(results.nodes.radius_vox.as_mut()), 0.5 * edge);
    let nodes = results.nodes.count as f64;
    if nodes > 0.0 {
        let density = results.nodes.density_per_m3.or(results.nodes.density_per_vox3);
        let sampling = density.map(|d| d / nodes.sqrt());
        results.nodes.error = together(ErrorParts { sampling, ..ErrorParts::default() });
    }

    let zone = &results.nodes.zone;
    let doubt = if zone.rule != "swelling" || results.tags_of_the_file {
        None
    } else if zone.from_profile {
        Some(KNOWN)
    } else {
        Some(ASSUMED)
    };
    let share = results.node_share_of_solid;
    let change = |scale: f64| share_at(results, scale).map(|s| (s - share).abs());
    let segmentation = doubt.and_then(|d| Some(change(1.0 - d)?.max(change(1.0 + d)?)));
    let sampling = (nodes > 0.0).then(|| share / nodes.sqrt());
    results.node_share_error = together(ErrorParts { segmentation, sampling, ..ErrorParts::default() });
    let solid = results.volume_fractions.get("fibre").copied().unwrap_or(0.0)
        + results.volume_fractions.get("node").copied().unwrap_or(0.0);
    for name in ["fibre", "node"] {
        let e = &results.node_share_error;
        let scaled = |part: Option<f64>| part.map(|p| p * solid);
        let parts =
            ErrorParts { segmentation: scaled(e.segmentation), sampling: scaled(e.sampling), ..ErrorParts::default() };
        results.volume_fractions_error.insert(name.to_owned(), together(parts));
    }
}

/// Adds what the band of thresholds does: the solid fraction changes by the share `relative`, strut diameters by `diameter`,
/// in the unit of the lengths.
pub fn add_band(results: &mut TagResults, relative: f64, diameter: Option<f64>) {
    let mean = results.fibres.diameter_m.as_ref().or(results.fibres.diameter_vox.as_ref()).map(|d| d.mean);
    // A diameter without an estimate of its own follows the volume of fibres of a given length.
    let of_diameter = diameter.zip(mean).filter(|(_, mean)| *mean > 0.0).map_or(0.5 * relative, |(d, mean)| d / mean);
    add(results, relative, of_diameter);
}

/// Adds what the choice of the threshold does, which moves the solid fraction by the share `relative`.
pub fn add_threshold(results: &mut TagResults, relative: f64) {
    add(results, relative, 0.5 * relative);
}

fn add(results: &mut TagResults, relative: f64, of_diameter: f64) {
    if !relative.is_finite() || !of_diameter.is_finite() {
        return;
    }
    let plus = |part: Option<f64>, more: f64| Some(part.map_or(more, |p| p.hypot(more)));
    let fibres = &mut results.fibres;
    if let Some(d) = fibres.diameter_m.as_mut().or(fibres.diameter_vox.as_mut()) {
        let segmentation = plus(d.error.segmentation, of_diameter * d.mean);
        d.error = together(ErrorParts { segmentation, ..d.error });
    }
    let mut solid = 0.0;
    for name in ["fibre", "node"] {
        let share = results.volume_fractions.get(name).copied().unwrap_or(0.0);
        solid += share;
        let e = results.volume_fractions_error.entry(name.to_owned()).or_default();
        *e = together(ErrorParts { segmentation: plus(e.segmentation, relative * share), ..*e });
    }
    let pore = together(ErrorParts { segmentation: Some(relative * solid), ..ErrorParts::default() });
    results.volume_fractions_error.insert("pore".to_owned(), pore);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_as_squares_and_unknown_ones_stay_unknown() {
        let e = together(ErrorParts { resolution: Some(3.0), sampling: Some(4.0), ..ErrorParts::default() });
        assert!((e.total.unwrap_or(0.0) - 5.0).abs() < 1e-12 && e.segmentation.is_none());
        assert!(together(ErrorParts::default()).total.is_none());
    }
}
