//! Which part of the graph each solid voxel belongs to: the skeleton voxel that is nearest to it *through the solid*.
//!
//! Skeleton voxels spread over face neighbours, each carrying its place along (vector propagation, P. Danielsson,
//! Computer Graphics and Image Processing 14 (1980) 227); a voxel changes hands while a nearer owner arrives.
//! Struts that pass each other without touching do not mix, however near they are.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use foamflux_grid::Volume;
use rayon::prelude::*;

use crate::cells::STEPS;
use crate::graph::Graph;

/// No owner: pore, or solid that is joined to no skeleton.
pub(crate) const NOBODY: u32 = u32::MAX;

/// Voxels of a front that are looked at together.
const TOGETHER: usize = 4096;

/// A voxel of the graph.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element {
    /// Place in the box.
    pub(crate) at: [usize; 3],
    /// Place in the frame of the edge or vertex.
    pub(crate) framed: [i32; 3],
    pub(crate) home: Home,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    Vertex(usize),
    /// Edge and position on its path.
    Edge(usize, usize),
}

pub(crate) struct Owners {
    pub(crate) elements: Vec<Element>,
    /// Element of each voxel of the box.
    pub(crate) of: Vec<u32>,
}

impl Owners {
    pub(crate) fn new(graph: &Graph<'_>, solid: &Volume<bool>) -> Self {
        let pad = graph.pad();
        let mut elements = Vec::new();
        let living = graph.vertices.iter().enumerate().filter(|(_, v)| v.alive);
        for (id, vertex) in living {
            let of_vertex = |&framed: &[i32; 3]| Element { at: pad.wrap(framed), framed, home: Home::Vertex(id) };
            elements.extend(vertex.voxels.iter().map(of_vertex));
        }
        for (id, edge) in graph.edges.iter().enumerate().filter(|(_, e)| e.alive) {
            let of_edge =
                |(k, &framed): (usize, &[i32; 3])| Element { at: pad.wrap(framed), framed, home: Home::Edge(id, k) };
            elements.extend(edge.path.iter().enumerate().map(of_edge));
        }
        let mut owners = Owners { elements, of: vec![NOBODY; solid.shape().len()] };
        owners.spread(graph, solid);
        owners
    }

    /// Square of the distance between a voxel and an element.
    #[inline]
    fn apart(&self, graph: &Graph<'_>, xyz: [usize; 3], element: u32) -> f64 {
        let delta = self.delta(graph, xyz, element);
        (0..3).map(|k| (f64::from(delta[k]) * graph.spacing[k]).powi(2)).sum()
    }

    /// Steps from an element to a voxel, the short way round a periodic box.
    #[inline]
    pub(crate) fn delta(&self, graph: &Graph<'_>, xyz: [usize; 3], element: u32) -> [i32; 3] {
        let at = self.elements[element as usize].at;
        let pad = graph.pad();
        std::array::from_fn(|k| {
            let d = xyz[k] as i32 - at[k] as i32;
            if !pad.periodic {
                return d;
            }
            let n = pad.n[k] as i32;
            if 2 * d > n {
                d - n
            } else if 2 * d < -n {
                d + n
            } else {
                d
            }
        })
    }

