//! Finding a data bar in the pixels.
//!
//! A bar is drawn: one grey value owns most of every row of it, and text stands on that value. A scan has noise, and
//! no grey value owns more than a few per cent of a row: on a micrograph with a bar of 70 rows the shares are 0.02
//! above it and 0.68 to 0.99 within. A bar is pasted on, so that the share jumps from one row to the next; masks of
//! tomograms (no text) and vignettes (no jump) are left alone.

use super::error::ReadError;
use super::options::{DataBar, ReadOptions};
use super::report::CutBar;
use super::slice::Slice;

/// Slices that are looked at; a bar lies at the same rows of all.
const PROBES: usize = 3;
/// Share of the frame from which on a bar gets a warning.
const MUCH: f64 = 0.25;

/// The bar that is cut off images of `height` rows, and what there is to say about it.
///
/// What a microscope states is believed before what pixels show. A crop that was asked for is left as it is.
///
/// # Errors
/// [`ReadError::DataBar`] where more rows are asked for than there are.
pub(super) fn choose(
    slices: &[Slice],
    (width, height): (usize, usize),
    options: &ReadOptions,
) -> Result<(Option<CutBar>, Option<String>), ReadError> {
    let found = match options.data_bar {
        DataBar::Keep => return Ok((None, None)),
        DataBar::Rows(rows) if rows == 0 || rows >= height => return Err(ReadError::DataBar { rows, height }),
        DataBar::Rows(rows) => Some(CutBar { rows, found_by: "flag".to_owned() }),
        DataBar::Auto => stated(slices, height).or_else(|| {
            let rows = seen(slices, (width, height));
            (rows > 0).then(|| CutBar { rows, found_by: "pixels".to_owned() })
        }),
    };
    let Some(bar) = found else { return Ok((None, None)) };
    if let Some(crop) = options.crop {
        let into = (options.data_bar == DataBar::Auto && crop.y1 > height - bar.rows).then(|| {
            format!(
                "--crop reaches into the data bar, whose {} rows begin at y = {}: its text and background would count \
                 as sample",
                bar.rows,
                height - bar.rows
            )
        });
        return Ok((None, into));
    }
    let share = bar.rows as f64 / height as f64;
    let much = (share >= MUCH).then(|| {
        format!(
            "the data bar takes {:.0} % of the frame ({} of {height} rows, by {}): if that is wrong, give --data-bar \
             keep or its number of rows",
            100.0 * share,
            bar.rows,
            bar.found_by
        )
    });
    Ok((Some(bar), much))
}

/// The bar that the microscope states for all slices.
fn stated(slices: &[Slice], height: usize) -> Option<CutBar> {
    let mut bar: Option<CutBar> = None;
    for header in slices.iter().filter_map(|s| s.header.as_ref().ok()) {
        let microscope = header.microscope.as_ref()?;
        let rows = header.height.checked_sub(microscope.scan_rows?).filter(|&rows| rows > 0 && rows < height)?;
        match &bar {
            Some(bar) if bar.rows != rows => return None,
            Some(_) => {}
            None => bar = Some(CutBar { rows, found_by: microscope.source.to_owned() }),
        }
    }
    bar
}

/// Rows of the bar that the pixels of all slices looked at show.
fn seen(slices: &[Slice], (width, height): (usize, usize)) -> usize {
    let good: Vec<&Slice> = slices
        .iter()
        .filter(|s| s.header.as_ref().is_ok_and(|h| (h.width, h.height) == (width, height) && h.scalar.bytes() <= 2))
        .collect();
    let mut picks: Vec<usize> = (0..PROBES).map(|i| i * good.len().saturating_sub(1) / (PROBES - 1)).collect();
    picks.dedup();
    let mut found = None;
    for slice in picks.into_iter().filter_map(|i| good.get(i)) {
        // A slice that cannot be read is reported by the read.
        let Ok(plane) = slice.decode() else { continue };
        let here = rows(&plane.to_f64(), width);
        if here == 0 || found.is_some_and(|rows| rows != here) {
            return 0;
        }
        found = Some(here);
    }
    found.unwrap_or(0)
}

