//! A host as it fills and empties: one row per stage, plating on the left and stripping on the right.

use super::canvas::{Image, LINE_HEIGHT, Weight, mix, text_width};
use super::frame::{INK, MARGIN, QUIET, RULE, SWATCH, draw_scale_bar, entry_width};
use super::palette::{label_colour, label_name};
use super::resample::{Fit, average, nearest};
use super::{Drawn, FigureError, ScaleBar, SliceView};

/// Pictures of a strip are smaller than those that stand alone: sides in pixels between which they lie.
const SIDES: [f64; 2] = [230.0, 460.0];
/// Space between pictures.
const GAP: u32 = 10;
const LITHIUM: u8 = 3;
const PORE: u8 = 0;

/// A middle plane of a state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FillingPlane<'a> {
    /// Labels.
    pub labels: &'a [u8],
    /// Share of every pixel that is lithium, 255 for all of it.
    pub lithium: &'a [u8],
}

/// One stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FillingRow<'a> {
    /// What it is called, such as `3 mAh/cm²`.
    pub name: &'a str,
    /// When plating and when stripping, where the stage was met.
    pub planes: [Option<FillingPlane<'a>>; 2],
}

/// Draws the rows; `view` is that of every plane.
///
/// # Errors
/// [`FigureError`] where a plane is empty or does not fit its size.
pub fn filling(rows: &[FillingRow<'_>], view: &SliceView<'_>) -> Result<Drawn, FigureError> {
    let columns = if rows.iter().any(|r| r.planes[1].is_some()) { 2u32 } else { 1 };
    let fit = Fit::between(view.width, view.height, &view.scale, SIDES);
    let names = rows.iter().map(|r| text_width(r.name)).max().unwrap_or(0).max(text_width("separator"));
    let (pw, ph) = (fit.width, fit.height);
    let left = MARGIN + names + 12;
    let legend = present(rows);
    let legend_width: u32 = legend.iter().map(|l| entry_width(&label_name(*l))).sum();
    let width =
        (left + columns * pw + (columns - 1) * GAP).max(MARGIN + legend_width).max(MARGIN + text_width(view.title))
            + MARGIN;
    let top = MARGIN + 2 * LINE_HEIGHT + 12;
    let body = rows.len() as u32 * (ph + GAP);
    let bar = ScaleBar::fit(pw, fit.per_unit_x, fit.metres);
    let mut canvas = Image::filled(width, top + body + 56 + LINE_HEIGHT + MARGIN, [255; 3]);
    canvas.text(view.title, [MARGIN, MARGIN], INK, Weight::Bold);
    for (k, head) in ["plating", "stripping"].iter().take(columns as usize).enumerate() {
        let x = left + k as u32 * (pw + GAP) + (pw.saturating_sub(text_width(head))) / 2;
        canvas.text(head, [x, MARGIN + LINE_HEIGHT + 8], QUIET, Weight::Regular);
    }
    for (k, row) in rows.iter().enumerate() {
        let y = top + k as u32 * (ph + GAP);
        canvas.text(row.name, [MARGIN, y + ph / 2 - 9], INK, Weight::Bold);
        for (c, plane) in row.planes.iter().take(columns as usize).enumerate() {
            let x = left + c as u32 * (pw + GAP);
            match plane {
                Some(plane) => canvas.paste(&picture(plane, view, &fit)?, [x, y]),
                None => {
                    canvas.fill_rect([x, y], [pw, ph], [244, 245, 247]);
                    let word = if c == 1 && k + 1 == rows.len() { "before stripping" } else { "not reached" };
                    let at = [x + pw.saturating_sub(text_width(word)) / 2, y + ph / 2 - 9];
                    canvas.text(word, at, QUIET, Weight::Regular);
                }
            }
            canvas.outline([x.saturating_sub(1), y.saturating_sub(1)], [pw + 2, ph + 2], RULE);
        }
    }
    let below = top + body + 2;
    draw_scale_bar(&mut canvas, &bar, [left + pw, below + 46], INK);
    let [right, down] = view.axes;
    if !right.is_empty() {
        canvas.text(&format!("{right} to the right, {down} down"), [MARGIN, below + 14], QUIET, Weight::Regular);
    }
    let mut x = MARGIN;
    for label in legend {
        let name = label_name(label);
        canvas.fill_rect([x, below + 58], [SWATCH, SWATCH], label_colour(label));
        canvas.outline([x, below + 58], [SWATCH, SWATCH], RULE);
        canvas.text(&name, [x + SWATCH + 7, below + 56], INK, Weight::Regular);
        x += entry_width(&name);
    }
    let caption = format!(
        "The same plane of the box at every stage{}. Pixels that are partly lithium have a colour between pore and lithium. {}",
        if columns == 2 { ", plated on the left, stripped on the right at the same charge" } else { "" },
        view.pixels_and_axes()
    );
    Ok(Drawn { image: canvas, caption, scale_bar: bar })
}

fn picture(plane: &FillingPlane<'_>, view: &SliceView<'_>, fit: &Fit) -> Result<Image, FigureError> {
    view.check("the labels of a stage", plane.labels.len())?;
    view.check("the lithium of a stage", plane.lithium.len())?;
    let labels = nearest(plane.labels, view.width, view.height, fit);
    let share: Vec<f32> = plane.lithium.iter().map(|&v| f32::from(v) / 255.0).collect();
    let share = average(&share, view.width, view.height, fit);
    let mut image = Image::filled(fit.width, fit.height, [0; 3]);
    for y in 0..fit.height {
        for x in 0..fit.width {
            let k = (y * fit.width + x) as usize;
            let colour = match labels[k] {
                // A voxel that is being stripped is lithium until it is empty.
                PORE | LITHIUM => mix(label_colour(PORE), label_colour(LITHIUM), share[k].clamp(0.0, 1.0)),
                label => label_colour(label),
            };
            image.set(x, y, colour);
        }
    }
    Ok(image)
}

/// Labels that some plane shows, in the order of their numbers.
fn present(rows: &[FillingRow<'_>]) -> Vec<u8> {
    let mut seen = [false; 256];
    for plane in rows.iter().flat_map(|r| r.planes).flatten() {
        for (&label, &lithium) in plane.labels.iter().zip(plane.lithium) {
            seen[usize::from(label)] = true;
            seen[usize::from(LITHIUM)] |= lithium > 0 && label == PORE;
        }
    }
    (0..=255).filter(|&l| seen[usize::from(l)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::PixelScale;

    #[test]
    fn partly_filled_pixels_lie_between_pore_and_lithium() {
        let labels = [0, 0, 1, 3];
        let lithium = [0, 128, 0, 255];
        let plane = FillingPlane { labels: &labels, lithium: &lithium };
        let view = SliceView {
            width: 4,
            height: 1,
            scale: PixelScale { x_m: Some(1e-6), y_m: Some(1e-6) },
            axes: ["x", "z"],
            title: "filling",
        };
        let fit = Fit::between(4, 1, &view.scale, SIDES);
        let image = picture(&plane, &view, &fit).unwrap();
        let at = |k: u32| image.pixel(k * fit.width / 4 + fit.width / 8, fit.height / 2).unwrap();
        assert_eq!([at(0), at(2), at(3)], [0, 1, 3].map(label_colour));
        assert_eq!(at(1), mix(label_colour(0), label_colour(3), 128.0 / 255.0));
        let rows = [FillingRow { name: "1 mAh/cm²", planes: [Some(plane), None] }];
        let drawn = filling(&rows, &view).unwrap();
        assert!(drawn.scale_bar.label.contains("µm") && drawn.caption.contains("partly lithium"));
        assert_eq!(present(&rows), [0, 1, 3]);
        let bad = FillingPlane { labels: &labels[..3], lithium: &lithium };
        assert!(filling(&[FillingRow { name: "x", planes: [Some(bad), None] }], &view).is_err());
    }
}
