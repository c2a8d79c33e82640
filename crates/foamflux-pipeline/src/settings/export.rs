//! Which files for other programs `run` writes beside its own.

use std::collections::BTreeSet;
use std::str::FromStr;

use foamflux_voxel::surface::mesh::Ends;

use super::at;
use crate::config::{Config, ConfigError};

/// A file for other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Export {
    /// Volumes at several resolutions for napari, Fiji, neuroglancer: `volumes.ome.zarr`.
    OmeZarr,
    /// The surface of the solid with the label of each point: `surface.ply`.
    Ply,
    /// The surface of the solid: `surface.stl`.
    Stl,
    /// A partial parameter set of the Battery Parameter eXchange: `bpx.json`.
    Bpx,
    /// Parameter names and values as PyBaMM has them: `pybamm.json`.
    Pybamm,
}

impl Export {
    /// All of them.
    pub const ALL: [Export; 5] = [Export::OmeZarr, Export::Ply, Export::Stl, Export::Bpx, Export::Pybamm];

    /// Name as `--export` takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Export::OmeZarr => "ome-zarr",
            Export::Ply => "ply",
            Export::Stl => "stl",
            Export::Bpx => "bpx",
            Export::Pybamm => "pybamm",
        }
    }

    /// What is written where nothing is said: what takes little time and room beside `fields.vti`.
    pub(crate) fn usual() -> Vec<String> {
        [Export::OmeZarr, Export::Bpx, Export::Pybamm].map(|e| e.name().to_owned()).to_vec()
    }
}

impl FromStr for Export {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Export::ALL.into_iter().find(|e| e.name() == s.trim()).ok_or_else(|| {
            let names = Export::ALL.map(Export::name).join(", ");
            format!("'{s}' is not a file for other programs: write some of {names}, or all, or none")
        })
    }
}

pub(super) fn exports(config: &Config) -> Result<BTreeSet<Export>, ConfigError> {
    let names = config.export.as_deref().unwrap_or_default();
    match names.iter().map(|n| n.trim()).collect::<Vec<_>>().as_slice() {
        [] | ["none"] => Ok(BTreeSet::new()),
        ["all"] => Ok(Export::ALL.into_iter().collect()),
        names => names.iter().map(|name| name.parse().map_err(at("export"))).collect(),
    }
}

pub(super) fn surface_ends(config: &Config) -> Result<Ends, ConfigError> {
    match config.surface_ends.as_deref() {
        None | Some("open") => Ok(Ends::Open),
        Some("closed") => Ok(Ends::Closed),
        Some(other) => Err(ConfigError::value("surface-ends", format!("'{other}' is neither open nor closed"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    fn of(words: Option<&[&str]>) -> Result<Vec<Export>, ConfigError> {
        let export = words.map(|w| w.iter().map(|&s| s.to_owned()).collect());
        Settings::new(Config { export, ..Config::default() }).map(|s| s.exports.into_iter().collect())
    }

    #[test]
    fn names_all_and_none() {
        assert_eq!(of(None).unwrap(), [Export::OmeZarr, Export::Bpx, Export::Pybamm]);
        assert_eq!(of(Some(&["stl", " ply"])).unwrap(), [Export::Ply, Export::Stl]);
        assert_eq!(of(Some(&["all"])).unwrap(), Export::ALL);
        assert!(of(Some(&["none"])).unwrap().is_empty());
        let error = of(Some(&["obj"])).unwrap_err().to_string();
        assert!(error.contains("export") && error.contains("'obj'") && error.contains("ome-zarr"), "{error}");
        assert!(of(Some(&["all", "none"])).is_err());
    }
}
