//! Things found by place: a grid of buckets over the box, each with the list of what comes near it.

use crate::vector::{Point, norm};

/// Most buckets along an axis.
const MOST_BUCKETS: f64 = 128.0;

/// Lists of item numbers by place, in rising order.
#[derive(Debug, Clone)]
pub(crate) struct Buckets {
    box_m: Point,
    counts: [usize; 3],
    /// `list[first[b]..first[b + 1]]` are the items of bucket `b`.
    first: Vec<u32>,
    list: Vec<u32>,
}

impl Buckets {
    /// Sorts items into buckets of about this edge.
    ///
    /// `span(i)` is a box that holds item `i` and all that must find it; `near(i, c, r)` says whether item `i` concerns any
    /// point within `r` of `c`.
    pub(crate) fn new(
        box_m: Point,
        edge_m: f64,
        items: usize,
        span: impl Fn(usize) -> (Point, Point),
        near: impl Fn(usize, Point, f64) -> bool,
    ) -> Self {
        let counts = box_m.map(|edge| (edge / edge_m).clamp(1.0, MOST_BUCKETS) as usize);
        let edge: Point = std::array::from_fn(|k| box_m[k] / counts[k] as f64);
        let half_diagonal = 0.5 * norm(edge);
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for i in 0..items {
            let (low, high) = span(i);
            let range: [std::ops::Range<usize>; 3] = std::array::from_fn(|k| {
                let from = (low[k] / edge[k]).max(0.0) as usize;
                from..((high[k] / edge[k]).max(-1.0) + 1.0).min(counts[k] as f64) as usize
            });
            for z in range[2].clone() {
                for y in range[1].clone() {
                    for x in range[0].clone() {
                        let centre =
                            [(x as f64 + 0.5) * edge[0], (y as f64 + 0.5) * edge[1], (z as f64 + 0.5) * edge[2]];
                        if near(i, centre, half_diagonal) {
                            pairs.push((((z * counts[1] + y) * counts[0] + x) as u32, i as u32));
                        }
                    }
                }
            }
        }
        pairs.sort_unstable();
        let mut first = vec![0u32; counts.iter().product::<usize>() + 1];
        for &(bucket, _) in &pairs {
            first[bucket as usize + 1] += 1;
        }
        for b in 1..first.len() {
            first[b] += first[b - 1];
        }
        Buckets { box_m, counts, first, list: pairs.into_iter().map(|(_, i)| i).collect() }
    }

    /// The items near a point of the closed box.
    #[inline]
    pub(crate) fn at(&self, p: Point) -> &[u32] {
        let at: [usize; 3] =
            std::array::from_fn(|k| ((p[k] / self.box_m[k] * self.counts[k] as f64) as usize).min(self.counts[k] - 1));
        let bucket = (at[2] * self.counts[1] + at[1]) * self.counts[0] + at[0];
        &self.list[self.first[bucket] as usize..self.first[bucket + 1] as usize]
    }
}