/// Share of a row that one grey value owns, at least, in a bar.
const DRAWN: f64 = 0.4;
/// Share that one grey value owns at most in the rows of the scan just above.
const SCANNED: f64 = 0.25;
/// Rows above the bar that are looked at.
const ROWS_ABOVE: usize = 16;
/// Fewer rows hold no text.
const LEAST_ROWS: usize = 8;
/// Share of the bar's pixels that are text or a scale.
const TEXT: std::ops::RangeInclusive<f64> = 0.002..=0.5;

/// Whether two stored grey values are the same one.
fn same(a: &f64, b: &f64) -> bool {
    a.total_cmp(b).is_eq()
}

/// Rows of a data bar at the lower end of an image, or 0.
pub(super) fn rows(pixels: &[f64], width: usize) -> usize {
    if width < 2 * LEAST_ROWS || pixels.len() < width * 2 * LEAST_ROWS {
        return 0;
    }
    let height = pixels.len() / width;
    let mut sorted = Vec::with_capacity(width);
    let mut owner = |y: usize| {
        sorted.clear();
        sorted.extend_from_slice(&pixels[y * width..(y + 1) * width]);
        sorted.sort_unstable_by(f64::total_cmp);
        let most = sorted.chunk_by(same).map(|run| (run.len(), run[0])).max_by_key(|run| run.0);
        most.map_or((0.0, 0.0), |(n, value)| (n as f64 / width as f64, value))
    };
    let mut top = height;
    let mut owners = Vec::new();
    while top > 0 {
        let (share, value) = owner(top - 1);
        if share < DRAWN {
            break;
        }
        owners.push(value);
        top -= 1;
    }
    let bar = height - top;
    if bar < LEAST_ROWS || top < LEAST_ROWS {
        return 0;
    }
    let above = top.min(ROWS_ABOVE);
    if (top - above..top).any(|y| owner(y).0 > SCANNED) {
        return 0;
    }
    // Frames of another colour may surround the bar.
    owners.sort_unstable_by(f64::total_cmp);
    let Some(background) = owners.chunk_by(same).max_by_key(|run| run.len()).map(|run| run[0]) else {
        return 0;
    };
    let text = pixels[top * width..].iter().filter(|v| !same(v, &background)).count() as f64 / (bar * width) as f64;
    if TEXT.contains(&text) { bar } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::rows;

    const WIDTH: usize = 64;

    /// A noisy scan of `scan` rows with a bar of `bar` rows below it.
    fn image(scan: usize, bar: usize, text: bool) -> Vec<f64> {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 24)
        };
        let mut pixels: Vec<f64> = (0..scan * WIDTH).map(|_| noise()).collect();
        pixels.extend((0..bar * WIDTH).map(|i| if text && i % 11 == 3 { 255.0 } else { 0.0 }));
        pixels
    }

    #[test]
    fn a_bar_is_found_to_the_row() {
        for (scan, bar) in [(100, 8), (100, 20), (50, 50), (30, 70)] {
            assert_eq!(rows(&image(scan, bar, true), WIDTH), bar, "{scan} {bar}");
        }
    }

    #[test]
    fn what_has_no_text_no_edge_or_no_scan_is_no_bar() {
        assert_eq!(rows(&image(100, 0, true), WIDTH), 0);
        assert_eq!(rows(&image(100, 20, false), WIDTH), 0, "an empty margin");
        assert_eq!(rows(&image(100, 5, true), WIDTH), 0, "too low for text");
        assert_eq!(rows(&image(0, 100, true), WIDTH), 0, "nothing but a bar");
        // A round mask: the share of the background grows from row to row.
        let mut disc = image(100, 0, true);
        for (i, v) in disc.iter_mut().enumerate() {
            let (y, x) = ((i / WIDTH) as f64, (i % WIDTH) as f64);
            if (y - 20.0).hypot(x - 32.0) > 60.0 {
                *v = 0.0;
            }
        }
        assert_eq!(rows(&disc, WIDTH), 0);
        // Labels: two values everywhere.
        let labels: Vec<f64> = image(100, 0, true).iter().map(|&v| if v > 200.0 { 255.0 } else { 0.0 }).collect();
        assert_eq!(rows(&labels, WIDTH), 0);
    }
}
