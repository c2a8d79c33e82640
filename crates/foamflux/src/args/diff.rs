//! Flags of `foamflux diff` and `foamflux reproduce`.

use std::path::PathBuf;

use clap::Args;
use foamflux_pipeline::Config;

use super::CommonArgs;

/// `foamflux diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// results.json, or the folder that holds it
    #[arg(value_name = "A")]
    pub(crate) a: PathBuf,
    /// What to compare it with
    #[arg(value_name = "B")]
    pub(crate) b: PathBuf,
    /// Also what the work cost: times, memory, iterations (-v lists every entry)
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// `foamflux reproduce`.
#[derive(Debug, Args)]
pub(crate) struct ReproduceArgs {
    /// results.json of a run, or the folder that holds it
    #[arg(value_name = "RESULTS")]
    pub(crate) results: PathBuf,
    /// Where the input is now, if not where it was
    #[arg(long, value_name = "PATH")]
    pub(crate) input: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

impl ReproduceArgs {
    /// How the work is done, as far as flags say: device, threads, memory.
    pub(crate) fn flags(&self) -> Config {
        let mut config = Config::default();
        self.common.set(&mut config);
        config
    }
}
