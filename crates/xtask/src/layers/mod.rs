//! `cargo xtask layers`: crates, files and dependencies stand where the architecture says.
//!
//! - [`table`] holds the rules' data: the layer table, reserved crates, the top level, the longest file.
//! - [`workspace`] reads what is there, from `cargo metadata` and `git ls-files`, into plain structs.
//! - [`rules`] compares the two; pure functions, so that their tests can hand them a workspace that breaks a rule.

mod rules;
mod table;
mod workspace;

use anyhow::bail;

/// Reads the workspace around the current directory and checks every rule.
pub(crate) fn check_workspace() -> anyhow::Result<()> {
    let found = workspace::read()?;
    let broken = rules::check(&found);
    if broken.is_empty() {
        println!("        {} crates, {} files", found.members.len(), found.files.len());
        return Ok(());
    }
    for message in &broken {
        eprintln!("  - {message}");
    }
    bail!("{} of the architecture's rules broken (listed above)", broken.len())
}
