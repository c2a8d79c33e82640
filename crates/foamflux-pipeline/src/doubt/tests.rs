use foamflux_grid::{Shape, VoxelSize};
use foamflux_voxel::segment::Method;

use super::*;

/// A ramp along x from 0 to 31, with noise that no threshold sees.
fn ramp() -> Volume<f32> {
    Volume::from_fn(Shape::new(8, 8, 32).unwrap(), VoxelSize::Unknown, |_, _, x| match x {
        0..14 => 0.0,
        14..20 => 10.0 * (x - 12) as f32 + 15.0,
        _ => 100.0,
    })
}

fn doubt(threshold: f64) -> (Doubt, Labels) {
    let field = ramp();
    let labels = Labels::from_solid(&field.map(|v| f64::from(*v) >= threshold));
    let options = SegmentOptions { method: Method::Fixed { threshold }, ..SegmentOptions::default() };
    (Doubt::of(&field, &labels, &Cut::Whole(threshold), &options).unwrap().unwrap(), labels)
}

#[test]
fn the_ends_of_the_band_are_cut_there() {
    // Levels 0 and 100, threshold 64: half-way is 14 lower, so the band is 50 to 78.
    let (found, labels) = doubt(64.0);
    assert!((found.band.half_width - 14.0).abs() < 1e-6, "{:?}", found.band);
    // Grey values of the ramp are 15, 25, ..., 85.
    let share = |n: usize| n as f64 / 32.0;
    assert!((found.band.solid_fraction_low - share(16)).abs() < 1e-12);
    assert!((found.band.solid_fraction - share(15)).abs() < 1e-12);
    assert!((found.band.solid_fraction_high - share(13)).abs() < 1e-12);
    assert!((found.band.uncertain_fraction - share(3)).abs() < 1e-12);
    for (end, first) in [(End::Low, 16), (End::High, 19)] {
        let at = found.labels(end, &labels).unwrap();
        assert_eq!(at.volume().plane(3)[..32].iter().position(|l| *l == 1), Some(first), "{}", end.name());
    }
    let row: Vec<u8> = found.map().as_slice()[14..22].to_vec();
    assert_eq!(row, [0, 0, 1, 2, 2, 3, 3, 3]);
}

#[test]
fn labels_of_solid_that_stays_are_kept() {
    let (found, labels) = doubt(64.0);
    let node = labels.volume().map(|l| 2 * l);
    let at = found.labels(End::Low, &Labels::new(node).unwrap()).unwrap();
    // What is new is fibre, what was there is node.
    assert_eq!(at.volume().plane(0)[15..19], [0, 1, 2, 2]);
}
