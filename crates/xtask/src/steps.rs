//! The steps of `cargo xtask check` and how they run.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail};

use crate::layers;

/// How a sequence of steps ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
}

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Fmt,
    Clippy,
    Layers,
    Test,
    Docs,
}

impl Step {
    /// All steps, cheapest first, so that a slip is found in seconds.
    pub(crate) const ALL: [Step; 5] = [Step::Fmt, Step::Clippy, Step::Layers, Step::Test, Step::Docs];

    /// Name on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Step::Fmt => "fmt",
            Step::Clippy => "clippy",
            Step::Layers => "layers",
            Step::Test => "test",
            Step::Docs => "docs",
        }
    }

    /// The arguments of cargo; `None` for the step that runs in this process.
    const fn cargo(self) -> Option<&'static [&'static str]> {
        match self {
            Step::Fmt => Some(&["fmt", "--all", "--check"]),
            Step::Clippy => Some(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
            Step::Layers => None,
            Step::Test => Some(&["test", "--workspace", "--locked"]),
            Step::Docs => Some(&["doc", "--workspace", "--no-deps", "--locked"]),
        }
    }

    /// A variable that cargo needs for this step.
    const fn variable(self) -> Option<(&'static str, &'static str)> {
        match self {
            Step::Docs => Some(("RUSTDOCFLAGS", "-D warnings")),
            _ => None,
        }
    }

    /// The command that repeats this step by hand.
    pub(crate) fn by_hand(self) -> String {
        let command = match self.cargo() {
            Some(arguments) => format!("cargo {}", arguments.join(" ")),
            None => format!("cargo xtask {}", self.name()),
        };
        match self.variable() {
            Some((name, value)) => format!("{name}=\"{value}\" {command}"),
            None => command,
        }
    }

    fn run(self) -> anyhow::Result<()> {
        let Some(arguments) = self.cargo() else { return layers::check_workspace() };
        let mut command = Command::new("cargo");
        command.args(arguments);
        if let Some((name, value)) = self.variable() {
            command.env(name, value);
        }
        let status = command.status().context("cannot start cargo; is it on the PATH?")?;
        if !status.success() {
            bail!("cargo ended with {status}");
        }
        Ok(())
    }
}

/// Runs the steps in order and stops at the first that fails.
pub(crate) fn run_all(steps: &[Step]) -> Outcome {
    for step in steps {
        println!("{:<7} {}", step.name(), step.by_hand());
        let start = Instant::now();
        let result = step.run();
        let seconds = start.elapsed().as_secs_f64();
        match result {
            Ok(()) => println!("{:<7} passed in {seconds:.1} s", step.name()),
            Err(error) => {
                eprintln!("{:<7} FAILED after {seconds:.1} s: {error:#}", step.name());
                eprintln!("repeat it by hand: {}", step.by_hand());
                return Outcome::Failed;
            }
        }
    }
    Outcome::Passed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_shown_is_the_command_run() {
        assert_eq!(Step::Docs.by_hand(), "RUSTDOCFLAGS=\"-D warnings\" cargo doc --workspace --no-deps --locked");
        assert_eq!(Step::Layers.by_hand(), "cargo xtask layers");
        assert_eq!(Step::Test.by_hand(), "cargo test --workspace --locked");
    }

    #[test]
    fn names_are_distinct() {
        let mut names = Step::ALL.map(Step::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Step::ALL.len());
    }
}
