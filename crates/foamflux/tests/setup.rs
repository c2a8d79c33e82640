//! `foamflux init`, `completions` and `man` from the command line.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use std::path::Path;

use common::{foamflux, folder, labels};

#[test]
fn a_configuration_is_written_once_and_can_be_used() {
    let place = folder();
    let file = place.path().join("my \u{b5}m settings.toml").display().to_string();
    assert!(foamflux(&["init", &file]).stderr.contains("--config"));
    foamflux(&["init", &file]).fails(2, &["there already", "--overwrite"]);
    foamflux(&["init", &file, "--overwrite"]).succeeds();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("#tol = \"0.1%\"") && text.contains("#voxel-size = <LENGTH>"), "{text}");
    // A key with its # off counts.
    std::fs::write(&file, text.replace("#voxel-size = <LENGTH>", "voxel-size = \"3um\"")).unwrap();
    let volume = labels(&place, [4, 4, 4], |_, _, x| u8::from(x > 1));
    let found = foamflux(&["measure", &volume, "--config", &file, "--json"]).json();
    assert_eq!(found["volume"]["voxel_size_m_xyz"][0], 3e-6);
    let nowhere = place.path().join("no/such/folder/a.toml").display().to_string();
    foamflux(&["init", &nowhere]).fails(2, &["no/such/folder", "create it first"]);
}

#[test]
fn completions_and_man_pages_know_every_command() {
    let place = folder();
    let commands = ["run", "segment", "tag", "transport", "current", "plate", "compare", "view", "init"];
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = foamflux(&["completions", shell]).succeeds().stdout.clone();
        for command in commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
        assert!(script.contains("voxel-size"), "{shell}");
    }
    foamflux(&["completions", "tcsh"]).fails(2, &["bash"]);
    let pages = place.path().join("man");
    foamflux(&["man", &pages.display().to_string()]).succeeds();
    let page = |name: &str| std::fs::read_to_string(Path::new(&pages).join(name)).unwrap();
    for command in commands {
        assert!(page(&format!("foamflux-{command}.1")).contains(".TH"), "{command}");
    }
    assert!(page("foamflux.1").contains("foamflux"));
    assert!(page("foamflux-transport.1").contains("\\-\\-phase"));
}

/// The published schemas are those of this version: `foamflux schema -o crates/foamflux-results/schema` writes them.
#[test]
fn schemas_are_published_as_they_are() {
    let place = folder();
    let out = place.path().display().to_string();
    foamflux(&["schema", "-o", &out]).succeeds();
    let published = common::root().join("crates/foamflux-results/schema");
    let mut count = 0;
    for file in std::fs::read_dir(place.path()).unwrap() {
        let file = file.unwrap();
        let there = std::fs::read_to_string(published.join(file.file_name())).unwrap_or_default();
        let made = std::fs::read_to_string(file.path()).unwrap();
        // Line ends are a matter of the checkout.
        assert_eq!(there.replace("\r\n", "\n"), made, "{}", file.file_name().display());
        count += 1;
    }
    assert_eq!(count, std::fs::read_dir(published).unwrap().count());
    foamflux(&["schema", "nothing"]).fails(2, &["transport"]);
}

/// What commands print is what the schema says, key by key, and the schema refuses what it should.
#[test]
fn results_keep_to_their_schema() {
    let place = folder();
    let volume = labels(&place, [24, 24, 24], |z, y, x| {
        u8::from((y as i32 - 12).pow(2) + (x as i32 - 12).pow(2) < 20 || z > 21)
    });
    let out = place.path().join("out").display().to_string();
    foamflux(&["run", &volume, "--voxel-size=1um", "-q", "-o", &out]).succeeds();
    let results = std::fs::read(Path::new(&out).join("results.json")).unwrap();
    let mut checked = vec![("run", serde_json::from_slice(&results).unwrap())];
    for command in ["ingest", "tag", "measure", "transport", "current"] {
        checked.push((command, foamflux(&[command, &volume, "--voxel-size=1um", "--json", "-q"]).json()));
    }
    for (kind, found) in checked {
        let schema = foamflux(&["schema", kind]).json();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&found).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{kind}: {wrong:#?}");
        // Every key that is written is described.
        assert!(unknown(&found, &schema).is_empty(), "{kind}: {:?}", unknown(&found, &schema));
        let mut broken = found.clone();
        broken["warnings"] = serde_json::Value::from("none");
        assert!(!validator.is_valid(&broken), "{kind}");
        broken = found;
        broken["schema"] = serde_json::Value::from("foamflux.other/9");
        assert!(!validator.is_valid(&broken), "{kind}");
    }
}

/// Keys of the first level that the schema does not have.
fn unknown(found: &serde_json::Value, schema: &serde_json::Value) -> Vec<String> {
    let known = schema["properties"].as_object().unwrap();
    found.as_object().unwrap().keys().filter(|key| !known.contains_key(*key)).cloned().collect()
}
