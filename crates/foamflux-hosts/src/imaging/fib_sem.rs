//! Focused-ion-beam milling with a scanning electron microscope.
//!
//! ```text
//! in solid:  s = brightness of the slice
//! in pores:  s = shine * brightness of the first solid behind * exp(-depth / decay)      shine-through of the pore back
//! g = (pore + (solid - pore) s + edge * |grad s|) * shading(y) * flicker(z) * (1 + curtain(x - x_0, z))
//! v = gain * Poisson(g / gain) + sigma n, after the slice moved by its drift (dx, dy)
//! ```
//!
//! The sample is milled along +z, so that what lies behind a pore are the next slices; the ion beam comes along y and leaves
//! curtains, stripes along y whose pattern along x changes slowly from slice to slice and grows with y.
//! Slices are thicker than pixels are wide: the field is averaged over `slice_voxels` voxels along z, and the voxel size of
//! the stack says so.
//! See L. Holzer and M. Cantoni in *Nanofabrication Using Focused Ion and Electron Beams* (2012) for the artefacts; the
//! forms here are phenomenological.

use foamflux_grid::{Sample, Shape, Volume, VoxelSize};
use rayon::prelude::*;
use serde::Serialize;

use super::{check, poisson, smooth_noise};
use crate::error::GreyError;
use crate::grey::blurred;
use crate::random::{Purpose, Stream};

/// Settings of a FIB-SEM.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FibSem {
    /// Grey value of an empty pore without anything behind.
    pub pore_level: f64,
    /// Grey value of carbon.
    pub solid_level: f64,
    /// Voxels that one slice removes.
    pub slice_voxels: usize,
    /// Standard deviation of the beam in pixels.
    pub blur_pixel: f64,
    /// Brightness of a pore's back relative to solid, 0 to 1.
    pub shine: f64,
    /// Depth over which it fades, in slices.
    pub decay_slices: f64,
    /// Brightening of edges, in parts of the contrast.
    pub edge: f64,
    /// Standard deviation of curtains, relative.
    pub curtain: f64,
    /// Relative loss of brightness from top to bottom of a slice.
    pub shading: f64,
    /// Standard deviation of the brightness from slice to slice, relative.
    pub flicker: f64,
    /// Standard deviation of a step of the drift in pixels.
    pub drift_pixel: f64,
    /// Variance of electron noise over grey value.
    pub gain: f64,
    /// Standard deviation of electronic noise in grey values.
    pub sigma: f64,
}

impl FibSem {
    /// An ordinary series; all numbers assumed. `range` is the largest grey value, 255 or 65535.
    #[must_use]
    pub fn typical(range: f64) -> Self {
        let unit = range / 255.0;
        FibSem {
            pore_level: 35.0 * unit,
            solid_level: 150.0 * unit,
            slice_voxels: 2,
            blur_pixel: 0.5,
            shine: 0.65,
            decay_slices: 6.0,
            edge: 0.25,
            curtain: 0.04,
            shading: 0.2,
            flicker: 0.02,
            drift_pixel: 0.4,
            gain: 0.8 * unit,
            sigma: 5.0 * unit,
        }
    }

    fn check(&self, shape: Shape) -> Result<(), GreyError> {
        check("pore level", self.pore_level, 0.0, 1e9, "a number from 0")?;
        check("solid level", self.solid_level, 0.0, 1e9, "a number from 0")?;
        check("slice voxels", self.slice_voxels as f64, 1.0, shape.z as f64, "1 to the number of slices")?;
        check("blur", self.blur_pixel, 0.0, 32.0, "0 to 32 pixels")?;
        check("shine", self.shine, 0.0, 1.0, "0 to 1")?;
        check("decay", self.decay_slices, 1e-3, 1e6, "a positive number of slices")?;
        check("edge", self.edge, 0.0, 10.0, "0 to 10")?;
        check("curtain", self.curtain, 0.0, 1.0, "0 to 1")?;
        check("shading", self.shading, -0.9, 0.9, "-0.9 to 0.9")?;
        check("flicker", self.flicker, 0.0, 0.5, "0 to 0.5")?;
        check("drift", self.drift_pixel, 0.0, 100.0, "0 to 100 pixels")?;
        check("gain", self.gain, 0.0, 1e9, "a number from 0")?;
        check("sigma", self.sigma, 0.0, 1e9, "a number from 0")
    }
}

