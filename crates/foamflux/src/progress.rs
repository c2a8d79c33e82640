//! Shows the events of the libraries on standard error.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use foamflux_grid::{Event, Watch};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::{CommonArgs, ProgressHow};
use crate::lines::{self, Line};
use crate::output::complain;

/// How much to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    Warnings,
    Progress,
    Everything,
}

/// Least time between two lines of JSON that say how far a step is.
const BETWEEN: Duration = Duration::from_millis(125);

/// A watcher that draws a progress line and prints notes and warnings above it.
#[derive(Debug)]
pub(crate) struct Terminal {
    detail: Detail,
    bar: Mutex<Option<ProgressBar>>,
    /// When a line of JSON last said how far a step is.
    advanced: Mutex<Option<Instant>>,
    cancelled: &'static AtomicBool,
}

impl Terminal {
    pub(crate) fn new(common: &CommonArgs, cancelled: &'static AtomicBool) -> Self {
        let detail = match (common.quiet, common.verbose) {
            _ if common.progress == Some(ProgressHow::None) => Detail::Warnings,
            (true, _) => Detail::Warnings,
            (false, false) => Detail::Progress,
            (false, true) => Detail::Everything,
        };
        Terminal { detail, bar: Mutex::new(None), advanced: Mutex::new(None), cancelled }
    }

    /// Takes the progress line away, before results are printed.
    pub(crate) fn clear(&self) {
        self.replace_bar(None);
    }

    /// Prints a line without tearing the progress line.
    fn line(&self, text: &str) {
        match self.bar.lock().ok().and_then(|bar| bar.clone()) {
            Some(bar) => bar.suspend(|| complain(text)),
            None => complain(text),
        }
    }

    fn replace_bar(&self, next: Option<ProgressBar>) {
        if let Ok(mut bar) = self.bar.lock() {
            if let Some(old) = bar.take() {
                old.finish_and_clear();
            }
            *bar = next;
        }
    }

    fn start(&self, what: &str) {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
        if bar.is_hidden() {
            // Not a terminal: one line for each thing begun, so that a log shows where time goes.
            complain(what);
            return self.replace_bar(None);
        }
        let style = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(style);
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(125));
        self.replace_bar(Some(bar));
    }

    fn advance(&self, done: u64, total: Option<u64>) {
        let Ok(bar) = self.bar.lock() else { return };
        let Some(bar) = bar.as_ref() else { return };
        if let Some(total) = total
            && bar.length() != Some(total)
        {
            bar.set_length(total);
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {bar:30} {pos}/{len} [{elapsed}]") {
                bar.set_style(style);
            }
        }
        bar.set_position(done);
    }

    /// Whether it is time to say again how far a step is; its beginning and end always are told.
    fn due(&self, event: &Event) -> bool {
        let Event::Advanced { done, total, .. } = event else { return true };
        let Ok(mut last) = self.advanced.lock() else { return true };
        let now = Instant::now();
        let due = *total == Some(*done) || last.is_none_or(|last| now.duration_since(last) >= BETWEEN);
        if due {
            *last = Some(now);
        }
        due
    }
}

impl Watch for Terminal {
    fn event(&self, event: Event) {
        let shown = self.detail != Detail::Warnings || matches!(event, Event::Warning(_));
        if lines::asked() {
            if shown && self.due(&event) {
                lines::say(&Line::from(&event));
            }
            return;
        }
        match event {
            Event::Warning(text) => self.line(&format!("warning: {text}")),
            _ if self.detail == Detail::Warnings => {}
            Event::Note(text) => self.line(&format!("note: {text}")),
            Event::Started { stage, what } => self.start(&format!("{stage}: {what}")),
            Event::Advanced { done, total, .. } => self.advance(done, total),
            Event::Finished { stage, outcome } => {
                self.replace_bar(None);
                if self.detail == Detail::Everything && !outcome.is_empty() {
                    complain(&format!("{stage}: {outcome}"));
                }
            }
        }
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.replace_bar(None);
    }
}
