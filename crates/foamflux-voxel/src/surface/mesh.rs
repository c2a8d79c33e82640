//! The triangle mesh whose area [`marching_cubes`](super::marching_cubes()) states, with its points and triangles.
//!
//! The geometry is that of [`super::marching_cubes()`]: the same loops in the same cells, points where the same edges cross the
//! boundary, fans around centroids. A point belongs to an edge of the grid and is shared by all cells around it, so two triangles
//! meet in every edge of the mesh, except on the faces of the box: no surface of the material is there, so that the mesh is open,
//! or closed by flat caps for whoever needs a watertight body ([`Ends`]).
//! Seen from outside of the phase, the corners of a triangle run counter-clockwise.

mod caps;

use foamflux_grid::{Sample, Shape, Volume};
use rayon::prelude::*;

use super::marching_cubes::{Edge, loops_of_all_cases};
use crate::distance::crossing::{Crossing, Grey, Half};
use caps::Caps;

/// What a mesh has where the box cuts the phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ends {
    /// Nothing: the area of the mesh is that of the material's surface.
    #[default]
    Open,
    /// Caps on the faces of the box: the mesh is watertight, and its area that of a body.
    Closed,
}

/// Points and triangles of a surface.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mesh {
    /// Points x, y, z in the unit of the spacing, from the outer corner of the first voxel.
    pub points: Vec<[f32; 3]>,
    /// Of each point the value of a voxel inside next to it.
    pub values: Vec<u8>,
    /// Points of each triangle, counter-clockwise from outside.
    pub triangles: Vec<[u32; 3]>,
}

/// Why a surface has no mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MeshError {
    /// It would have too many triangles.
    #[error(
        "the surface has {triangles} triangles, and {limit} is the most that is meshed: crop the volume or merge its voxels"
    )]
    TooLarge {
        /// Triangles that it has.
        triangles: u64,
        /// Triangles that were allowed.
        limit: u64,
    },
}

/// Most triangles of a mesh whatever the caller allows: points are numbered with 31 bits, as file formats do.
const MOST: u64 = 1 << 31;

/// The mesh of a mask, its points half-way between voxel centres.
///
/// `values` are looked up inside, for [`Mesh::values`].
///
/// # Errors
/// [`MeshError::TooLarge`] when there are more than `limit` triangles, before memory is taken for them.
pub fn mesh(mask: &Volume<bool>, values: &[u8], ends: Ends, limit: u64) -> Result<Mesh, MeshError> {
    build(mask, &Half, values, ends, limit)
}

/// The mesh of a mask that was cut from a grey field at `level`, its points where the field passes it.
///
/// A field of another shape is ignored, as in [`super::marching_cubes_in_grey`].
///
/// # Errors
/// As [`mesh`].
pub fn mesh_in_grey<T: Sample>(
    mask: &Volume<bool>,
    field: &Volume<T>,
    level: f64,
    values: &[u8],
    ends: Ends,
    limit: u64,
) -> Result<Mesh, MeshError> {
    match Grey::new(mask, field, level) {
        Ok(grey) => build(mask, &grey, values, ends, limit),
        Err(_) => mesh(mask, values, ends, limit),
    }
}

impl Mesh {
    /// Area in the squared unit of the spacing.
    #[must_use]
    pub fn area(&self) -> f64 {
        self.triangles
            .iter()
            .map(|t| {
                let n = self.normal(*t);
                0.5 * n.iter().map(|c| c * c).sum::<f64>().sqrt()
            })
            .sum()
    }

    /// Volume that the mesh encloses, in the cubed unit of the spacing; of an open mesh a number without meaning.
    #[must_use]
    pub fn volume(&self) -> f64 {
        let dot = |t: &[u32; 3]| {
            let n = self.normal(*t);
            let a = self.points[t[0] as usize].map(f64::from);
            n[0] * a[0] + n[1] * a[1] + n[2] * a[2]
        };
        self.triangles.iter().map(dot).sum::<f64>() / 6.0
    }

