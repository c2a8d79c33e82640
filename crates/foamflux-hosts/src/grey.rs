//! A solid fraction as a CT-like grey stack.
//!
//! ```text
//! g = (pore + (solid - pore) c) * shading(x, y, z)          c: blurred solid fraction of the voxel
//! v = g + sqrt(sigma^2 + gain * g) * n                      n: standard normal, independent per voxel
//! ```
//!
//! `sigma` is the electronic noise, `gain` (grey values per count) gives the photon noise: a Poisson count of mean
//! `g / gain` scaled by `gain` has the variance `gain * g`, and its normal limit is used, which is good from about 20
//! counts on.
//! The blur is the system's point spread function as a separable Gaussian, mirrored at the faces.
//! Not yet here: rings, streaks, phase contrast and correlated noise of a reconstruction.
//!
//! Every slice has its own random stream and every sum a fixed order, so a stack is the same for all thread counts.

use foamflux_grid::{Sample, Volume};
use rayon::prelude::*;
use serde::Serialize;

use crate::error::GreyError;
use crate::random::{Purpose, Stream};

/// Widest blur; beyond it a kernel would be longer than most stacks.
const WIDEST_BLUR: f64 = 32.0;
/// The kernel ends where the Gaussian has fallen to 3e-4 of its peak.
const KERNEL_REACH: f64 = 4.0;

/// Slow changes of brightness across the volume, as parts of the grey value.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Shading {
    /// Relative change from the centre to each far face, x, y, z; -1 to 1.
    pub tilt: [f64; 3],
    /// Relative change from the rotation axis (z through the centre) to the middle of a side face; beam hardening cups
    /// are positive. -1 to 1.
    pub cupping: f64,
}

impl Shading {
    fn factor(&self, u: [f64; 3]) -> f64 {
        1.0 + self.tilt[0] * u[0]
            + self.tilt[1] * u[1]
            + self.tilt[2] * u[2]
            + self.cupping * (u[0] * u[0] + u[1] * u[1])
    }
}

/// How a solid fraction becomes grey values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GreyParameters {
    /// Grey value of a pore.
    pub pore_level: f64,
    /// Grey value of solid.
    pub solid_level: f64,
    /// Standard deviation of the blur in voxels, x, y, z.
    pub blur_sigma_voxel: [f64; 3],
    /// Standard deviation of the noise that does not depend on the signal, in grey values.
    pub noise_sigma: f64,
    /// Variance of the photon noise per grey value.
    pub noise_gain: f64,
    /// Uneven brightness.
    pub shading: Shading,
}

impl GreyParameters {
    /// Contrast over the noise of a pore.
    #[must_use]
    pub fn contrast_to_noise(&self) -> f64 {
        let noise = (self.noise_sigma.powi(2) + self.noise_gain * self.pore_level.max(0.0)).sqrt();
        (self.solid_level - self.pore_level).abs() / noise
    }

    /// Whether the parameters describe an image.
    ///
    /// # Errors
    /// [`GreyError::Parameter`] naming the first that does not.
    pub fn check(&self) -> Result<(), GreyError> {
        let require = |what, value: f64, good: bool, wanted| {
            if good { Ok(()) } else { Err(GreyError::Parameter { what, value, wanted }) }
        };
        require("pore level", self.pore_level, self.pore_level.is_finite(), "a finite number")?;
        require("solid level", self.solid_level, self.solid_level.is_finite(), "a finite number")?;
        for sigma in self.blur_sigma_voxel {
            let good = (0.0..=WIDEST_BLUR).contains(&sigma);
            require("blur sigma", sigma, good, "0 to 32 voxels")?;
        }
        for (what, value) in [("noise sigma", self.noise_sigma), ("noise gain", self.noise_gain)] {
            require(what, value, value >= 0.0 && value.is_finite(), "zero or a positive number")?;
        }
        for value in self.shading.tilt.into_iter().chain([self.shading.cupping]) {
            require("shading", value, (-1.0..=1.0).contains(&value), "-1 to 1")?;
        }
        Ok(())
    }
}

