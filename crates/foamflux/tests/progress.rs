//! What is told while a command works: in words, as lines of JSON, or not at all; and colours, or none.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use common::{Call, foamflux, folder, labels};
use serde_json::Value;

fn bars(place: &tempfile::TempDir) -> String {
    labels(place, [16, 16, 16], |z, y, x| u8::from([z, y, x].iter().filter(|i| *i % 8 < 3).count() >= 2))
}

/// Every line of standard error as an object.
fn lines(call: &Call) -> Vec<Value> {
    let object = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let lines: Vec<Value> = call.stderr.lines().map(object).collect();
    assert!(lines.windows(2).all(|w| w[0]["seconds"].as_f64() <= w[1]["seconds"].as_f64()), "{lines:?}");
    lines
}

fn of<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|l| l["event"] == event).collect()
}

#[test]
fn every_line_is_an_object_and_the_last_tells_the_end() {
    let place = folder();
    let input = bars(&place);
    let out = place.path().join("out").display().to_string();
    let args = ["run", &input, "--only=tag,measure", "--tag-grey", "-o", &out, "--json", "--progress=json"];
    let call = foamflux(&args);
    let (results, lines) = (call.json(), lines(&call));
    assert_eq!(lines[0]["event"], "started");
    assert_eq!(lines[0]["stage"], "ingest");
    assert_eq!(lines.last().unwrap()["event"], "done");
    for stage in ["tag", "measure"] {
        let begun = of(&lines, "started").iter().filter(|l| l["stage"] == stage).count();
        let ended = of(&lines, "finished").iter().filter(|l| l["stage"] == stage).count();
        assert!(begun > 0 && ended > 0, "{stage}: {begun} begun, {ended} ended");
    }
    let told: Vec<&Value> = of(&lines, "warning").into_iter().map(|l| &l["message"]).collect();
    assert!(!told.is_empty(), "labels have no grey values for --tag-grey");
    for warning in results["warnings"].as_array().unwrap() {
        assert!(told.contains(&warning), "{warning} was not told");
    }
    // Quiet leaves warnings and the end.
    let quiet = foamflux(&[&args[..], &["--overwrite", "-q"]].concat());
    quiet.succeeds();
    for line in self::lines(&quiet) {
        assert!(line["event"] == "warning" || line["event"] == "done", "{line}");
    }
}

#[test]
fn an_error_is_a_line_with_its_status() {
    let place = folder();
    let missing = place.path().join("not there.tif").display().to_string();
    for (args, status, part) in [
        (vec!["measure", &missing, "--progress=json"], 3, "not there.tif"),
        (vec!["measure", &missing, "--progress=json", "--config", "no-such.toml"], 2, "no-such.toml"),
    ] {
        let call = foamflux(&args);
        assert_eq!(call.status, status, "{}", call.stderr);
        let lines = lines(&call);
        let last = lines.last().unwrap();
        assert_eq!((&last["event"], &last["status"]), (&Value::from("error"), &Value::from(status)));
        assert!(last["message"].as_str().unwrap().contains(part), "{last}");
        assert!(of(&lines, "done").is_empty());
    }
    foamflux(&["measure", &missing, "--progress=yaml"]).fails(2, &["yaml", "json"]);
}

#[test]
fn none_is_quiet_and_auto_is_not() {
    let place = folder();
    let input = bars(&place);
    let at = |how: &str| foamflux(&["measure", &input, "--voxel-size=1um", how]);
    let (auto, none) = (at("--progress=auto"), at("--progress=none"));
    assert!(auto.succeeds().stderr.contains("measure: "), "{}", auto.stderr);
    assert!(!none.succeeds().stderr.contains("measure: "), "{}", none.stderr);
    assert_eq!(auto.stdout, none.stdout);
}

/// What a terminal gets. `script`, which Debian always has, runs a command in one.
#[cfg(target_os = "linux")]
#[test]
fn no_color_takes_the_colours_from_a_terminal() {
    use std::process::{Command, Stdio};

    let on_terminal = |arguments: &str, no_color: Option<&str>| {
        let mut script = Command::new("script");
        script.args(["-qec", &format!("'{}' {arguments}", env!("CARGO_BIN_EXE_foamflux")), "/dev/null"]);
        script.env("TERM", "xterm-256color").env_remove("NO_COLOR").env_remove("CLICOLOR").stdin(Stdio::null());
        if let Some(value) = no_color {
            script.env("NO_COLOR", value);
        }
        script.output().map(|done| String::from_utf8_lossy(&done.stdout).into_owned())
    };
    let place = folder();
    let input = bars(&place);
    let Ok(coloured) = on_terminal("--help", None) else { return };
    // Otherwise this terminal shows no colours to anybody, and the rest says nothing.
    assert!(colours(&coloured) > 0, "{coloured}");
    let work = format!("measure '{input}' --voxel-size 1um -v");
    for arguments in ["--help", "run --help", "run", "measure --no-such-flag", &work] {
        let plain = on_terminal(arguments, Some("1")).unwrap();
        assert!(plain.len() > 80 && colours(&plain) == 0, "{arguments}: {plain}");
    }
    // An empty one asks for nothing, by the convention's own words.
    assert!(colours(&on_terminal("--help", Some("")).unwrap()) > 0);
}

/// Sequences that set colour or weight: ESC [ numbers m.
#[cfg(target_os = "linux")]
fn colours(text: &str) -> usize {
    let sequences = text.split("\u{1b}[").skip(1);
    sequences.filter(|s| s.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m')).count()
}
