//! Flags of what works on no volume: `init`, `completions`, `man`, `schema`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use clap_complete::Shell;
use foamflux_results::schemas;

use super::examples;

/// Commands without an input.
#[derive(Debug, Subcommand)]
pub(crate) enum Setup {
    /// Write a configuration with every key, what it means and its default, to be used with --config
    #[command(after_help = examples::INIT)]
    Init(InitArgs),
    /// Print completions for a shell, for example: foamflux completions bash > ~/.local/share/bash-completion/completions/foamflux
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// Shell
        shell: Shell,
    },
    /// Write man pages, one for each command
    #[command(after_help = examples::MAN)]
    Man {
        /// Folder to write into, for example ~/.local/share/man/man1
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// Print the JSON Schema of what run, or another command with --json, writes
    #[command(after_help = examples::SCHEMA)]
    Schema {
        /// Kind of results
        #[arg(value_name = "KIND", default_value = "run", value_parser = PossibleValuesParser::new(kinds()))]
        kind: String,
        /// Write all of them into a folder instead
        #[arg(short, long, value_name = "FOLDER")]
        output: Option<PathBuf>,
    },
}

/// The kinds of results: `run` for `foamflux.run/1`.
fn kinds() -> Vec<&'static str> {
    schemas().into_iter().map(|(name, _)| kind_of(name)).collect()
}

/// The kind in the name of a schema.
pub(crate) fn kind_of(name: &'static str) -> &'static str {
    name.trim_start_matches("foamflux.").split('/').next().unwrap_or(name)
}

/// `foamflux init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// File to write
    #[arg(value_name = "FILE", default_value = "foamflux.toml")]
    pub(crate) file: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) overwrite: bool,
}
