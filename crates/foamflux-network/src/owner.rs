//! Which part of the graph each solid voxel belongs to: the skeleton voxel that is nearest to it *through the solid*.
//!
//! Skeleton voxels spread over face neighbours, each carrying its place along (vector propagation, P. Danielsson,
//! Computer Graphics and Image Processing 14 (1980) 227); a voxel changes hands while a nearer owner arrives.
//! Struts that pass each other without touching do not mix, however near they are.

use foamflux_grid::Volume;

use crate::cells::STEPS;
use crate::graph::Graph;

/// No owner: pore, or solid that is joined to no skeleton.
pub(crate) const NOBODY: u32 = u32::MAX;

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

    fn spread(&mut self, graph: &Graph<'_>, solid: &Volume<bool>) {
        let pad = graph.pad();
        let inside = solid.as_slice();
        let mut front: Vec<u32> = Vec::new();
        for e in 0..self.elements.len() {
            let i = pad.unpadded(self.elements[e].at);
            if self.of[i] == NOBODY {
                front.push(i as u32);
            }
            self.of[i] = e as u32;
        }
        let strides = [1, pad.n[0] as isize, (pad.n[0] * pad.n[1]) as isize];
        let by_step = STEPS.map(|s| (0..3).map(|k| s[k] as isize * strides[k]).sum::<isize>());
        let places: Vec<[i32; 3]> = self.elements.iter().map(|e| e.at.map(|v| v as i32)).collect();
        let apart = |owners: &Self, xyz: [i32; 3], element: u32| {
            if pad.periodic {
                owners.apart(graph, xyz.map(|v| v as usize), element)
            } else {
                let at = places[element as usize];
                (0..3).map(|k| (f64::from(xyz[k] - at[k]) * graph.spacing[k]).powi(2)).sum()
            }
        };
        let mut next = Vec::new();
        let mut corners = false;
        while !front.is_empty() {
            for &i in &front {
                let (row, x) = (i / pad.n[0] as u32, i % pad.n[0] as u32);
                let xyz = [x, row % pad.n[1] as u32, row / pad.n[1] as u32];
                let owner = self.of[i as usize];
                let inner = (0..3).all(|k| xyz[k] > 0 && (xyz[k] as usize) + 1 < pad.n[k]);
                // Face neighbours suffice but where solid hangs together over edges and corners alone.
                for s in 0..if corners { 26 } else { 6 } {
                    let (j, to) = if inner {
                        let j = (i as usize).wrapping_add_signed(by_step[s]);
                        (j, std::array::from_fn(|k| xyz[k] as i32 + STEPS[s][k]))
                    } else {
                        let Some(to) = pad.step(xyz.map(|v| v as usize), STEPS[s]) else { continue };
                        (pad.unpadded(to), to.map(|v| v as i32))
                    };
                    let held = self.of[j];
                    if held == owner || !inside[j] {
                        continue;
                    }
                    if held == NOBODY || apart(self, to, owner) < apart(self, to, held) {
                        self.of[j] = owner;
                        next.push(j as u32);
                    }
                }
            }
            std::mem::swap(&mut front, &mut next);
            next.clear();
            if front.is_empty() {
                corners = true;
                front = self.rim(graph, solid);
            } else {
                corners = false;
            }
        }
    }

    /// Owned voxels that touch solid which nobody owns yet.
    fn rim(&self, graph: &Graph<'_>, solid: &Volume<bool>) -> Vec<u32> {
        let pad = graph.pad();
        let mut rim = Vec::new();
        for (i, &s) in solid.as_slice().iter().enumerate() {
            if s && self.of[i] == NOBODY {
                let (z, y, x) = solid.shape().zyx_of(i);
                for &step in &STEPS {
                    if let Some(to) = pad.step([x, y, z], step) {
                        let j = pad.unpadded(to);
                        if self.of[j] != NOBODY {
                            rim.push(j as u32);
                        }
                    }
                }
            }
        }
        rim.sort_unstable();
        rim.dedup();
        rim
    }
}
