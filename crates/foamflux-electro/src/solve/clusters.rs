//! Which unknowns are electrolyte, and of which cluster.

use std::sync::atomic::{AtomicBool, Ordering};

use foamflux_grid::Axis;
use foamflux_transport::links::{Lattice, Links, NO_GROUP};
use rayon::prelude::*;

use super::newton::{Place, TASK};

/// Clusters of electrolyte. Nearly all of it hangs together as a rule, so that one cluster is what is left once the others
/// are listed.
pub(super) struct Clusters {
    /// Whether an unknown is electrolyte.
    electrolyte: Vec<bool>,
    /// The cluster with the most faces.
    main: u32,
    /// Unknowns of all other clusters, with their cluster.
    others: Vec<(u32, u32)>,
}

impl Clusters {
    /// From the places of reacting faces and the clusters that they belong to, while `links` join no media yet.
    pub(super) fn new(lattice: &Lattice<'_>, links: &Links, places: &[Place], component: &[u32], count: usize) -> Self {
        let electrolyte: Vec<AtomicBool> = (0..links.unknowns()).map(|_| AtomicBool::new(false)).collect();
        lattice.group.par_iter().with_min_len(TASK).enumerate().for_each(|(voxel, &group)| {
            if group != NO_GROUP
                && lattice.second_medium >> group & 1 == 0
                && let Some(i) = links.unknown(voxel)
            {
                electrolyte[i].store(true, Ordering::Relaxed);
            }
        });
        let mut faces = vec![0u64; count];
        for &c in component {
            faces[c as usize] += 1;
        }
        let main = (0..count as u32).max_by_key(|&c| (faces[c as usize], std::cmp::Reverse(c))).unwrap_or(0);
        let mut others: Vec<(u32, u32)> = Vec::new();
        if count > 1 {
            let mut seen = vec![false; links.unknowns()];
            let mut queue: Vec<(u32, u32)> =
                places.iter().zip(component).filter(|&(_, &c)| c != main).map(|(p, &c)| (p.e, c)).collect();
            while let Some((i, c)) = queue.pop() {
                if std::mem::replace(&mut seen[i as usize], true) {
                    continue;
                }
                others.push((i, c));
                for axis in Axis::ALL {
                    for up in [false, true] {
                        let j = links.neighbour(i as usize, axis, up);
                        if !seen[j] && links.conductance(i as usize, axis, up) > 0.0 {
                            queue.push((j as u32, c));
                        }
                    }
                }
            }
        }
        let electrolyte = electrolyte.into_iter().map(AtomicBool::into_inner).collect();
        Clusters { electrolyte, main, others }
    }

    /// Whether each unknown is electrolyte.
    pub(super) fn electrolyte(&self) -> &[bool] {
        &self.electrolyte
    }

    /// Adds a value by cluster to the potential of electrolyte.
    pub(super) fn add(&self, phi: &mut [f64], values: &[f64]) {
        let Some(&most) = values.get(self.main as usize) else { return };
        let others: Vec<f64> = self.others.iter().map(|&(i, c)| phi[i as usize] + values[c as usize]).collect();
        phi.par_iter_mut().with_min_len(TASK).zip(&self.electrolyte).for_each(|(p, &e)| {
            if e {
                *p += most;
            }
        });
        for (&(i, _), value) in self.others.iter().zip(others) {
            phi[i as usize] = value;
        }
    }

    /// Cluster of every unknown, `solid` where it is no electrolyte.
    pub(super) fn by_unknown(&self, solid: u32) -> Vec<u32> {
        let mut out: Vec<u32> = self.electrolyte.iter().map(|&e| if e { self.main } else { solid }).collect();
        for &(i, c) in &self.others {
            out[i as usize] = c;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use foamflux_grid::Shape;

    use super::*;

    /// A row of electrolyte 0 0 0, solid 1 1, electrolyte 0, nothing, electrolyte 0 0: clusters 0, 1 and 2.
    #[test]
    fn values_reach_their_own_cluster_and_no_solid() {
        let group = [0, 0, 0, 1, 1, 0, NO_GROUP, 0, 0];
        let lattice =
            Lattice { shape: Shape::new(1, 1, 9).unwrap(), wraps: [false; 3], group: &group, second_medium: 0b10 };
        let same = |a: usize, b: usize| if group[a] == group[b] { 1.0 } else { 0.0 };
        let links = Links::new(&lattice, |_, a, b| same(a, b), |_| 0.0).unwrap();
        let number = |voxel: usize| links.unknown(voxel).unwrap() as u32;
        let face = |e: usize, s: usize| Place { e: number(e), s: number(s) };
        // The middle one has two faces here and is the main one; the last touches the solid elsewhere, say.
        let places = [face(2, 3), face(5, 4), face(5, 4), face(7, 4)];
        let clusters = Clusters::new(&lattice, &links, &places, &[0, 1, 1, 2], 3);
        let mut phi = vec![0.25; links.unknowns()];
        clusters.add(&mut phi, &[1.0, 2.0, 4.0]);
        let expected = [1.25, 1.25, 1.25, 0.25, 0.25, 2.25, f64::NAN, 4.25, 4.25];
        for (voxel, &want) in expected.iter().enumerate() {
            if let Some(i) = links.unknown(voxel) {
                assert!((phi[i] - want).abs() < 1e-15, "voxel {voxel}: {} for {want}", phi[i]);
            }
        }
        let ids = clusters.by_unknown(u32::MAX);
        for (voxel, want) in [0, 0, 0, u32::MAX, u32::MAX, 1, 7, 2, 2].into_iter().enumerate() {
            if let Some(i) = links.unknown(voxel) {
                assert_eq!(ids[i], want, "voxel {voxel}");
            }
        }
    }
}
