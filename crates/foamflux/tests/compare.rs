//! `foamflux compare`: files, conditions, errors, and refusals.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use std::fs;
use std::path::Path;

use common::{Call, close, foamflux, folder, labels, number};
use foamflux_grid::{Region, Silent, Volume};
use foamflux_io::read::{self, DataBar, ReadOptions, StackData};
use serde_json::Value;

fn compare(out: &Path, args: &[&str]) -> Call {
    let out = out.display().to_string();
    let mut all = vec!["compare", "-q", "--device", "cpu", "-o", &out];
    all.extend(args);
    foamflux(&all)
}

fn results(out: &Path, args: &[&str]) -> Value {
    let call = compare(out, args);
    assert_eq!(call.status, 0, "{}", call.stderr);
    serde_json::from_slice(&fs::read(out.join("compare.json")).unwrap()).unwrap()
}

fn host<'a>(r: &'a Value, name: &str) -> &'a Value {
    r["hosts"].as_array().unwrap().iter().find(|h| h["name"] == name).unwrap_or_else(|| panic!("{name} in {r:#}"))
}

#[test]
fn channels_and_a_foil_have_their_exact_numbers() {
    let place = folder();
    let out = place.path().join("out");
    let r = results(&out, &["host:microchannels", "host:foil", "--size=48", "--seeds=2", "--thickness=60um"]);
    assert_eq!(r["schema"], "foamflux.compare/1");
    let channels = host(&r, "microchannels");
    let value = |key: &str| number(channels, &format!("/values/{key}/value"));
    // Channels along the depth: no detour at all, and none across.
    close(value("pore_tau_minus_one_z"), 0.0, 1e-12, "tau - 1 along channels");
    assert_eq!(channels["missing"]["pore_tau_minus_one_x"], "does not percolate");
    close(value("pore_connected_x"), 0.0, 0.0, "channels across");
    close(value("solid_connected_x"), 1.0, 1e-12, "walls across");
    // The floor of collector is a layer and no host.
    assert_eq!(channels["replicates"][0]["shape_zyx"][0], 63);
    // 1 + pi d L / pitch^2 within what is stated for voxels, ten across a channel, in a box that cuts some.
    let exact = 1.0 + std::f64::consts::PI * 10.0 * 60.0 / 225.0;
    let total = number(channels, "/values/thickness_area_ratio/error/total");
    close(value("thickness_area_ratio"), exact, total.max(0.25 * exact), "area ratio");
    let foil = host(&r, "foil");
    assert_eq!(foil["plane"], true);
    close(number(foil, "/values/thickness_area_ratio/value"), 1.0, 1e-12, "a foil is flat");
    assert!(foil["values"].get("porosity").is_none());
    // All of the current on a plane: 2 RT/F asinh(J / 2 i0), the same at every place of it.
    let (planar, nothing) = (2.0 * 8.314463 * 298.15 / 96485.332 * (10.0f64 / 5.6).asinh(), 1e-9);
    close(number(foil, "/values/thickness_overpotential_v/value"), planar, 1e-6 * planar, "a plane's overpotential");
    close(number(foil, "/values/current_cv/value"), 0.0, nothing, "a plane is even");
    close(number(foil, "/values/current_hot_spot_p99/value"), 1.0, nothing, "no hot spots on a plane");
    // Ten times the area: less of it, and the walls of wide channels in copper are nearly as even.
    let channel = value("thickness_overpotential_v");
    let kinetic = 2.0 * 0.0256926 * (0.5 * value("thickness_local_current_a_per_m2") / 2.8).asinh();
    assert!(channel > kinetic && channel < 1.5 * kinetic, "{channel} V for {kinetic} V of kinetics");
    assert_eq!(channels["missing"]["coordination"], "not made of struts or fibres");
    assert!(foil["missing"]["surfaces_cv"].as_str().unwrap().contains("--i0"));
    for name in
        ["compare.html", "compare.csv", "figures/hosts.svg", "figures/foil_labels.png", "figures/pareto_thickness.svg"]
    {
        assert!(out.join(name).is_file(), "{name}");
    }
    let page = fs::read_to_string(out.join("compare.html")).unwrap();
    assert!(page.contains("microchannels") && page.contains("Significance") && !page.contains("http://"));
    let csv = fs::read_to_string(out.join("compare.csv")).unwrap();
    let (head, row) = (csv.lines().next().unwrap(), csv.lines().nth(1).unwrap());
    assert_eq!(head.split(',').count(), row.split(',').count());
    assert!(head.contains("area_per_volume_per_m [1/m]"));
}

