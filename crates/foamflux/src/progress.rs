//! Shows the events of the libraries on standard error.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use foamflux_grid::{Event, Watch};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::CommonArgs;
use crate::output::complain;

/// How much to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    Warnings,
    Progress,
    Everything,
}

/// A watcher that draws a progress line and prints notes and warnings above it.
#[derive(Debug)]
pub(crate) struct Terminal {
    detail: Detail,
    bar: Mutex<Option<ProgressBar>>,
    cancelled: &'static AtomicBool,
}

impl Terminal {
    pub(crate) fn new(common: &CommonArgs, cancelled: &'static AtomicBool) -> Self {
        let detail = match (common.quiet, common.verbose) {
            (true, _) => Detail::Warnings,
            (false, false) => Detail::Progress,
            (false, true) => Detail::Everything,
        };
        Terminal { detail, bar: Mutex::new(None), cancelled }
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
}

impl Watch for Terminal {
    fn event(&self, event: Event) {
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
