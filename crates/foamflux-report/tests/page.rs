//! The page is whole, safe, closed and says what it must.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod common;

use common::{direction, full, minimal, open_foam, transport, voxels};
use foamflux_report::figures::ColourMap;
use foamflux_report::viewer::{Content, Layer, NetworkPoint, NetworkView, SliceVolume, Viewer};
use foamflux_report::{ReportError, report};
use foamflux_results::{Basis, CurrentInput, ErrorParts, Figure, RefinedLevel, RefinedTau, RunResults, StageOutcome};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and no more";

fn page(r: &RunResults) -> String {
    report(r, &[], &Viewer::default()).unwrap()
}

/// The text between tags, entities decoded.
fn words(html: &str) -> String {
    let body = &html[html.find("<body>").unwrap()..];
    let mut out = String::new();
    let mut inside = false;
    for c in body.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.replace("&lt;", "<").replace("&amp;", "&").replace('\u{a0}', " ")
}

/// Every tag that opens is closed in order; attributes are quoted.
fn assert_well_formed(html: &str) {
    const VOID: [&str; 5] = ["meta", "img", "br", "input", "!DOCTYPE"];
    let mut stack: Vec<String> = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        assert!(!tag.contains('<'), "stray < before {tag}");
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes in {tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(stack.pop().as_deref(), Some(name.trim()), "</{name}> near {}", &rest[..rest.len().min(80)]);
            continue;
        }
        let name = tag.split_whitespace().next().unwrap_or("");
        if name == "style" || name == "script" {
            let end = format!("</{name}>");
            rest = &rest[rest.find(&end).expect("style and script end") + end.len()..];
        } else if !VOID.contains(&name) {
            stack.push(name.to_owned());
        }
    }
    assert!(stack.is_empty(), "open: {stack:?}");
}

/// Nothing is loaded from anywhere.
fn assert_closed(html: &str) {
    let policy = "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
    assert!(html[..html.find("<title>").unwrap()].contains(policy), "the browser is told to load nothing");
    // References link to the registry of DOIs, which is opened only when its reader clicks.
    let html = &html.replace("href=\"https://doi.org/10.", "href=\"#");
    for forbidden in [
        "http://",
        "https://",
        "fetch(",
        "XMLHttpRequest",
        "<script src",
        "import(",
        "<link",
        "<iframe",
        "@import",
        "url(",
        "javascript:",
        " onload",
        " onerror",
    ] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    for attribute in ["src=\"", "href=\""] {
        for part in html.split(attribute).skip(1) {
            assert!(
                part.starts_with("data:image/") || part.starts_with('#'),
                "{attribute}{}",
                &part[..part.len().min(60)]
            );
        }
    }
}

#[test]
fn every_kind_of_result_is_a_well_formed_closed_page() {
    for r in [full(), voxels(), minimal(), open_foam()] {
        let html = page(&r);
        assert_well_formed(&html);
        assert_closed(&html);
        for odd in ["NaN", "inf ", "None", "Some("] {
            assert!(!words(&html).contains(odd), "{odd} in the page of {}", r.sample);
        }
    }
}

