//! Stripes along y that an ion beam leaves on a cross-section.
//!
//! ```text
//! r(x, y)  = (v - m) / m                       m: median of the row over 15 columns about x
//! s(x, b)  = median of r over the rows of block b, and mean over five slices
//! v'       = v / (1 + s)                       s between the blocks from straight lines along y
//! ```
//!
//! The row median takes out the sample wherever it is wider than seven columns, so that the porosity does not matter; what
//! remains of thin vertical struts is far beyond the usual scatter and set to zero. Stripes wider than seven columns stay.

use foamflux_grid::{Sample, Volume, Watch};
use rayon::prelude::*;

use super::{ArtefactError, Found, MAD_TO_SIGMA, median, running_median, shrink, unrounded};

/// Half of the window along a row.
const HALF_COLUMNS: usize = 7;
/// Rows of a block, about.
const BLOCK_ROWS: usize = 64;
/// Slices to each side that are averaged: curtains go on over several slices.
const HALF_SLICES: usize = 2;
/// Standard error of a median over that of a mean.
const MEDIAN_ERROR: f64 = 1.2533;
/// Share of the variance that remains in the difference from a running median of 15 values, and that of a mean of the five
/// slices, taken together as one: the residuals of white noise were 1.04 of its deviation.
const RESIDUAL: f64 = 1.04;

/// Divides stripes along y out of every slice.
///
/// # Errors
/// [`ArtefactError`] for slices of fewer than 32 columns or rows, and on cancellation.
pub fn curtains<T: Sample>(volume: &Volume<T>, watch: &dyn Watch) -> Result<(Volume<T>, Found), ArtefactError> {
    let shape = volume.shape();
    for (of, found) in [("columns", shape.x), ("rows", shape.y)] {
        if found < 32 {
            return Err(ArtefactError::Small { what: "curtains", of, least: 32, found });
        }
    }
    let blocks = shape.y.div_ceil(BLOCK_ROWS);
    let rows_of = |b: usize| b * shape.y / blocks..(b + 1) * shape.y / blocks;
    let width = shape.x;
    let found: Vec<(Vec<f32>, f64)> = (0..shape.z)
        .into_par_iter()
        .map(|z| {
            if watch.cancelled() {
                return Err(ArtefactError::Cancelled);
            }
            let plane = volume.plane(z);
            let mut stripes = vec![0f32; blocks * width];
            let (mut row, mut smooth) = (Vec::with_capacity(width), Vec::with_capacity(width));
            let mut residuals = vec![0f32; BLOCK_ROWS.max(shape.y) * width];
            let (mut square, mut medians) = (0.0, 0.0);
            for b in 0..blocks {
                let rows = rows_of(b);
                let n = rows.len();
                for (i, y) in rows.enumerate() {
                    row.clear();
                    row.extend((y * width..(y + 1) * width).map(|i| unrounded(plane[i], i)));
                    running_median(&row, HALF_COLUMNS, &mut smooth);
                    for (x, (v, m)) in row.iter().zip(&smooth).enumerate() {
                        // Columns become runs.
                        residuals[x * n + i] = if *m > 0.0 { (v - m) / m } else { 0.0 };
                    }
                }
                for (x, column) in residuals[..n * width].chunks_exact_mut(n).enumerate() {
                    let centre = median(column);
                    stripes[b * width + x] = centre;
                    column.iter_mut().for_each(|r| *r = (*r - centre).abs());
                    let scatter = MEDIAN_ERROR * MAD_TO_SIGMA * f64::from(median(column));
                    square += scatter * scatter / n as f64;
                    medians += 1.0;
                }
            }
            Ok((stripes, square / medians))
        })
        .collect::<Result<_, _>>()?;
    let mut field = vec![0f32; shape.z * blocks * width];
    field.par_chunks_mut(blocks * width).enumerate().for_each(|(z, out)| {
        let near = z.saturating_sub(HALF_SLICES)..(z + HALF_SLICES + 1).min(shape.z);
        let n = near.len() as f32;
        for (stripes, _) in &found[near] {
            out.iter_mut().zip(stripes).for_each(|(o, s)| *o += s / n);
        }
    });
    let averaged = (2 * HALF_SLICES + 1).min(shape.z) as f64;
    let noise = RESIDUAL * (found.iter().map(|f| f.1).sum::<f64>() / shape.z as f64 / averaged).sqrt();
    let result = shrink(&mut field, noise);
    let mut out = volume.clone();
    if result.corrected {
        let plane = shape.y * width;
        out.as_mut_slice().par_chunks_mut(plane).zip(field.par_chunks(blocks * width)).for_each(|(plane, stripes)| {
            let centre = |b: usize| {
                let rows = rows_of(b);
                0.5 * (rows.start + rows.end - 1) as f32
            };
            let mut low = 0;
            for (y, row) in plane.chunks_exact_mut(width).enumerate() {
                while low + 2 < blocks && y as f32 > centre(low + 1) {
                    low += 1;
                }
                let high = (low + 1).min(blocks - 1);
                let span = centre(high) - centre(low);
                let part = if span > 0.0 { ((y as f32 - centre(low)) / span).clamp(0.0, 1.0) } else { 0.0 };
                let (a, b) = (&stripes[low * width..][..width], &stripes[high * width..][..width]);
                for ((v, a), b) in row.iter_mut().zip(a).zip(b) {
                    let s = (1.0 - part) * a + part * b;
                    *v = T::from_f64(v.to_f64() / f64::from(1.0 + s).max(0.1));
                }
            }
        });
    }
    Ok((out, result))
}
