//! Plating and stripping, quasi-static: solve, move lithium, solve again.
//!
//! Through a face of true area `w A` passes the charge `j w A dt`, which is the volume `V_m / F` times that of lithium
//! (13.0 cm3/mol: 4.85 um per mAh/cm2). It goes into the pore voxel of the face ([`Deposit`]). A step ends when a voxel would
//! have taken half of its volume or when a quarter of a mAh/cm2 has passed. A face of bare carbon becomes lithium
//! once a tenth of a voxel, or 20 nm, cover it.
//!
//! What is different here: many published models move an interface by a velocity and lose charge to rounding of the mesh;
//! here volume is counted, not moved, so that charge and lithium balance to rounding however coarse the voxels are.

use foamflux_grid::{Event, Label, Labels, Stage, Watch};

use crate::cell::{Cell, Setting};
use crate::constants::{FARADAY, LITHIUM_MOLAR_VOLUME};
use crate::deposit::Deposit;
use crate::error::ElectroError;
use crate::materials::Materials;
use crate::metrics::metrics;
use crate::solve::{Drive, Options, solve};

/// Most of a voxel that one step fills.
const MOST_OF_A_VOXEL: f64 = 0.5;
/// Most charge of one step in C/m2: 0.25 mAh/cm2.
const MOST_CHARGE: f64 = 0.25 * MAH_PER_CM2;
/// One mAh/cm2 in C/m2.
pub const MAH_PER_CM2: f64 = 3.6e4;
/// Share of a voxel that covers carbon, and thickness that does, in m: whichever is more.
const COVERS: (f64, f64) = (0.1, 20e-9);
/// Share of a step's charge that must find its place for another step to follow.
const LEAST_OF_A_STEP: f64 = 1e-3;
/// Steps that no plan needs.
const MAX_STEPS: usize = 100_000;

/// What is plated.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatePlan {
    /// Current per cross-section in A/m2, above zero.
    pub current: f64,
    /// Charge per cross-section to plate in C/m2.
    pub capacity: f64,
    /// Charges at which the state is kept, in C/m2.
    pub marks: Vec<f64>,
    /// Whether all of it is stripped again.
    pub strip: bool,
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlateStep {
    /// Whether lithium is stripped.
    pub stripping: bool,
    /// Charge that is plated, net, at the middle of the step in C/m2.
    pub charge: f64,
    /// Potential of the separator's plane against the collector in V.
    pub overpotential: f64,
    /// 99th percentile of current density over the mean.
    pub hot_spot_p99: f64,
    /// Reacting area over cross-section.
    pub area_ratio: f64,
    /// Share of the current that reacts in the first tenth of the depth.
    pub top_share: f64,
}

/// The state at a charge.
#[derive(Debug, Clone)]
pub struct PlateState {
    /// Whether lithium was being stripped.
    pub stripping: bool,
    /// Charge that is plated, net, in C/m2.
    pub charge: f64,
    /// Labels.
    pub labels: Labels,
    /// Share of every voxel that is lithium.
    pub fill: Vec<f64>,
}

/// Why a plan ended before its time.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// It did not.
    Complete,
    /// Nothing more can react, with the reason.
    Stopped(String),
}

/// What a plan left behind.
#[derive(Debug)]
pub struct Plated {
    /// Steps in order.
    pub steps: Vec<PlateStep>,
    /// States at the marks and at the end of plating and stripping.
    pub states: Vec<PlateState>,
    /// Charge that passed when plating, in C/m2.
    pub plated: f64,
    /// Charge that passed when stripping, in C/m2.
    pub stripped: f64,
    /// Lithium without contact, as charge in C/m2.
    pub dead: f64,
    /// Difference between charge and lithium over the charge plated.
    pub balance_error: f64,
    /// How plating ended.
    pub plating: Ended,
    /// How stripping ended.
    pub stripping: Ended,
}