#[test]
fn seeds_give_errors_and_the_same_command_gives_the_same_numbers() {
    let place = folder();
    let args = ["host:porous-cuzn", "host:porous-cuzn,volume_fraction=0.25", "--size=40", "--seeds=3"];
    let a = results(&place.path().join("a"), &args);
    let b = results(&place.path().join("b"), &[&args[..], &["--threads=1"]].concat());
    assert_eq!(a["hosts"][0]["values"], b["hosts"][0]["values"], "threads do not matter");
    let twin = host(&a, "porous-cuzn#2");
    assert_eq!(twin["replicates"].as_array().map(Vec::len), Some(3));
    let porosity = |h: &Value| (number(h, "/values/porosity/value"), number(h, "/values/porosity/error/sampling"));
    let ((p, e), (q, f)) = (porosity(host(&a, "porous-cuzn")), porosity(twin));
    assert!(e > 0.0 && f > 0.0);
    close(q - p, 0.15, 0.05, "what was asked for");
    let pair = &a["pairs"][0]["metrics"]["porosity"];
    assert_eq!(pair["significant"], true);
    close(number(pair, "/difference"), p - q, 1e-12, "first minus second");
    // The mean is that of the seeds.
    let each: Vec<f64> = (0..3).map(|k| number(twin, &format!("/replicates/{k}/values/porosity/value"))).collect();
    close(q, each.iter().sum::<f64>() / 3.0, 1e-12, "mean of seeds");
}

#[test]
fn kinetics_by_label_stand_beside_the_shape_and_change_nothing_of_it() {
    /// Nodes carry as much less as their exchange current density, but for what the electrolyte evens out.
    const EVENED: f64 = 0.05;
    let place = folder();
    let args = ["host:cmf-sem", "host:cmf-pressed", "--size=40", "--seeds=1"];
    let plain = results(&place.path().join("plain"), &args);
    let by_label = results(&place.path().join("sites"), &[&args[..], &["--i0=node=0.56A/m2"]].concat());
    let (a, b) = (host(&plain, "cmf-sem"), host(&by_label, "cmf-sem"));
    assert_eq!(a["values"]["current_cv"], b["values"]["current_cv"], "the shape's own columns stay");
    let on_nodes = number(b, "/values/surfaces_node_relative/value");
    let share = number(b, "/values/node_share/value");
    assert!(share > 0.05 && share < 0.4, "{share}");
    // With a fifth of the exchange current, an area share s of nodes carries 0.2 / (1 - 0.8 s) of the mean.
    assert!(on_nodes > 0.2 && on_nodes < 0.2 / (1.0 - 0.8 * share) + EVENED, "{on_nodes}");
    assert!(number(b, "/values/surfaces_hot_spot_p99/value") > 1.0 + number(a, "/values/current_cv/value"));
    // The truth of the host stands beside what was found.
    assert!(number(a, "/values/coordination/error/resolution") < 0.5, "coordination");
    let diameter = &a["values"]["fibre_diameter_m"];
    close(number(diameter, "/value"), 6.2e-6, number(diameter, "/error/total") + 0.1e-6, "strut diameter");
}

