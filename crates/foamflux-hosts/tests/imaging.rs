//! CT and FIB-SEM stacks: each artefact alone does what it says.

#![allow(clippy::unwrap_used, reason = "test helpers, which the lint does not see as tests")]

mod common;

use common::{metres, threads};
use foamflux_grid::{Labels, Shape, Volume};
use foamflux_hosts::GreyError;
use foamflux_hosts::imaging::{BRIGHTNESS, Ct, FibSem, brightness, ct, fib_sem};

fn quiet_ct() -> Ct {
    Ct {
        blur_voxel: 0.0,
        fringe: 0.0,
        hardening: 0.0,
        tilt: [0.0; 3],
        ring: 0.0,
        gain: 0.0,
        sigma: 0.0,
        ..Ct::typical(255.0)
    }
}

fn quiet_sem() -> FibSem {
    FibSem {
        slice_voxels: 1,
        blur_pixel: 0.0,
        shine: 0.0,
        edge: 0.0,
        curtain: 0.0,
        shading: 0.0,
        flicker: 0.0,
        drift_pixel: 0.0,
        gain: 0.0,
        sigma: 0.0,
        ..FibSem::typical(255.0)
    }
}

/// A wall of two voxels at z = 10, 11 in a cube of 24.
fn wall() -> Volume<f32> {
    let shape = Shape::cube(24).unwrap();
    Volume::from_fn(shape, metres([1e-6; 3]), |z, _, _| if (10..12).contains(&z) { 1.0 } else { 0.0 })
}

#[test]
fn without_artefacts_the_levels_remain() {
    let (c, s) = (quiet_ct(), quiet_sem());
    let a: Volume<f32> = ct(&wall(), &c, 1).unwrap();
    let (b, record) = fib_sem::<f32>(&wall(), &s, 1).unwrap();
    for z in 0..24 {
        let solid = (10..12).contains(&z);
        let near = |v: f32, pore: f64, level: f64| (f64::from(v) - if solid { level } else { pore }).abs() < 1e-3;
        assert!(a.plane(z).iter().all(|v| near(*v, c.pore_level, c.solid_level)));
        assert!(b.plane(z).iter().all(|v| near(*v, s.pore_level, s.solid_level)));
    }
    assert_eq!(record.len(), 24);
}

#[test]
fn labels_have_their_brightness() {
    let v = Volume::from_fn(Shape::new(1, 1, 9).unwrap(), metres([1e-6; 3]), |_, _, x| x as u8);
    assert_eq!(brightness(&Labels::new(v).unwrap()).as_slice(), BRIGHTNESS);
}

#[test]
fn fringes_darken_the_pore_beside_a_wall_and_brighten_the_wall() {
    let plain: Volume<f32> = ct(&wall(), &quiet_ct(), 1).unwrap();
    let fringed: Volume<f32> = ct(&wall(), &Ct { fringe: 0.5, ..quiet_ct() }, 1).unwrap();
    assert!(fringed.at(9, 5, 5) < &(plain.at(9, 5, 5) - 3.0));
    assert!(fringed.at(10, 5, 5) > &(plain.at(10, 5, 5) + 3.0));
    assert!((fringed.at(0, 5, 5) - plain.at(0, 5, 5)).abs() < 0.5);
}

#[test]
fn hardening_dims_the_axis_and_rings_are_rings() {
    let full = wall().map(|_| 1.0f32);
    let cupped: Volume<f32> = ct(&full, &Ct { hardening: 0.2, ..quiet_ct() }, 1).unwrap();
    let c = quiet_ct();
    let expected = c.pore_level + (c.solid_level - c.pore_level) * 0.8;
    assert!((f64::from(*cupped.at(3, 12, 12)) - expected).abs() < 1.0);
    assert!(f64::from(*cupped.at(3, 0, 0)) > c.solid_level - 1.0);
    let ringed: Volume<f32> = ct(&full, &Ct { ring: 5.0, ..quiet_ct() }, 1).unwrap();
    let at = |y: usize, x: usize| *ringed.at(7, y, x);
    // The same radius on all four sides, and on the next slice nearly so.
    assert!((at(4, 12) - at(19, 11)).abs() < 1e-3 && (at(12, 4) - at(4, 12)).abs() < 1e-3);
    assert!((at(4, 12) - ringed.at(8, 4, 12)).abs() < 2.0);
    let different = (1..11).filter(|i| (at(12, 12 + i) - at(12, 11 + i)).abs() > 0.1).count();
    assert!(different > 5);
}

