//! The salt in time, from an even start: Sand's time of a host.
//!
//! `dc/dt = div(D grad c)` under the currents of a distribution that stays as it is. In the unit of the steady problem
//! `V/D dv/dt = -K v + s`; steps are Alexander's (1977) of second order, which damp what they do not resolve: two solves of
//! one matrix. Times of steps double, as the salt slows down with the square root of time.
//!
//! The problem is linear: what a current exhausts after a time, twice the current exhausts where half of it has been used.
//! One run therefore gives the current that the salt sustains for every time.

use std::sync::Arc;

use foamflux_grid::{Event, Stage, Watch};

use super::concentration::Concentration;
use super::diffusion::{Diffusion, Flow, STEP};
use super::{Electrolyte, checked};
use crate::cell::Cell;
use crate::distribution::Distribution;
use crate::error::ElectroError;
use crate::materials::Materials;

/// `1 - 1/sqrt(2)`, of Alexander's method.
const GAMMA: f64 = 1.0 - std::f64::consts::FRAC_1_SQRT_2;
/// Steps of one length before it doubles.
const STEPS: u32 = 8;
/// First step over the time that salt takes to diffuse over a voxel.
const FIRST: f64 = 0.25;
/// Most doublings: from a voxel of a nanometre to metres.
const DOUBLINGS: u32 = 64;
/// Change of the depletion over one length of steps, over what it is, that counts as steady.
const STEADY: f64 = 1e-4;

/// The salt at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instant {
    /// Time in s since the current was switched on.
    pub time_s: f64,
    /// Smallest concentration in mol/m3, surfaces included; below zero after the salt is gone.
    pub min: f64,
    /// Current in A/m2 of this shape that would have used up the salt at this time.
    pub sustained: f64,
}

/// The salt in time.
#[derive(Debug, Clone)]
pub struct Transient {
    /// In order, the last at the time that was asked for, when the salt is gone, or when nothing changes any more.
    pub instants: Vec<Instant>,
    /// Time in s at which the applied current uses up the salt; none where it lasts.
    pub exhausted_s: Option<f64>,
    /// Whether the end is steady.
    pub steady: bool,
    /// Iterations of all steps.
    pub iterations: u32,
}

impl Transient {
    /// Time in s for which a current in A/m2 of this shape is sustained; none where it is for longer than was computed.
    #[must_use]
    pub fn sand_time(&self, current: f64) -> Option<f64> {
        let current = current.abs();
        let k = self.instants.iter().position(|i| i.sustained <= current)?;
        let at = self.instants[k];
        // Depletion grows with the square root of time, so that 1/J is nearly straight in it.
        let (t0, u0) = match k.checked_sub(1) {
            Some(k) => (self.instants[k].time_s.sqrt(), 1.0 / self.instants[k].sustained),
            None => (0.0, 0.0),
        };
        let (t1, u1) = (at.time_s.sqrt(), 1.0 / at.sustained);
        let root = t0 + (t1 - t0) * (1.0 / current - u0) / (u1 - u0);
        Some(root * root)
    }
}

/// Follows the salt until `until` (in s), until it is gone, or until it is steady.
///
/// # Errors
/// [`ElectroError`].
pub fn transient(
    cell: &Cell,
    materials: &Materials,
    electrolyte: &Electrolyte,
    found: &Distribution,
    until: Option<f64>,
    watch: &dyn Watch,
) -> Result<(Transient, Concentration), ElectroError> {
    checked(electrolyte)?;
    if let Some(value) = until.filter(|t| !(t.is_finite() && *t > 0.0)) {
        return Err(ElectroError::Drive { what: "the time in s", value });
    }
    let flow = Flow::of(cell, found);
    let d = electrolyte.salt.diffusivity;
    let finest = foamflux_grid::Axis::ALL.iter().map(|&a| cell.spacing.along(a)).fold(f64::INFINITY, f64::min);
    let mut step = FIRST * finest * finest / d;
    if let Some(until) = until {
        // At least one whole length of steps.
        step = step.min(until / f64::from(STEPS));
    }
    let c0 = electrolyte.salt.concentration;
    let mut out = Transient { instants: Vec::new(), exhausted_s: None, steady: false, iterations: 0 };
    let mut time = 0.0;
    let mut v: Vec<f64> = Vec::new();
    let mut used = 0.0;
    for _ in 0..DOUBLINGS {
        let left = until.map_or(f64::INFINITY, |t| t - time);
        let whole = f64::from(STEPS) * step;
        // The last length of steps ends at the time that was asked for.
        let last = left <= 1.5 * whole;
        let dt = if last { left / f64::from(STEPS) } else { step };
        let diffusion = Arc::new(Diffusion::new(cell, materials, electrolyte, Some(1.0 / (GAMMA * dt * d)))?);
        v.resize(diffusion.links.unknowns(), 0.0);
        let sources = diffusion.sources(&flow);
        let before = used;
        for _ in 0..STEPS {
            out.iterations += advance(&diffusion, &sources, &mut v, watch)?;
            time += dt;
            let now = Concentration::new(Arc::clone(&diffusion), flow.clone(), electrolyte, &v);
            let [min, _] = now.range();
            used = (c0 - min) / c0;
            let sustained = now.limiting_current(found.applied_a_per_m2);
            out.instants.push(Instant { time_s: time, min, sustained });
            if min <= 0.0 {
                out.exhausted_s = out.sand_time(found.applied_a_per_m2);
                return Ok((out, now));
            }
        }
        watch.event(Event::Advanced { stage: Stage::Current, done: out.instants.len() as u64, total: None });
        // Steps double: a change over the last of them bounds what is left of it.
        out.steady = (used - before).abs() <= STEADY * used;
        if last || out.steady {
            let now = Concentration::new(diffusion, flow.clone(), electrolyte, &v);
            return Ok((out, now));
        }
        step *= 2.0;
    }
    let diffusion = Arc::new(Diffusion::new(cell, materials, electrolyte, None)?);
    Ok((out, Concentration::new(diffusion, flow, electrolyte, &v)))
}

/// One step in time.
fn advance(diffusion: &Diffusion, sources: &[f64], v: &mut [f64], watch: &dyn Watch) -> Result<u32, ElectroError> {
    // What a voxel stores per step is its ground, less what a reservoir adds to it.
    let store = diffusion.stores();
    let mut b: Vec<f64> = sources.iter().zip(&store).zip(v.iter()).map(|((s, m), v)| s + m * v).collect();
    let mut stage = v.to_vec();
    let mut iterations = diffusion.solve(&b, &mut stage, STEP, watch)?;
    let ahead = (1.0 - GAMMA) / GAMMA;
    for (i, b) in b.iter_mut().enumerate() {
        *b = sources[i] + store[i] * (v[i] + ahead * (stage[i] - v[i]));
    }
    v.copy_from_slice(&stage);
    iterations += diffusion.solve(&b, v, STEP, watch)?;
    Ok(iterations)
}
