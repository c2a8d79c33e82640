//! `results.csv`: one header row, one row per sample, units in the header (RFC 4180).
//!
//! The columns are always the same and in the same order, so that tables of several runs can be joined;
//! what does not exist is empty. Phases other than pore and solid add their columns at the end.

use std::collections::BTreeMap;

use foamflux_results::{
    AreaMethods, DirectionResults, ImpedanceResults, RunResults, SpreadInfo, Summary, TagResults, TransportResults,
};

const LABELS: [&str; 10] =
    ["pore", "solid", "fibre", "node", "lithium", "lithiophilic", "separator", "collector", "dead-lithium", "other"];
const AXES: [&str; 3] = ["x", "y", "z"];
/// Phases whose transport columns always exist.
const PHASES: [&str; 2] = ["pore", "solid"];

/// The table of one run.
pub fn csv(results: &RunResults) -> String {
    csv_rows(std::slice::from_ref(results))
}

/// The table of several runs, one row each; transport columns of every phase that any run has.
pub fn csv_rows(runs: &[RunResults]) -> String {
    let mut extra: Vec<&str> =
        runs.iter().flat_map(|r| r.transport.keys().map(String::as_str)).filter(|p| !PHASES.contains(p)).collect();
    extra.sort_unstable();
    extra.dedup();
    let phases: Vec<&str> = PHASES.iter().copied().chain(extra).collect();
    let mut out = String::new();
    if runs.is_empty() {
        return out;
    }
    for (k, run) in runs.iter().enumerate() {
        let fields = fields(run, &phases);
        if k == 0 {
            line(&mut out, fields.iter().map(|(head, _)| head.as_str()));
        }
        line(&mut out, fields.iter().map(|(_, value)| value.as_str()));
    }
    out
}

/// A spectrum, one row per frequency.
#[must_use]
pub fn impedance_csv(r: &ImpedanceResults) -> String {
    let mut out = String::from("frequency_hz,z_real_ohm_m2,z_imag_ohm_m2\n");
    for ((f, re), im) in r.frequency_hz.iter().zip(&r.z_real_ohm_m2).zip(&r.z_imag_ohm_m2) {
        out.push_str(&format!("{f:e},{re:e},{im:e}\n"));
    }
    out
}

/// Values by slice, one row per phase, direction and slice, from the inlet on; empty where there are none.
pub fn profile_csv(transport: &BTreeMap<String, TransportResults>) -> String {
    const HEAD: [&str; 10] = [
        "phase",
        "axis",
        "slice",
        "depth [m]",
        "area_fraction [1]",
        "percolating_fraction [1]",
        "potential [1]",
        "dissipation_share [1]",
        "resistance_relative [1]",
        "depth [voxels]",
    ];
    let mut out = String::new();
    for (phase, results) in transport {
        for (axis, p) in results.directions.iter().filter_map(|(axis, d)| Some((axis, d.profile.as_ref()?))) {
            if out.is_empty() {
                line(&mut out, HEAD.into_iter());
            }
            for k in 0..p.depth_vox.len() {
                let at = |values: &[f64]| number(values.get(k).copied());
                let row = [
                    phase.clone(),
                    axis.clone(),
                    k.to_string(),
                    number(p.depth_m.as_ref().and_then(|d| d.get(k)).copied()),
                    at(&p.area_fraction),
                    at(&p.percolating_fraction),
                    at(&p.potential),
                    at(&p.dissipation_share),
                    at(&p.resistance_relative),
                    at(&p.depth_vox),
                ];
                line(&mut out, row.iter().map(String::as_str));
            }
        }
    }
    out
}

pub(crate) fn line<'a>(out: &mut String, fields: impl Iterator<Item = &'a str>) {
    let quoted: Vec<String> = fields.map(quote).collect();
    out.push_str(&quoted.join(","));
    out.push_str("\r\n");
}

