//! The two precisions of a field.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use rayon::prelude::*;

use super::reduce::CHUNK;
use crate::pages::Pages;

/// `f32` or `f64`.
pub(crate) trait Real:
    Copy
    + Default
    + Send
    + Sync
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + bytemuck::Pod
{
    /// Half the distance from 1 to the next number.
    const ROUNDING: f64;
    /// The nearest value.
    fn of(value: f64) -> Self;
    /// The value, exact.
    fn wide(self) -> f64;
    /// Calls `f` on `r`, `z` and `q` in single precision, by way of `copies` where they are not;
    /// returns what `f` returns, in the scale of the fields.
    fn through_single(
        r: &[Self],
        z: &mut [Self],
        q: Option<&[Self]>,
        copies: &mut [Pages<f32>; 3],
        f: impl FnOnce(&[f32], &mut [f32], Option<&[f32]>) -> [f64; 2],
    ) -> [f64; 2];
}

impl Real for f32 {
    const ROUNDING: f64 = f32::EPSILON as f64 / 2.0;
    #[inline]
    fn of(value: f64) -> Self {
        value as f32
    }
    #[inline]
    fn wide(self) -> f64 {
        f64::from(self)
    }
    fn through_single(
        r: &[f32],
        z: &mut [f32],
        q: Option<&[f32]>,
        _: &mut [Pages<f32>; 3],
        f: impl FnOnce(&[f32], &mut [f32], Option<&[f32]>) -> [f64; 2],
    ) -> [f64; 2] {
        f(r, z, q)
    }
}

impl Real for f64 {
    const ROUNDING: f64 = f64::EPSILON / 2.0;
    #[inline]
    fn of(value: f64) -> Self {
        value
    }
    #[inline]
    fn wide(self) -> f64 {
        self
    }
    fn through_single(
        r: &[f64],
        z: &mut [f64],
        q: Option<&[f64]>,
        [r32, z32, q32]: &mut [Pages<f32>; 3],
        f: impl FnOnce(&[f32], &mut [f32], Option<&[f32]>) -> [f64; 2],
    ) -> [f64; 2] {
        // Late residuals are below the range of single precision: scaled to one, what matters stays in it.
        let scale_r = narrow(r, r32);
        let scale_q = q.map_or(1.0, |q| narrow(q, q32));
        resize(z32, z.len());
        let [zr, zq] = f(r32, z32, q.map(|_| &**q32));
        z.par_iter_mut().with_min_len(CHUNK).zip(z32.par_iter()).for_each(|(z, &v)| *z = f64::from(v) * scale_r);
        [zr * scale_r * scale_r, zq * scale_r * scale_q]
    }
}

/// Copies to single precision, scaled to a largest value of one; returns the scale.
fn narrow(from: &[f64], to: &mut Pages<f32>) -> f64 {
    let largest = from.par_iter().with_min_len(CHUNK).map(|v| v.abs()).reduce(|| 0.0, f64::max);
    let scale = if largest > 0.0 { largest } else { 1.0 };
    resize(to, from.len());
    to.par_iter_mut().with_min_len(CHUNK).zip(from.par_iter()).for_each(|(t, &v)| *t = (v / scale) as f32);
    scale
}

/// Makes an array as long as it has to be; what it held is lost where it is not.
fn resize(pages: &mut Pages<f32>, len: usize) {
    if pages.len() != len {
        *pages = Pages::zeroed(len);
    }
}