    /// The normal of a triangle, outwards, with the length of twice its area.
    fn normal(&self, triangle: [u32; 3]) -> [f64; 3] {
        let [a, b, c] = triangle.map(|i| self.points[i as usize].map(f64::from));
        let u: [f64; 3] = std::array::from_fn(|k| b[k] - a[k]);
        let v: [f64; 3] = std::array::from_fn(|k| c[k] - a[k]);
        [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
    }
}

/// Triangles of a loop: itself, or a fan around its centroid.
const fn triangles_of(ring: usize) -> usize {
    if ring == 3 { 1 } else { ring }
}

/// The corners of all cells: voxel centres, and the faces of the box beyond the outermost ones.
struct Lattice {
    shape: Shape,
    edges: [f64; 3],
}

impl Lattice {
    /// Place of corner `i` along `axis`.
    fn at(&self, axis: usize, i: usize) -> f64 {
        let n = [self.shape.x, self.shape.y, self.shape.z][axis];
        let voxels = if i == 0 {
            0.0
        } else if i > n {
            n as f64
        } else {
            i as f64 - 0.5
        };
        voxels * self.edges[axis]
    }

    /// The voxel whose value corner `i` has, of `n` along its axis.
    fn voxel(i: usize, n: usize) -> usize {
        i.saturating_sub(1).min(n - 1)
    }

    /// Index of the voxel whose value the corner x, y, z has.
    fn index(&self, [x, y, z]: [usize; 3]) -> usize {
        let Shape { x: nx, y: ny, z: nz } = self.shape;
        self.shape.index(Self::voxel(z, nz), Self::voxel(y, ny), Self::voxel(x, nx))
    }

    /// Calls `cell` with x of the cell and its case, for each cell of a row that the surface passes.
    fn row(&self, mask: &Volume<bool>, k: usize, j: usize, mut cell: impl FnMut(usize, usize)) {
        let Shape { x: nx, y: ny, z: nz } = self.shape;
        let rows: [&[bool]; 4] = std::array::from_fn(|r| {
            let start = self.shape.index(Self::voxel(k + (r >> 1), nz), Self::voxel(j + (r & 1), ny), 0);
            &mask.as_slice()[start..start + nx]
        });
        let column = |x: usize| (0..4).fold(0, |case, r| case | usize::from(rows[r][x]) << (2 * r));
        let mut low = column(0);
        for i in 0..=nx {
            let high = column(i.min(nx - 1));
            let case = low | high << 1;
            low = high;
            if case != 0 && case != 255 {
                cell(i, case);
            }
        }
    }
}

/// Numbers of points by the edge of the grid that they lie on; those of one layer of cells.
struct Numbers {
    width: usize,
    /// Edges along x and y in the lower and upper plane of the layer.
    planes: [[Vec<u32>; 2]; 2],
    /// Edges along z.
    upright: Vec<u32>,
}

impl Numbers {
    const NONE: u32 = u32::MAX;

    fn new(shape: Shape) -> Self {
        let (width, plane) = (shape.x + 2, (shape.x + 2) * (shape.y + 2));
        let empty = || vec![Self::NONE; plane];
        Numbers { width, planes: [[empty(), empty()], [empty(), empty()]], upright: empty() }
    }

    /// Goes up by one layer: its lower plane is what was the upper one.
    fn next_layer(&mut self) {
        self.planes.swap(0, 1);
        self.planes[1].iter_mut().for_each(|edges| edges.fill(Self::NONE));
        self.upright.fill(Self::NONE);
    }

