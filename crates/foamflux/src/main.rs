//! The `foamflux` command: arguments, progress, exit status. Everything else lives in the libraries.

mod args;
mod commands;
mod device;
mod exports;
mod failure;
mod figures;
mod lines;
mod output;
mod progress;
mod setup;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::args::{Any, Cli};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results; everything else is wrong usage, exit status 2.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
                _ => ExitCode::from(2),
            };
        }
    };
    let done = match &cli.command {
        Any::Work(command) => commands::execute(command),
        Any::Setup(setup) => setup::execute(setup),
    };
    match done {
        Ok(()) => {
            lines::say(&lines::Line::Done);
            ExitCode::SUCCESS
        }
        Err(error) => failure::report(error),
    }
}