#[test]
fn text_from_outside_is_escaped_everywhere() {
    const EVIL: &str = "<img src=x onerror=alert(1)> & \"quoted\" 'single' </style>";
    let mut r = full();
    r.sample = EVIL.into();
    r.warnings = vec![EVIL.into()];
    r.notes = vec![EVIL.into()];
    r.device = EVIL.into();
    r.input.path = EVIL.into();
    r.input.kind = EVIL.into();
    r.input.files[0].name = EVIL.into();
    r.input.voxel_size_candidates[0].reason = EVIL.into();
    r.volume.voxel_size_source = EVIL.into();
    r.configuration = serde_json::json!({ EVIL: EVIL });
    r.files.insert(EVIL.into(), EVIL.into());
    r.figures = vec![Figure { path: format!("figures/{EVIL}.png"), title: EVIL.into(), caption: EVIL.into() }];
    if let Some(s) = &mut r.segment {
        s.method = EVIL.into();
        s.recipe = vec![EVIL.into()];
        s.volume_fractions.insert(EVIL.into(), 0.1);
        if let Some(t) = &mut s.threshold_sensitivity {
            t.step_rule = EVIL.into();
        }
    }
    if let Some(m) = &mut r.measure {
        let p = m.phases["pore"].clone();
        m.phases.insert(EVIL.into(), p);
        if let Some(s) = &mut m.surface {
            s.recommended_reason = EVIL.into();
            s.recommended_method = EVIL.into();
            s.area_ratio.insert(EVIL.into(), 1.0);
        }
    }
    r.stages.get_mut("current").unwrap().reason = Some(EVIL.into());
    let mut t = transport(EVIL, vec![3], 0.1, [direction(1.2, 0.1, 0.1), direction(1.2, 0.1, 0.1), common::stopped()]);
    t.convention = EVIL.into();
    r.transport.insert(EVIL.into(), t);
    let html = report(&r, &[(format!("figures/{EVIL}.png"), PNG.to_vec())], &Viewer::default()).unwrap();
    assert!(!html.contains("<img src=x"));
    assert_well_formed(&html);
    assert!(html.contains("&#60;img src=x") || html.contains("&lt;img src=x"));
}

#[test]
fn images_are_inside_or_named() {
    let mut r = full();
    let figure =
        |path: &str| Figure { path: path.into(), title: format!("Title of {path}"), caption: "A caption.".into() };
    r.figures = vec![figure("figures/slice.png"), figure("figures/absent.png"), figure("figures/histogram.svg")];
    let images = [
        ("figures/slice.png".to_owned(), PNG.to_vec()),
        ("figures/histogram.svg".to_owned(), b"<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>".to_vec()),
        ("figures/unnamed.png".to_owned(), PNG.to_vec()),
    ];
    let html = report(&r, &images, &Viewer::default()).unwrap();
    assert_well_formed(&html);
    assert_closed(&html);
    assert_eq!(html.matches("src=\"data:image/png").count(), 2);
    assert_eq!(html.matches("src=\"data:image/svg+xml").count(), 1);
    assert!(words(&html).contains("figures/absent.png is not embedded"));
    let segmentation = html.find("id=\"segmentation\"").unwrap();
    assert!(html[segmentation..html.find("id=\"figures\"").unwrap()].contains("data:image/svg+xml"));
    let error = report(&r, &[("a.gif".to_owned(), b"GIF89a".to_vec())], &Viewer::default()).unwrap_err();
    assert!(matches!(&error, ReportError::UnknownImage { path, bytes: 6 } if path == "a.gif"), "{error}");
}

#[test]
fn verdicts_say_what_the_numbers_mean() {
    let text = words(&page(&full()));
    for sentence in [
        "Pore conducts in all three directions: τ is 1.178 (x) to 1.245 (z), slightly anisotropic, x conducts best.",
        "Solid conducts along x and y: τ is 3.097 (y) to 3.412 (x), the directions do not differ beyond their errors.",
        "Solid does not conduct along z: it reaches 31 of 100 slices in from the first face and 40 from the last",
        "The box is 83.3 % pore and 16.7 % solid; the solid is 12 pieces",
        "changes the solid fraction by 6.55 % of its value, from 0.158 to 0.179",
        "Struts are 4.8 voxels thick",
    ] {
        assert!(text.contains(sentence), "{sentence}");
    }
    let text = words(&page(&open_foam()));
    assert!(text.contains("τ − 1 of the pore is at most 0.0204 ± 0.0010 (z): an open structure"), "{text}");
    let mut same = open_foam();
    let t = same.transport.get_mut("pore").unwrap();
    for d in t.directions.values_mut() {
        d.error.total = Some(0.05);
    }
    assert!(words(&page(&same)).contains("it cannot be told from an empty box"));
}

