//! Ways through the network from face to face.
//!
//! # Theory
//! The number of *independent paths* is that of paths which share no fibre. It equals the smallest number of fibres whose
//! removal parts the two faces (K. Menger 1927; L. Ford and D. Fulkerson, Canadian J. Math. 8 (1956) 399), and is the
//! largest flow where every fibre carries one unit, found with E. Dinic's method (Soviet Math. Dokl. 11 (1970) 1277) in a
//! time that grows with fibres times the root of their number.
//! The *shortest path* runs along axes of fibres, and over the edge of the box it is the geometric tortuosity of the
//! network.

use std::collections::{BinaryHeap, VecDeque};

use foamflux_grid::Axis;

use crate::network::{Network, NodeKind};
use crate::ranked::Ranked;
use crate::statistics::on_faces;

/// Ways through the network across one axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paths {
    /// The axis.
    pub axis: Axis,
    /// Paths that share no fibre.
    pub independent: usize,
    /// Length of the shortest from face to face; `None` where there is none.
    pub shortest: Option<f64>,
    /// That over the edge of the box.
    pub tortuosity: Option<f64>,
}

/// The ways across `axis`.
#[must_use]
pub fn paths(network: &Network, axis: Axis) -> Paths {
    let [low, high] = on_faces(network, axis);
    let k = axis.xyz_index();
    let size = network.box_size[k];
    let mut around: Vec<Vec<(usize, f64)>> = vec![Vec::new(); network.nodes.len()];
    for fibre in &network.fibres {
        let [a, b] = fibre.nodes;
        around[a].push((b, fibre.length));
        around[b].push((a, fibre.length));
    }
    // From each face straight to the nodes that touch it; fibres that are cut run to the face themselves.
    let to = |i: usize, way: f64| if network.nodes[i].kind == NodeKind::Cut { 0.0 } else { way.max(0.0) };
    let from_low = |i: usize| low[i].then(|| to(i, network.nodes[i].position[k]));
    let from_high = |i: usize| high[i].then(|| to(i, size - network.nodes[i].position[k]));
    let shortest = shortest(&around, from_low, from_high);
    // A node that touches both faces is a path without a fibre.
    let both = (0..low.len()).filter(|&i| low[i] && high[i]).count();
    let fibres: Vec<[usize; 2]> = network.fibres.iter().map(|f| f.nodes).collect();
    let only = |on: &[bool], other: &[bool]| -> Vec<usize> { (0..on.len()).filter(|&i| on[i] && !other[i]).collect() };
    let independent = both + flow(network.nodes.len(), &fibres, &only(&low, &high), &only(&high, &low));
    Paths { axis, independent, shortest, tortuosity: shortest.map(|s| s / size) }
}

/// The shortest way from a node that `begin` knows to one that `end` knows, with what they add (E. Dijkstra 1959).
fn shortest(
    around: &[Vec<(usize, f64)>],
    begin: impl Fn(usize) -> Option<f64>,
    end: impl Fn(usize) -> Option<f64>,
) -> Option<f64> {
    let mut best: Vec<f64> = (0..around.len()).map(|i| begin(i).unwrap_or(f64::INFINITY)).collect();
    let mut heap: BinaryHeap<Ranked> =
        (0..around.len()).filter(|&i| best[i].is_finite()).map(|node| Ranked::nearest(best[node], node)).collect();
    while let Some((length, node)) = heap.pop().map(Ranked::distance) {
        if length > best[node] {
            continue;
        }
        for &(next, way) in &around[node] {
            if length + way < best[next] {
                best[next] = length + way;
                heap.push(Ranked::nearest(best[next], next));
            }
        }
    }
    let all = (0..around.len()).filter_map(|i| end(i).map(|e| best[i] + e)).filter(|l| l.is_finite());
    all.fold(None, |least: Option<f64>, l| Some(least.map_or(l, |m| m.min(l))))
}

