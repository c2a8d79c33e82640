//! Every file for other programs, opened by the program it is for, and compared with what `results.json` says.
//!
//! One test per reader, each a script of this folder. A test shows as ignored, and names its packages, where Python has not got
//! them; `FOAMFLUX_PYTHON=require` makes that a failure, and `FOAMFLUX_PYTHON=PATH` names the interpreter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "a test harness is an application")]

#[path = "../common/mod.rs"]
mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use common::{close, foamflux, number, root};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

/// Name of the test, its script, and the packages that the script imports.
const READERS: [(&str, &str, &[&str]); 9] = [
    ("tiff_in_tifffile", "tiff.py", &["numpy", "tifffile"]),
    ("npy_and_raw_in_numpy", "plain.py", &["numpy"]),
    ("nrrd_in_pynrrd", "nrrd_file.py", &["numpy", "nrrd"]),
    ("zarr_in_zarr", "zarr_store.py", &["numpy", "zarr", "tifffile"]),
    ("zarr_in_ome_zarr", "zarr_ome.py", &["numpy", "ome_zarr"]),
    ("vti_in_vtk", "vti.py", &["numpy", "vtkmodules"]),
    ("ply_and_stl_in_vtk", "surface.py", &["numpy", "vtkmodules"]),
    ("bpx_in_bpx", "bpx_file.py", &["bpx"]),
    ("pybamm_in_pybamm", "pybamm_file.py", &["pybamm"]),
];

/// The folder with what every reader opens, made once.
static MADE: common::Shared = common::Shared::new();
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| MADE.folder(make));

fn main() {
    let asked = std::env::var("FOAMFLUX_PYTHON").ok();
    let require = asked.as_deref() == Some("require");
    let python = asked.filter(|a| a != "require").unwrap_or_else(|| "python3".to_owned());
    let mut trials: Vec<Trial> = READERS
        .iter()
        .map(|&(name, script, packages)| {
            let missing = missing(&python, packages);
            let name = if missing.is_empty() { name.to_owned() } else { format!("{name} (no {})", missing.join(", ")) };
            let (ignored, python) = (!missing.is_empty() && !require, python.clone());
            Trial::test(name, move || read(&python, script)).with_ignored_flag(ignored)
        })
        .collect();
    trials.push(Trial::test("files_are_those_that_were_asked_for", || {
        files();
        Ok(())
    }));
    trials.push(Trial::test("battery_models_are_told_the_results", || {
        parameters();
        Ok(())
    }));
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    MADE.remove();
    conclusion.exit()
}

/// The packages that Python does not find, without the seconds that importing them takes.
fn missing(python: &str, packages: &[&str]) -> Vec<String> {
    const FIND: &str = "import importlib.util, sys\n\
                        print(*[p for p in sys.argv[1:] if importlib.util.find_spec(p) is None])";
    match Command::new(python).arg("-c").arg(FIND).args(packages).output() {
        Ok(out) if out.status.success() => {
            String::from_utf8_lossy(&out.stdout).split_whitespace().map(str::to_owned).collect()
        }
        _ => vec![python.to_owned()],
    }
}

/// A run with everything, whose edges all differ in number and length, and one without a voxel size.
fn make(folder: &Path) {
    let at = |name: &str| folder.join(name).display().to_string();
    let input = root().join("data/cmf-grey").display().to_string();
    let out = at("out");
    let run = [
        "run",
        &input,
        "--crop",
        "0:80,0:72,0:66",
        "--voxel-size",
        "1um,1.2um,1.5um",
        "--fields",
        "z",
        "--export",
        "all",
        "--sigma",
        "500S/m",
        "--no-doubt",
        "-o",
        &out,
    ];
    foamflux(&run).succeeds();
    let labels = folder.join("out/labels.tif").display().to_string();
    for name in ["labels.npy", "labels.raw", "labels.nrrd"] {
        foamflux(&["ingest", &labels, "-o", &at(name)]).succeeds();
    }
    let place = common::folder();
    let box_of =
        common::labels(&place, [20, 22, 70], |z, y, x| u8::from((5..9).contains(&z) && (4..9).contains(&y) || x == 33));
    foamflux(&["run", &box_of, "--only", "measure", "--export", "all", "-o", &at("voxels")]).succeeds();
    let closed = ["run", &box_of, "--only", "measure", "--export", "ply,stl", "--surface-ends", "closed"];
    foamflux(&[&closed[..], &["-o", &at("closed")]].concat()).succeeds();
}

