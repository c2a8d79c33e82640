//! The flags of `foamflux plate`.

use std::path::PathBuf;

use clap::Args;
use foamflux_pipeline::Config;

use super::{CellArgs, CommonArgs, DepthArgs, InputArgs};

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(crate) struct PlateArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Folder to write: plate.html, plate.json, plate.csv, stages, figures; without it numbers are shown and nothing is kept
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the folder if it holds an earlier result
    #[arg(long, requires = "output")]
    pub(crate) overwrite: bool,
    /// Go on with the plating of the same command that was interrupted
    #[arg(long, requires = "output")]
    pub(crate) resume: bool,
    /// Charge to plate per cross-section [default: 10mAh/cm2]
    #[arg(long, value_name = "CAPACITY")]
    capacity: Option<String>,
    /// Charges at which labels and pictures are kept, in mAh/cm2 [default: 0,1,3,5,10 up to the capacity]
    #[arg(long, value_name = "Q,...", value_delimiter = ',')]
    stages: Option<Vec<String>>,
    /// Strip again at the same current
    #[arg(long)]
    strip: bool,
    /// Plate and strip N times
    #[arg(long, value_name = "N")]
    cycles: Option<u32>,
    /// What the pores cannot take plates on top of the host, as on a foil, instead of ending the work
    #[arg(long)]
    overflow: bool,
    #[command(flatten)]
    pub(crate) depth: DepthArgs,
    #[command(flatten)]
    pub(crate) cell: CellArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

impl PlateArgs {
    pub(super) fn set(&self, config: &mut Config) {
        self.input.set(config);
        self.cell.set(config);
        config.capacity.clone_from(&self.capacity);
        config.stages.clone_from(&self.stages);
        config.strip = self.strip.then_some(true);
        config.cycles = self.cycles;
        config.overflow = self.overflow.then_some(true);
        self.depth.set(config);
    }
}
