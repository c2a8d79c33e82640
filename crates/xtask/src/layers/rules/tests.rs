//! Every rule is shown a workspace that keeps it and one that breaks it.

use super::*;
use crate::layers::workspace::inherits_lints;

fn member(name: &str, folder: &str, dependencies: &[(&str, bool, bool)]) -> Member {
    Member {
        name: name.to_owned(),
        folder: folder.to_owned(),
        inherits_lints: true,
        dependencies: dependencies
            .iter()
            .map(|&(name, ours, tests_only)| Dependency { name: name.to_owned(), ours, tests_only })
            .collect(),
    }
}

fn uses(name: &str, dependencies: &[(&str, bool, bool)]) -> Member {
    member(name, table::row(name).unwrap().folder, dependencies)
}

fn file(path: &str, text: Option<&str>) -> File {
    File { path: path.to_owned(), text: text.map(str::to_owned) }
}

fn resolved(name: &str, version: &str, needed_by: &str) -> Resolved {
    Resolved { name: name.to_owned(), version: version.to_owned(), needed_by: vec![needed_by.to_owned()] }
}

fn sound_files() -> Vec<File> {
    let plain = ["Cargo.lock", "Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md", ".gitignore", ".ci/run"];
    let readmes = ["benches/README.md", "crates/README.md", "data/README.md", "shaders/README.md"];
    plain.iter().chain(&readmes).map(|path| file(path, None)).collect()
}

const OURS: bool = true;
const THEIRS: bool = false;
const IN_TESTS: bool = true;
const NORMALLY: bool = false;

fn sound() -> Workspace {
    Workspace {
        members: vec![
            uses("foamflux-grid", &[("serde", THEIRS, NORMALLY)]),
            uses(
                "foamflux-voxel",
                &[
                    ("foamflux-grid", OURS, NORMALLY),
                    ("foamflux-hosts", OURS, IN_TESTS),
                    ("rayon", THEIRS, NORMALLY),
                    ("tiff", THEIRS, IN_TESTS),
                ],
            ),
            uses("foamflux-hosts", &[("foamflux-grid", OURS, NORMALLY)]),
        ],
        resolved: vec![
            resolved("serde", "1.0.0", "foamflux-grid"),
            resolved("rayon", "1.0.0", "foamflux-voxel"),
            // Two versions of a crate that we did not choose are not ours to mend.
            resolved("syn", "2.0.0", "serde_derive"),
            resolved("syn", "3.0.0", "thiserror-impl"),
        ],
        files: sound_files(),
    }
}

/// The one message of a workspace with one thing changed.
#[track_caller]
fn the_message(change: impl FnOnce(&mut Workspace)) -> String {
    let mut workspace = sound();
    change(&mut workspace);
    let mut broken = check(&workspace);
    assert_eq!(broken.len(), 1, "{broken:#?}");
    broken.remove(0)
}

#[test]
fn a_sound_workspace_passes() {
    assert_eq!(check(&sound()), Vec::<String>::new());
}

#[test]
fn the_table_itself_only_points_down() {
    for row in table::TABLE {
        for used in row.uses {
            let target = table::row(used).unwrap();
            assert!(target.layer < row.layer, "{} -> {used}", row.package);
            assert_eq!(target.kind, Kind::Library, "{} -> {used}", row.package);
        }
    }
    let names: BTreeSet<&str> = table::TABLE.iter().map(|row| row.package).collect();
    assert_eq!(names.len(), table::TABLE.len(), "a package stands in the table twice");
    for reserved in table::RESERVED {
        assert!(reserved.only.iter().all(|name| names.contains(name)), "{}", reserved.name);
    }
}

#[test]
fn a_crate_that_is_not_in_the_table_is_told_where_to_go() {
    let message = the_message(|w| w.members.push(member("foamflux-magic", "crates/foamflux-magic", &[])));
    assert!(message.contains("foamflux-magic") && message.contains("table.rs"), "{message}");
}

#[test]
fn a_crate_in_another_folder_is_found() {
    let message = the_message(|w| w.members[2].folder = "crates/hosts".to_owned());
    assert!(message.contains("crates/hosts"), "{message}");
}

#[test]
fn arrows_point_down() {
    for (from, to) in [("foamflux-grid", "foamflux-voxel"), ("foamflux-io", "foamflux-voxel")] {
        let message = the_message(|w| w.members.push(uses(from, &[(to, OURS, NORMALLY)])));
        assert!(message.contains("point down") && message.contains(to), "{message}");
    }
}

#[test]
fn down_is_not_enough_where_a_crate_has_a_list() {
    for (from, to) in [("foamflux-report", "foamflux-grid"), ("foamflux-pipeline", "foamflux-gpu")] {
        let message = the_message(|w| w.members.push(uses(from, &[(to, OURS, NORMALLY)])));
        assert!(message.contains("may use"), "{message}");
    }
}

