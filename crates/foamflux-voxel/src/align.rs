//! Alignment of the slices of a stack: how far each is displaced, which are missing, and the stack put right.
//!
//! **Measurement.** Slices at distances of 1, 2 and 4 are compared by phase correlation: with `F` the Fourier transform
//! of a windowed slice, `r(s) = sum_k W(k) e^(i arg(conj(F_a) F_b)) e^(2 pi i k s)` has its peak at the displacement
//! `d` of the content from slice a to slice b (C. Kuglin, D. Hines 1975). `W` is a Gaussian, so that noise at high
//! frequencies has no vote and the peak is a Gaussian too, whose place is read off its logarithm to a few hundredths of
//! a pixel. What stands still in the frame whatever the sample does (curtains, which are constant along y, and shading)
//! lies at the lowest frequencies along y and is left out. The path `p` of displacements is the least-squares solution of
//! `p_b - p_a = d_ab`, robust against single wrong pairs by repeated reweighting.
//!
//! **What is removed.** A sample whose features run at a slant looks, pair by pair, like one that drifts at a constant
//! speed: no method can tell the two apart from the images alone. What is taken for drift is therefore the caller's
//! choice, see [`Trend`], and what is kept is reported. The path of a porous material without a preferred slant is the
//! drift itself, as struts of all directions average out.
//!
//! Where there are few struts they do not, and the path follows them. Quarters of the frame then move each its own way, which a
//! stage cannot make them do: such stacks are refused.
//!
//! **Missing slices.** Neighbours resemble one another more than slices at a distance of two. Where neighbours resemble
//! each other only as well as slices at a distance of n + 1 do elsewhere, about n slices are missing.
//!
//! The result does not depend on the number of threads. Memory: the spectra of a few slices per thread.

mod apply;
mod path;
mod spectrum;
#[cfg(test)]
mod tests;

use foamflux_grid::{Event, Sample, Stage, Volume, Watch};
use rayon::prelude::*;

pub use apply::{Applied, apply};
pub(crate) use path::smooth;

/// Distances of the slices that are compared.
const LAGS: [usize; 3] = [1, 2, 4];
/// Pairs whose band-limited correlation is lower than this have no displacement.
const CORRELATED: f64 = 0.15;
/// Share of pairs without a displacement from which on there is no path at all.
const MOST_LOST: f64 = 0.3;
/// Slices by task: the last few of each are transformed twice.
const BLOCK: usize = 16;
/// Deviations of the correlation of neighbours, in standard deviations of its usual scatter, that mean something.
const UNLIKE_SIGMAS: f64 = 5.0;
/// Correlation from which on two slices are the same image.
const SAME: f64 = 0.9999;

/// What is taken for the sample's own shape and stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// All that is smooth over twenty slices: only jitter goes.
    Smooth,
    /// A straight line: a drift of constant speed stays, as it cannot be told from a slant.
    Line,
    /// Nothing: the whole path goes, and a sample of slanted features is sheared upright.
    Nothing,
}

/// Displacements of a stack's slices.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Displacement of the content of each slice along x and y in pixels; that of the first is zero.
    pub position: Vec<[f64; 2]>,
    /// Band-limited correlation of each slice with the next, after their displacement; one fewer than slices.
    pub correlation: Vec<f64>,
    /// Gaps that look like missing slices.
    pub missing: Vec<Missing>,
    /// Slices that are the same image as the one before.
    pub repeated: Vec<usize>,
    /// Slices that resemble neither neighbour while these resemble each other.
    pub odd: Vec<usize>,
    /// Neighbours between which no displacement could be measured; the path is bridged there.
    pub lost: Vec<usize>,
    /// By how many pixels per slice quarters of the frame move apart; `None` where they are too small or too empty.
    pub quarters_apart: Option<f64>,
}

/// A gap in the stack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Missing {
    /// The slice before the gap.
    pub after: usize,
    /// About how many slices are missing.
    pub slices: usize,
    /// Correlation across the gap.
    pub correlation: f64,
}

