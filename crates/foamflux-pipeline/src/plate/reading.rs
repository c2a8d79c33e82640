//! What a plating says, in the words of who looks at the electrode, and when it should not be believed.

use foamflux_electro::plate::dense_thickness;
use foamflux_grid::{Event, Watch, units};
use foamflux_results::{PlatePoint, PlateResults};

use super::results::{PAPER_CHARGE, PAPER_M};

/// Top tenths with this much more or less than a tenth of the lithium are called uneven.
const UNEVEN: f64 = 0.02;
/// Below this standard deviation over mean a distribution is called even.
const EVEN: f64 = 0.05;
/// Shares below this are not worth a word.
const SMALL: f64 = 0.005;
/// Coverage that counts as all of the surface.
const COVERED: f64 = 0.99;
/// Overpotential in V from which Butler-Volmer overstates what lithium does.
const BUTLER_VOLMER_UP_TO: f64 = 0.15;
/// Share of the pores up to which lithium is spoken of as a coat.
const COAT_UP_TO: f64 = 0.3;
/// Mean coats thinner than this many voxels are not resolved.
const COAT_VOXELS: f64 = 1.0;

pub(super) fn mah(charge_c_per_m2: f64) -> String {
    units::significant(charge_c_per_m2 / 3.6e4, 3)
}

fn percent(x: f64) -> String {
    format!("{} %", units::significant(100.0 * x, 3))
}

fn micro(m: f64) -> String {
    format!("{} \u{b5}m", units::significant(m * 1e6, 3))
}

fn milli(v: f64) -> String {
    format!("{} mV", units::significant(v * 1e3, 3))
}

/// The end of the first plating.
fn peak(r: &PlateResults) -> Option<&PlatePoint> {
    r.half(1, false).last()
}

