//! Reproducible random numbers: one PCG stream per seed, purpose and item.
//!
//! A stream is keyed by what it is for (and, where work is parallel, by the slice), never by the order in which
//! threads ask, so results do not depend on the number of threads.
//! Generator: PCG64 (XSL RR 128/64; O'Neill, HMC-CS-2014-0905), state and stream filled by SplitMix64
//! (Steele, Lea and Flood, OOPSLA 2014) so that neighbouring keys are unrelated.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

use crate::vector::Point;

/// Name of the generator, for records.
pub(crate) const GENERATOR: &str = "pcg64 (xsl-rr 128/64), streams keyed by splitmix64";

/// What a stream is for.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub(crate) enum Purpose {
    Seeds = 1,
    Origin = 2,
    Noise = 3,
    Area = 4,
    Sizes = 5,
    Breaks = 6,
    Debris = 7,
    Fibres = 8,
    Waves = 9,
    Spheres = 10,
    Sites = 11,
    Channels = 12,
    Rings = 13,
    Drift = 14,
    Curtains = 15,
    #[cfg(test)]
    Probe = 16,
}

pub(crate) struct Stream(Pcg64);

fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A few random numbers that depend on a place alone.
pub(crate) struct Hash(u64);

impl Hash {
    pub(crate) fn of(p: Point) -> Self {
        let mut key = 0;
        for c in p {
            key ^= c.to_bits();
            key = splitmix64(&mut key);
        }
        Hash(key)
    }

    /// Uniform in [0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        (splitmix64(&mut self.0) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }
}

impl Stream {
    pub(crate) fn new(seed: u64, purpose: Purpose, item: u64) -> Self {
        // Each word of the key goes through a full mix before the next comes in: no two keys cancel.
        let mut key = seed;
        let mut key = splitmix64(&mut key) ^ purpose as u64;
        let mut key = splitmix64(&mut key) ^ item;
        let mut word = || u128::from(splitmix64(&mut key));
        let (a, b, c, d) = (word(), word(), word(), word());
        Stream(Pcg64::new(a << 64 | b, c << 64 | d))
    }

    /// Uniform in [0, 1), 53 bits.
    #[inline]
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Two independent standard normal deviates (polar method of Marsaglia and Bray, SIAM Rev. 6, 260, 1964).
    pub(crate) fn normal_pair(&mut self) -> (f64, f64) {
        loop {
            let (a, b) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let s = a * a + b * b;
            if s > 0.0 && s < 1.0 {
                let f = (-2.0 * libm::log(s) / s).sqrt();
                return (a * f, b * f);
            }
        }
    }

    /// Uniform over directions.
    pub(crate) fn direction(&mut self) -> Point {
        loop {
            if let Some(u) = crate::vector::unit(self.in_ball()) {
                return u;
            }
        }
    }

    /// A standard normal deviate.
    pub(crate) fn normal(&mut self) -> f64 {
        self.normal_pair().0
    }

    /// A factor of mean 1 and this coefficient of variation, log-normal.
    pub(crate) fn spread(&mut self, cv: f64) -> f64 {
        let variance = libm::log(1.0 + cv * cv);
        libm::exp(variance.sqrt() * self.normal() - 0.5 * variance)
    }

    /// Uniform in the unit ball.
    pub(crate) fn in_ball(&mut self) -> Point {
        loop {
            let p: Point = std::array::from_fn(|_| 2.0 * self.uniform() - 1.0);
            if p.iter().map(|c| c * c).sum::<f64>() <= 1.0 {
                return p;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: usize = 100_000;
    // Five standard errors of a mean (1/sqrt N) and of a variance (sqrt(2/N)) of N deviates.
    const MEAN_TOLERANCE: f64 = 5.0 * 0.00316;
    const VARIANCE_TOLERANCE: f64 = 5.0 * 0.00447;

    #[test]
    fn normal_deviates_have_mean_0_variance_1_and_kurtosis_3() {
        let mut stream = Stream::new(7, Purpose::Noise, 0);
        let v: Vec<f64> = (0..N / 2).flat_map(|_| <[f64; 2]>::from(stream.normal_pair())).collect();
        let moment = |k: i32| v.iter().map(|x| x.powi(k)).sum::<f64>() / N as f64;
        assert!(moment(1).abs() < MEAN_TOLERANCE);
        assert!((moment(2) - 1.0).abs() < VARIANCE_TOLERANCE);
        // The fourth power has variance 96: five standard errors are 0.155.
        assert!((moment(4) - 3.0).abs() < 0.155);
    }

    #[test]
    fn streams_of_different_keys_are_uncorrelated() {
        for (p, q) in [((7, 0), (7, 1)), ((7, 0), (8, 0)), ((7, 1), (8, 0))] {
            let mut a = Stream::new(p.0, Purpose::Noise, p.1);
            let mut b = Stream::new(q.0, Purpose::Noise, q.1);
            let r = (0..N).map(|_| (a.uniform() - 0.5) * (b.uniform() - 0.5)).sum::<f64>() * 12.0 / N as f64;
            assert!(r.abs() < MEAN_TOLERANCE, "{p:?} {q:?}: {r}");
        }
        let mut a = Stream::new(7, Purpose::Noise, 3);
        let mut b = Stream::new(7, Purpose::Seeds, 3);
        assert!((a.uniform() - b.uniform()).abs() > 0.0);
    }

    /// The same numbers come from NumPy's PCG64 with this state and increment. A silent change of the generator would change every published host.
    #[test]
    fn the_stream_is_the_one_that_was_published() {
        let mut a = Stream::new(1, Purpose::Seeds, 2);
        let first: Vec<u64> = (0..3).map(|_| (a.uniform() * 1e9) as u64).collect();
        assert_eq!(first, PUBLISHED);
    }
    const PUBLISHED: [u64; 3] = [77_623_059, 549_157_270, 842_177_401];
}