/// Why a stack could not be aligned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AlignError {
    /// Too few slices.
    #[error("alignment needs at least {least} slices, and there are {slices}: leave --align out")]
    Slices {
        /// Slices there are.
        slices: usize,
        /// Slices needed.
        least: usize,
    },
    /// Slices too small to be compared.
    #[error("alignment needs slices of at least {least} x {least} pixels, and these have {x} x {y}: leave --align out")]
    Small {
        /// Columns.
        x: usize,
        /// Rows.
        y: usize,
        /// Pixels needed.
        least: usize,
    },
    /// Slices that do not resemble one another.
    #[error(
        "{lost} of {pairs} neighbouring slices do not resemble each other (the first: {first} and {next}): they lie too far apart, are \
         not in order, are blank, or moved by more than half of the frame; check the order with 'foamflux ingest', or leave --align out"
    )]
    Uncorrelated {
        /// Pairs without a displacement.
        lost: usize,
        /// Pairs.
        pairs: usize,
        /// The first slice of the first such pair.
        first: usize,
        /// Its neighbour.
        next: usize,
    },
    /// Quarters of the frame that move each its own way.
    #[error(
        "quarters of the frame move apart by {apart:.2} pixels from slice to slice (more than {MOST_APART}): what moves is the \
         sample, struts that run at a slant, and a drift cannot be told from it; leave --align out, or take a larger part of the \
         sample or thinner slices"
    )]
    Apart {
        /// Pixels per slice.
        apart: f64,
    },
    /// A drift that leaves no common part.
    #[error(
        "the slices are displaced by up to {x:.1} pixels along x and {y:.1} along y, and frames of {nx} x {ny} pixels have no part \
         in common that is worth keeping: align a part of the stack (--crop), or keep its slow drift (--align jitter)"
    )]
    OutOfFrame {
        /// Largest spread along x in pixels.
        x: f64,
        /// Largest spread along y in pixels.
        y: f64,
        /// Columns.
        nx: usize,
        /// Rows.
        ny: usize,
    },
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Fewest slices whose path means anything.
const LEAST_SLICES: usize = 5;
/// Quarters of the frame move apart by as much as this, in pixels per slice, where the path is still that of the stage: up to 0.26
/// on a foam and a mat whose path is found to half a pixel and better, 0.48 and more on presets with few struts in the frame,
/// whose path is then off by 1 to 11 pixels.
const MOST_APART: f64 = 0.35;
/// Pairs of neighbours whose quarters are compared.
const LOOKED_AT: usize = 32;
/// Smallest edge of a slice that is compared.
const LEAST_EDGE: usize = 32;

/// Measures the displacements of all slices.
///
/// # Errors
/// [`AlignError`] for stacks that are too small or whose slices do not resemble one another, and on cancellation.
pub fn measure<T: Sample>(volume: &Volume<T>, watch: &dyn Watch) -> Result<Path, AlignError> {
    let shape = volume.shape();
    if shape.z < LEAST_SLICES {
        return Err(AlignError::Slices { slices: shape.z, least: LEAST_SLICES });
    }
    if shape.x.min(shape.y) < LEAST_EDGE {
        return Err(AlignError::Small { x: shape.x, y: shape.y, least: LEAST_EDGE });
    }
    let reach = LAGS[LAGS.len() - 1];
    let firsts: Vec<usize> = (0..shape.z).step_by(BLOCK).collect();
    let blocks: Vec<Vec<Pair>> = firsts
        .into_par_iter()
        .map_init(
            || spectrum::Transform::new(shape),
            |transform, first| {
                let mut pairs = Vec::new();
                let end = shape.z.min(first + BLOCK);
                let mut spectra = std::collections::VecDeque::new();
                let mut next = first;
                for a in first..end {
                    if watch.cancelled() {
                        return Err(AlignError::Cancelled);
                    }
                    while next < shape.z.min(a + reach + 1) {
                        spectra.push_back(transform.of(volume, next));
                        next += 1;
                    }
                    for lag in LAGS.into_iter().filter(|lag| a + lag < shape.z) {
                        let (shift, correlation) = transform.compare(&spectra[0], &spectra[lag]);
                        pairs.push(Pair { a, b: a + lag, shift, correlation });
                    }
                    spectra.pop_front();
                }
                Ok(pairs)
            },
        )
        .collect::<Result<_, _>>()?;
    let pairs: Vec<Pair> = blocks.into_iter().flatten().collect();
    let found = assess(&pairs, shape.z)?;
    let quarters_apart = apart(volume);
    if let Some(apart) = quarters_apart.filter(|&a| a > MOST_APART) {
        return Err(AlignError::Apart { apart });
    }
    let found = Path { quarters_apart, ..found };
    watch.event(Event::Finished {
        stage: Stage::Segment,
        outcome: format!("displacements of {} slices measured", shape.z),
    });
    Ok(found)
}

