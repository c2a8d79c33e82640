//! Layers of a volume: thinned, in bytes, as images.
//!
//! A layer is one byte per voxel: labels as they are, numbers in 255 or 256 equal steps over a stated range, so that what
//! the pointer reads is the number to half a step, and values beyond the range say so.
//! Where the volume is too large for the page it is thinned to blocks of voxels: numbers are the mean over a block of the
//! voxels that have one, labels are those of the voxel in its middle. The page states the block.

use std::fmt;

use super::atlas;
use crate::figures::{ColourMap, LABEL_COLOURS, label_colour, label_name};
use crate::html::ReportError;
use crate::html::embed::data_uri;

/// Most voxels that a browser on a telephone unpacks without a pause.
const MOST_VOXELS: usize = 8_000_000;
/// Coarsest block that still shows anything.
const COARSEST: usize = 64;
/// Share of the values beyond each end of a range that is chosen by the values.
const BEYOND: f64 = 0.005;

/// Numbers by voxel, x fastest.
pub type ByVoxel<'a> = Box<dyn Fn(usize) -> f32 + 'a>;

/// What a layer holds.
pub enum Content<'a> {
    /// Grey values by voxel.
    Grey(ByVoxel<'a>),
    /// Labels.
    Labels(&'a [u8]),
    /// A field by voxel; not a number where there is none.
    Field {
        /// Its values.
        values: ByVoxel<'a>,
        /// Unit; empty for a number.
        unit: &'static str,
        /// Colours.
        map: ColourMap,
        /// Ends of the colour scale; otherwise what nearly all of the values lie between.
        range: Option<[f64; 2]>,
    },
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Content::Grey(_) => "Grey",
            Content::Labels(_) => "Labels",
            Content::Field { .. } => "Field",
        })
    }
}

/// A layer of the viewer.
#[derive(Debug)]
pub struct Layer<'a> {
    /// What it shows, for the reader.
    pub name: String,
    /// Its values.
    pub content: Content<'a>,
}

/// A volume and its layers, from the lowest to the topmost.
#[derive(Debug)]
pub struct SliceVolume<'a> {
    /// Voxels along z, y, x.
    pub shape_zyx: [usize; 3],
    /// Edges of a voxel along x, y, z in metres; `None` where unknown.
    pub edges_m: Option<[f64; 3]>,
    /// The layers.
    pub layers: Vec<Layer<'a>>,
}

/// A layer on the page.
pub(crate) struct LayerPart {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) unit: String,
    /// Values of the lowest and highest code, shortest text that reads back.
    pub(crate) low: String,
    pub(crate) high: String,
    /// Codes of the ends of the colour scale.
    pub(crate) window: [u8; 2],
    /// Whether values lie beyond the ends.
    pub(crate) below: bool,
    pub(crate) above: bool,
    /// Colours of a scale at equal distances, `#rrggbb` with commas.
    pub(crate) colours: String,
    /// Number, name and colour of the labels that occur.
    pub(crate) labels: Vec<(u8, String, String)>,
    pub(crate) shown: bool,
    pub(crate) opacity: u8,
    pub(crate) uri: String,
}

/// The viewer on the page.
pub(crate) struct SlicePart {
    /// Blocks along x, y, z, and columns of planes in the images.
    pub(crate) size: [usize; 3],
    pub(crate) columns: usize,
    /// Voxels of a block and of the volume along x, y, z.
    pub(crate) step: [usize; 3],
    pub(crate) full: [usize; 3],
    /// Edges of a voxel in µm, or 1.
    pub(crate) edges: [f64; 3],
    pub(crate) metric: bool,
    pub(crate) layers: Vec<LayerPart>,
    /// How the data were thinned.
    pub(crate) note: String,
}

/// Voxels of a block when its edges are near `factor` of the finest voxel edge: a coarse direction is thinned later.
fn step_of(full: [usize; 3], edges: [f64; 3], factor: usize) -> [usize; 3] {
    let finest = edges.iter().copied().fold(f64::INFINITY, f64::min);
    [0, 1, 2].map(|k| {
        // The quotient of equal edges may fall a rounding error short.
        let step = (finest * factor as f64 / edges[k] * (1.0 + 1e-9)) as usize;
        step.clamp(1, full[k])
    })
}

impl SlicePart {
    /// Whether a layer is of grey values.
    pub(crate) fn has_grey(&self) -> bool {
        self.layers.iter().any(|l| l.kind == "grey")
    }

