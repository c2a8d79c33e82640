//! Standard error as one JSON object per line, for programs that follow a run: `--progress json`.
//!
//! ```text
//! {"seconds":0.0021,"event":"started","stage":"ingest","what":"reading 64 slices"}
//! {"seconds":0.0514,"event":"finished","stage":"ingest","outcome":""}
//! {"seconds":3.2070,"event":"warning","message":"..."}
//! {"seconds":9.0511,"event":"done"}                                  or: "event":"error","status":3,"message":"..."
//! ```

use std::sync::OnceLock;
use std::time::Instant;

use foamflux_grid::Event;
use serde::Serialize;

use crate::output;

/// When lines were asked for; empty where people read.
static BEGAN: OnceLock<Instant> = OnceLock::new();

/// What a line says.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Line<'a> {
    /// A stage or a part of it began.
    Started { stage: &'a str, what: &'a str },
    /// Steps done of what began last; `total` is `null` where it is not known.
    Advanced { stage: &'a str, done: u64, total: Option<u64> },
    /// What began last in the stage is done.
    Finished { stage: &'a str, outcome: &'a str },
    /// A fact.
    Note { message: &'a str },
    /// What may make a number wrong or surprising.
    Warning { message: &'a str },
    /// The end, with the exit status.
    Error { status: u8, message: &'a str },
    /// The end of a command that did what it was asked.
    Done,
}

impl<'a> From<&'a Event> for Line<'a> {
    fn from(event: &'a Event) -> Self {
        match event {
            Event::Started { stage, what } => Line::Started { stage: stage.name(), what },
            Event::Advanced { stage, done, total } => {
                Line::Advanced { stage: stage.name(), done: *done, total: *total }
            }
            Event::Finished { stage, outcome } => Line::Finished { stage: stage.name(), outcome },
            Event::Note(message) => Line::Note { message },
            Event::Warning(message) => Line::Warning { message },
        }
    }
}

/// A line with the seconds since the program was asked for them.
#[derive(Serialize)]
struct Timed<'a> {
    seconds: f64,
    #[serde(flatten)]
    line: &'a Line<'a>,
}

/// From now on standard error is for programs.
pub(crate) fn begin() {
    BEGAN.get_or_init(Instant::now);
}

/// Whether standard error is for programs.
pub(crate) fn asked() -> bool {
    BEGAN.get().is_some()
}

/// Writes a line; false where people read, who are told in words.
pub(crate) fn say(line: &Line<'_>) -> bool {
    let Some(began) = BEGAN.get() else { return false };
    let seconds = (1e4 * began.elapsed().as_secs_f64()).round() / 1e4;
    // Nothing in a line can fail to be written as JSON.
    if let Ok(text) = serde_json::to_string(&Timed { seconds, line }) {
        output::complain(&text);
    }
    true
}
