//! The page, the table and the charts of a comparison.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers, which the lint does not see as tests")]

use std::collections::BTreeMap;

use foamflux_report::compare::{charts, compare_csv, compare_html, compare_text};
use foamflux_results::{
    Better, CompareConditions, CompareResults, ComparedHost, Difference, ErrorParts, MetricInfo, Pair, Pareto, Program,
    Quantity, Replicate, Representative,
};

fn metric(key: &str, name: &str, group: &str, factor: f64) -> MetricInfo {
    MetricInfo {
        key: key.to_owned(),
        name: name.to_owned(),
        group: group.to_owned(),
        unit: "1/m".to_owned(),
        shown_unit: "1/mm".to_owned(),
        shown_factor: factor,
        better: Better::Higher,
        headline: true,
        meaning: "a <meaning>".to_owned(),
    }
}

fn quantity(value: f64, sampling: f64) -> Quantity {
    let error = ErrorParts { sampling: Some(sampling), total: Some(sampling), ..ErrorParts::default() };
    Quantity { value, error }
}

fn host(name: &str, values: &[(&str, f64)]) -> ComparedHost {
    let values: BTreeMap<String, Quantity> =
        values.iter().map(|(k, v)| ((*k).to_owned(), quantity(*v, 0.01 * v))).collect();
    ComparedHost {
        name: name.to_owned(),
        input: format!("host:{name}"),
        kind: "generated".to_owned(),
        title: "a host".to_owned(),
        standing: "all parameters assumed".to_owned(),
        voxel_size_m_xyz: [1e-6; 3],
        material: None,
        scalable: true,
        plane: false,
        not_comparable: None,
        representative: Some(Representative {
            length_m: 1e-4,
            what: "cells".to_owned(),
            box_over_length: 2.0,
            needed: 5.0,
            enough: false,
        }),
        replicates: vec![Replicate {
            name: "seed 1".to_owned(),
            shape_zyx: [3, 4, 5],
            values: values.clone(),
            seconds: 1.0,
        }],
        values,
        missing: BTreeMap::from([("c".to_owned(), "does not percolate".to_owned())]),
        notes: Vec::new(),
    }
}

fn results() -> CompareResults {
    let hosts = vec![
        host("first, <b>", &[("a", 2e3), ("b", 4.0)]),
        host("second", &[("a", 9e6), ("b", 5.0)]),
        host("third", &[("a", 1e4)]),
    ];
    let difference =
        |difference: f64, significant| Difference { difference, threshold: None, p_value: None, significant };
    CompareResults {
        schema: CompareResults::SCHEMA.to_owned(),
        program: Program { name: "foamflux".to_owned(), version: "0".to_owned() },
        finished_utc: "2026-01-01T00:00:00Z".to_owned(),
        configuration: serde_json::json!({}),
        device: "cpu".to_owned(),
        conditions: CompareConditions {
            quality: "fast".to_owned(),
            size_voxels: 128,
            replicates: 3,
            thickness_m: 82e-6,
            capacity_c_per_m2: 3.6e5,
            current_a_per_m2: 10.0,
            lithium_c_per_m3: 7.4e9,
            confidence: 0.95,
        },
        metrics: vec![
            metric("a", "area", "geometry", 1e-3),
            metric("b", "ratio", "geometry", 1.0),
            metric("c", "nothing", "transport", 1.0),
        ],
        hosts,
        pairs: vec![Pair {
            a: "first, <b>".to_owned(),
            b: "second".to_owned(),
            metrics: BTreeMap::from([
                ("a".to_owned(), difference(-1.0, Some(true))),
                ("b".to_owned(), difference(-1.0, Some(false))),
            ]),
        }],
        pareto: vec![Pareto {
            title: "at equal thickness".to_owned(),
            objectives: vec!["a".to_owned(), "b".to_owned()],
            front: vec!["second".to_owned()],
            dominated_by: BTreeMap::from([("first, <b>".to_owned(), "second".to_owned())]),
            left_out: BTreeMap::from([("third".to_owned(), "b: no value".to_owned())]),
        }],
        limits: vec!["a limit".to_owned()],
        figures: Vec::new(),
        files: BTreeMap::new(),
        warnings: vec!["a warning".to_owned()],
        notes: Vec::new(),
        peak_memory_bytes: None,
        seconds_total: 3.0,
    }
}

#[test]
fn the_page_escapes_names_and_needs_no_network() {
    let page = compare_html(&results(), &[], &[]).unwrap();
    assert!(page.contains("first, &#60;b&#62;") || page.contains("first, &lt;b&gt;"), "escaped");
    assert!(!page.contains("<b>first") && !page.contains("http://") && !page.contains("<script"));
    for part in
        ["Significance", "a limit", "a warning", "dominated by second", "below a representative volume", "yes, &lt;"]
    {
        assert!(page.contains(part) || page.contains(&part.replace("&lt;", "&#60;")), "{part}");
    }
}