/// Plates, and strips if the plan says so. Where nothing more can react the plan ends early and says why.
///
/// # Errors
/// [`ElectroError`] before anything was plated, or when the user asked to stop.
pub fn plate(
    labels: &Labels,
    materials: &Materials,
    setting: Setting,
    plan: &PlatePlan,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Plated, ElectroError> {
    if !(plan.current.is_finite() && plan.current > 0.0) {
        return Err(ElectroError::Drive { what: "the plating current in A/m2", value: plan.current });
    }
    let cell = Cell::new(labels, materials, setting)?;
    let mut job = Job {
        deposit: Deposit::new(labels, &cell),
        before: 0.0,
        materials,
        setting,
        plan,
        options,
        out: Plated {
            steps: Vec::new(),
            states: Vec::new(),
            plated: 0.0,
            stripped: 0.0,
            dead: 0.0,
            balance_error: 0.0,
            plating: Ended::Complete,
            stripping: Ended::Complete,
        },
        per_voxel: FARADAY / LITHIUM_MOLAR_VOLUME * cell.spacing.voxel_volume() / cell.projected_area(),
    };
    job.before = job.deposit.volume();
    job.keep(false);
    job.out.plating = job.run(false, watch)?;
    job.keep(false);
    if plan.strip {
        job.out.stripping = job.run(true, watch)?;
        job.keep(true);
    }
    let found = (job.deposit.volume() + job.deposit.dead() - job.before) * job.per_voxel;
    job.out.dead = job.deposit.dead() * job.per_voxel;
    job.out.balance_error = if job.out.plated > 0.0 { (found - job.net()).abs() / job.out.plated } else { 0.0 };
    Ok(job.out)
}

struct Job<'a> {
    deposit: Deposit,
    /// Lithium that the host came with, in voxels.
    before: f64,
    materials: &'a Materials,
    setting: Setting,
    plan: &'a PlatePlan,
    options: &'a Options,
    out: Plated,
    /// Charge per cross-section of a voxel full of lithium in C/m2.
    per_voxel: f64,
}