#[test]
fn the_excess_of_the_plain_voxel_model_is_told_with_its_range() {
    let mut r = full();
    let text = words(&page(&r));
    // Bounds of 1.1582 to 1.1782 around tau 1.1782.
    let sentence = "Pore: τ of the plain voxel model over-estimates the exact τ of this voxel geometry by 0.86 % along x (between 0 and 1.7 %)";
    assert!(text.contains(sentence), "{text}");
    assert!(text.contains("against the true shape the sign is not guaranteed"));
    for d in r.transport.values_mut().flat_map(|t| t.directions.values_mut()) {
        d.tau_refined = d.tau.map(|tau| RefinedTau {
            value: tau - 0.01,
            error: ErrorParts { total: Some(0.002), ..ErrorParts::default() },
            order: 1.25,
            order_measured: true,
            levels: vec![RefinedLevel {
                factor: 2,
                tau: tau - 0.006,
                error_solver: 1e-6,
                tau_voxel_geometry_bounds: None,
                unknowns: 8,
                iterations: 9,
                seconds: 1.0,
                peak_bytes: 1,
            }],
        });
    }
    let text = words(&page(&r));
    assert!(text.contains("1.1682 ± 0.0020") && text.contains("8: 1.17220"), "{text}");
    assert!(text.contains("come from split voxels"));
    for d in r.transport.values_mut().flat_map(|t| t.directions.values_mut()) {
        d.tau_voxel_geometry_bounds = None;
    }
    assert!(!words(&page(&r)).contains("over-estimates"), "nothing is said without bounds");
}

#[test]
fn metric_numbers_are_converted_and_carry_their_error() {
    let text = words(&page(&full()));
    // 1.094e5 ± 5.4e3 1/m.
    assert!(text.contains("0.109 ± 0.005 1/µm"), "{text}");
    assert!(text.contains("resolution ± 0.0031, segmentation ± 0.0044; not estimated: solver, sampling"));
    assert!(text.contains("voxel size 1.3 × 1.3 × 2.6 µm, from flag --voxel-size"));
    assert!(text.contains("box 182 × 156 × 260 µm"));
    // 8.1e-7 m2.
    assert!(text.contains("8.100×10⁵"), "area in µm²");
}

#[test]
fn nodes_and_fibres_have_a_section_with_errors() {
    let mut r = full();
    let picture = |path: &str| Figure { path: path.into(), title: "network".into(), caption: "seen".into() };
    r.figures = vec![picture("figures/network_3d.png")];
    let html = report(&r, &[("figures/network_3d.png".into(), PNG.to_vec())], &Viewer::default()).unwrap();
    let section =
        &html[html.find("<section id=\"network\">").unwrap()..html.find("<section id=\"morphology\">").unwrap()];
    assert!(section.contains("data:image/png") && section.contains("coordination 3.93"), "{section}");
    let text = words(&html);
    // The share with the error of the choice of zone, the diameter with its own, and the voxel solve beside the graph.
    for part in ["30 ± 4 %", "6.20 ± 0.15", "conductivity to that by voxels", "fibre length, mean [µm]24.1"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!words(&page(&minimal())).contains("Nodes and fibres: "));
    assert!(!page(&minimal()).contains("<section id=\"network\">"));
}

#[test]
fn without_a_voxel_size_every_length_says_so() {
    let html = page(&voxels());
    let text = words(&html);
    assert!(text.contains("The voxel size is unknown"));
    assert!(text.contains("1/voxel") && text.contains("voxels²"));
    assert!(!text.contains("µm"), "a metric unit without a voxel size");
    assert!(text.contains("No voxel size was found"));
}

#[test]
fn only_limits_that_matter_are_printed() {
    let full = words(&page(&full()));
    assert!(
        full.contains("impedance")
            && full.contains("choice of threshold only")
            && full.contains("voxel (1.3 µm) is invisible")
    );
    let minimal = words(&page(&minimal()));
    assert!(
        !minimal.contains("impedance")
            && !minimal.contains("choice of threshold only")
            && minimal.contains("One sample, one crop")
    );
}

#[test]
fn skipped_stages_and_their_reasons_are_named() {
    let mut r = minimal();
    let stage = foamflux_results::StageReport {
        outcome: StageOutcome::Skipped,
        reason: Some("no solid in the box".into()),
        seconds: 0.0,
    };
    r.stages.insert("measure".into(), stage);
    let text = words(&page(&r));
    assert!(text.contains("The stage measure was skipped: no solid in the box."));
}

