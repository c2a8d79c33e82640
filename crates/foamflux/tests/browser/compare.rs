//! `compare.html`, as its reader uses it.

use std::path::PathBuf;

use serde_json::json;

use super::chromium::Page;
use super::common;
use super::report::{WINDOWS, empty, keep_page, looks, quiet};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("compare_opens_from_disk_and_ranks_first", opens_and_ranks),
    ("compare_shows_every_host_on_one_scale", one_scale),
    ("compare_moves_through_every_host", moves),
    ("compare_shows_the_grey_values_of_an_image_and_of_no_other_host", grey_slices),
    ("compare_keeps_its_width_and_contrast", narrow_and_dark),
    ("compare_prints_its_pictures", prints),
];

static FOLDER: common::Shared = common::Shared::new();

/// The folder of a comparison of two fibrous hosts, a packing and an image, made once.
fn folder() -> PathBuf {
    let place = FOLDER.folder(|place| {
        let at = |name: &str| place.join(name).display().to_string();
        let (slices, out) = (at(IMAGE), at("side by side"));
        common::foamflux(&["host", "cmf-demo", "--size", "64", "--grey-only", "-o", &slices]).succeeds();
        let hosts = ["host:fibre-mat", "host:kelvin-foam,cell_size=32um", "host:sintered-spheres", &slices];
        let mut args = vec!["compare"];
        args.extend(hosts);
        args.extend(["--size", "32", "--seeds", "2", "-q", "-o", &out]);
        common::foamflux(&args).succeeds();
    });
    place.join("side by side")
}

/// The folder of the image, and its name in the comparison.
const IMAGE: &str = "scan";
const HOSTS: usize = 4;

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
    quiet(&page);
}

fn one_scale() {
    let mut page = opened([1280, 900], false);
    let ends = |page: &mut Page, layer: &str| {
        page.eval(&format!(
            "Array.from(document.querySelectorAll('.slices .layer')).filter(l => l.querySelector('.name').textContent.includes(\
             '{layer}')).map(l => l.querySelector('.ramp').textContent)"
        ))
    };
    let mut scales = Vec::new();
    for layer in ["of the surface", "over its mean"] {
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
    assert!(rows.len() == 3 && rows[0] == HOSTS as u64 && rows[1] >= 2 && rows[1] == rows[2], "{rows:?}");
    quiet(&page);
}

fn moves() {
    let mut page = opened([1280, 900], false);
    let viewers = page.number("document.querySelectorAll('.slices').length") as usize;
    assert_eq!(viewers, HOSTS);
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
    keep_page("compare-viewers", &mut page);
    quiet(&page);
}

fn grey_slices() {
    let mut page = opened([1280, 900], false);
    let kinds = page
        .eval("Array.from(document.querySelectorAll('.slices'), v => v.querySelectorAll('[data-kind=grey]').length)");
    assert_eq!(kinds, json!([0, 0, 0, 1]), "grey values where there are some");
    let image = HOSTS - 1;
    page.click(&format!("#slices details:nth-of-type({HOSTS}) > summary"), [0.05, 0.5]);
    let (root, layer) = (format!("#slice-viewer-{image}"), format!("#slice-viewer-{image} [data-kind=grey]"));
    let canvas = format!("{root} .pane[data-normal=z] canvas");
    assert_eq!(page.text(&format!("document.querySelector('{layer} .name').textContent.trim()")), "grey value");
    assert_eq!(
        page.eval(&format!("document.querySelector('{layer}').previousElementSibling.tagName")),
        json!("LEGEND")
    );

    // Alone, without it, and back. One plane may hold no solid; all three do.
    let drawn = |page: &mut Page| {
        ["x", "y", "z"].map(|normal| page.drawn(&format!("{root} .pane[data-normal={normal}] canvas")))
    };
    let labels = format!("{root} [data-kind=labels] input[type=checkbox]");
    let both = drawn(&mut page);
    page.click(&labels, [0.5, 0.5]);
    let alone = drawn(&mut page);
    page.click(&format!("{layer} input[type=checkbox]"), [0.5, 0.5]);
    let none = drawn(&mut page);
    assert!(both != alone && alone != none && both != none, "labels over grey values, grey values, nothing");
    page.click(&format!("{layer} input[type=checkbox]"), [0.5, 0.5]);
    assert!(drawn(&mut page) == alone, "back as it was");

    // What the pointer reads is what the slices hold at that place of the crop.
    let results = std::fs::read(folder().join("compare.json")).unwrap();
    let results: serde_json::Value = serde_json::from_slice(&results).unwrap();
    let crop = results["hosts"][image]["replicates"][0]["name"].as_str().unwrap().to_owned();
    let crop: foamflux_grid::Region = crop.strip_prefix("crop ").unwrap().parse().unwrap();
    let (input, output) = (folder().with_file_name(IMAGE), folder().with_file_name("scan.raw"));
    common::foamflux(&["ingest".as_ref(), input.as_os_str(), "-o".as_ref(), output.as_os_str()]).succeeds();
    let grey = std::fs::read(output).unwrap();
    page.hover(&canvas, [0.3, 0.7]);
    let text = page.text(&format!("document.querySelector('{root} .readout').innerText.replace(/\\s+/g, ' ')"));
    let voxel: Vec<usize> = text
        .split("voxel ")
        .nth(1)
        .unwrap()
        .split([',', ' '])
        .filter(|n| !n.is_empty())
        .take(3)
        .map(|n| n.parse().unwrap())
        .collect();
    let i = ((crop.z0 + voxel[2]) * 64 + crop.y0 + voxel[1]) * 64 + crop.x0 + voxel[0];
    assert!(text.contains(&format!("grey value {} ", grey[i])), "{} in {text}", grey[i]);
    quiet(&page);
}

fn narrow_and_dark() {
    for window in WINDOWS {
        let mut page = opened(window.0, window.1);
        // The image as well, whose viewer has the most layers.
        page.eval(&format!("document.querySelector('#slices details:nth-of-type({HOSTS})').open = true"));
        looks("compare", &mut page, window);
    }
}

fn prints() {
    let mut page = opened([1280, 900], false);
    page.media("print", false);
    let shown = |page: &mut Page, selector: &str| {
        page.eval(&format!("document.querySelector('{selector}').getClientRects().length > 0")) == json!(true)
    };
    assert!(!shown(&mut page, "#slices") && shown(&mut page, ".multiples img"), "paper has the pictures");
    let pdf = page.call("Page.printToPDF", json!({}));
    assert!(common::base64(pdf["data"].as_str().unwrap()).starts_with(b"%PDF"));
    quiet(&page);
}
