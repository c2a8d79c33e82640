//! A random forest of two classes (L. Breiman, Machine Learning 45 (2001) 5).
//!
//! Splits are sought among quantiles of the training values, so that a node costs one pass over its samples and one over
//! bins. Every tree is grown on as many samples of either class, drawn with replacement from two thirds of the places; those
//! of the other places test it. Neighbours are alike, so that a place is in or out with all that was painted there.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::ClassifyError;
use super::features::COUNT;

/// Trees of a forest.
const TREES: usize = 32;
/// Nodes from the root to a leaf at most.
const DEPTH: usize = 12;
/// Samples of a leaf at least.
const LEAF: usize = 4;
/// Samples that a tree is grown on at most.
const DRAWN: usize = 40_000;
/// Quantiles that splits are sought among.
const BINS: usize = 128;
/// Places that a tree is grown on, of a thousand.
const KEPT: usize = 650;
/// Features that are tried at a node: the root of their number.
const TRIED: usize = 4;
/// Trees that are asked first; where all of them agree to [`SURE`], the others are not asked.
const FIRST: usize = 8;
const SURE: f32 = 0.01;
/// A node that is a leaf.
const IS_LEAF: u16 = u16::MAX;
/// Voxels that are taken through a tree side by side.
const LANES: usize = 8;

/// A node of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Node {
    /// The feature that is compared; [`IS_LEAF`] in a leaf.
    feature: u16,
    /// The first of two nodes that follow one another: the next one is for values above `value`.
    next: u16,
    /// The value compared with; in a leaf the share of solid.
    value: f32,
}

/// A tree: its nodes, the root first, as text columns of equal length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tree {
    feature: Vec<u16>,
    next: Vec<u16>,
    value: Vec<f32>,
}

/// Trees that vote.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Forest {
    trees: Vec<Vec<Node>>,
}

/// Values of the features and whether it is solid, of voxels whose class is known.
pub(super) struct Samples {
    pub(super) values: Vec<[f32; COUNT]>,
    pub(super) solid: Vec<bool>,
    /// Where it is: samples of one place are alike.
    pub(super) place: Vec<u64>,
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((u128::from(z) * n as u128) >> 64) as usize
    }
}

/// Samples as bins: that of every feature, and the values between bins.
struct Binned {
    bins: Vec<[u8; COUNT]>,
    edges: Vec<Vec<f32>>,
}

impl Binned {
    fn new(samples: &Samples) -> Self {
        let edges: Vec<Vec<f32>> = (0..COUNT)
            .into_par_iter()
            .map(|k| {
                let mut all: Vec<f32> = samples.values.iter().map(|v| v[k]).collect();
                all.sort_unstable_by(f32::total_cmp);
                let mut edges: Vec<f32> = (1..BINS).map(|q| all[q * all.len() / BINS]).collect();
                edges.dedup();
                edges
            })
            .collect();
        // Bin b holds what is above edge b - 1 and not above edge b.
        let bin = |v: &[f32; COUNT]| std::array::from_fn(|k| edges[k].partition_point(|&e| e < v[k]) as u8);
        let bins = samples.values.par_iter().map(bin).collect();
        Binned { bins, edges }
    }
}

impl Forest {
    /// The forest, and of every sample the share of votes for solid among the trees which had not drawn it.
    pub(super) fn grow(samples: &Samples) -> (Forest, Vec<Option<f32>>) {
        let binned = Binned::new(samples);
        let by_class = [false, true].map(|solid| {
            (0..samples.solid.len()).filter(|&i| samples.solid[i] == solid).map(|i| i as u32).collect::<Vec<u32>>()
        });
        let each = by_class.iter().map(Vec::len).max().unwrap_or(0).min(DRAWN / 2);
        let grown: Vec<(Vec<Node>, Vec<bool>)> = (0..TREES)
            .into_par_iter()
            .map(|t| {
                let mut draw = Draw(t as u64);
                let key = draw.below(usize::MAX) as u64;
                let drawn: Vec<bool> = samples.place.iter().map(|&p| Draw(key ^ p).below(1000) < KEPT).collect();
                let mut own = Vec::with_capacity(2 * each);
                for class in &by_class {
                    let kept: Vec<u32> = class.iter().copied().filter(|&i| drawn[i as usize]).collect();
                    let from = if kept.is_empty() { class } else { &kept };
                    own.extend((0..each).map(|_| from[draw.below(from.len())]));
                }
                (tree(&binned, &samples.solid, own, &mut draw), drawn)
            })
            .collect();
        let unseen = |i: usize| {
            let votes: Vec<f32> =
                grown.iter().filter(|(_, drawn)| !drawn[i]).map(|(nodes, _)| vote(nodes, &samples.values[i])).collect();
            (!votes.is_empty()).then(|| votes.iter().sum::<f32>() / votes.len() as f32)
        };
        let votes = (0..samples.solid.len()).into_par_iter().map(unseen).collect();
        (Forest { trees: grown.into_iter().map(|(nodes, _)| nodes).collect() }, votes)
    }

    /// Share of votes for solid of every voxel of a row, whose features of one kind lie together.
    pub(super) fn vote(&self, values: &[f32], out: &mut [f32]) {
        let n = out.len();
        for begin in (0..n).step_by(LANES) {
            let lanes = LANES.min(n - begin);
            let mut sums = [0f32; LANES];
            let mut asked = 0;
            for tree in &self.trees {
                if asked == FIRST {
                    let (least, most) = (SURE * FIRST as f32, (1.0 - SURE) * FIRST as f32);
                    if sums[..lanes].iter().all(|&s| s < least) || sums[..lanes].iter().all(|&s| s > most) {
                        break;
                    }
                }
                let mut at = [0usize; LANES];
                let mut moving = true;
                while moving {
                    moving = false;
                    for (l, at) in at.iter_mut().enumerate().take(lanes) {
                        let node = tree[*at];
                        if node.feature != IS_LEAF {
                            let above = values[usize::from(node.feature) * n + begin + l] > node.value;
                            *at = usize::from(node.next) + usize::from(above);
                            moving = true;
                        }
                    }
                }
                for (sum, at) in sums.iter_mut().zip(at) {
                    *sum += tree[at].value;
                }
                asked += 1;
            }
            for (o, s) in out[begin..begin + lanes].iter_mut().zip(sums) {
                *o = s / asked as f32;
            }
        }
    }
}

