//! Fourier transforms of slices, and the displacement between two of them.

use std::f64::consts::TAU;
use std::sync::Arc;

use foamflux_grid::{Sample, Shape, Volume};
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

/// Largest edge of the part in the middle that is compared: more pixels add time and no precision that is needed.
pub(super) const LARGEST: usize = 1024;
/// Frequency in cycles per pixel at which the weight has fallen to 61 %: features of eight pixels and more decide.
const CUTOFF: f64 = 0.12;
/// Lowest frequencies along y, in cycles per frame, that are left out: curtains, and their leakage through the window.
const CURTAINS: usize = 2;
/// Part of each edge over which the window rises.
const TAPER: f64 = 0.25;

/// A slice in frequencies, columns outermost (transposed).
pub(super) struct Spectrum {
    values: Vec<Complex32>,
}

/// Plans and room for the transforms of one shape.
pub(super) struct Transform {
    /// Pixels before the part that is compared, along x and y, and columns of a slice.
    origin: [usize; 2],
    columns: usize,
    nx: usize,
    ny: usize,
    window: [Vec<f32>; 2],
    /// Weight by frequency, transposed as spectra are.
    weight: Vec<f32>,
    forward: [Arc<dyn Fft<f32>>; 2],
    inverse: [Arc<dyn Fft<f32>>; 2],
    room: Vec<Complex32>,
}

impl Transform {
    /// Of the middle of slices.
    pub(super) fn new(shape: Shape) -> Self {
        let size = [shape.x.min(LARGEST), shape.y.min(LARGEST)];
        Transform::part(shape, [(shape.x - size[0]) / 2, (shape.y - size[1]) / 2], size)
    }

    /// Of a part of slices, from `origin` on, of `size` pixels along x and y.
    pub(super) fn part(shape: Shape, origin: [usize; 2], size: [usize; 2]) -> Self {
        let [nx, ny] = size;
        let mut planner = FftPlanner::new();
        let window = [nx, ny].map(|n| {
            let edge = (TAPER * n as f64).max(1.0);
            (0..n)
                .map(|i| {
                    let d = (i.min(n - 1 - i) as f64 + 0.5) / edge;
                    if d >= 1.0 { 1.0 } else { (0.5 - 0.5 * (0.5 * TAU * d).cos()) as f32 }
                })
                .collect()
        });
        let frequency = |k: usize, n: usize| k.min(n - k) as f64 / n as f64;
        let mut weight = Vec::with_capacity(nx * ny);
        for kx in 0..nx {
            for ky in 0..ny {
                let squared = frequency(kx, nx).powi(2) + frequency(ky, ny).powi(2);
                let left_out = ky.min(ny - ky) <= CURTAINS || (kx.min(nx - kx) <= 1 && ky.min(ny - ky) <= CURTAINS + 1);
                let w = if left_out { 0.0 } else { (-0.5 * squared / (CUTOFF * CUTOFF)).exp() };
                weight.push(w as f32);
            }
        }
        Transform {
            origin,
            columns: shape.x,
            nx,
            ny,
            window,
            weight,
            forward: [planner.plan_fft_forward(nx), planner.plan_fft_forward(ny)],
            inverse: [planner.plan_fft_inverse(nx), planner.plan_fft_inverse(ny)],
            room: vec![Complex32::default(); nx * ny],
        }
    }

    /// The spectrum of that part of a slice.
    pub(super) fn of<T: Sample>(&mut self, volume: &Volume<T>, z: usize) -> Spectrum {
        let (nx, ny) = (self.nx, self.ny);
        let [x0, y0] = self.origin;
        let plane = volume.plane(z);
        let row = |y: usize| &plane[(y0 + y) * self.columns + x0..][..nx];
        let sum: f64 = (0..ny).map(|y| row(y).iter().map(|v| v.to_f64()).sum::<f64>()).sum();
        let mean = (sum / (nx * ny) as f64) as f32;
        for (y, out) in self.room.chunks_exact_mut(nx).enumerate() {
            let wy = self.window[1][y];
            for ((o, v), wx) in out.iter_mut().zip(row(y)).zip(&self.window[0]) {
                *o = Complex32::new((v.to_f32() - mean) * wx * wy, 0.0);
            }
        }
        self.forward[0].process(&mut self.room);
        let mut values = transposed(&self.room, nx, ny);
        self.forward[1].process(&mut values);
        Spectrum { values }
    }

