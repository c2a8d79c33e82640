use std::sync::Mutex;

use foamflux_grid::{Event, Shape, Silent, VoxelSize};

use super::*;

/// Keeps the warnings.
#[derive(Default)]
struct Ear(Mutex<Vec<String>>);

impl Watch for Ear {
    fn event(&self, event: Event) {
        if let Event::Warning(text) = event {
            self.0.lock().unwrap().push(text);
        }
    }
}

impl Ear {
    fn heard(&self, part: &str) -> bool {
        self.0.lock().unwrap().iter().any(|w| w.contains(part))
    }
}

fn noise(state: &mut u64) -> f64 {
    (0..4)
        .map(|_| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*state >> 40) as f64 / (1u64 << 24) as f64 - 0.5
        })
        .sum()
}

/// Bars along z of `width` voxels every `period` voxels, grey 60 and 160, with noise of at most twice the amplitude
/// (standard deviation 0.58 amplitudes).
fn bars(width: usize, period: usize, amplitude: f64) -> (Volume<u8>, Volume<bool>) {
    let shape = Shape::new(12, 48, 48).unwrap();
    let solid = |y: usize, x: usize| y % period < width && x % period < width;
    let mut state = 9;
    let grey = Volume::from_fn(shape, VoxelSize::Unknown, |_, y, x| {
        u8::from_f64(if solid(y, x) { 160.0 } else { 60.0 } + amplitude * noise(&mut state))
    });
    (grey, Volume::from_fn(shape, VoxelSize::Unknown, |_, y, x| solid(y, x)))
}

fn with(method: Method) -> SegmentOptions {
    SegmentOptions { method, ..SegmentOptions::default() }
}

#[test]
fn well_separated_phases_are_found_by_every_method() {
    let (grey, truth) = bars(6, 12, 20.0);
    let dark = grey.map(|v| 255 - v);
    for method in [
        Method::Otsu,
        Method::OtsuPerSlice,
        Method::Fixed { threshold: 110.0 },
        Method::Hysteresis { low: 110.0, high: 150.0 },
    ] {
        let ear = Ear::default();
        let found = segment(&grey, &with(method), &ear).unwrap();
        assert!(found.labels == Labels::from_solid(&truth), "{method:?}");
        assert!((found.solid_fraction - 0.25).abs() < f64::EPSILON);
        assert!(ear.0.lock().unwrap().is_empty(), "{:?}", ear.0);
        // The negative with a dark foreground is the same; 255 - 110 is the first grey value of the pore.
        let method = match method {
            Method::Fixed { .. } => Method::Fixed { threshold: 145.5 },
            Method::Hysteresis { .. } => Method::Hysteresis { low: 105.5, high: 145.5 },
            other => other,
        };
        let options = SegmentOptions { foreground: Foreground::Dark, ..with(method) };
        assert!(segment(&dark, &options, &Silent).unwrap().labels == found.labels, "{method:?}");
    }
}

#[test]
fn a_fixed_threshold_takes_its_own_grey_value() {
    let shape = Shape::new(1, 1, 256).unwrap();
    let ramp = Volume::from_fn(shape, VoxelSize::Unknown, |_, _, x| x as u8);
    let found = segment(&ramp, &with(Method::Fixed { threshold: 90.0 }), &Silent).unwrap();
    assert_eq!(found.labels.volume().as_slice().iter().position(|&l| l == 1), Some(90));
    assert_eq!(found.thresholds, [90.0]);
    let s = found.sensitivity;
    // Means 172.5 and 44.5: the step is 6.4, so thresholds 83.6 and 96.4.
    assert!((s.step - 6.4).abs() < 1e-12 && s.basis == StepBasis::ClassMeans, "{s:?}");
    assert!((s.solid_fraction_at_lower - 172.0 / 256.0).abs() < 1e-12, "{s:?}");
    assert!((s.solid_fraction_at_higher - 159.0 / 256.0).abs() < 1e-12, "{s:?}");
    assert!((s.slope_per_grey + 13.0 / 256.0 / 12.8).abs() < 1e-12, "{s:?}");
}

