//! The solid as the faces of its voxels, for volumes without a network: four bytes a face.
//!
//! Where there are too many faces the volume is thinned to blocks: a block is solid where half of its voxels are, and has
//! the label that most of these have. The page states the block.

use crate::figures::{label_colour, label_name};
use crate::html::embed::base64;

/// Most faces on a page: half a megabyte.
const MOST_FACES: usize = 100_000;
/// Places are one byte along each axis.
const LONGEST: usize = 255;
/// Coarsest block that still shows a shape.
const COARSEST: usize = 32;

/// A volume of labels to look at.
#[derive(Debug, Clone, Copy)]
pub struct SurfaceView<'a> {
    /// Labels, x fastest.
    pub labels: &'a [u8],
    /// Voxels along z, y, x.
    pub shape_zyx: [usize; 3],
    /// Edges of a voxel along x, y, z in µm, or 1.
    pub edges: [f64; 3],
    /// Unit of the edges.
    pub unit: &'static str,
}

/// The view on the page.
pub(crate) struct SurfacePart {
    pub(crate) box_size: [f64; 3],
    /// Edges of a block.
    pub(crate) cell: [f64; 3],
    pub(crate) unit: &'static str,
    /// Faces: x, y, z of the block, and direction (0 to 5: -x, +x, -y, +y, -z, +z) plus eight times the index of its label.
    pub(crate) faces: String,
    /// Name and colour of the labels, by index.
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) note: String,
}

/// Labels of blocks, 0 for pore; `step` voxels along each axis.
fn blocks(view: &SurfaceView<'_>, step: usize) -> ([usize; 3], Vec<u8>) {
    let [nz, ny, nx] = view.shape_zyx;
    let size = [nx, ny, nz].map(|n| n.div_ceil(step));
    let mut out = Vec::with_capacity(size.iter().product());
    for bz in 0..size[2] {
        for by in 0..size[1] {
            for bx in 0..size[0] {
                let range = |b: usize, n: usize| b * step..((b + 1) * step).min(n);
                let (mut counts, mut all) = ([0u32; 256], 0u32);
                for z in range(bz, nz) {
                    for y in range(by, ny) {
                        for x in range(bx, nx) {
                            counts[usize::from(view.labels[(z * ny + y) * nx + x])] += 1;
                            all += 1;
                        }
                    }
                }
                let solid = all - counts[0];
                let most = (1..=255u8).max_by_key(|l| counts[usize::from(*l)]).unwrap_or(1);
                out.push(if 2 * solid >= all { most } else { 0 });
            }
        }
    }
    (size, out)
}

/// Faces between a block that is no pore and pore, or the outside: place and direction.
fn faces([nx, ny, nz]: [usize; 3], blocks: &[u8]) -> Vec<([usize; 3], usize, u8)> {
    let at = |x: usize, y: usize, z: usize| blocks[(z * ny + y) * nx + x];
    let mut out = Vec::new();
    for z in 0..nz {
        for y in 0..ny {
            for x in 0..nx {
                let label = at(x, y, z);
                if label == 0 {
                    continue;
                }
                let open = [
                    x == 0 || at(x - 1, y, z) == 0,
                    x + 1 == nx || at(x + 1, y, z) == 0,
                    y == 0 || at(x, y - 1, z) == 0,
                    y + 1 == ny || at(x, y + 1, z) == 0,
                    z == 0 || at(x, y, z - 1) == 0,
                    z + 1 == nz || at(x, y, z + 1) == 0,
                ];
                out.extend((0..6).filter(|d| open[*d]).map(|d| ([x, y, z], d, label)));
            }
        }
    }
    out
}

