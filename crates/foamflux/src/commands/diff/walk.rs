//! Two trees of results side by side.
//!
//! A number has an error where its object has one (`value`, `tau`, ... beside `error`), which is the contract's way.
//! Two numbers agree within their errors where the intervals `a ± error` and `b ± error` meet.

use serde_json::{Map, Value, json};

/// Keys that the `error` beside them is about.
const STATED: [&str; 7] =
    ["value", "tau", "tau_minus_one", "mean", "volume_fraction", "density_per_m3", "density_per_vox3"];
/// The recommended number of these is what the `error` beside them is about.
const RECOMMENDED: [&str; 2] = ["area_per_volume_per_m", "area_per_volume_per_vox"];
/// What the work cost and when it was done; where to find files.
const EFFORT: [&str; 16] = [
    "seconds",
    "seconds_total",
    "peak_bytes",
    "peak_memory_bytes",
    "finished_utc",
    "iterations",
    "linear_iterations",
    "newton_steps",
    "salt_iterations",
    "rounds",
    "residual",
    "flux_imbalance",
    "last_change",
    "figures",
    "files",
    "device",
];

/// Reading a number from JSON may move its last binary digit, and twice so where it was written again in between.
const LAST_DIGIT: f64 = 2.0 * f64::EPSILON;

/// Something that is not the same.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    /// Keys from the root with dots.
    pub(super) path: String,
    pub(super) a: Value,
    pub(super) b: Value,
    /// Difference over the larger of the two.
    pub(super) relative: Option<f64>,
    /// Whether the stated errors explain it; `None` where none are stated.
    pub(super) within: Option<bool>,
    /// Of lists: how many items differ, and of how many. Then `a` and `b` are those that differ most.
    pub(super) items: Option<[usize; 2]>,
}

impl Difference {
    pub(super) fn json(&self) -> Value {
        json!({
            "path": self.path, "a": self.a, "b": self.b, "relative": self.relative,
            "within_stated_errors": self.within, "items": self.items,
        })
    }
}

/// Everything that differs, in the order of the first tree.
pub(super) fn differences(a: &Value, b: &Value, all: bool) -> Vec<Difference> {
    let mut walk = Walk { all, out: Vec::new() };
    walk.visit("", a, b, None);
    walk.out
}

struct Walk {
    all: bool,
    out: Vec<Difference>,
}

/// Absolute errors of two numbers.
type Errors = Option<[f64; 2]>;

impl Walk {
    fn visit(&mut self, path: &str, a: &Value, b: &Value, errors: Errors) {
        match (a, b) {
            (Value::Object(x), Value::Object(y)) => self.objects(path, x, y),
            (Value::Array(x), Value::Array(y)) if numbers(x) && numbers(y) && x.len() == y.len() && x.len() > 3 => {
                self.lists(path, x, y);
            }
            (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
                for (k, (a, b)) in x.iter().zip(y).enumerate() {
                    self.visit(&format!("{path}.{k}"), a, b, None);
                }
            }
            _ if same(a, b) => {}
            _ => {
                let relative = a.as_f64().zip(b.as_f64()).map(|(a, b)| relative(a, b));
                let within = match (a.as_f64(), b.as_f64(), errors) {
                    (Some(a), Some(b), Some([x, y])) => Some((a - b).abs() <= x + y),
                    _ => None,
                };
                let (a, b) = (a.clone(), b.clone());
                self.out.push(Difference { path: path.to_owned(), a, b, relative, within, items: None });
            }
        }
    }

    fn objects(&mut self, path: &str, x: &Map<String, Value>, y: &Map<String, Value>) {
        let total = |map: &Map<String, Value>| map.get("error")?.get("total")?.as_f64();
        let errors = total(x).zip(total(y)).map(|(a, b)| [a, b]);
        let all = self.all;
        let keys = x.keys().chain(y.keys().filter(|k| !x.contains_key(*k)));
        for key in keys.filter(move |k| all || !EFFORT.contains(&k.as_str())) {
            let (a, b) = (x.get(key).unwrap_or(&Value::Null), y.get(key).unwrap_or(&Value::Null));
            let place = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            if RECOMMENDED.contains(&key.as_str())
                && let (Value::Object(p), Value::Object(q)) = (a, b)
            {
                for inner in p.keys().chain(q.keys().filter(|k| !p.contains_key(*k))) {
                    let stated = if inner == "recommended" { errors } else { None };
                    let null = &Value::Null;
                    let (a, b) = (p.get(inner).unwrap_or(null), q.get(inner).unwrap_or(null));
                    self.visit(&format!("{place}.{inner}"), a, b, stated);
                }
                continue;
            }
            self.visit(&place, a, b, if STATED.contains(&key.as_str()) { errors } else { None });
        }
    }

