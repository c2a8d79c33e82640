//! The flags of `foamflux compare`.

use std::path::PathBuf;

use clap::Args;
use foamflux_pipeline::Config;

use super::{CellArgs, CommonArgs, MeasurementArgs, SegmentationArgs};

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(crate) struct CompareArgs {
    /// Two hosts or more: host:NAME (or host:NAME,key=value,...), a folder of slices, a file, a host folder, a finished OUT/
    #[arg(value_name = "HOST", required = true)]
    pub(crate) contenders: Vec<String>,
    /// Folder to write: compare.html, compare.json, compare.csv, figures
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Replace the folder if it holds an earlier comparison
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// A box has about N^3 voxels [default: 96; with --quality full 256]
    #[arg(long, value_name = "N")]
    size: Option<usize>,
    /// Seeds of generated hosts, crops of files [default: 3; with --quality full 5]
    #[arg(long, visible_alias = "crops", value_name = "N")]
    seeds: Option<usize>,
    /// fast (coarse voxels for generated hosts), full (their own voxels, larger boxes, tau bounded)
    #[arg(long, value_name = "QUALITY")]
    quality: Option<String>,
    /// Thickness of the comparison at equal thickness [default: 82um, the composite of the source paper]
    #[arg(long, value_name = "LENGTH")]
    thickness: Option<String>,
    /// Capacity of the comparison at equal filling, per projected area [default: 10mAh/cm2]
    #[arg(long, value_name = "CAPACITY")]
    capacity: Option<String>,
    /// Depth of files: x, y or z [default: z]
    #[arg(long, visible_alias = "axis", value_name = "AXIS")]
    direction: Option<String>,
    /// Files: the collector is beyond the last or the first slice [default: last]
    #[arg(long, value_name = "WHICH")]
    collector: Option<String>,
    /// Relative error of tau, for example 0.1% or 1e-3
    #[arg(long, value_name = "TOL")]
    tol: Option<String>,
    /// Voxel edge of files that do not say theirs: one length, or three in x,y,z order
    #[arg(long, value_name = "LENGTH")]
    voxel_size: Option<String>,
    /// Map of foreign label images, for example pore=0,fibre=255
    #[arg(long, value_name = "NAME=VALUE,...")]
    labels: Option<String>,
    /// What the voxels of files are: auto, grey, labels
    #[arg(long, value_name = "WHAT")]
    content: Option<String>,
    #[command(flatten)]
    segmentation: SegmentationArgs,
    #[command(flatten)]
    measurement: MeasurementArgs,
    #[command(flatten)]
    cell: CellArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

impl CompareArgs {
    pub(super) fn set(&self, config: &mut Config) {
        self.segmentation.set(config);
        self.measurement.set(config);
        self.cell.set(config);
        config.size = self.size;
        config.seeds = self.seeds;
        config.quality.clone_from(&self.quality);
        config.thickness.clone_from(&self.thickness);
        config.capacity.clone_from(&self.capacity);
        config.direction.clone_from(&self.direction);
        config.collector.clone_from(&self.collector);
        config.tol.clone_from(&self.tol);
        config.voxel_size.clone_from(&self.voxel_size);
        config.labels.clone_from(&self.labels);
        config.content.clone_from(&self.content);
    }
}