#[test]
fn tests_look_down_and_sideways_but_not_up() {
    let message = the_message(|w| {
        w.members.push(uses("foamflux-hosts", &[("foamflux-transport", OURS, IN_TESTS)]));
    });
    assert!(message.contains("not up"), "{message}");
}

#[test]
fn reserved_crates_stay_where_they_belong() {
    for (from, name, tests_only) in [
        ("foamflux-transport", "wgpu", NORMALLY),
        ("foamflux-shaders", "wgpu", IN_TESTS),
        ("foamflux-voxel", "tiff", NORMALLY),
        ("foamflux-pipeline", "anyhow", NORMALLY),
        ("foamflux-io", "indicatif", NORMALLY),
        ("foamflux-bench", "clap", NORMALLY),
    ] {
        let message = the_message(|w| w.members.push(uses(from, &[(name, THEIRS, tests_only)])));
        assert!(message.contains(name) && message.contains("only"), "{message}");
    }
    for (from, name) in
        [("foamflux-gpu", "wgpu"), ("foamflux-bench", "wgpu"), ("foamflux-io", "tiff"), ("foamflux", "clap")]
    {
        let mut workspace = sound();
        workspace.members.push(uses(from, &[(name, THEIRS, NORMALLY)]));
        assert_eq!(check(&workspace), Vec::<String>::new());
    }
}

#[test]
fn closed_lists_hold_but_not_for_tests() {
    let message = the_message(|w| w.members.push(uses("foamflux-results", &[("rayon", THEIRS, NORMALLY)])));
    assert!(message.contains("inherit"), "{message}");
    let mut workspace = sound();
    workspace.members.push(uses("foamflux-results", &[("serde_json", THEIRS, IN_TESTS)]));
    assert_eq!(check(&workspace), Vec::<String>::new());
}

#[test]
fn two_versions_of_a_crate_that_we_chose_are_named_with_who_needs_them() {
    let message = the_message(|w| w.resolved.push(resolved("rayon", "2.0.0", "some-filter")));
    assert!(message.contains("1.0.0 (needed by foamflux-voxel)"), "{message}");
    assert!(message.contains("2.0.0 (needed by some-filter)"), "{message}");
}

#[test]
fn a_file_may_have_six_hundred_lines_and_not_one_more() {
    let full = "x\n".repeat(table::MAX_LINES);
    let mut workspace = sound();
    workspace.files.push(file("crates/foamflux-grid/src/a.rs", Some(&full)));
    assert_eq!(check(&workspace), Vec::<String>::new());
    let message = the_message(|w| w.files.push(file("shaders/a.wgsl", Some(&format!("{full}x\n")))));
    assert!(message.contains("601 lines"), "{message}");
}

#[test]
fn libraries_never_print() {
    for line in ["#[allow(clippy::print_stdout)]", "let mut out = std::io::stdout().lock();"] {
        let message = the_message(|w| w.files.push(file("crates/foamflux-io/src/a.rs", Some(&format!("\n{line}\n")))));
        assert!(message.contains("src/a.rs:2:") && message.contains("never print"), "{message}");
        let mut workspace = sound();
        for path in ["crates/foamflux/src/a.rs", "crates/foamflux-io/tests/a.rs", "crates/foamflux-io/src/a/tests.rs"] {
            workspace.files.push(file(path, Some(line)));
        }
        workspace.files.push(file("crates/foamflux-io/src/a.rs", Some(&format!("// {line}"))));
        assert_eq!(check(&workspace), Vec::<String>::new());
    }
}

#[test]
fn members_take_the_lints_of_the_workspace() {
    let message = the_message(|w| w.members[0].inherits_lints = false);
    assert!(message.contains("[lints]"), "{message}");
    assert!(inherits_lints("[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n\n[dependencies]\n"));
    assert!(!inherits_lints("[package]\nversion.workspace = true\n[lints]\n[dependencies]\nworkspace = true\n"));
    assert!(!inherits_lints("[package]\nworkspace = true\n"));
}

#[test]
fn the_top_level_holds_exactly_what_was_agreed() {
    let extra = the_message(|w| w.files.push(file("scripts/a.sh", None)));
    assert!(extra.contains("scripts does not belong"), "{extra}");
    let missing = the_message(|w| w.files.retain(|file| file.path != "LICENSE-MIT"));
    assert!(missing.contains("LICENSE-MIT is missing"), "{missing}");
    let silent = the_message(|w| {
        w.files.retain(|file| file.path != "data/README.md");
        w.files.push(file("data/a.tif", None));
    });
    assert!(silent.contains("data/README.md is missing"), "{silent}");
}
