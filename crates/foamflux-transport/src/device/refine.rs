//! Systems of links on a device: its iteration in single precision, refined in double precision by the processor.
//!
//! ```text
//! r = b - A d in double precision;   A c = r on the device;   d += c;   until the error of d is allowed
//! ```
//!
//! (iterative refinement, Wilkinson 1963; Carson & Higham 2018 for three precisions). One pass is enough where single
//! precision reaches the error that is asked for, and Newton's method, which starts each step from a residual in double
//! precision, asks for little.
//!
//! What is different here: passes are judged in the norm of energy by what the iteration itself estimates, so that none is
//! made for safety alone; and a pass that gains too little hands over to the processor, which then says so.

use foamflux_grid::{Event, Watch};
use rayon::prelude::*;

use crate::CpuBackend;
use crate::krylov::{End, Limits, Reached};
use crate::links::{Corrected, Links, LinksError, LinksStop};

/// Passes in single precision at most: each gains two digits or more, or is the last.
const PASSES: u32 = 6;
/// A pass has to bring the error down to this part of the one before, to be followed by another.
const GAINS: f64 = 0.25;
/// Values per task.
const CHUNK: usize = 16 << 10;

/// A correction, and who made it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Refined {
    /// Its cost and error.
    pub corrected: Corrected,
    /// Passes in single precision.
    pub passes: u32,
    /// The processor had to go on in double precision.
    pub finished: bool,
}

/// Solves `A d = residual` and adds `d` to `x`, which stays as it was where that fails.
///
/// `pass` solves `A c = source` in single precision from zero: it is given the source, scaled to a largest value of one, and
/// leaves `c`.
///
/// # Errors
/// [`LinksError`], those of `pass` included.
pub fn correct(
    links: &Links,
    residual: &[f64],
    x: &mut [f64],
    stop: &LinksStop,
    watch: &dyn Watch,
    mut pass: impl FnMut(&[f32], &mut Vec<f32>, &Limits<'_>) -> Result<Reached, LinksError>,
) -> Result<Refined, LinksError> {
    let n = links.unknowns();
    for len in [x.len(), residual.len()] {
        if len != n {
            return Err(LinksError::Length { len, unknowns: n });
        }
    }
    let (mut source, mut c) = (vec![0f32; n], Vec::new());
    // The second pass is the first that needs the sum of the others.
    let mut sum: Vec<f64> = Vec::new();
    let mut left: Option<Vec<f64>> = None;
    let (mut iterations, mut passes) = (0, 0);
    // Squares, in the norm of energy: of the correction, of the error that it has, and of the one that it may have.
    let (mut size, mut error, mut allowed) = (0.0, f64::INFINITY, 0.0);
    loop {
        let scale = narrow(left.as_deref().unwrap_or(residual), &mut source);
        let first = passes == 0;
        let allow =
            |energy: f64| if first { stop.relative.powi(2) * (-energy).max(0.0) } else { allowed / scale.powi(2) };
        let limits = Limits { allowed: &allow, max_iterations: stop.max_iterations - iterations };
        let reached = pass(&source, &mut c, &limits)?;
        passes += 1;
        iterations += reached.iterations;
        match reached.end {
            End::Cancelled => return Err(LinksError::Cancelled { iterations }),
            End::NotFinite => return Err(LinksError::NotFinite { iterations }),
            End::Converged | End::Stalled | End::Limit => {}
        }
        if first {
            // `E = -|d|^2` at the solution.
            size = (-reached.energy).max(0.0) * scale.powi(2);
            allowed = stop.relative.powi(2) * size;
        }
        let before = std::mem::replace(&mut error, reached.energy_error * scale.powi(2));
        let corrected = |converged| Corrected {
            iterations,
            converged,
            relative: if size > 0.0 { (error / size).sqrt() } else { 0.0 },
        };
        if reached.end != End::Stalled || iterations >= stop.max_iterations {
            let to = if passes == 1 { &mut *x } else { &mut sum };
            add(scale, &c, to);
            let converged = reached.end == End::Converged;
            return Ok(conclude(x, &sum, Refined { corrected: corrected(converged), passes, finished: false }));
        }
        sum.resize(n, 0.0);
        add(scale, &c, &mut sum);
        let rest = links.residual(&sum, residual)?;
        if passes >= PASSES || error > GAINS.powi(2) * before {
            watch.event(Event::Note(format!(
                "single precision leaves {:.0e} of a correction; {} goes on in double precision",
                corrected(false).relative,
                CpuBackend::name()
            )));
            // Relative to what is left, which is no larger than the error.
            let relative = (allowed / error).sqrt().clamp(stop.relative, 0.5);
            let stop = LinksStop { relative, double: true, max_iterations: stop.max_iterations - iterations };
            let last = links.correct_in_double(&rest, &mut sum, &stop, watch)?;
            let corrected = Corrected { iterations: iterations + last.iterations, ..corrected(last.converged) };
            let corrected = Corrected { relative: corrected.relative * last.relative, ..corrected };
            return Ok(conclude(x, &sum, Refined { corrected, passes, finished: true }));
        }
        left = Some(rest);
    }
}

/// Adds what was summed, if anything was.
fn conclude(x: &mut [f64], sum: &[f64], refined: Refined) -> Refined {
    x.par_iter_mut().with_min_len(CHUNK).zip(sum).for_each(|(x, d)| *x += d);
    refined
}

fn add(scale: f64, c: &[f32], to: &mut [f64]) {
    to.par_iter_mut().with_min_len(CHUNK).zip(c).for_each(|(to, &c)| *to += scale * f64::from(c));
}

/// Copies to single precision, scaled to a largest value of one; returns the scale.
fn narrow(from: &[f64], to: &mut [f32]) -> f64 {
    let largest = from.par_iter().with_min_len(CHUNK).map(|r| r.abs()).reduce(|| 0.0, f64::max);
    let scale = if largest > 0.0 { largest } else { 1.0 };
    to.par_iter_mut().with_min_len(CHUNK).zip(from).for_each(|(t, &r)| *t = (r / scale) as f32);
    scale
}
