//! Lithium in voxels: where it is, and how it grows and shrinks without losing any.
//!
//! A voxel of the pore holds lithium up to its volume; full, it becomes lithium (label 3) and conducts. What a voxel
//! cannot take, or cannot give, passes to its neighbours, to the nearest ones that can: charge and volume stay equal to rounding.

use foamflux_grid::{Axis, Label, Labels, Shape, Volume};

use crate::cell::{Cell, wraps};

const PORE: u8 = Label::Pore as u8;
const LITHIUM: u8 = Label::Lithium as u8;
const DEAD: u8 = Label::DeadLithium as u8;
/// Shares of a voxel below this are rounding.
const NOTHING: f64 = 1e-12;
/// A voxel of lithium with less than this left is a pore again; what is left still counts, as a film.
const RESIDUE: f64 = 1e-6;

/// Lithium on a host.
#[derive(Debug, Clone)]
pub struct Deposit {
    shape: Shape,
    joined: [bool; 3],
    labels: Volume<u8>,
    /// Labels before anything was plated.
    host: Vec<u8>,
    /// Share of every voxel that is lithium: 1 where the label says so, unless it is being stripped.
    fill: Vec<f64>,
    /// Lithium that lost its contact, in voxels.
    dead: f64,
}

impl Deposit {
    /// A host with the lithium that its labels have.
    #[must_use]
    pub fn new(labels: &Labels, cell: &Cell) -> Self {
        let host = labels.volume().as_slice().to_vec();
        Deposit {
            shape: labels.shape(),
            joined: wraps(cell.setting(), labels.shape()),
            fill: host.iter().map(|&l| f64::from(u8::from(l == LITHIUM))).collect(),
            labels: labels.volume().clone(),
            host,
            dead: 0.0,
        }
    }

    /// Labels as they are now.
    #[must_use]
    pub fn labels(&self) -> Option<Labels> {
        Labels::new(self.labels.clone()).ok()
    }

    /// Share of every voxel that is lithium.
    #[must_use]
    pub fn fill(&self) -> &[f64] {
        &self.fill
    }

    /// Lithium that is in contact, in voxels.
    #[must_use]
    pub fn volume(&self) -> f64 {
        self.fill.iter().sum()
    }

    /// Lithium that lost its contact, in voxels.
    #[must_use]
    pub const fn dead(&self) -> f64 {
        self.dead
    }

    /// Label of a voxel.
    #[must_use]
    #[inline]
    pub fn label(&self, voxel: usize) -> u8 {
        self.labels.as_slice()[voxel]
    }

    /// Label of a voxel before anything was plated.
    #[must_use]
    #[inline]
    pub fn host(&self, voxel: usize) -> u8 {
        self.host[voxel]
    }

    /// Whether lithium covers a face, given the share of the pore voxel from which it does.
    #[must_use]
    pub fn covers(&self, solid: usize, pore: usize, from: f64) -> bool {
        self.label(solid) == LITHIUM || (self.fill[pore] > NOTHING && self.fill[pore] >= from)
    }

    fn neighbours(&self, voxel: usize) -> impl Iterator<Item = usize> + use<> {
        let (z, y, x) = self.shape.zyx_of(voxel);
        let at = [x, y, z];
        let (shape, joined) = (self.shape, self.joined);
        Axis::ALL.into_iter().flat_map(move |axis| {
            let k = axis.xyz_index();
            let (n, stride) = (shape.along(axis), shape.stride(axis));
            let down = match at[k] {
                0 if joined[k] => Some(voxel + (n - 1) * stride),
                0 => None,
                _ => Some(voxel - stride),
            };
            let up = match at[k] + 1 {
                next if next < n => Some(voxel + stride),
                _ if joined[k] => Some(voxel - (n - 1) * stride),
                _ => None,
            };
            down.into_iter().chain(up)
        })
    }

    /// Adds lithium to voxels of the pore, in voxels; returns what found no place in the box.
    ///
    /// All of it is added before anything flows over, so that a front which is even stays even.
    pub fn plate(&mut self, amounts: impl Iterator<Item = (usize, f64)>) -> f64 {
        let mut touched = Vec::new();
        for (voxel, amount) in amounts {
            self.fill[voxel] += amount;
            touched.push(voxel);
        }
        touched.retain(|&v| self.fill[v] >= 1.0 - NOTHING);
        touched.sort_unstable();
        touched.dedup();
        for &voxel in &touched {
            self.labels.as_mut_slice()[voxel] = LITHIUM;
        }
        let mut missing = 0.0;
        for voxel in touched {
            let excess = (self.fill[voxel] - 1.0).max(0.0);
            self.fill[voxel] -= excess;
            missing += self.pass_on(voxel, excess);
        }
        missing
    }