#[test]
fn the_text_shows_numbers_in_their_units_and_words_where_there_are_none() {
    let text = compare_text(&results());
    println!("{text}");
    // 2e3 per metre are 2 per millimetre.
    assert!(text.contains("2.00 ± 0.02") || text.contains("2.000"), "{text}");
    assert!(text.contains("9000") && text.contains("yes, <") && text.contains("second"), "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 98), "{text}");
    // A group without any number is left out.
    assert!(!text.contains("Transport"), "{text}");
}

#[test]
fn one_ranked_host_alone_is_not_called_the_best() {
    let mut r = results();
    assert!(compare_text(&r).contains("Best in shape at equal thickness: second"));
    r.pareto[0].dominated_by.clear();
    assert!(!compare_text(&r).contains("Best in shape"));
}

#[test]
fn the_csv_has_one_row_per_host_and_reads_back() {
    let csv = compare_csv(&results());
    let rows: Vec<&str> = csv.trim_end().split("\r\n").collect();
    assert_eq!(rows.len(), 4);
    assert!(rows[1].starts_with("\"first, <b>\","));
    assert_eq!(rows[0].split(',').count(), 8 + 3 * 6);
    assert!(rows[2].contains(",9000000,") && rows[2].contains(",90000,"), "{}", rows[2]);
}

#[test]
fn charts_hold_every_host_and_no_nonsense() {
    let mut r = results();
    let dots = charts::dots(&r);
    assert!(dots.contains("logarithmic") && dots.contains("second") && dots.contains("none"), "{dots}");
    let view = charts::pareto(&r, &r.pareto[0]).unwrap();
    // The third host has no second objective.
    assert!(view.contains(">second<") && !view.contains(">third<"), "{view}");
    // Odd numbers draw something finite.
    r.hosts[0].values.insert("b".to_owned(), quantity(0.0, f64::NAN));
    r.hosts[1].values.insert("b".to_owned(), quantity(-3.0, 1.0));
    for svg in [charts::dots(&r), charts::pareto(&r, &r.pareto[0]).unwrap()] {
        assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

#[test]
fn who_leads_is_told_with_what_is_sure_of_it() {
    let page = compare_html(&results(), &[], &[]).unwrap();
    let ranking = page.split("Who leads").nth(1).unwrap().split("</table>").next().unwrap().replace('\u{a0}', " ");
    let row = |metric: &str| ranking.split("<tr").find(|row| row.contains(metric)).unwrap().to_owned();
    // More area is better: the second leads, significantly ahead of the first; of the third no pair is known.
    let area = row("most area");
    let at = |part: &str| area.find(part).unwrap_or_else(|| panic!("{part} in {area}"));
    assert!(at("second") < at("9000") && at("9000") < at("first, ") && at("first, ") < at("third (unknown)"), "{area}");
    let ratio = row("most ratio");
    assert!(ratio.contains("5.00") && !ratio.contains("third"), "the third has no ratio: {ratio}");
    assert!(!ranking.contains("nothing"), "no host has that metric");

    let mut r = results();
    r.metrics[0].better = Better::Lower;
    r.hosts[0].not_comparable = Some("another class".to_owned());
    let page = compare_html(&r, &[], &[]).unwrap();
    let ranking = page.split("Who leads").nth(1).unwrap().split("</table>").next().unwrap();
    let area = ranking.split("<tr").find(|row| row.contains("least area")).unwrap();
    assert!(area.contains("third") && !area.contains("first, "), "the least of the ranked: {area}");
    assert!(page.contains("Measured and not ranked: first"));
}

#[test]
fn the_page_keeps_its_size_and_tells_what_was_thinned() {
    use foamflux_report::compare::HostVolume;
    use foamflux_report::viewer::{Content, Layer, PAGE_BYTES, SliceVolume};
    const N: usize = 120;
    // Noise, which nothing compresses.
    let noise: Vec<u8> = (0..(N * N * N) as u32)
        .map(|i| {
            let h = (i ^ i >> 15).wrapping_mul(2_246_822_519);
            ((h ^ h >> 13).wrapping_mul(3_266_489_917) >> 24) as u8
        })
        .collect();
    let volumes: Vec<HostVolume<'_>> = ["first, <b>", "second", "third"]
        .iter()
        .map(|name| HostVolume {
            name: (*name).to_owned(),
            slices: SliceVolume {
                shape_zyx: [N; 3],
                edges_m: Some([1e-6; 3]),
                layers: (0..3)
                    .map(|k| Layer {
                        name: format!("layer {k}"),
                        content: Content::Grey(Box::new(|i| f32::from(noise[i]))),
                    })
                    .collect(),
            },
        })
        .collect();
    let page = compare_html(&results(), &[], &volumes).unwrap();
    assert!(page.len() <= PAGE_BYTES, "{} bytes", page.len());
    assert!(page.contains("blocks of") && page.contains("slice-viewer-2"));
    assert!(page.contains("first, &#60;b&#62;") || page.contains("first, &lt;b&gt;"));
    let small = HostVolume {
        name: "small".to_owned(),
        slices: SliceVolume {
            shape_zyx: [4; 3],
            edges_m: None,
            layers: vec![Layer { name: "labels".to_owned(), content: Content::Labels(&noise[..64]) }],
        },
    };
    let page = compare_html(&results(), &[], &[small]).unwrap();
    assert!(page.contains("Every voxel is shown") && page.contains("<script"));
}
