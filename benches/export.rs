//! Volumes for others: `.npy` files of u8, 1 where it conducts.

use std::path::{Path, PathBuf};

use foamflux_io::write::{self, WriteError};
use serde::{Deserialize, Serialize};

use crate::subject::{Specimen, Subject};

/// What was written; one line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exported {
    /// The file.
    pub file: PathBuf,
    /// What it holds.
    pub case: String,
    /// Seed of the case; absent for what was read.
    pub seed: Option<u64>,
    /// Shape of the array: z, y, x.
    pub shape_zyx: [usize; 3],
    /// Voxels that conduct.
    pub conducting_voxels: u64,
}

/// Writes `folder/STEM-SIZE.npy`, SIZE being the edge of a cube or ZxYxX.
///
/// # Errors
/// [`WriteError`].
pub fn export(folder: &Path, subject: &Subject, seed: u64, specimen: &Specimen) -> Result<Exported, WriteError> {
    let shape = specimen.labels.shape();
    let size = match shape.zyx() {
        [z, y, x] if z == y && y == x => z.to_string(),
        [z, y, x] => format!("{z}x{y}x{x}"),
    };
    let file = folder.join(format!("{}-{size}.npy", subject.file_stem()));
    let conducting = specimen.labels.volume().map(|&label| u8::from(specimen.conducting.contains(label)));
    write::volume(&file, &conducting, "conducting")?;
    Ok(Exported {
        file,
        case: subject.to_string(),
        seed: (!subject.is_file()).then_some(seed),
        shape_zyx: shape.zyx(),
        conducting_voxels: conducting.as_slice().iter().map(|&v| u64::from(v)).sum(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use foamflux_grid::Shape;

    #[test]
    fn what_is_exported_reads_back_as_the_same_problem() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Options::default().ingest();
        for (text, name, edges) in [
            // The pore conducts here and the struts there; in both files it is the solid.
            ("percolation:0.4", "percolation-0.4-3x7x10.npy", (3, 7, 10)),
            ("foam:0.1:16:solid", "foam-0.1-16-solid-16.npy", (16, 16, 16)),
        ] {
            let shape = Shape::new(edges.0, edges.1, edges.2).unwrap();
            let subject: Subject = text.parse().unwrap();
            let made = subject.make(shape, 4, &settings).unwrap();
            let exported = export(folder.path(), &subject, 4, &made).unwrap();
            assert_eq!(exported.file, folder.path().join(name));
            assert_eq!((exported.case, exported.seed), (subject.to_string(), Some(4)));

            let file: Subject = format!("file:{}", exported.file.display()).parse().unwrap();
            let read = file.make(Shape::cube(1).unwrap(), 1, &settings).unwrap();
            assert_eq!(read.labels.mask(read.conducting), made.labels.mask(made.conducting), "{text}");
            let share = exported.conducting_voxels as f64 / shape.len() as f64;
            assert!((read.volume_fraction() - share).abs() < f64::EPSILON);
            assert!(share > 0.0 && share < 1.0, "{text} must have both phases to show which is which");
        }
    }
}
