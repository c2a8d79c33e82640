//! Charts of results, well formed whatever the numbers are.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeMap;

use common::{direction, full, stopped, summary, transport};
use foamflux_report::figures::{Strip, summary_strips, tau_bars};

/// The attribute of the first element with a class, after a position.
fn attribute(svg: &str, class: &str, name: &str, nth: usize) -> f64 {
    let element = svg.split(&format!("class=\"{class}\"")).nth(nth + 1).unwrap();
    let value = element.split(&format!(" {name}=\"")).nth(1).unwrap();
    value[..value.find('"').unwrap()].parse().unwrap()
}

fn assert_sound(svg: &str) {
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
}

#[test]
fn bars_are_as_tall_as_tau_minus_one() {
    let t = transport("pore", vec![0], 0.8, [direction(1.1, 0.8, 0.01), direction(1.2, 0.8, 0.01), stopped()]);
    let svg = tau_bars(&BTreeMap::from([("pore".to_owned(), t)]));
    assert_sound(&svg);
    let (x, y) = (attribute(&svg, "a", "height", 0), attribute(&svg, "a", "height", 1));
    // Coordinates are written with two decimals.
    assert!((y / x - 2.0).abs() < 1e-3, "{x} {y}");
    assert!(svg.contains("blocked"));
}

#[test]
fn odd_numbers_and_names_are_drawn() {
    let mut r = full();
    let odd = r.transport.get_mut("pore").unwrap();
    for d in odd.directions.values_mut() {
        (d.tau_minus_one, d.error.total) = (Some(f64::NAN), Some(f64::INFINITY));
    }
    let t = r.transport["solid"].clone();
    r.transport.insert("<b>&".into(), t);
    let svg = tau_bars(&r.transport);
    assert_sound(&svg);
    assert!(svg.contains("&lt;b&gt;&amp;") && !svg.contains("<b>"));
    assert_sound(&tau_bars(&BTreeMap::new()));

    let mut broken = summary(3.0);
    broken.std = f64::NAN;
    let strips = [Strip { name: "fibre", summary: summary(6.2) }, Strip { name: "odd", summary: broken }];
    assert_sound(&summary_strips(&strips, "Thickness", "µm"));
    assert_sound(&summary_strips(&[], "Thickness", "µm"));
}
