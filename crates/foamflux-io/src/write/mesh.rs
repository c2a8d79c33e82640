//! Triangle meshes as binary PLY and binary STL.
//!
//! Sources: G. Turk, "The PLY polygon file format" (1994); "StereoLithography Interface Specification", 3D Systems (1989).
//! Lengths are in µm, or voxels where the voxel size is unknown, from the outer corner of the first voxel: the surface lies
//! where the `.vti` files have it.
//! Neither format has a place for a unit; PLY says it in a comment, STL in its header.

use std::io::Write;
use std::path::Path;

use super::{WriteError, atomic};

/// A surface as triangles.
#[derive(Debug, Clone, Copy)]
pub struct Triangles<'a> {
    /// Points x, y, z.
    pub points: &'a [[f32; 3]],
    /// What each coordinate is multiplied with.
    pub scale: f64,
    /// Unit of the product, such as `um`.
    pub unit: &'a str,
    /// Label of each point.
    pub labels: &'a [u8],
    /// Colour of each label.
    pub colour: fn(u8) -> [u8; 3],
    /// Points of each triangle, counter-clockwise from outside.
    pub triangles: &'a [[u32; 3]],
    /// What it has where the box cuts the solid: caps, or nothing.
    pub closed: bool,
}

/// Bytes of a PLY point: three coordinates, three bytes of colour, the label.
const PLY_POINT: u64 = 3 * 4 + 3 + 1;
/// Bytes of a PLY triangle: how many points it has, and their numbers.
const PLY_TRIANGLE: u64 = 1 + 3 * 4;
/// Bytes of an STL triangle: normal, three points, two bytes that mean nothing.
const STL_TRIANGLE: u64 = 12 * 4 + 2;
/// Bytes before the triangles of an STL file: free text and their number.
const STL_HEAD: u64 = 80 + 4;

/// Bytes of a PLY file, without its header of a few hundred.
#[must_use]
pub const fn ply_bytes(points: u64, triangles: u64) -> u64 {
    points * PLY_POINT + triangles * PLY_TRIANGLE
}

/// Bytes of an STL file.
#[must_use]
pub const fn stl_bytes(triangles: u64) -> u64 {
    STL_HEAD + triangles * STL_TRIANGLE
}

impl Triangles<'_> {
    fn point(&self, number: u32) -> [f32; 3] {
        self.points[number as usize].map(|c| (f64::from(c) * self.scale) as f32)
    }
}

/// Writes a binary PLY file whose points have a colour (`red`, `green`, `blue`) and a `label`.
///
/// # Errors
/// [`WriteError::Length`] when points and labels differ in number, and those of [`super::file_atomically`].
pub fn ply(path: &Path, mesh: &Triangles<'_>) -> Result<(), WriteError> {
    let (len, expected) = (mesh.labels.len(), mesh.points.len());
    if len != expected {
        return Err(WriteError::Length { path: path.to_owned(), name: "label".to_owned(), len, expected });
    }
    let header = [
        "ply".to_owned(),
        "format binary_little_endian 1.0".to_owned(),
        format!("comment foamflux; lengths in {}, from the outer corner of the first voxel", mesh.unit),
        format!("comment {} where the box cuts the solid", if mesh.closed { "closed" } else { "open" }),
        format!("element vertex {expected}"),
        "property float x\nproperty float y\nproperty float z".to_owned(),
        "property uchar red\nproperty uchar green\nproperty uchar blue\nproperty uchar label".to_owned(),
        format!("element face {}", mesh.triangles.len()),
        "property list uchar int vertex_indices".to_owned(),
        "end_header\n".to_owned(),
    ]
    .join("\n");
    atomic::sink_atomically(path, |sink| {
        sink.write_all(header.as_bytes())?;
        for (number, &label) in mesh.labels.iter().enumerate() {
            let mut record = [0; PLY_POINT as usize];
            put(&mut record, &mesh.point(number as u32));
            record[12..15].copy_from_slice(&(mesh.colour)(label));
            record[15] = label;
            sink.write_all(&record)?;
        }
        for triangle in mesh.triangles {
            let mut record = [3; PLY_TRIANGLE as usize];
            for (bytes, number) in record[1..].chunks_exact_mut(4).zip(triangle) {
                bytes.copy_from_slice(&number.to_le_bytes());
            }
            sink.write_all(&record)?;
        }
        Ok(())
    })
}

