//! Flags of `foamflux view`.

use std::path::PathBuf;

use clap::Args;

use super::CommonArgs;

/// `foamflux view`.
#[derive(Debug, Args)]
pub(crate) struct ViewArgs {
    /// Folder that run, compare, plate, demo or host --gallery wrote
    #[arg(value_name = "OUT")]
    pub(crate) folder: PathBuf,
    /// Port on this machine [default: one that is free]
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Only print the address, do not open the browser
    #[arg(long)]
    pub(crate) no_browser: bool,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}