fn quote(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) || field.starts_with(' ') || field.ends_with(' ') {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// A number in the shortest form that reads back to the same value; empty where there is none.
pub(crate) fn number(value: Option<f64>) -> String {
    match value {
        Some(v) if v.is_finite() && (v == 0.0 || (1e-4..1e15).contains(&v.abs())) => v.to_string(),
        Some(v) if v.is_finite() => format!("{v:e}"),
        _ => String::new(),
    }
}

fn fields(r: &RunResults, phases: &[&str]) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    let mut put = |head: &str, value: String| out.push((head.to_owned(), value));
    put("sample", r.sample.clone());
    put("input", r.input.path.clone());
    put("version", r.program.version.clone());
    put("finished_utc", r.finished_utc.clone());
    put("device", r.device.clone());
    for (k, axis) in AXES.iter().enumerate() {
        put(&format!("shape_{axis} [voxels]"), r.volume.shape_zyx[2 - k].to_string());
    }
    for (k, axis) in AXES.iter().enumerate() {
        put(&format!("voxel_size_{axis} [m]"), number(r.volume.voxel_size_m_xyz.map(|v| v[k])));
    }
    put("voxel_size_source", r.volume.voxel_size_source.clone());
    put("segmentation_method", r.segment.as_ref().map_or_else(String::new, |s| s.method.clone()));

    let m = r.measure.as_ref();
    for label in LABELS {
        let fraction = m.and_then(|m| m.phases.get(label)).map(|p| p.volume_fraction);
        put(&format!("volume_fraction_{} [1]", label.replace('-', "_")), number(fraction));
    }
    for phase in PHASES {
        let count = m.and_then(|m| m.components.get(phase)).map(u64::to_string);
        put(&format!("components_{phase} [1]"), count.unwrap_or_default());
    }
    put("euler_number_solid [1]", m.and_then(|m| m.euler_number.get("solid")).map(i64::to_string).unwrap_or_default());

    let surface = m.and_then(|m| m.surface.as_ref());
    let metric = surface.and_then(|s| s.area_per_volume_per_m.as_ref());
    let voxels = surface.and_then(|s| s.area_per_volume_per_vox.as_ref());
    for (methods, unit) in [(metric, "1/m"), (voxels, "1/voxel")] {
        put(&format!("area_per_volume [{unit}]"), number(methods.map(|a| a.recommended)));
        let error = surface.and_then(|s| s.error.total).filter(|_| methods.is_some());
        put(&format!("area_per_volume_error [{unit}]"), number(error));
        let by_name = methods.map(|a: &AreaMethods| [a.crofton, a.weighted_faces, a.marching_cubes, a.faces]);
        for (k, name) in ["crofton", "weighted_faces", "marching_cubes", "faces"].iter().enumerate() {
            put(&format!("area_per_volume_{name} [{unit}]"), number(by_name.map(|values| values[k])));
        }
    }
    put("area_method", surface.map_or_else(String::new, |s| s.recommended_method.clone()));
    put("area [m2]", number(surface.and_then(|s| s.area_m2)));
    put("specific_surface [m2/g]", number(surface.and_then(|s| s.specific_surface_m2_per_g)));
    for axis in AXES {
        put(&format!("area_ratio_{axis} [1]"), number(surface.and_then(|s| s.area_ratio.get(axis)).copied()));
    }
    let sizes: [(&str, Option<Summary>, &str); 4] = [
        ("thickness", m.and_then(|m| m.thickness_m), "m"),
        ("thickness", m.and_then(|m| m.thickness_vox), "voxels"),
        ("pore_size", m.and_then(|m| m.pore_size_m), "m"),
        ("pore_size", m.and_then(|m| m.pore_size_vox), "voxels"),
    ];
    for (name, s, unit) in sizes {
        let of: [(&str, Option<f64>); 5] = [
            ("mean", s.map(|s| s.mean)),
            ("median", s.map(|s| s.median)),
            ("std", s.map(|s| s.std)),
            ("p05", s.map(|s| s.p05)),
            ("p95", s.map(|s| s.p95)),
        ];
        for (part, value) in of {
            put(&format!("{name}_{part} [{unit}]"), number(value));
        }
    }
    network(&mut out, r.tag.as_ref());
    for phase in phases {
        for axis in AXES {
            transport(&mut out, phase, axis, r.transport.get(*phase));
        }
    }
    out.push(("warnings".to_owned(), r.warnings.len().to_string()));
    out.push(("seconds_total [s]".to_owned(), number(Some(r.seconds_total))));
    out
}