impl Job<'_> {
    fn net(&self) -> f64 {
        self.out.plated - self.out.stripped
    }

    fn keep(&mut self, stripping: bool) {
        let charge = self.net();
        if let Some(labels) = self.deposit.labels() {
            self.out.states.push(PlateState { stripping, charge, labels, fill: self.deposit.fill().to_vec() });
        }
    }

    /// Charge until the next mark in the direction of the work, or its end.
    fn until_mark(&self, stripping: bool) -> f64 {
        let now = self.net();
        let near = 1e-9 * self.plan.capacity;
        if stripping {
            let mark = self.plan.marks.iter().copied().filter(|&m| m < now - near).fold(0.0, f64::max);
            now - mark
        } else {
            let mark = self.plan.marks.iter().copied().filter(|&m| m > now + near).fold(self.plan.capacity, f64::min);
            mark - now
        }
    }

    fn run(&mut self, stripping: bool, watch: &dyn Watch) -> Result<Ended, ElectroError> {
        let near = 1e-9 * self.plan.capacity;
        for _ in 0..MAX_STEPS {
            let left = if stripping { self.net() } else { self.plan.capacity - self.net() };
            if left <= near {
                return Ok(Ended::Complete);
            }
            match self.step(stripping, watch) {
                Ok(None) => {}
                Ok(Some(reason)) => return Ok(Ended::Stopped(reason)),
                Err(ElectroError::Links(foamflux_transport::links::LinksError::Cancelled { iterations })) => {
                    return Err(foamflux_transport::links::LinksError::Cancelled { iterations }.into());
                }
                // The first step must work; later what is there is kept.
                Err(error) if self.out.steps.is_empty() => return Err(error),
                Err(error) => return Ok(Ended::Stopped(error.to_string())),
            }
        }
        Ok(Ended::Stopped("too many steps".to_owned()))
    }

    /// One step; a reason where nothing more can follow.
    fn step(&mut self, stripping: bool, watch: &dyn Watch) -> Result<Option<String>, ElectroError> {
        let Some(labels) = self.deposit.labels() else { return Ok(Some("a label is not one".to_owned())) };
        let mut cell = Cell::new(&labels, self.materials, self.setting)?;
        let edge = cell.spacing.min_edge();
        // While it lasts, any lithium can be stripped.
        let from = if stripping { 0.0 } else { COVERS.0.max(COVERS.1 / edge).min(1.0) };
        for face in &mut cell.faces {
            if self.deposit.covers(face.solid(), face.pore(), from) {
                face.surface = Label::Lithium as u8;
            }
        }
        let current = if stripping { -self.plan.current } else { self.plan.current };
        let found = solve(&cell, self.materials, Drive::Uniform(current), self.options, watch)?;
        let Some(metrics) = metrics(&cell, &found) else { return Ok(Some("nothing reacts".to_owned())) };
        // Volume per second of every pore voxel, in voxels.
        let rate = LITHIUM_MOLAR_VOLUME / FARADAY / cell.spacing.voxel_volume();
        let rates: Vec<f64> =
            cell.faces().iter().zip(found.current_density()).map(|(f, j)| cell.area(f) * j * rate).collect();
        let mut by_pore: Vec<(u32, f64)> =
            cell.faces().iter().zip(&rates).map(|(f, r)| (f.pore() as u32, r.abs())).collect();
        by_pore.sort_by_key(|p| p.0);
        by_pore.dedup_by(|b, a| {
            let same = a.0 == b.0;
            if same {
                a.1 += b.1;
            }
            same
        });
        let fastest = by_pore.iter().map(|p| p.1).fold(0.0, f64::max);
        let charge = self.until_mark(stripping).min(MOST_CHARGE).min(self.plan.current * MOST_OF_A_VOXEL / fastest);
        let dt = charge / self.plan.current;
        let before = self.net();
        let faces = cell.faces().iter().zip(&rates);
        // A face may run against the rest, as where the cell is bipolar: both are done, plating first.
        let grown = faces.clone().filter(|(_, r)| **r > 0.0).map(|(f, r)| (f.pore(), r * dt));
        let unplaced = self.deposit.plate(grown);
        let shrunk = faces.filter(|(_, r)| **r < 0.0).map(|(f, r)| (f.solid(), f.pore(), -r * dt));
        let unmet = self.deposit.strip(shrunk);
        let missing = if stripping { unmet - unplaced } else { unplaced - unmet };
        // What found no place did not pass.
        let passed = charge - missing * self.per_voxel;
        if stripping {
            self.out.stripped += passed;
        } else {
            self.out.plated += passed;
        }
        let reached = (before + self.net()) / 2.0;
        self.out.steps.push(PlateStep {
            stripping,
            charge: reached,
            overpotential: found.overpotential_v,
            hot_spot_p99: metrics.statistics.hot_spot_p99,
            area_ratio: metrics.statistics.area / cell.projected_area(),
            top_share: metrics.top_share,
        });
        if stripping {
            self.bury()?;
        }
        let on_mark = self.plan.marks.iter().any(|m| (m - self.net()).abs() <= 1e-9 * self.plan.capacity);
        if on_mark {
            self.keep(stripping);
        }
        watch.event(Event::Advanced {
            stage: Stage::Current,
            done: (self.net() / self.plan.capacity * 1000.0) as u64,
            total: Some(1000),
        });
        // At the end places run out one after the other; over when a step moves next to nothing.
        if passed < LEAST_OF_A_STEP * charge {
            let why = if stripping { "no lithium is left within reach" } else { "the pore space within reach is full" };
            return Ok(Some(why.to_owned()));
        }
        Ok(None)
    }

    /// Lithium without a way to the collector is dead.
    fn bury(&mut self) -> Result<(), ElectroError> {
        let Some(labels) = self.deposit.labels() else { return Ok(()) };
        let connected = Cell::connected_solid(&labels, self.materials, self.setting)?;
        self.deposit.bury(|voxel| connected[voxel]);
        Ok(())
    }
}

/// Geometric hysteresis of two states of the same charge: half of the volume by which they differ over that of the lithium.
#[must_use]
pub fn geometric_hysteresis(plating: &[f64], stripping: &[f64]) -> f64 {
    let total: f64 = plating.iter().sum();
    let differ: f64 = plating.iter().zip(stripping).map(|(a, b)| (a - b).abs()).sum();
    if total > 0.0 { differ / (2.0 * total) } else { 0.0 }
}
