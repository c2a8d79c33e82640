use super::*;

fn view<'a>(width: usize, height: usize, x: Option<f64>, y: Option<f64>) -> SliceView<'a> {
    SliceView { width, height, scale: PixelScale { x_m: x, y_m: y }, axes: ["x", "y"], title: "Slice 12 of 100" }
}

/// Longest run of pure white pixels in any row below `from`: the scale bar in a dark picture.
fn longest_white_run(image: &Image, from: u32) -> u32 {
    (from..image.height())
        .map(|y| {
            let (mut run, mut longest) = (0u32, 0);
            for x in 0..image.width() {
                run = if image.pixel(x, y) == Some([255, 255, 255]) { run + 1 } else { 0 };
                longest = longest.max(run);
            }
            longest
        })
        .filter(|run| *run < image.width() - 40)
        .max()
        .unwrap_or(0)
}

#[test]
fn the_drawn_bar_has_the_length_that_its_label_says() {
    // 300 x 150 pixels of 10 nm x 30 nm are 3.0 µm x 4.5 µm: true proportions 300 : 450, enlarged twice to 600 x 900.
    let drawn = grey_slice(&vec![0u8; 300 * 150], &view(300, 150, Some(10e-9), Some(30e-9))).unwrap();
    let per_metre = 600.0 / 3.0e-6;
    assert_eq!(drawn.scale_bar.label, "500 nm");
    assert!((f64::from(drawn.scale_bar.pixels) - 500e-9 * per_metre).abs() <= 0.5);
    // The canvas is a picture of 600 x 900 with margins; rows near its bottom hold the bar.
    assert_eq!(drawn.image.width(), 600 + 32);
    assert_eq!(longest_white_run(&drawn.image, drawn.image.height() - 60), drawn.scale_bar.pixels);
}

#[test]
fn without_a_pixel_size_the_bar_counts_voxels() {
    let drawn = grey_slice(&[1.0f32; 100], &view(10, 10, Some(1e-6), None)).unwrap();
    assert_eq!(drawn.scale_bar.label, "2 voxels");
    assert!(drawn.caption.contains("lengths in voxels"), "{}", drawn.caption);
}

#[test]
fn one_hot_pixel_does_not_set_the_contrast() {
    let mut values: Vec<u16> = (0..10_000).map(|k| 1000 + (k % 100)).collect();
    values[17] = 65_535;
    let drawn = grey_slice(&values, &view(100, 100, None, None)).unwrap();
    assert!(drawn.caption.contains("from 1000 (black) to 1099 (white)"), "{}", drawn.caption);
}

#[test]
fn labels_are_drawn_in_their_colours_and_listed() {
    let labels: Vec<u8> = (0..64 * 64).map(|k| if k % 64 < 32 { 0 } else { 1 }).collect();
    let drawn = label_overlay::<u8>(None, &labels, &view(64, 64, Some(1e-6), Some(1e-6))).unwrap();
    let count = |c: [u8; 3]| drawn.image.rgb().chunks(3).filter(|p| *p == c).count();
    assert!(count(label_colour(1)) > 100_000 && count(label_colour(0)) > 50_000);
    assert!(drawn.caption.contains("pore 50\u{a0}%, fibre 50\u{a0}%"), "{}", drawn.caption);
    // Over grey the pore keeps its grey.
    let over = label_overlay(Some(&vec![7u8; 64 * 64]), &labels, &view(64, 64, None, None)).unwrap();
    assert!(over.image.rgb().chunks(3).filter(|p| *p == label_colour(0)).count() < 100);
}

#[test]
fn a_field_shows_where_it_does_not_exist() {
    let values: Vec<f32> = (0..50 * 40).map(|k| if k % 50 < 10 { f32::NAN } else { k as f32 }).collect();
    let style = FieldStyle { map: ColourMap::Viridis, range: Some([0.0, 2000.0]), quantity: "|J|/J0", unit: "" };
    let drawn = field_slice(&values, &view(50, 40, None, None), &style).unwrap();
    assert!(drawn.caption.contains("grey outside the phase") && drawn.caption.contains("fixed range"));
    assert!(drawn.image.rgb().chunks(3).filter(|p| *p == NOT_HERE).count() > 40_000);
}

#[test]
fn odd_sizes_and_values_are_drawn_or_refused() {
    let style = FieldStyle { map: ColourMap::Grey, range: None, quantity: "c", unit: "mol/m3" };
    for (w, h) in [(1, 1), (1, 3000), (3000, 1), (700, 2)] {
        let drawn = field_slice(&vec![3.0; w * h], &view(w, h, Some(1e-6), Some(5e-6)), &style).unwrap();
        assert!(drawn.image.width() <= 1500 && drawn.image.height() <= 1500, "{w} {h}");
    }
    assert!(field_slice(&[f32::NAN; 4], &view(2, 2, None, None), &style).is_ok());
    assert!(grey_slice(&[0u8; 4], &view(2, 2, Some(-1.0), Some(f64::NAN))).is_ok());
    assert!(matches!(grey_slice::<u8>(&[], &view(0, 4, None, None)), Err(FigureError::Empty { .. })));
    assert!(matches!(grey_slice(&[0u8; 5], &view(2, 2, None, None)), Err(FigureError::Length { .. })));
    assert!(matches!(grey_slice(&[0u8; 5], &view(usize::MAX, 2, None, None)), Err(FigureError::Length { .. })));
    assert!(matches!(
        label_overlay(Some(&[0u8; 5]), &[0; 4], &view(2, 2, None, None)),
        Err(FigureError::Length { .. })
    ));
}
