//! Plating and stripping, quasi-static: solve, move lithium, solve again.
//!
//! Through a face of true area `w A` passes the charge `j w A dt`, which is the volume `V_m / F` times that of lithium
//! (13.0 cm3/mol: 4.85 um per mAh/cm2). It goes into the pore voxel of the face ([`Deposit`](crate::Deposit)). A step ends
//! when a front would have moved by half a voxel, when a voxel would have been filled, or when a quarter of a mAh/cm2 has
//! passed, so that no layer of voxels is skipped. A face of bare carbon reacts as lithium once a tenth of a voxel, or
//! 20 nm, cover it. Electrolyte that lithium cuts off from the separator takes no part any more; lithium that loses its way to the
//! collector when stripping is dead (label 7) and stays so.
//!
//! [`Plating`] goes step by step and can be kept ([`Plating::snapshot`]) and taken up again
//! ([`Plating::resume`]): a plating that was interrupted ends with the same bits as one that was not. [`plate`] goes to the end.
//!
//! What is different here: many published models move an interface by a velocity and lose charge to rounding of the mesh;
//! here volume is counted, not moved, so that charge and lithium balance to rounding however coarse the voxels are.

mod bytes;
mod host;
mod hysteresis;
mod job;
mod snapshot;

use std::fmt;

use foamflux_grid::{Labels, Watch};
use foamflux_transport::CpuBackend;

use crate::cell::Setting;
use crate::constants::{FARADAY, LITHIUM_MOLAR_VOLUME};
use crate::error::ElectroError;
use crate::materials::Materials;

pub use hysteresis::{Hysteresis, geometric_hysteresis, voltage_hysteresis};
pub use job::{Advance, Plating};
pub use snapshot::SnapshotError;

/// One mAh/cm2 in C/m2.
pub const MAH_PER_CM2: f64 = 3.6e4;

/// Thickness in m of dense lithium that a charge in C/m2 makes: 4.85 um per mAh/cm2.
#[must_use]
pub fn dense_thickness(charge_c_per_m2: f64) -> f64 {
    charge_c_per_m2 * LITHIUM_MOLAR_VOLUME / FARADAY
}

/// What is plated.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatePlan {
    /// Current per cross-section in A/m2, above zero.
    pub current: f64,
    /// Whether that comes through a plane of one potential instead of evenly.
    pub equipotential: bool,
    /// Charge per cross-section that a cycle plates in C/m2.
    pub capacity: f64,
    /// Charges at which the state is kept, in C/m2.
    pub marks: Vec<f64>,
    /// How often it is plated.
    pub cycles: u32,
    /// Whether it is stripped again, each time.
    pub strip: bool,
    /// Whether what the pores cannot take goes on plating on top of the host, as on a foil, instead of ending.
    pub overflow: bool,
}

impl PlatePlan {
    /// Plates once, evenly, and keeps the two ends.
    #[must_use]
    pub const fn once(current: f64, capacity: f64) -> Self {
        PlatePlan {
            current,
            equipotential: false,
            capacity,
            marks: Vec::new(),
            cycles: 1,
            strip: false,
            overflow: false,
        }
    }
}

/// One solve, and the lithium that was there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlateStep {
    /// Cycle, from 1.
    pub cycle: u32,
    /// Whether lithium is stripped.
    pub stripping: bool,
    /// Lithium in contact beyond what the host came with, as charge in C/m2.
    pub charge: f64,
    /// Potential of the separator's plane against the collector in V.
    pub overpotential: f64,
    /// Mean over the current of the overpotential that drives the reaction, in V.
    pub kinetic: f64,
    /// Mean current density per true area in A/m2.
    pub mean: f64,
    /// Standard deviation over mean of current density.
    pub cv: f64,
    /// 99th percentile of current density over the mean.
    pub hot_spot_p99: f64,
    /// Reacting area over cross-section.
    pub area_ratio: f64,
    /// Share of the current that reacts in the first tenth of the box's depth.
    pub top_share: f64,
    /// Share of the host's surface that lithium covers.
    pub coverage: f64,
    /// Share of the electrolyte that lithium has cut off from the separator.
    pub blocked: f64,
    /// Share of the host's pores that is lithium.
    pub pore_filling: f64,
    /// Share of the plated lithium that is in the first tenth of the host's depth or above the host; none before there is any.
    pub top_plating: Option<f64>,
    /// Lithium above the host, in the box or beyond it, as charge in C/m2.
    pub above: f64,
    /// Lithium without contact, as charge in C/m2.
    pub dead: f64,
    /// Difference between what the surface takes and the applied current, over the latter.
    pub charge_error: f64,
    /// Largest difference between the current through a plane between slices and the applied one.
    pub slice_error: f64,
    /// Newton steps of the solve.
    pub newton_steps: u32,
    /// Linear iterations of the solve.
    pub linear_iterations: u32,
}

