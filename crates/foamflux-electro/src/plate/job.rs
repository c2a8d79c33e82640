//! The work step by step: solve, observe, move lithium.

use std::fmt;

use foamflux_grid::{Event, Label, Labels, Watch};
use foamflux_transport::Backend;
use foamflux_transport::links::LinksError;

use super::host::Host;
use super::{Ended, Half, Ledger, PlatePlan, PlateState, PlateStep};
use crate::cell::{Cell, Setting};
use crate::constants::{FARADAY, LITHIUM_MOLAR_VOLUME};
use crate::deposit::Deposit;
use crate::distribution::Distribution;
use crate::error::{Blocked, ElectroError};
use crate::kinetics::{Curve, Law};
use crate::materials::{Materials, Surface};
use crate::metrics::metrics;
use crate::solve::{Drive, Guess, Options, solve_near};

/// Most of a voxel edge by which a front moves in one step; an edge is what would skip a layer.
const MOST_OF_AN_EDGE: f64 = 0.5;
/// Most of a voxel that one step fills or empties.
const MOST_OF_A_VOXEL: f64 = 1.0;
/// Most charge of one step in C/m2: 0.25 mAh/cm2.
const MOST_CHARGE: f64 = 0.25 * super::MAH_PER_CM2;
/// Share of a voxel that covers carbon, and thickness that does, in m: whichever is more.
const COVERS: (f64, f64) = (0.1, 20e-9);
/// Coverage up to which a step adds no more than what covers, where bare carbon and lithium react differently.
const NUCLEATED: f64 = 0.5;
/// Share of a step's charge that must find its place for another step to follow.
const LEAST_OF_A_STEP: f64 = 1e-3;
/// Charge below this share of the capacity is rounding.
const NEAR: f64 = 1e-9;
/// Steps that no plan needs.
const MAX_STEPS: usize = 1_000_000;
/// Accuracy of a solve. A face's current is wrong by a ten-thousandth at most, which moves no front by more than that; charge
/// balances to rounding whatever stands here, and slices to less than the 1e-5 that every solution owes.
const OPTIONS: Options = Options { change: 1e-4, slices: 3e-6, max_steps: 60, linear: 1e-4, double: None };

/// What a step led to.
#[derive(Debug, Clone, PartialEq)]
pub enum Advance {
    /// Lithium moved.
    Step,
    /// A mark, the start or the end of a half was reached.
    Kept(Box<PlateState>),
    /// Nothing is left to do.
    Done,
}

/// Where the work stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Start,
    Running,
    Done,
}

/// Plating and stripping in progress.
pub struct Plating<'a> {
    backend: &'a dyn Backend,
    pub(super) materials: &'a Materials,
    pub(super) setting: Setting,
    pub(super) plan: PlatePlan,
    pub(super) host: Host,
    pub(super) deposit: Deposit,
    pub(super) at: Position,
    pub(super) guess: Option<Guess>,
    pub(super) steps: Vec<PlateStep>,
    pub(super) halves: Vec<Half>,
    /// Lithium that the host came with, in voxels.
    before: f64,
    /// Charge per cross-section of a voxel full of lithium in C/m2.
    per_voxel: f64,
    /// Share of a pore voxel from which lithium covers a face.
    covers: f64,
}

impl fmt::Debug for Plating<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plating").field("at", &self.at).field("halves", &self.halves).finish_non_exhaustive()
    }
}

/// Where the work stands, and what has passed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Position {
    pub(super) phase: Phase,
    pub(super) cycle: u32,
    pub(super) stripping: bool,
    /// Whether the pores are closed and lithium grows on top of them.
    pub(super) on_top: bool,
    /// Charge that passed in this half in C/m2.
    pub(super) passed: f64,
    pub(super) plated: f64,
    pub(super) stripped: f64,
    /// Lithium beyond the box, as charge in C/m2.
    pub(super) overflow: f64,
}

/// Lets warnings and the wish to stop through; the start and end of every solve would hide the work as a whole.
struct Within<'a>(&'a dyn Watch);