#[test]
fn a_grey_image_carries_the_doubt_of_its_threshold_through_every_column() {
    let place = folder();
    let grey = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/cmf-grey").display().to_string();
    let r = results(&place.path().join("out"), &[&grey, "host:foil", "--size=32", "--crops=2"]);
    let image = &r["hosts"][0];
    for key in
        ["porosity", "area_per_volume_per_m", "pore_tau_minus_one_z", "fibre_diameter_m", "thickness_overpotential_v"]
    {
        let doubt = number(image, &format!("/values/{key}/error/segmentation"));
        let value = number(image, &format!("/values/{key}/value"));
        assert!(doubt > 0.0 && doubt < value, "{key}: {doubt} of {value}");
        assert!(doubt <= number(image, &format!("/values/{key}/error/total")), "{key}");
    }
    // A foil was drawn and has no threshold.
    assert_eq!(r["hosts"][1]["values"]["thickness_overpotential_v"]["error"]["segmentation"], Value::Null);
}

/// The volume of bytes in a file or folder.
fn bytes(path: &Path) -> Volume<u8> {
    // Labels of a sparse host look like the bar of a microscope.
    let options = ReadOptions { data_bar: DataBar::Keep, ..ReadOptions::default() };
    match read::plan(path, &options).unwrap().read(&Silent).unwrap().data {
        StackData::U8(volume) => volume,
        other => panic!("{} of {}", other.sample_type(), path.display()),
    }
}

/// A layer as the page holds it.
struct Layer {
    kind: String,
    /// The value of code 0.
    low: f64,
    /// Codes by voxel, x fastest.
    codes: Vec<u8>,
}

/// What follows `name="` in a piece of a page.
fn attribute<'a>(html: &'a str, name: &str) -> &'a str {
    let start = format!(" {name}=\"");
    html.split_once(&start).unwrap_or_else(|| panic!("no {name}")).1.split('"').next().unwrap()
}

/// The layers of every volume of a comparison's page, by name of the host.
fn viewers(out: &Path) -> Vec<(String, Vec<Layer>)> {
    let page = fs::read_to_string(out.join("compare.html")).unwrap();
    let layer = |size: &[usize], columns: usize, html: &str| {
        let file = out.join("layer.png");
        fs::write(&file, common::base64(attribute(html, "src").split_once("base64,").unwrap().1)).unwrap();
        let image = bytes(&file);
        let [nx, ny, nz] = [size[0], size[1], size[2]];
        let at = |z: usize, y: usize, x: usize| *image.at(0, z / columns * ny + y, z % columns * nx + x);
        let codes = (0..nz).flat_map(|z| (0..ny).flat_map(move |y| (0..nx).map(move |x| (z, y, x))));
        Layer {
            kind: attribute(html, "data-kind").to_owned(),
            low: attribute(html, "data-low").parse().unwrap_or(0.0),
            codes: codes.map(|(z, y, x)| at(z, y, x)).collect(),
        }
    };
    let viewer = |html: &str| {
        let (name, html) = html.split_once("</summary>").unwrap();
        assert_eq!(attribute(html, "data-step"), "1 1 1", "so small a box is shown voxel by voxel");
        let size: Vec<usize> = attribute(html, "data-size").split(' ').map(|n| n.parse().unwrap()).collect();
        let columns = attribute(html, "data-columns").parse().unwrap();
        (name.to_owned(), html.split("<div class=\"layer\"").skip(1).map(|html| layer(&size, columns, html)).collect())
    };
    let section = page.split_once("<section id=\"slices\"").unwrap().1.split("</section>").next().unwrap();
    section.split("<summary>").skip(1).map(viewer).collect()
}

/// The box that the first crop of a host is.
fn first_crop(r: &Value, name: &str) -> Region {
    host(r, name)["replicates"][0]["name"].as_str().unwrap().strip_prefix("crop ").unwrap().parse().unwrap()
}

