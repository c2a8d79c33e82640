//! `compare.html`, as its reader uses it.

use std::path::PathBuf;

use serde_json::json;

use super::chromium::Page;
use super::common;
use super::report::{CONTRAST, contrast, decoded, empty, keep, quiet};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("compare_opens_from_disk_and_ranks_first", opens_and_ranks),
    ("compare_shows_every_host_on_one_scale", one_scale),
    ("compare_moves_through_every_host", moves),
    ("compare_prints_and_keeps_its_width_and_contrast", prints_narrow_and_dark),
];

static FOLDER: common::Shared = common::Shared::new();

/// The folder of a comparison of two fibrous hosts and a packing, made once.
fn folder() -> PathBuf {
    let place = FOLDER.folder(|place| {
        let out = place.join("side by side").display().to_string();
        let hosts = ["host:fibre-mat", "host:kelvin-foam,cell_size=32um", "host:sintered-spheres"];
        let mut args = vec!["compare"];
        args.extend(hosts);
        args.extend(["--size", "32", "--seeds", "2", "-q", "-o", &out]);
        common::foamflux(&args).succeeds();
    });
    place.join("side by side")
}

/// Removes what the tests made.
pub(crate) fn clean() {
    FOLDER.remove();
}

fn opened(size: [u32; 2], dark: bool) -> Page {
    let mut page = empty(size, dark);
    page.open_file(&folder().join("compare.html"));
    page.until("Array.from(document.querySelectorAll('.slices')).every(v => 'ready' in v.dataset)");
    page.settle();
    page
}

fn opens_and_ranks() {
    let mut page = opened([1280, 900], false);
    assert!(page.text("document.title").contains("comparison"));
    let broken = page.number("Array.from(document.images).filter(i => i.complete && i.naturalWidth === 0).length");
    assert!(broken == 0.0, "{broken} pictures do not show");
    // Words, ranking and error bars come before the long tables.
    let order = page.eval(
        "['.findings', '.lead table', '.lead img', '#maps', '#slices', '#tables'].map(s => \
         document.querySelector(s).getBoundingClientRect().top).every((t, k, all) => k === 0 || t > all[k - 1])",
    );
    assert_eq!(order, json!(true));
    let ranking = page.text("document.querySelector('.lead table').innerText");
    assert!(ranking.contains("most porosity") && ranking.contains("significantly ahead of"), "{ranking}");
    let bytes = std::fs::metadata(folder().join("compare.html")).unwrap().len();
    assert!(bytes < 12 << 20, "{bytes} bytes");
    keep("compare-wide-light", &page.picture());
    quiet(&page);
}

fn one_scale() {
    let mut page = opened([1280, 900], false);
    let ends = |page: &mut Page, layer: usize| {
        page.eval(&format!(
            "Array.from(document.querySelectorAll('.slices'), v => \
             v.querySelectorAll('.layer')[{layer}]?.querySelector('.ramp').textContent)"
        ))
    };
    let mut scales = Vec::new();
    for layer in [1, 2] {
        let found: Vec<String> =
            ends(&mut page, layer).as_array().unwrap().iter().filter_map(|v| v.as_str()).map(str::to_owned).collect();
        assert!(found.len() >= 2, "two hosts at least carry a current: {found:?}");
        // Only a mark for values beyond an end may differ.
        let plain = |text: &String| text.replace(['\u{2264}', '\u{2265}', ' ', '\n'], "");
        assert!(found.iter().all(|f| plain(f) == plain(&found[0])), "{found:?}");
        scales.push(plain(&found[0]));
    }
    assert!(scales[0] != scales[1] && scales[0].contains("mA"), "{scales:?}");
    // As many pictures in a row as hosts have that map.
    let rows = page.eval("Array.from(document.querySelectorAll('.multiples'), r => r.querySelectorAll('img').length)");
    let rows: Vec<u64> = rows.as_array().unwrap().iter().filter_map(serde_json::Value::as_u64).collect();
    assert!(rows.len() == 3 && rows[0] == 3 && rows[1] >= 2 && rows[1] == rows[2], "{rows:?}");
    quiet(&page);
}

fn moves() {
    let mut page = opened([1280, 900], false);
    let viewers = page.number("document.querySelectorAll('.slices').length") as usize;
    assert_eq!(viewers, 3);
    for k in 0..viewers {
        let root = format!("#slice-viewer-{k}");
        if k > 0 {
            page.click(&format!("#slices details:nth-of-type({}) > summary", k + 1), [0.05, 0.5]);
            page.settle();
        }
        let canvas = format!("{root} .pane[data-normal=z] canvas");
        let read = |page: &mut Page| page.text(&format!("document.querySelector('{root} .readout').innerText"));
        let (before, drawn) = (read(&mut page), page.drawn(&format!("{root} .pane[data-normal=y] canvas")));
        page.click(&canvas, [0.3, 0.7]);
        assert!(read(&mut page) != before, "viewer {k} reads elsewhere");
        assert!(page.drawn(&format!("{root} .pane[data-normal=y] canvas")) != drawn, "viewer {k} moves");
        let here = read(&mut page);
        page.eval(&format!("document.querySelector('{canvas}').focus()"));
        page.key("ArrowRight");
        assert!(read(&mut page) != here, "viewer {k} by keyboard");
    }
    // The others have stayed where they were.
    let places = page.eval("new Set(Array.from(document.querySelectorAll('.readout'), r => r.innerText)).size > 1");
    assert_eq!(places, json!(true));
    keep("compare-viewers", &page.picture());
    quiet(&page);
}

fn prints_narrow_and_dark() {
    for (size, dark) in [([1280, 900], true), ([400, 800], false), ([400, 800], true)] {
        let mut page = opened(size, dark);
        let width = page.number("document.documentElement.scrollWidth");
        assert!(width <= f64::from(size[0]), "{width} of {} pixels: the page scrolls sideways", size[0]);
        let contrast = contrast(&mut page);
        assert!(contrast >= CONTRAST, "contrast {contrast} at {size:?}, dark: {dark}");
        let name = format!("{}-{}", if size[0] > 800 { "wide" } else { "narrow" }, if dark { "dark" } else { "light" });
        keep(&format!("compare-{name}"), &page.picture());
        quiet(&page);
    }
    let mut page = opened([1280, 900], false);
    page.media("print", false);
    let shown = |page: &mut Page, selector: &str| {
        page.eval(&format!("document.querySelector('{selector}').getClientRects().length > 0")) == json!(true)
    };
    assert!(!shown(&mut page, "#slices") && shown(&mut page, ".multiples img"), "paper has the pictures");
    let pdf = page.call("Page.printToPDF", json!({}));
    assert!(decoded(pdf["data"].as_str().unwrap()).starts_with(b"%PDF"));
    quiet(&page);
}
