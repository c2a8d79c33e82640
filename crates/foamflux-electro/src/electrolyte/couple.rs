//! Salt and potentials until both agree.

use std::sync::Arc;

use foamflux_grid::{Event, Stage, Watch};
use foamflux_transport::Backend;

use super::anderson::Anderson;
use super::concentration::Concentration;
use super::diffusion::{Diffusion, Flow};
use super::{Electrolyte, Model, checked, diffusion};
use crate::cell::Cell;
use crate::distribution::Distribution;
use crate::error::ElectroError;
use crate::materials::Materials;
use crate::solve::{Drive, Options, Start, solve_from};

/// Largest change of a face's current over the mean in the last round.
const AGREE_CURRENT: f64 = 1e-5;
/// Largest change of a concentration over the initial one in the last round.
const AGREE_SALT: f64 = 1e-5;
/// Most rounds.
const MAX_ROUNDS: u32 = 60;
/// Concentration over the initial one below which salt counts as gone: laws of conduction and reaction use it for all
/// that is less.
const GONE: f64 = 1e-3;
/// Least concentration over the initial one that the first distribution may leave for the whole drive to be applied at once, and
/// that a first part of the drive leaves otherwise.
const CALM: f64 = 0.3;
/// Growth of the drive from part to part: this share of the distance to the limiting current, but no less and no more than
/// these factors.
const TOWARDS_LIMIT: f64 = 0.5;
const GROWTH: (f64, f64) = (0.05, 1.0);
/// Most parts: 1.05 to this power is ten.
const MAX_PARTS: u32 = 48;

/// How salt and potentials came to agree.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Agreement {
    /// Rounds; none for the secondary model.
    pub rounds: u32,
    /// Largest change of a face's current over the mean in the last.
    pub current_change: f64,
    /// Largest change of a face's concentration over the initial one in the last.
    pub salt_change: f64,
    /// Newton steps of all rounds.
    pub newton_steps: u32,
    /// Iterations on the salt of all rounds.
    pub salt_iterations: u32,
}

/// Parts of the overpotential in V, as means over the current.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Losses {
    /// What drives the reaction.
    pub kinetic: f64,
    /// Concentration: `B ln` of that at the plane over that at the surface. None where the salt would be gone.
    pub concentration: Option<f64>,
    /// The rest: resistance, films, nucleation.
    pub ohmic: f64,
}

/// A current distribution with its salt.
#[derive(Debug)]
pub struct Answer {
    /// Potentials and currents.
    pub found: Distribution,
    /// The salt.
    pub salt: Concentration,
    /// How they came to agree.
    pub agreement: Agreement,
    /// What the overpotential is made of.
    pub losses: Losses,
}

/// Solves for potentials, currents and salt; the backend solves for the potentials, the processor for the salt.
///
/// The secondary model's salt follows its currents without acting on them, and may come out below zero.
///
/// # Errors
/// [`ElectroError`]; [`ElectroError::Exhausted`] where no steady state exists.
pub fn solve(
    cell: &mut Cell,
    materials: &Materials,
    electrolyte: &Electrolyte,
    drive: Drive,
    (backend, options): (&dyn Backend, &Options),
    watch: &dyn Watch,
) -> Result<Answer, ElectroError> {
    checked(electrolyte)?;
    let materials = &electrolyte.materials(materials);
    let before: Vec<f32> = cell.faces.iter().map(|f| f.i0_factor).collect();
    let out = rounds(cell, materials, electrolyte, drive, (backend, options), &before, watch);
    // Whatever happened, the cell is as it was.
    cell.conducts.clear();
    for (face, &factor) in cell.faces.iter_mut().zip(&before) {
        (face.i0_factor, face.shift) = (factor, 0.0);
    }
    out
}

/// What stays the same from round to round.
struct Coupling<'a> {
    backend: &'a dyn Backend,
    materials: &'a Materials,
    electrolyte: &'a Electrolyte,
    options: &'a Options,
    /// Factors of i0 that the salt has no part in.
    before: &'a [f32],
    /// `B` in V and the initial concentration.
    b: f64,
    c0: f64,
    watch: &'a dyn Watch,
}

/// Where the iteration is.
struct State {
    found: Distribution,
    flow: Flow,
    system: Arc<Diffusion>,
    v: Vec<f64>,
    agreement: Agreement,
}

fn scaled(drive: Drive, by: f64) -> Drive {
    match drive {
        Drive::Uniform(j) => Drive::Uniform(by * j),
        Drive::Current(j) => Drive::Current(by * j),
        Drive::Voltage(v) => Drive::Voltage(by * v),
    }
}

