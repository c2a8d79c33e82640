use super::*;
use foamflux_grid::{Silent, VoxelSize};
use foamflux_hosts::cmf_demo;

/// Every voxel of some rows in three slices, as strokes of a brush would have it.
fn strokes(truth: &Volume<u8>) -> Painted {
    Painted::new(&stroked(truth)).unwrap()
}

fn stroked(truth: &Volume<u8>) -> Volume<u8> {
    let shape = truth.shape();
    let slices = [shape.z / 6, shape.z / 2, 5 * shape.z / 6];
    Volume::from_fn(shape, truth.voxel_size().clone(), |z, y, x| {
        let painted = slices.contains(&z) && y % 12 < 3;
        if painted { if *truth.at(z, y, x) > 0 { PAINTED_SOLID } else { PAINTED_PORE } } else { 0 }
    })
}

fn noise(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        // The sum of four uniform numbers is normal enough.
        (0..4)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
            })
            .sum::<f32>()
            * 3f32.sqrt()
    }
}

/// Rods along z in noise of half of their contrast, and which voxels they are.
fn rods(seed: u64) -> (Volume<f32>, Volume<u8>) {
    let shape = Shape::new(24, 64, 64).unwrap();
    let truth = Volume::from_fn(shape, VoxelSize::Unknown, |_, y, x| {
        let (y, x) = (y as f64 % 32.0 - 15.6, x as f64 % 32.0 - 16.3);
        u8::from(y * y + x * x < 16.0)
    });
    let mut next = noise(seed);
    let grey = truth.map(|&t| 100.0 * f32::from(t) + 50.0 * next());
    (grey, truth)
}

fn dice(classified: &Classified, truth: &Volume<u8>) -> (f64, f64) {
    let (mut both, mut found, mut real) = (0.0, 0.0, 0.0);
    for (&p, &t) in classified.probability.as_slice().iter().zip(truth.as_slice()) {
        let solid = f64::from(p) >= classified.level;
        both += f64::from(u8::from(solid && t > 0));
        found += f64::from(u8::from(solid));
        real += f64::from(u8::from(t > 0));
    }
    (2.0 * both / (found + real), found / real - 1.0)
}

#[test]
fn rods_in_noise_are_found_on_another_sample() {
    let (grey, truth) = rods(1);
    let trained = train(&grey, &strokes(&truth), &Silent).unwrap();
    assert!(trained.wrong.iter().all(|&w| w < 0.1), "{:?}", trained.wrong);
    let (other, truth) = rods(2);
    let found = trained.classifier.classify(&other, &Silent).unwrap();
    let (dice, volume) = dice(&found, &truth);
    // The best threshold of the grey values themselves has 0.6.
    assert!(dice > 0.9 && volume.abs() < 0.05, "Dice {dice}, volume {volume}");
    let share = truth.as_slice().iter().filter(|&&t| t > 0).count() as f64 / truth.shape().len() as f64;
    assert!((found.solid_fraction / share - 1.0).abs() < 0.1, "{} of {share}", found.solid_fraction);
}

#[test]
fn what_was_painted_more_of_does_not_matter() {
    let (grey, truth) = rods(3);
    let all = stroked(&truth);
    // A tenth of the pore that was painted.
    let mut k = 0;
    let less = all.map(|&p| {
        k += 1;
        if p == PAINTED_PORE && k % 10 != 0 { 0 } else { p }
    });
    let volume = |painted: &Volume<u8>| {
        let found = train(&grey, &Painted::new(painted).unwrap(), &Silent)
            .unwrap()
            .classifier
            .classify(&grey, &Silent)
            .unwrap();
        found.solid_fraction
    };
    assert!((volume(&less) / volume(&all) - 1.0).abs() < 0.05);
}