    /// The finest version whose images take at most `budget` characters of the page; `None` where there are no layers or
    /// the coarsest is still too large.
    pub(crate) fn new(volume: &SliceVolume<'_>, budget: usize) -> Result<Option<Self>, ReportError> {
        let [nz, ny, nx] = volume.shape_zyx;
        let full = [nx, ny, nz];
        if volume.layers.is_empty() || full.contains(&0) {
            return Ok(None);
        }
        let edges = volume.edges_m.map_or([1.0; 3], |m| m.map(|e| e * 1e6));
        let has_grey = volume.layers.iter().any(|l| matches!(l.content, Content::Grey(_)));
        let mut factor = 1;
        while factor <= COARSEST {
            let step = step_of(full, edges, factor);
            let size = [0, 1, 2].map(|k| full[k].div_ceil(step[k]));
            if size.iter().product::<usize>() > MOST_VOXELS || !atlas::fits(size) {
                factor += 1;
                continue;
            }
            let blocks = Blocks { full, step, size };
            let layers: Vec<LayerPart> =
                volume.layers.iter().map(|l| layer(l, &blocks, has_grey)).collect::<Result<_, _>>()?;
            let taken: usize = layers.iter().map(|l| l.uri.len()).sum();
            if taken <= budget {
                let note = blocks.note();
                let metric = volume.edges_m.is_some();
                let columns = atlas::columns(size);
                return Ok(Some(SlicePart { size, columns, step, full, edges, metric, layers, note }));
            }
            // The images shrink nearly with the number of blocks.
            let wanted = factor as f64 * (taken as f64 / budget.max(1) as f64).cbrt();
            factor = (wanted.min(COARSEST as f64) as usize).max(factor + 1);
        }
        Ok(None)
    }
}

/// How voxels make blocks; all of it along x, y, z.
struct Blocks {
    full: [usize; 3],
    step: [usize; 3],
    size: [usize; 3],
}

impl Blocks {
    fn note(&self) -> String {
        if self.step == [1; 3] {
            return "Every voxel is shown.".to_owned();
        }
        let [x, y, z] = self.step;
        let [fx, fy, fz] = self.full;
        let [sx, sy, sz] = self.size;
        format!(
            "To keep this page small, the {fx} × {fy} × {fz} voxels are shown as {sx} × {sy} × {sz} blocks of {x} × {y} × {z} (x, y, z): numbers are means over the block, labels those of its middle voxel. The files of the run hold every voxel."
        )
    }

    /// Calls `f` with the voxels of every block, as ranges along x, y, z.
    fn each(&self, mut f: impl FnMut([std::ops::Range<usize>; 3])) {
        let range = |k: usize, i: usize| i * self.step[k]..((i + 1) * self.step[k]).min(self.full[k]);
        for z in 0..self.size[2] {
            for y in 0..self.size[1] {
                for x in 0..self.size[0] {
                    f([range(0, x), range(1, y), range(2, z)]);
                }
            }
        }
    }

    fn index(&self, [x, y, z]: [usize; 3]) -> usize {
        (z * self.full[1] + y) * self.full[0] + x
    }

    /// Mean over the voxels of every block that have a value.
    fn means(&self, values: &dyn Fn(usize) -> f32) -> Vec<f32> {
        if self.step == [1; 3] {
            return (0..self.full.iter().product()).map(values).collect();
        }
        let mut out = Vec::with_capacity(self.size.iter().product());
        self.each(|[xs, ys, zs]| {
            let (mut sum, mut count) = (0f64, 0u32);
            for z in zs {
                for y in ys.clone() {
                    for x in xs.clone() {
                        let v = values(self.index([x, y, z]));
                        if v.is_finite() {
                            sum += f64::from(v);
                            count += 1;
                        }
                    }
                }
            }
            out.push(if count > 0 { (sum / f64::from(count)) as f32 } else { f32::NAN });
        });
        out
    }

    /// The value of the voxel in the middle of every block.
    fn middles(&self, values: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.size.iter().product());
        self.each(|ranges| out.push(values[self.index(ranges.map(|r| (r.start + r.end) / 2))]));
        out
    }
}

