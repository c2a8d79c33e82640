//! Flags of `foamflux impedance`.

use std::path::PathBuf;

use clap::Args;
use foamflux_pipeline::Config;

use super::{CellArgs, CommonArgs, DepthArgs, InputArgs};

/// `foamflux impedance`.
#[derive(Debug, Args)]
pub(crate) struct ImpedanceArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// File to write: .csv holds the spectrum, .svg a picture of it
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Frequencies, FROM:TO [default: 10mHz:1MHz]
    #[arg(long, value_name = "RANGE")]
    frequencies: Option<String>,
    /// Frequencies per decade [default: 5]
    #[arg(long, value_name = "N")]
    points_per_decade: Option<usize>,
    /// Capacitance of the double layer on true area [default: 0.2F/m2]
    #[arg(long, value_name = "C")]
    capacitance: Option<String>,
    #[command(flatten)]
    pub(crate) depth: DepthArgs,
    #[command(flatten)]
    pub(crate) cell: CellArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

impl ImpedanceArgs {
    pub(super) fn set(&self, config: &mut Config) {
        self.input.set(config);
        self.cell.set(config);
        self.depth.set(config);
        config.frequencies.clone_from(&self.frequencies);
        config.points_per_decade = self.points_per_decade;
        config.capacitance.clone_from(&self.capacitance);
    }
}
