//! `plate.csv`: one row per solve, SI, units in the header.

use foamflux_results::{PlatePoint, PlateResults};

/// The head of a column, and its value.
type Column = (&'static str, fn(&PlatePoint) -> Option<f64>);

/// All of them, in order.
const COLUMNS: [Column; 18] = [
    ("capacity [C/m2]", |p| Some(p.capacity_c_per_m2)),
    ("capacity [mAh/cm2]", |p| Some(p.capacity_c_per_m2 / super::MAH)),
    ("overpotential [V]", |p| Some(p.overpotential_v)),
    ("overpotential_kinetic [V]", |p| Some(p.overpotential_kinetic_v)),
    ("lithium_fraction [1]", |p| Some(p.lithium_fraction)),
    ("top_plating_share [1]", |p| p.top_plating_share),
    ("top_current_share [1]", |p| Some(p.top_current_share)),
    ("coverage [1]", |p| Some(p.coverage)),
    ("thickness [m]", |p| Some(p.thickness_m)),
    ("blocked_share [1]", |p| Some(p.blocked_share)),
    ("cv [1]", |p| Some(p.cv)),
    ("j99 [1]", |p| Some(p.j99)),
    ("current_density [A/m2]", |p| Some(p.current_density_a_per_m2)),
    ("area_ratio [1]", |p| Some(p.area_ratio)),
    ("above_host [C/m2]", |p| Some(p.above_host_c_per_m2)),
    ("dead [C/m2]", |p| Some(p.dead_c_per_m2)),
    ("charge_error [1]", |p| Some(p.charge_error)),
    ("slice_error [1]", |p| Some(p.slice_error)),
];

/// The curve as a table.
#[must_use]
pub fn plate_csv(r: &PlateResults) -> String {
    let mut out = String::from("cycle,half");
    for (head, _) in COLUMNS {
        out.push(',');
        out.push_str(head);
    }
    out.push('\n');
    for p in &r.curve {
        out.push_str(&format!("{},{}", p.cycle, if p.stripping { "strip" } else { "plate" }));
        for (_, value) in COLUMNS {
            out.push(',');
            if let Some(v) = value(p) {
                out.push_str(&format!("{v:e}"));
            }
        }
        out.push('\n');
    }
    out
}