    /// Lists of numbers as one line: the item that differs most speaks for them.
    fn lists(&mut self, path: &str, x: &[Value], y: &[Value]) {
        let pairs = || x.iter().zip(y).filter(|(a, b)| !same(a, b));
        let size = |(a, b): &(&Value, &Value)| match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs(),
            _ => f64::INFINITY,
        };
        let Some(worst) = pairs().max_by(|p, q| size(p).total_cmp(&size(q))) else { return };
        let relative = worst.0.as_f64().zip(worst.1.as_f64()).map(|(a, b)| relative(a, b));
        self.out.push(Difference {
            path: path.to_owned(),
            a: worst.0.clone(),
            b: worst.1.clone(),
            relative,
            within: None,
            items: Some([pairs().count(), x.len()]),
        });
    }
}

fn same(a: &Value, b: &Value) -> bool {
    a == b || a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| relative(a, b) <= LAST_DIGIT)
}

fn numbers(list: &[Value]) -> bool {
    list.iter().all(|v| v.is_number() || v.is_null())
}

fn relative(a: f64, b: f64) -> f64 {
    let largest = a.abs().max(b.abs());
    if largest > 0.0 { (a - b).abs() / largest } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(a: &Value, b: &Value) -> Vec<Difference> {
        differences(a, b, false)
    }

    #[test]
    fn equal_trees_and_different_effort_are_no_difference() {
        let a = json!({"tau": 1.5, "seconds": {"solve": 1.0}, "device": "cpu", "x": [1, 2, 3, 4]});
        let b = json!({"tau": 1.5, "seconds": {"solve": 2.0}, "device": "gpu", "x": [1, 2, 3, 4]});
        assert!(found(&a, &b).is_empty());
        assert_eq!(differences(&a, &b, true).len(), 2);
        let next = 1.5 + f64::EPSILON;
        assert!(found(&json!({"tau": 1.5}), &json!({"tau": next})).is_empty(), "the last digit is the reader's");
        assert_eq!(found(&json!({"tau": 1.5}), &json!({"tau": 1.5 + 1e-14})).len(), 1);
    }

    #[test]
    fn errors_explain_what_lies_within_both() {
        let at = |tau: f64, error: f64| json!({"x": {"tau": tau, "macmullin": 2.0 * tau, "error": {"total": error}}});
        let verdict = |a: &Value, b: &Value| {
            let all = found(a, b);
            all.iter().find(|d| d.path == "x.tau").and_then(|d| d.within)
        };
        assert_eq!(verdict(&at(1.50, 0.01), &at(1.52, 0.02)), Some(true));
        assert_eq!(verdict(&at(1.50, 0.01), &at(1.54, 0.02)), Some(false));
        let plain = found(&at(1.50, 0.01), &at(1.52, 0.01));
        let other = plain.iter().find(|d| d.path == "x.macmullin").map(|d| d.within);
        assert_eq!(other, Some(None), "the error is that of tau alone");
        assert!(plain.iter().any(|d| d.relative.is_some_and(|r| (r - 0.02 / 1.52).abs() < 1e-12)));
    }

    #[test]
    fn the_error_of_an_area_is_that_of_the_recommended_one() {
        let at =
            |v: f64| json!({"area_per_volume_per_m": {"faces": 2.0 * v, "recommended": v}, "error": {"total": 0.6}});
        let all = found(&at(10.0), &at(11.0));
        let within: Vec<_> = all.iter().map(|d| (d.path.as_str(), d.within)).collect();
        assert_eq!(within, [("area_per_volume_per_m.faces", None), ("area_per_volume_per_m.recommended", Some(true))]);
    }

    #[test]
    fn lists_are_one_line_and_missing_keys_are_told() {
        let all = found(&json!({"q": [1.0, 2.0, 3.0, 4.0]}), &json!({"q": [1.0, 2.5, 3.1, 4.0], "new": true}));
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].items, Some([2, 4]));
        assert_eq!(all[0].relative, Some(0.2));
        assert_eq!((all[1].path.as_str(), &all[1].a), ("new", &Value::Null));
    }
}