    /// Displacement of the content from a to b along x and y, and the correlation of the two after it.
    pub(super) fn compare(&mut self, a: &Spectrum, b: &Spectrum) -> ([f64; 2], f64) {
        let (nx, ny) = (self.nx, self.ny);
        for (((o, a), b), &w) in self.room.iter_mut().zip(&a.values).zip(&b.values).zip(&self.weight) {
            let product = a.conj() * b;
            let norm = product.norm();
            *o = if norm > 0.0 { product * (w / norm) } else { Complex32::default() };
        }
        self.inverse[1].process(&mut self.room);
        let mut plane = transposed(&self.room, ny, nx);
        self.inverse[0].process(&mut plane);
        let highest = plane.iter().enumerate().max_by(|a, b| a.1.re.total_cmp(&b.1.re)).map_or(0, |(i, _)| i);
        let (py, px) = (highest / nx, highest % nx);
        let at = |dx: isize, dy: isize| {
            let x = (px as isize + dx).rem_euclid(nx as isize) as usize;
            let y = (py as isize + dy).rem_euclid(ny as isize) as usize;
            f64::from(plane[y * nx + x].re)
        };
        let signed = |p: usize, n: usize| if 2 * p > n { p as f64 - n as f64 } else { p as f64 };
        let shift = [
            signed(px, nx) + summit(at(-1, 0), at(0, 0), at(1, 0)),
            signed(py, ny) + summit(at(0, -1), at(0, 0), at(0, 1)),
        ];
        (shift, self.correlation(a, b, shift))
    }

    /// Correlation of the weighted frequencies after the displacement.
    fn correlation(&self, a: &Spectrum, b: &Spectrum, shift: [f64; 2]) -> f64 {
        let phases = |n: usize, s: f64| -> Vec<Complex32> {
            let turn = |k: usize| {
                let k = if 2 * k > n { k as f64 - n as f64 } else { k as f64 };
                let angle = TAU * k * s / n as f64;
                Complex32::new(angle.cos() as f32, angle.sin() as f32)
            };
            (0..n).map(turn).collect()
        };
        let (of_x, of_y) = (phases(self.nx, shift[0]), phases(self.ny, shift[1]));
        let (mut product, mut of_a, mut of_b) = (0f64, 0f64, 0f64);
        for (kx, turn_x) in of_x.iter().enumerate() {
            let range = kx * self.ny..(kx + 1) * self.ny;
            let weights = &self.weight[range.clone()];
            for (((a, b), &w), turn_y) in a.values[range.clone()].iter().zip(&b.values[range]).zip(weights).zip(&of_y) {
                let w = f64::from(w);
                product += w * f64::from((a.conj() * b * turn_x * turn_y).re);
                of_a += w * f64::from(a.norm_sqr());
                of_b += w * f64::from(b.norm_sqr());
            }
        }
        let norm = (of_a * of_b).sqrt();
        if norm > 0.0 { product / norm } else { 0.0 }
    }
}

/// Place of the summit of a Gaussian through three values; of a parabola where they are not all positive.
fn summit(below: f64, here: f64, above: f64) -> f64 {
    let fit = |a: f64, b: f64, c: f64| {
        let bend = a - 2.0 * b + c;
        if bend < 0.0 { (0.5 * (a - c) / bend).clamp(-1.0, 1.0) } else { 0.0 }
    };
    if below > 0.0 && above > 0.0 && here > 0.0 {
        fit(below.ln(), here.ln(), above.ln())
    } else {
        fit(below, here, above)
    }
}

/// Rows of `n` values as columns.
fn transposed(from: &[Complex32], n: usize, rows: usize) -> Vec<Complex32> {
    /// Edge of a square that stays in the cache.
    const TILE: usize = 32;
    let mut to = vec![Complex32::default(); from.len()];
    for y0 in (0..rows).step_by(TILE) {
        for x0 in (0..n).step_by(TILE) {
            for y in y0..rows.min(y0 + TILE) {
                for x in x0..n.min(x0 + TILE) {
                    to[x * rows + y] = from[y * n + x];
                }
            }
        }
    }
    to
}
