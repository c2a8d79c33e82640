//! X-ray computed tomography.
//!
//! ```text
//! b = PSF * f                                             point spread, partial volume (f: brightness of the voxel)
//! p = b + e (b - G_w * b)                                 phase fringes: bright and dark rims of width w
//! h = p (1 - c (1 - r^2))                                 beam hardening: solid in the middle looks thinner
//! g = pore + (solid - pore) h, times 1 + tilt . u, plus rings  A n(r)
//! v = gain * Poisson(g / gain) + sigma n
//! ```
//!
//! `r` is the distance from the rotation axis (z through the middle of the slice) over that of the farthest corner, `n`
//! standard normal numbers; a ring has one of them for each radius in voxels and keeps it over many slices, as a detector
//! column does.
//! The forms are the usual phenomenological ones, see S. Stock, *MicroComputed Tomography* (2019); a reconstruction from
//! projections (streaks, limited angles) is not simulated.

use foamflux_grid::{Sample, Volume};
use rayon::prelude::*;
use serde::Serialize;

use super::{check, poisson, smooth_noise};
use crate::error::GreyError;
use crate::grey::blurred;
use crate::random::{Purpose, Stream};

/// Settings of a CT.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ct {
    /// Grey value of a pore.
    pub pore_level: f64,
    /// Grey value of carbon.
    pub solid_level: f64,
    /// Standard deviation of the point spread in voxels.
    pub blur_voxel: f64,
    /// Strength of phase fringes, 0 to 3.
    pub fringe: f64,
    /// Width of phase fringes in voxels.
    pub fringe_voxel: f64,
    /// Beam hardening: relative loss of solid brightness on the axis, 0 to 0.9.
    pub hardening: f64,
    /// Relative change of brightness from the middle to each far face, x, y, z.
    pub tilt: [f64; 3],
    /// Standard deviation of rings in grey values.
    pub ring: f64,
    /// Variance of photon noise over grey value.
    pub gain: f64,
    /// Standard deviation of electronic noise in grey values.
    pub sigma: f64,
}

impl Ct {
    /// A laboratory scan of fair quality; all numbers assumed. `range` is the largest grey value, 255 or 65535.
    #[must_use]
    pub fn typical(range: f64) -> Self {
        let unit = range / 255.0;
        Ct {
            pore_level: 60.0 * unit,
            solid_level: 150.0 * unit,
            blur_voxel: 0.7,
            fringe: 0.35,
            fringe_voxel: 2.0,
            hardening: 0.08,
            tilt: [0.03, -0.02, 0.02],
            ring: 1.5 * unit,
            gain: 0.7 * unit,
            sigma: 6.0 * unit,
        }
    }

    fn check(&self) -> Result<(), GreyError> {
        check("pore level", self.pore_level, 0.0, 1e9, "a number from 0")?;
        check("solid level", self.solid_level, 0.0, 1e9, "a number from 0")?;
        check("blur", self.blur_voxel, 0.0, 32.0, "0 to 32 voxels")?;
        check("fringe", self.fringe, 0.0, 3.0, "0 to 3")?;
        check("fringe width", self.fringe_voxel, 0.1, 32.0, "0.1 to 32 voxels")?;
        check("hardening", self.hardening, 0.0, 0.9, "0 to 0.9")?;
        check("ring", self.ring, 0.0, 1e9, "a number from 0")?;
        check("gain", self.gain, 0.0, 1e9, "a number from 0")?;
        check("sigma", self.sigma, 0.0, 1e9, "a number from 0")?;
        self.tilt.into_iter().try_for_each(|t| check("tilt", t, -0.9, 0.9, "-0.9 to 0.9"))
    }
}

/// The stack that the CT shows of a field of brightness.
///
/// # Errors
/// [`GreyError::Parameter`] naming a setting out of range.
pub fn ct<T: Sample>(field: &Volume<f32>, settings: &Ct, seed: u64) -> Result<Volume<T>, GreyError> {
    settings.check()?;
    let shape = field.shape();
    let mut b = blurred(field, [settings.blur_voxel; 3]);
    if settings.fringe > 0.0 {
        let sharp = field.like(b)?;
        let wide = blurred(&sharp, [settings.fringe_voxel; 3]);
        b = sharp.into_vec();
        let e = settings.fringe as f32;
        b.par_iter_mut().zip(&wide).for_each(|(b, w)| *b += e * (*b - *w));
    }
    let middle = [0.5 * (shape.x as f64 - 1.0), 0.5 * (shape.y as f64 - 1.0)];
    let farthest = middle[0].hypot(middle[1]).max(1.0);
    let mut stream = Stream::new(seed, Purpose::Rings, 0);
    let radii = farthest.ceil() as usize + 2;
    let rings: Vec<f64> = (0..radii).map(|_| settings.ring * stream.normal()).collect();
    // A detector column drifts: the rings come and go along z.
    let swell = smooth_noise(shape.z, 0.25 * shape.z as f64 + 1.0, &mut stream);
    let across = |i: usize, n: usize| (2 * i + 1) as f64 / n as f64 - 1.0;
    let mut out = field.map(|_| T::default());
    let plane = shape.y * shape.x;
    out.as_mut_slice().par_chunks_mut(plane).zip(b.par_chunks(plane)).enumerate().for_each(|(z, (out, b))| {
        let mut stream = Stream::new(seed, Purpose::Noise, z as u64);
        for (i, (out, &b)) in out.iter_mut().zip(b).enumerate() {
            let (x, y) = (i % shape.x, i / shape.x);
            let r = (x as f64 - middle[0]).hypot(y as f64 - middle[1]);
            let inner = 1.0 - (r / farthest).powi(2);
            let h = f64::from(b) * (1.0 - settings.hardening * inner);
            let mut g = settings.pore_level + (settings.solid_level - settings.pore_level) * h;
            let u = [across(x, shape.x), across(y, shape.y), across(z, shape.z)];
            g *= 1.0 + (0..3).map(|k| settings.tilt[k] * u[k]).sum::<f64>();
            g += rings[r as usize] * (1.0 + 0.5 * swell[z]);
            if settings.gain > 0.0 {
                g = settings.gain * poisson(g.max(0.0) / settings.gain, &mut stream);
            }
            if settings.sigma > 0.0 {
                g += settings.sigma * stream.normal();
            }
            *out = T::from_f64(g);
        }
    });
    Ok(out)
}
