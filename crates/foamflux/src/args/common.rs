//! Flags that every command has.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Flags that every command has.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct CommonArgs {
    /// Configuration file (TOML); its keys are the long flags, and a flag beats it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Results as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
    /// Say what would be done and what memory it takes, and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Device: auto, cpu, gpu, gpu:N
    #[arg(long, value_name = "DEVICE")]
    pub(super) device: Option<String>,
    /// Number of threads [default: all]
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
    /// Memory that may be used, for example 8GiB [default: what is free]
    #[arg(long, value_name = "AMOUNT")]
    pub(super) max_memory: Option<String>,
    /// Seed of everything random
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// No progress, warnings only
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Every note and step
    #[arg(short, long, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Progress on standard error: auto, json (one object per line, warnings and the end included), none [default: auto]
    #[arg(long, value_name = "HOW", hide_possible_values = true)]
    pub(crate) progress: Option<ProgressHow>,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressHow {
    /// A line on a terminal, one line for each step elsewhere.
    Auto,
    /// One JSON object per line.
    Json,
    /// Warnings only.
    None,
}
