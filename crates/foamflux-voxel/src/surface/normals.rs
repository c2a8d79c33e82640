//! Voxel faces weighted by the direction of the surface: the area of each face that the smooth surface really has.
//!
//! # Theory
//! The vector area of voxel faces is exact: a patch of unit normal n and area A is covered by A |n_k| of faces across
//! axis k. So with w = n.e on a face whose own normal is e, the sum of w dA over the patch is A n.n = A.
//! The sum is the flux of n through the stairs, which by the divergence theorem differs from the flux through the smooth
//! surface only by div n times the volume between the two, whose mean is zero; and a normal that is off by an angle d
//! costs 1 - cos d, second order.
//! Convergence for digitised shapes: Lachaud and Thibert, J. Math. Imaging Vis. 54 (2016) 162;
//! the estimator goes back to Lenoir, Malgouyres and Revenu (DGCI 1996).
//!
//! The normal of a voxel is -grad(G * m)/|grad(G * m)|, m the mask (1 inside), G a Gaussian;
//! a face takes the normalised sum of its two voxels' normals.
//!
//! # What matters, and was measured
//! - All three components must see the same smoothing. Differences of a smoothed mask across the face next to central
//!   differences along it blur the components unequally and read 5 % high at s = 1;
//!   here each component is a sampled derivative of the Gaussian, at the voxel centres.
//! - The normals of the two voxels are normalised before they are summed: the voxel with the smaller gradient lies off
//!   the surface, where curvature turns the gradient least reliably.
//! - s = 1.2 voxel edges (geometric mean; the same length along every axis, but at least [`MIN_SIGMA_VOXEL`] voxels, so
//!   that the samples still resolve the Gaussian).
//!   Smaller reads planes high (isotropic mean +1.3 % at 1.0, +0.6 % at 1.2, +0.3 % at 1.5), larger rounds edges and
//!   reaches across struts (random cube of 16: -3.8, -5.2, -6.5 %). There is no other constant.
//!
//! # Bias
//! Isotropic limit +0.6 %; a plane across an axis is exact; cylinders of 6 voxels over orientations -0.3 %.
//! Sharp edges are rounded: about 0.2 s per side and edge length. Touching surfaces merge, as for every estimator.
//! For cubes of edge ratio 2 (1 : 1 : 2) the isotropic limit is +1.3 %.
//!
//! Beyond the box the mask goes on as its outermost voxels, so a plane across the box has exactly its cross-section.

use foamflux_grid::{Axis, Shape, Spacing, Volume};
use rayon::prelude::*;

use super::{SurfaceArea, border_faces};

/// Standard deviation of the Gaussian in voxel edges.
pub const SIGMA: f64 = 1.2;

/// Smallest standard deviation along an axis, in voxels of that axis.
pub const MIN_SIGMA_VOXEL: f64 = 0.7;

/// Slices per task: fixed, so that sums do not depend on the number of threads.
const SLAB: usize = 16;

/// A voxel face between the phase and the rest, and the share of its area that the smooth surface has there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceWeight {
    /// Linear index of the voxel on the low side of the face; the other is one stride of `axis` further.
    pub voxel: usize,
    /// Normal of the face.
    pub axis: Axis,
    /// Cosine between the face's and the surface's outward normal, 0 to 1: times the face's area it is the true area.
    pub weight: f32,
}

impl FaceWeight {
    /// True area behind the face, in the squared unit of the spacing.
    #[must_use]
    pub fn area(&self, spacing: Spacing) -> f64 {
        f64::from(self.weight) * spacing.face_area(self.axis)
    }
}

/// Every face between the phase and the rest inside of the box, by ascending voxel, then x, y, z.
///
/// 24 bytes per face; time and the other memory grow with the volume only lightly (a few slices per thread).
#[must_use]
pub fn weights(mask: &Volume<bool>) -> Vec<FaceWeight> {
    let normals = Normals::new(mask);
    let slabs: Vec<Vec<FaceWeight>> = normals.slabs(|face, list: &mut Vec<FaceWeight>| list.push(face));
    slabs.concat()
}

/// Area by weighted faces.
///
/// `border` is the area of the phase's faces on the box faces.
#[must_use]
pub fn weighted_faces(mask: &Volume<bool>) -> SurfaceArea {
    let normals = Normals::new(mask);
    let spacing = mask.spacing();
    let slabs: Vec<f64> = normals.slabs(|face, sum: &mut f64| *sum += face.area(spacing));
    SurfaceArea { interior: slabs.iter().sum(), border: border_faces(mask) }
}