#[test]
fn numbers_that_are_not_finite_do_no_harm() {
    let mut r = full();
    for t in r.transport.values_mut() {
        for d in t.directions.values_mut() {
            d.tau = Some(f64::NAN);
            d.tau_minus_one = Some(f64::INFINITY);
            d.error.total = Some(f64::NAN);
            d.percolating_fraction = f64::NAN;
        }
    }
    if let Some(m) = &mut r.measure {
        m.thickness_m = m.thickness_m.map(|s| foamflux_results::Summary { mean: f64::NAN, std: f64::INFINITY, ..s });
    }
    assert_well_formed(&page(&r));
    let _ = foamflux_report::csv(&r);
    let _ = foamflux_report::run_text(&r);
}

/// A small volume with a layer of each kind, and a network of one fibre.
fn viewer(labels: &[u8]) -> Viewer<'_> {
    let grey = Layer { name: "grey value".into(), content: Content::Grey(Box::new(|i| i as f32)) };
    let labels = Layer { name: "labels".into(), content: Content::Labels(labels) };
    let values = Box::new(|i| 0.5 * i as f32);
    let content = Content::Field { values, unit: "mV", map: ColourMap::Viridis, range: None };
    let field = Layer { name: "<b>potential & more".into(), content };
    let at = |x| NetworkPoint { position: [x, 1.0, 1.0], radius: 0.4, in_node: false, current: Some(x) };
    let network = NetworkView {
        box_size: [6.0, 5.0, 4.0],
        unit: "µm".into(),
        current_unit: "mA/cm²".into(),
        nodes: Vec::new(),
        fibres: vec![vec![at(0.5), at(5.5)]],
    };
    let slices = SliceVolume { shape_zyx: [4, 5, 6], edges_m: Some([1e-6; 3]), layers: vec![grey, labels, field] };
    Viewer { slices: Some(slices), network: Some(network), surface: None }
}

#[test]
fn viewers_are_part_of_a_closed_page_and_hidden_until_their_scripts_run() {
    let labels: Vec<u8> = (0..120).map(|i| (i % 3) as u8).collect();
    let html = report(&full(), &[], &viewer(&labels)).unwrap();
    assert_well_formed(&html);
    assert_closed(&html);
    assert_eq!(html.matches("<script>").count(), 2);
    for id in ["<section id=\"slices\" class=\"live\" hidden>", "id=\"network-viewer\" hidden"] {
        assert!(html.contains(id), "{id}");
    }
    assert!(html.contains("data-size=\"6 5 4\""));
    assert_eq!(html.matches("<img hidden alt=\"\" src=\"data:image/png;base64,").count(), 3);
    assert!(html.contains("data-label=\"1\" data-name=\"fibre\""), "labels that occur are named");
    assert!(!html.contains("data-name=\"lithium\""), "and others not");
    assert!(!html.contains("<b>potential"), "names are escaped");
    assert!(html.contains("Every voxel is shown."));
}

#[test]
fn without_arrays_there_are_no_viewers_and_no_scripts() {
    let html = page(&full());
    assert!(!html.contains("<script") && !html.contains("id=\"slices\"") && !html.contains("network-viewer"));
}

/// The text of the section on methods.
fn methods(r: &RunResults) -> String {
    let html = page(r);
    let start = html.find("<section id=\"methods\">").unwrap();
    words(&format!("<body>{}", &html[start..start + html[start..].find("</section>").unwrap()]))
}

