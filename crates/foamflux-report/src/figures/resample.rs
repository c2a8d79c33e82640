//! From slice pixels to picture pixels.
//!
//! Values are averaged over the area that a picture pixel covers (box filter, separable).
//! Enlarging by a whole factor that way repeats pixels, reducing averages them, so one rule serves both.
//! NaN is "not here": it takes no part in an average, and a pixel is NaN where most of its area is.
//! Labels cannot be averaged; a picture pixel takes the label at its centre.

use super::PixelScale;

/// Pictures with a longer side below this are enlarged by the smallest whole factor that reaches it.
const SMALL: f64 = 512.0;
/// Pictures with a longer side above this are reduced to it.
const LARGE: f64 = 1200.0;

/// The size of a picture and its scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fit {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Picture pixels per metre, or per voxel, along the axis that points right.
    pub(crate) per_unit_x: f64,
    /// Whether lengths are metres.
    pub(crate) metres: bool,
}

impl Fit {
    /// The picture of a slice of `width` x `height` pixels in true proportions.
    pub(crate) fn of(width: usize, height: usize, scale: &PixelScale) -> Self {
        Self::between(width, height, scale, [SMALL, LARGE])
    }

    /// The same with a longer side between these where whole factors allow it.
    pub(crate) fn between(width: usize, height: usize, scale: &PixelScale, [small, large]: [f64; 2]) -> Self {
        let metres = scale.metres();
        let [ex, ey] = metres.unwrap_or([1.0, 1.0]);
        let finest = ex.min(ey);
        // Size in units of the finer edge: one picture pixel each before enlarging.
        let (w, h) = (width as f64 * ex / finest, height as f64 * ey / finest);
        let longest = w.max(h);
        let factor = if longest > large { large / longest } else { (small / longest).ceil().max(1.0) };
        let side = |length: f64| (length * factor).round().clamp(1.0, large) as u32;
        let (out_w, out_h) = (side(w), side(h));
        Fit {
            width: out_w,
            height: out_h,
            per_unit_x: f64::from(out_w) / (width as f64 * ex),
            metres: metres.is_some(),
        }
    }
}

/// For each output pixel along one axis the input pixels it covers and their weights, which sum to one.
fn overlaps(from: usize, to: usize) -> Vec<Vec<(usize, f32)>> {
    let ratio = from as f64 / to as f64;
    (0..to)
        .map(|k| {
            let (start, end) = (k as f64 * ratio, (k + 1) as f64 * ratio);
            let first = start.floor() as usize;
            (first..from.min(end.ceil() as usize))
                .map(|i| (i, ((end.min((i + 1) as f64) - start.max(i as f64)) / ratio) as f32))
                // A sliver that rounding leaves has no say.
                .filter(|(_, weight)| *weight > 1e-6)
                .collect()
        })
        .collect()
}

/// Averages `values` (`width` x `height`, row by row) into the picture's pixels.
pub(crate) fn average(values: &[f32], width: usize, height: usize, fit: &Fit) -> Vec<f32> {
    let (out_w, out_h) = (fit.width as usize, fit.height as usize);
    let columns = overlaps(width, out_w);
    let rows = overlaps(height, out_h);
    // Sum of weighted values and sum of weights, after the pass along rows.
    let mut along = vec![(0f32, 0f32); out_w * height];
    for y in 0..height {
        let row = &values[y * width..(y + 1) * width];
        for (x, cover) in columns.iter().enumerate() {
            along[y * out_w + x] = cover.iter().fold((0.0, 0.0), |(sum, weight), &(i, w)| {
                if row[i].is_finite() { (sum + w * row[i], weight + w) } else { (sum, weight) }
            });
        }
    }
    let mut out = Vec::with_capacity(out_w * out_h);
    for cover in &rows {
        for x in 0..out_w {
            let (sum, weight) = cover.iter().fold((0.0, 0.0), |(sum, weight), &(j, w)| {
                let (s, v) = along[j * out_w + x];
                (sum + w * s, weight + w * v)
            });
            out.push(if weight >= 0.5 { sum / weight } else { f32::NAN });
        }
    }
    out
}

/// The label at the centre of each picture pixel.
pub(crate) fn nearest(labels: &[u8], width: usize, height: usize, fit: &Fit) -> Vec<u8> {
    let centre = |k: u32, from: usize, to: u32| {
        let at = (f64::from(k) + 0.5) * from as f64 / f64::from(to);
        (at as usize).min(from - 1)
    };
    let columns: Vec<usize> = (0..fit.width).map(|x| centre(x, width, fit.width)).collect();
    (0..fit.height)
        .flat_map(|y| {
            let row = centre(y, height, fit.height) * width;
            columns.iter().map(move |x| row + x)
        })
        .map(|at| labels[at])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOXELS: PixelScale = PixelScale { x_m: None, y_m: None };
    /// Sums of a few f32 weights.
    const ROUNDING: f32 = 1e-5;

    #[test]
    fn small_slices_grow_by_whole_factors_and_large_ones_shrink() {
        for (w, h, out) in
            [(100, 50, (600, 300)), (256, 256, (512, 512)), (600, 20, (600, 20)), (2400, 1200, (1200, 600))]
        {
            let fit = Fit::of(w, h, &VOXELS);
            assert_eq!((fit.width, fit.height), out);
        }
        let fit = Fit::of(1, 100_000, &VOXELS);
        assert_eq!((fit.width, fit.height), (1, 1200));
    }

    #[test]
    fn anisotropic_pixels_become_true_proportions() {
        // 200 x 100 pixels of 10 nm x 40 nm are 2 µm x 4 µm.
        let fit = Fit::of(200, 100, &PixelScale { x_m: Some(10e-9), y_m: Some(40e-9) });
        assert_eq!((fit.width, fit.height), (400, 800));
        assert!((fit.per_unit_x * 2e-6 - 400.0).abs() < 1e-9);
    }

    #[test]
    fn a_whole_factor_repeats_pixels() {
        let fit = Fit { width: 6, height: 4, per_unit_x: 2.0, metres: false };
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let out = average(&values, 3, 2, &fit);
        let expected: Vec<f32> = (0..24).map(|k| values[(k / 12) * 3 + (k % 6) / 2]).collect();
        assert!(out.iter().zip(&expected).all(|(a, b)| (a - b).abs() < ROUNDING), "{out:?}");
        let labels = nearest(&[1, 2, 3, 4, 5, 6], 3, 2, &fit);
        assert!(labels.iter().zip(&expected).all(|(a, b)| (f32::from(*a) - b).abs() < ROUNDING));
    }

    #[test]
    fn reducing_averages_and_keeps_the_mean() {
        let values: Vec<f32> = (0..35).map(|k| ((k * 7919) % 101) as f32).collect();
        let fit = Fit { width: 3, height: 2, per_unit_x: 1.0, metres: false };
        let out = average(&values, 7, 5, &fit);
        let mean = |v: &[f32]| v.iter().sum::<f32>() / v.len() as f32;
        assert!((mean(&out) - mean(&values)).abs() < 1e-3);
    }

    #[test]
    fn what_is_not_there_takes_no_part() {
        let fit = Fit { width: 1, height: 1, per_unit_x: 1.0, metres: false };
        let out = average(&[4.0, f32::NAN, 6.0, 5.0], 2, 2, &fit);
        assert!((out[0] - 5.0).abs() < ROUNDING);
        assert!(average(&[4.0, f32::NAN, f32::NAN, f32::NAN], 2, 2, &fit)[0].is_nan());
    }
}
