//! Volumes to solve, made here so that a benchmark needs no files: the same case is the same volume on every machine.
//!
//! | case | what it asks of a solver |
//! |---|---|
//! | [`Case::Empty`] | nothing: the traffic alone (tau is exactly 1) |
//! | [`Case::Blobs`] | wide, well connected pores: what most benchmarks show |
//! | [`Case::Percolation`] | a phase near its threshold: the case that exposes a hierarchy that lumps unconnected pores |
//!
//! Blobs are a Gaussian random field cut at the quantile that gives the wanted porosity, as in PoreSpy's `blobs`
//! (Gostick et al. 2019): white noise, smoothed by a Gaussian.
//! What we do differently: the box is periodic, the noise is uniform (the sum over a kernel is Gaussian all the same),
//! the porosity is met to one voxel, and the correlation length is given in voxels instead of as a share of the box, so
//! that a larger box has more blobs and not larger ones.

use std::fmt;
use std::str::FromStr;

use foamflux_grid::{GridError, Labels, Shape, Volume, VoxelSize};
use rand::SeedableRng;
use rand::rand_core::Rng;
use rand_pcg::Pcg64Mcg;
use rayon::prelude::*;

/// Standard deviation of the Gaussian that smooths the noise of blobs, in voxels.
pub const DEFAULT_CORRELATION_VOXEL: f64 = 4.0;

/// A volume to be made. The conducting phase is the pore.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Case {
    /// Pore everywhere.
    Empty,
    /// A Gaussian random field, pore where it is low.
    Blobs {
        /// Volume fraction of the pore, 0 to 1.
        porosity: f64,
        /// Standard deviation of the smoothing Gaussian in voxels.
        correlation_voxel: f64,
    },
    /// Each voxel is pore with this probability by itself; the threshold of face connection is 0.3116.
    Percolation {
        /// Probability of pore, 0 to 1.
        probability: f64,
    },
}

/// Why a case could not be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CaseError {
    /// A name or a number that means nothing here.
    #[error(
        "'{text}' is no case: write empty, blobs:POROSITY[:VOXELS] or percolation:PROBABILITY, such as blobs:0.5:4"
    )]
    Unknown {
        /// What was given.
        text: String,
    },
    /// A box that cannot be.
    #[error(transparent)]
    Grid(#[from] GridError),
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Case::Empty => f.write_str("empty"),
            Case::Blobs { porosity, correlation_voxel } => write!(f, "blobs:{porosity}:{correlation_voxel}"),
            Case::Percolation { probability } => write!(f, "percolation:{probability}"),
        }
    }
}

impl FromStr for Case {
    type Err = CaseError;

    fn from_str(text: &str) -> Result<Self, CaseError> {
        let unknown = || CaseError::Unknown { text: text.to_owned() };
        let number = |part: &str, range: std::ops::RangeInclusive<f64>| {
            part.parse::<f64>().ok().filter(|value| range.contains(value)).ok_or_else(unknown)
        };
        // A Gaussian narrower than this is no smoothing; one wider than this is wider than any box that we solve.
        let correlation = |part: &str| number(part, 0.1..=256.0);
        match text.split(':').collect::<Vec<_>>().as_slice() {
            ["empty"] => Ok(Case::Empty),
            ["blobs", porosity] => {
                let correlation_voxel = DEFAULT_CORRELATION_VOXEL;
                Ok(Case::Blobs { porosity: number(porosity, 0.0..=1.0)?, correlation_voxel })
            }
            ["blobs", porosity, voxels] => {
                Ok(Case::Blobs { porosity: number(porosity, 0.0..=1.0)?, correlation_voxel: correlation(voxels)? })
            }
            ["percolation", probability] => Ok(Case::Percolation { probability: number(probability, 0.0..=1.0)? }),
            _ => Err(unknown()),
        }
    }
}

impl Case {
    /// The volume of this case: pore and fibre, voxel size unknown.
    ///
    /// The generator is PCG (O'Neill 2014), `Pcg64Mcg` of the crate `rand_pcg`, from `seed`.
    #[must_use]
    pub fn make(self, shape: Shape, seed: u64) -> Labels {
        let mut generator = Pcg64Mcg::seed_from_u64(seed);
        let solid = match self {
            Case::Empty => Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| false),
            Case::Percolation { probability } => {
                let bound = (probability * 2f64.powi(32)) as u64;
                Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| u64::from(generator.next_u32()) >= bound)
            }
            Case::Blobs { porosity, correlation_voxel } => {
                let noise: Vec<f32> = (0..shape.len()).map(|_| uniform(&mut generator)).collect();
                let field = smooth(noise, shape, correlation_voxel);
                let cut = quantile(&field, porosity);
                Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| field[shape.index(z, y, x)] >= cut)
            }
        };
        Labels::from_solid(&solid)
    }
}

