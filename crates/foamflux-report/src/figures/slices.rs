//! Grey slices, labels over grey, and fields.

use super::canvas::{Image, mix};
use super::frame::{ColourBar, Frame};
use super::palette::{label_colour, label_name};
use super::resample::{Fit, average, nearest};
use super::{ColourMap, Drawn, FigureError, PixelScale};
use crate::number::{brief, length, trimmed};

/// Percentiles of the values that become black and white.
const CONTRAST: [f64; 2] = [0.5, 99.5];
/// How much of a label's colour lies over the grey.
const TINT: f32 = 0.38;
/// Grey of pixels where a field does not exist.
const NOT_HERE: [u8; 3] = [203, 207, 212];

/// A slice: its size, its pixels, and what to call them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SliceView<'a> {
    /// Pixels along the axis that points right.
    pub width: usize,
    /// Pixels along the axis that points down.
    pub height: usize,
    /// Size of one pixel.
    pub scale: PixelScale,
    /// Names of the axes that point right and down, such as `["x", "y"]`.
    pub axes: [&'a str; 2],
    /// Title strip; may be empty.
    pub title: &'a str,
}

/// How a field is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldStyle<'a> {
    /// Colours.
    pub map: ColourMap,
    /// Values of the first and last colour; `None` for the 0.5 and 99.5 percentiles.
    pub range: Option<[f64; 2]>,
    /// What the field is, such as `|J| / J0`.
    pub quantity: &'a str,
    /// Its unit; empty for none.
    pub unit: &'a str,
}

impl SliceView<'_> {
    pub(super) fn check(&self, what: &'static str, found: usize) -> Result<Fit, FigureError> {
        let (width, height) = (self.width, self.height);
        let title = || self.title.to_owned();
        if width == 0 || height == 0 {
            return Err(FigureError::Empty { title: title(), width, height });
        }
        match width.checked_mul(height) {
            Some(expected) if expected == found => Ok(Fit::of(width, height, &self.scale)),
            expected => Err(FigureError::Length {
                title: title(),
                what,
                width,
                height,
                found,
                expected: expected.unwrap_or(usize::MAX),
            }),
        }
    }

    fn frame(&self, fit: Fit, picture: Image) -> Frame<'_> {
        Frame { title: self.title, picture, fit, axes: self.axes, colour_bar: None, legend: Vec::new() }
    }

    /// The last sentence of every caption.
    pub(super) fn pixels_and_axes(&self) -> String {
        let [right, down] = self.axes;
        let size = match self.scale.metres() {
            Some([x, y]) if (x - y).abs() <= 1e-9 * x => format!("pixels of {}", length(x)),
            Some([x, y]) => {
                format!("pixels of {} ({right}) by {} ({down}), drawn in true proportions", length(x), length(y))
            }
            None => "pixels of unknown size, lengths in voxels".to_owned(),
        };
        format!("{} by {} {size}; {right} to the right, {down} down.", self.width, self.height)
    }
}

fn finish(frame: &Frame<'_>, caption: String) -> Drawn {
    let (image, scale_bar) = frame.compose();
    Drawn { image, caption, scale_bar }
}

/// Robust range of the finite values: the 0.5 and 99.5 percentiles; `None` where there are none.
fn robust_range(values: &[f32]) -> Option<[f32; 2]> {
    let mut finite: Vec<f32> = values.iter().copied().filter(|v| v.is_finite()).collect();
    if finite.is_empty() {
        return None;
    }
    let last = finite.len() - 1;
    let mut at = |percentile: f64| {
        let index = (percentile / 100.0 * last as f64).round() as usize;
        *finite.select_nth_unstable_by(index.min(last), f32::total_cmp).1
    };
    let (low, high) = (at(CONTRAST[0]), at(CONTRAST[1]));
    if low < high {
        return Some([low, high]);
    }
    // Nearly all values are equal: the whole range shows what little there is.
    Some([at(0.0), at(100.0)])
}

fn floats<T: Copy + Into<f64>>(values: &[T]) -> Vec<f32> {
    values.iter().map(|v| (*v).into() as f32).collect()
}

fn grey_level(value: f32, [low, high]: [f32; 2]) -> u8 {
    if high > low { (255.0 * ((value - low) / (high - low)).clamp(0.0, 1.0)).round() as u8 } else { 128 }
}

fn paint(fit: &Fit, colour: impl Fn(usize) -> [u8; 3]) -> Image {
    let mut image = Image::filled(fit.width, fit.height, [0, 0, 0]);
    for y in 0..fit.height {
        for x in 0..fit.width {
            image.set(x, y, colour(y as usize * fit.width as usize + x as usize));
        }
    }
    image
}

fn contrast_words([low, high]: [f32; 2]) -> String {
    format!(
        "grey from {} (black) to {} (white), the {} and {} percentiles of this slice",
        trimmed(f64::from(low), 4),
        trimmed(f64::from(high), 4),
        CONTRAST[0],
        CONTRAST[1]
    )
}