/// Sampled Gaussian and derivative along one axis; `derivative` turns a ramp of one per length into one.
struct Kernel {
    gauss: Vec<f32>,
    derivative: Vec<f32>,
}

impl Kernel {
    fn new(sigma_voxel: f64, edge: f64) -> Self {
        // Three standard deviations leave 0.3 % of the weight out, evenly, before normalising.
        let reach = (3.0 * sigma_voxel).ceil() as i32;
        let at = |i: i32| (-0.5 * (f64::from(i) / sigma_voxel).powi(2)).exp();
        let sum: f64 = (-reach..=reach).map(at).sum();
        let moment: f64 = (-reach..=reach).map(|i| at(i) * f64::from(i).powi(2)).sum();
        Kernel {
            gauss: (-reach..=reach).map(|i| (at(i) / sum) as f32).collect(),
            derivative: (-reach..=reach).map(|i| (f64::from(i) * at(i) / (moment * edge)) as f32).collect(),
        }
    }

    fn reach(&self) -> usize {
        self.gauss.len() / 2
    }
}

struct Normals<'a> {
    shape: Shape,
    inside: &'a [bool],
    kernels: [Kernel; 3],
}

/// Smoothed in the plane, each slice: with the Gaussian, with the derivative along x, with the derivative along y.
struct Planes {
    first: usize,
    fields: [Vec<f32>; 3],
}

impl<'a> Normals<'a> {
    fn new(mask: &'a Volume<bool>) -> Self {
        let spacing = mask.spacing();
        // Lengths in units of the mean edge keep the numbers near one whatever the unit.
        let mean = spacing.voxel_volume().cbrt();
        let kernel = |axis: Axis| {
            let edge = spacing.along(axis) / mean;
            Kernel::new((SIGMA / edge).max(MIN_SIGMA_VOXEL), edge)
        };
        Normals { shape: mask.shape(), inside: mask.as_slice(), kernels: Axis::ALL.map(kernel) }
    }

    /// Collects every face, one collection per slab in order.
    fn slabs<A: Default + Send>(&self, take: impl Fn(FaceWeight, &mut A) + Sync) -> Vec<A> {
        let shape = self.shape;
        (0..shape.z.div_ceil(SLAB))
            .into_par_iter()
            .map(|slab| {
                let (z0, z1) = (slab * SLAB, ((slab + 1) * SLAB).min(shape.z));
                let mut out = A::default();
                if !self.has_faces(z0, z1) {
                    return out;
                }
                let planes = self.planes(z0, (z1 + 1).min(shape.z));
                let mut here = self.normals(&planes, z0);
                for z in z0..z1 {
                    let next = if z + 1 < shape.z { self.normals(&planes, z + 1) } else { Vec::new() };
                    self.faces_of_slice(z, &here, &next, |face| take(face, &mut out));
                    here = next;
                }
                out
            })
            .collect()
    }

    fn has_faces(&self, z0: usize, z1: usize) -> bool {
        let plane = self.shape.stride(Axis::Z);
        let span = &self.inside[z0 * plane..(z1 + 1).min(self.shape.z) * plane];
        span.iter().any(|&m| m != span[0])
    }

    fn faces_of_slice(&self, z: usize, here: &[[f32; 3]], next: &[[f32; 3]], mut take: impl FnMut(FaceWeight)) {
        let shape = self.shape;
        let plane = shape.stride(Axis::Z);
        let first = z * plane;
        for y in 0..shape.y {
            for x in 0..shape.x {
                let i = y * shape.x + x;
                let m = self.inside[first + i];
                let mut face = |axis: Axis, component: usize, other: [f32; 3]| {
                    let j = first + i + shape.stride(axis);
                    if self.inside[j] == m {
                        return;
                    }
                    let sum: [f32; 3] = std::array::from_fn(|k| here[i][k] + other[k]);
                    let length = norm(sum);
                    // The gradient points inwards, towards the true voxel.
                    let outward = if m { -sum[component] } else { sum[component] };
                    let weight = if length > f32::EPSILON { (outward / length).max(0.0) } else { 1.0 };
                    take(FaceWeight { voxel: first + i, axis, weight });
                };
                if x + 1 < shape.x {
                    face(Axis::X, 0, here[i + 1]);
                }
                if y + 1 < shape.y {
                    face(Axis::Y, 1, here[i + shape.x]);
                }
                if !next.is_empty() {
                    face(Axis::Z, 2, next[i]);
                }
            }
        }
    }

