//! From an input to its results: ingest, segment, measure, transport, with events and one configuration.
//!
//! Each stage is a function from settings and data to a result type of `foamflux-results`;
//! [`run`](run::run) strings them together for one input, [`compare`](compare::compare) puts several side by side.
//! Nothing here prints or chooses a device on its own.

pub mod classify;
pub mod compare;
pub mod config;
mod content;
pub mod current;
pub mod doubt;
mod electrode;
mod error;
pub mod errors;
pub mod grey;
pub mod handover;
pub mod impedance;
pub mod ingest;
pub mod keep;
pub mod measure;
pub mod memory;
pub mod plate;
pub mod prepare;
pub mod recipe;
mod record;
mod refine;
pub mod run;
pub mod score;
pub mod segment;
pub mod settings;
pub mod surface;
pub mod tag;
pub mod transport;
pub mod truth;

pub use config::Config;
pub use content::Input;
pub use error::{ExitStatus, PipelineError};
pub use record::Recorder;
pub use settings::Settings;
