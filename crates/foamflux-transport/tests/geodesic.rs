//! Shortest paths.
mod common;
use common::*;
use foamflux_grid::{Axis, LabelSet, Labels, Shape, Silent, Volume};
use foamflux_transport::{Geodesic, Sides, geodesic};

fn geo(l: &Labels, axis: Axis) -> Option<Geodesic> {
    geodesic(l, LabelSet::PORE, axis, Sides::NoFlux, &Silent).unwrap()
}

fn finer(l: &Labels, k: usize) -> Labels {
    let s = l.shape();
    let v = l.volume();
    let shape = Shape::new(s.z * k, s.y * k, s.x * k).unwrap();
    Labels::new(Volume::from_fn(shape, l.voxel_size().clone(), |z, y, x| *v.at(z / k, y / k, x / k))).unwrap()
}

#[test]
#[ignore]
fn measure() {
    for (name, l) in [
        ("blobs half 4 eps .5", blobs(48, 4, 0.5, 1)),
        ("blobs half 2 eps .5", blobs(48, 2, 0.5, 1)),
        ("blobs half 2 eps .3", blobs(48, 2, 0.3, 2)),
        ("blobs half 1 eps .3", blobs(48, 1, 0.3, 2)),
        ("blobs half 2 eps .9", blobs(48, 2, 0.9, 2)),
        ("struts", struts(48, 12, 3)),
        ("noise .5", noise(48, 0.5, 3)),
        ("noise .4", noise(48, 0.4, 3)),
    ] {
        for axis in [Axis::Z] {
            let t: Vec<f64> =
                [1, 2, 3, 5].iter().map(|&k| geo(&finer(&l, k), axis).map_or(f64::NAN, |g| g.mean - 1.0)).collect();
            println!("{name}: {t:?} rel to 5: {:?}", t.iter().map(|a| a / t[3] - 1.0).collect::<Vec<_>>());
        }
    }
    for n in [128, 256] {
        let l = blobs(n, 4, 0.5, 1);
        println!("{n} {:?}", geo(&l, Axis::Z));
        println!("{n} {:?}", geo(&l, Axis::X));
    }
}