fn json(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(FOLDER.join(path)).expect("the file is there")).expect("it is JSON")
}

/// What needs no reader: which files there are, and that results name each of them.
fn files() {
    const ALL: [&str; 5] = ["volumes.ome.zarr", "surface.ply", "surface.stl", "bpx.json", "pybamm.json"];
    let listed = json("out/results.json");
    for name in ALL {
        assert!(FOLDER.join("out").join(name).exists(), "{name}");
        assert!(listed["files"][name].is_string(), "{name} is not listed");
    }
    assert_eq!(listed["configuration"]["export"], serde_json::json!(["all"]));
    let place = common::folder();
    let labels = common::labels(&place, [6, 7, 8], |z, _, _| u8::from(z == 3));
    let run = |more: &[&str]| {
        let out = place.path().join("out").display().to_string();
        let mut args = vec!["run", &labels, "--only", "measure", "--overwrite", "-o", &out];
        args.extend(more);
        let call = foamflux(&args);
        call.succeeds();
        let there: Vec<&str> = ALL.into_iter().filter(|n| place.path().join("out").join(n).exists()).collect();
        (there, call.stderr)
    };
    assert_eq!(run(&[]).0, [ALL[0], ALL[3], ALL[4]], "what is written where nothing is said");
    assert!(run(&["--export", "none"]).0.is_empty());
    let (there, said) = run(&["--export", "stl", "-v"]);
    assert_eq!(there, [ALL[2]]);
    assert!(said.contains("triangles") && said.contains("as STL"), "its size is told: {said}");
    foamflux(&["run", &labels, "--surface-ends", "shut", "-o", "never"])
        .fails(2, &["surface-ends", "'shut'", "closed"]);
    foamflux(&["run", &labels, "--export", "obj", "-o", "never"]).fails(2, &["export", "'obj'", "ply, stl"]);
    // Nothing but pore has no surface, and a warning says so.
    let empty = common::labels(&place, [6, 7, 8], |_, _, _| 0);
    let out = place.path().join("empty");
    let args =
        ["run", &empty, "--labels", "pore=0", "--only", "measure", "--export", "ply", "-o", &out.display().to_string()];
    let call = foamflux(&args);
    call.succeeds();
    assert!(!out.join("surface.ply").exists() && call.stderr.contains("no surface was written"), "{}", call.stderr);
}

/// The same numbers as in the scripts, for those who have no Python: PyBaMM's rules, written out.
fn parameters() {
    /// Quotients of the same numbers in another order.
    const ROUNDING: f64 = 1e-12;
    let results = json("out/results.json");
    let efficiency = |phase: &str| number(&results, &format!("/transport/{phase}/directions/z/d_eff_relative"));
    let table = json("out/pybamm.json");
    let told = |name: &str| {
        table[format!("Negative electrode {name}")].as_f64().unwrap_or_else(|| panic!("{name} in {table:#}"))
    };
    let porosity = told("porosity");
    for (component, share, phase) in [("electrolyte", porosity, "pore"), ("electrode", 1.0 - porosity, "solid")] {
        let wanted = efficiency(phase);
        let by_factor = share / told(&format!("tortuosity factor ({component})"));
        let by_exponent = share.powf(told(&format!("Bruggeman coefficient ({component})")));
        close(by_factor, wanted, ROUNDING * wanted, component);
        close(by_exponent, wanted, ROUNDING * wanted, component);
    }
    let bpx = json("out/bpx.json");
    let own = &bpx["Parameterisation"]["User-defined"];
    close(number(own, "/Host: Transport efficiency"), efficiency("pore"), 0.0, "inverse MacMullin number");
    close(number(own, "/Host: Conductivity [S.m-1]"), 500.0 * efficiency("solid"), 1e-9, "effective conductivity");
    assert!(number(own, "/Host: Transport efficiency error") > 0.0);
    assert!(own["description"].as_str().is_some_and(|d| d.contains("along z")), "{own:#}");
}

fn read(python: &str, script: &str) -> Result<(), Failed> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers");
    let out = Command::new(python)
        .arg(here.join(script))
        .arg(&*FOLDER)
        .arg(root().join("data/cmf-grey"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // Some packages send what they were used for; a test asks for nothing.
        .env("PYBAMM_DISABLE_TELEMETRY", "true")
        .output()?;
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    if out.status.success() { Ok(()) } else { Err(text.into()) }
}
