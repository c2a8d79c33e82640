//! What is put on or into a host once it is voxels: lithium and lithiophilic sites.
//!
//! A conformal coat fills the pore voxels nearest to the solid, by Euclidean distance between centres, until it has the
//! wanted volume; a bottom fill takes the pore voxels nearest to the collector (z = L).
//! Sites are the outermost voxel layer of the solid (or, as particles, balls on it): their thickness is that of the voxel,
//! their area is what counts, and the share of faces that they have got is measured and reported.
//!
//! Distances are exact (P. Felzenszwalb and D. Huttenlocher, Theory Comput. 8, 415, 2012).

use foamflux_grid::{Label, LabelSet, Shape, Volume};
use rayon::prelude::*;

use crate::random::{Purpose, Stream};
use crate::truth::SiteFacts;

/// Which surface bears sites, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sites {
    pub(crate) pattern: &'static str,
    pub(crate) fraction: f64,
    pub(crate) size_m: f64,
    pub(crate) on: LabelSet,
}

/// Fills pore voxels with lithium until they take `fraction` of the volume.
pub(crate) fn conformal(labels: &mut Volume<u8>, fraction: f64) {
    let edges = labels.spacing().zyx();
    let distance = distance_squared(labels, edges);
    let mut order: Vec<f32> = (labels.as_slice().iter().zip(&distance))
        .filter(|(l, d)| **l == Label::Pore as u8 && d.is_finite())
        .map(|(_, d)| *d)
        .collect();
    let wanted = (fraction * labels.shape().len() as f64).round() as usize;
    if order.is_empty() || wanted == 0 {
        return;
    }
    let last = wanted.min(order.len()) - 1;
    let limit = *order.select_nth_unstable_by(last, f32::total_cmp).1;
    for (label, d) in labels.as_mut_slice().iter_mut().zip(&distance) {
        if *label == Label::Pore as u8 && *d <= limit {
            *label = Label::Lithium as u8;
        }
    }
}

/// Fills whole slices from the last one on until lithium takes about `fraction` of the volume.
pub(crate) fn from_bottom(labels: &mut Volume<u8>, fraction: f64) {
    let shape = labels.shape();
    let wanted = fraction * shape.len() as f64;
    let mut filled = 0.0;
    for z in (0..shape.z).rev() {
        let plane = &mut labels.as_mut_slice()[z * shape.y * shape.x..(z + 1) * shape.y * shape.x];
        let pores = plane.iter().filter(|v| **v == Label::Pore as u8).count() as f64;
        if filled + 0.5 * pores > wanted {
            return;
        }
        filled += pores;
        plane.iter_mut().filter(|v| **v == Label::Pore as u8).for_each(|v| *v = Label::Lithium as u8);
    }
}

/// Square of the distance of each voxel centre from the nearest solid one, in the unit of the edges (z, y, x).
fn distance_squared(labels: &Volume<u8>, edges: [f64; 3]) -> Vec<f32> {
    let shape = labels.shape();
    let plane = shape.y * shape.x;
    let solid = LabelSet::SOLID;
    let mut d: Vec<f32> =
        labels.as_slice().iter().map(|l| if solid.contains(*l) { 0.0 } else { f32::INFINITY }).collect();
    d.par_chunks_mut(plane).for_each(|slice| {
        let mut line = Line::new(shape.x.max(shape.y));
        for row in slice.chunks_mut(shape.x) {
            line.run(row.len(), edges[2], |i| row[i]);
            row.copy_from_slice(&line.out[..shape.x]);
        }
        for x in 0..shape.x {
            line.run(shape.y, edges[1], |y| slice[y * shape.x + x]);
            (0..shape.y).for_each(|y| slice[y * shape.x + x] = line.out[y]);
        }
    });
    // Along z: one row of columns at a time.
    let columns: Vec<Vec<f32>> = (0..shape.y)
        .into_par_iter()
        .map(|y| {
            let mut line = Line::new(shape.z);
            let mut out = vec![0.0; shape.z * shape.x];
            for x in 0..shape.x {
                line.run(shape.z, edges[0], |z| d[z * plane + y * shape.x + x]);
                (0..shape.z).for_each(|z| out[z * shape.x + x] = line.out[z]);
            }
            out
        })
        .collect();
    for (y, column) in columns.iter().enumerate() {
        for z in 0..shape.z {
            d[z * plane + y * shape.x..][..shape.x].copy_from_slice(&column[z * shape.x..(z + 1) * shape.x]);
        }
    }
    d
}

/// The lower envelope of parabolas along a line.
struct Line {
    out: Vec<f32>,
    at: Vec<usize>,
    from: Vec<f64>,
}

impl Line {
    fn new(n: usize) -> Self {
        Line { out: vec![0.0; n], at: vec![0; n], from: vec![0.0; n + 1] }
    }

    fn run(&mut self, n: usize, edge: f64, value: impl Fn(usize) -> f32) {
        let mut count = 0;
        for i in (0..n).filter(|&i| value(i).is_finite()) {
            let height = |j: usize| f64::from(value(j)) + (j as f64 * edge).powi(2);
            loop {
                if count == 0 {
                    self.from[0] = f64::NEG_INFINITY;
                    break;
                }
                let j = self.at[count - 1];
                let meet = (height(i) - height(j)) / (2.0 * edge * edge * (i - j) as f64);
                if meet > self.from[count - 1] {
                    self.from[count] = meet;
                    break;
                }
                count -= 1;
            }
            self.at[count] = i;
            count += 1;
        }
        let mut k = 0;
        for i in 0..n {
            if count == 0 {
                self.out[i] = f32::INFINITY;
                continue;
            }
            while k + 1 < count && self.from[k + 1] < i as f64 {
                k += 1;
            }
            let j = self.at[k];
            self.out[i] = (f64::from(value(j)) + ((i as f64 - j as f64) * edge).powi(2)) as f32;
        }
    }
}