fn network(out: &mut Vec<(String, String)>, t: Option<&TagResults>) {
    let mut put = |head: &str, value: Option<f64>| out.push((head.to_owned(), number(value)));
    put("nodes [1]", t.map(|t| t.nodes.count as f64));
    put("node_density [1/m3]", t.and_then(|t| t.nodes.density_per_m3));
    put("coordination_mean [1]", t.and_then(|t| t.nodes.coordination_mean));
    put("node_share_of_solid [1]", t.map(|t| t.node_share_of_solid));
    put("node_share_of_solid_error [1]", t.and_then(|t| t.node_share_error.total));
    put("fibres [1]", t.map(|t| t.fibres.count as f64));
    put("fibre_order_parameter [1]", t.map(|t| t.fibres.order_parameter));
    let sizes: [(&str, Option<SpreadInfo>, &str); 4] = [
        ("fibre_diameter", t.and_then(|t| t.fibres.diameter_m), "m"),
        ("fibre_diameter", t.and_then(|t| t.fibres.diameter_vox), "voxels"),
        ("fibre_length", t.and_then(|t| t.fibres.length_m), "m"),
        ("fibre_length", t.and_then(|t| t.fibres.length_vox), "voxels"),
    ];
    for (name, s, unit) in sizes {
        put(&format!("{name}_mean [{unit}]"), s.map(|s| s.mean));
        put(&format!("{name}_mean_error [{unit}]"), s.and_then(|s| s.error.total));
        put(&format!("{name}_median [{unit}]"), s.map(|s| s.median));
        put(&format!("{name}_std [{unit}]"), s.map(|s| s.std));
    }
}

fn transport(out: &mut Vec<(String, String)>, phase: &str, axis: &str, results: Option<&TransportResults>) {
    let d = results.and_then(|t| t.directions.get(axis));
    let name = format!("{phase}_{axis}");
    let percolates = d.map(|d| d.percolates.to_string()).unwrap_or_default();
    out.push((format!("percolates_{name}"), percolates));
    let electrode = d.and_then(|d| d.electrode.as_ref());
    let values: [(&str, Option<f64>); 17] = [
        ("percolating_fraction", d.map(|d| d.percolating_fraction)),
        ("tau", d.and_then(|d| d.tau)),
        ("tau_error", d.and_then(|d: &DirectionResults| d.error.total)),
        ("tau_minus_one", d.and_then(|d| d.tau_minus_one)),
        ("d_eff_relative", d.map(|d| d.d_eff_relative)),
        ("macmullin", d.and_then(|d| d.macmullin)),
        ("bruggeman_exponent", d.and_then(|d| d.bruggeman_exponent)),
        ("tau_percolating", d.and_then(|d| d.tau_percolating)),
        ("tau_refined", d.and_then(|d| d.tau_refined.as_ref()).map(|r| r.value)),
        ("geometric_tortuosity", d.and_then(|d| d.geometric_tortuosity).map(|g| g.value)),
        ("flux_tortuosity", d.and_then(|d| d.flux_tortuosity)),
        ("constrictivity", d.and_then(|d| d.constrictivity)),
        ("half_loss_fraction", d.and_then(|d| d.half_loss_fraction)),
        ("tau_e", electrode.and_then(|e| e.tau_e)),
        ("tau_e_error", electrode.and_then(|e| e.tau_e_error.total)),
        ("tau_e_connected", electrode.and_then(|e| e.electrode.tau_e_connected)),
        ("separator_connected_fraction", electrode.map(|e| e.separator_connected_fraction)),
    ];
    for (part, value) in values {
        out.push((format!("{part}_{name} [1]"), number(value)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        assert_eq!(quote("plain"), "plain");
        assert_eq!(quote("a,b"), "\"a,b\"");
        assert_eq!(quote("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(quote("two\nlines"), "\"two\nlines\"");
    }

    #[test]
    fn numbers_read_back_to_the_same_value() {
        for v in [1.180_340_000_1, 1.3e-6, -2.5e-9, 6.02e23, 0.0] {
            let back: f64 = number(Some(v)).parse().unwrap();
            assert_eq!(back.to_bits(), v.to_bits());
        }
        assert_eq!(number(Some(f64::NAN)), "");
        assert_eq!(number(None), "");
    }
}