    /// In rounds: each voxel of the front offers its owner to its neighbours, and what each of them takes is the best of
    /// its offers, in whatever order they come.
    fn spread(&mut self, graph: &Graph<'_>, solid: &Volume<bool>) {
        let pad = graph.pad();
        let inside = solid.as_slice();
        let of: Vec<AtomicU32> = std::mem::take(&mut self.of).into_iter().map(AtomicU32::new).collect();
        let mut front: Vec<u32> = Vec::new();
        for e in 0..self.elements.len() {
            let i = pad.unpadded(self.elements[e].at);
            if of[i].swap(e as u32, Relaxed) == NOBODY {
                front.push(i as u32);
            }
        }
        let strides = [1, pad.n[0] as isize, (pad.n[0] * pad.n[1]) as isize];
        let by_step = STEPS.map(|s| (0..3).map(|k| s[k] as isize * strides[k]).sum::<isize>());
        let places: Vec<[i32; 3]> = self.elements.iter().map(|e| e.at.map(|v| v as i32)).collect();
        let apart = |xyz: [i32; 3], element: u32| -> f64 {
            if pad.periodic {
                self.apart(graph, xyz.map(|v| v as usize), element)
            } else {
                let at = places[element as usize];
                (0..3).map(|k| (f64::from(xyz[k] - at[k]) * graph.spacing[k]).powi(2)).sum()
            }
        };
        // Takes an offer that is better than what is held, or the same from an earlier element.
        let take = |j: usize, to: [i32; 3], owner: u32| -> bool {
            let better = |held: u32| {
                held == NOBODY || {
                    let (offered, has) = (apart(to, owner), apart(to, held));
                    offered < has || offered <= has && owner < held
                }
            };
            of[j].fetch_update(Relaxed, Relaxed, |held| (held != owner && better(held)).then_some(owner)).is_ok()
        };
        let offers = |&(i, owner): &(u32, u32), steps: usize, next: &mut Vec<u32>| {
            let (row, x) = (i / pad.n[0] as u32, i % pad.n[0] as u32);
            let xyz = [x, row % pad.n[1] as u32, row / pad.n[1] as u32];
            let inner = (0..3).all(|k| xyz[k] > 0 && (xyz[k] as usize) + 1 < pad.n[k]);
            for s in 0..steps {
                let (j, to) = if inner {
                    let j = (i as usize).wrapping_add_signed(by_step[s]);
                    (j, std::array::from_fn(|k| xyz[k] as i32 + STEPS[s][k]))
                } else {
                    let Some(to) = pad.step(xyz.map(|v| v as usize), STEPS[s]) else { continue };
                    (pad.unpadded(to), to.map(|v| v as i32))
                };
                if inside[j] && take(j, to, owner) {
                    next.push(j as u32);
                }
            }
        };
        let mut corners = false;
        while !front.is_empty() {
            // Face neighbours suffice but where solid hangs together over edges and corners alone.
            let steps = if corners { 26 } else { 6 };
            // Whom each belongs to before anything changes.
            let round: Vec<(u32, u32)> = front.iter().map(|&i| (i, of[i as usize].load(Relaxed))).collect();
            let changed: Vec<Vec<u32>> = round
                .par_chunks(TOGETHER)
                .map(|part| {
                    let mut next = Vec::new();
                    part.iter().for_each(|one| offers(one, steps, &mut next));
                    next
                })
                .collect();
            front = changed.concat();
            corners = front.is_empty();
            if corners {
                front = rim(graph, solid, &of);
            }
        }
        self.of = of.into_iter().map(AtomicU32::into_inner).collect();
    }
}

/// Owned voxels that touch solid which nobody owns yet.
fn rim(graph: &Graph<'_>, solid: &Volume<bool>, of: &[AtomicU32]) -> Vec<u32> {
    let pad = graph.pad();
    let shape = solid.shape();
    let plane = shape.x * shape.y;
    let is_owned = |i: usize| of[i].load(Relaxed) != NOBODY;
    let of_slice = |(z, inside): (usize, &[bool])| {
        let mut rim = Vec::new();
        for i in (0..inside.len()).filter(|&i| inside[i] && !is_owned(z * plane + i)) {
            let (z, y, x) = shape.zyx_of(z * plane + i);
            let around = STEPS.iter().filter_map(|&step| pad.step([x, y, z], step));
            rim.extend(around.map(|to| pad.unpadded(to)).filter(|&j| is_owned(j)).map(|j| j as u32));
        }
        rim
    };
    let mut rim: Vec<u32> = solid.as_slice().par_chunks(plane).enumerate().flat_map_iter(of_slice).collect();
    rim.sort_unstable();
    rim.dedup();
    rim
}
