//! What surrounds a slice: title, scale bar, axes, colour bar, legend.

use super::ScaleBar;
use super::canvas::{CHAR_WIDTH, Image, LINE_HEIGHT, Rgb, Weight, text_width, wrap};
use super::colour_map::ColourMap;
use super::resample::Fit;
use super::svg::{Ticks, ticks};

const PAPER: Rgb = [255, 255, 255];
pub(super) const INK: Rgb = [27, 34, 43];
pub(super) const QUIET: Rgb = [92, 102, 115];
pub(super) const RULE: Rgb = [176, 184, 194];
const WHITE: Rgb = [255, 255, 255];
/// Behind white overlays, so that they read on any picture.
const SHADE: Rgb = [12, 15, 20];
const SHADE_OPACITY: f32 = 0.72;

pub(super) const MARGIN: u32 = 16;
/// Room for a title of some words.
const NARROWEST: u32 = 380;
/// Pictures smaller than this carry scale bar and axes below instead of inside.
const ROOM_FOR_OVERLAYS: [u32; 2] = [320, 200];
const BAR_THICKNESS: u32 = 6;
const SCALE_BAR_HEIGHT: u32 = 18 + 4 + BAR_THICKNESS + 16;
const AXES_BOX: [u32; 2] = [62, 66];
const COLOUR_BAR_WIDTH: u32 = 18;
const COLOUR_BAR_SHORTEST: u32 = 180;
pub(super) const SWATCH: u32 = 14;

/// A colour bar.
pub(crate) struct ColourBar<'a> {
    pub(crate) map: ColourMap,
    pub(crate) range: [f64; 2],
    pub(crate) label: &'a str,
}

/// A picture and what surrounds it.
pub(crate) struct Frame<'a> {
    pub(crate) title: &'a str,
    pub(crate) picture: Image,
    pub(crate) fit: Fit,
    /// Names of the axes that point right and down; empty where none do.
    pub(crate) axes: [&'a str; 2],
    pub(crate) colour_bar: Option<ColourBar<'a>>,
    pub(crate) legend: Vec<(Rgb, String)>,
}

impl Frame<'_> {
    /// Puts everything on one canvas.
    pub(crate) fn compose(&self) -> (Image, ScaleBar) {
        let (pw, ph) = (self.picture.width(), self.picture.height());
        let bar = ScaleBar::fit(pw, self.fit.per_unit_x, self.fit.metres);
        let tick_set = self.colour_bar.as_ref().map(|c| ticks(c.range[0], c.range[1], 5));
        let tick_width = tick_set.as_ref().map_or(0, |t| t.labels.iter().map(|l| text_width(l)).max().unwrap_or(0));
        let panel = if tick_set.is_some() { 14 + COLOUR_BAR_WIDTH + 10 + tick_width } else { 0 };
        let content = (pw + panel).max(NARROWEST);

        let title = wrap(&super::canvas::latin1(self.title), (content / CHAR_WIDTH) as usize);
        let title_height = title.len() as u32 * LINE_HEIGHT + if title.is_empty() { 0 } else { 10 };
        let label_height = if self.colour_bar.is_some() { LINE_HEIGHT + 4 } else { 0 };
        let legend_rows = self.legend_rows(content);
        let legend_height = if legend_rows.is_empty() { 0 } else { 10 + legend_rows.len() as u32 * (LINE_HEIGHT + 2) };
        let inside = pw >= ROOM_FOR_OVERLAYS[0] && ph >= ROOM_FOR_OVERLAYS[1];
        let footer = if inside { 0 } else { AXES_BOX[1] + 10 };
        let body = ph.max(if self.colour_bar.is_some() { COLOUR_BAR_SHORTEST } else { 0 });

        let width = content + 2 * MARGIN;
        let height = MARGIN + title_height + label_height + body + footer + legend_height + MARGIN;
        let mut canvas = Image::filled(width, height, PAPER);
        for (k, line) in title.iter().enumerate() {
            canvas.text(line, [MARGIN, MARGIN + k as u32 * LINE_HEIGHT], INK, Weight::Bold);
        }
        let top = MARGIN + title_height + label_height;
        let left = MARGIN + (content - pw - panel) / 2;
        canvas.paste(&self.picture, [left, top]);
        canvas.outline([left.saturating_sub(1), top.saturating_sub(1)], [pw + 2, ph + 2], RULE);

        if let (Some(colour_bar), Some(tick_set)) = (&self.colour_bar, &tick_set) {
            draw_colour_bar(&mut canvas, colour_bar, tick_set, [left + pw + 14, top], body, [MARGIN, content]);
        }
        if inside {
            self.draw_axes(&mut canvas, [left + 10, top + 10], WHITE);
            draw_scale_bar(&mut canvas, &bar, [left + pw - 10, top + ph - 10], WHITE);
        } else {
            self.draw_axes(&mut canvas, [MARGIN - 8, top + body + 4], INK);
            draw_scale_bar(&mut canvas, &bar, [MARGIN + content + 8, top + body + 4 + SCALE_BAR_HEIGHT], INK);
        }
        let mut y = top + body + footer + 12;
        for row in legend_rows {
            let mut x = MARGIN;
            for k in row {
                let (colour, name) = &self.legend[k];
                canvas.fill_rect([x, y + 2], [SWATCH, SWATCH], *colour);
                canvas.outline([x, y + 2], [SWATCH, SWATCH], RULE);
                canvas.text(name, [x + SWATCH + 7, y], INK, Weight::Regular);
                x += entry_width(name);
            }
            y += LINE_HEIGHT + 2;
        }
        (canvas, bar)
    }

    /// Legend entries by row.
    fn legend_rows(&self, content: u32) -> Vec<Vec<usize>> {
        let mut rows: Vec<Vec<usize>> = Vec::new();
        let mut used = u32::MAX;
        for (k, (_, name)) in self.legend.iter().enumerate() {
            let width = entry_width(name);
            if used.saturating_add(width) > content + 20 {
                rows.push(Vec::new());
                used = 0;
            }
            if let Some(row) = rows.last_mut() {
                row.push(k);
            }
            used += width;
        }
        rows
    }

    /// Draws the axes; white ones get a dark ground, so that they read on any picture.
    fn draw_axes(&self, canvas: &mut Image, [x, y]: [u32; 2], ink: Rgb) {
        const ARROW: u32 = 30;
        if self.axes[0].is_empty() {
            return;
        }
        if ink == WHITE {
            canvas.blend_rect([x, y], AXES_BOX, SHADE, SHADE_OPACITY);
        }
        let (ox, oy) = (x + 11, y + 12);
        canvas.fill_rect([ox, oy], [ARROW, 2], ink);
        canvas.fill_rect([ox, oy], [2, ARROW], ink);
        for k in 0..5 {
            canvas.fill_rect([ox + ARROW - k, oy - k.min(oy)], [1, 2 * k + 2], ink);
            canvas.fill_rect([ox - k.min(ox), oy + ARROW - k], [2 * k + 2, 1], ink);
        }
        canvas.text(self.axes[0], [ox + ARROW + 7, oy - 8], ink, Weight::Bold);
        canvas.text(self.axes[1], [ox - 3, oy + ARROW + 3], ink, Weight::Bold);
    }
}