/// The state at a charge.
#[derive(Debug, Clone, PartialEq)]
pub struct PlateState {
    /// Cycle, from 1.
    pub cycle: u32,
    /// Whether lithium was being stripped.
    pub stripping: bool,
    /// Lithium in contact beyond what the host came with, as charge in C/m2.
    pub charge: f64,
    /// Labels.
    pub labels: Labels,
    /// Share of every voxel that is lithium.
    pub fill: Vec<f32>,
    /// Share of the cross-section of every slice of the box that is plated lithium, from the separator.
    pub profile: Vec<f64>,
}

/// How a half of a cycle ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// All of the charge passed.
    Complete,
    /// The pores within reach are full.
    Full,
    /// Current finds no way any more, with the reason.
    Closed(String),
    /// No lithium is left within reach.
    Exhausted,
    /// The solver found no answer, with the reason.
    Failed(String),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Complete => f.write_str("complete"),
            Ended::Full => f.write_str("the pores that the separator still reaches are full"),
            Ended::Closed(why) => write!(f, "lithium has closed the way: {why}"),
            Ended::Exhausted => f.write_str("no more lithium is within reach of a reacting surface"),
            Ended::Failed(why) => write!(f, "the current distribution could not be solved any more: {why}"),
        }
    }
}

/// One half of a cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct Half {
    /// Cycle, from 1.
    pub cycle: u32,
    /// Whether lithium was stripped.
    pub stripping: bool,
    /// Charge that passed in C/m2.
    pub passed: f64,
    /// How it ended.
    pub ended: Ended,
}

/// What charge and lithium add up to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ledger {
    /// Charge that passed when plating, in C/m2.
    pub plated: f64,
    /// Charge that passed when stripping, in C/m2.
    pub stripped: f64,
    /// Lithium without contact, as charge in C/m2.
    pub dead: f64,
    /// Lithium on top of the full host, beyond the box, as charge in C/m2.
    pub overflow: f64,
    /// Charge of the lithium found in voxels, in contact or dead, and beyond the box, beyond what the host came with.
    pub found: f64,
}

impl Ledger {
    /// Difference between charge and lithium over the charge plated.
    #[must_use]
    pub fn balance_error(&self) -> f64 {
        let passed = self.plated - self.stripped;
        let scale = self.plated.max(self.stripped);
        if scale > 0.0 { (self.found - passed).abs() / scale } else { 0.0 }
    }
}

/// What a plan left behind.
#[derive(Debug)]
pub struct Plated {
    /// Solves in order.
    pub steps: Vec<PlateStep>,
    /// States at the start, at the marks, and at the end of every half.
    pub states: Vec<PlateState>,
    /// Halves of cycles.
    pub halves: Vec<Half>,
    /// Charge and lithium.
    pub ledger: Ledger,
}

/// Carries out a plan on the processor. Where nothing more can react a half ends early and says why.
///
/// # Errors
/// [`ElectroError`] before anything was plated, or when the user asked to stop.
pub fn plate(
    labels: &Labels,
    materials: &Materials,
    setting: Setting,
    plan: &PlatePlan,
    watch: &dyn Watch,
) -> Result<Plated, ElectroError> {
    let processor = CpuBackend::new();
    let mut job = Plating::new(labels, materials, setting, plan, &processor)?;
    let mut states = Vec::new();
    loop {
        match job.advance(watch)? {
            Advance::Step => {}
            Advance::Kept(state) => states.push(*state),
            Advance::Done => break,
        }
    }
    Ok(Plated { steps: job.steps().to_vec(), states, halves: job.halves().to_vec(), ledger: job.ledger() })
}