    /// Gives what a full voxel cannot take to the nearest ones that can, evenly among those of one distance.
    fn pass_on(&mut self, from: usize, mut excess: f64) -> f64 {
        let mut seen = std::collections::BTreeSet::from([from]);
        let mut front = vec![from];
        while excess > NOTHING && !front.is_empty() {
            let mut next: Vec<usize> = Vec::new();
            for &voxel in &front {
                next.extend(self.neighbours(voxel).filter(|&n| matches!(self.label(n), PORE | LITHIUM)));
            }
            next.sort_unstable();
            next.dedup();
            next.retain(|&n| seen.insert(n));
            let open: Vec<usize> = next.iter().copied().filter(|&n| self.label(n) == PORE).collect();
            let room: f64 = open.iter().map(|&n| 1.0 - self.fill[n]).sum();
            let share = if room > 0.0 { (excess / room).min(1.0) } else { 0.0 };
            for &n in &open {
                self.fill[n] += share * (1.0 - self.fill[n]);
                if self.fill[n] >= 1.0 - NOTHING {
                    self.labels.as_mut_slice()[n] = LITHIUM;
                }
            }
            excess -= share * room;
            front = next;
        }
        if excess > NOTHING {
            return excess;
        }
        // What is left is rounding, but none is lost.
        self.fill[from] += excess;
        0.0
    }

    /// Takes lithium from faces, each a solid and a pore voxel: first what covers it, then the lithium behind it, then the
    /// nearest; returns what could not be had.
    pub fn strip(&mut self, amounts: impl Iterator<Item = (usize, usize, f64)>) -> f64 {
        let mut wanted: Vec<(usize, usize, f64)> = amounts.collect();
        for (_, pore, amount) in &mut wanted {
            *amount = self.draw(*pore, *amount);
        }
        wanted.retain(|w| w.2 > 0.0);
        for (solid, _, amount) in &mut wanted {
            *amount = self.draw(*solid, *amount);
        }
        wanted.retain(|w| w.2 > 0.0);
        wanted.into_iter().map(|(solid, pore, amount)| self.draw_near(&[solid, pore], amount)).sum()
    }

    /// Takes lithium from the nearest voxels that are joined to these by lithium.
    fn draw_near(&mut self, from: &[usize], mut wanted: f64) -> f64 {
        let mut seen: std::collections::BTreeSet<usize> = from.iter().copied().collect();
        let mut front = from.to_vec();
        while wanted > 0.0 && !front.is_empty() {
            let mut next: Vec<usize> = front.iter().flat_map(|&v| self.neighbours(v)).collect();
            next.sort_unstable();
            next.dedup();
            next.retain(|&n| self.fill[n] > 0.0 && seen.insert(n));
            for &n in &next {
                wanted = self.draw(n, wanted);
            }
            front = next;
        }
        wanted
    }

    /// Takes what a voxel has; returns what is still wanted.
    fn draw(&mut self, voxel: usize, wanted: f64) -> f64 {
        let has = self.fill[voxel];
        if has <= 0.0 || self.label(voxel) == DEAD {
            return wanted;
        }
        let taken = has.min(wanted);
        self.fill[voxel] = has - taken;
        if self.fill[voxel] <= RESIDUE && self.label(voxel) == LITHIUM {
            let before = self.host[voxel];
            // Lithium that the host came with leaves a pore.
            self.labels.as_mut_slice()[voxel] = if before == LITHIUM { PORE } else { before };
        }
        wanted - taken
    }

    /// Declares lithium dead that is not connected; returns how much more there is, in voxels.
    pub fn bury(&mut self, connected: impl Fn(usize) -> bool) -> f64 {
        let mut more = 0.0;
        for voxel in 0..self.fill.len() {
            if self.fill[voxel] <= 0.0 {
                continue;
            }
            let alive = match self.label(voxel) {
                LITHIUM => connected(voxel),
                _ => self.neighbours(voxel).any(&connected),
            };
            if !alive {
                more += self.fill[voxel];
                self.fill[voxel] = 0.0;
                if self.label(voxel) == LITHIUM {
                    self.labels.as_mut_slice()[voxel] = DEAD;
                }
            }
        }
        self.dead += more;
        more
    }
}
