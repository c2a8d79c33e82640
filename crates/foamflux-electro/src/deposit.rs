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
/// Voxels over which lithium is passed on or drawn: what is farther away is out of reach. No step moves more than a voxel,
/// so that one or two suffice until the pore is full; then every search would walk through all of the lithium.
const REACH: usize = 8;

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

    /// The box.
    pub(crate) const fn shape(&self) -> Shape {
        self.shape
    }

    /// As it was when it was kept: labels, shares of lithium, and how much is dead.
    ///
    /// Lengths that do not fit are refused with `None`.
    #[must_use]
    pub(crate) fn restored(mut self, labels: Vec<u8>, fill: Vec<f64>, dead: f64) -> Option<Self> {
        if labels.len() != self.fill.len() || fill.len() != self.fill.len() || labels.iter().any(|&l| l > 8) {
            return None;
        }
        self.labels.as_mut_slice().copy_from_slice(&labels);
        self.fill = fill;
        self.dead = dead;
        Some(self)
    }

    /// Numbers of the labels as they are now.
    pub(crate) fn numbers(&self) -> &[u8] {
        self.labels.as_slice()
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

    /// Adds lithium to voxels of the electrolyte, in voxels; returns what found no place.
    ///
    /// All of it is added before anything flows over, so that a front which is even stays even. A separator (label 5)
    /// holds no lithium: what reacts there goes to the nearest pore. Only voxels that are `open` take what flows over.
    pub fn plate(&mut self, amounts: impl Iterator<Item = (usize, f64)>, open: impl Fn(usize) -> bool) -> f64 {
        let (mut touched, mut passing) = (Vec::new(), Vec::new());
        for (voxel, amount) in amounts {
            if self.label(voxel) == PORE {
                self.fill[voxel] += amount;
                touched.push(voxel);
            } else {
                passing.push((voxel, amount));
            }
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
            let (left, reached) = self.pass_on(voxel, excess, &open);
            // What is left of a place that was found is rounding, but none is lost.
            if reached {
                self.fill[voxel] += left;
            } else {
                missing += left;
            }
        }
        for (voxel, amount) in passing {
            missing += self.pass_on(voxel, amount, &open).0;
        }
        missing
    }

    /// Gives what a full voxel cannot take to the nearest ones that can, evenly among those of one distance; returns what is
    /// left, and whether that is mere rounding.
    fn pass_on(&mut self, from: usize, mut excess: f64, open: impl Fn(usize) -> bool) -> (f64, bool) {
        let mut seen = std::collections::BTreeSet::from([from]);
        let mut front = vec![from];
        for _ in 0..REACH {
            if excess <= NOTHING || front.is_empty() {
                break;
            }
            let mut next: Vec<usize> = Vec::new();
            for &voxel in &front {
                next.extend(self.neighbours(voxel).filter(|&n| match self.label(n) {
                    PORE => open(n),
                    LITHIUM => true,
                    _ => false,
                }));
            }
            next.sort_unstable();
            next.dedup();
            next.retain(|&n| seen.insert(n));
            let places: Vec<usize> = next.iter().copied().filter(|&n| self.label(n) == PORE).collect();
            let room: f64 = places.iter().map(|&n| 1.0 - self.fill[n]).sum();
            let share = if room > 0.0 { (excess / room).min(1.0) } else { 0.0 };
            for &n in &places {
                self.fill[n] += share * (1.0 - self.fill[n]);
                if self.fill[n] >= 1.0 - NOTHING {
                    self.labels.as_mut_slice()[n] = LITHIUM;
                }
            }
            excess -= share * room;
            front = next;
        }
        (excess, excess <= NOTHING)
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
        for _ in 0..REACH {
            if wanted <= 0.0 || front.is_empty() {
                break;
            }
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
mod tests {
    use foamflux_grid::{VoxelSize, VoxelSizeSource};
    use foamflux_transport::Sides;

    use super::*;
    use crate::cell::{Collector, Setting};
    use crate::materials::Materials;

    /// A row of voxels along x between electrolyte above and carbon below.
    fn row(middle: [u8; 6]) -> (Labels, Deposit, Setting) {
        let size = VoxelSize::known([1e-6; 3], VoxelSizeSource::Generator).unwrap();
        let volume = Volume::from_fn(Shape::new(3, 1, 6).unwrap(), size, |z, _, x| match z {
            0 => PORE,
            1 => middle[x],
            _ => {
                if x == 0 {
                    1
                } else {
                    8
                }
            }
        });
        let labels = Labels::new(volume).unwrap();
        let setting = Setting { axis: Axis::Z, collector: Collector::Last, sides: Sides::NoFlux };
        let cell = Cell::new(&labels, &Materials::default(), setting).unwrap();
        (labels.clone(), Deposit::new(&labels, &cell), setting)
    }

    #[test]
    fn lithium_that_loses_its_bridge_is_dead() {
        let (_, mut deposit, setting) = row([3, 3, 3, 3, 3, 0]);
        let bury = |deposit: &mut Deposit| {
            let connected = Cell::connected_solid(&deposit.labels().unwrap(), &Materials::default(), setting).unwrap();
            deposit.bury(|v| connected[v])
        };
        assert!(bury(&mut deposit).abs() < 1e-12, "all of it hangs together");
        // The second voxel of the row (6 + 1) is stripped away.
        assert!(deposit.strip([(7, 1, 1.0)].into_iter()).abs() < 1e-12);
        assert_eq!(deposit.label(7), PORE);
        assert!((bury(&mut deposit) - 3.0).abs() < 1e-12);
        assert!((deposit.dead() - 3.0).abs() < 1e-12 && (deposit.volume() - 1.0).abs() < 1e-12);
        assert_eq!([6, 7, 8, 9, 10, 11].map(|v| deposit.label(v)), [3, 0, 7, 7, 7, 0]);
        // Dead lithium is not stripped.
        assert!((deposit.strip([(8, 2, 0.5)].into_iter()) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_separator_holds_no_lithium() {
        let (_, mut deposit, _) = row([3, 5, 0, 0, 0, 0]);
        assert!(deposit.plate([(7, 0.5)].into_iter(), |_| true).abs() < 1e-12);
        assert_eq!(deposit.label(7), 5);
        assert!((deposit.fill()[1] + deposit.fill()[8] - 0.5).abs() < 1e-12, "its pores take it");
    }

    #[test]
    fn pores_that_are_closed_take_nothing() {
        let (_, mut deposit, _) = row([3, 0, 0, 0, 0, 0]);
        let left = deposit.plate([(7, 1.5)].into_iter(), |v| v == 7);
        assert!((left - 0.5).abs() < 1e-12 && (deposit.volume() - 2.0).abs() < 1e-12);
    }
}
