//! What the graph says exactly about nodes and struts.

use serde::Serialize;

use super::{Boundary, Foam};
use crate::graph::length_in_box;
use crate::vector::Point;

/// Spread of a set of lengths in metres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LengthStatistics {
    /// Mean.
    pub mean: f64,
    /// Median.
    pub median: f64,
    /// Standard deviation of the population.
    pub std: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
}

impl LengthStatistics {
    /// The spread of these lengths; `None` when there are none.
    #[must_use]
    pub fn of(mut lengths: Vec<f64>) -> Option<Self> {
        lengths.sort_by(f64::total_cmp);
        let (&min, &max) = (lengths.first()?, lengths.last()?);
        let n = lengths.len();
        let mean = lengths.iter().sum::<f64>() / n as f64;
        let std = (lengths.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
        let median = 0.5 * (lengths[(n - 1) / 2] + lengths[n / 2]);
        Some(LengthStatistics { mean, median, std, min, max })
    }
}

/// Counts and lengths of a foam's graph.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoamStatistics {
    /// Cells whose seed lies in the box.
    pub cells: usize,
    /// Nodes in the box.
    pub nodes: usize,
    /// Struts: all of a periodic foam, of an open one those with their middle in the box.
    pub struts: usize,
    /// Mean number of struts at a node in the box.
    pub coordination_mean: f64,
    /// `histogram[k]` nodes in the box have `k` struts.
    pub coordination_histogram: Vec<usize>,
    /// Node to node lengths of the counted struts.
    pub strut_length_m: Option<LengthStatistics>,
    /// Length of all struts inside of the box, cut at its faces.
    pub strut_length_total_m: f64,
}

impl Foam {
    /// Counts and lengths of the graph.
    #[must_use]
    pub fn statistics(&self) -> FoamStatistics {
        let inside = |p: Point| (0..3).all(|k| p[k] >= 0.0 && p[k] < self.box_m[k]);
        let periodic = self.boundary == Boundary::Periodic;
        let middle = |s: &super::Strut| std::array::from_fn(|k| 0.5 * (s.start_m[k] + s.end_m[k]));
        let lengths: Vec<f64> =
            self.struts.iter().filter(|s| periodic || inside(middle(s))).map(super::Strut::length_m).collect();
        let mut histogram = Vec::new();
        for node in self.nodes.iter().filter(|n| n.inside) {
            if histogram.len() <= node.coordination {
                histogram.resize(node.coordination + 1, 0);
            }
            histogram[node.coordination] += 1;
        }
        let nodes: usize = histogram.iter().sum();
        let ends: usize = histogram.iter().enumerate().map(|(k, n)| k * n).sum();
        let total = if periodic {
            lengths.iter().sum()
        } else {
            self.struts.iter().map(|s| length_in_box(s.start_m, s.end_m, self.box_m)).sum()
        };
        FoamStatistics {
            cells: self.cells,
            nodes,
            struts: lengths.len(),
            coordination_mean: if nodes == 0 { 0.0 } else { ends as f64 / nodes as f64 },
            coordination_histogram: histogram,
            strut_length_m: LengthStatistics::of(lengths),
            strut_length_total_m: total,
        }
    }
}
