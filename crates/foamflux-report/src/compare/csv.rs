//! `compare.csv`: one row per host, SI, for each metric the mean and every part of its error.

use foamflux_results::CompareResults;

use crate::csv::{line, number};

/// The table (RFC 4180); what does not exist is empty.
#[must_use]
pub fn compare_csv(r: &CompareResults) -> String {
    const PARTS: [&str; 5] = ["solver", "resolution", "segmentation", "sampling", "total"];
    let mut out = String::new();
    let mut head: Vec<String> = [
        "host",
        "input",
        "kind",
        "replicates",
        "not_comparable",
        "density [kg/m3]",
        "representative",
        "box_over_length [1]",
    ]
    .map(str::to_owned)
    .into();
    for m in &r.metrics {
        head.push(format!("{} [{}]", m.key, m.unit));
        head.extend(PARTS.iter().map(|part| format!("{}_error_{part} [{}]", m.key, m.unit)));
    }
    line(&mut out, head.iter().map(String::as_str));
    for h in &r.hosts {
        let representative = h.representative.as_ref();
        let mut row = vec![
            h.name.clone(),
            h.input.clone(),
            h.kind.clone(),
            h.replicates.len().to_string(),
            h.not_comparable.clone().unwrap_or_default(),
            number(h.material.as_ref().map(|m| m.density_kg_per_m3)),
            representative.map(|r| r.enough.to_string()).unwrap_or_default(),
            number(representative.map(|r| r.box_over_length)),
        ];
        for m in &r.metrics {
            let q = h.values.get(&m.key);
            row.push(number(q.map(|q| q.value)));
            let e = q.map(|q| q.error).unwrap_or_default();
            row.extend([e.solver, e.resolution, e.segmentation, e.sampling, e.total].map(number));
        }
        line(&mut out, row.iter().map(String::as_str));
    }
    out
}