/// What was done to a slice: the truth for alignment and brightness correction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SliceRecord {
    /// Shift of the content along x and y in pixels.
    pub drift_pixel: [f64; 2],
    /// Factor on the brightness.
    pub brightness: f64,
}

/// The stack that the microscope shows of a field of brightness, and what was done to each slice.
///
/// # Errors
/// [`GreyError::Parameter`] naming a setting out of range.
pub fn fib_sem<T: Sample>(
    field: &Volume<f32>,
    settings: &FibSem,
    seed: u64,
) -> Result<(Volume<T>, Vec<SliceRecord>), GreyError> {
    settings.check(field.shape())?;
    let sliced = slices(field, settings.slice_voxels)?;
    let shape = sliced.shape();
    let plane = shape.y * shape.x;
    let seen = shine_through(&sliced, settings);
    let seen = blurred(&sliced.like(seen)?, [settings.blur_pixel, settings.blur_pixel, 0.0]);
    let mut stream = Stream::new(seed, Purpose::Drift, 0);
    let mut place = [0.0; 2];
    let records: Vec<SliceRecord> = (0..shape.z)
        .map(|z| {
            let step = [stream.normal(), stream.normal()];
            if z > 0 {
                // Operators bring the field of view back: a walk with a spring.
                place = std::array::from_fn(|k| 0.97 * place[k] + settings.drift_pixel * step[k]);
            }
            SliceRecord { drift_pixel: place, brightness: 1.0 + settings.flicker * stream.normal() }
        })
        .collect();
    let mut stream = Stream::new(seed, Purpose::Curtains, 0);
    // Two patterns that fade into each other over about ten slices.
    let patterns: Vec<Vec<f64>> =
        (0..shape.z.div_ceil(10) + 2).map(|_| smooth_noise(shape.x, 1.5, &mut stream)).collect();
    let mut out = sliced.map(|_| T::default());
    out.as_mut_slice().par_chunks_mut(plane).enumerate().for_each(|(z, out)| {
        let own = &seen[z * plane..(z + 1) * plane];
        let [dx, dy] = records[z].drift_pixel;
        let mut stream = Stream::new(seed, Purpose::Noise, z as u64);
        let (first, part) = (z / 10, (z % 10) as f64 / 10.0);
        for y in 0..shape.y {
            let depth = (y as f64 + 0.5) / shape.y as f64;
            for x in 0..shape.x {
                let at = |x: f64, y: f64| sample(own, shape, x, y);
                let (px, py) = (x as f64 - dx, y as f64 - dy);
                let s = at(px, py);
                let slope = (at(px + 1.0, py) - at(px - 1.0, py)).hypot(at(px, py + 1.0) - at(px, py - 1.0));
                let contrast = settings.solid_level - settings.pore_level;
                let mut g = settings.pore_level + contrast * (s + 0.5 * settings.edge * slope);
                let stripe = (1.0 - part) * patterns[first][x] + part * patterns[first + 1][x];
                g *= records[z].brightness * (1.0 + settings.shading * (0.5 - depth));
                g *= 1.0 + settings.curtain * (0.3 + 1.4 * depth) * stripe;
                if settings.gain > 0.0 {
                    g = settings.gain * poisson(g.max(0.0) / settings.gain, &mut stream);
                }
                if settings.sigma > 0.0 {
                    g += settings.sigma * stream.normal();
                }
                out[y * shape.x + x] = T::from_f64(g);
            }
        }
    });
    Ok((out, records))
}

