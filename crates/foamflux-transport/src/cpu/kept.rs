//! An operator and its hierarchy, kept from one solve for the next.
//!
//! Along another direction the same voxels are coupled by the same conductances and only the electrodes lie elsewhere:
//! connectivity, aggregates and coarse operators stay, but for the few unknowns that touch an electrode.
//! The three solves of a repeating cell have one operator and three driving forces.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use crate::problem::{Conductance, Ends};
use crate::runs::Runs;
use crate::{Problem, Sides};

/// What is kept, and the problem that it fits.
struct Operator {
    runs: Arc<Runs>,
    conductance: Conductance,
    classes: Option<Arc<Vec<u8>>>,
    sides: Sides,
    ends: Ends,
    operator: Box<dyn Any + Send>,
}

/// A place for the operator of the last solve, shared by the copies of a backend.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<Option<Operator>>>);

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept")
    }
}

impl Kept {
    /// Takes out the operator if it is of this type and fits; what does not fit is dropped to make room.
    pub(super) fn take<T: Any>(&self, problem: &Problem) -> Option<T> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        // With walls that join along some axes only, each direction couples other voxels.
        let turns = match problem.ends() {
            Ends::Electrodes => problem.sides() == Sides::NoFlux,
            Ends::Joined(_) => true,
            Ends::Separator(_) => false,
        };
        let fits = turns
            && kept.sides == problem.sides()
            && kept.ends == *problem.ends()
            && kept.conductance == *problem.conductance()
            && kept.classes.as_ref().map(|c| c.as_slice()) == problem.classes()
            && *kept.runs == *problem.runs();
        if fits { kept.operator.downcast::<T>().ok().map(|operator| *operator) } else { None }
    }

    /// Keeps the operator of a problem, unless current enters through walls: only one direction has that.
    pub(super) fn put<T: Any + Send>(&self, problem: &Problem, operator: T) {
        if problem.source().is_some() {
            return;
        }
        let kept = Operator {
            runs: problem.shared_runs(),
            conductance: problem.conductance().clone(),
            classes: problem.shared_classes(),
            sides: problem.sides(),
            ends: problem.ends().clone(),
            operator: Box::new(operator),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }
}