impl SurfacePart {
    /// `None` where there is nothing to see, or too much for any page.
    pub(crate) fn new(view: &SurfaceView<'_>) -> Option<Self> {
        let [nz, ny, nx] = view.shape_zyx;
        let longest = nx.max(ny).max(nz);
        let first = longest.div_ceil(LONGEST).max(1);
        let (step, found) = (first..=COARSEST).find_map(|step| {
            let (size, blocks) = blocks(view, step);
            let found = faces(size, &blocks);
            (found.len() <= MOST_FACES).then_some((step, found))
        })?;
        if found.is_empty() {
            return None;
        }
        let mut present: Vec<u8> = found.iter().map(|(_, _, label)| *label).collect();
        present.sort_unstable();
        present.dedup();
        // Five bits for the label beside three for the direction.
        if present.len() > 32 {
            return None;
        }
        let mut bytes = Vec::with_capacity(4 * found.len());
        for (place, direction, label) in &found {
            let index = present.iter().position(|l| l == label).unwrap_or_default();
            bytes.extend(place.map(|p| p as u8));
            bytes.push((direction + 8 * index) as u8);
        }
        let hex = |label: u8| {
            let [r, g, b] = label_colour(label);
            format!("#{r:02x}{g:02x}{b:02x}")
        };
        let what = match step {
            1 => "voxels".to_owned(),
            n => format!("blocks of {n} × {n} × {n} voxels, solid where half of their voxels are"),
        };
        Some(SurfacePart {
            box_size: [0, 1, 2].map(|k| [nx, ny, nz][k] as f64 * view.edges[k]),
            cell: view.edges.map(|e| e * step as f64),
            unit: view.unit,
            faces: base64(&bytes),
            labels: present.iter().map(|l| (label_name(*l), hex(*l))).collect(),
            note: format!(
                "{} faces of {what}: what is not pore, cut where the box cuts it. Nodes and fibres were not looked for.",
                found.len()
            ),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
mod tests {
    use super::*;

    fn view(labels: &[u8], shape_zyx: [usize; 3]) -> SurfaceView<'_> {
        SurfaceView { labels, shape_zyx, edges: [1.0, 2.0, 3.0], unit: "µm" }
    }

    #[test]
    fn a_voxel_has_six_faces_and_two_neighbours_ten() {
        let mut labels = vec![0u8; 27];
        labels[13] = 2;
        let part = SurfacePart::new(&view(&labels, [3, 3, 3])).unwrap();
        let expected: Vec<u8> = (0..6).flat_map(|d| [1, 1, 1, d]).collect();
        assert_eq!(part.faces, base64(&expected));
        assert_eq!((part.box_size, part.cell), ([3.0, 6.0, 9.0], [1.0, 2.0, 3.0]));
        labels[14] = 1;
        let part = SurfacePart::new(&view(&labels, [3, 3, 3])).unwrap();
        assert!(part.note.starts_with("10 faces of voxels"), "{}", part.note);
        assert_eq!(part.labels.len(), 2);
    }

    #[test]
    fn what_fills_the_box_shows_its_outside_alone_and_nothing_shows_nothing() {
        let part = SurfacePart::new(&view(&[1; 60], [3, 4, 5])).unwrap();
        assert!(part.note.starts_with("94 faces"), "2 (3 4 + 4 5 + 3 5) = 94: {}", part.note);
        assert!(SurfacePart::new(&view(&[0; 60], [3, 4, 5])).is_none());
    }

    #[test]
    fn speckle_is_thinned_to_a_bounded_size() {
        // Half of all voxels in a pattern without order: three faces a solid voxel.
        let n = 60;
        let labels: Vec<u8> = (0..(n * n * n) as u32)
            .map(|i| {
                let h = (i ^ i >> 15).wrapping_mul(2_246_822_519);
                ((h ^ h >> 13).wrapping_mul(3_266_489_917) >> 31) as u8
            })
            .collect();
        let (size, fine) = blocks(&view(&labels, [n; 3]), 1);
        assert!(faces(size, &fine).len() > MOST_FACES);
        let part = SurfacePart::new(&view(&labels, [n; 3])).unwrap();
        assert!(part.note.contains("blocks of 2 × 2 × 2"), "{}", part.note);
        assert!(part.faces.len() <= MOST_FACES * 4 * 4 / 3 + 4);
        // A long volume keeps its places within a byte.
        let long = vec![1u8; 600];
        let part = SurfacePart::new(&view(&long, [600, 1, 1])).unwrap();
        assert!(part.note.contains("blocks of 3 × 3 × 3"), "{}", part.note);
    }
}
