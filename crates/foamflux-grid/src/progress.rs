//! Progress as events: libraries report, the binary decides how to show it.

use std::fmt;

/// The stages of the main job, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Looking at files and reading voxels.
    Ingest,
    /// Grey values to labels.
    Segment,
    /// Nodes and fibres.
    Tag,
    /// Morphology.
    Measure,
    /// Tortuosity factor and flux maps.
    Transport,
    /// Current distribution.
    Current,
    /// Plating and stripping.
    Plate,
    /// Writing files.
    Write,
}

impl Stage {
    /// Lower-case name, as `--skip` and `--only` take it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Ingest => "ingest",
            Stage::Segment => "segment",
            Stage::Tag => "tag",
            Stage::Measure => "measure",
            Stage::Transport => "transport",
            Stage::Current => "current",
            Stage::Plate => "plate",
            Stage::Write => "write",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something worth telling while work goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A stage or a part of it began; `what` is a short phrase such as "tau of pore along x".
    Started {
        /// The stage.
        stage: Stage,
        /// What is being done.
        what: String,
    },
    /// `done` of `total` steps of what was started last in this stage.
    Advanced {
        /// The stage.
        stage: Stage,
        /// Steps done.
        done: u64,
        /// Steps in all, where known.
        total: Option<u64>,
    },
    /// What was started last in this stage is done.
    Finished {
        /// The stage.
        stage: Stage,
        /// A short phrase with the outcome; may be empty.
        outcome: String,
    },
    /// A fact that the user should see (an assumption, a choice made).
    Note(String),
    /// Something that may make a number wrong or surprising. Also goes into the results.
    Warning(String),
}

/// Receives events and may ask for the work to stop.
pub trait Watch: Send + Sync {
    /// Takes an event. Called from the thread that drives the work.
    fn event(&self, event: Event);

    /// Whether the work should stop at the next safe point.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Ignores every event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Watch for Silent {
    fn event(&self, _event: Event) {}
}
