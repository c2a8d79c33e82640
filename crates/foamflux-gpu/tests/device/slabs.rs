//! However the box is cut, the answer is the same to the last bit.

use foamflux_gpu::{GpuBackend, Options, Pick};
use foamflux_grid::{Axis, Silent};
use foamflux_transport::{Backend, Layout, Sides, Stop};

use crate::harness::{Test, noise, pore};

pub(crate) const TESTS: &[Test] = &[("slabs::one_two_three_and_five_agree_bit_for_bit", agree)];

fn agree() {
    // 39 planes: the last slab is shorter, and of odd height.
    let labels = noise([39, 30, 33], 0.6, 2, 7);
    let stop = Stop { tau_rel: 1e-6, ..Stop::default() };
    for axis in Axis::ALL {
        let problem = pore(&labels, axis, Sides::NoFlux);
        let mut first: Option<foamflux_transport::Solution> = None;
        for (planes, slabs) in [(None, 1), (Some(20), 2), (Some(14), 3), (Some(8), 5)] {
            let options = Options { slab_planes: planes, layout: Some(Layout::Dense), ..Options::default() };
            let got = GpuBackend::open(Pick::Best, options).unwrap().solve(&problem, &stop, &Silent).unwrap();
            println!("{axis} in {slabs} slabs: tau {:.17} after {} iterations", got.tau, got.iterations);
            match &first {
                None => first = Some(got),
                Some(one) => {
                    assert_eq!(one.deviation, got.deviation, "{slabs} slabs along {axis}");
                    assert_eq!(one.tau.to_bits(), got.tau.to_bits());
                    assert_eq!(one.iterations, got.iterations);
                }
            }
        }
    }
}
