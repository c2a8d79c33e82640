//! How well a box represents the material it was cut from: the error of a mean over the box, from the box alone.
//!
//! # Theory
//! The mean of a stationary random field over a box of volume V varies from box to box with the variance
//!
//! ```text
//! f(V) = 1/V  integral of C(h) (1 - |h_x|/L_x) (1 - |h_y|/L_y) (1 - |h_z|/L_z) dh   ~   C(0) A / V
//! ```
//!
//! `C` is the covariance (for a phase the two-point correlation less the square of its share) and `A` the integral range
//! (G. Matheron 1971; C. Lantuejoul, J. Microscopy 161, 387, 1991): `V / A` is the number of independent samples in the box.
//! For boxes wider than the reach of `C` the brackets multiply out to a polynomial, so blocks of the box, n along each axis,
//! obey
//!
//! ```text
//! f(n) = a n^3 - e n^4 + ...         and what is seen of them is         s^2(n) = f(n) - f(1)
//! ```
//!
//! because blocks are compared with the mean of this box and not with that of the material.
//! `a` and `e` are fitted to the variances of blocks, and the squared error of the box is `f(1) = a - e`.
//! The idea to read representativity off the box itself is that of A. Dahari et al. (Advanced Science 12, 2025, `ImageRep`),
//! who integrate the two-point correlation; sums over blocks are the same integral with weights, need no Fourier transform,
//! work for any density (area as well), and keep working where `C` has negative lobes (ordered cells), whose integral a cut-off
//! decides.
//!
//! # What we do differently
//! Blocks overlap by three quarters, which makes their variance less noisy at no cost, thanks to a table of sums.
//! Blocks that are not several times wider than the integral range are left out; in what is left the fit is by relative
//! residuals, weighted with the number of blocks.
//! A field whose variance falls faster than 1/V (cells on a lattice) ends with the pure `n^4` law, never with a negative
//! variance.

use foamflux_grid::{Axis, Shape, Spacing, Volume};

use crate::surface::FaceWeight;

/// Most cells along an axis: blocks are sums of cells.
const CELLS: usize = 128;
/// Numbers of blocks along an axis that are tried.
const COUNTS: [usize; 12] = [2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24];
/// Width of the smallest blocks over the cube root of the integral range.
const WIDTH: f64 = 2.0;
/// Blocks along an axis that are needed to fit more than the law 1/V.
const FEW: usize = 4;

/// A density summed over cells of a few voxels.
#[derive(Debug, Clone, PartialEq)]
pub struct Cells {
    /// Cells along z, y, x.
    n: [usize; 3],
    /// Volume of a cell.
    volume: f64,
    /// Mean density of each cell.
    values: Vec<f64>,
}

/// The error of a mean over the box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Representativity {
    /// Mean over the box.
    pub mean: f64,
    /// Standard error of the mean as that of the material.
    pub standard_error: f64,
    /// Integral range in the cubed unit of the spacing: the volume that counts as one sample.
    pub integral_range: f64,
    /// Volume of the box over the integral range.
    pub independent_samples: f64,
    /// Blocks along an axis, the most that were used.
    pub blocks: usize,
    /// `a` and `e` of the law.
    law: [f64; 2],
    /// Volume of the box.
    volume: f64,
}

impl Representativity {
    /// Volume of a box of the same shape whose mean has this standard error.
    #[must_use]
    pub fn volume_for(&self, standard_error: f64) -> f64 {
        let [a, e] = self.law;
        let target = standard_error * standard_error;
        // Volume goes with 1/x^3 where x is the edge of this box over that of the other.
        let at = |x: f64| a * x.powi(3) - e * x.powi(4);
        let (mut low, mut high) = (0.0, 1.0);
        // Boxes smaller than this one: as long as the law rises.
        let turn = if e > 0.0 { 0.75 * a / e } else { f64::INFINITY };
        while at(high) < target && 2.0 * high < turn {
            high *= 2.0;
        }
        high = high.min(turn);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if at(middle) < target { low = middle } else { high = middle }
        }
        if high > 0.0 { self.volume / high.powi(3) } else { f64::INFINITY }
    }
}