#[test]
fn hysteresis_follows_a_fading_strut_and_drops_what_hangs_on_nothing() {
    let shape = Shape::new(1, 3, 40).unwrap();
    // A strut that fades along x, and a faint spot of the same brightness that touches it by a corner only.
    let grey = Volume::from_fn(shape, VoxelSize::Unknown, |_, y, x| match (y, x) {
        (1, 0..30) => 200.0 - 4.0 * x as f32,
        (2, 30..33) => 90.0,
        _ => 10.5,
    });
    let found = segment(&grey, &with(Method::Hysteresis { low: 80.0, high: 150.0 }), &Silent).unwrap();
    let solid: Vec<usize> =
        found.labels.volume().as_slice().iter().enumerate().filter(|(_, l)| **l == 1).map(|(i, _)| i).collect();
    assert_eq!(solid, (40..70).collect::<Vec<_>>());
    assert_eq!(found.thresholds, [80.0, 150.0]);
    // One step lower still holds the spot back, though it is above the lower threshold.
    assert!((found.sensitivity.solid_fraction - 0.25).abs() < 1e-12);
}

#[test]
fn clean_up_drops_specks_and_fills_holes() {
    let (mut grey, truth) = bars(6, 12, 20.0);
    let shape = grey.shape();
    grey.as_mut_slice()[shape.index(5, 9, 9)] = 220;
    grey.as_mut_slice()[shape.index(5, 14, 14)] = 20;
    grey.as_mut_slice()[shape.index(0, 2, 2)] = 20;
    let options = SegmentOptions { min_solid_voxels: 2, fill_holes: HoleFilling::Enclosed, ..with(Method::Otsu) };
    let found = segment(&grey, &options, &Silent).unwrap();
    assert_eq!((found.removed_solid_voxels, found.filled_pore_voxels), (1, 1));
    // The dent at the border of the box stays: it may be a pore that goes on outside.
    let different: Vec<usize> =
        (0..shape.len()).filter(|&i| (found.labels.volume().as_slice()[i] == 1) != truth.as_slice()[i]).collect();
    assert_eq!(different, [shape.index(0, 2, 2)]);
}

#[test]
fn rare_solid_in_noise_is_warned_about_and_repaired_by_a_median() {
    let (grey, truth) = bars(5, 24, 60.0);
    let truth = truth.as_slice().iter().filter(|&&v| v).count() as f64 / truth.shape().len() as f64;
    let ear = Ear::default();
    let raw = segment(&grey, &with(Method::Otsu), &ear).unwrap();
    // Five times too much, as measured on foams.
    assert!(raw.solid_fraction > 3.0 * truth, "{} against {truth}", raw.solid_fraction);
    assert!(ear.heard("no dip") && ear.heard("looks like noise"), "{:?}", ear.0);
    let options = SegmentOptions { denoise: Denoise::Median { radius: 1 }, ..with(Method::Otsu) };
    let ear = Ear::default();
    let quiet = segment(&grey, &options, &ear).unwrap();
    assert!((quiet.solid_fraction / truth - 1.0).abs() < 0.25, "{} against {truth}", quiet.solid_fraction);
    assert!(ear.heard("rare") && !ear.heard("no dip"), "{:?}", ear.0);
    let options = SegmentOptions { denoise: Denoise::Gaussian { sigma_voxel: 1.0 }, ..with(Method::Otsu) };
    let quiet = segment(&grey, &options, &Silent).unwrap();
    assert!((quiet.solid_fraction / truth - 1.0).abs() < 0.5, "{} against {truth}", quiet.solid_fraction);
}

#[test]
fn slices_without_a_threshold_take_that_of_the_stack() {
    let (mut grey, truth) = bars(6, 12, 20.0);
    let plane = 48 * 48;
    grey.as_mut_slice()[3 * plane..4 * plane].fill(61);
    let ear = Ear::default();
    let found = segment(&grey, &with(Method::OtsuPerSlice), &ear).unwrap();
    assert_eq!(found.thresholds.len(), 12);
    assert!(ear.heard("1 of 12 slices") && ear.heard("z = 3"), "{:?}", ear.0);
    assert!(found.labels.volume().plane(3).iter().all(|&l| l == 0));
    assert!((0..plane).all(|i| (found.labels.volume().plane(4)[i] == 1) == truth.plane(4)[i]));
}

#[test]
fn a_drift_along_z_needs_a_threshold_per_slice() {
    let (grey, truth) = bars(6, 12, 10.0);
    let shape = grey.shape();
    let drifting = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| u16::from(*grey.at(z, y, x)) + 15 * z as u16);
    let stack = segment(&drifting, &with(Method::Otsu), &Silent).unwrap();
    assert!(stack.labels != Labels::from_solid(&truth));
    let ear = Ear::default();
    let slices = segment(&drifting, &with(Method::OtsuPerSlice), &ear).unwrap();
    assert!(slices.labels == Labels::from_solid(&truth));
    assert!(ear.heard("differ from their median"), "{:?}", ear.0);
}