#[test]
fn methods_cite_exactly_what_was_used() {
    let mut r = full();
    let all = methods(&r);
    // Every number in brackets is a reference, and every reference has its number in the text.
    let cited: std::collections::BTreeSet<usize> = all
        .match_indices('[')
        .filter_map(|(at, _)| all[at + 1..].split_once(']'))
        .flat_map(|(inside, _)| inside.split(", "))
        .filter_map(|n| n.parse().ok())
        .collect();
    let listed = page(&r)
        .split("<ol class=\"plain references\">")
        .nth(1)
        .unwrap()
        .split("</ol>")
        .next()
        .unwrap()
        .matches("<li>")
        .count();
    assert_eq!(cited.into_iter().collect::<Vec<_>>(), (1..=listed).collect::<Vec<_>>(), "{all}");
    assert_eq!(all.matches("@article").count() + all.matches("@book").count(), listed);
    assert!(all.contains("@software{foamflux") && all.contains("version = {"), "{all}");

    let s = r.segment.as_mut().unwrap();
    s.method = "otsu".into();
    assert!(methods(&r).contains("10.1109/TSMC.1979.4310076"));
    r.segment.as_mut().unwrap().method = "fixed".into();
    let without = methods(&r);
    assert!(!without.contains("Otsu") && without.contains("a given threshold"), "{without}");
    r.transport.clear();
    r.tag = None;
    r.measure = None;
    let little = methods(&r);
    for absent in ["Tortuosity factors", "multigrid", "thinned", "inscribed spheres"] {
        assert!(!little.contains(absent), "{absent} in {little}");
    }
}

#[test]
fn key_numbers_show_where_their_error_comes_from() {
    let mut r = full();
    let e = &mut r.measure.as_mut().unwrap().surface.as_mut().unwrap().error;
    *e = ErrorParts { resolution: Some(3.0), sampling: Some(1.0), total: Some(3.2), ..ErrorParts::default() };
    let html = page(&r);
    let wanted = "<i class=\"resolution\" style=\"flex-grow:75\" title=\"resolution 75 %\"></i><i class=\"sampling\" style=\"flex-grow:25\" title=\"sampling 25 %\"></i></dd>";
    assert!(html.contains(wanted), "three of four parts and one of four");
    assert!(html.contains("Bars: where the error comes from."));
}

/// The rows of a table by its title: text of every cell.
fn rows(html: &str, title: &str) -> Vec<Vec<String>> {
    let part = html.split(&format!("<h3>{title}</h3>")).nth(1).unwrap_or_else(|| panic!("no table {title}"));
    let body = part.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
    let cells =
        |row: &str| row.split("<td").skip(1).map(|c| words(&format!("<body><td{c}")).trim().to_owned()).collect();
    body.split("<tr").skip(1).map(cells).collect()
}

#[test]
fn what_was_put_in_stands_with_its_standing_beside_the_limits() {
    let mut r = full();
    r.configuration = serde_json::json!({"tol": "1e-3", "sides": "no-flux", "density": 1.8});
    let html = page(&r);
    let put_in = rows(&html, "What was put in");
    let standing = |what: &str| {
        put_in.iter().find(|row| row[0].trim() == what).unwrap_or_else(|| panic!("{what} in {put_in:?}"))[2].clone()
    };
    assert_eq!(standing("voxel size"), "stated by the file");
    assert_eq!(standing("threshold"), "from the grey values");
    assert_eq!(standing("sides of the box"), "assumed");
    assert_eq!(standing("density of the solid"), "given");
    r.volume.voxel_size_source = "flag".into();
    r.segment.as_mut().unwrap().method = "fixed".into();
    let html = page(&r);
    let given: Vec<String> =
        rows(&html, "What was put in").into_iter().filter(|r| r[2] == "given").map(|r| r[0].clone()).collect();
    assert!(given.contains(&"voxel size".to_owned()) && given.contains(&"threshold".to_owned()), "{given:?}");
    // The limits are in the same section.
    let (a, b) = (html.find("id=\"limits\"").unwrap(), html.find("id=\"methods\"").unwrap());
    for title in ["What was put in", "Limits of validity", "What this run checked of itself"] {
        let at = html.find(&format!("<h3>{title}</h3>")).unwrap();
        assert!(a < at && at < b, "{title}");
    }
}