#[test]
fn a_pore_shows_the_wall_behind_it_and_not_the_one_before() {
    let s = FibSem { shine: 0.6, decay_slices: 4.0, ..quiet_sem() };
    let (v, _) = fib_sem::<f32>(&wall(), &s, 1).unwrap();
    let contrast = s.solid_level - s.pore_level;
    for (z, depth) in [(9, 1.0), (7, 3.0), (2, 8.0)] {
        let expected = s.pore_level + contrast * 0.6 * (-depth / 4.0f64).exp();
        assert!((f64::from(*v.at(z, 5, 5)) - expected).abs() < 0.5, "{z}: {} {expected}", v.at(z, 5, 5));
    }
    assert!((f64::from(*v.at(12, 5, 5)) - s.pore_level).abs() < 0.01, "milled away");
    assert!((f64::from(*v.at(10, 5, 5)) - s.solid_level).abs() < 0.01);
}

#[test]
fn slices_are_thicker_and_say_so() {
    let (v, record) = fib_sem::<f32>(&wall(), &FibSem { slice_voxels: 5, ..quiet_sem() }, 1).unwrap();
    assert_eq!(v.shape(), Shape::new(4, 24, 24).unwrap());
    assert_eq!(v.voxel_size().m_xyz().map(|e| e.map(|e| (e * 1e9).round())), Some([1000.0, 1000.0, 5000.0]));
    assert_eq!(record.len(), 4);
    let s = quiet_sem();
    let expected = s.pore_level + 0.4 * (s.solid_level - s.pore_level);
    assert!((f64::from(*v.at(2, 3, 3)) - expected).abs() < 0.01);
}

#[test]
fn the_drift_moves_the_content_by_what_is_recorded() {
    let shape = Shape::new(12, 40, 40).unwrap();
    // A spot with sub-pixel weight, far from the sides.
    let spot = Volume::from_fn(shape, metres([1e-6; 3]), |_, y, x| {
        let d2 = (x as f32 - 20.0).powi(2) + (y as f32 - 20.0).powi(2);
        (-d2 / 18.0).exp()
    });
    let s = FibSem { drift_pixel: 0.8, ..quiet_sem() };
    let (v, record) = fib_sem::<f32>(&spot, &s, 4).unwrap();
    let mut moved = 0.0f64;
    for (z, r) in record.iter().enumerate() {
        let (mut sum, mut mx, mut my) = (0.0, 0.0, 0.0);
        for (i, g) in v.plane(z).iter().enumerate() {
            let w = f64::from(*g) - s.pore_level;
            sum += w;
            mx += w * (i % 40) as f64;
            my += w * (i / 40) as f64;
        }
        let found = [mx / sum - 20.0, my / sum - 20.0];
        // Bilinear sampling keeps the centre of mass.
        (0..2).for_each(|k| assert!((found[k] - r.drift_pixel[k]).abs() < 0.02, "{z}: {found:?} {r:?}"));
        moved = moved.max(r.drift_pixel[0].abs());
    }
    assert!(moved > 0.5 && record[0].drift_pixel[0].abs() < 1e-12);
}

#[test]
fn curtains_are_stripes_along_y_that_grow() {
    let full = wall().map(|_| 1.0f32);
    let (v, _) = fib_sem::<f32>(&full, &FibSem { curtain: 0.1, ..quiet_sem() }, 1).unwrap();
    let row = |y: usize| -> Vec<f64> { (0..24).map(|x| f64::from(*v.at(3, y, x)) - quiet_sem().solid_level).collect() };
    let (top, bottom) = (row(1), row(22));
    let product: f64 = top.iter().zip(&bottom).map(|(a, b)| a * b).sum();
    let size = |r: &[f64]| r.iter().map(|a| a * a).sum::<f64>();
    assert!(product / (size(&top) * size(&bottom)).sqrt() > 0.999, "one pattern");
    assert!(size(&bottom) > 4.0 * size(&top));
}

#[test]
fn stacks_are_the_same_for_every_thread_count_and_nonsense_is_refused() {
    let make = |seed: u64| ct::<u8>(&wall(), &Ct::typical(255.0), seed).unwrap();
    assert_eq!(threads(1, || make(3)), threads(3, || make(3)));
    assert_ne!(make(3), make(4));
    let sem = |seed: u64| fib_sem::<u16>(&wall(), &FibSem::typical(65535.0), seed).unwrap();
    assert_eq!(threads(1, || sem(3)), threads(3, || sem(3)));
    assert_ne!(sem(3).0, sem(4).0);
    for bad in
        [Ct { gain: f64::NAN, ..quiet_ct() }, Ct { fringe: -1.0, ..quiet_ct() }, Ct { hardening: 1.0, ..quiet_ct() }]
    {
        assert!(matches!(ct::<u8>(&wall(), &bad, 1), Err(GreyError::Parameter { .. })));
    }
    for bad in [
        FibSem { slice_voxels: 0, ..quiet_sem() },
        FibSem { slice_voxels: 25, ..quiet_sem() },
        FibSem { shine: 2.0, ..quiet_sem() },
    ] {
        assert!(matches!(fib_sem::<u8>(&wall(), &bad, 1), Err(GreyError::Parameter { .. })));
    }
}