#[test]
fn threads_and_turns_change_little_or_nothing() {
    let (grey, truth) = rods(4);
    let painted = strokes(&truth);
    let once = train(&grey, &painted, &Silent).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let again = pool.install(|| train(&grey, &painted, &Silent)).unwrap();
    assert_eq!(once, again);
    // The features of a turned stack are those of the stack.
    let shape = grey.shape();
    let turned = Volume::from_fn(Shape::new(shape.y, shape.x, shape.z).unwrap(), VoxelSize::Unknown, |z, y, x| {
        *grey.at(x, z, y)
    });
    let (a, b) = (Features::new(&grey, &Silent).unwrap(), Features::new(&turned, &Silent).unwrap());
    let (mut p, mut q) = (Row::new(shape.x), Row::new(shape.z));
    a.row(9, 20, &mut p);
    b.row(20, 31, &mut q);
    let scale = 100.0;
    for (k, (p, q)) in p.of(31).iter().zip(q.of(9)).enumerate() {
        assert!((p - q).abs() < 1e-4 * scale * (1.0 + p.abs()), "feature {k}: {p} {q}");
    }
}

#[test]
fn the_whole_chain_on_a_grey_foam_keeps_its_volume() {
    let host = cmf_demo().generate(3).unwrap();
    let truth = host.labels.volume().map(|&l| u8::from(l > 0));
    let trained = train(&host.grey, &strokes(&truth), &Silent).unwrap();
    let found = trained.classifier.classify(&host.grey, &Silent).unwrap();
    let (dice, volume) = dice(&found, &truth);
    assert!(dice > 0.97 && volume.abs() < 0.02, "Dice {dice}, volume {volume}");
}

#[test]
fn painted_nonsense_is_refused_with_a_word() {
    let (grey, truth) = rods(5);
    let few = stroked(&truth).map(|&p| if p == PAINTED_SOLID { 0 } else { p });
    let error = train(&grey, &Painted::new(&few).unwrap(), &Silent).unwrap_err();
    assert!(matches!(error, ClassifyError::Few { class: "solid", value: 2, painted: 0 }), "{error}");
    let wild = stroked(&truth).map(|&p| 1.25 * f32::from(p));
    assert!(matches!(Painted::new(&wild), Err(ClassifyError::Value { value, .. }) if value > 1.2));
    let small = Volume::from_fn(Shape::cube(4).unwrap(), VoxelSize::Unknown, |_, _, _| 1u8);
    let small = Painted::new(&small).unwrap();
    assert!(matches!(train(&grey, &small, &Silent).unwrap_err(), ClassifyError::Shape { .. }));
}

/// `cargo test --release -p foamflux-voxel --lib classifier_on_noise -- --ignored --nocapture`
#[test]
#[ignore = "a table, to be read"]
#[allow(clippy::print_stdout, reason = "a table")]
fn classifier_on_noise() {
    for contrast in [12.0, 4.0, 2.0, 1.0] {
        let make = |seed: u64| {
            let mut parameters = cmf_demo();
            parameters.grey.noise_gain = 0.0;
            parameters.grey.noise_sigma = 100.0 / contrast;
            let host = parameters.generate(seed).unwrap();
            let truth = host.labels.volume().map(|&l| u8::from(l > 0));
            (host.grey, truth)
        };
        let (grey, truth) = make(3);
        let trained = train(&grey, &strokes(&truth), &Silent).unwrap();
        for seed in [3, 4, 5] {
            let (grey, truth) = make(seed);
            let clock = std::time::Instant::now();
            let found = trained.classifier.classify(&grey, &Silent).unwrap();
            let seconds = clock.elapsed().as_secs_f64();
            let share = truth.as_slice().iter().filter(|&&t| t > 0).count() as f64 / truth.shape().len() as f64;
            let (dice, volume) = dice(&found, &truth);
            println!(
                "contrast {contrast} seed {seed}: solid {share:.4}, Dice {dice:.3}, volume {volume:+.3}, fraction {:+.3}, level {:.3}; wrong {:?}, {:?}; {seconds:.2} s",
                found.solid_fraction / share - 1.0,
                found.level,
                trained.wrong,
                trained.classifier.scaling,
            );
        }
    }
}
