//! The rules. Each takes what is there and returns one message per place where a rule is broken.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{self, External, Kind, Row};
use super::workspace::{Dependency, File, Member, Resolved, Workspace};

/// Where a crate is added, as the messages name it.
const TABLE_FILE: &str = "crates/xtask/src/layers/table.rs";

/// The lints that keep libraries silent, and the streams that would get round them.
const SPEAKING: [&str; 5] =
    ["clippy::print_stdout", "clippy::print_stderr", "clippy::dbg_macro", "io::stdout(", "io::stderr("];

/// Checks every rule.
pub(crate) fn check(workspace: &Workspace) -> Vec<String> {
    let mut broken = Vec::new();
    for member in &workspace.members {
        match table::row(&member.name) {
            None => broken.push(format!(
                "{} ({}) is not in the layer table: add a row for it to {TABLE_FILE} and to crates/README.md",
                member.name, member.folder
            )),
            Some(row) => check_member(member, row, &mut broken),
        }
    }
    broken.extend(duplicates(&workspace.members, &workspace.resolved));
    broken.extend(long_files(&workspace.files));
    broken.extend(speaking_libraries(&workspace.files));
    broken.extend(top_level(&workspace.files));
    broken
}

fn check_member(member: &Member, row: &Row, broken: &mut Vec<String>) {
    if member.folder != row.folder {
        broken.push(format!("{} stands in {} but the layer table says {}", member.name, member.folder, row.folder));
    }
    if !member.inherits_lints {
        broken.push(format!(
            "{}/Cargo.toml does not take the lints of the workspace: add [lints] workspace = true",
            member.folder
        ));
    }
    for dependency in &member.dependencies {
        let message = if dependency.ours { ours(row, dependency) } else { theirs(row, dependency) };
        broken.extend(message);
    }
}

/// A dependency on a crate of this workspace.
///
/// Tests may look sideways as well as down (the voxel crate tests itself on shapes of the hosts crate), but not up.
fn ours(row: &Row, dependency: &Dependency) -> Option<String> {
    // A crate that is not in the table is reported where it is a member.
    let target = table::row(&dependency.name)?;
    let (from, to) = (row.package, target.package);
    if dependency.tests_only {
        return (target.layer > row.layer).then(|| {
            format!(
                "{from} (layer {}) tests itself with {to} (layer {}): tests may look down and sideways, not up; \
                 move the test to the crate above",
                row.layer, target.layer
            )
        });
    }
    if target.layer >= row.layer {
        return Some(format!(
            "{from} (layer {}) uses {to} (layer {}): arrows only point down the layer table of crates/README.md",
            row.layer, target.layer
        ));
    }
    (!row.uses.contains(&to)).then(|| {
        let list = if row.uses.is_empty() { "none of ours".to_owned() } else { row.uses.join(", ") };
        format!("{from} uses {to}, but may use {list} (see {TABLE_FILE})")
    })
}

/// A dependency on a crate of others.
fn theirs(row: &Row, dependency: &Dependency) -> Option<String> {
    let (from, name) = (row.package, dependency.name.as_str());
    let reserved = table::RESERVED.iter().find(|reserved| reserved.name == name);
    if let Some(reserved) = reserved {
        let allowed = reserved.only.contains(&from) || (dependency.tests_only && reserved.tests_may);
        return (!allowed).then(|| format!("{from} uses {name}, which only {} may use", reserved.only.join(" and ")));
    }
    match row.external {
        External::Only(list) if !dependency.tests_only && !list.contains(&name) => Some(format!(
            "{from} uses {name}, but of other people's crates only {} (everyone above would inherit it; see {TABLE_FILE})",
            list.join(", ")
        )),
        _ => None,
    }
}

/// Crates that we choose ourselves and that stand in the graph in two versions.
fn duplicates(members: &[Member], resolved: &[Resolved]) -> Vec<String> {
    let chosen: BTreeSet<&str> = members
        .iter()
        .flat_map(|member| &member.dependencies)
        .filter(|dependency| !dependency.ours)
        .map(|dependency| dependency.name.as_str())
        .collect();
    let mut versions: BTreeMap<&str, Vec<&Resolved>> = BTreeMap::new();
    for one in resolved.iter().filter(|one| chosen.contains(one.name.as_str())) {
        versions.entry(&one.name).or_default().push(one);
    }
    versions
        .into_iter()
        .filter(|(name, found)| found.len() > 1 && !table::ACCEPTED_TWICE.iter().any(|(known, _)| known == name))
        .map(|(name, found)| {
            let list: Vec<String> =
                found.iter().map(|one| format!("{} (needed by {})", one.version, one.needed_by.join(", "))).collect();
            format!(
                "{name} is built in {} versions: {}; choose the one that the others need, or accept it with a reason \
                 in {TABLE_FILE}",
                found.len(),
                list.join(" and ")
            )
        })
        .collect()
}

fn long_files(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter_map(|file| {
            let lines = file.text.as_ref()?.lines().count();
            (lines > table::MAX_LINES).then(|| {
                format!(
                    "{} has {lines} lines; a file has one reason to exist and at most {} lines: split it",
                    file.path,
                    table::MAX_LINES
                )
            })
        })
        .collect()
}

/// Libraries that speak. Clippy denies the macros; this keeps anyone from allowing them, or from taking the stream.
///
/// Tests folders and test modules in files of their own (`tests.rs`) may.
fn speaking_libraries(files: &[File]) -> Vec<String> {
    let libraries = table::TABLE.iter().filter(|row| row.kind == Kind::Library);
    let folders: Vec<String> = libraries.map(|row| format!("{}/", row.folder)).collect();
    let mut broken = Vec::new();
    for file in files {
        let is_test = file.path.contains("/tests/") || file.path.ends_with("/tests.rs");
        if is_test || !folders.iter().any(|folder| file.path.starts_with(folder.as_str())) {
            continue;
        }
        for (number, line) in file.text.iter().flat_map(|text| text.lines()).enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if let Some(what) = SPEAKING.into_iter().find(|what| code.contains(what)) {
                broken.push(format!(
                    "{}:{}: {what} in a library: libraries never print, they send events to a Watch",
                    file.path,
                    number + 1
                ));
            }
        }
    }
    broken
}

fn top_level(files: &[File]) -> Vec<String> {
    let found: BTreeSet<&str> = files.iter().filter_map(|file| file.path.split('/').next()).collect();
    let mut broken = Vec::new();
    for name in found.iter().filter(|name| !name.starts_with('.') && !table::TOP_LEVEL.contains(name)) {
        broken.push(format!("{name} does not belong at the top level, which holds {}", table::TOP_LEVEL.join(", ")));
    }
    for name in table::TOP_LEVEL.iter().filter(|name| !found.contains(*name)) {
        broken.push(format!("{name} is missing at the top level"));
    }
    for folder in table::EXPLAINED {
        let readme = format!("{folder}/README.md");
        if !files.iter().any(|file| file.path == readme) {
            broken.push(format!("{readme} is missing: each folder explains itself"));
        }
    }
    broken
}

#[cfg(test)]
mod tests;