/// The grey stack of a solid fraction, rounded and clamped to the range of `T`.
///
/// # Errors
/// [`GreyError`] for parameters out of range or a solid fraction that is not between 0 and 1.
pub fn grey<T: Sample>(coverage: &Volume<f32>, parameters: &GreyParameters, seed: u64) -> Result<Volume<T>, GreyError> {
    parameters.check()?;
    let shape = coverage.shape();
    if let Some(i) = coverage.as_slice().iter().position(|c| !(0.0..=1.0).contains(c)) {
        let (z, y, x) = shape.zyx_of(i);
        return Err(GreyError::Coverage { value: coverage.as_slice()[i], x, y, z, shape });
    }
    let field = blurred(coverage, parameters.blur_sigma_voxel);
    let (pore, contrast) = (parameters.pore_level, parameters.solid_level - parameters.pore_level);
    let (sigma2, gain) = (parameters.noise_sigma.powi(2), parameters.noise_gain);
    let noisy = sigma2 > 0.0 || gain > 0.0;
    // From -1 at the first face to 1 at the last.
    let across = |i: usize, n: usize| (2 * i + 1) as f64 / n as f64 - 1.0;
    let plane = shape.y * shape.x;
    let mut out = coverage.map(|_| T::default());
    out.as_mut_slice().par_chunks_mut(plane).zip(field.par_chunks(plane)).enumerate().for_each(|(z, (out, field))| {
        let mut stream = Stream::new(seed, Purpose::Noise, z as u64);
        let mut spare = None;
        for (i, (out, &c)) in out.iter_mut().zip(field).enumerate() {
            let place = [across(i % shape.x, shape.x), across(i / shape.x, shape.y), across(z, shape.z)];
            let g = (pore + contrast * f64::from(c)) * parameters.shading.factor(place);
            let value = if noisy {
                let n = spare.take().unwrap_or_else(|| {
                    let (a, b) = stream.normal_pair();
                    spare = Some(b);
                    a
                });
                g + (sigma2 + gain * g.max(0.0)).sqrt() * n
            } else {
                g
            };
            *out = T::from_f64(value);
        }
    });
    Ok(out)
}

/// A sampled Gaussian of unit sum from its middle outwards.
fn kernel(sigma: f64) -> Vec<f64> {
    if sigma <= 0.0 {
        return vec![1.0];
    }
    let reach = (KERNEL_REACH * sigma).ceil() as usize;
    let mut half: Vec<f64> = (0..=reach).map(|i| libm::exp(-0.5 * (i as f64 / sigma).powi(2))).collect();
    let sum = half[0] + 2.0 * half[1..].iter().sum::<f64>();
    half.iter_mut().for_each(|k| *k /= sum);
    half
}

/// Where a mirror at both faces (half a voxel beyond the outer centres) puts an index that is outside.
fn mirrored(i: isize, n: usize) -> usize {
    let period = 2 * n as isize;
    let i = i.rem_euclid(period);
    (if i < n as isize { i } else { period - 1 - i }) as usize
}

/// Blurs along x, y, then z; sums in f64 and fixed order.
pub(crate) fn blurred(volume: &Volume<f32>, sigma_xyz: [f64; 3]) -> Vec<f32> {
    let shape = volume.shape();
    let (ny, nx, nz) = (shape.y, shape.x, shape.z);
    let plane = ny * nx;
    let [kx, ky, kz] = sigma_xyz.map(kernel);
    let mut flat = vec![0.0f32; shape.len()];
    flat.par_chunks_mut(plane).zip(volume.as_slice().par_chunks(plane)).for_each(|(out, field)| {
        let mut rows = vec![0.0f32; plane];
        for y in 0..ny {
            for x in 0..nx {
                rows[y * nx + x] = weighted(&kx, nx, x, |i| field[y * nx + i]);
            }
        }
        for y in 0..ny {
            for x in 0..nx {
                out[y * nx + x] = weighted(&ky, ny, y, |i| rows[i * nx + x]);
            }
        }
    });
    if kz.len() == 1 {
        return flat;
    }
    let mut out = vec![0.0f32; shape.len()];
    out.par_chunks_mut(plane).enumerate().for_each(|(z, out)| {
        for (i, out) in out.iter_mut().enumerate() {
            *out = weighted(&kz, nz, z, |z| flat[z * plane + i]);
        }
    });
    out
}

/// The blurred value at `i` of a line of `n` values.
#[inline]
fn weighted(kernel: &[f64], n: usize, i: usize, at: impl Fn(usize) -> f32) -> f32 {
    let reach = kernel.len() - 1;
    let inner = i >= reach && i + reach < n;
    let mut sum = kernel[0] * f64::from(at(i));
    for (d, k) in kernel.iter().enumerate().skip(1) {
        let (low, high) =
            if inner { (i - d, i + d) } else { (mirrored(i as isize - d as isize, n), mirrored((i + d) as isize, n)) };
        sum += k * (f64::from(at(low)) + f64::from(at(high)));
    }
    sum as f32
}
