//! The demonstration host: its facts, its percolation, and whether a plain segmentation finds it again.

#![allow(clippy::unwrap_used, reason = "test helpers, which the lint does not see as tests")]

mod common;

use std::sync::OnceLock;

use common::threads;
use foamflux_grid::{Axis, Shape, Volume};
use foamflux_hosts::presets::Standing;
use foamflux_hosts::{Host, cmf_demo};

fn demo() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| cmf_demo().generate(1).unwrap())
}

#[test]
fn the_facts_are_those_of_a_light_open_foam() {
    let f = &demo().facts;
    println!("{f:?}");
    assert!((0.05..0.09).contains(&f.solid_volume_fraction), "{}", f.solid_volume_fraction);
    // Centres against partial volumes: the scatter of a point count of 70000 voxels.
    assert!((f.solid_voxel_fraction / f.solid_volume_fraction - 1.0).abs() < 0.01);
    assert!((0.15..0.45).contains(&f.node_share_of_solid));
    assert!((7.0..10.0).contains(&f.contrast_to_noise));
    assert!((f.graph.coordination_mean - 4.0).abs() < f64::EPSILON && f.graph.nodes > 30 && f.graph.cells >= 5);
    // A foam of struts alone has 4 phi / d; swollen nodes have less surface for their volume.
    let slender = 4.0 * f.solid_volume_fraction / 6.2e-6;
    let ratio = f.area_per_volume_per_m.value / slender;
    assert!((0.7..1.0).contains(&ratio), "{ratio}");
    assert!((f.volume_m3 / 96e-6f64.powi(3) - 1.0).abs() < 1e-12);
    let standing = |key| f.parameter_notes.iter().find(|n| n.key == key).unwrap().standing;
    assert_eq!(standing("strut_diameter_m"), Standing::Paper);
    assert_eq!(standing("cell_size_m"), Standing::Assumed);
}

/// Labels of the face-connected parts of a mask and their sizes.
fn components(mask: &Volume<bool>) -> (Vec<usize>, Vec<usize>) {
    let shape = mask.shape();
    let (mut label, mut sizes) = (vec![0; shape.len()], vec![0]);
    for start in 0..shape.len() {
        if !mask.as_slice()[start] || label[start] > 0 {
            continue;
        }
        let id = sizes.len();
        label[start] = id;
        let (mut stack, mut size) = (vec![start], 0);
        while let Some(i) = stack.pop() {
            size += 1;
            let (z, y, x) = shape.zyx_of(i);
            for (axis, at) in [(Axis::X, x), (Axis::Y, y), (Axis::Z, z)] {
                let stride = shape.stride(axis);
                let next = (at + 1 < shape.along(axis)).then_some(i + stride);
                for j in next.into_iter().chain((at > 0).then(|| i - stride)) {
                    if mask.as_slice()[j] && label[j] == 0 {
                        label[j] = id;
                        stack.push(j);
                    }
                }
            }
        }
        sizes.push(size);
    }
    (label, sizes)
}

#[test]
fn solid_and_pore_percolate_along_every_axis() {
    let solid = demo().labels.mask(foamflux_grid::LabelSet::SOLID);
    for (name, mask) in [("pore", solid.map(|s| !s)), ("solid", solid)] {
        let (label, sizes) = components(&mask);
        let largest = (1..sizes.len()).max_by_key(|&c| sizes[c]).unwrap();
        let share = sizes[largest] as f64 / sizes.iter().sum::<usize>() as f64;
        println!("{name}: {} components, the largest holds {share}", sizes.len() - 1);
        assert!(share > 0.99, "{name}");
        for axis in Axis::ALL {
            for end in [0, mask.shape().along(axis) - 1] {
                let touches = (0..label.len()).any(|i| {
                    let (z, y, x) = mask.shape().zyx_of(i);
                    [x, y, z][axis.xyz_index()] == end && label[i] == largest
                });
                assert!(touches, "{name} at {end} of {axis}");
            }
        }
    }
}

fn median_3(v: &Volume<u8>) -> Vec<u8> {
    let s = v.shape();
    let near = |i: usize, d: usize, n: usize| (i + d).saturating_sub(1).min(n - 1);
    (0..s.len())
        .map(|i| {
            let (z, y, x) = s.zyx_of(i);
            let mut w: [u8; 27] =
                std::array::from_fn(|k| *v.at(near(z, k / 9, s.z), near(y, k / 3 % 3, s.y), near(x, k % 3, s.x)));
            *w.select_nth_unstable(13).1
        })
        .collect()
}

/// Otsu's threshold (IEEE Trans. SMC 9, 62, 1979): values above it are solid.
fn otsu(values: &[u8]) -> u8 {
    let mut histogram = [0f64; 256];
    values.iter().for_each(|&v| histogram[usize::from(v)] += 1.0);
    let mean = |h: &[f64], from: usize| {
        let n: f64 = h.iter().sum();
        (n, h.iter().enumerate().map(|(i, c)| (i + from) as f64 * c).sum::<f64>() / n.max(1.0))
    };
    let between = |t: usize| {
        let ((n0, m0), (n1, m1)) = (mean(&histogram[..=t], 0), mean(&histogram[t + 1..], t + 1));
        n0 * n1 * (m0 - m1).powi(2)
    };
    (0..255).max_by(|&a, &b| between(a).total_cmp(&between(b))).unwrap() as u8
}

#[test]
fn median_and_otsu_find_the_host_again() {
    /// The stack is meant to be easy.
    const DICE: f64 = 0.97;
    let host = demo();
    let smooth = median_3(&host.grey);
    let t = otsu(&smooth);
    let truth = host.labels.mask(foamflux_grid::LabelSet::SOLID);
    let (mut both, mut sum) = (0, 0);
    for (&v, &solid) in smooth.iter().zip(truth.as_slice()) {
        both += usize::from(v > t && solid);
        sum += usize::from(v > t) + usize::from(solid);
    }
    let dice = 2.0 * both as f64 / sum as f64;
    println!("threshold {t}, Dice {dice}");
    assert!(dice >= DICE, "{dice}");
}

#[test]
fn a_host_is_the_same_for_every_thread_count_and_other_boxes_work() {
    let small = cmf_demo().with_shape(Shape::new(20, 33, 41).unwrap()).with_voxel_size_m([1e-6, 1.5e-6, 2e-6]);
    let a = threads(1, || small.generate(5).unwrap());
    assert_eq!(a, threads(3, || small.generate(5).unwrap()));
    assert_ne!(a.grey, small.generate(6).unwrap().grey);
    assert_eq!(a.labels.voxel_size().m_xyz(), Some([1e-6, 1.5e-6, 2e-6]));
    assert!(small.with_voxel_size_m([0.0, 1e-6, 1e-6]).generate(1).is_err());
}

/// Pins the bundled data: a change of these sums changes every number that was published with the stack.
#[test]
fn the_demonstration_is_the_one_that_was_published() {
    let fnv = |bytes: &[u8]| {
        bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
    };
    let host = demo();
    assert_eq!(
        (fnv(host.labels.volume().as_slice()), fnv(host.grey.as_slice())),
        (3_347_579_879_042_562_442, 3_849_487_219_844_157_437),
        "explain the change in the decision log before writing new sums"
    );
}
