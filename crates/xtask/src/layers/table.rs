//! The layer table: which crate stands where and what it may use.
//!
//! This is the one place to change when a crate is added.
//! The same table, with a line on what each crate does, opens `crates/README.md`.

/// What a crate may use from outside of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum External {
    /// Anything that is not reserved for others (see [`RESERVED`]).
    Any,
    /// These and nothing else: everyone above inherits what these crates need.
    Only(&'static [&'static str]),
}

/// Whether others link a crate or a person runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Linked by others: never prints, never reads the environment.
    Library,
    /// Run by a person or by a machine.
    Application,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// Name of the package.
    pub(crate) package: &'static str,
    /// Its folder, relative to the top of the repository.
    pub(crate) folder: &'static str,
    /// Layer; a crate uses only crates of lower layers.
    pub(crate) layer: u8,
    /// Library or application.
    pub(crate) kind: Kind,
    /// Crates of this workspace that it may use.
    pub(crate) uses: &'static [&'static str],
    /// Crates of others that it may use.
    pub(crate) external: External,
}

const GRID: &str = "foamflux-grid";
const RESULTS: &str = "foamflux-results";
const SHADERS: &str = "foamflux-shaders";
const IO: &str = "foamflux-io";
const VOXEL: &str = "foamflux-voxel";
const HOSTS: &str = "foamflux-hosts";
const NETWORK: &str = "foamflux-network";
const TRANSPORT: &str = "foamflux-transport";
const ELECTRO: &str = "foamflux-electro";
const GPU: &str = "foamflux-gpu";
const PIPELINE: &str = "foamflux-pipeline";
const REPORT: &str = "foamflux-report";
const BINARY: &str = "foamflux";
const PYTHON: &str = "foamflux-python";
const BENCH: &str = "foamflux-bench";
const XTASK: &str = "xtask";

const fn library(
    package: &'static str,
    folder: &'static str,
    layer: u8,
    uses: &'static [&'static str],
    external: External,
) -> Row {
    Row { package, folder, layer, kind: Kind::Library, uses, external }
}

const fn application(package: &'static str, folder: &'static str, layer: u8, uses: &'static [&'static str]) -> Row {
    Row { package, folder, layer, kind: Kind::Application, uses, external: External::Any }
}

/// Every crate that the workspace has, or that the architecture has a place for, lowest layer first.
pub(crate) const TABLE: &[Row] = &[
    library(GRID, "crates/foamflux-grid", 0, &[], External::Only(&["ndarray", "serde", "thiserror"])),
    library(RESULTS, "crates/foamflux-results", 0, &[], External::Only(&["schemars", "serde", "serde_json"])),
    library(SHADERS, "shaders", 0, &[], External::Only(&["bytemuck"])),
    library(IO, "crates/foamflux-io", 1, &[GRID], External::Any),
    library(VOXEL, "crates/foamflux-voxel", 1, &[GRID], External::Any),
    library(HOSTS, "crates/foamflux-hosts", 1, &[GRID], External::Any),
    library(NETWORK, "crates/foamflux-network", 2, &[GRID, VOXEL], External::Any),
    library(TRANSPORT, "crates/foamflux-transport", 2, &[GRID, VOXEL], External::Any),
    library(ELECTRO, "crates/foamflux-electro", 3, &[GRID, VOXEL, TRANSPORT], External::Any),
    library(GPU, "crates/foamflux-gpu", 3, &[GRID, TRANSPORT, SHADERS], External::Any),
    library(
        PIPELINE,
        "crates/foamflux-pipeline",
        4,
        &[GRID, RESULTS, IO, VOXEL, HOSTS, NETWORK, TRANSPORT, ELECTRO],
        External::Any,
    ),
    library(
        REPORT,
        "crates/foamflux-report",
        4,
        &[RESULTS],
        External::Only(&["askama", "embedded-graphics", "png", "thiserror"]),
    ),
    application(
        BINARY,
        "crates/foamflux",
        5,
        &[PIPELINE, REPORT, GPU, RESULTS, GRID, IO, VOXEL, HOSTS, NETWORK, TRANSPORT, ELECTRO],
    ),
    library(PYTHON, "crates/foamflux-python", 5, &[PIPELINE, GPU, GRID, IO, TRANSPORT], External::Any),
    application(
        BENCH,
        "benches",
        6,
        &[GRID, RESULTS, SHADERS, IO, VOXEL, HOSTS, NETWORK, TRANSPORT, ELECTRO, GPU, PIPELINE, REPORT],
    ),
    application(XTASK, "crates/xtask", 6, &[]),
];

/// A crate of others that only some of ours may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reserved {
    /// Its name.
    pub(crate) name: &'static str,
    /// Who may use it.
    pub(crate) only: &'static [&'static str],
    /// Whether tests of any crate may use it all the same.
    pub(crate) tests_may: bool,
}

/// Crates of others that only some of ours may use.
///
/// Tests may use most of them: a test of the binary writes a TIFF to read it back, a tool for tests may use `anyhow`.
/// `wgpu` and `pyo3` are reserved in tests as well: they decide what has to be installed to build at all.
pub(crate) const RESERVED: &[Reserved] = &[
    Reserved { name: "wgpu", only: &[GPU, BENCH], tests_may: false },
    Reserved { name: "pyo3", only: &[PYTHON], tests_may: false },
    Reserved { name: "tiff", only: &[IO], tests_may: true },
    Reserved { name: "clap", only: &[BINARY, XTASK], tests_may: true },
    Reserved { name: "indicatif", only: &[BINARY, XTASK], tests_may: true },
    Reserved { name: "anyhow", only: &[BINARY, XTASK], tests_may: true },
];

/// Crates that we choose ourselves and that stand in the graph twice all the same, each with the reason.
pub(crate) const ACCEPTED_TWICE: &[(&str, &str)] = &[];

/// What the top of the repository holds, besides dot-files.
pub(crate) const TOP_LEVEL: &[&str] =
    &["Cargo.lock", "Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "benches", "crates", "data", "shaders"];

/// Folders that explain themselves in a README of their own.
pub(crate) const EXPLAINED: &[&str] = &["benches", "crates", "data", "shaders"];

/// Longest Rust or WGSL file in lines; a file that has one reason to exist ends near 400.
pub(crate) const MAX_LINES: usize = 600;

/// The row of a package.
pub(crate) fn row(package: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.package == package)
}