#[test]
fn an_assumed_value_that_is_published_is_told_apart_from_one_that_is_usual() {
    let mut r = full();
    let mut current = common::current::current();
    let input = |key: &str, standing: &str, basis| CurrentInput {
        key: key.to_owned(),
        label: None,
        value: 1.0,
        unit: "1".to_owned(),
        standing: standing.to_owned(),
        basis,
        source: (standing == "assumed").then(|| format!("why {key}")),
    };
    current.inputs = vec![
        input("published", "assumed", Some(Basis::Literature)),
        input("tabulated", "assumed", Some(Basis::Handbook)),
        input("usual", "assumed", Some(Basis::Convention)),
        input("guessed", "assumed", Some(Basis::Placeholder)),
        // As results of earlier versions have it.
        input("unknown", "assumed", None),
        input("own", "given", None),
    ];
    let text = foamflux_report::current_text(&current);
    r.current = Some(current);
    let rows = rows(&page(&r), "What was put in");
    for (key, standing) in [
        ("published", "assumed, from the literature"),
        ("tabulated", "assumed, from the literature"),
        ("usual", "assumed"),
        ("guessed", "assumed"),
        ("unknown", "assumed"),
        ("own", "given"),
    ] {
        let row =
            rows.iter().find(|row| row[0].trim() == format!("--{key}")).unwrap_or_else(|| panic!("{key} in {rows:?}"));
        assert_eq!(row[2], standing, "{key}");
        if standing != "given" {
            assert_eq!(row[3], format!("why {key}"));
            // The same words in the terminal.
            assert!(
                text.split_whitespace().collect::<Vec<_>>().join(" ").contains(&format!("{standing}: why {key}")),
                "{text}"
            );
        }
    }
}

#[test]
fn limits_say_whether_they_are_kept() {
    let mut r = full();
    let verdict = |r: &RunResults, what: &str| {
        let rows = rows(&page(r), "Limits of validity");
        let row = rows.iter().find(|row| row[0] == what).unwrap_or_else(|| panic!("{what} in {rows:?}")).clone();
        (row[3].clone(), row[4].clone())
    };
    let edge = r.volume.voxel_size_m_xyz.unwrap()[0];
    let m = r.measure.as_mut().unwrap();
    // Exactly on a limit is within it, just below is not.
    m.thickness_m.as_mut().unwrap().mean = 4.001 * edge;
    m.pore_size_m.as_mut().unwrap().mean = 4.9 * edge;
    assert_eq!(verdict(&r, "voxels across a strut").0, "within");
    let (told, otherwise) = verdict(&r, "voxels across a pore");
    assert!(told == "OUTSIDE" && otherwise.contains("finer voxels"), "{told} {otherwise}");
    assert_eq!(verdict(&r, "pores across the box").0, "within");
    r.measure.as_mut().unwrap().thickness_m.as_mut().unwrap().mean = 3.9 * edge;
    r.measure.as_mut().unwrap().pore_size_m.as_mut().unwrap().mean = 40.0 * edge;
    assert_eq!(verdict(&r, "voxels across a strut").0, "OUTSIDE");
    assert_eq!(verdict(&r, "pores across the box").0, "OUTSIDE");
    let d = r.transport.get_mut("solid").unwrap().directions.get_mut("x").unwrap();
    d.half_loss_fraction = Some(0.005);
    assert_eq!(verdict(&r, "share of the solid that holds half of its loss, along x").0, "OUTSIDE");
}

#[test]
fn a_check_that_failed_says_so() {
    let mut r = full();
    r.configuration = serde_json::json!({"tol": "0.1%"});
    let d = r.transport.get_mut("pore").unwrap().directions.get_mut("x").unwrap();
    let tau = d.tau.unwrap();
    d.tau_bounds = Some([tau, tau * 1.0005]);
    for other in ["y", "z"] {
        r.transport.get_mut("pore").unwrap().directions.get_mut(other).unwrap().tau_bounds = None;
    }
    let told = |r: &RunResults| {
        let rows = rows(&page(r), "What this run checked of itself");
        rows.iter().find(|row| row[0].contains("tau of the pore") || row[0].contains("τ of the pore")).unwrap().clone()
    };
    assert_eq!(told(&r)[3], "passed", "{:?}", told(&r));
    r.transport.get_mut("pore").unwrap().directions.get_mut("x").unwrap().tau_bounds = Some([tau, tau * 1.002]);
    assert_eq!(told(&r)[3], "FAILED");
}
