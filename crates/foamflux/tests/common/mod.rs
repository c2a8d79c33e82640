//! What the tests of the command line share.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;

/// A finished call of the program.
pub(crate) struct Call {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Calls `foamflux` with arguments and waits for it.
pub(crate) fn foamflux<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Call {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_foamflux")).args(args).output().expect("the binary runs");
    Call {
        status: output.status.code().expect("the program ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
    }
}

impl Call {
    /// The JSON on standard output of a call that must have succeeded.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 0, "{}", self.stderr);
        serde_json::from_str(&self.stdout).expect("standard output is JSON and nothing else")
    }

    /// Asserts that it succeeded.
    pub(crate) fn succeeds(&self) -> &Self {
        assert_eq!(self.status, 0, "{}", self.stderr);
        self
    }

    /// Asserts the exit status and that the message holds every part, and that nothing panicked.
    pub(crate) fn fails(&self, status: i32, parts: &[&str]) {
        assert_eq!(self.status, status, "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        for part in parts {
            assert!(self.stderr.contains(part), "'{part}' is missing in: {}", self.stderr);
        }
    }
}

/// A number in a JSON tree, by path.
pub(crate) fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no number at {path} in {value:#}"))
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository is there")
}

/// The folder of real stacks beside the checkout.
pub(crate) fn real(path: &str) -> String {
    root().join("../shared/data").join(path).display().to_string()
}

/// Asserts that two numbers differ by no more than a named tolerance.
#[track_caller]
pub(crate) fn close(got: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((got - expected).abs() <= tolerance, "{what}: got {got}, expected {expected} +- {tolerance}");
}

/// A folder for one test.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A folder that the tests of a binary share and the first of them fills. Statics are not dropped: [`Shared::remove`] ends it.
pub(crate) struct Shared(OnceLock<Mutex<Option<tempfile::TempDir>>>);

impl Shared {
    pub(crate) const fn new() -> Self {
        Shared(OnceLock::new())
    }

    /// The folder, made by `make` the first time.
    pub(crate) fn folder(&self, make: impl FnOnce(&Path)) -> PathBuf {
        let place = self.0.get_or_init(|| {
            let place = folder();
            make(place.path());
            Mutex::new(Some(place))
        });
        let place = place.lock().unwrap_or_else(PoisonError::into_inner);
        place.as_ref().expect("it is there until the tests end").path().to_owned()
    }

    pub(crate) fn remove(&self) {
        if let Some(place) = self.0.get() {
            drop(place.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

/// A file of labels in a folder, `f(z, y, x)`.
pub(crate) fn labels(place: &tempfile::TempDir, zyx: [usize; 3], f: impl FnMut(usize, usize, usize) -> u8) -> String {
    let shape = foamflux_grid::Shape::new(zyx[0], zyx[1], zyx[2]).expect("a shape");
    let path = place.path().join("labels.npy");
    let volume = foamflux_grid::Volume::from_fn(shape, foamflux_grid::VoxelSize::Unknown, f);
    foamflux_io::write::volume(&path, &volume, "labels").expect("written");
    path.display().to_string()
}

/// The bytes that base64 stands for.
pub(crate) fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut out) = (0u32, 0, Vec::new());
    for c in text.bytes().filter(|c| *c != b'=') {
        bits = bits << 6 | ALPHABET.iter().position(|a| *a == c).unwrap() as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 255) as u8);
        }
    }
    out
}
