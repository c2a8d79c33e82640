//! Keeps notes and warnings for the results while passing every event on.

use std::sync::Mutex;

use foamflux_grid::{Event, Watch};

/// A watcher that remembers.
pub struct Recorder<'a> {
    inner: &'a dyn Watch,
    notes: Mutex<Vec<String>>,
    warnings: Mutex<Vec<String>>,
}

impl<'a> Recorder<'a> {
    /// Passes every event on to `inner`.
    #[must_use]
    pub fn new(inner: &'a dyn Watch) -> Self {
        Recorder { inner, notes: Mutex::default(), warnings: Mutex::default() }
    }

    /// The warnings so far, each once.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.lock().map(|w| w.clone()).unwrap_or_default()
    }

    /// The notes so far, each once.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().map(|n| n.clone()).unwrap_or_default()
    }
}

impl Watch for Recorder<'_> {
    fn event(&self, event: Event) {
        let list = match &event {
            Event::Note(text) => Some((&self.notes, text)),
            Event::Warning(text) => Some((&self.warnings, text)),
            _ => None,
        };
        if let Some((list, text)) = list
            && let Ok(mut list) = list.lock()
            && !list.contains(text)
        {
            list.push(text.clone());
        }
        self.inner.event(event);
    }

    fn cancelled(&self) -> bool {
        self.inner.cancelled()
    }
}