/// A grey slice; `values` are `height` rows of `width`, of type u8, u16 or f32.
///
/// # Errors
/// [`FigureError`] where the slice is empty or the array does not fit its size.
pub fn grey_slice<T: Copy + Into<f64>>(values: &[T], view: &SliceView<'_>) -> Result<Drawn, FigureError> {
    let fit = view.check("the grey slice", values.len())?;
    let values = floats(values);
    let range = robust_range(&values).unwrap_or([0.0, 0.0]);
    let picture = average(&values, view.width, view.height, &fit);
    let image = paint(&fit, |k| {
        let v = picture[k];
        if v.is_finite() { [grey_level(v, range); 3] } else { NOT_HERE }
    });
    let caption = format!("Greyscale slice: {}. {}", contrast_words(range), view.pixels_and_axes());
    Ok(finish(&view.frame(fit, image), caption))
}

/// Labels, over grey where it is given: tinted, with their outlines drawn; the pore stays clear over grey.
///
/// # Errors
/// [`FigureError`] where the slice is empty or an array does not fit its size.
pub fn label_overlay<T: Copy + Into<f64>>(
    grey: Option<&[T]>,
    labels: &[u8],
    view: &SliceView<'_>,
) -> Result<Drawn, FigureError> {
    let fit = view.check("the label slice", labels.len())?;
    let shown = nearest(labels, view.width, view.height, &fit);
    let (w, h) = (fit.width as usize, fit.height as usize);
    // A pixel is on an outline if a neighbour right, left, below or above carries another label.
    let outline = |k: usize| {
        let (x, y) = (k % w, k / w);
        let other = |k: usize| shown[k] != shown[y * w + x];
        (x > 0 && other(k - 1)) || (x + 1 < w && other(k + 1)) || (y > 0 && other(k - w)) || (y + 1 < h && other(k + w))
    };
    let (image, under) = match grey {
        Some(grey) => {
            view.check("the grey slice", grey.len())?;
            let grey = floats(grey);
            let range = robust_range(&grey).unwrap_or([0.0, 0.0]);
            let picture = average(&grey, view.width, view.height, &fit);
            let image = paint(&fit, |k| {
                let below = if picture[k].is_finite() { [grey_level(picture[k], range); 3] } else { NOT_HERE };
                match shown[k] {
                    0 => below,
                    label if outline(k) => label_colour(label),
                    label => mix(below, label_colour(label), TINT),
                }
            });
            (image, format!(" over {}", contrast_words(range)))
        }
        None => (paint(&fit, |k| label_colour(shown[k])), String::new()),
    };
    let mut present: Vec<u8> = labels.to_vec();
    present.sort_unstable();
    present.dedup();
    let pixels = labels.len() as f64;
    let legend_entry = |label: u8| {
        let share = labels.iter().filter(|l| **l == label).count() as f64 / pixels;
        format!("{} {}", label_name(label), crate::number::percent(share))
    };
    let mut frame = view.frame(fit, image);
    frame.legend = present
        .iter()
        .filter(|label| grey.is_none() || **label != 0)
        .map(|label| (label_colour(*label), legend_entry(*label)))
        .collect();
    let names: Vec<String> = present.iter().map(|label| legend_entry(*label)).collect();
    let caption = format!("Labels{under}: {} of this slice. {}", names.join(", "), view.pixels_and_axes());
    Ok(finish(&frame, caption))
}

/// A field; NaN where it does not exist.
///
/// # Errors
/// [`FigureError`] where the slice is empty or the array does not fit its size.
pub fn field_slice(values: &[f32], view: &SliceView<'_>, style: &FieldStyle<'_>) -> Result<Drawn, FigureError> {
    let fit = view.check("the field", values.len())?;
    let given = style.range.filter(|[low, high]| low.is_finite() && high.is_finite() && low <= high);
    let found = robust_range(values);
    let [low, high] = given.or(found.map(|r| r.map(f64::from))).unwrap_or([0.0, 0.0]);
    // A field of one value still gets a bar with that value in the middle.
    let range =
        if high > low { [low, high] } else { [low - 0.5 * low.abs().max(1e-30), low + 0.5 * low.abs().max(1e-30)] };
    let picture = average(values, view.width, view.height, &fit);
    let image = paint(&fit, |k| {
        let v = f64::from(picture[k]);
        if v.is_finite() { style.map.colour((v - range[0]) / (range[1] - range[0])) } else { NOT_HERE }
    });
    let label =
        if style.unit.is_empty() { style.quantity.to_owned() } else { format!("{} [{}]", style.quantity, style.unit) };
    let mut frame = view.frame(fit, image);
    frame.colour_bar = Some(ColourBar { map: style.map, range, label: &label });
    let absent = values.iter().any(|v| !v.is_finite());
    if absent {
        frame.legend.push((NOT_HERE, "outside the phase".to_owned()));
    }
    let rule = if given.is_some() { "fixed range" } else { "0.5 to 99.5 percentile of this slice" };
    let unit = if style.unit.is_empty() { String::new() } else { format!(" {}", style.unit) };
    let caption = format!(
        "{} from {} to {}{unit} ({rule}; colour map {}){}. {}",
        style.quantity,
        brief(low),
        brief(high),
        style.map.name(),
        if absent { ", grey outside the phase" } else { "" },
        view.pixels_and_axes()
    );
    Ok(finish(&frame, caption))
}

#[cfg(test)]
mod tests;
