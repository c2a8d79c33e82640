//! Results and the images they name, as pages, tables and figures.
//!
//! | module | makes | from |
//! |---|---|---|
//! | [`figures`] | pictures of slices (PNG) and charts (SVG), with scale bars and captions | arrays |
//! | [`html`] | `report.html`, one file that opens offline | [`RunResults`](foamflux_results::RunResults) and the pictures |
//! | [`mod@csv`] | `results.csv`, one header row and one row per sample | the same |
//! | [`compare`] | page, table and charts of several hosts | [`CompareResults`](foamflux_results::CompareResults) |
//! | [`plate`] | page, table and charts of a plating | [`PlateResults`](foamflux_results::PlateResults) |
//! | [`viewer`] | what the report lets its reader move through: slices, the network in 3-D | whole arrays, the graph |
//! | [`text`] | what the commands print | each result type |
//!
//! Nothing here computes a result, prints, or touches a file: functions take results and return text or bytes.
//! Every number on a page comes from one place ([`number`]), so that its digits follow its error everywhere.

pub mod compare;
pub mod csv;
pub mod figures;
pub mod gallery;
pub mod html;
mod limits;
mod methods;
pub mod number;
pub mod plate;
mod tables;
pub mod text;
mod trust;
mod verdicts;
pub mod viewer;

pub use csv::{csv, csv_rows, profile_csv};
pub use html::{ReportError, report};
pub use text::{current_text, impedance_text, ingest_text, measure_text, run_text, segment_text, transport_text};
