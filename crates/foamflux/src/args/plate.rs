//! The flags of `foamflux plate`.

use std::path::PathBuf;

use clap::Args;
use foamflux_pipeline::Config;

use super::{CellArgs, CommonArgs, InputArgs};

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(crate) struct PlateArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Folder to write: plate.html, plate.json, plate.csv, stages, figures
    #[arg(short, long, value_name = "OUT", required_unless_present_any = ["json", "dry_run"])]
    pub(crate) output: Option<PathBuf>,
    /// Replace the folder if it holds an earlier result
    #[arg(long)]
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
    /// Depth axis: x, y or z [default: z]
    #[arg(long, visible_alias = "axis", value_name = "AXIS")]
    direction: Option<String>,
    /// The collector is beyond the last or the first slice, the separator at the other end [default: last]
    #[arg(long, value_name = "WHICH")]
    collector: Option<String>,
    /// Sides of the box: no-flux, periodic
    #[arg(long, visible_alias = "bc", value_name = "WHAT")]
    sides: Option<String>,
    #[command(flatten)]
    pub(crate) cell: CellArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

impl PlateArgs {
    /// Whether more than one depth axis was asked for.
    pub(crate) fn says_all(&self) -> bool {
        self.direction.as_deref() == Some("all")
    }

    pub(super) fn set(&self, config: &mut Config) {
        self.input.set(config);
        self.cell.set(config);
        config.capacity.clone_from(&self.capacity);
        config.stages.clone_from(&self.stages);
        config.strip = self.strip.then_some(true);
        config.cycles = self.cycles;
        config.overflow = self.overflow.then_some(true);
        config.direction.clone_from(&self.direction);
        config.collector.clone_from(&self.collector);
        config.sides.clone_from(&self.sides);
    }
}