fn rounds(
    cell: &mut Cell,
    materials: &Materials,
    electrolyte: &Electrolyte,
    drive: Drive,
    (backend, options): (&dyn Backend, &Options),
    before: &[f32],
    watch: &dyn Watch,
) -> Result<Answer, ElectroError> {
    let (b, c0) = (electrolyte.diffusion_voltage(materials.temperature_k), electrolyte.salt.concentration);
    let coupling = Coupling { backend, materials, electrolyte, options, before, b, c0, watch };
    let found = solve_from(backend, cell, materials, (drive, options), Start::Even, watch)?;
    let flow = Flow::of(cell, &found);
    let mut system = Diffusion::new(cell, materials, electrolyte, None)?;
    let mut v = vec![0.0; system.links.unknowns()];
    let agreement = Agreement {
        newton_steps: found.effort.newton_steps,
        salt_iterations: system.solve(&system.sources(&flow), &mut v, diffusion::STEADY, watch)?,
        ..Agreement::default()
    };
    if electrolyte.model == Model::Secondary {
        // It is not solved again.
        system.links.drop_levels();
    }
    let system = Arc::new(system);
    let salt = Concentration::new(Arc::clone(&system), flow.clone(), electrolyte, &v);
    if electrolyte.model == Model::Secondary {
        let losses = losses(cell, &found, &salt, b, c0);
        return Ok(Answer { found, salt, agreement, losses });
    }
    let mut limit = salt.limiting_current(found.applied_a_per_m2);
    // Where the whole drive would leave little, salt and currents first settle at a part of it.
    let mut part = ((1.0 - CALM) * limit / found.applied_a_per_m2.abs()).min(1.0);
    let mut state = State { found, flow, system, v, agreement };
    let scarce = part < 1.0;
    state.scale(part);
    for _ in 0..MAX_PARTS {
        let salt =
            match coupling.settle(cell, &mut state, scaled(drive, part)) {
                Ok(salt) if salt.range()[0] > GONE * c0 => salt,
                Ok(_) => return Err(exhausted(drive, &state.found, limit)),
                // Where the salt is gone nothing conducts, and potentials grow without bound on the way there.
                Err(
                    ElectroError::Runaway { .. } | ElectroError::NotConverged { .. } | ElectroError::Unsettled { .. },
                ) if scarce => return Err(exhausted(drive, &state.found, limit)),
                Err(other) => return Err(other),
            };
        limit = salt.limiting_current(state.found.applied_a_per_m2);
        if part >= 1.0 {
            let State { mut found, agreement, .. } = state;
            with_diffusion(cell, &mut found, &salt, b, c0, drive);
            let losses = losses(cell, &found, &salt, b, c0);
            return Ok(Answer { found, salt, agreement, losses });
        }
        let to_limit = limit / state.found.applied_a_per_m2.abs() - 1.0;
        let next = (part * (1.0 + (TOWARDS_LIMIT * to_limit).clamp(GROWTH.0, GROWTH.1))).min(1.0);
        state.scale(next / part);
        part = next;
    }
    Err(exhausted(drive, &state.found, limit))
}

impl State {
    /// Currents of a drive that is larger by a factor.
    fn scale(&mut self, by: f64) {
        for current in self.flow.faces.iter_mut().chain(&mut self.flow.inlet).chain(&mut self.v) {
            *current *= by;
        }
    }
}

impl Coupling<'_> {
    /// Rounds at one drive until salt and potentials agree.
    fn settle(&self, cell: &mut Cell, state: &mut State, drive: Drive) -> Result<Concentration, ElectroError> {
        let &Coupling { backend, materials, electrolyte, options, before, b, c0, watch } = self;
        let mut anderson = Anderson::default();
        let mut last_faces: Option<Vec<f64>> = None;
        let agreement = &mut state.agreement;
        for round in 0.. {
            let sources = state.system.sources(&state.flow);
            agreement.salt_iterations += state.system.solve(&sources, &mut state.v, diffusion::STEADY, watch)?;
            let salt = Concentration::new(Arc::clone(&state.system), state.flow.clone(), electrolyte, &state.v);
            if let Some(last) = &last_faces {
                let change = salt.faces.iter().zip(last).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                agreement.salt_change = change / c0;
                if agreement.current_change <= AGREE_CURRENT && agreement.salt_change <= AGREE_SALT {
                    return Ok(salt);
                }
            }
            if round == MAX_ROUNDS {
                break;
            }
            impose(cell, &salt, electrolyte, before, b, c0);
            let driven = match drive {
                Drive::Voltage(volts) => Drive::Voltage(volts - b * mean_log(&salt.plane, &state.flow.inlet, c0)),
                other => other,
            };
            let next = solve_from(backend, cell, materials, (driven, options), Start::Same(&state.found), watch)?;
            agreement.rounds += 1;
            agreement.newton_steps += next.effort.newton_steps;
            let now = Flow::of(cell, &next);
            agreement.current_change = change(cell, &state.flow, &now);
            last_faces = Some(salt.faces);
            // Once they agree the currents are those of the potentials, not an extrapolation of them.
            state.flow = if agreement.current_change <= AGREE_CURRENT {
                now
            } else {
                let join = |flow: &Flow| [flow.faces.as_slice(), flow.inlet.as_slice()].concat();
                let mut mixed = anderson.next(&join(&state.flow), &join(&now));
                let inlet = mixed.split_off(now.faces.len());
                Flow { faces: mixed, inlet }
            };
            state.found = next;
            watch.event(Event::Advanced { stage: Stage::Current, done: u64::from(agreement.rounds), total: None });
        }
        Err(ElectroError::Unsettled { steps: MAX_ROUNDS, change: agreement.current_change, wanted: AGREE_CURRENT })
    }
}

