//! Bytes say the numbers, blocks are the blocks, and the size is kept.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use super::*;

/// The codes of a layer, as a browser reads them.
fn decoded(part: &SlicePart, layer: usize) -> Vec<u8> {
    let text = part.layers[layer].uri.strip_prefix("data:image/png;base64,").unwrap();
    let digit =
        |c: u8| b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().position(|d| *d == c);
    let mut bytes = Vec::new();
    for chunk in text.as_bytes().chunks(4) {
        let digits: Vec<usize> = chunk.iter().filter_map(|c| digit(*c)).collect();
        let bits = digits.iter().enumerate().fold(0, |sum, (k, d)| sum | d << (18 - 6 * k));
        bytes.extend((0..digits.len() - 1).map(|k| (bits >> (16 - 8 * k) & 255) as u8));
    }
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut image = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut image).unwrap();
    let [nx, ny, nz] = part.size;
    let mut out = Vec::new();
    for z in 0..nz {
        for y in 0..ny {
            let start = (z / part.columns * ny + y) * part.columns * nx + z % part.columns * nx;
            out.extend_from_slice(&image[start..start + nx]);
        }
    }
    out
}

fn value(layer: &LayerPart, code: u8) -> f64 {
    let (low, high): (f64, f64) = (layer.low.parse().unwrap(), layer.high.parse().unwrap());
    let (first, steps) = if layer.kind == "field" { (1.0, 254.0) } else { (0.0, 255.0) };
    low + (f64::from(code) - first) / steps * (high - low)
}

fn field<'a>(values: impl Fn(usize) -> f32 + 'a, range: Option<[f64; 2]>) -> Layer<'a> {
    Layer {
        name: "f".into(),
        content: Content::Field { values: Box::new(values), unit: "V", map: ColourMap::Viridis, range },
    }
}

#[test]
fn a_code_reads_back_as_the_number_to_half_a_step() {
    let values = |i: usize| if i.is_multiple_of(7) { f32::NAN } else { 0.37 * i as f32 - 5.0 };
    let volume = SliceVolume { shape_zyx: [3, 4, 5], edges_m: None, layers: vec![field(values, Some([-5.0, 18.0]))] };
    let part = SlicePart::new(&volume, usize::MAX).unwrap().unwrap();
    assert_eq!((part.size, part.step), ([5, 4, 3], [1, 1, 1]));
    let layer = &part.layers[0];
    for (i, code) in decoded(&part, 0).into_iter().enumerate() {
        let v = values(i);
        if v.is_nan() {
            assert_eq!(code, 0);
        } else {
            let half = 0.5 * 23.0 / 254.0;
            assert!((value(layer, code) - f64::from(v)).abs() <= half * 1.001, "{i}: {code}");
        }
    }
    assert!(!layer.below && !layer.above);
}

#[test]
fn values_beyond_the_range_are_clamped_and_said_to_be() {
    let values = |i: usize| i as f32;
    let volume = SliceVolume { shape_zyx: [1, 2, 5], edges_m: None, layers: vec![field(values, Some([2.0, 20.0]))] };
    let part = SlicePart::new(&volume, usize::MAX).unwrap().unwrap();
    assert!(part.layers[0].below && !part.layers[0].above);
    assert_eq!(decoded(&part, 0)[..3], [1, 1, 1]);
}

#[test]
fn whole_grey_values_stay_exact() {
    let grey = |i: usize| (i % 200 + 17) as f32;
    let layers = vec![Layer { name: "grey".into(), content: Content::Grey(Box::new(grey)) }];
    let volume = SliceVolume { shape_zyx: [8, 9, 10], edges_m: None, layers };
    let part = SlicePart::new(&volume, usize::MAX).unwrap().unwrap();
    for (i, code) in decoded(&part, 0).into_iter().enumerate() {
        assert!((value(&part.layers[0], code) - f64::from(grey(i))).abs() < 1e-9, "{i}");
    }
}

#[test]
fn thinning_keeps_the_budget_takes_means_and_middles_and_says_so() {
    // Noise does not compress: the size of an image is that of its blocks.
    let mut state = 1u64;
    let noise: Vec<f32> = (0..64 * 64 * 64)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32
        })
        .collect();
    let labels: Vec<u8> = (0..64 * 64 * 64).map(|i| (i / 64 % 3) as u8).collect();
    let values = |i: usize| noise[i];
    let layers =
        vec![field(values, Some([0.0, 1.0])), Layer { name: "labels".into(), content: Content::Labels(&labels) }];
    let volume = SliceVolume { shape_zyx: [64; 3], edges_m: Some([1e-6; 3]), layers };
    let budget = 100_000;
    let part = SlicePart::new(&volume, budget).unwrap().unwrap();
    assert_eq!(part.step, [2, 2, 2], "64^3 bytes are too many, 32^3 are few enough");
    assert!(part.layers.iter().map(|l| l.uri.len()).sum::<usize>() <= budget);
    assert!(part.note.contains("64 × 64 × 64") && part.note.contains("blocks of 2 × 2 × 2"), "{}", part.note);
    let (means, middles) = (decoded(&part, 0), decoded(&part, 1));
    for (x, y, z) in [(0, 0, 0), (3, 31, 7), (31, 31, 31), (11, 0, 30)] {
        let mean: f32 =
            (0..8).map(|k| noise[((2 * z + k / 4) * 64 + 2 * y + k / 2 % 2) * 64 + 2 * x + k % 2]).sum::<f32>() / 8.0;
        let at = (z * 32 + y) * 32 + x;
        assert!((value(&part.layers[0], means[at]) - f64::from(mean)).abs() < 0.5 / 254.0 + 1e-6);
        assert_eq!(middles[at], labels[((2 * z + 1) * 64 + 2 * y + 1) * 64 + 2 * x + 1]);
    }
    assert!(SlicePart::new(&volume, 10).unwrap().is_none(), "nothing is better than a page that is too large");
}

#[test]
fn coarse_directions_are_thinned_last() {
    assert_eq!(step_of([100, 100, 50], [25e-9, 25e-9, 50e-9], 2), [2, 2, 1]);
    assert_eq!(step_of([100, 100, 50], [25e-9, 25e-9, 50e-9], 4), [4, 4, 2]);
    assert_eq!(step_of([100, 100, 1], [1.0, 1.0, 1.0], 3), [3, 3, 1]);
}

#[test]
fn a_range_is_never_empty() {
    let [low, high] = percentiles(&[f32::NAN, 2.0, 2.0], 0.005);
    assert!(low < 2.0 && high > 2.0);
    let near = |[low, high]: [f64; 2], a: f64, b: f64| (low - a).abs() + (high - b).abs() < 1e-9;
    assert!(near(percentiles(&[f32::NAN], 0.005), 0.0, 1.0));
    let values: Vec<f32> = (0..=1000).map(|i| i as f32).collect();
    assert!(near(percentiles(&values, 0.005), 5.0, 995.0));
}