#[test]
fn an_absent_phase_is_a_result_with_a_warning() {
    let (grey, _) = bars(6, 12, 20.0);
    let ear = Ear::default();
    let found = segment(&grey, &with(Method::Fixed { threshold: 300.0 }), &ear).unwrap();
    assert!(found.labels.volume().as_slice().iter().all(|&l| l == 0));
    assert!(ear.heard("outside of the grey values"), "{:?}", ear.0);
    assert_eq!((found.sensitivity.mean_solid, found.sensitivity.basis), (None, StepBasis::GreyRange));
    let flat = grey.map(|_| 0.5f32);
    let found = segment(&flat, &with(Method::Fixed { threshold: 0.5 }), &Silent).unwrap();
    assert!((found.solid_fraction - 1.0).abs() < f64::EPSILON && found.sensitivity.mean_pore.is_none());
}

#[test]
fn wrong_images_and_options_are_refused_with_a_remedy() {
    let (grey, truth) = bars(6, 12, 20.0);
    let labels = truth.map(|&s| if s { 255u8 } else { 0 });
    for method in [Method::Otsu, Method::OtsuPerSlice] {
        let error = segment(&labels, &with(method), &Silent).unwrap_err();
        assert_eq!(error, SegmentError::LooksLikeLabels { values: vec![0.0, 255.0] });
        let text = error.to_string();
        assert!(text.contains("0 and 255") && text.contains("--labels pore=0,fibre=255"), "{text}");
        let flat = grey.map(|_| 3i16);
        let error = segment(&flat, &with(method), &Silent).unwrap_err();
        assert_eq!(error, SegmentError::Threshold(ThresholdError::Constant { value: 3.0 }));
    }
    let ear = Ear::default();
    assert!(segment(&labels, &with(Method::Fixed { threshold: 128.0 }), &ear).is_ok());
    assert!(ear.heard("looks like labels"));
    let three = SegmentError::LooksLikeLabels { values: vec![0.0, 85.0, 170.0, 255.0] }.to_string();
    assert!(three.contains("0, 85, 170 and 255") && three.contains("pore=0,fibre=85,other=170,..."), "{three}");

    let crossed = Method::Hysteresis { low: 2.0, high: 1.0 };
    assert_eq!(segment(&grey, &with(crossed), &Silent).unwrap_err(), SegmentError::Hysteresis { low: 2.0, high: 1.0 });
    let nan = with(Method::Fixed { threshold: f64::NAN });
    assert!(matches!(segment(&grey, &nan, &Silent), Err(SegmentError::NotANumber { .. })));
    let radius = SegmentOptions { denoise: Denoise::Median { radius: 99 }, ..SegmentOptions::default() };
    assert_eq!(segment(&grey, &radius, &Silent).unwrap_err(), SegmentError::Filter(FilterError::Radius { radius: 99 }));
    let mut holes = grey.map(|&v| f64::from(v));
    let at = holes.shape().index(4, 3, 2);
    holes.as_mut_slice()[at] = f64::NAN;
    let text = segment(&holes, &with(Method::Fixed { threshold: 90.0 }), &Silent).unwrap_err().to_string();
    assert!(text.contains("1 voxels are NaN") && text.contains("x,y,z = 2,3,4"), "{text}");
}

#[test]
fn distinct_values_are_listed_up_to_a_number() {
    let shape = Shape::new(3, 200, 200).unwrap();
    let v = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| ((z + y + x) % 5) as i16 * 7 - 14);
    assert_eq!(distinct_values(&v, 5), Some(vec![-14.0, -7.0, 0.0, 7.0, 14.0]));
    assert_eq!(distinct_values(&v, 4), None);
    assert_eq!(distinct_values(&v.map(|&v| if v == 7 { f32::NAN } else { f32::from(v) }), 9), None);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let (grey, _) = bars(4, 9, 120.0);
    let options = SegmentOptions {
        denoise: Denoise::Gaussian { sigma_voxel: 0.8 },
        method: Method::OtsuPerSlice,
        min_solid_voxels: 5,
        fill_holes: HoleFilling::UpTo(10),
        ..SegmentOptions::default()
    };
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| segment(&grey, &options, &Silent).unwrap())
    };
    let one = run(1);
    for threads in 2..=4 {
        assert!(run(threads) == one, "{threads} threads");
    }
}
