//! Runs the tests in `tests/python` in Python, on the library of this build.
//!
//! They show as ignored where there is no `python3` with numpy and pytest; `FOAMFLUX_PYTHON=require` makes that a failure, and
//! `FOAMFLUX_PYTHON=PATH` names the interpreter.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot go on fails here")]

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let asked = std::env::var("FOAMFLUX_PYTHON").ok();
    let require = asked.as_deref() == Some("require");
    let python = asked.filter(|a| a != "require").unwrap_or_else(|| "python3".to_owned());
    let there = Command::new(&python)
        .args(["-c", "import numpy, pytest, sys; assert sys.version_info >= (3, 9)"])
        .output()
        .is_ok_and(|out| out.status.success());
    let trial = Trial::test("the_package_in_python", move || package(&python)).with_ignored_flag(!there && !require);
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit();
}

/// The library that this build made, beside the test.
fn library() -> Result<PathBuf, Failed> {
    let (prefix, suffix) = (format!("{}foamflux_native", std::env::consts::DLL_PREFIX), std::env::consts::DLL_SUFFIX);
    let exe = std::env::current_exe()?;
    let folder = exe.parent().ok_or("a test without a folder")?;
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.starts_with(&prefix) && name.ends_with(suffix) {
            found.push((file.metadata()?.modified()?, file.path()));
        }
    }
    // Earlier builds may have left others.
    let newest = found.into_iter().max().ok_or_else(|| format!("no {prefix}*{suffix} in {}", folder.display()))?;
    Ok(newest.1)
}

fn package(python: &str) -> Result<(), Failed> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place = tempfile::tempdir()?;
    let package = place.path().join("foamflux");
    std::fs::create_dir(&package)?;
    for file in std::fs::read_dir(here.join("python/foamflux"))? {
        let file = file?;
        if file.file_type()?.is_file() {
            std::fs::copy(file.path(), package.join(file.file_name()))?;
        }
    }
    let module = if cfg!(windows) { "_native.pyd" } else { "_native.abi3.so" };
    std::fs::copy(library()?, package.join(module))?;
    let out = Command::new(python)
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .arg(here.join("tests/python"))
        .env("PYTHONPATH", place.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(place.path())
        .output()?;
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    if out.status.success() { Ok(()) } else { Err(text.into()) }
}