/// Uniform between -1/2 and 1/2, every value exact in f32.
fn uniform(generator: &mut Pcg64Mcg) -> f32 {
    const BITS: u32 = 24;
    (generator.next_u32() >> (32 - BITS)) as f32 / (1u32 << BITS) as f32 - 0.5
}

/// The value below which a share of the values lies; above all of them for a share of 1.
fn quantile(values: &[f32], share: f64) -> f32 {
    let below = (share * values.len() as f64).round() as usize;
    if below >= values.len() {
        return f32::INFINITY;
    }
    let mut values = values.to_vec();
    *values.select_nth_unstable_by(below, f32::total_cmp).1
}

/// Gaussian smoothing along x, y and z in a periodic box. The sums run in a fixed order for every voxel.
fn smooth(mut field: Vec<f32>, shape: Shape, deviation: f64) -> Vec<f32> {
    let weights = gaussian(deviation);
    let (row, plane) = (shape.x, shape.x * shape.y);
    let mut out = vec![0f32; field.len()];
    // Along x within a row, along y by whole rows, along z by whole planes: each is a sum of shifted slices.
    out.par_chunks_mut(row).zip(field.par_chunks(row)).for_each(|(out, row)| shifted_sum(out, row, 1, &weights));
    field
        .par_chunks_mut(plane)
        .zip(out.par_chunks(plane))
        .for_each(|(out, plane)| shifted_sum(out, plane, row, &weights));
    out.par_chunks_mut(plane).enumerate().for_each(|(z, out)| {
        out.fill(0.0);
        for (k, weight) in weights.iter().enumerate() {
            let from = wrapped(z, k, weights.len(), shape.z) * plane;
            add(out, &field[from..from + plane], *weight);
        }
    });
    out
}

/// `out = sum over k  weight_k in_(i + k)` over items of `stride` values, `in` closed to a ring.
fn shifted_sum(out: &mut [f32], values: &[f32], stride: usize, weights: &[f32]) {
    let items = values.len() / stride;
    out.fill(0.0);
    for (k, weight) in weights.iter().enumerate() {
        // Item 0 takes item `first`, and so on up to the end of the ring.
        let first = wrapped(0, k, weights.len(), items) * stride;
        let (wrapped, straight) = values.split_at(first);
        let (head, tail) = out.split_at_mut(straight.len());
        add(head, straight, *weight);
        add(tail, wrapped, *weight);
    }
}

fn add(out: &mut [f32], values: &[f32], weight: f32) {
    for (out, value) in out.iter_mut().zip(values) {
        *out += weight * *value;
    }
}

/// Place of weight `k` of `count`, centred on `place`, in a ring of `length`.
fn wrapped(place: usize, k: usize, count: usize, length: usize) -> usize {
    let centre = count / 2 % length;
    (place + k + length - centre) % length
}