/// What one tree says of one voxel.
fn vote(tree: &[Node], values: &[f32; COUNT]) -> f32 {
    let mut node = tree[0];
    while node.feature != IS_LEAF {
        let above = values[usize::from(node.feature)] > node.value;
        node = tree[usize::from(node.next) + usize::from(above)];
    }
    node.value
}

fn tree(binned: &Binned, solid: &[bool], own: Vec<u32>, draw: &mut Draw) -> Vec<Node> {
    let leaf = |own: &[u32]| {
        let share = own.iter().filter(|&&i| solid[i as usize]).count() as f32 / own.len().max(1) as f32;
        Node { feature: IS_LEAF, next: 0, value: share }
    };
    let mut nodes = vec![leaf(&own)];
    let mut open = vec![(0usize, own, 1usize)];
    while let Some((at, own, depth)) = open.pop() {
        let share = nodes[at].value;
        if depth > DEPTH || own.len() < 2 * LEAF || share <= 0.0 || share >= 1.0 {
            continue;
        }
        let Some((feature, bin)) = split(binned, solid, &own, draw) else { continue };
        let (below, above): (Vec<u32>, Vec<u32>) =
            own.iter().partition(|&&i| usize::from(binned.bins[i as usize][feature]) <= bin);
        let next = nodes.len();
        nodes[at] = Node { feature: feature as u16, next: next as u16, value: binned.edges[feature][bin] };
        nodes.push(leaf(&below));
        nodes.push(leaf(&above));
        open.push((next, below, depth + 1));
        open.push((next + 1, above, depth + 1));
    }
    nodes
}

/// The feature and bin after which to split, by Gini's impurity; `None` where nothing is gained.
fn split(binned: &Binned, solid: &[bool], own: &[u32], draw: &mut Draw) -> Option<(usize, usize)> {
    let mut best: Option<(f64, usize, usize)> = None;
    let mut features: [usize; COUNT] = std::array::from_fn(|k| k);
    for t in 0..TRIED {
        features.swap(t, t + draw.below(COUNT - t));
        let feature = features[t];
        let mut counts = [[0u32; 2]; BINS];
        for &i in own {
            counts[usize::from(binned.bins[i as usize][feature])][usize::from(solid[i as usize])] += 1;
        }
        let all = counts.iter().fold([0; 2], |s, c| [s[0] + c[0], s[1] + c[1]]);
        let mut below = [0u32; 2];
        for (bin, c) in counts.iter().enumerate().take(binned.edges[feature].len()) {
            below = [below[0] + c[0], below[1] + c[1]];
            let above = [all[0] - below[0], all[1] - below[1]];
            let size = |c: [u32; 2]| (c[0] + c[1]) as usize;
            if size(below) < LEAF || size(above) < LEAF {
                continue;
            }
            // Samples times impurity, but for a constant: more is better.
            let purity = |c: [u32; 2]| (f64::from(c[0]).powi(2) + f64::from(c[1]).powi(2)) / size(c) as f64;
            let gain = purity(below) + purity(above) - purity(all);
            if gain > 1e-9 * own.len() as f64 && best.is_none_or(|(g, ..)| gain > g) {
                best = Some((gain, feature, bin));
            }
        }
    }
    best.map(|(_, feature, bin)| (feature, bin))
}

/// As it is written to a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Written(Vec<Tree>);

impl From<Forest> for Written {
    fn from(forest: Forest) -> Self {
        let tree = |nodes: Vec<Node>| Tree {
            feature: nodes.iter().map(|n| n.feature).collect(),
            next: nodes.iter().map(|n| n.next).collect(),
            value: nodes.iter().map(|n| n.value).collect(),
        };
        Written(forest.trees.into_iter().map(tree).collect())
    }
}

impl TryFrom<Written> for Forest {
    type Error = ClassifyError;

    /// Takes over trees that end: each node is followed by later ones that are there, and compares a feature that is known.
    fn try_from(written: Written) -> Result<Self, ClassifyError> {
        let bad = |tree: usize, what: &str| ClassifyError::Model { message: format!("tree {tree} {what}") };
        if written.0.is_empty() {
            return Err(ClassifyError::Model { message: "it has no tree".to_owned() });
        }
        let mut trees = Vec::with_capacity(written.0.len());
        for (t, tree) in written.0.into_iter().enumerate() {
            let n = tree.value.len();
            if n == 0 || tree.feature.len() != n || tree.next.len() != n {
                return Err(bad(t, "has columns of different lengths or none"));
            }
            let nodes: Vec<Node> =
                (0..n).map(|i| Node { feature: tree.feature[i], next: tree.next[i], value: tree.value[i] }).collect();
            for (i, node) in nodes.iter().enumerate() {
                let next = usize::from(node.next);
                if !node.value.is_finite() {
                    return Err(bad(t, "compares with a value that is not finite"));
                }
                if node.feature != IS_LEAF && (usize::from(node.feature) >= COUNT || next <= i || next + 1 >= n) {
                    return Err(bad(t, "leads nowhere"));
                }
            }
            trees.push(nodes);
        }
        Ok(Forest { trees })
    }
}