fn exhausted(drive: Drive, found: &Distribution, limit: f64) -> ElectroError {
    let applied = match drive {
        Drive::Uniform(j) | Drive::Current(j) => j,
        Drive::Voltage(_) => found.applied_a_per_m2,
    };
    ElectroError::Exhausted {
        applied: applied.abs(),
        limit,
        remedy: "apply a smaller current, or ask with --electrolyte secondary --sand how long the salt lasts",
    }
}

/// Largest change of a face's current density over the mean.
fn change(cell: &Cell, before: &Flow, now: &Flow) -> f64 {
    let (mut worst, mut sum, mut total) = (0.0f64, 0.0, 0.0);
    for ((face, a), b) in cell.faces.iter().zip(&before.faces).zip(&now.faces) {
        let area = cell.area(face);
        worst = worst.max((a - b).abs() / area);
        sum += b.abs();
        total += area;
    }
    worst * total / sum
}

/// What the salt does to conductivities, faces and exchange current densities.
fn impose(cell: &mut Cell, salt: &Concentration, electrolyte: &Electrolyte, before: &[f32], b: f64, c0: f64) {
    let conducts = (0..cell.shape.len())
        .map(|voxel| salt.at(voxel).map_or(1.0, |c| electrolyte.conducts((c / c0).max(GONE)) as f32))
        .collect();
    cell.conducts = conducts;
    for ((face, &factor), &c) in cell.faces.iter_mut().zip(before).zip(&salt.faces) {
        let x = (c / c0).max(GONE);
        face.i0_factor = factor * x.powf(electrolyte.i0_exponent) as f32;
        face.shift = (b * x.ln()) as f32;
    }
}

/// Mean of `ln(c/c0)`, weighted by current.
fn mean_log(c: &[f64], current: &[f64], c0: f64) -> f64 {
    let total: f64 = current.iter().sum();
    c.iter().zip(current).map(|(c, i)| i * (c / c0).max(GONE).ln()).sum::<f64>() / total
}

/// Adds the potential of uneven salt.
fn with_diffusion(cell: &Cell, found: &mut Distribution, salt: &Concentration, b: f64, c0: f64, drive: Drive) {
    let mut diffusion = vec![0.0; found.phi.len()];
    for voxel in 0..cell.shape.len() {
        if let (Some(c), Some(i)) = (salt.at(voxel), found.links.unknown(voxel)) {
            diffusion[i] = b * (c / c0).max(GONE).ln();
        }
    }
    found.diffusion = diffusion;
    found.overpotential_v = match drive {
        Drive::Voltage(volts) => volts,
        _ => found.overpotential_v + b * mean_log(&salt.plane, &salt.flow.inlet, c0),
    };
}

fn losses(cell: &Cell, found: &Distribution, salt: &Concentration, b: f64, c0: f64) -> Losses {
    let (mut kinetic, mut total) = (0.0, 0.0);
    for ((face, j), eta) in cell.faces.iter().zip(&found.j).zip(&found.eta) {
        kinetic += cell.area(face) * j * eta;
        total += cell.area(face) * j;
    }
    let kinetic = kinetic / total;
    let left = salt.range()[0] > 0.0;
    let at_faces = mean_log(&salt.faces, &salt.flow.faces, c0);
    let concentration = left.then(|| b * (mean_log(&salt.plane, &salt.flow.inlet, c0) - at_faces));
    // The secondary model's overpotential has no part of the salt's.
    let counted = if salt.electrolyte.model == Model::Secondary { 0.0 } else { concentration.unwrap_or(0.0) };
    Losses { kinetic, concentration, ohmic: found.overpotential_v - kinetic - counted }
}
