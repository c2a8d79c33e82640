//! The effective tensor against exact answers and a dense solve.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common;

use common::{PORE, noise, sized};
use foamflux_grid::{Axis, Labels, Silent};
use foamflux_transport::suite::Lcg;
use foamflux_transport::{Coefficients, CpuBackend, EffectiveTensor, Stop, effective_tensor};

/// Solves are asked for this; entries follow to a small multiple.
const TOL: f64 = 1e-7;
/// Of entries against references.
const TOL_ENTRY: f64 = 1e-6;
/// First-order quantities of a potential whose energy is right to `TOL`: its square root, with room.
const TOL_FIRST_ORDER: f64 = 3e-3;

fn tensor(labels: &Labels, sigma: [f64; 9]) -> EffectiveTensor {
    let stop = Stop { tau_rel: TOL, ..Stop::default() };
    let coefficients = Coefficients::per_label(sigma).unwrap();
    effective_tensor(labels, &coefficients, &CpuBackend::new(), &stop, &Silent).unwrap()
}

fn assert_near(found: &[[f64; 3]; 3], wanted: &[[f64; 3]; 3], what: &str) {
    for k in 0..3 {
        for l in 0..3 {
            assert!((found[k][l] - wanted[k][l]).abs() < TOL_ENTRY, "{what}: {found:?} is not {wanted:?}");
        }
    }
}

#[test]
fn layers_conduct_in_series_and_in_parallel() {
    let mut sigma = [0.0; 9];
    (sigma[0], sigma[1]) = (1.0, 0.1);
    let (parallel, series) = (0.25 * 1.0 + 0.75 * 0.1, 1.0 / (0.25 / 1.0 + 0.75 / 0.1));
    for axis in Axis::ALL {
        for xyz in [[1.0, 1.0, 1.0], [1.0, 2.0, 0.4]] {
            let volume = sized([8, 4, 12], xyz, |z, y, x| u8::from([x, y, z][axis.xyz_index()] % 4 != 0));
            let wanted = std::array::from_fn(|k| {
                std::array::from_fn(|l| match (k == l, k == axis.xyz_index()) {
                    (true, true) => series,
                    (true, false) => parallel,
                    _ => 0.0,
                })
            });
            let t = tensor(&volume, sigma);
            assert_near(&t.conductivity, &wanted, "layers");
            assert!((t.eigenvalues[0] - parallel).abs() < TOL_ENTRY && (t.eigenvalues[2] - series).abs() < TOL_ENTRY);
        }
    }
}

#[test]
fn what_is_closed_conducts_nothing_and_one_voxel_is_a_medium() {
    let island = sized([6, 6, 6], [1.0; 3], |z, y, x| u8::from(!(1..4).contains(&z) || !(1..5).contains(&y) || x > 3));
    let t = tensor(&island, PORE);
    assert!(t.conductivity.iter().flatten().all(|&d| d == 0.0) && t.tau.iter().all(|tau| tau.is_infinite()));
    let t = tensor(&sized([1, 1, 1], [1.0, 2.0, 3.0], |_, _, _| 0), PORE);
    assert_near(&t.conductivity, &[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], "one voxel");
}

