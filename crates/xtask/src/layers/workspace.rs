//! What is there: members, their dependencies, resolved versions, files.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// Everything that the rules look at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Workspace {
    /// The members.
    pub(crate) members: Vec<Member>,
    /// Every version of every crate of others in the graph.
    pub(crate) resolved: Vec<Resolved>,
    /// Every file that git tracks or would track.
    pub(crate) files: Vec<File>,
}

/// A member of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// Name of the package.
    pub(crate) name: String,
    /// Its folder, relative to the top of the repository.
    pub(crate) folder: String,
    /// Whether its manifest takes the lints of the workspace.
    pub(crate) inherits_lints: bool,
    /// What its manifest asks for.
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency as a manifest states it.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    /// Name of the package (not of a rename).
    pub(crate) name: String,
    /// Whether it is a member of this workspace.
    pub(crate) ours: bool,
    /// Whether only tests, examples and benches of the crate see it.
    pub(crate) tests_only: bool,
}

/// One version of a crate of others.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    /// Its name.
    pub(crate) name: String,
    /// The version that cargo chose.
    pub(crate) version: String,
    /// The packages that need this version.
    pub(crate) needed_by: Vec<String>,
}

/// A file of the repository.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Path relative to the top, with `/`.
    pub(crate) path: String,
    /// Its text, for Rust and WGSL files only.
    pub(crate) text: Option<String>,
}

/// Reads the workspace around the current directory.
pub(crate) fn read() -> anyhow::Result<Workspace> {
    let metadata = MetadataCommand::new()
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .context("cargo metadata failed; is Cargo.lock up to date?")?;
    let top = metadata.workspace_root.as_std_path();
    Ok(Workspace { members: members(&metadata)?, resolved: resolved(&metadata), files: files(top)? })
}

fn members(metadata: &Metadata) -> anyhow::Result<Vec<Member>> {
    let packages = metadata.workspace_packages();
    let ours: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    packages
        .iter()
        .map(|package| {
            let manifest = &package.manifest_path;
            let folder = manifest.parent().and_then(|folder| folder.strip_prefix(&metadata.workspace_root).ok());
            let text = std::fs::read_to_string(manifest).with_context(|| format!("cannot read {manifest}"))?;
            Ok(Member {
                name: package.name.to_string(),
                folder: folder.map(|folder| folder.as_str().replace('\\', "/")).unwrap_or_default(),
                inherits_lints: inherits_lints(&text),
                dependencies: package
                    .dependencies
                    .iter()
                    .map(|dependency| Dependency {
                        name: dependency.name.clone(),
                        ours: ours.contains(&dependency.name.as_str()),
                        tests_only: dependency.kind == DependencyKind::Development,
                    })
                    .collect(),
            })
        })
        .collect()
}

/// Whether a manifest has `workspace = true` in its `[lints]` section; cargo metadata does not say.
pub(crate) fn inherits_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim);
    lines.any(|line| line == "[lints]")
        && lines.take_while(|line| !line.starts_with('[')).any(|line| line.replace(' ', "") == "workspace=true")
}

fn resolved(metadata: &Metadata) -> Vec<Resolved> {
    let names: BTreeMap<&PackageId, &str> =
        metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
    let mut needed_by: BTreeMap<&PackageId, Vec<String>> = BTreeMap::new();
    for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
        for dependency in &node.deps {
            let name = names.get(&node.id).copied().unwrap_or_default();
            needed_by.entry(&dependency.pkg).or_default().push(name.to_owned());
        }
    }
    metadata
        .packages
        .iter()
        .filter(|package| !metadata.workspace_members.contains(&package.id))
        .map(|package| Resolved {
            name: package.name.to_string(),
            version: package.version.to_string(),
            needed_by: needed_by.get(&package.id).cloned().unwrap_or_default(),
        })
        .collect()
}

/// Folders that hold no sources, for checkouts without git.
const UNLISTED: [&str; 4] = [".git", "target", "out", "foamflux-out"];

fn files(top: &Path) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    for path in if top.join(".git").try_exists()? { git_files(top)? } else { walk(top)? } {
        let full = top.join(&path);
        // A file that is deleted but not yet committed is still listed.
        if !full.try_exists()? {
            continue;
        }
        let text = if path.ends_with(".rs") || path.ends_with(".wgsl") {
            Some(std::fs::read_to_string(&full).with_context(|| format!("cannot read {path}"))?)
        } else {
            None
        };
        files.push(File { path, text });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Tracked files and new ones that git does not ignore, so that a rule speaks before the commit and not after it.
fn git_files(top: &Path) -> anyhow::Result<Vec<String>> {
    let output = Command::new("git")
        // Listing is harmless whoever owns the checkout, and on build machines it is often someone else.
        .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(top)
        .output()
        .context("cannot start git, which lists the files to check")?;
    if !output.status.success() {
        bail!("git ls-files failed in {}: {}", top.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    let listed = String::from_utf8_lossy(&output.stdout);
    Ok(listed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

/// The files of an exported tree, which has no git to ask.
fn walk(top: &Path) -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(top.join(&folder)).with_context(|| format!("cannot list {folder}"))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if !entry.file_type()?.is_dir() {
                files.push(path);
            } else if !UNLISTED.contains(&name.as_str()) {
                folders.push(path);
            }
        }
    }
    Ok(files)
}