fn neighbours(i: usize, shape: Shape) -> impl Iterator<Item = usize> {
    let (z, y, x) = shape.zyx_of(i);
    let (row, plane) = (shape.x, shape.y * shape.x);
    [
        (x > 0).then(|| i - 1),
        (x + 1 < shape.x).then(|| i + 1),
        (y > 0).then(|| i - row),
        (y + 1 < shape.y).then(|| i + row),
        (z > 0).then(|| i - plane),
        (z + 1 < shape.z).then(|| i + plane),
    ]
    .into_iter()
    .flatten()
}

/// Puts sites on the surface.
pub(crate) fn decorate(labels: &mut Volume<u8>, sites: &Sites, seed: u64) -> SiteFacts {
    let shape = labels.shape();
    let s = labels.spacing();
    let pore = Label::Pore as u8;
    let bare = labels.as_slice();
    let exposed = |v: &[u8], i: usize| neighbours(i, shape).any(|j| v[j] == pore);
    let surface: Vec<usize> =
        (0..shape.len()).into_par_iter().filter(|&i| sites.on.contains(bare[i]) && exposed(bare, i)).collect();
    let mut stream = Stream::new(seed, Purpose::Sites, 0);
    let mut number = 0u64;
    let site = Label::Lithiophilic as u8;
    let v = labels.as_mut_slice();
    match sites.pattern {
        "uniform" | "gradient" => {
            for &i in &surface {
                let depth = (shape.zyx_of(i).0 as f64 + 0.5) / shape.z as f64;
                let share = sites.fraction * if sites.pattern == "gradient" { depth } else { 1.0 };
                if stream.uniform() < share {
                    v[i] = site;
                    number += 1;
                }
            }
        }
        _ if surface.is_empty() => {}
        _ => {
            let particles = sites.pattern == "particles";
            let radius = 0.5 * sites.size_m;
            let mut covered = vec![false; surface.len()];
            let wanted = sites.fraction * surface.len() as f64;
            let mut done = 0.0;
            let limit = 50 * surface.len();
            for _ in 0..limit {
                if done >= wanted {
                    break;
                }
                let centre = surface[((stream.uniform() * surface.len() as f64) as usize).min(surface.len() - 1)];
                number += 1;
                let (cz, cy, cx) = shape.zyx_of(centre);
                let span = |c: usize, edge: f64, n: usize| {
                    let r = (radius / edge).floor() as usize;
                    c.saturating_sub(r)..(c + r + 1).min(n)
                };
                for z in span(cz, s.z, shape.z) {
                    for y in span(cy, s.y, shape.y) {
                        for x in span(cx, s.x, shape.x) {
                            let d = [(z, cz, s.z), (y, cy, s.y), (x, cx, s.x)]
                                .map(|(a, b, e)| ((a as f64 - b as f64) * e).powi(2));
                            if d.iter().sum::<f64>() > radius * radius {
                                continue;
                            }
                            let i = shape.index(z, y, x);
                            if let Ok(at) = surface.binary_search(&i) {
                                if !covered[at] {
                                    covered[at] = true;
                                    done += 1.0;
                                }
                                v[i] = site;
                            } else if particles && v[i] == pore {
                                v[i] = site;
                            }
                        }
                    }
                }
            }
        }
    }
    // Shares of faces as they are now.
    let v = labels.as_slice();
    let (own, all, voxels) = (0..shape.len())
        .into_par_iter()
        .filter(|&i| v[i] != pore)
        .map(|i| {
            let faces = neighbours(i, shape).filter(|&j| v[j] == pore).count() as u64;
            let is_site = u64::from(v[i] == site);
            let counts = sites.on.contains(v[i]) || is_site == 1;
            (faces * is_site, if counts { faces } else { 0 }, is_site)
        })
        .reduce(|| (0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
    SiteFacts { face_share: if all > 0 { own as f64 / all as f64 } else { 0.0 }, voxels, sites: number }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foamflux_grid::{VoxelSize, VoxelSizeSource};

    #[test]
    fn distances_are_those_of_brute_force() {
        /// Squares in f32.
        const ROUNDING: f32 = 1e-5;
        let size = VoxelSize::known([1.0, 1.5, 0.7], VoxelSizeSource::Generator).unwrap();
        let mut stream = Stream::new(1, Purpose::Probe, 0);
        for [z, y, x] in [[5, 7, 6], [1, 9, 4], [8, 1, 1]] {
            let shape = Shape::new(z, y, x).unwrap();
            let v = Volume::from_fn(shape, size.clone(), |_, _, _| u8::from(stream.uniform() < 0.1));
            let found = distance_squared(&v, [0.7, 1.5, 1.0]);
            for i in 0..shape.len() {
                let (a, b, c) = shape.zyx_of(i);
                let solid = (0..shape.len()).filter(|&j| v.as_slice()[j] == 1);
                let best = solid.map(|j| {
                    let (p, q, r) = shape.zyx_of(j);
                    let d = |m: usize, n: usize, e: f64| ((m as f64 - n as f64) * e).powi(2);
                    (d(a, p, 0.7) + d(b, q, 1.5) + d(c, r, 1.0)) as f32
                });
                let best = best.fold(f32::INFINITY, f32::min);
                let both = best.is_infinite() && found[i].is_infinite();
                assert!(both || (best - found[i]).abs() <= ROUNDING * best, "{i}: {best} {}", found[i]);
            }
        }
    }
}
