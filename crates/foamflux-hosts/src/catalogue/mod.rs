//! Hosts by name: what can be asked for, with which parameters, and how well founded each number is.
//!
//! ```text
//! Preset (name, model, values with standing and source) ─set()─► Recipe ─build()─► HostModel: labels, graph, truth
//! ```
//!
//! A model is a table of [`Parameter`]s, a preset is a column of values for one model; the list, the explanation, the TOML
//! file, `--set` and every error message are read from these two tables.

mod material;
mod models;
mod parameter;
mod presets;
mod recipe;
mod scale;
mod unresolved;

pub use material::{Conductivity, Material};
pub use models::Model;
pub(crate) use models::carbonise_table;
pub(crate) use parameter::length_text;
pub use parameter::{Parameter, Quantity};
pub use presets::{Preset, Setting, presets};
pub use recipe::{Entry, Recipe};
pub use scale::Repeat;
pub use unresolved::{UNRESOLVED, Unresolved};