/// Labels in the frame of the stack: solid (1) where a voxel of a drifted slice is at least half as bright as carbon.
///
/// # Errors
/// [`GreyError::Parameter`] naming a setting out of range.
pub fn as_imaged(field: &Volume<f32>, settings: &FibSem, records: &[SliceRecord]) -> Result<Volume<u8>, GreyError> {
    settings.check(field.shape())?;
    let sliced = slices(field, settings.slice_voxels)?;
    let shape = sliced.shape();
    let mut out = sliced.map(|_| 0u8);
    out.as_mut_slice().par_chunks_mut(shape.x * shape.y).zip(records).enumerate().for_each(|(z, (out, record))| {
        let [dx, dy] = record.drift_pixel;
        for (i, v) in out.iter_mut().enumerate() {
            let (y, x) = (i / shape.x, i % shape.x);
            *v = u8::from(sample(sliced.plane(z), shape, x as f64 - dx, y as f64 - dy) >= 0.5);
        }
    });
    Ok(out)
}

/// Averages over slices that are thicker than the voxels; a last incomplete slice is left out.
fn slices(field: &Volume<f32>, n: usize) -> Result<Volume<f32>, GreyError> {
    let shape = field.shape();
    let plane = shape.y * shape.x;
    let out = Shape { z: shape.z / n, ..shape };
    let size = match field.voxel_size() {
        VoxelSize::Known { m_xyz: [x, y, z], source } => {
            VoxelSize::Known { m_xyz: [*x, *y, z * n as f64], source: source.clone() }
        }
        VoxelSize::Unknown => VoxelSize::Unknown,
    };
    let mut data = vec![0.0f32; out.z * plane];
    data.par_chunks_mut(plane).enumerate().for_each(|(z, slice)| {
        for k in 0..n {
            let from = &field.as_slice()[(z * n + k) * plane..][..plane];
            slice.iter_mut().zip(from).for_each(|(a, b)| *a += b / n as f32);
        }
    });
    Ok(Volume::from_vec(out, size, data)?)
}

/// Pores show what lies behind them, the fainter the deeper.
fn shine_through(field: &Volume<f32>, settings: &FibSem) -> Vec<f32> {
    let shape = field.shape();
    let plane = shape.y * shape.x;
    let fade = libm::exp(-1.0 / settings.decay_slices) as f32;
    let shine = settings.shine as f32;
    let mut seen = field.as_slice().to_vec();
    // From the last slice forwards: what the next slice shows without the loss of its own first step.
    let mut behind = vec![0.0f32; plane];
    for z in (0..shape.z).rev() {
        let slice = &mut seen[z * plane..(z + 1) * plane];
        slice.par_iter_mut().zip(&mut behind).for_each(|(s, b)| {
            let own = *s;
            let open = (1.0 - own).clamp(0.0, 1.0);
            *s = own + open * shine * *b;
            // Light from behind passes this slice where it is open.
            *b = (own + open * *b) * fade;
        });
    }
    seen
}

/// Bilinear value, the nearest one outside.
fn sample(plane: &[f32], shape: Shape, x: f64, y: f64) -> f64 {
    let (x, y) = (x.clamp(0.0, shape.x as f64 - 1.0), y.clamp(0.0, shape.y as f64 - 1.0));
    let (x0, y0) = (x as usize, y as usize);
    let (x1, y1) = ((x0 + 1).min(shape.x - 1), (y0 + 1).min(shape.y - 1));
    let (a, b) = (x - x0 as f64, y - y0 as f64);
    let at = |x: usize, y: usize| f64::from(plane[y * shape.x + x]);
    (1.0 - b) * ((1.0 - a) * at(x0, y0) + a * at(x1, y0)) + b * ((1.0 - a) * at(x0, y1) + a * at(x1, y1))
}