/// Weights of a Gaussian up to four standard deviations on either side, of sum 1.
fn gaussian(deviation: f64) -> Vec<f32> {
    let reach = (4.0 * deviation).ceil() as i32;
    let weights: Vec<f64> = (-reach..=reach).map(|k| (-0.5 * (f64::from(k) / deviation).powi(2)).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| (weight / total) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn porosity(labels: &Labels) -> f64 {
        labels.counts()[0] as f64 / labels.shape().len() as f64
    }

    /// Correlation of the pore of neighbours along x, which are one voxel apart.
    fn neighbour_correlation(labels: &Labels) -> f64 {
        let shape = labels.shape();
        let values = labels.volume().as_slice();
        let mean = 1.0 - porosity(labels);
        let mut product = 0.0;
        let mut count = 0.0;
        for row in values.chunks(shape.x) {
            for pair in row.windows(2) {
                product += (f64::from(pair[0]) - mean) * (f64::from(pair[1]) - mean);
                count += 1.0;
            }
        }
        product / count / (mean * (1.0 - mean))
    }

    #[test]
    fn names_round_trip_and_nonsense_is_refused() {
        for text in ["empty", "blobs:0.5:4", "percolation:0.34"] {
            assert_eq!(text.parse::<Case>().unwrap().to_string(), text);
        }
        assert_eq!("blobs:0.5".parse::<Case>().unwrap().to_string(), "blobs:0.5:4");
        for text in ["", "blob:0.5", "blobs", "blobs:1.5", "blobs:0.5:0", "percolation:nan", "empty:1"] {
            assert!(text.parse::<Case>().is_err(), "{text}");
        }
    }

    #[test]
    fn blobs_meet_the_porosity_to_one_voxel() {
        for (z, y, x) in [(17, 32, 33), (1, 20, 64), (3, 2, 1)] {
            let shape = Shape::new(z, y, x).unwrap();
            for wanted in [0.0, 0.3, 0.5, 1.0] {
                let labels = Case::Blobs { porosity: wanted, correlation_voxel: 2.0 }.make(shape, 7);
                // Ties of f32 values could cost a voxel each; there are none in boxes of this size.
                assert!((porosity(&labels) - wanted).abs() * shape.len() as f64 <= 0.5 + 1e-9, "{shape} {wanted}");
            }
        }
    }

    #[test]
    fn blobs_are_correlated_as_a_gaussian_field_cut_at_its_median_is() {
        // Smoothing white noise by a Gaussian of deviation s gives the correlation exp(-d^2 / 4 s^2) at distance d;
        // cutting at the median turns a correlation r into 2/pi asin(r) (the arcsine law).
        let s: f64 = 3.0;
        let expected = 2.0 / std::f64::consts::PI * (-1.0 / (4.0 * s * s)).exp().asin();
        let labels = Case::Blobs { porosity: 0.5, correlation_voxel: s }.make(Shape::cube(64).unwrap(), 3);
        // About 64^3 / (2 s)^3 = 1200 independent blobs leave a few per cent of scatter of 1 - r.
        const SCATTER: f64 = 0.015;
        assert!((neighbour_correlation(&labels) - expected).abs() < SCATTER, "{expected}");
    }

    #[test]
    fn percolation_sites_are_independent_and_meet_the_probability() {
        let shape = Shape::cube(64).unwrap();
        let labels = Case::Percolation { probability: 0.34 }.make(shape, 11);
        // Five standard deviations of the mean of 64^3 trials.
        let scatter = 5.0 * (0.34 * 0.66 / shape.len() as f64).sqrt();
        assert!((porosity(&labels) - 0.34).abs() < scatter);
        assert!(neighbour_correlation(&labels).abs() < 5.0 / (shape.len() as f64).sqrt());
    }

    #[test]
    fn a_seed_is_a_volume_whatever_the_threads() {
        let shape = Shape::new(9, 20, 31).unwrap();
        let case = Case::Blobs { porosity: 0.5, correlation_voxel: 2.5 };
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(|| case.make(shape, 1));
        let three = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap().install(|| case.make(shape, 1));
        assert_eq!(one, three);
        assert_ne!(one, case.make(shape, 2));
    }

    #[test]
    fn smoothing_is_a_sum_over_the_ring() {
        // Plain loops, on a box that is smaller than the kernel along one axis.
        let shape = Shape::new(3, 7, 10).unwrap();
        let weights = gaussian(1.0);
        let mut generator = Pcg64Mcg::seed_from_u64(5);
        let noise: Vec<f32> = (0..shape.len()).map(|_| uniform(&mut generator)).collect();
        let smoothed = smooth(noise.clone(), shape, 1.0);
        let reach = weights.len() as isize / 2;
        let at =
            |place: usize, shift: isize, length: usize| (place as isize + shift).rem_euclid(length as isize) as usize;
        for (i, got) in smoothed.iter().enumerate() {
            let (z, y, x) = shape.zyx_of(i);
            let mut sum = 0.0;
            for (c, wz) in (-reach..=reach).zip(&weights) {
                for (b, wy) in (-reach..=reach).zip(&weights) {
                    for (a, wx) in (-reach..=reach).zip(&weights) {
                        let from = shape.index(at(z, c, shape.z), at(y, b, shape.y), at(x, a, shape.x));
                        sum += f64::from(*wz) * f64::from(*wy) * f64::from(*wx) * f64::from(noise[from]);
                    }
                }
            }
            // Three sums of nine f32 terms below 1.
            const ROUNDING: f64 = 1e-6;
            assert!((f64::from(*got) - sum).abs() < ROUNDING, "{i}");
        }
    }
}