#[test]
fn grey_slices_lie_below_the_labels_of_an_image_and_of_a_run_and_of_nothing_else() {
    let place = folder();
    let (slices, run) = (place.path().join("slices"), place.path().join("run"));
    fs::create_dir(&slices).unwrap();
    for file in fs::read_dir(common::root().join("data/cmf-grey")).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), slices.join(file.file_name())).unwrap();
    }
    let [slices_given, run_given] = [&slices, &run].map(|p| p.display().to_string());
    foamflux(&["run", &slices_given, "-q", "--device=cpu", "--only=measure", "-o", &run_given]).succeeds();

    let out = place.path().join("out");
    let hosts = [slices_given.as_str(), run_given.as_str(), "host:fibre-mat", "--size=32", "--crops=1"];
    let r = results(&out, &hosts);
    let grey = bytes(&slices);
    let shown = viewers(&out);
    assert_eq!(shown.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["slices", "run", "fibre-mat"]);
    for (name, layers) in &shown[..2] {
        let kinds: Vec<&str> = layers.iter().map(|l| l.kind.as_str()).collect();
        assert_eq!(kinds[..2], ["grey", "labels"], "{name}: the grey values lie lowest");
        let part = grey.crop(first_crop(&r, name)).unwrap();
        let values: Vec<f64> = layers[0].codes.iter().map(|c| f64::from(*c) + layers[0].low).collect();
        assert!(
            values.iter().zip(part.as_slice()).all(|(v, g)| (v - f64::from(*g)).abs() < 0.5),
            "{name}: every voxel"
        );
        assert_eq!(values.len(), part.as_slice().len(), "{name}");
    }
    assert!(shown[2].1.iter().all(|l| l.kind != "grey"), "what was drawn has no grey values");

    // Another direction is the depth, the collector at its first slice; and the run's slices are not what they were.
    fs::copy(slices.join("cmf0000.tif"), slices.join("cmf0001.tif")).unwrap();
    let out = place.path().join("turned");
    let r = results(&out, &[&hosts[..2], &["--size=32", "--crops=1", "--direction=x", "--collector=first"]].concat());
    let (grey, shown) = (bytes(&slices), viewers(&out));
    let region = first_crop(&r, "slices");
    let mut codes = shown[0].1[0].codes.iter();
    for z in region.z0..region.z1 {
        for y in region.y0..region.y1 {
            for x in region.x0..region.x1 {
                let expected = f64::from(*grey.at(x, y, grey.shape().x - 1 - z));
                assert!(
                    (f64::from(*codes.next().unwrap()) + shown[0].1[0].low - expected).abs() < 0.5,
                    "{x}, {y}, {z}"
                );
            }
        }
    }
    assert!(shown[1].1.iter().all(|l| l.kind != "grey"));
    let notes = host(&r, "run")["notes"].to_string();
    assert!(notes.contains("grey values are not shown") && notes.contains("no longer those"), "{notes}");
}

#[test]
fn a_host_folder_a_finished_run_and_a_file_are_hosts() {
    let place = folder();
    let made = place.path().join("made");
    let call = foamflux(&["host", "porous-cuzn", "--size=40", "-q", "-o", made.to_str().unwrap()]);
    assert_eq!(call.status, 0, "{}", call.stderr);
    let file = made.join("labels.tif").display().to_string();
    let run = place.path().join("run");
    let call = foamflux(&["run", &file, "-q", "--device=cpu", "--only=measure", "-o", run.to_str().unwrap()]);
    assert_eq!(call.status, 0, "{}", call.stderr);
    let paths = [made.display().to_string(), run.display().to_string(), file];
    let all: Vec<&str> = paths.iter().map(String::as_str).chain(["--size=40", "--crops=1"]).collect();
    let r = results(&place.path().join("out"), &all);
    let kinds: Vec<&str> = r["hosts"].as_array().unwrap().iter().filter_map(|h| h["kind"].as_str()).collect();
    assert_eq!(kinds, ["host folder", "finished run", "file"]);
    let first = &r["hosts"][0]["values"]["area_per_volume_per_m"]["value"];
    assert!((1..3).all(|k| &r["hosts"][k]["values"]["area_per_volume_per_m"]["value"] == first));
    // One crop tells nothing of the spread, and nothing is claimed.
    assert_eq!(r["pairs"][0]["metrics"]["porosity"]["significant"], Value::Null);
    assert_eq!(r["hosts"][0]["values"]["porosity"]["error"]["sampling"], Value::Null);
    // The host folder knows its material, the file does not.
    assert_eq!(r["hosts"][0]["material"]["name"], "brass");
    assert!(r["hosts"][2]["missing"]["area_per_mass_m2_per_kg"].as_str().unwrap().contains("--density"));
}