/// The same by dense elimination in double precision.
fn dense(labels: &Labels, sigma: [f64; 9]) -> [[f64; 3]; 3] {
    let (shape, spacing) = (labels.shape(), labels.spacing());
    let s: Vec<f64> = labels.volume().as_slice().iter().map(|&v| sigma[usize::from(v)]).collect();
    let n = s.len();
    let mut faces = Vec::new();
    for z in 0..shape.z {
        for y in 0..shape.y {
            for x in 0..shape.x {
                for axis in Axis::ALL {
                    let mut at = [x, y, z];
                    let a = axis.xyz_index();
                    at[a] = (at[a] + 1) % shape.along(axis);
                    let (i, j) = (shape.index(z, y, x), shape.index(at[2], at[1], at[0]));
                    if s[i] > 0.0 && s[j] > 0.0 {
                        faces.push((i, j, a, 2.0 * s[i] * s[j] / (s[i] + s[j]) / spacing.along(axis).powi(2)));
                    }
                }
            }
        }
    }
    let potentials: Vec<Vec<f64>> = (0..3)
        .map(|k| {
            let mut m = vec![vec![0.0; n + 1]; n];
            for (i, row) in m.iter_mut().enumerate() {
                // Clusters float: a weak ground holds each voxel.
                row[i] = 1e-11;
            }
            for &(i, j, a, g) in &faces {
                let drop = if a == k { spacing.along(Axis::ALL[a]) } else { 0.0 };
                for (p, q, sign) in [(i, j, -1.0), (j, i, 1.0)] {
                    m[p][p] += g;
                    m[p][q] -= g;
                    m[p][n] += sign * g * drop;
                }
            }
            for c in 0..n {
                let pivot = (c..n).max_by(|&p, &q| m[p][c].abs().total_cmp(&m[q][c].abs())).unwrap();
                m.swap(c, pivot);
                for r in 0..n {
                    if r != c && m[r][c] != 0.0 {
                        let f = m[r][c] / m[c][c];
                        for q in c..=n {
                            m[r][q] -= f * m[c][q];
                        }
                    }
                }
            }
            (0..n).map(|i| m[i][n] / m[i][i]).collect()
        })
        .collect();
    std::array::from_fn(|k| {
        std::array::from_fn(|l| {
            let drop = |k: usize, i: usize, j: usize, a: usize| {
                potentials[k][i] - potentials[k][j] + if a == k { spacing.along(Axis::ALL[a]) } else { 0.0 }
            };
            faces.iter().map(|&(i, j, a, g)| g * drop(k, i, j, a) * drop(l, i, j, a)).sum::<f64>() / n as f64
        })
    })
}

#[test]
fn random_cells_agree_with_dense_elimination() {
    let mut rng = Lcg(4);
    for case in 0..12 {
        let zyx = [2 + rng.below(5), 2 + rng.below(4), 2 + rng.below(4)];
        let xyz = [0.5 + rng.unit(), 0.5 + rng.unit(), 0.5 + rng.unit()];
        let two = case % 2 == 0;
        let volume = sized(zyx, xyz, |_, _, _| if two { (rng.unit() * 3.0) as u8 } else { u8::from(rng.unit() > 0.7) });
        let mut sigma = PORE;
        if two {
            sigma[1] = 0.02;
        }
        let t = tensor(&volume, sigma);
        assert_near(&t.conductivity, &dense(&volume, sigma), &format!("case {case}, {zyx:?}"));
        assert!(t.asymmetry < TOL_FIRST_ORDER, "case {case}: {}", t.asymmetry);
    }
}

#[test]
fn slanted_channels_have_a_slanted_tensor() {
    // Steps along x + y: current along x drags current along -y.
    let volume = sized([2, 8, 8], [1.0; 3], |_, y, x| u8::from((x + y) % 8 > 2));
    let t = tensor(&volume, PORE);
    assert!(t.conductivity[0][1] < -0.01, "{:?}", t.conductivity);
    assert!((t.conductivity[0][0] - t.conductivity[1][1]).abs() < TOL_ENTRY);
    let axis = t.axes[1];
    assert!((axis[0] + axis[1]).abs() < 1e-4, "{axis:?} is not along x - y");
    // Along the channel the product of eigenvalue and vector is what the tensor gives.
    for (value, v) in t.eigenvalues.iter().zip(&t.axes) {
        for k in 0..3 {
            let image: f64 = (0..3).map(|l| t.conductivity[k][l] * v[l]).sum();
            assert!((image - value * v[k]).abs() < TOL_ENTRY);
        }
    }
    let open = tensor(&noise(20, 0.6, 1), PORE);
    assert!(open.iterations.iter().all(|&k| k < 15), "{:?}", open.iterations);
}
