//! Timings, by hand: `cargo test --release -p foamflux-network --test timing -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::time::Instant;

use foamflux_grid::{LabelSet, Shape, Silent, VoxelSize, VoxelSizeSource};
use foamflux_hosts::foam::{Boundary, SeedPattern, StrutProfile};
use foamflux_hosts::{Foam, FoamParameters};
use foamflux_network::{Sides, skeleton::skeleton};

#[test]
#[ignore = "a timing"]
fn skeleton_of_a_foam() {
    for n in [256usize, 512] {
        let parameters = FoamParameters {
            box_m: [n as f64 * 1e-6; 3],
            cell_size_m: 60e-6,
            seeds: SeedPattern::Lattice { jitter: 0.2 },
            boundary: Boundary::Open,
            profile: StrutProfile::swollen(6.2e-6),
        };
        let foam = Foam::generate(&parameters, 1).unwrap();
        let size = VoxelSize::known([1e-6; 3], VoxelSizeSource::Generator).unwrap();
        let solid = foam.rasterise(Shape::cube(n).unwrap(), &size, 0.75).unwrap().labels.mask(LabelSet::SOLID);
        let clock = Instant::now();
        let d = foamflux_voxel::distance::boundary_distance(&solid, foamflux_voxel::distance::Border::Open);
        println!("{n}: distance {:.2} s", clock.elapsed().as_secs_f64());
        drop(d);
        let clock = Instant::now();
        let s = skeleton(&solid, Sides::Open, &Silent).unwrap();
        println!("{n}: skeleton with distance and checks {:.2} s, {:?}", clock.elapsed().as_secs_f64(), s.topology);
    }
}