pub(super) fn entry_width(name: &str) -> u32 {
    SWATCH + 7 + text_width(name) + 20
}

/// Draws the scale bar with the lower right corner of its box at `corner`.
pub(super) fn draw_scale_bar(canvas: &mut Image, bar: &ScaleBar, corner: [u32; 2], ink: Rgb) {
    let label = text_width(&bar.label);
    let inner = bar.pixels.max(label);
    let size = [inner + 24, SCALE_BAR_HEIGHT];
    let at = [corner[0].saturating_sub(size[0]), corner[1].saturating_sub(size[1])];
    if ink == WHITE {
        canvas.blend_rect(at, size, SHADE, SHADE_OPACITY);
    }
    canvas.text(&bar.label, [at[0] + 12 + (inner - label) / 2, at[1] + 6], ink, Weight::Bold);
    let bar_at = [at[0] + 12 + (inner - bar.pixels) / 2, at[1] + 6 + 18 + 4];
    canvas.fill_rect(bar_at, [bar.pixels, BAR_THICKNESS], ink);
}

fn draw_colour_bar(
    canvas: &mut Image,
    bar: &ColourBar<'_>,
    tick_set: &Ticks,
    [x, y]: [u32; 2],
    height: u32,
    [line_left, line_width]: [u32; 2],
) {
    let label = match &tick_set.factor {
        Some(factor) => format!("{} x {factor}", bar.label),
        None => bar.label.to_owned(),
    };
    let label_x = (line_left + line_width).saturating_sub(text_width(&label)).max(line_left);
    canvas.text(&label, [label_x, y.saturating_sub(LINE_HEIGHT + 2)], QUIET, Weight::Regular);
    for k in 0..height {
        let t = 1.0 - (f64::from(k) + 0.5) / f64::from(height);
        canvas.fill_rect([x, y + k], [COLOUR_BAR_WIDTH, 1], bar.map.colour(t));
    }
    canvas.outline([x.saturating_sub(1), y.saturating_sub(1)], [COLOUR_BAR_WIDTH + 2, height + 2], RULE);
    let [low, high] = bar.range;
    for (value, text) in tick_set.values.iter().zip(&tick_set.labels) {
        let t = if high > low { (value - low) / (high - low) } else { 0.5 };
        let at = y + ((1.0 - t) * f64::from(height - 1)).round().clamp(0.0, f64::from(height)) as u32;
        canvas.fill_rect([x + COLOUR_BAR_WIDTH + 1, at], [5, 1], INK);
        let text_y = at.saturating_sub(9).clamp(y.saturating_sub(2), (y + height).saturating_sub(16));
        canvas.text(text, [x + COLOUR_BAR_WIDTH + 10, text_y], INK, Weight::Regular);
    }
}