/// Voxels along the edge of a cell.
fn edge(shape: Shape) -> usize {
    let longest = shape.x.max(shape.y).max(shape.z);
    longest.div_ceil(CELLS)
}

impl Cells {
    fn new(shape: Shape, spacing: Spacing) -> (Self, usize) {
        let g = edge(shape);
        // Boxes thinner than a cell are one cell thick.
        let n = [shape.z, shape.y, shape.x].map(|v| (v / g).max(1));
        let cells = n.iter().product();
        (Cells { n, volume: spacing.voxel_volume() * (g * g * g) as f64, values: vec![0.0; cells] }, g)
    }

    fn place(&self, g: usize, z: usize, y: usize, x: usize) -> Option<usize> {
        let at = [z / g, y / g, x / g];
        (0..3).all(|k| at[k] < self.n[k]).then(|| (at[0] * self.n[1] + at[1]) * self.n[2] + at[2])
    }

    /// The share of a phase.
    #[must_use]
    pub fn of_mask(mask: &Volume<bool>) -> Self {
        Self::of_values(mask, |v| f64::from(u8::from(*v)))
    }

    /// A density given at every voxel.
    #[must_use]
    pub fn of_values<T>(volume: &Volume<T>, density: impl Fn(&T) -> f64) -> Self {
        let shape = volume.shape();
        let (mut cells, g) = Self::new(shape, volume.spacing());
        let part = 1.0 / (g * g * g) as f64;
        for z in 0..shape.z {
            for (y, row) in volume.plane(z).chunks_exact(shape.x).enumerate() {
                if cells.place(g, z, y, 0).is_none() {
                    continue;
                }
                for (x, value) in row.iter().enumerate() {
                    if let Some(i) = cells.place(g, z, y, x) {
                        cells.values[i] += part * density(value);
                    }
                }
            }
        }
        cells
    }

    /// Area per volume: each face of a phase counts in the cell of the voxel that it belongs to.
    #[must_use]
    pub fn of_faces(shape: Shape, spacing: Spacing, faces: &[FaceWeight]) -> Self {
        let (mut cells, g) = Self::new(shape, spacing);
        let volume = cells.volume;
        for face in faces {
            let (z, y, x) = shape.zyx_of(face.voxel);
            if let Some(i) = cells.place(g, z, y, x) {
                cells.values[i] += face.area(spacing) / volume;
            }
        }
        cells
    }

    /// The error of the mean; `None` where the field is the same everywhere or the box is too small to be divided.
    #[must_use]
    pub fn representativity(&self) -> Option<Representativity> {
        let cells = self.values.len() as f64;
        let mean = self.values.iter().sum::<f64>() / cells;
        let spread = self.values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / cells;
        if !(spread > 0.0 && spread.is_finite()) {
            return None;
        }
        let table = Table::new(self);
        let volume = cells * self.volume;
        let seen: Vec<Seen> = COUNTS.iter().filter_map(|&n| table.blocks(n, mean)).collect();
        // From small blocks to large ones, until the smallest are wide enough.
        let mut best = None;
        for last in (1..=seen.len()).rev() {
            let law = fit(&seen[..last])?;
            let range = law[0].max(law[0] - law[1]) * volume / self.point_variance(mean, spread);
            best = Some((law, range, seen[last - 1].n));
            if seen[last - 1].volume >= WIDTH.powi(3) * range {
                break;
            }
        }
        let (law, range, blocks) = best?;
        let variance = law[0] - law[1];
        (variance > 0.0).then_some(Representativity {
            mean,
            standard_error: variance.sqrt(),
            integral_range: range,
            independent_samples: volume / range,
            blocks: blocks.round() as usize,
            law,
            volume,
        })
    }