    /// Where the number of an edge of cell (j, i) is kept.
    fn of(&mut self, (p, q): Edge, j: usize, i: usize) -> &mut u32 {
        let (low, axis) = (p & q, (p ^ q).trailing_zeros());
        let [x, y, z] = [0, 1, 2].map(|b| usize::from(low >> b & 1));
        let index = (j + y) * self.width + i + x;
        match axis {
            0 | 1 => &mut self.planes[z][axis as usize][index],
            _ => &mut self.upright[index],
        }
    }
}

fn build<C: Crossing>(
    mask: &Volume<bool>,
    crossing: &C,
    values: &[u8],
    ends: Ends,
    limit: u64,
) -> Result<Mesh, MeshError> {
    let shape = mask.shape();
    let spacing = mask.spacing();
    let lattice = Lattice { shape, edges: [spacing.x, spacing.y, spacing.z] };
    let cases = loops_of_all_cases();
    let mut caps = (ends == Ends::Closed).then(|| Caps::new(&lattice));
    let triangles = count(mask, &lattice, &cases) + caps.as_ref().map_or(0, |_| caps::count(mask, &lattice));
    let limit = limit.min(MOST);
    if triangles > limit {
        return Err(MeshError::TooLarge { triangles, limit });
    }
    let mut mesh = Mesh { triangles: Vec::with_capacity(triangles as usize), ..Mesh::default() };
    let mut numbers = Numbers::new(shape);
    let voxel = |corner: u8, k: usize, j: usize, i: usize| {
        let [x, y, z] = [0, 1, 2].map(|b| usize::from(corner >> b & 1));
        lattice.index([i + x, j + y, k + z])
    };
    for k in 0..=shape.z {
        for j in 0..=shape.y {
            lattice.row(mask, k, j, |i, case| {
                for ring in &cases[case] {
                    // A loop never has more points than a cell has edges.
                    let mut points = [0u32; 12];
                    let n = ring.len().min(points.len());
                    for (point, &edge) in points.iter_mut().zip(ring) {
                        let number = numbers.of(edge, j, i);
                        if *number == Numbers::NONE {
                            *number = mesh.points.len() as u32;
                            let (inside, outside) = (voxel(edge.0, k, j, i), voxel(edge.1, k, j, i));
                            let t = f64::from(crossing.fraction(inside, outside));
                            mesh.points.push(std::array::from_fn(|a| {
                                let cell = [i, j, k][a];
                                let place = |corner: u8| lattice.at(a, cell + usize::from(corner >> a & 1));
                                let (p, q) = (place(edge.0), place(edge.1));
                                (p + t * (q - p)) as f32
                            }));
                            mesh.values.push(values.get(inside).copied().unwrap_or_default());
                            if let Some(caps) = &mut caps {
                                caps.remember([i, j, k], edge, *number);
                            }
                        }
                        *point = *number;
                    }
                    let points = &points[..n];
                    if let [a, b, c] = points {
                        mesh.triangles.push([*a, *b, *c]);
                        continue;
                    }
                    let centre = mesh.points.len() as u32;
                    let sum = |a: usize| points.iter().map(|&p| f64::from(mesh.points[p as usize][a])).sum::<f64>();
                    let middle = [sum(0), sum(1), sum(2)].map(|s| (s / n as f64) as f32);
                    mesh.points.push(middle);
                    mesh.values.push(mesh.values[points[0] as usize]);
                    mesh.triangles.extend((0..n).map(|i| [centre, points[i], points[(i + 1) % n]]));
                }
            });
        }
        numbers.next_layer();
    }
    if let Some(caps) = caps {
        caps.close(mask, &lattice, values, &mut mesh);
    }
    Ok(mesh)
}

/// Triangles that the mesh will have.
fn count(mask: &Volume<bool>, lattice: &Lattice, cases: &[Vec<Vec<Edge>>]) -> u64 {
    let of_case: Vec<u64> =
        cases.iter().map(|rings| rings.iter().map(|ring| triangles_of(ring.len()) as u64).sum()).collect();
    (0..=lattice.shape.z)
        .into_par_iter()
        .map(|k| {
            let mut n = 0;
            for j in 0..=lattice.shape.y {
                lattice.row(mask, k, j, |_, case| n += of_case[case]);
            }
            n
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::super::shapes::{ball, cylinder, grey, mask, torus};
    use super::super::{marching_cubes_in_grey, marching_cubes_mask};
    use super::*;
    use foamflux_grid::{VoxelSize, VoxelSizeSource};

    const ALL: u64 = u64::MAX;
    /// Points are single precision, areas are summed in double precision.
    const ROUNDING: f64 = 1e-5;

    fn plain(mask: &Volume<bool>) -> Mesh {
        mesh(mask, &[], Ends::Open, ALL).unwrap()
    }

    /// Each edge of a triangle with the direction it is passed in.
    fn directed(mesh: &Mesh) -> Vec<(u32, u32)> {
        let mut edges: Vec<_> =
            mesh.triangles.iter().flat_map(|t| [(t[0], t[1]), (t[1], t[2]), (t[2], t[0])]).collect();
        edges.sort_unstable();
        edges
    }

    /// Edges that only one triangle has; all others must be passed once in each direction.
    fn open(mesh: &Mesh) -> Vec<(u32, u32)> {
        let edges = directed(mesh);
        assert!(edges.windows(2).all(|w| w[0] != w[1]), "no edge is passed twice the same way");
        edges.iter().copied().filter(|&(a, b)| edges.binary_search(&(b, a)).is_err()).collect()
    }

    /// Voxels set at random, each alone, in runs and in ambiguous corners.
    fn random(n: [usize; 3], seed: u32) -> Volume<bool> {
        let size = VoxelSize::known([1.0, 1.5, 0.7], VoxelSizeSource::Generator).unwrap();
        let mut state = seed;
        Volume::from_fn(Shape::new(n[2], n[1], n[0]).unwrap(), size, |_, _, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 24 < 100
        })
    }

    #[test]
    fn the_area_is_the_one_that_is_measured() {
        for seed in 1..20 {
            let m = random([7, 9, 8], seed);
            let (found, stated) = (plain(&m).area(), marching_cubes_mask(&m).interior);
            assert!((found / stated - 1.0).abs() < ROUNDING, "{found} and {stated}");
        }
        let shape = torus([0.2, -0.1, 0.4], [1.0, 0.4, 0.3], 10.0, 3.5);
        let m = mask([32; 3], [1.0; 3], &shape);
        let g = grey([32; 3], [1.0; 3], &shape);
        let (found, stated) = (
            mesh_in_grey(&m, &g, 120.0, &[], Ends::Open, ALL).unwrap().area(),
            marching_cubes_in_grey(&m, &g, 120.0).interior,
        );
        assert!((found / stated - 1.0).abs() < ROUNDING, "{found} and {stated}");
    }

    #[test]
    fn a_body_inside_of_the_box_is_closed_and_holds_its_volume() {
        /// A mesh half-way cuts an eighth of a voxel off convex edges and adds as much to concave ones, and each slice of a convex
        /// body along any axis has four more of the former.
        const MOST_VOXELS_LESS: f64 = 4.0 * (18.0 + 18.0 + 9.0) / 8.0;
        /// A polygon of chords c in a circle of radius r has an area c^2/(6 r^2) too small, and no chord of a cell's face is longer
        /// than the root of two.
        const MOST_SHARE_LESS: f64 = 2.0 / (6.0 * 3.5 * 3.5);
        let edges = [1e-6, 1e-6, 2e-6];
        let shape = ball([0.0; 3], 9e-6);
        let m = mask([26, 24, 14], edges, &shape);
        let voxels = m.as_slice().iter().filter(|v| **v).count() as f64;
        let found = plain(&m);
        assert!(open(&found).is_empty());
        let less = voxels - found.volume() / 2e-18;
        assert!(less > 0.0 && less < MOST_VOXELS_LESS, "{less} of {voxels}");
        // The Euler characteristic of a sphere.
        let (v, e, f) = (found.points.len(), directed(&found).len() / 2, found.triangles.len());
        assert_eq!(v + f, e + 2);

        let shape = torus([0.2, -0.1, 0.4], [1.0, 0.4, 0.3], 10.0, 3.5);
        let (m, g) = (mask([32; 3], [1.0; 3], &shape), grey([32; 3], [1.0; 3], &shape));
        let found = mesh_in_grey(&m, &g, 120.0, &[], Ends::Open, ALL).unwrap();
        assert!(open(&found).is_empty());
        let exact = 2.0 * std::f64::consts::PI.powi(2) * 10.0 * 3.5 * 3.5;
        let less = 1.0 - found.volume() / exact;
        assert!(less > 0.0 && less < MOST_SHARE_LESS, "{} and {exact}", found.volume());
        assert_eq!(found.points.len() + found.triangles.len(), directed(&found).len() / 2, "a torus");
    }

    #[test]
    fn a_mesh_is_open_on_the_faces_of_the_box_alone() {
        let on_face =
            |p: [f32; 3], size: [f64; 3]| (0..3).any(|a| p[a].abs() < 1e-6 || (f64::from(p[a]) - size[a]).abs() < 1e-5);
        for seed in 1..20 {
            let n = [7, 9, 8];
            let found = plain(&random(n, seed));
            let size = [7.0, 9.0 * 1.5, 8.0 * 0.7];
            let open = open(&found);
            assert!(!open.is_empty());
            for (a, b) in open {
                let [p, q] = [a, b].map(|i| found.points[i as usize]);
                assert!(on_face(p, size) && on_face(q, size), "seed {seed}: {p:?} to {q:?}");
            }
        }
    }

    #[test]
    fn with_caps_the_mesh_is_closed() {
        for seed in 1..40 {
            let m = random([7, 9, 8], seed);
            let bare = plain(&m);
            let found = mesh(&m, &[], Ends::Closed, ALL).unwrap();
            assert!(open(&found).is_empty(), "seed {seed}");
            // The mesh is the same, and what is new lies on the box.
            assert_eq!(found.triangles[..bare.triangles.len()], bare.triangles);
            let on_face = |p: &[f32; 3]| (0..3).any(|a| p[a].abs() < 1e-6 || (p[a] - [7.0, 13.5, 5.6][a]).abs() < 1e-5);
            assert!(found.points[bare.points.len()..].iter().all(on_face));
        }
    }

    #[test]
    fn caps_hold_the_volume_of_what_the_box_cuts() {
        /// Volumes and areas of up to some thousand, of points in single precision.
        const SINGLE: f64 = 1e-2;
        // The whole box.
        let edges = [2.0, 3.0, 5.0];
        let all = super::super::shapes::sample([4, 6, 7], edges, |_| true);
        let found = mesh(&all, &[], Ends::Closed, ALL).unwrap();
        assert!(open(&found).is_empty());
        assert!((found.volume() - 4.0 * 6.0 * 7.0 * 30.0).abs() < SINGLE, "{}", found.volume());
        let faces = 2.0 * (8.0 * 18.0 + 8.0 * 35.0 + 18.0 * 35.0);
        assert!((found.area() - faces).abs() < SINGLE, "{}", found.area());
        // A plate through the box: two planes and a frame.
        let plate = Volume::from_fn(all.shape(), all.voxel_size().clone(), |z, _, _| (2..5).contains(&z));
        let found = mesh(&plate, &[], Ends::Closed, ALL).unwrap();
        assert!(open(&found).is_empty());
        assert!((found.volume() - 8.0 * 18.0 * 15.0).abs() < SINGLE, "{}", found.volume());
        assert!((found.area() - 2.0 * (8.0 * 18.0 + (8.0 + 18.0) * 15.0)).abs() < SINGLE, "{}", found.area());
        // A rod that leaves the box at both ends, at its grey level.
        let shape = cylinder([0.0; 3], [0.0, 0.0, 1.0], 6.0);
        let (m, g) = (mask([20, 20, 16], [1.0; 3], &shape), grey([20, 20, 16], [1.0; 3], &shape));
        let found = mesh_in_grey(&m, &g, 120.0, &[], Ends::Closed, ALL).unwrap();
        assert!(open(&found).is_empty());
        let exact = std::f64::consts::PI * 36.0 * 16.0;
        // As a polygon of chords no longer than the root of two is smaller than its circle.
        let less = 1.0 - found.volume() / exact;
        assert!(less > 0.0 && less < 2.0 / (6.0 * 36.0), "{} and {exact}", found.volume());
        // Triangles are counted before they are made.
        let n = found.triangles.len() as u64;
        assert_eq!(
            mesh_in_grey(&m, &g, 120.0, &[], Ends::Closed, n - 1),
            Err(MeshError::TooLarge { triangles: n, limit: n - 1 })
        );
    }

    #[test]
    fn places_are_those_of_the_voxels_and_values_those_inside() {
        // One voxel of 2 x 3 x 5 in the middle: points on the middles of its faces.
        let m = super::super::shapes::sample([3; 3], [2.0, 3.0, 5.0], |p| p.iter().all(|c| c.abs() < 0.1));
        let mut values = vec![0; 27];
        values[13] = 2;
        let found = mesh(&m, &values, Ends::Open, ALL).unwrap();
        let along =
            |a: usize, from_to: fn(f32, f32) -> f32, start: f32| found.points.iter().map(|p| p[a]).fold(start, from_to);
        for (a, edge) in [2.0f32, 3.0, 5.0].into_iter().enumerate() {
            assert!((along(a, f32::min, f32::MAX) - edge).abs() < 1e-6, "lower end along {a}");
            assert!((along(a, f32::max, f32::MIN) - 2.0 * edge).abs() < 1e-6, "upper end along {a}");
        }
        assert!(found.values.iter().all(|&v| v == 2));
        // An octahedron: 6 points, 8 triangles, a sixth of the box of its diagonals.
        assert_eq!((found.points.len(), found.triangles.len()), (6, 8));
        assert!((found.volume() - 2.0 * 3.0 * 5.0 / 6.0).abs() < 1e-5, "outward normals: {}", found.volume());
    }

    #[test]
    fn too_many_triangles_are_told_before_they_are_made() {
        let m = mask([20; 3], [1.0; 3], cylinder([0.0; 3], [1.0, 0.4, 0.2], 4.0));
        let triangles = plain(&m).triangles.len() as u64;
        assert_eq!(
            mesh(&m, &[], Ends::Open, triangles - 1),
            Err(MeshError::TooLarge { triangles, limit: triangles - 1 })
        );
        assert!(mesh(&m, &[], Ends::Open, triangles).is_ok());
        let empty = m.map(|_| false);
        assert_eq!(mesh(&empty, &[], Ends::Open, 0), Ok(Mesh::default()));
    }
}