    /// Slices z0..z1 and what the kernel along z reaches beyond, smoothed in the plane.
    fn planes(&self, z0: usize, z1: usize) -> Planes {
        let shape = self.shape;
        let plane = shape.stride(Axis::Z);
        let reach = self.kernels[2].reach();
        let (first, end) = (z0.saturating_sub(reach), (z1 + reach).min(shape.z));
        let mut fields: [Vec<f32>; 3] = std::array::from_fn(|_| vec![0.0; (end - first) * plane]);
        let [kx, ky, _] = &self.kernels;
        let mut padded = vec![0f32; shape.x + 2 * kx.reach()];
        let (mut gauss, mut slope) = (vec![0f32; plane], vec![0f32; plane]);
        for z in first..end {
            for y in 0..shape.y {
                let row = &self.inside[shape.index(z, y, 0)..][..shape.x];
                for (i, p) in padded.iter_mut().enumerate() {
                    *p = f32::from(u8::from(row[i.saturating_sub(kx.reach()).min(shape.x - 1)]));
                }
                along_row(&padded, &kx.gauss, &mut gauss[y * shape.x..][..shape.x]);
                along_row(&padded, &kx.derivative, &mut slope[y * shape.x..][..shape.x]);
            }
            let [both, dx, dy] = &mut fields;
            let range = (z - first) * plane..(z - first + 1) * plane;
            across_rows(&gauss, shape.x, &ky.gauss, &mut both[range.clone()]);
            across_rows(&slope, shape.x, &ky.gauss, &mut dx[range.clone()]);
            across_rows(&gauss, shape.x, &ky.derivative, &mut dy[range]);
        }
        Planes { first, fields }
    }

    /// Unit gradients of one slice where a voxel has an unlike face neighbour, zero elsewhere.
    fn normals(&self, planes: &Planes, z: usize) -> Vec<[f32; 3]> {
        let shape = self.shape;
        let plane = shape.stride(Axis::Z);
        let kz = &self.kernels[2];
        let slices: Vec<usize> = (0..kz.gauss.len())
            .map(|k| ((z + k).saturating_sub(kz.reach()).min(shape.z - 1) - planes.first) * plane)
            .collect();
        let [both, dx, dy] = &planes.fields;
        let mut out = vec![[0f32; 3]; plane];
        for y in 0..shape.y {
            for x in 0..shape.x {
                let i = y * shape.x + x;
                if !self.on_surface(z, y, x) {
                    continue;
                }
                let mut g = [0f32; 3];
                for (k, &start) in slices.iter().enumerate() {
                    g[0] += kz.gauss[k] * dx[start + i];
                    g[1] += kz.gauss[k] * dy[start + i];
                    g[2] += kz.derivative[k] * both[start + i];
                }
                let length = norm(g);
                if length > f32::EPSILON {
                    out[i] = g.map(|c| c / length);
                }
            }
        }
        out
    }

    fn on_surface(&self, z: usize, y: usize, x: usize) -> bool {
        let shape = self.shape;
        let i = shape.index(z, y, x);
        let m = self.inside[i];
        let unlike = |at: usize, n: usize, stride: usize| {
            (at > 0 && self.inside[i - stride] != m) || (at + 1 < n && self.inside[i + stride] != m)
        };
        unlike(x, shape.x, 1) || unlike(y, shape.y, shape.x) || unlike(z, shape.z, shape.stride(Axis::Z))
    }
}

fn norm(v: [f32; 3]) -> f32 {
    (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt()
}

/// Correlation of a padded row with a kernel.
fn along_row(padded: &[f32], kernel: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    for (k, &w) in kernel.iter().enumerate() {
        for (o, &p) in out.iter_mut().zip(&padded[k..]) {
            *o += w * p;
        }
    }
}

/// Correlation of a slice with a kernel across its rows.
fn across_rows(from: &[f32], width: usize, kernel: &[f32], out: &mut [f32]) {
    let (reach, rows) = (kernel.len() / 2, from.len() / width);
    for (y, row) in out.chunks_mut(width).enumerate() {
        row.fill(0.0);
        for (k, &w) in kernel.iter().enumerate() {
            let j = (y + k).saturating_sub(reach).min(rows - 1);
            for (o, &p) in row.iter_mut().zip(&from[j * width..(j + 1) * width]) {
                *o += w * p;
            }
        }
    }
}