    /// Variance of the field at a point: exact for a phase, which is all or nothing; that of cells for other densities.
    fn point_variance(&self, mean: f64, spread: f64) -> f64 {
        let phase = mean * (1.0 - mean);
        if self.values.iter().all(|v| (0.0..=1.0 + 1e-9).contains(v)) && phase > spread { phase } else { spread }
    }
}

/// Variance of blocks about the mean of the box.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Blocks along an axis: edge of the box over edge of the block, mean of the axes.
    n: f64,
    /// Volume of the box over that of the block.
    parts: f64,
    /// Volume of a block.
    volume: f64,
    variance: f64,
}

/// Sums over all boxes that start at the origin.
struct Table<'a> {
    cells: &'a Cells,
    sums: Vec<f64>,
}

impl<'a> Table<'a> {
    fn new(cells: &'a Cells) -> Self {
        let [nz, ny, nx] = cells.n;
        let (sy, sz) = (nx + 1, (nx + 1) * (ny + 1));
        let mut sums = vec![0.0; (nz + 1) * sz];
        for z in 0..nz {
            for y in 0..ny {
                let mut row = 0.0;
                for x in 0..nx {
                    row += cells.values[(z * ny + y) * nx + x];
                    let i = (z + 1) * sz + (y + 1) * sy + x + 1;
                    sums[i] = row + sums[i - sz] + sums[i - sy] - sums[i - sz - sy];
                }
            }
        }
        Table { cells, sums }
    }

    /// Sum over a box of cells.
    fn sum(&self, from: [usize; 3], edges: [usize; 3]) -> f64 {
        let [_, ny, nx] = self.cells.n;
        let at = |z: usize, y: usize, x: usize| self.sums[(z * (ny + 1) + y) * (nx + 1) + x];
        let [z, y, x] = from;
        let [dz, dy, dx] = edges;
        let face = |z: usize| at(z, y + dy, x + dx) - at(z, y, x + dx) - at(z, y + dy, x) + at(z, y, x);
        face(z + dz) - face(z)
    }

    /// `None` where blocks would be narrower than a cell along any axis that has more than one.
    fn blocks(&self, n: usize, mean: f64) -> Option<Seen> {
        let all = self.cells.n;
        let edges = all.map(|cells| if cells == 1 { 1 } else { cells / n });
        if edges.contains(&0) {
            return None;
        }
        let starts = |k: usize| (0..=all[k] - edges[k]).step_by((edges[k] / 4).max(1));
        let volume: usize = edges.iter().product();
        let (mut sum, mut count) = (0.0, 0.0);
        for z in starts(0) {
            for y in starts(1) {
                for x in starts(2) {
                    let far = self.sum([z, y, x], edges) / volume as f64 - mean;
                    sum += far * far;
                    count += 1.0;
                }
            }
        }
        let along: Vec<f64> = (0..3).filter(|&k| all[k] > 1).map(|k| all[k] as f64 / edges[k] as f64).collect();
        Some(Seen {
            n: along.iter().sum::<f64>() / along.len().max(1) as f64,
            parts: all.iter().product::<usize>() as f64 / volume as f64,
            volume: volume as f64 * self.cells.volume,
            variance: sum / count,
        })
    }
}

/// `a` and `e` of the law that what was seen obeys; `None` without variance.
fn fit(seen: &[Seen]) -> Option<[f64; 2]> {
    // s^2 = a (parts - 1) - e (parts n - 1), by relative residuals and with the number of blocks as weight.
    let mut m = [[0.0; 2]; 2];
    let mut r = [0.0; 2];
    for s in seen.iter().filter(|s| s.variance > 0.0) {
        let weight = (s.parts - 1.0) / (s.variance * s.variance);
        let basis = [s.parts - 1.0, -(s.parts * s.n - 1.0)];
        for i in 0..2 {
            r[i] += weight * basis[i] * s.variance;
            for (j, b) in basis.iter().enumerate() {
                m[i][j] += weight * basis[i] * b;
            }
        }
    }
    if m[0][0] <= 0.0 {
        return None;
    }
    let plain = [r[0] / m[0][0], 0.0];
    let determinant = m[0][0] * m[1][1] - m[0][1] * m[1][0];
    if seen.last().is_none_or(|s| s.n < FEW as f64) || determinant <= 1e-9 * m[0][0] * m[1][1] {
        return Some(plain);
    }
    let law = [(r[0] * m[1][1] - r[1] * m[0][1]) / determinant, (m[0][0] * r[1] - m[1][0] * r[0]) / determinant];
    Some(if law[0] < 0.0 {
        [0.0, r[1] / m[1][1]]
    } else if law[0] <= law[1] {
        plain
    } else {
        law
    })
}

