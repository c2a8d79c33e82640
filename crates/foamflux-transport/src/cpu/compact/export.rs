//! A list as plain arrays, for other devices.

use super::{ByClass, Compact, Coupling, Fine, Order, Rows, Uniform};
use crate::Problem;
use crate::cpu::listed::List as Primitive;
use crate::device::{Finest, Hierarchy, Level, List, Next};
use crate::krylov::Primitives;
use crate::problem::Conductance;

/// Which voxel an unknown of a list is: by colour, within a colour in memory order.
pub struct ListOrder(Order);

impl ListOrder {
    /// Takes values in memory order into the order of the list.
    #[must_use]
    pub fn from_memory_order(&self, problem: &Problem, values: &[f32]) -> Vec<f32> {
        self.0.sort(problem, |i, _| values[i])
    }

    /// Takes values of the list into memory order.
    #[must_use]
    pub fn to_memory_order(&self, problem: &Problem, values: &[f32]) -> Vec<f32> {
        self.0.unsort(problem, values)
    }
}

/// The levels of a problem that is stored as a list.
pub(crate) fn hierarchy(problem: &Problem) -> Hierarchy {
    let order = Order::of(problem);
    match (problem.conductance(), problem.classes()) {
        (Conductance::Table { faces, electrode }, Some(classes)) => {
            let classes = order.sort(problem, |i, _| classes[i]);
            let on = Compact::new(problem, &order, ByClass::<f32>::of(faces, *electrode, classes));
            on.export(order)
        }
        (Conductance::Uniform(faces), _) => {
            let on = Compact::new(problem, &order, Uniform::<f32>::of(*faces));
            on.export(order)
        }
        (Conductance::Table { .. }, None) => unreachable!("a table comes with classes"),
    }
}

impl<C: Coupling<f32>> Compact<f32, C> {
    fn export(self, order: Order) -> Hierarchy {
        use rayon::prelude::*;
        let on = Primitive(&self);
        let mut drive = on.vector();
        let energy = on.residual(&on.vector(), &mut drive).energy;
        let links = |i: usize, f: &mut dyn FnMut(u32, f32)| Fine::links(&self, i, |j, w| f(j as u32, w));
        let n = drive.len();
        let mut level = Level::from_links(self.bounds(), links);
        level.ground = (0..n).into_par_iter().map(|i| self.ground(i)).collect();
        level.inverse = (0..n).into_par_iter().map(|i| self.inverse(i)).collect();
        level.next = Next::Level(self.transfer.into());
        let below = self.below.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let levels = below.cycle.as_ref().map_or_else(Vec::new, crate::multigrid::Cycle::exports);
        Hierarchy {
            finest: Finest::List(List { order: ListOrder(order), level, drive: drive.to_vec(), energy }),
            levels,
        }
    }
}
