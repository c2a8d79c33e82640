//! Charts of plating and stripping: the voltage loop, thickness, and where lithium lies.

use foamflux_results::{PlatePoint, PlateResults};

use super::MAH;
use crate::figures::{Profile, Series, profile};

fn points(r: &PlateResults, cycle: u32, stripping: bool, value: impl Fn(&PlatePoint) -> f64) -> Vec<[f64; 2]> {
    r.half(cycle, stripping).map(|p| [p.capacity_c_per_m2 / MAH, value(p)]).collect()
}

/// Voltages beyond this factor of what nine tenths of the solves stay below are cut: the last lithium runs away.
const CUT: f64 = 2.0;

/// The voltage in V at which the chart is cut.
fn cut(r: &PlateResults) -> f64 {
    let mut all: Vec<f64> = r.curve.iter().map(|p| p.overpotential_v.abs()).filter(|v| v.is_finite()).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() * 9 / 10).map_or(f64::INFINITY, |v| CUT * v)
}

/// Potential of the electrode against lithium, plated and stripped; of the last cycle as well where there are several. SVG.
#[must_use]
pub fn voltage(r: &PlateResults) -> String {
    // Positive overpotential plates, which pulls the electrode below lithium.
    let most = cut(r);
    let millivolt = |p: &PlatePoint| -1e3 * p.overpotential_v.clamp(-most, most);
    let (plate, strip) = (points(r, 1, false, millivolt), points(r, 1, true, millivolt));
    let mut last = points(r, r.cycles, false, millivolt);
    last.push([f64::NAN; 2]);
    last.extend(points(r, r.cycles, true, millivolt));
    let name = format!("cycle {}", r.cycles);
    let mut series = vec![Series { name: "plating", points: &plate }];
    if !strip.is_empty() {
        series.push(Series { name: "stripping", points: &strip });
    }
    if r.cycles > 1 {
        series.push(Series { name: &name, points: &last });
    }
    profile(&Profile {
        series: &series,
        title: "voltage against capacity",
        x_label: "lithium in the electrode [mAh/cm²]",
        y_label: "electrode against lithium [mV]",
    })
}

/// Thickness of the electrode beside that of a foil on which the same charge grows. SVG.
#[must_use]
pub fn thickness(r: &PlateResults) -> String {
    let electrode = points(r, 1, false, |p| 1e6 * p.thickness_m);
    // 4.85 um for each mAh/cm2 come from the results, so that no constant of lithium is written twice.
    let per_charge = match r.halves.first() {
        Some(h) if h.passed_c_per_m2 > 0.0 => r.thickness.foil_m / h.passed_c_per_m2,
        _ => 0.0,
    };
    let foil = points(r, 1, false, |p| 1e6 * (r.thickness.host_m + per_charge * p.capacity_c_per_m2));
    profile(&Profile {
        series: &[
            Series { name: "electrode", points: &electrode },
            Series { name: "if all lay on top", points: &foil },
        ],
        title: "thickness against capacity",
        x_label: "lithium in the electrode [mAh/cm²]",
        y_label: "thickness [µm]",
    })
}

/// Lithium by depth at the stages of the first plating: the first, a middle and the last. SVG.
#[must_use]
pub fn depth(r: &PlateResults) -> Option<String> {
    let stages: Vec<_> =
        r.stages.iter().filter(|s| s.cycle == 1 && !s.stripping && s.capacity_c_per_m2 > 0.0).collect();
    let step = r.volume.voxel_size_m_xyz.map(|m| match r.direction.as_str() {
        "x" => m[0],
        "y" => m[1],
        _ => m[2],
    })?;
    let mut shown: Vec<usize> = vec![0, stages.len().checked_sub(1)? / 2, stages.len() - 1];
    shown.dedup();
    let curves: Vec<(String, Vec<[f64; 2]>)> = shown
        .iter()
        .map(|&k| {
            let at = |i: usize| 1e6 * step * (i as f64 + 0.5);
            let name = format!("{} mAh/cm²", crate::number::trimmed(stages[k].capacity_c_per_m2 / MAH, 3));
            (name, stages[k].lithium_by_slice.iter().enumerate().map(|(i, &v)| [at(i), 100.0 * v]).collect())
        })
        .collect();
    let series: Vec<Series<'_>> = curves.iter().map(|(name, points)| Series { name, points }).collect();
    Some(profile(&Profile {
        series: &series,
        title: "lithium by depth",
        x_label: "depth from the separator [µm]",
        y_label: "share of the cross-section [%]",
    }))
}
