//! `report.html` of a run, as its reader uses it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use foamflux_grid::Silent;
use foamflux_io::read::{self, DataBar, ReadOptions};
use serde_json::json;

use super::chromium::{Browser, Page};
use super::common;

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("opens_from_disk_without_an_error_or_a_request", opens_from_disk),
    ("slices_answer_to_pointer_keys_and_layers", slices_answer),
    ("values_under_the_pointer_are_those_of_the_files", values_are_right),
    ("the_network_turns_zooms_and_changes_colour", network_answers),
    ("without_webgl_the_picture_of_the_network_stays", without_webgl),
    ("without_a_network_the_solid_turns", without_network),
    ("without_scripts_and_on_paper_the_pictures_stay", without_scripts),
    ("narrow_and_dark_pages_keep_their_width_and_contrast", narrow_and_dark),
    ("the_policy_of_the_page_stops_requests", policy_holds),
];

static BROWSER: OnceLock<Mutex<Option<Browser>>> = OnceLock::new();

/// An empty page in the one browser that the tests share.
pub(crate) fn empty(size: [u32; 2], dark: bool) -> Page {
    let browser = BROWSER.get_or_init(|| Mutex::new(Some(Browser::start(&[]))));
    // A test that failed has left the browser as usable as before.
    let browser = browser.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    browser.as_ref().unwrap().page(size, dark)
}

static RUN: common::Shared = common::Shared::new();

/// The folder of a run on a small foam, made once.
fn run() -> PathBuf {
    // Spaces and letters beyond ASCII, as folders of microscopes have them.
    const NAME: &str = "out of 5 \u{b5}m";
    let place = RUN.folder(|place| {
        let at = |name: &str| place.join(name).display().to_string();
        common::foamflux(&["host", "cmf-demo", "--size", "48", "--grey-only", "-o", &at("slices")]).succeeds();
        common::foamflux(&["run", &at("slices"), "-o", &at(NAME), "-q"]).succeeds();
    });
    place.join(NAME)
}

