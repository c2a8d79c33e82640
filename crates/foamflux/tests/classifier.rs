//! Segmentation that learns from painted voxels, from the command line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use common::{Call, close, foamflux, folder, number};
use foamflux_grid::{Shape, Volume, VoxelSize};
use foamflux_io::read::{ReadOptions, StackData};

/// A synthetic host as a tomograph takes it, and every voxel of some rows of three slices painted.
struct Sample {
    place: tempfile::TempDir,
    grey: String,
    truth: String,
    painted: String,
}

fn sample(seed: &str) -> Sample {
    let place = folder();
    let out = place.path().join("host");
    let call = foamflux(&["host", "cmf-demo", "--grey=ct", "--seed", seed, "-o", &out.display().to_string(), "-q"]);
    assert_eq!(call.status, 0, "{}", call.stderr);
    let truth = out.join("labels.tif");
    let stack = foamflux_io::read::plan(&truth, &ReadOptions::default()).unwrap().read(&foamflux_grid::Silent).unwrap();
    let StackData::U8(labels) = stack.data else { panic!("labels are bytes") };
    let painted = labels.shape().z;
    let slices = [painted / 6, painted / 2, 5 * painted / 6];
    let painted = Volume::from_fn(labels.shape(), VoxelSize::Unknown, |z, y, x| {
        let stroke = slices.contains(&z) && y % 12 < 3;
        if stroke { 1 + u8::from(*labels.at(z, y, x) > 0) } else { 0 }
    });
    let path = place.path().join("painted.tif");
    foamflux_io::write::volume(&path, &painted, "painted").unwrap();
    Sample {
        grey: out.join("grey").display().to_string(),
        truth: truth.display().to_string(),
        painted: path.display().to_string(),
        place,
    }
}

fn segment(sample: &Sample, more: &[&str]) -> Call {
    let mut args = vec!["segment", &sample.grey, "--truth", &sample.truth, "--json", "-q"];
    args.extend(more);
    foamflux(&args)
}

#[test]
fn what_was_learnt_runs_on_the_next_sample() {
    let (first, next) = (sample("5"), sample("6"));
    let recipe = first.place.path().join("recipe.toml").display().to_string();
    let trained = segment(&first, &["--train", &first.painted, "--save-recipe", &recipe]).json();
    assert_eq!(trained["method"], "classifier");
    assert!(trained["recipe"][0].as_str().unwrap().contains("painted as pore"), "{}", trained["recipe"]);

    let again = segment(&first, &["--recipe", &recipe]).json();
    assert_eq!(again["volume_fractions"], trained["volume_fractions"]);
    let other = segment(&next, &["--recipe", &recipe]).json();
    for (json, what) in [(&trained, "the sample that was painted"), (&other, "the next one")] {
        let dice = number(json, "/score/dice");
        // The default has 0.96 to 0.98 on such tomograms.
        assert!(dice > 0.96, "{what}: {dice}");
        let solid = |key: &str| 1.0 - number(json, &format!("/score/porosity/{key}"));
        close(solid("found") / solid("truth"), 1.0, 0.03, what);
        let band = |key: &str| number(json, &format!("/band/solid_fraction_{key}"));
        assert!(band("low") >= solid("truth") && solid("truth") >= band("high"), "{what}: the truth is in the band");
    }
}

#[test]
fn what_cannot_be_learnt_from_is_refused() {
    let sample = sample("7");
    let file = |name: &str, shape: [usize; 3], f: &dyn Fn(usize) -> u8| {
        let path = sample.place.path().join(name);
        let shape = Shape::new(shape[0], shape[1], shape[2]).unwrap();
        let painted = Volume::from_fn(shape, VoxelSize::Unknown, |z, _, _| f(z));
        foamflux_io::write::volume(&path, &painted, "painted").unwrap();
        path.display().to_string()
    };
    let train = |painted: &str| segment(&sample, &["--train", painted]);
    train(&file("small.npy", [4, 4, 4], &|_| 1)).fails(3, &["4x4x4", "paint on the stack itself"]);
    train(&file("one.npy", [96, 96, 96], &|z| u8::from(z == 3))).fails(3, &["painted as solid", "strokes of either"]);
    train(&file("wild.npy", [96, 96, 96], &|z| if z == 3 { 7 } else { 0 })).fails(3, &["painted with 7", "2 is solid"]);
    train("nowhere.tif").fails(3, &["nowhere.tif"]);
    segment(&sample, &["--method", "classifier"]).fails(2, &["--train PAINTED"]);
    segment(&sample, &["--train", &sample.painted, "--method", "otsu"]).fails(2, &["--method classifier"]);

    // A recipe that somebody has edited leads nowhere, and says so.
    let recipe = sample.place.path().join("recipe.toml");
    let path = recipe.display().to_string();
    segment(&sample, &["--train", &sample.painted, "--save-recipe", &path]).json();
    let text = std::fs::read_to_string(&recipe).unwrap();
    let (before, rest) = text.split_once("next = [").unwrap();
    std::fs::write(&recipe, format!("{before}next = [60000, {}", rest.split_once(',').unwrap().1)).unwrap();
    segment(&sample, &["--recipe", &path]).fails(2, &["leads nowhere", "recipe.toml"]);
}