fn layer(layer: &Layer<'_>, blocks: &Blocks, has_grey: bool) -> Result<LayerPart, ReportError> {
    let mut part = LayerPart {
        name: layer.name.clone(),
        kind: "labels",
        unit: String::new(),
        low: String::new(),
        high: String::new(),
        window: [0, 255],
        below: false,
        above: false,
        colours: String::new(),
        labels: Vec::new(),
        shown: false,
        opacity: 100,
        uri: String::new(),
    };
    let codes = match &layer.content {
        Content::Labels(labels) => {
            let middles = blocks.middles(labels);
            let mut there = [false; 256];
            middles.iter().for_each(|l| there[usize::from(*l)] = true);
            let pore = LABEL_COLOURS[0].0;
            part.labels = (0..=255u8)
                .filter(|l| there[usize::from(*l)] && *l != pore)
                .map(|l| (l, label_name(l), hex(label_colour(l))))
                .collect();
            part.shown = true;
            part.opacity = if has_grey { 45 } else { 100 };
            middles
        }
        Content::Grey(values) => {
            part.kind = "grey";
            part.colours = scale(ColourMap::Grey, 1);
            part.shown = true;
            let means = blocks.means(values);
            let range = grey_range(&means, values, blocks.full.iter().product());
            let codes = encode(&mut part, &means, range, false);
            // Contrast for what nearly all of the voxels have.
            let code = |v: f64| ((v - range[0]) / (range[1] - range[0]) * 255.0).round().clamp(0.0, 255.0) as u8;
            let [low, high] = percentiles(&means, BEYOND).map(code);
            part.window = [low.min(254), high.max(low.saturating_add(1))];
            codes
        }
        Content::Field { values, unit, map, range } => {
            part.kind = "field";
            part.window = [1, 255];
            part.unit = (*unit).to_owned();
            part.colours = scale(*map, 17);
            part.opacity = 80;
            let means = blocks.means(values);
            let range = range.unwrap_or_else(|| percentiles(&means, BEYOND));
            encode(&mut part, &means, range, true)
        }
    };
    part.uri = data_uri(&layer.name, &atlas::png(&codes, blocks.size).map_err(ReportError::Volume)?)?;
    Ok(part)
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Colours at equal distances.
pub(super) fn scale(map: ColourMap, intervals: u32) -> String {
    let colours: Vec<String> = (0..=intervals).map(|k| hex(map.colour(f64::from(k) / f64::from(intervals)))).collect();
    colours.join(",")
}

/// The values between which all but a share lie, never empty.
pub(super) fn percentiles(values: &[f32], beyond: f64) -> [f64; 2] {
    let mut finite: Vec<f32> = values.iter().copied().filter(|v| v.is_finite()).collect();
    if finite.is_empty() {
        return [0.0, 1.0];
    }
    let last = finite.len() - 1;
    let mut at = |share: f64| {
        let k = (share * last as f64).round() as usize;
        f64::from(*finite.select_nth_unstable_by(k, f32::total_cmp).1)
    };
    let [low, high] = [at(beyond), at(1.0 - beyond)];
    if high > low { [low, high] } else { [low - 0.5 * low.abs().max(1e-3), low + 0.5 * low.abs().max(1e-3)] }
}

/// Whole numbers that fit keep their values exactly; others lose a thousandth at each end to bright specks.
fn grey_range(means: &[f32], values: &dyn Fn(usize) -> f32, voxels: usize) -> [f64; 2] {
    let [low, high] = percentiles(means, 0.0);
    let stride = voxels / 10_000 + 1;
    let whole = (0..voxels).step_by(stride).all(|i| values(i).fract() == 0.0);
    if whole && high.ceil() - low.floor() <= 255.0 {
        return [low.floor(), low.floor() + 255.0];
    }
    percentiles(means, 0.001)
}

/// Numbers as codes; with `gaps`, code 0 is where there is none and the scale begins at 1.
fn encode(part: &mut LayerPart, values: &[f32], [low, high]: [f64; 2], gaps: bool) -> Vec<u8> {
    let (first, steps) = if gaps { (1.0, 254.0) } else { (0.0, 255.0) };
    part.low = format!("{low}");
    part.high = format!("{high}");
    // Beyond the range by more than half of a step, which is what a code says anyway.
    let half = 0.5 * (high - low) / steps;
    let mut codes = Vec::with_capacity(values.len());
    for &v in values {
        if !v.is_finite() {
            codes.push(0);
            continue;
        }
        let v = f64::from(v);
        part.below |= v < low - half;
        part.above |= v > high + half;
        codes.push((first + ((v - low) / (high - low) * steps).round().clamp(0.0, steps)) as u8);
    }
    codes
}

#[cfg(test)]
#[path = "slices_tests.rs"]
mod tests;
