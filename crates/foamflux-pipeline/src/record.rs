//! Keeps notes and warnings for the results while passing every event on.

use std::sync::Mutex;
use std::time::Instant;

use foamflux_grid::{Event, Watch};
use foamflux_results::StepSeconds;

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

/// Times what was started, and passes every event on.
pub(crate) struct Stopwatch<'a> {
    inner: &'a dyn Watch,
    begun: Mutex<Vec<(String, Instant)>>,
}

impl<'a> Stopwatch<'a> {
    pub(crate) fn new(inner: &'a dyn Watch) -> Self {
        Stopwatch { inner, begun: Mutex::default() }
    }

    /// Seconds from the start of each step to that of the next; of the last one until now.
    pub(crate) fn steps(&self) -> Vec<StepSeconds> {
        let now = Instant::now();
        let begun = self.begun.lock().map(|b| b.clone()).unwrap_or_default();
        let ends = begun.iter().skip(1).map(|(_, at)| *at).chain([now]);
        let step = |((step, at), end): (&(String, Instant), Instant)| StepSeconds {
            step: step.clone(),
            seconds: end.duration_since(*at).as_secs_f64(),
        };
        begun.iter().zip(ends).map(step).collect()
    }
}

impl Watch for Stopwatch<'_> {
    fn event(&self, event: Event) {
        if let Event::Started { what, .. } = &event
            && let Ok(mut begun) = self.begun.lock()
        {
            begun.push((what.clone(), Instant::now()));
        }
        self.inner.event(event);
    }

    fn cancelled(&self) -> bool {
        self.inner.cancelled()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use foamflux_grid::{Silent, Stage};

    use super::*;

    #[test]
    fn steps_are_timed_from_start_to_start() {
        let watch = Stopwatch::new(&Silent);
        for (what, pause) in [("long", 60), ("short", 1)] {
            watch.event(Event::Started { stage: Stage::Tag, what: what.to_owned() });
            std::thread::sleep(Duration::from_millis(pause));
        }
        let steps = watch.steps();
        assert_eq!(steps.iter().map(|s| s.step.as_str()).collect::<Vec<_>>(), ["long", "short"]);
        assert!(steps[0].seconds >= 0.06 && steps[1].seconds >= 0.001, "{steps:?}");
    }
}
