//! `cargo xtask wheel`: the Python package, with the program in it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

/// Where the package looks for the program (see `foamflux/_program.py`).
const PLACE: &str = "crates/foamflux-python/python/foamflux/bin";

/// Builds the program, puts it into the package, and builds the wheel into `target/wheels`.
pub(crate) fn build() -> anyhow::Result<()> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    run(Command::new("cargo").args(["build", "--release", "--locked", "--package", "foamflux"]).current_dir(&top))?;
    let program = if cfg!(windows) { "foamflux.exe" } else { "foamflux" };
    let place = top.join(PLACE);
    std::fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    let (from, to) = (top.join("target/release").join(program), place.join(program));
    std::fs::copy(&from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    // Names of functions are two thirds of it; where there is no such tool the wheel is larger.
    if !Command::new("strip").arg(&to).status().is_ok_and(|s| s.success()) {
        println!("{} was not stripped", to.display());
    }
    let arguments = [
        "build",
        "--release",
        "--locked",
        "--manifest-path",
        "crates/foamflux-python/Cargo.toml",
        "--out",
        "target/wheels",
    ];
    let there = Command::new("maturin").arg("--version").output().is_ok_and(|out| out.status.success());
    let mut maturin = if there {
        Command::new("maturin")
    } else {
        let mut python = Command::new("python3");
        python.args(["-m", "maturin"]);
        python
    };
    run(maturin.args(arguments).current_dir(&top)).context("maturin builds the wheel: pip install maturin")
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(())
}
