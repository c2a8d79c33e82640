//! Reference values of tau: what errors are stated against.
//!
//! A table is a JSON file, `{"schema": "foamflux.bench.reference/1", "entries": [...]}`; `run_reference.py` of `peers/`
//! finds the values with another discretisation code and another solver, in double precision.
//! A volume is known by its file's name or by its case, shape and seed, and by its number of conducting voxels, so that
//! a generator that changed is noticed and not blamed on the solver.

use std::path::Path;

use foamflux_grid::Axis;
use serde::{Deserialize, Serialize};

/// Version of the table.
pub const SCHEMA: &str = "foamflux.bench.reference/1";

/// A table of reference values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// [`SCHEMA`].
    pub schema: String,
    /// One per volume and direction.
    pub entries: Vec<Entry>,
}

/// Reference values of one volume in one direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Name of the file, without its folder; for exported and foreign volumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Case as its line names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Seed of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Shape.
    pub shape_zyx: [usize; 3],
    /// Voxels that conduct.
    pub conducting_voxels: u64,
    /// Direction.
    pub direction: Axis,
    /// tau with electrodes on the outer faces, no-flux sides and the whole volume fraction.
    pub tau: f64,
    /// Where it comes from.
    pub method: String,
}

/// What is to be looked up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted<'a> {
    /// Name of the file, where there is one.
    pub file: Option<&'a str>,
    /// Case as its line names it.
    pub case: &'a str,
    /// Seed.
    pub seed: u64,
    /// Shape.
    pub shape_zyx: [usize; 3],
    /// Voxels that conduct.
    pub conducting_voxels: u64,
    /// Direction.
    pub direction: Axis,
}

/// Why a table says nothing useful.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// The file cannot be read.
    #[error("{path}: {source}: give a table of reference values, or 'solve'")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is no table.
    #[error("{path} is no table of reference values ({SCHEMA}): {message}")]
    Format {
        /// The file.
        path: String,
        /// Why.
        message: String,
    },
    /// The table knows the volume by name, with other voxels.
    #[error(
        "{case} has {found} conducting voxels and {table} in the table of reference values: the volumes differ; \
         export it again and solve it with run_reference.py"
    )]
    OtherVolume {
        /// The case or file.
        case: String,
        /// Conducting voxels of the volume.
        found: u64,
        /// Conducting voxels in the table.
        table: u64,
    },
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// [`ReferenceError::Read`] and [`ReferenceError::Format`].
    pub fn read(path: &Path) -> Result<Self, ReferenceError> {
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|source| ReferenceError::Read { path: name.clone(), source })?;
        let format = |message: String| ReferenceError::Format { path: name.clone(), message };
        let table: Table = serde_json::from_str(&text).map_err(|error| format(error.to_string()))?;
        if table.schema != SCHEMA {
            return Err(format(format!("its schema is '{}'", table.schema)));
        }
        if let Some(entry) = table.entries.iter().find(|entry| !(entry.tau.is_finite() && entry.tau > 0.0)) {
            return Err(format(format!("tau = {} of {:?} {:?}", entry.tau, entry.file, entry.case)));
        }
        Ok(table)
    }

    /// The entry of a volume, `None` where the table does not know it.
    ///
    /// # Errors
    /// [`ReferenceError::OtherVolume`].
    pub fn find(&self, wanted: &Wanted<'_>) -> Result<Option<&Entry>, ReferenceError> {
        let known = |entry: &&Entry| {
            let by_file = wanted.file.is_some() && entry.file.as_deref() == wanted.file;
            let by_case = wanted.file.is_none()
                && entry.case.as_deref() == Some(wanted.case)
                && entry.seed.is_none_or(|seed| seed == wanted.seed);
            (by_file || by_case) && entry.shape_zyx == wanted.shape_zyx && entry.direction == wanted.direction
        };
        match self.entries.iter().find(known) {
            Some(entry) if entry.conducting_voxels != wanted.conducting_voxels => Err(ReferenceError::OtherVolume {
                case: wanted.file.unwrap_or(wanted.case).to_owned(),
                found: wanted.conducting_voxels,
                table: entry.conducting_voxels,
            }),
            found => Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(case: Option<&str>, file: Option<&str>, direction: Axis) -> Entry {
        Entry {
            file: file.map(str::to_owned),
            case: case.map(str::to_owned),
            seed: case.map(|_| 1),
            shape_zyx: [8, 8, 8],
            conducting_voxels: 256,
            direction,
            tau: 1.5,
            method: "by hand".to_owned(),
        }
    }

    fn wanted<'a>(case: &'a str, file: Option<&'a str>) -> Wanted<'a> {
        Wanted { file, case, seed: 1, shape_zyx: [8, 8, 8], conducting_voxels: 256, direction: Axis::Z }
    }

    fn table(entries: Vec<Entry>) -> Table {
        Table { schema: SCHEMA.to_owned(), entries }
    }

    #[test]
    fn a_table_reads_back_and_may_say_more_than_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reference.json");
        let table = table(vec![entry(Some("blobs:0.5:4"), Some("blobs.npy"), Axis::Z)]);
        let mut value = serde_json::to_value(&table).unwrap();
        value["entries"][0]["tau_centre_planes"] = 1.49.into();
        std::fs::write(&path, value.to_string()).unwrap();
        assert_eq!(Table::read(&path).unwrap(), table);

        for (text, named) in [
            ("{}", "schema"),
            (r#"{"schema": "other/1", "entries": []}"#, "other/1"),
            ("tau = 2", "expected"),
            (&value.to_string().replace("1.5", "-1.5"), "-1.5"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Table::read(&path).unwrap_err().to_string();
            assert!(error.contains(named) && error.contains("reference.json"), "{error}");
        }
        assert!(matches!(Table::read(&folder.path().join("none")), Err(ReferenceError::Read { .. })));
    }

    #[test]
    fn volumes_are_known_by_case_or_by_file() {
        let mut other_way = entry(Some("blobs:0.5:4"), None, Axis::X);
        other_way.tau = 2.0;
        let table = table(vec![other_way, entry(Some("blobs:0.5:4"), Some("blobs.npy"), Axis::Z)]);
        let tau = |wanted: &Wanted<'_>| table.find(wanted).unwrap().map(|entry| entry.tau.to_bits());
        let z = Some(1.5f64.to_bits());
        assert_eq!(tau(&wanted("blobs:0.5:4", None)), z);
        assert_eq!(tau(&wanted("file:/a/blobs.npy:solid", Some("blobs.npy"))), z);
        assert_eq!(tau(&Wanted { direction: Axis::X, ..wanted("blobs:0.5:4", None) }), Some(2f64.to_bits()));
        assert_eq!(tau(&wanted("blobs:0.4:4", None)), None);
        // A file of another name is not taken for the case it may have been exported from.
        assert_eq!(tau(&wanted("blobs:0.5:4", Some("mine.npy"))), None);
        assert_eq!(tau(&Wanted { seed: 2, ..wanted("blobs:0.5:4", None) }), None);
        assert_eq!(tau(&Wanted { shape_zyx: [8, 8, 9], ..wanted("blobs:0.5:4", None) }), None);
    }

    #[test]
    fn other_voxels_of_the_same_name_are_noticed() {
        let table = table(vec![entry(Some("empty"), None, Axis::Z)]);
        let error = table.find(&Wanted { conducting_voxels: 257, ..wanted("empty", None) }).unwrap_err();
        assert!(error.to_string().contains("empty has 257 conducting voxels and 256 in the table"), "{error}");
    }
}