impl Watch for Within<'_> {
    fn event(&self, event: Event) {
        if matches!(event, Event::Warning(_) | Event::Note(_)) {
            self.0.event(event);
        }
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

/// A solved cell, with the faces that lithium covers.
struct Solved {
    cell: Cell,
    found: Distribution,
}

impl<'a> Plating<'a> {
    /// Prepares a plan; the backend solves for the potentials.
    ///
    /// # Errors
    /// [`ElectroError`] where no current can flow or a number is not usable.
    pub fn new(
        labels: &Labels,
        materials: &'a Materials,
        setting: Setting,
        plan: &PlatePlan,
        backend: &'a dyn Backend,
    ) -> Result<Self, ElectroError> {
        for (what, value) in
            [("the plating current in A/m2", plan.current), ("the capacity to plate in C/m2", plan.capacity)]
        {
            if !(value.is_finite() && value > 0.0) {
                return Err(ElectroError::Drive { what, value });
            }
        }
        let cell = Cell::new(labels, materials, setting)?;
        let deposit = Deposit::new(labels, &cell);
        Ok(Plating {
            backend,
            materials,
            setting,
            plan: plan.clone(),
            host: Host::new(labels, &cell, materials),
            before: deposit.volume(),
            deposit,
            at: Position {
                phase: Phase::Start,
                cycle: 1,
                stripping: false,
                on_top: false,
                passed: 0.0,
                plated: 0.0,
                stripped: 0.0,
                overflow: 0.0,
            },
            guess: None,
            steps: Vec::new(),
            halves: Vec::new(),
            per_voxel: FARADAY / LITHIUM_MOLAR_VOLUME * cell.spacing.voxel_volume() / cell.projected_area(),
            covers: COVERS.0.max(COVERS.1 / cell.spacing.min_edge()).min(1.0),
        })
    }

    /// Solves so far.
    #[must_use]
    pub fn steps(&self) -> &[PlateStep] {
        &self.steps
    }

    /// Halves of cycles that have ended.
    #[must_use]
    pub fn halves(&self) -> &[Half] {
        &self.halves
    }

    /// Charge that the pores which the separator reaches, in the host and above it, hold when full of dense lithium, in C/m2.
    #[must_use]
    pub fn pore_capacity(&self) -> f64 {
        self.host.open_voxels() as f64 * self.per_voxel
    }

    /// Slices of the host, and free ones between it and the separator.
    #[must_use]
    pub const fn host_slices(&self) -> [usize; 2] {
        [self.host.slices, self.host.first]
    }

    /// Cycle from 1, and whether lithium is being stripped.
    #[must_use]
    pub const fn half(&self) -> (u32, bool) {
        (self.at.cycle, self.at.stripping)
    }

    /// Share of the present half that is done.
    #[must_use]
    pub fn done_share(&self) -> f64 {
        let whole = self.at.passed + self.left();
        if whole > 0.0 { (self.at.passed / whole).clamp(0.0, 1.0) } else { 1.0 }
    }

    /// Charge and lithium.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        let voxels = self.deposit.volume() + self.deposit.dead() - self.before;
        Ledger {
            plated: self.at.plated,
            stripped: self.at.stripped,
            dead: self.deposit.dead() * self.per_voxel,
            overflow: self.at.overflow,
            found: voxels * self.per_voxel + self.at.overflow,
        }
    }

    /// Lithium in contact beyond what the host came with, as charge.
    fn live(&self) -> f64 {
        (self.deposit.volume() - self.before) * self.per_voxel + self.at.overflow
    }

    /// Charge left in this half.
    fn left(&self) -> f64 {
        if self.at.stripping { self.live() } else { self.plan.capacity - self.at.passed }
    }

    fn near(&self) -> f64 {
        NEAR * self.plan.capacity
    }

    /// Charge until the next mark in the direction of the work, or its end.
    fn until_mark(&self) -> f64 {
        let (now, near) = (self.live(), self.near());
        let marks = self.plan.marks.iter().copied();
        let to_mark = if self.at.stripping {
            marks.filter(|&m| m < now - near).map(|m| now - m).fold(f64::INFINITY, f64::min)
        } else {
            marks.filter(|&m| m > now + near).map(|m| m - now).fold(f64::INFINITY, f64::min)
        };
        to_mark.min(self.left())
    }

    /// The state as it is.
    fn state(&self) -> Option<PlateState> {
        Some(PlateState {
            cycle: self.at.cycle,
            stripping: self.at.stripping,
            charge: self.live(),
            labels: self.deposit.labels()?,
            fill: self.deposit.fill().iter().map(|&f| f as f32).collect(),
            profile: self.host.profile(&self.deposit),
        })
    }

    fn kept(&self) -> Advance {
        self.state().map_or(Advance::Step, |state| Advance::Kept(Box::new(state)))
    }

    /// Does one step.
    ///
    /// # Errors
    /// [`ElectroError`] when the very first solve fails or the user asked to stop; nothing has changed then, so that the same
    /// step can be tried again.
    pub fn advance(&mut self, watch: &dyn Watch) -> Result<Advance, ElectroError> {
        match self.at.phase {
            Phase::Done => return Ok(Advance::Done),
            Phase::Start => {
                self.at.phase = Phase::Running;
                return Ok(self.kept());
            }
            Phase::Running => {}
        }
        if self.left() <= self.near() {
            // The curve of plating ends at its capacity; when stripping nothing is left to react there.
            match (self.at.stripping, self.at.on_top) {
                (false, false) => self.close(watch)?,
                (false, true) => self.observe_plane(),
                (true, _) => {}
            }
            return Ok(self.finish_half(Ended::Complete));
        }
        if self.steps.len() >= MAX_STEPS {
            return Ok(self.finish_half(Ended::Failed("too many steps".to_owned())));
        }
        if self.at.on_top {
            self.on_top();
        } else {
            match self.step(watch) {
                Ok(None) => {}
                Ok(Some(ended)) => return Ok(self.ended_early(ended)),
                Err(error @ ElectroError::Links(LinksError::Cancelled { .. })) => return Err(error),
                // The first step must work; later what is there is kept.
                Err(error) if self.steps.is_empty() => return Err(error),
                Err(ElectroError::Blocked(Blocked::SeparatorNotTouched { .. } | Blocked::NoElectrolyte))
                    if self.peel() => {}
                Err(ElectroError::NothingToStrip) => return Ok(self.finish_half(Ended::Exhausted)),
                Err(ElectroError::Blocked(why)) => return Ok(self.ended_early(Ended::Closed(why.to_string()))),
                Err(error) => return Ok(self.ended_early(Ended::Failed(error.to_string()))),
            }
        }
        let (now, near) = (self.live(), self.near());
        let on_mark = self.plan.marks.iter().any(|m| (m - now).abs() <= near);
        // The end of a half is kept by itself.
        if on_mark && self.left() > near { Ok(self.kept()) } else { Ok(Advance::Step) }
    }

    /// Ends a half, unless the rest may go on top.
    fn ended_early(&mut self, ended: Ended) -> Advance {
        let closed = matches!(ended, Ended::Full | Ended::Closed(_));
        if closed && self.plan.overflow && !self.at.stripping {
            self.at.on_top = true;
            return self.kept();
        }
        self.finish_half(ended)
    }

    fn finish_half(&mut self, ended: Ended) -> Advance {
        let kept = self.kept();
        let half = Half { cycle: self.at.cycle, stripping: self.at.stripping, passed: self.at.passed, ended };
        self.halves.push(half);
        self.at.passed = 0.0;
        // The potentials of the other direction are no guess.
        self.guess = None;
        if !self.at.stripping && self.plan.strip {
            self.at.stripping = true;
            self.at.on_top = self.at.overflow > 0.0;
        } else if self.at.cycle < self.plan.cycles && self.plan.strip {
            self.at.stripping = false;
            self.at.on_top = false;
            self.at.cycle += 1;
        } else {
            self.at.phase = Phase::Done;
        }
        kept
    }

    /// Counts charge that passed.
    fn count(&mut self, charge: f64) {
        self.at.passed += charge;
        if self.at.stripping { self.at.stripped += charge } else { self.at.plated += charge }
    }

    /// One solve; the faces that lithium covers react as lithium.
    fn solved(&self, watch: &dyn Watch) -> Result<Option<Solved>, ElectroError> {
        let Some(labels) = self.deposit.labels() else { return Ok(None) };
        let mut cell = Cell::new(&labels, self.materials, self.setting)?;
        // While it lasts, any lithium can be stripped.
        let from = if self.at.stripping { 0.0 } else { self.covers };
        for face in &mut cell.faces {
            if self.deposit.covers(face.solid(), face.pore(), from) {
                face.surface = Label::Lithium as u8;
            }
        }
        let current = if self.at.stripping { -self.plan.current } else { self.plan.current };
        let drive = if self.plan.equipotential { Drive::Current(current) } else { Drive::Uniform(current) };
        let found =
            solve_near(self.backend, &cell, self.materials, (drive, &OPTIONS), self.guess.as_ref(), &Within(watch))?;
        Ok(Some(Solved { cell, found }))
    }

    /// What a solve says of the state.
    fn observed(&self, Solved { cell, found }: &Solved) -> Option<PlateStep> {
        let m = metrics(cell, found)?;
        let s = m.statistics;
        let (mut kinetic, mut current) = (0.0, 0.0);
        for ((face, &j), &eta) in cell.faces().iter().zip(found.current_density()).zip(found.face_overpotential()) {
            kinetic += cell.area(face) * j * eta;
            current += cell.area(face) * j;
        }
        let effort = &found.effort;
        Some(PlateStep {
            overpotential: found.overpotential_v,
            kinetic: kinetic / current,
            mean: s.mean,
            cv: s.cv,
            hot_spot_p99: s.hot_spot_p99,
            area_ratio: s.area / cell.projected_area(),
            top_share: m.top_share,
            blocked: self.host.blocked(cell),
            charge_error: found.charge_error,
            slice_error: found.slice_error(cell),
            newton_steps: effort.newton_steps,
            linear_iterations: effort.linear_iterations.iter().sum(),
            ..self.here()
        })
    }

    /// Where lithium is, without a solve.
    fn here(&self) -> PlateStep {
        let w = self.host.whereabouts(&self.deposit, self.covers);
        let overflow = self.at.overflow / self.per_voxel;
        PlateStep {
            cycle: self.at.cycle,
            stripping: self.at.stripping,
            charge: self.live(),
            overpotential: 0.0,
            kinetic: 0.0,
            mean: 0.0,
            cv: 0.0,
            hot_spot_p99: 1.0,
            area_ratio: 1.0,
            top_share: 1.0,
            coverage: w.coverage,
            blocked: 1.0,
            pore_filling: w.pore_filling,
            top_plating: (w.all + overflow > 0.0).then(|| (w.top + overflow) / (w.all + overflow)),
            above: (w.above + overflow) * self.per_voxel,
            dead: self.deposit.dead() * self.per_voxel,
            charge_error: 0.0,
            slice_error: 0.0,
            newton_steps: 0,
            linear_iterations: 0,
        }
    }

    /// The last point of a curve: a solve without a step.
    fn close(&mut self, watch: &dyn Watch) -> Result<(), ElectroError> {
        match self.solved(watch) {
            Ok(Some(solved)) => {
                if let Some(step) = self.observed(&solved) {
                    self.steps.push(step);
                }
                Ok(())
            }
            Err(error @ ElectroError::Links(LinksError::Cancelled { .. })) => Err(error),
            // The charge has passed; that the next would not is nothing against it.
            _ => Ok(()),
        }
    }

    /// One step; how the half ends where nothing more can follow.
    fn step(&mut self, watch: &dyn Watch) -> Result<Option<Ended>, ElectroError> {
        let Some(solved) = self.solved(watch)? else {
            return Ok(Some(Ended::Failed("a label is not one".to_owned())));
        };
        let Some(observed) = self.observed(&solved) else { return Ok(Some(Ended::Exhausted)) };
        let Solved { cell, found } = solved;
        let stripping = self.at.stripping;
        // Voxels per second of every face.
        let rate = LITHIUM_MOLAR_VOLUME / FARADAY / cell.spacing.voxel_volume();
        let rates: Vec<f64> =
            cell.faces().iter().zip(found.current_density()).map(|(f, j)| cell.area(f) * j * rate).collect();
        let charge =
            self.until_mark().min(MOST_CHARGE).min(self.plan.current * self.longest(&cell, &found, &rates, &observed));
        let dt = charge / self.plan.current;
        let faces = cell.faces().iter().zip(&rates);
        // A face may run against the rest, as where the cell is bipolar: both are done, plating first.
        let grown = faces.clone().filter(|(_, r)| **r > 0.0).map(|(f, r)| (f.pore(), r * dt));
        let unplaced = self.deposit.plate(grown, |voxel| cell.is_electrolyte(voxel) == Some(true));
        let shrunk = faces.filter(|(_, r)| **r < 0.0).map(|(f, r)| (f.solid(), f.pore(), -r * dt));
        let unmet = self.deposit.strip(shrunk);
        let missing = if stripping { unmet - unplaced } else { unplaced - unmet };
        // What found no place did not pass.
        let passed = charge - missing * self.per_voxel;
        self.count(passed);
        self.steps.push(observed);
        self.guess = Some(found.guess(&cell));
        if stripping {
            self.bury()?;
        }
        // At the end places run out one after the other; over when a step moves next to nothing.
        let ended = if stripping { Ended::Exhausted } else { Ended::Full };
        Ok((passed < LEAST_OF_A_STEP * charge).then_some(ended))
    }

    /// Seconds until a front has moved as far as one step may.
    fn longest(&self, cell: &Cell, found: &Distribution, rates: &[f64], observed: &PlateStep) -> f64 {
        let edge = if self.nucleates() && !self.at.stripping && observed.coverage < NUCLEATED {
            // A little more, or rounding decides whether it covers.
            MOST_OF_AN_EDGE.min(1.001 * self.covers)
        } else {
            MOST_OF_AN_EDGE
        };
        let per_edge = LITHIUM_MOLAR_VOLUME / FARADAY;
        let front = cell
            .faces()
            .iter()
            .zip(found.current_density())
            .map(|(f, j)| j.abs() * per_edge / cell.spacing.along(f.axis))
            .fold(0.0, f64::max);
        // A voxel in a corner takes from several faces.
        let mut by_voxel: Vec<(u32, f64)> = cell
            .faces()
            .iter()
            .zip(rates)
            .map(|(f, r)| (if self.at.stripping { f.solid() } else { f.pore() } as u32, r.abs()))
            .collect();
        by_voxel.sort_by_key(|p| p.0);
        let fastest = by_voxel.chunk_by(|a, b| a.0 == b.0).map(|c| c.iter().map(|p| p.1).sum()).fold(0.0, f64::max);
        (edge / front).min(MOST_OF_A_VOXEL / fastest)
    }

    /// Whether bare surfaces react otherwise than lithium.
    fn nucleates(&self) -> bool {
        let lithium = Surface { bare: true, eta_nuc: 0.0, ..self.materials.surface[Label::Lithium as usize] };
        let differs = |l: usize| self.materials.surface[l].bare && self.materials.surface[l] != lithium;
        (0..9).any(|l| self.materials.sigma[l] > 0.0 && differs(l))
    }

    /// Lithium without a way to the collector is dead.
    fn bury(&mut self) -> Result<(), ElectroError> {
        let Some(labels) = self.deposit.labels() else { return Ok(()) };
        let connected = Cell::connected_solid(&labels, self.materials, self.setting)?;
        self.deposit.bury(|voxel| connected[voxel]);
        Ok(())
    }

    /// Overpotential and kinetic part of a plane of lithium under the whole current.
    fn planar(&self) -> [f64; 2] {
        let lithium = self.materials.surface[Label::Lithium as usize];
        let law = Law {
            curve: &Curve::new(self.materials.kinetics, self.materials.temperature_k),
            i0: lithium.i0,
            bare: false,
        };
        let j = if self.at.stripping { -self.plan.current } else { self.plan.current };
        let kinetic = crate::solve::root(|eta| law.at(eta).j - j, j);
        [kinetic + lithium.film * j, kinetic]
    }

    /// A point of the curve where lithium is a plane.
    fn observe_plane(&mut self) {
        let [overpotential, kinetic] = self.planar();
        let j = if self.at.stripping { -self.plan.current } else { self.plan.current };
        let step = PlateStep { overpotential, kinetic, mean: j, ..self.here() };
        self.steps.push(step);
    }

    /// A step on top of the closed host, as on a foil.
    fn on_top(&mut self) {
        self.observe_plane();
        let charge = self.until_mark().min(MOST_CHARGE);
        if self.at.stripping {
            let charge = charge.min(self.at.overflow);
            self.at.overflow -= charge;
            self.count(charge);
            self.at.on_top = self.at.overflow > self.near();
        } else {
            self.at.overflow += charge;
            self.count(charge);
        }
    }

    /// Strips the lithium that closes the separator's plane, as a foil; whether there was any.
    fn peel(&mut self) -> bool {
        if !self.at.stripping {
            return false;
        }
        let shape = self.deposit.shape();
        let top: Vec<usize> = (0..shape.len())
            .filter(|&v| self.deposit.label(v) == Label::Lithium as u8 && self.setting.slice_of(shape, v) == 0)
            .collect();
        if top.is_empty() {
            return false;
        }
        self.observe_plane();
        let charge = self.until_mark().min(MOST_OF_AN_EDGE * top.len() as f64 * self.per_voxel);
        let each = charge / self.per_voxel / top.len() as f64;
        let unmet = self.deposit.strip(top.into_iter().map(|v| (v, v, each)));
        self.count(charge - unmet * self.per_voxel);
        true
    }
}