/// Writes a binary STL file.
///
/// # Errors
/// Those of [`super::file_atomically`].
pub fn stl(path: &Path, mesh: &Triangles<'_>) -> Result<(), WriteError> {
    const TEXT: usize = 80;
    // Must not begin with "solid", by which readers know the text form.
    let text = format!("foamflux surface; lengths in {}, from the outer corner of the first voxel", mesh.unit);
    let mut header = [b' '; TEXT];
    let len = text.len().min(TEXT);
    header[..len].copy_from_slice(&text.as_bytes()[..len]);
    atomic::sink_atomically(path, |sink| {
        sink.write_all(&header)?;
        sink.write_all(&(mesh.triangles.len() as u32).to_le_bytes())?;
        for &triangle in mesh.triangles {
            let corners = triangle.map(|number| mesh.point(number));
            let mut record = [0; STL_TRIANGLE as usize];
            put(&mut record, &normal(&corners));
            for (bytes, corner) in record[12..48].chunks_exact_mut(12).zip(&corners) {
                put(bytes, corner);
            }
            sink.write_all(&record)?;
        }
        Ok(())
    })
}

fn put(bytes: &mut [u8], values: &[f32; 3]) {
    for (bytes, value) in bytes.chunks_exact_mut(4).zip(values) {
        bytes.copy_from_slice(&value.to_le_bytes());
    }
}

/// The unit normal; zero for a triangle without area, as the format asks for what is not known.
fn normal([a, b, c]: &[[f32; 3]; 3]) -> [f32; 3] {
    let u: [f64; 3] = std::array::from_fn(|k| f64::from(b[k]) - f64::from(a[k]));
    let v: [f64; 3] = std::array::from_fn(|k| f64::from(c[k]) - f64::from(a[k]));
    let n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    let length = n.iter().map(|c| c * c).sum::<f64>().sqrt();
    n.map(|c| if length > 0.0 { (c / length) as f32 } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tetrahedron with one corner in the origin.
    fn example() -> Triangles<'static> {
        Triangles {
            points: &[[0.0, 0.0, 0.0], [2e-6, 0.0, 0.0], [0.0, 3e-6, 0.0], [0.0, 0.0, 4e-6]],
            scale: 1e6,
            unit: "um",
            labels: &[1, 1, 2, 2],
            colour: |label| [label, 10, 20],
            triangles: &[[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]],
            closed: true,
        }
    }

    #[test]
    fn sizes_and_records_are_as_stated() {
        let place = tempfile::tempdir().unwrap();
        let (path, mesh) = (place.path().join("a.ply"), example());
        ply(&path, &mesh).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let end = bytes.windows(11).position(|w| w == b"end_header\n").unwrap() + 11;
        assert_eq!((bytes.len() - end) as u64, ply_bytes(4, 4));
        let second = &bytes[end + 16..end + 32];
        assert_eq!(second[..4], 2.0f32.to_le_bytes());
        assert_eq!(second[12..], [1, 10, 20, 1]);
        let face = &bytes[end + 64..end + 77];
        assert_eq!(face, [3, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0]);

        let path = place.path().join("a.stl");
        stl(&path, &mesh).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len() as u64, stl_bytes(4));
        assert_eq!(bytes[80..84], [4, 0, 0, 0]);
        // The first triangle lies in z = 0 and looks down.
        let z = f32::from_le_bytes(bytes[92..96].try_into().unwrap());
        assert!((z + 1.0).abs() < f32::EPSILON, "{z}");
    }

    #[test]
    fn labels_that_are_missing_are_told() {
        let mesh = Triangles { labels: &[1], ..example() };
        let place = tempfile::tempdir().unwrap();
        let error = ply(&place.path().join("a.ply"), &mesh).unwrap_err();
        assert!(matches!(error, WriteError::Length { len: 1, expected: 4, .. }), "{error}");
    }
}