/// Cells of the surface of a phase.
#[must_use]
pub fn surface_cells(mask: &Volume<bool>) -> Cells {
    Cells::of_faces(mask.shape(), mask.spacing(), &crate::surface::weights(mask))
}

/// Edge of a cube of a volume, over the edge of a voxel.
#[must_use]
pub fn cube_edge_voxels(volume: f64, spacing: Spacing) -> f64 {
    volume.cbrt() / spacing.along(Axis::X).min(spacing.along(Axis::Y)).min(spacing.along(Axis::Z))
}

#[cfg(test)]
mod tests {
    use foamflux_grid::VoxelSize;

    use super::*;

    #[test]
    fn sums_of_boxes_are_those_of_loops() {
        let shape = Shape::new(5, 6, 7).unwrap();
        let field = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| ((z * 31 + y * 17 + x * 7) % 13) as f32);
        let cells = Cells::of_values(&field, |v| f64::from(*v));
        let table = Table::new(&cells);
        for (from, edges) in [([0, 0, 0], [5, 6, 7]), ([1, 2, 3], [2, 3, 1]), ([4, 0, 6], [1, 6, 1])] {
            let mut slow = 0.0;
            for z in from[0]..from[0] + edges[0] {
                for y in from[1]..from[1] + edges[1] {
                    for x in from[2]..from[2] + edges[2] {
                        slow += f64::from(*field.at(z, y, x));
                    }
                }
            }
            assert!((table.sum(from, edges) - slow).abs() < 1e-9);
        }
    }

    #[test]
    fn a_law_is_found_again_and_solved_for_its_volume() {
        let law = [4e-4, 1e-5];
        let f = |n: f64| law[0] * n.powi(3) - law[1] * n.powi(4);
        let seen: Vec<Seen> = [2.0, 3.0, 4.0, 5.0, 6.0]
            .iter()
            .map(|&n: &f64| Seen { n, parts: n.powi(3), volume: 1.0, variance: f(n) - f(1.0) })
            .collect();
        let found = fit(&seen).unwrap();
        assert!((found[0] / law[0] - 1.0).abs() < 1e-9 && (found[1] / law[1] - 1.0).abs() < 1e-9, "{found:?}");
        let r = Representativity {
            mean: 0.5,
            standard_error: f(1.0).sqrt(),
            integral_range: 1.0,
            independent_samples: 1e3,
            blocks: 6,
            law,
            volume: 1000.0,
        };
        assert!((r.volume_for(f(1.0).sqrt()) / 1000.0 - 1.0).abs() < 1e-9);
        // Twice the edge.
        assert!((r.volume_for(f(0.5).sqrt()) / 8000.0 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_does_not_vary_has_no_error_and_order_has_a_small_one() {
        let shape = Shape::cube(48).unwrap();
        let full = Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| true);
        assert_eq!(Cells::of_mask(&full).representativity(), None);
        // A lattice of cubes: boxes differ by what their faces cut, not by chance. 512 independent cubes would make 4.4 %.
        let lattice = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| [z, y, x].iter().all(|v| v % 6 < 3));
        let found = Cells::of_mask(&lattice).representativity();
        assert!(found.is_none_or(|r| r.standard_error < 0.02 * r.mean), "{found:?}");
    }
}
