//! A run that was interrupted goes on to the numbers of one that was not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use foamflux_grid::{Event, Stage, Watch};
use foamflux_hosts::cmf_demo;
use foamflux_io::read::StackData;
use foamflux_pipeline::keep::Keep;
use foamflux_pipeline::run::{RunOutput, Source, resumable, run};
use foamflux_pipeline::{Config, PipelineError, Settings};
use foamflux_transport::CpuBackend;
use serde_json::Value;

/// Keeps in memory, as long as there is room.
#[derive(Default)]
struct Shelf {
    held: BTreeMap<String, Vec<u8>>,
    full: bool,
}

impl Keep for Shelf {
    fn save(&mut self, name: &str, bytes: &[u8]) -> Result<(), PipelineError> {
        if self.full {
            return Err(PipelineError::Internal("no room".to_owned()));
        }
        self.held.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, PipelineError> {
        Ok(self.held.get(name).cloned())
    }

    fn place(&self) -> String {
        "the shelf".to_owned()
    }
}

/// Stops the work when so many directions are done, and remembers which were begun.
struct Stopper {
    after: usize,
    done: AtomicUsize,
    begun: Mutex<Vec<String>>,
    warnings: Mutex<Vec<String>>,
}

impl Stopper {
    fn after(after: usize) -> Self {
        Stopper { after, done: AtomicUsize::new(0), begun: Mutex::default(), warnings: Mutex::default() }
    }

    fn never() -> Self {
        Stopper::after(usize::MAX)
    }

    fn begun(&self) -> Vec<String> {
        self.begun.lock().unwrap().clone()
    }
}

impl Watch for Stopper {
    fn event(&self, event: Event) {
        match event {
            Event::Started { stage: Stage::Transport, what }
                if what.starts_with("tau of") && !what.contains("threshold") =>
            {
                self.begun.lock().unwrap().push(what);
            }
            Event::Finished { stage: Stage::Transport, outcome } if outcome.contains(" along ") => {
                self.done.fetch_add(1, Ordering::Relaxed);
            }
            Event::Warning(text) => self.warnings.lock().unwrap().push(text),
            _ => {}
        }
    }

    fn cancelled(&self) -> bool {
        self.done.load(Ordering::Relaxed) >= self.after
    }
}

fn config() -> Config {
    let only = ["measure", "transport"].map(str::to_owned).to_vec();
    Config { only: Some(only), fields: Some("all".to_owned()), doubt: Some(false), ..Config::default() }
}

fn go(config: &Config, shelf: &mut Shelf, resume: bool, watch: &Stopper) -> Result<RunOutput, PipelineError> {
    let grey = cmf_demo().generate(3).unwrap().grey;
    let source = Source::Made { data: StackData::U8(grey), kind: "generated".to_owned() };
    let settings = Settings::new(config.clone()).unwrap();
    resumable(source, &settings, Some((shelf, resume)), &CpuBackend::new(), watch)
}

/// Numbers without what a clock says.
fn numbers(done: &RunOutput) -> Value {
    fn without_seconds(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.retain(|key, _| !key.starts_with("seconds"));
                map.values_mut().for_each(without_seconds);
            }
            Value::Array(items) => items.iter_mut().for_each(without_seconds),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(&done.results.transport).unwrap();
    without_seconds(&mut value);
    value
}

#[test]
fn an_interrupted_run_goes_on_to_the_same_numbers() {
    let grey = cmf_demo().generate(3).unwrap().grey;
    let source = Source::Made { data: StackData::U8(grey), kind: "generated".to_owned() };
    let whole = run(source, &Settings::new(config()).unwrap(), &CpuBackend::new(), &Stopper::never()).unwrap();
    // In the middle of the pore, and of the solid.
    for after in [2, 4] {
        let mut shelf = Shelf::default();
        let stopper = Stopper::after(after);
        let error = go(&config(), &mut shelf, false, &stopper).err().unwrap();
        assert!(matches!(&error, PipelineError::Interrupted { place } if place == "the shelf"), "{error}");
        let kept = shelf.held.keys().filter(|name| name.matches('_').count() == 1).count();
        assert!(kept > 0 && kept < 6, "{:?}", shelf.held.keys());
        let watch = Stopper::never();
        let resumed = go(&config(), &mut shelf, true, &watch).unwrap();
        assert_eq!(watch.begun().len(), 6 - kept, "{:?}", watch.begun());
        assert_eq!(numbers(&resumed), numbers(&whole));
        for (a, b) in resumed.fields.iter().zip(&whole.fields) {
            assert_eq!(a.axis, b.axis);
            let same = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same(&a.potential, &b.potential) && same(&a.loss, &b.loss), "{}", a.axis);
            assert!(same(a.flux.as_flattened(), b.flux.as_flattened()), "{}", a.axis);
        }
        assert_eq!(resumed.fields.len(), 3);
        // What is kept now is all of it.
        let watch = Stopper::never();
        go(&config(), &mut shelf, true, &watch).unwrap();
        assert!(watch.begun().is_empty());
    }
}

#[test]
fn what_is_of_another_run_or_damaged_is_refused() {
    let mut shelf = Shelf::default();
    go(&config(), &mut shelf, false, &Stopper::after(1)).err().unwrap();
    let refused = |config: Config, shelf: &mut Shelf, part: &str| {
        let error = go(&config, shelf, true, &Stopper::after(1)).err().unwrap();
        assert!(matches!(error, PipelineError::Config(_)), "{error}");
        let text = error.to_string();
        assert!(text.contains("the shelf") && text.contains(part) && text.contains("resume"), "{text}");
    };
    refused(Config { tol: Some("1%".to_owned()), ..config() }, &mut shelf, "of other settings");
    refused(Config { method: Some("otsu".to_owned()), ..config() }, &mut shelf, "of another volume");
    // Another device or less memory is no other run: a device that failed may be why it ended.
    let elsewhere = Config { device: Some("cpu".to_owned()), threads: Some(1), ..config() };
    let watch = Stopper::never();
    go(&elsewhere, &mut shelf, true, &watch).unwrap();
    assert_eq!(watch.begun().len(), 5);
    let mut broken = Shelf { held: shelf.held.clone(), full: false };
    broken.held.insert("pore_x_flux".to_owned(), vec![0; 12]);
    refused(config(), &mut broken, "lacks the flux of pore_x");
    shelf.held.insert("pore_x".to_owned(), b"{\"fingerprint\"".to_vec());
    refused(config(), &mut shelf, "holds pore_x damaged");
}

#[test]
fn a_place_without_room_ends_nothing() {
    let mut shelf = Shelf { full: true, ..Shelf::default() };
    let watch = Stopper::never();
    let done = go(&config(), &mut shelf, false, &watch).unwrap();
    assert_eq!(watch.begun().len(), 6);
    let told: Vec<&String> = done.results.warnings.iter().filter(|w| w.contains("no room")).collect();
    assert_eq!(told.len(), 1, "told once: {told:?}");
    // Stopped by the user with nothing kept, it is as if it had not begun.
    let error = go(&config(), &mut shelf, false, &Stopper::after(2)).err().unwrap();
    assert!(matches!(error, PipelineError::Cancelled), "{error}");
    // The same where nothing is to be kept, as for a stack that was made on the spot.
    let grey = cmf_demo().generate(3).unwrap().grey;
    let source = Source::Made { data: StackData::U8(grey), kind: "generated".to_owned() };
    let error = run(source, &Settings::new(config()).unwrap(), &CpuBackend::new(), &Stopper::after(2)).err().unwrap();
    assert!(matches!(error, PipelineError::Cancelled), "{error}");
}
