//! `cargo xtask check`: every check of the workspace in one command, cheapest first.
//!
//! `cargo xtask fmt|clippy|layers|test|docs` runs one of them alone.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool: its output is for the terminal")]

mod layers;
mod steps;
mod wheel;

use std::process::ExitCode;

use steps::{Outcome, Step};

const USAGE: &str = "usage: cargo xtask COMMAND

  check    all of the below, in this order; stops at the first that fails
  fmt      formatting is what rustfmt makes of it
  clippy   no lint of the workspace fires, tests and benches included
  layers   crates, files and dependencies stand where the architecture says
  test     the test command of the README
  docs     the documentation builds without warnings

  wheel    the Python package with the program in it, into target/wheels; needs maturin";

#[allow(clippy::disallowed_methods, reason = "a binary reads its arguments")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let steps = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["check"] => Step::ALL.to_vec(),
        ["wheel"] => {
            return match wheel::build() {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("error: {error:#}");
                    ExitCode::FAILURE
                }
            };
        }
        [name] => match Step::ALL.into_iter().find(|step| step.name() == *name) {
            Some(step) => vec![step],
            None if ["help", "-h", "--help"].contains(name) => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            None => return usage_error(&format!("there is no command '{name}'")),
        },
        [] => return usage_error("a command is missing"),
        _ => return usage_error("one command at a time"),
    };
    match steps::run_all(&steps) {
        Outcome::Passed => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::FAILURE,
    }
}

fn usage_error(what: &str) -> ExitCode {
    eprintln!("{what}\n\n{USAGE}");
    ExitCode::from(2)
}