/// Sentences that a reader of the pictures should know.
pub(super) fn reading(r: &PlateResults) -> Vec<String> {
    let mut out = Vec::new();
    let Some(end) = peak(r) else { return out };
    let t = r.thickness;
    let plated = r.halves.first().map_or(end.capacity_c_per_m2, |h| h.passed_c_per_m2);
    let taken = if t.taken_up > 1.0 - SMALL {
        "the host takes up all of it in its pores".to_owned()
    } else {
        format!("the host takes up {} of it, and the rest lies above it", percent(t.taken_up))
    };
    out.push(format!(
        "{} mAh/cm\u{b2} of dense lithium are {} on a foil (4.85 \u{b5}m for each mAh/cm\u{b2}); {taken}: the electrode is {} thick, {} of it the host.",
        mah(plated),
        micro(t.foil_m),
        micro(t.electrode_m),
        micro(t.host_m),
    ));
    let paper = dense_thickness(PAPER_CHARGE);
    out.push(format!(
        "The composite of the source paper is {} at 10 mAh/cm\u{b2}, of which {} would be dense lithium ({}). This box is {} deep{} and its pores are filled to {}: compare the share of lithium, not the thickness of a box.",
        micro(PAPER_M),
        micro(paper),
        percent(paper / PAPER_M),
        micro(t.host_m),
        if t.host_m > PAPER_M {
            let share = t.foil_m / PAPER_M;
            if share < 1.0 {
                format!(" (in {} of it the same charge would be {})", micro(PAPER_M), percent(share))
            } else {
                String::new()
            }
        } else {
            String::new()
        },
        percent(end.lithium_fraction),
    ));
    // A coat that is as thick as the pores are wide is none: the surface shrinks or grows as lithium does.
    if end.lithium_fraction < COAT_UP_TO {
        out.push(format!(
            "Spread over the surface of the bare host it would be a coat of {}; lithium that grows outward on struts is thinner.",
            micro(t.coat_m)
        ));
    }
    if let Some(top) = end.top_plating_share {
        let words = if top > 0.1 + UNEVEN {
            "top-heavy, lithium piles up towards the separator"
        } else if top < 0.1 - UNEVEN {
            "bottom-up, lithium prefers the depth"
        } else {
            "even in depth"
        };
        out.push(format!(
            "{} of the lithium lies in the top tenth of the host or above it, where 10 % would be even: plating is {words}{}.",
            percent(top),
            if end.above_host_c_per_m2 > SMALL * plated {
                format!("; {} mAh/cm\u{b2} lie above the host, between it and the separator", mah(end.above_host_c_per_m2))
            } else {
                String::new()
            }
        ));
    }
    match r.half(1, false).find(|p| p.coverage >= COVERED) {
        Some(p) if p.capacity_c_per_m2 <= 0.0 => {}
        Some(p) => out.push(format!(
            "Lithium covers 99 % of the host's surface from {} mAh/cm\u{b2} on; until then bare carbon takes part.",
            mah(p.capacity_c_per_m2)
        )),
        None => out.push(format!("At the end lithium covers {} of the host's surface.", percent(end.coverage))),
    }
    let cv = r.half(1, false).map(|p| p.cv).fold(0.0, f64::max);
    if cv < EVEN {
        out.push(format!(
            "Current per true area never varied by more than {}: lithium grows with the surface that the host offers, and geometry does not focus it.",
            percent(cv)
        ));
    }
    if end.blocked_share > SMALL {
        out.push(format!(
            "{} of the electrolyte is cut off from the separator by then: what surrounds it neither plates nor strips.",
            percent(end.blocked_share)
        ));
    }
    for h in &r.hysteresis {
        let geometric = h.geometric.map_or_else(String::new, |g| {
            if g < 2.0 * SMALL {
                format!("; at the same charge lithium lies in the same places but for {}", percent(g))
            } else {
                format!(
                    "; at the same charge {} of the lithium lies in other places when stripping than when plating",
                    percent(g)
                )
            }
        });
        let cycle = if r.cycles > 1 { format!("Cycle {}: ", h.cycle) } else { String::new() };
        out.push(format!(
            "{cycle}{} lie between plating and stripping on average, {} of them kinetics and {} ohmic losses{geometric}.",
            milli(h.voltage_v),
            milli(h.kinetic_floor_v),
            milli(h.voltage_v - h.kinetic_floor_v),
        ));
    }
    if r.balance.geometric_efficiency.is_some() {
        let dead = r.balance.dead_c_per_m2 / r.balance.plated_c_per_m2;
        out.push(if dead < 1e-6 {
            "No lithium lost its contact when it was stripped: geometry alone costs no efficiency here.".to_owned()
        } else {
            format!(
                "{} mAh/cm\u{b2} of lithium lost contact to the collector when stripping (label 7): {} of what was plated, a loss by geometry alone.",
                mah(r.balance.dead_c_per_m2),
                percent(dead)
            )
        });
    }
    let assumed: Vec<&str> = {
        let mut keys: Vec<&str> = r.inputs.iter().filter(|i| i.standing == "assumed").map(|i| i.key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    };
    if !assumed.is_empty() {
        out.push(format!("Assumed, not measured on this sample: {}.", assumed.join(", ")));
    }
    out
}

/// What the numbers cannot say.
pub(super) fn limits(r: &PlateResults) -> Vec<String> {
    let mut out = vec![
        "Lithium is a smooth, dense metal here: no whiskers, no moss, no pores of its own. Dendrites, coulombic efficiency, the interphase and cycle life are not predicted; the geometric efficiency counts lithium without contact and nothing else.".to_owned(),
        "The host is rigid and its frame does not move: pressure, swelling of the host and loss of contact by movement are left out.".to_owned(),
        "The electrolyte has one concentration. Whether that is good enough at this current is answered by 'foamflux current' (depletion, limiting current).".to_owned(),
        "Nucleation enters as an overpotential of bare carbon and an exchange current density by label; both are inputs.".to_owned(),
    ];
    if r.balance.dead_c_per_m2 > 0.0 || r.cycles > 1 {
        out.push("Dead lithium stays dead: later plating that reaches it does not bring it back.".to_owned());
    }
    out.push("One box of one sample: no spread can be quoted from it.".to_owned());
    out
}

/// Warns where the model does not stand.
pub(super) fn warn(r: &PlateResults, watch: &dyn Watch) {
    let warn = |text: String| watch.event(Event::Warning(text));
    let kinetic = r.curve.iter().map(|p| p.overpotential_kinetic_v.abs()).fold(0.0, f64::max);
    let bulk = r
        .curve
        .iter()
        .filter(|p| p.capacity_c_per_m2 > 0.1 * r.capacity_c_per_m2)
        .map(|p| p.overpotential_kinetic_v.abs())
        .fold(0.0, f64::max);
    if bulk > BUTLER_VOLMER_UP_TO {
        warn(format!(
            "the reaction needs up to {}: beyond about 150 mV lithium follows Marcus kinetics and reacts more slowly than Butler-Volmer says",
            milli(kinetic)
        ));
    }
    if let Some(edges) = r.volume.voxel_size_m_xyz {
        let edge = edges.into_iter().fold(f64::INFINITY, f64::min);
        if r.thickness.coat_m < COAT_VOXELS * edge {
            warn(format!(
                "the mean coat of {} is thinner than a voxel of {}: its place is known, its shape is not",
                micro(r.thickness.coat_m),
                micro(edge)
            ));
        }
    }
}
