//! Foils, flat and rough: everything below a height profile.
//!
//! ```text
//! surface  z = z_0 + h(x, y),   h = R sqrt(2) sin(2 pi x / λ)  or a Gaussian random surface of the same RMS and wavelength
//! area     A = ∫ sqrt(1 + |grad h|^2) dx dy
//! ```
//!
//! The foil fills `z > z_0 + h`: the separator side is z = 0, the collector at z = L.

use serde::Serialize;

use crate::random::{Purpose, Stream};
use crate::shapes::{Bounds, DistanceKind, Solid};
use crate::vector::Point;

/// Form of the surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relief {
    /// A plane.
    Flat,
    /// A sine along x.
    Sinusoid,
    /// A Gaussian random surface.
    Random,
}

/// Waves of a random surface.
const WAVES: usize = 32;

/// A foil with its surface near `z_0`.
#[derive(Debug, Clone)]
pub struct Foil {
    box_m: Point,
    level_m: f64,
    /// Wave vectors, amplitudes and phases.
    waves: Vec<([f64; 2], f64, f64)>,
    steepest: f64,
}

impl Foil {
    /// A foil whose mean surface is at `level_m` below the separator side; waves fit the box where it is periodic.
    #[must_use]
    pub fn new(box_m: [f64; 3], level_m: f64, relief: Relief, rms_m: f64, wavelength_m: f64, seed: u64) -> Self {
        let whole = |k: usize, part: f64| -> f64 {
            // A whole number of waves along each edge.
            std::f64::consts::TAU * (part * box_m[k] / wavelength_m).round() / box_m[k]
        };
        let mut stream = Stream::new(seed, Purpose::Waves, 1);
        let waves = match relief {
            Relief::Flat => Vec::new(),
            Relief::Sinusoid => {
                let k = whole(0, 1.0).max(std::f64::consts::TAU / box_m[0]);
                vec![([k, 0.0], rms_m * 2f64.sqrt(), 0.0)]
            }
            Relief::Random => {
                let mut waves: Vec<([f64; 2], f64, f64)> = (0..WAVES)
                    .map(|i| {
                        let angle = std::f64::consts::PI * (i as f64 + stream.uniform()) / WAVES as f64;
                        let k = [whole(0, libm::cos(angle)), whole(1, libm::sin(angle))];
                        (k, 1.0, std::f64::consts::TAU * stream.uniform())
                    })
                    .collect();
                waves.retain(|w| w.0[0].abs() + w.0[1].abs() > 0.0);
                let n = waves.len().max(1) as f64;
                waves.iter_mut().for_each(|w| w.1 = rms_m * (2.0 / n).sqrt());
                waves
            }
        };
        let steepest = waves.iter().map(|w| w.0[0].hypot(w.0[1]) * w.1).sum();
        Foil { box_m, level_m, waves, steepest }
    }

    /// Height of the surface and its slopes along x and y.
    fn surface(&self, x: f64, y: f64) -> (f64, [f64; 2]) {
        self.waves.iter().fold((self.level_m, [0.0; 2]), |(z, s), (k, a, phase)| {
            let angle = k[0] * x + k[1] * y + phase;
            let c = a * libm::cos(angle);
            (z + a * libm::sin(angle), [s[0] + k[0] * c, s[1] + k[1] * c])
        })
    }

    /// Area of the surface in the box in square metres; exact to rounding for whole waves.
    #[must_use]
    pub fn area_m2(&self) -> f64 {
        /// Points along each edge: the rectangle rule converges exponentially for periodic functions.
        const POINTS: usize = 400;
        if self.waves.is_empty() {
            return self.box_m[0] * self.box_m[1];
        }
        let step = [self.box_m[0] / POINTS as f64, self.box_m[1] / POINTS as f64];
        let mut sum = 0.0;
        for j in 0..POINTS {
            for i in 0..POINTS {
                let (_, [a, b]) = self.surface((i as f64 + 0.5) * step[0], (j as f64 + 0.5) * step[1]);
                sum += (1.0 + a * a + b * b).sqrt();
            }
        }
        sum * step[0] * step[1]
    }
}

impl Solid for Foil {
    fn signed_distance(&self, p: [f64; 3]) -> f64 {
        // Far from the waves they need no evaluation.
        let most: f64 = self.waves.iter().map(|w| w.1).sum();
        let flat = self.level_m - p[2];
        if flat.abs() > 3.0 * most {
            return flat - most * flat.signum();
        }
        let (z, _) = self.surface(p[0], p[1]);
        (z - p[2]) / (1.0 + self.steepest * self.steepest).sqrt()
    }

    fn distance_kind(&self) -> DistanceKind {
        DistanceKind::Bound
    }

    fn volume(&self) -> Option<f64> {
        None
    }

    fn surface_area(&self) -> Option<f64> {
        None
    }

    fn bounds(&self) -> Bounds {
        Bounds { low: [0.0; 3], high: self.box_m }
    }
}