/// Largest number of paths from `sources` to `sinks` that share no edge.
fn flow(nodes: usize, edges: &[[usize; 2]], sources: &[usize], sinks: &[usize]) -> usize {
    // Arcs in pairs, each the way back of the other; an undirected edge may be used either way once.
    let (source, sink) = (nodes, nodes + 1);
    let mut arcs: Vec<(usize, usize)> = Vec::new();
    let mut of: Vec<Vec<usize>> = vec![Vec::new(); nodes + 2];
    let mut add = |a: usize, b: usize, there: usize, back: usize| {
        of[a].push(arcs.len());
        arcs.push((b, there));
        of[b].push(arcs.len());
        arcs.push((a, back));
    };
    for &[a, b] in edges.iter().filter(|[a, b]| a != b) {
        add(a, b, 1, 1);
    }
    for &s in sources {
        add(source, s, edges.len(), 0);
    }
    for &t in sinks {
        add(t, sink, edges.len(), 0);
    }
    let mut total = 0;
    loop {
        // Steps from the source.
        let mut level = vec![usize::MAX; nodes + 2];
        level[source] = 0;
        let mut queue = VecDeque::from([source]);
        while let Some(v) = queue.pop_front() {
            for &a in &of[v] {
                let (to, room) = arcs[a];
                if room > 0 && level[to] == usize::MAX {
                    level[to] = level[v] + 1;
                    queue.push_back(to);
                }
            }
        }
        if level[sink] == usize::MAX {
            return total;
        }
        // Paths along ascending levels until none is left, each one unit.
        let mut next = vec![0; nodes + 2];
        let mut path: Vec<usize> = Vec::new();
        loop {
            let at = path.last().map_or(source, |&a| arcs[a].0);
            if at == sink {
                for &a in &path {
                    arcs[a].1 -= 1;
                    arcs[a ^ 1].1 += 1;
                }
                total += 1;
                path.clear();
                continue;
            }
            if let Some(&a) = of[at].get(next[at]) {
                let (to, room) = arcs[a];
                if room > 0 && level[to] == level[at] + 1 {
                    path.push(a);
                } else {
                    next[at] += 1;
                }
            } else {
                // A dead end: back one step, and not this way again.
                let Some(a) = path.pop() else { break };
                next[arcs[a ^ 1].0] += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fewest edges to remove, by trying all subsets.
    fn cut_by_force(nodes: usize, edges: &[[usize; 2]], sources: &[usize], sinks: &[usize]) -> usize {
        (0u32..1 << edges.len())
            .filter(|kept| {
                let mut reached = vec![false; nodes];
                sources.iter().for_each(|&s| reached[s] = true);
                for _ in 0..nodes {
                    for (e, &[a, b]) in edges.iter().enumerate() {
                        if kept >> e & 1 == 1 && reached[a] != reached[b] {
                            (reached[a], reached[b]) = (true, true);
                        }
                    }
                }
                !sinks.iter().any(|&t| reached[t])
            })
            .map(|kept| edges.len() - kept.count_ones() as usize)
            .min()
            .unwrap_or(0)
    }

    #[test]
    fn the_largest_flow_is_the_smallest_cut() {
        let mut state = 11u64;
        let mut random = |n: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((state >> 33) as usize) % n
        };
        let mut seen = [0usize; 5];
        for _ in 0..300 {
            let nodes = 5 + random(4);
            let edges: Vec<[usize; 2]> = (0..4 + random(8)).map(|_| [random(nodes), random(nodes)]).collect();
            let (sources, sinks) = (vec![0, 1], vec![nodes - 1, nodes - 2]);
            let found = flow(nodes, &edges, &sources, &sinks);
            assert_eq!(found, cut_by_force(nodes, &edges, &sources, &sinks), "{edges:?}");
            seen[found.min(4)] += 1;
        }
        // The test says something only where graphs of several strengths occur.
        assert!(seen[..4].iter().all(|&n| n > 5), "{seen:?}");
    }

    #[test]
    fn a_path_that_is_in_the_way_of_two_others_is_taken_back() {
        // The short way over the middle (0-2-3-5) blocks both long ones.
        let edges = [[0, 2], [2, 3], [3, 5], [2, 4], [4, 5], [0, 1], [1, 3]];
        assert_eq!(flow(6, &edges, &[0], &[5]), 2);
    }

    #[test]
    fn the_shortest_way_counts_what_is_between_face_and_node() {
        let around = vec![vec![(1, 5.0), (2, 1.0)], vec![(0, 5.0), (2, 1.5)], vec![(0, 1.0), (1, 1.5)]];
        let at = |i: usize, n: usize, way: f64| (i == n).then_some(way);
        let way = shortest(&around, |i| at(i, 0, 0.25), |i| at(i, 1, 0.5));
        assert!((way.unwrap_or(0.0) - 3.25).abs() < 1e-12);
        assert!(shortest(&[Vec::new(), Vec::new()], |i| at(i, 0, 0.0), |i| at(i, 1, 0.0)).is_none());
    }
}