#[test]
fn what_cannot_be_compared_is_refused_and_leaves_nothing() {
    let place = folder();
    let out = place.path().join("out");
    compare(&out, &["host:foil"]).fails(2, &["two hosts"]);
    compare(&out, &["host:cmf", "host:foil"]).fails(2, &["'cmf' is not a host", "cmf-sem", "--list"]);
    compare(&out, &["host:cmf-sem,broken=2", "host:foil"]).fails(2, &["broken = 2", "0 to 1"]);
    compare(&out, &["host:cmf-sem,size=9", "host:foil"]).fails(2, &["--size"]);
    compare(&out, &["host:cmf-sem,strut_diameter=90um", "host:foil", "--size=32"]).fails(2, &["strut", "cell"]);
    compare(&out, &["host:foil", "host:foil", "--size=-5"]).fails(2, &["--size"]);
    compare(&out, &["host:foil", "host:foil", "--size=4"]).fails(2, &["--size", "16 to 2048"]);
    compare(&out, &["host:foil", "host:foil", "--seeds=0"]).fails(2, &["--seeds", "1 to 100"]);
    compare(&out, &["host:foil", "host:foil", "--quality=best"]).fails(2, &["fast or full"]);
    compare(&out, &["host:foil", "host:foil", "--thickness=-2um"]).fails(2, &["--thickness"]);
    compare(&out, &["host:foil", "host:foil", "--voltage=0.1V"]).fails(2, &["--voltage", "--current"]);
    compare(&out, &["host:foil", "host:foil", "--i0=0"]).fails(2, &["exchange current"]);
    compare(&out, &["host:foil", "host:foil", "--capacity=10"]).fails(2, &["--capacity", "mAh/cm2"]);
    compare(&out, &["nothing-here.tif", "host:foil"]).fails(3, &["nothing-here.tif"]);
    compare(&out, &["host:cmf-sem", "host:foil", "--size=600", "--max-memory=1GiB"]).fails(4, &["--max-memory"]);
    let unknown = labels(&place, [8, 40, 40], |z, _, x| u8::from((x + z) % 4 == 0));
    compare(&out, &[&unknown, "host:foil"]).fails(2, &["--voxel-size"]);
    assert!(!out.exists(), "nothing is left behind");
    // With a voxel size it is a host like any other.
    let call = compare(&out, &[&unknown, "host:foil", "--voxel-size=1um", "--size=16", "--seeds=2"]);
    assert_eq!(call.status, 0, "{}", call.stderr);
    compare(&out, &["host:foil", "host:foil"]).fails(2, &["--overwrite"]);
    assert_eq!(compare(&out, &["host:foil", "host:foil", "--overwrite", "--seeds=1"]).status, 0);
}

#[test]
fn a_plan_does_no_work() {
    let place = folder();
    let out = place.path().join("out");
    let plan = compare(&out, &["host:cmf-sem", "host:foil", "--dry-run", "--json"]).json();
    assert_eq!((plan["size_voxels"].clone(), plan["replicates"].clone()), (96.into(), 3.into()));
    assert!(!out.exists());
}