/// Ends the browser and removes what the tests made: statics are never dropped.
pub(crate) fn clean() {
    if let Some(browser) = BROWSER.get() {
        drop(browser.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
    }
    RUN.remove();
}

/// Grey values that a picture of a page has at least: a blank one has one or two, and smoothed letters alone make dozens.
const SHADES: usize = 24;

/// Where pictures for people are kept.
fn screenshots() -> PathBuf {
    #[allow(clippy::disallowed_methods, reason = "a test harness is an application")]
    let wish = std::env::var_os("FOAMFLUX_SCREENSHOTS").filter(|folder| !folder.is_empty());
    // Cargo's folder for tests lies in its target folder.
    let usual = || Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
    wish.map_or_else(usual, PathBuf::from)
}

/// Keeps a picture for people, after a look at whether it shows anything.
pub(crate) fn keep(name: &str, picture: &str) {
    let folder = screenshots();
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{name}.png"));
    std::fs::write(&file, common::base64(picture)).unwrap();
    let options = ReadOptions { data_bar: DataBar::Keep, ..ReadOptions::default() };
    let read = read::plan(&file, &options).unwrap().read(&Silent).unwrap().data;
    let mut shades: Vec<u32> = read.to_f32().as_slice().iter().map(|v| v.to_bits()).collect();
    shades.sort_unstable();
    shades.dedup();
    assert!(shades.len() >= SHADES, "{} has {} grey values: it is blank", file.display(), shades.len());
}

/// Keeps all of a page, in as many pictures as it takes.
pub(crate) fn keep_page(name: &str, page: &mut Page) {
    for (k, picture) in page.pictures().iter().enumerate() {
        keep(&format!("{name}-{}", k + 1), picture);
    }
}

/// Sizes of a window, large and small, in the light and in the dark.
pub(crate) const WINDOWS: [([u32; 2], bool); 4] =
    [([1280, 900], false), ([1280, 900], true), ([400, 800], false), ([400, 800], true)];

/// A page keeps its width and its contrast, and is kept in pictures.
pub(crate) fn looks(name: &str, page: &mut Page, (size, dark): ([u32; 2], bool)) {
    // Widths are rounded to whole pixels.
    const ROUNDING: f64 = 1.0;
    let beyond = page.number("document.scrollingElement.scrollWidth - window.innerWidth");
    assert!(beyond <= ROUNDING, "{name} scrolls sideways by {beyond} of {} pixels", size[0]);
    let contrast = contrast(page);
    assert!(contrast >= CONTRAST, "contrast {contrast} of {name} at {size:?}, dark: {dark}");
    keep_page(&format!("{name}-{}-{}", size[0], if dark { "dark" } else { "light" }), page);
    quiet(page);
}

/// The report in a window, with both viewers at work.
fn opened(size: [u32; 2], dark: bool) -> Page {
    let mut page = empty(size, dark);
    page.open_file(&run().join("report.html"));
    page.until("'ready' in document.getElementById('slice-viewer').dataset");
    page.until("'ready' in document.getElementById('network-viewer').dataset");
    page.settle();
    page
}

pub(crate) fn quiet(page: &Page) {
    let troubles = page.troubles();
    assert!(troubles.is_empty(), "{troubles:#?}");
}

fn opens_from_disk() {
    let mut page = opened([1280, 900], false);
    assert!(page.text("document.title").contains("report"));
    assert_eq!(page.eval("document.querySelector('#slices').hidden"), json!(false));
    assert_eq!(page.eval("document.querySelector('#network-viewer').hidden"), json!(false));
    let broken = page.number("Array.from(document.images).filter(i => i.complete && i.naturalWidth === 0).length");
    assert!(broken == 0.0, "{broken} pictures do not show");
    let bytes = std::fs::metadata(run().join("report.html")).unwrap().len();
    assert!(bytes < 12 << 20, "{bytes} bytes");
    quiet(&page);
}

const XY: &str = ".pane[data-normal=z] canvas";
const XZ: &str = ".pane[data-normal=y] canvas";

fn readout(page: &mut Page) -> String {
    page.text("document.querySelector('.readout').innerText.replace(/\\s+/g, ' ')")
}

/// The voxel that the readout names.
fn voxel(page: &mut Page) -> [usize; 3] {
    let text = readout(page);
    let numbers: Vec<usize> = text
        .split("voxel ")
        .nth(1)
        .unwrap_or_else(|| panic!("{text}"))
        .split(|c: char| !c.is_ascii_digit())
        .filter(|n| !n.is_empty())
        .take(3)
        .map(|n| n.parse().unwrap())
        .collect();
    [numbers[0], numbers[1], numbers[2]]
}

fn slices_answer() {
    let mut page = opened([1280, 900], false);
    assert_eq!(voxel(&mut page), [24, 24, 24]);
    let before = page.drawn(XZ);
    page.click(XY, [0.25, 0.75]);
    assert_eq!(voxel(&mut page), [12, 36, 24], "a click in x and y moves the point");
    assert!(page.drawn(XZ) != before, "and the other slices follow");
    page.hover(XY, [0.5, 0.5]);
    assert_eq!(voxel(&mut page), [24, 24, 24], "the pointer reads without moving the slices");
    page.hover(".controls", [0.5, 0.5]);
    assert_eq!(voxel(&mut page), [12, 36, 24]);

    page.eval(&format!("document.querySelector('{XY}').focus()"));
    for (key, expected) in [
        ("ArrowRight", [13, 36, 24]),
        ("ArrowDown", [13, 37, 24]),
        ("ArrowLeft", [12, 37, 24]),
        ("ArrowUp", [12, 36, 24]),
        ("PageUp", [12, 36, 25]),
        ("PageDown", [12, 36, 24]),
    ] {
        page.key(key);
        assert_eq!(voxel(&mut page), expected, "{key}");
    }
    page.eval("document.querySelector('.pane[data-normal=z] input').focus()");
    page.key("Home");
    assert_eq!(voxel(&mut page)[2], 0, "the slider by keyboard");
    page.click(".pane[data-normal=z] input", [0.5, 0.5]);
    assert!((20..28).contains(&voxel(&mut page)[2]), "the slider by pointer");

    // Every layer changes the picture, and its opacity does.
    let layers = page.number("document.querySelectorAll('.layer').length") as usize;
    assert!(layers >= 5, "grey, labels, potential, flux, currents; here {layers}");
    for k in 0..layers {
        let shown = page.drawn(XZ);
        let row = format!(".layer:nth-of-type({})", k + 1);
        page.click(&format!("{row} input[type=checkbox]"), [0.5, 0.5]);
        let name = page.text(&format!("document.querySelector('{row} .name').innerText"));
        assert!(page.drawn(XZ) != shown, "layer {name}");
        page.click(&format!("{row} input[type=checkbox]"), [0.5, 0.5]);
        assert!(page.drawn(XZ) == shown, "layer {name} back as it was");
    }
    let half = page.drawn(XZ);
    page.click(".layer:nth-of-type(2) .opacity", [0.98, 0.5]);
    assert!(page.drawn(XZ) != half, "opacity");
    quiet(&page);
}

/// Labels and grey values as the page reads them at places, against `labels.tif` and the slices.
fn values_are_right() {
    let mut page = opened([1280, 900], false);
    // Through the program's own reader into plain bytes: what the files hold, not what the page was made of.
    let bytes = |input: PathBuf, name: &str| {
        let raw = run().parent().unwrap().join(name);
        let (input, output) = (input.display().to_string(), raw.display().to_string());
        let call = common::foamflux(&["ingest", &input, "-o", &output]);
        assert_eq!(call.status, 0, "{}", call.stderr);
        std::fs::read(raw).unwrap()
    };
    let labels = bytes(run().join("labels.tif"), "labels.raw");
    let grey = bytes(run().parent().unwrap().join("slices"), "grey.raw");
    assert_eq!((labels.len(), grey.len()), (48 * 48 * 48, 48 * 48 * 48));
    for (at, share) in [([12, 36], [0.26, 0.76]), ([40, 5], [0.844, 0.115]), ([30, 30], [0.635, 0.635])] {
        page.hover(XY, share);
        assert_eq!(voxel(&mut page)[..2], at);
        let i = (24 * 48 + at[1]) * 48 + at[0];
        let text = readout(&mut page);
        assert!(text.contains(&format!("grey value {} ", grey[i])), "{} in {text}", grey[i]);
        let name = ["pore", "fibre", "node"][usize::from(labels[i])];
        assert!(text.contains(&format!(" {name}")), "{name} in {text}");
        let place = format!("x {:.1}, y {:.1}, z 24.5", at[0] as f64 + 0.5, at[1] as f64 + 0.5);
        assert!(text.starts_with(&place), "{place} in {text}: voxels of 1 \u{b5}m, at their middles");
    }
    quiet(&page);
}

const STAGE: &str = "#network-viewer canvas";

fn network_answers() {
    let mut page = opened([1280, 900], false);
    let first = page.drawn(STAGE);
    keep("report-network-tag", &first);
    assert!(page.drawn(STAGE) == first, "a view that nobody touches stays");
    let picture = page.eval("getComputedStyle(document.querySelector('.still-3d')).display");
    assert_eq!(picture, json!("none"), "the view has taken the place of its picture");

    page.drag(STAGE, [0.5, 0.5], [0.6, 0.45]);
    let turned = page.drawn(STAGE);
    assert!(turned != first, "dragging turns");
    page.eval(&format!("document.querySelector('{STAGE}').focus()"));
    for key in ["ArrowLeft", "ArrowUp", "+", "-"] {
        let before = page.drawn(STAGE);
        page.key(key);
        assert!(page.drawn(STAGE) != before, "{key}");
    }
    let before = page.drawn(STAGE);
    page.wheel(STAGE, 100.0);
    assert!(page.drawn(STAGE) != before, "the wheel zooms once the view is chosen");
    page.key("Home");
    assert!(page.drawn(STAGE) == first, "Home is as at first");
    for button in ["in", "out", "x", "y", "z"] {
        let before = page.drawn(STAGE);
        page.click(&format!("#network-viewer button[data-do={button}]"), [0.5, 0.5]);
        let after = page.drawn(STAGE);
        assert!(after != before, "{button}");
        keep(&format!("report-network-{button}"), &after);
    }
    page.click("#network-viewer button[data-do=reset]", [0.5, 0.5]);
    for mode in ["diameter", "current"] {
        page.click(&format!("#network-viewer input[value={mode}]"), [0.5, 0.5]);
        let coloured = page.drawn(STAGE);
        assert!(coloured != first, "coloured by {mode}");
        keep(&format!("report-network-{mode}"), &coloured);
    }
    page.click("#network-viewer input[value=tag]", [0.5, 0.5]);
    assert!(page.drawn(STAGE) == first, "by tag again");
    quiet(&page);
}

fn without_webgl() {
    let browser = Browser::start(&["--disable-3d-apis"]);
    let mut page = browser.page([1280, 900], false);
    page.open_file(&run().join("report.html"));
    page.until("'ready' in document.getElementById('slice-viewer').dataset");
    assert_eq!(page.eval("document.querySelector('#network-viewer').hidden"), json!(true));
    let [_, _, width, height] = page.place(".still-3d img");
    assert!(width > 300.0 && height > 200.0, "the picture is {width} x {height}");
    let errors: Vec<String> = page.troubles().into_iter().filter(|t| !t.contains("WebGL")).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// A run that was told to look for no network shows the solid itself.
fn without_network() {
    let slices = run().parent().unwrap().join("slices").display().to_string();
    let out = run().parent().unwrap().join("no network");
    let place = out.display().to_string();
    let done = common::foamflux(&["run", &slices, "--skip", "tag,current,transport", "-q", "-o", &place]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    let mut page = empty([1280, 900], false);
    page.open_file(&out.join("report.html"));
    page.until("'ready' in document.getElementById('network-viewer').dataset");
    page.settle();
    let first = page.drawn(STAGE);
    keep("report-solid-3d", &first);
    assert_eq!(page.eval("getComputedStyle(document.querySelector('.still-3d')).display"), json!("none"));
    page.drag(STAGE, [0.5, 0.5], [0.6, 0.45]);
    assert!(page.drawn(STAGE) != first, "dragging turns");
    page.eval(&format!("document.querySelector('{STAGE}').focus()"));
    page.key("Home");
    assert!(page.drawn(STAGE) == first, "Home is as at first");
    page.click("#network-viewer button[data-do=z]", [0.5, 0.5]);
    assert!(page.drawn(STAGE) != first, "along z");
    page.media("print", false);
    let [_, _, width, height] = page.place(".still-3d img");
    assert!(width > 200.0 && height > 100.0, "paper has the picture: {width} x {height}");
    quiet(&page);
}

fn without_scripts() {
    let mut page = empty([1280, 900], false);
    page.call("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    page.open_file(&run().join("report.html"));
    let visible = |page: &mut Page, selector: &str| {
        let expression = format!("document.querySelector('{selector}').getClientRects().length > 0");
        page.eval(&expression) == json!(true)
    };
    assert!(!visible(&mut page, "#slices") && !visible(&mut page, "#network-viewer"));
    assert!(visible(&mut page, ".still-3d img") && visible(&mut page, ".stills img"));

    let mut page = opened([1280, 900], false);
    assert!(visible(&mut page, "#slices") && !visible(&mut page, ".still-3d img"));
    page.media("print", false);
    assert!(!visible(&mut page, "#slices") && !visible(&mut page, "#network-viewer"));
    assert!(visible(&mut page, ".still-3d img"), "paper has the picture");
    let pdf = page.call("Page.printToPDF", json!({}));
    assert!(common::base64(pdf["data"].as_str().unwrap()).starts_with(b"%PDF"));
    quiet(&page);
}

/// Smallest contrast of text, by WCAG 2 level AA.
const CONTRAST: f64 = 4.5;

/// The smallest contrast of any text with the ground of the page.
fn contrast(page: &mut Page) -> f64 {
    page.number(
        "(() => { const rgb = t => t.match(/[\\d.]+/g).map(Number); \
         const light = t => rgb(t).slice(0, 3).map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)\
         .reduce((s, c, k) => s + c * [.2126, .7152, .0722][k], 0); \
         const ground = light(getComputedStyle(document.body).backgroundColor); \
         return Math.min(...Array.from(document.querySelectorAll('p, li, dt, dd, th, td, h2, h3, label, summary'), \
         e => { const l = light(getComputedStyle(e).color); return (Math.max(l, ground) + .05) / (Math.min(l, ground) + .05); })); })()",
    )
}

fn narrow_and_dark() {
    for window in WINDOWS {
        looks("report", &mut opened(window.0, window.1), window);
    }
}

fn policy_holds() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let mut page = opened([1280, 900], false);
    let answer = page.eval(&format!("fetch('http://{address}/').then(() => 'loaded', () => 'refused')"));
    assert_eq!(answer, json!("refused"));
    page.eval(&format!("new Promise(d => {{ const i = new Image(); i.onload = i.onerror = () => d(true); i.src = 'http://{address}/i.png'; }})"));
    assert!(listener.accept().is_err(), "nobody called");
}
