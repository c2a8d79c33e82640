//! Who leads in what, and whether that is sure.

use foamflux_results::{Better, CompareResults, ComparedHost, MetricInfo};

use crate::number::{Medium, Number};
use crate::tables::{Cell, Table};

/// One row per headline metric that has a good direction and two hosts or more; `None` where there is none.
pub(super) fn leads(r: &CompareResults, medium: Medium) -> Option<Table> {
    let mut table = Table::new("Who leads, and is it sure?")
        .words("in")
        .words("leads")
        .words("with")
        .words("significantly ahead of")
        .words("not told apart from");
    let mut any = false;
    for metric in r.metrics.iter().filter(|m| m.headline) {
        let Some(row) = row(r, metric, medium) else { continue };
        table.row(row.into_iter().map(Cell::text).collect());
        any = true;
    }
    let excluded: Vec<&str> = r.hosts.iter().filter(|h| h.not_comparable.is_some()).map(|h| h.name.as_str()).collect();
    let note = match excluded.as_slice() {
        [] => String::new(),
        names => format!(" Measured and not ranked: {}.", names.join(", ")),
    };
    any.then(|| {
        table.note(format!(
            "Leading is having the best mean; significant is beyond the errors of both. Unknown: one replicate.{note}"
        ))
    })
}

fn row(r: &CompareResults, metric: &MetricInfo, medium: Medium) -> Option<[String; 5]> {
    let sign = match metric.better {
        Better::Higher => 1.0,
        Better::Lower => -1.0,
        Better::Neither => return None,
    };
    let value = |h: &ComparedHost| h.values.get(&metric.key).map(|q| q.value);
    let ranked: Vec<&ComparedHost> =
        r.hosts.iter().filter(|h| h.not_comparable.is_none() && value(h).is_some()).collect();
    if ranked.len() < 2 {
        return None;
    }
    let good = |h: &ComparedHost| sign * value(h).unwrap_or(f64::NAN);
    let first = *ranked.iter().max_by(|a, b| good(a).total_cmp(&good(b)))?;
    let (mut ahead, mut alike) = (Vec::new(), Vec::new());
    for other in ranked.iter().filter(|h| h.name != first.name) {
        match significant(r, &first.name, &other.name, &metric.key) {
            Some(true) => ahead.push(other.name.clone()),
            Some(false) => alike.push(other.name.clone()),
            None => alike.push(format!("{} (unknown)", other.name)),
        }
    }
    let q = first.values.get(&metric.key)?;
    let f = metric.shown_factor;
    let number = Number::with_error(q.value * f, q.error.total.map(|e| e * f)).show(medium);
    let group = if metric.group.starts_with("equal") { format!(", {}", metric.group) } else { String::new() };
    let way = if sign > 0.0 { "most" } else { "least" };
    let list = |names: &[String]| if names.is_empty() { "\u{2013}".to_owned() } else { names.join(", ") };
    Some([
        format!("{way} {}{group}", metric.name),
        first.name.clone(),
        format!("{number} {}", metric.shown_unit).trim_end().to_owned(),
        list(&ahead),
        list(&alike),
    ])
}

/// Whether two hosts differ significantly in a metric, whichever stands first in the pair.
fn significant(r: &CompareResults, a: &str, b: &str, key: &str) -> Option<bool> {
    let pair = r.pairs.iter().find(|p| (p.a == a && p.b == b) || (p.a == b && p.b == a))?;
    pair.metrics.get(key)?.significant
}
