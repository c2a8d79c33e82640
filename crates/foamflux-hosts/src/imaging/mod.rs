//! Grey stacks as instruments would take them, from labels or solid fractions: the input whose answer is known.
//!
//! ```text
//! labels or coverage ─brightness─► field (pore 0, carbon 1) ─ct | fib_sem─► grey values, with what was done to each slice
//! ```
//!
//! Brightness per label is relative and assumed: pore 0, fibre and node 1, lithium 0.35 (nearly transparent in CT, dark in
//! backscattered electrons), lithiophilic 1.6, separator 0.5, collector 2, dead lithium 0.4, other 1.3.

mod ct;
mod fib_sem;

pub use ct::{Ct, ct};
pub use fib_sem::{FibSem, SliceRecord, as_imaged, fib_sem};

use foamflux_grid::{Labels, Volume};

use crate::error::GreyError;
use crate::random::Stream;

/// Brightness of each label, pore 0 and carbon 1; assumed.
pub const BRIGHTNESS: [f32; 9] = [0.0, 1.0, 1.0, 0.35, 1.6, 0.5, 2.0, 0.4, 1.3];

/// The field that an instrument sees.
#[must_use]
pub fn brightness(labels: &Labels) -> Volume<f32> {
    labels.volume().map(|&l| BRIGHTNESS.get(usize::from(l)).copied().unwrap_or(0.0))
}

fn check(what: &'static str, value: f64, low: f64, high: f64, wanted: &'static str) -> Result<(), GreyError> {
    if value >= low && value <= high { Ok(()) } else { Err(GreyError::Parameter { what, value, wanted }) }
}

/// A count of photons or electrons with this mean.
///
/// Exact by multiplication of uniforms below 30 (D. Knuth, *Seminumerical Algorithms*), the normal limit beyond.
fn poisson(mean: f64, stream: &mut Stream) -> f64 {
    if mean >= 30.0 {
        return (mean + mean.sqrt() * stream.normal()).round().max(0.0);
    }
    let (limit, mut product, mut count) = (libm::exp(-mean.max(0.0)), stream.uniform(), 0.0);
    while product > limit {
        product *= stream.uniform();
        count += 1.0;
    }
    count
}

/// A row of numbers that change slowly: white noise smoothed over `reach` places, of unit variance.
fn smooth_noise(n: usize, reach: f64, stream: &mut Stream) -> Vec<f64> {
    let half = (2.0 * reach).ceil() as usize;
    let white: Vec<f64> = (0..n + 2 * half).map(|_| stream.normal()).collect();
    let weights: Vec<f64> =
        (0..=2 * half).map(|i| libm::exp(-0.5 * ((i as f64 - half as f64) / reach.max(1e-9)).powi(2))).collect();
    let norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
    (0..n).map(|i| weights.iter().enumerate().map(|(j, w)| w * white[i + j]).sum::<f64>() / norm).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn counts_have_the_mean_and_variance_of_poisson() {
        const N: usize = 40_000;
        for mean in [0.3, 4.0, 29.0, 200.0] {
            let mut stream = Stream::new(3, Purpose::Probe, 0);
            let v: Vec<f64> = (0..N).map(|_| poisson(mean, &mut stream)).collect();
            let m = v.iter().sum::<f64>() / N as f64;
            let var = v.iter().map(|x| (x - m).powi(2)).sum::<f64>() / N as f64;
            // Five standard errors of the mean, and of the variance of nearly normal deviates.
            assert!((m - mean).abs() < 5.0 * (mean / N as f64).sqrt(), "{mean}: {m}");
            assert!((var / mean - 1.0).abs() < 5.0 * ((2.0 + 1.0 / mean) / N as f64).sqrt(), "{mean}: {var}");
        }
    }

    #[test]
    fn slow_noise_has_unit_variance_and_its_reach() {
        let mut stream = Stream::new(3, Purpose::Probe, 0);
        let v = smooth_noise(60_000, 3.0, &mut stream);
        let correlation = |lag: usize| v.iter().zip(&v[lag..]).map(|(a, b)| a * b).sum::<f64>() / v.len() as f64;
        // 60000 values of which every tenth is independent: five standard errors are 0.09.
        assert!((correlation(0) - 1.0).abs() < 0.09, "{}", correlation(0));
        // Gaussians of width s correlate as exp(-d^2 / 4 s^2).
        assert!((correlation(3) - (-0.25f64).exp()).abs() < 0.09);
        assert!(correlation(20).abs() < 0.09);
    }
}