/// By how many pixels per slice quarters of the frame move differently: the median over neighbouring slices all along the
/// stack of that over the quarters that resemble each other; `None` where too few do.
fn apart<T: Sample>(volume: &Volume<T>) -> Option<f64> {
    let shape = volume.shape();
    let half = [shape.x / 2, shape.y / 2].map(|n| n.min(spectrum::LARGEST));
    if half[0].min(half[1]) < LEAST_EDGE {
        return None;
    }
    let origins = [[0, 0], [shape.x - half[0], 0], [0, shape.y - half[1]], [shape.x - half[0], shape.y - half[1]]];
    let step = (shape.z - 1).div_ceil(LOOKED_AT).max(1);
    let moved: Vec<Vec<([f64; 2], usize)>> = origins
        .into_par_iter()
        .map(|origin| {
            let mut transform = spectrum::Transform::part(shape, origin, half);
            let mut found = Vec::new();
            for a in (0..shape.z - 1).step_by(step) {
                let (one, next) = (transform.of(volume, a), transform.of(volume, a + 1));
                let (shift, correlation) = transform.compare(&one, &next);
                if correlation >= CORRELATED {
                    found.push((shift, a));
                }
            }
            found
        })
        .collect();
    let mut spreads = Vec::new();
    for a in (0..shape.z - 1).step_by(step) {
        let here: Vec<[f64; 2]> =
            moved.iter().filter_map(|m| m.iter().find(|(_, at)| *at == a).map(|(shift, _)| *shift)).collect();
        if here.len() >= 3 {
            let off = |axis: usize| {
                let middle = median(here.iter().map(|s| s[axis]).collect());
                median(here.iter().map(|s| (s[axis] - middle).abs()).collect())
            };
            spreads.push(off(0).hypot(off(1)));
        }
    }
    (spreads.len() >= 3).then(|| median(spreads))
}

/// Two slices that were compared.
#[derive(Debug, Clone, Copy)]
struct Pair {
    a: usize,
    b: usize,
    shift: [f64; 2],
    correlation: f64,
}

fn assess(pairs: &[Pair], slices: usize) -> Result<Path, AlignError> {
    let at_lag = |lag: usize| pairs.iter().filter(move |p| p.b - p.a == lag);
    let correlation: Vec<f64> = at_lag(1).map(|p| p.correlation).collect();
    let lost: Vec<usize> = at_lag(1).filter(|p| p.correlation < CORRELATED).map(|p| p.a).collect();
    if lost.len() as f64 > MOST_LOST * (slices - 1) as f64 {
        return Err(AlignError::Uncorrelated {
            lost: lost.len(),
            pairs: slices - 1,
            first: lost[0],
            next: lost[0] + 1,
        });
    }
    let usual: Vec<(f64, f64)> = LAGS
        .into_iter()
        .map(|lag| (lag as f64, median(at_lag(lag).map(|p| p.correlation).collect())))
        .filter(|(_, c)| c.is_finite())
        .collect();
    let (_, near) = usual[0];
    let far = usual.get(1).map_or(near, |u| u.1);
    let scatter = 1.4826 * median(correlation.iter().map(|c| (c - near).abs()).collect());
    let unlike = |c: f64| c < near - UNLIKE_SIGMAS * scatter && c < 0.5 * (near + far);
    let across = |a: usize| at_lag(2).find(|p| p.a == a).map(|p| p.correlation);
    let mut odd = Vec::new();
    let mut missing = Vec::new();
    for (a, &c) in correlation.iter().enumerate().filter(|(_, c)| unlike(**c)) {
        // A slice that neither neighbour resembles is spoilt; its neighbours resemble each other over it.
        let spoilt = |z: usize| {
            z > 0
                && z < correlation.len()
                && unlike(correlation[z - 1])
                && unlike(correlation[z])
                && across(z - 1).is_some_and(|over| over > correlation[z - 1].max(correlation[z]))
        };
        if spoilt(a + 1) {
            odd.push(a + 1);
        } else if !spoilt(a) {
            let distance = path::distance_of(&usual, c).round().max(2.0);
            // Fits: distances are those of a stack.
            missing.push(Missing { after: a, slices: distance as usize - 1, correlation: c });
        }
    }
    Ok(Path {
        position: path::solve(pairs, slices),
        repeated: (1..slices).filter(|&z| correlation[z - 1] > SAME).collect(),
        correlation,
        missing,
        odd,
        lost,
        quarters_apart: None,
    })
}

impl Path {
    /// The part of the displacements that is taken out, and the slope in pixels per slice that stays.
    #[must_use]
    pub fn removed(&self, keep: Trend) -> (Vec<[f64; 2]>, [f64; 2]) {
        let mut out = vec![[0.0; 2]; self.position.len()];
        let mut slope = [0.0; 2];
        for axis in 0..2 {
            let p: Vec<f64> = self.position.iter().map(|p| p[axis]).collect();
            let kept = match keep {
                Trend::Nothing => vec![0.0; p.len()],
                Trend::Line => path::line(&p),
                Trend::Smooth => path::smooth(&p),
            };
            if keep != Trend::Nothing && p.len() > 1 {
                slope[axis] = (kept[p.len() - 1] - kept[0]) / (p.len() - 1) as f64;
            }
            let rest: Vec<f64> = p.iter().zip(&kept).map(|(p, k)| p - k).collect();
            // Half of the slices move one way and half the other, so that the common part stays in the middle.
            let centre = median(rest.clone());
            out.iter_mut().zip(rest).for_each(|(o, r)| o[axis] = r - centre);
        }
        (out, slope)
    }
}

/// The median; NaN of nothing.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => 0.5 * (values[n / 2 - 1] + values[n / 2]),
    }
}
