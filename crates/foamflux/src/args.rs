//! The command line.

mod common;
mod compare;
mod config;
mod current;
mod diff;
mod examples;
mod impedance;
mod outputs;
mod plate;
mod setup;
mod view;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use common::{CommonArgs, ProgressHow};
pub(crate) use compare::CompareArgs;
pub(crate) use current::{CellArgs, CurrentArgs, DepthArgs};
pub(crate) use diff::{DiffArgs, ReproduceArgs};
pub(crate) use impedance::ImpedanceArgs;
pub(crate) use plate::PlateArgs;
pub(crate) use setup::{InitArgs, Setup, kind_of};
pub(crate) use view::ViewArgs;

/// From tomography and SEM stacks of porous lithium hosts to numbers and maps.
#[derive(Debug, Parser)]
#[command(
    name = "foamflux",
    version,
    max_term_width = 100,
    after_help = examples::PROGRAM
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Any,
}

/// Commands that work, and those that help to get started.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one, made once")]
pub(crate) enum Any {
    #[command(flatten)]
    Work(Command),
    #[command(flatten)]
    Setup(Setup),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The main job: read, segment, measure, solve, and write a folder with numbers, maps and a report
    #[command(after_help = examples::RUN)]
    Run(Box<RunArgs>),
    /// Say what would be read and why: files, order, gaps, type, voxel size; -o writes the volume
    #[command(after_help = examples::INGEST)]
    Ingest(IngestArgs),
    /// Grey values to labels
    #[command(after_help = examples::SEGMENT)]
    Segment(Box<SegmentArgs>),
    /// Nodes and fibres: tags for every solid voxel, the graph and its statistics
    #[command(after_help = examples::TAG)]
    Tag(TagArgs),
    /// Volume fractions, surface area, thickness, components, percolation
    #[command(after_help = examples::MEASURE)]
    Measure(MeasureArgs),
    /// Tortuosity factor, effective conductivity and flux maps
    #[command(after_help = examples::TRANSPORT)]
    Transport(TransportArgs),
    /// Current distribution on the surface of a host
    #[command(after_help = examples::CURRENT)]
    Current(Box<CurrentArgs>),
    /// Impedance of a host at rest, and its relaxation times
    #[command(after_help = examples::IMPEDANCE)]
    Impedance(Box<ImpedanceArgs>),
    /// Plate lithium on a host, and strip it: stages, thickness, voltage loop
    #[command(after_help = examples::PLATE)]
    Plate(Box<PlateArgs>),
    /// Write a synthetic host with its ground truth
    #[command(after_help = examples::HOST)]
    Host(HostArgs),
    /// Several hosts under the same conditions, with errors: tables, significance, Pareto views
    #[command(after_help = examples::COMPARE)]
    Compare(Box<CompareArgs>),
    /// Do the main job on a host that is made on the spot
    #[command(after_help = examples::DEMO)]
    Demo(DemoArgs),
    /// Show a finished folder in the browser: served to this machine only, until Ctrl-C
    #[command(after_help = examples::VIEW)]
    View(ViewArgs),
    /// What differs between two results, and whether their errors explain it
    #[command(after_help = examples::DIFF)]
    Diff(DiffArgs),
    /// Do a run again from its results.json and say what differs
    #[command(after_help = examples::REPRODUCE)]
    Reproduce(ReproduceArgs),
    /// List devices, what each can hold, and what auto would choose
    #[command(after_help = examples::DEVICES)]
    Devices(DevicesArgs),
    /// Measure this machine's devices: bandwidth, kernels, whole solves with their errors
    #[command(after_help = examples::BENCH)]
    Bench(BenchArgs),
}

/// How the input is read.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input options")]
pub(crate) struct InputArgs {
    /// Folder of TIFF or PNG slices, multi-page TIFF, .npy, .nrrd, .raw (with --shape and --dtype), or .zip of one
    #[arg(value_name = "INPUT")]
    pub(crate) input: PathBuf,
    /// Voxel edge: one length, or three in x,y,z order, for example 25nm,25nm,50nm
    #[arg(long, value_name = "LENGTH")]
    voxel_size: Option<String>,
    /// Distance of the slices, where the microscope states the pixel: for example 10nm
    #[arg(long, value_name = "LENGTH")]
    slice_thickness: Option<String>,
    /// Angle at which a FIB cross-section was seen: none, degrees such as 52 (y is divided by its sine), stage (the tilt
    /// that the microscope states) [default: none]
    #[arg(long, value_name = "ANGLE")]
    tilt_correction: Option<String>,
    /// A microscope's data bar below the images: auto (cut where stated or seen), keep, or its rows [default: auto]
    #[arg(long, value_name = "WHAT")]
    data_bar: Option<String>,
    /// Map of a foreign label image, for example pore=0,fibre=255
    #[arg(long, value_name = "NAME=VALUE,...")]
    labels: Option<String>,
    /// What the voxels are: auto, grey, labels
    #[arg(long, value_name = "WHAT")]
    content: Option<String>,
    /// Part to read, for example 10:110,0:200,5:95
    #[arg(long, value_name = "x0:x1,y0:y1,z0:z1")]
    crop: Option<String>,
    /// Merge N voxels per axis into one
    #[arg(long, value_name = "N")]
    bin: Option<usize>,
    /// Slices of another size: refuse, skip, crop, pad
    #[arg(long, value_name = "WHAT")]
    odd_sizes: Option<String>,
    /// Truncated or unreadable slices: refuse, skip, interpolate
    #[arg(long, value_name = "WHAT")]
    bad_slices: Option<String>,
    /// Shape of a .raw file, z,y,x
    #[arg(long, value_name = "z,y,x")]
    shape: Option<String>,
    /// Sample type of a .raw file: u8, i8, u16, i16, u32, i32, f32, f64
    #[arg(long, value_name = "TYPE")]
    dtype: Option<String>,
    /// Byte order of a .raw file: little, big
    #[arg(long, value_name = "ORDER")]
    byte_order: Option<String>,
    /// Bytes to skip at the start of a .raw file
    #[arg(long, value_name = "BYTES")]
    offset: Option<u64>,
}

/// How grey becomes labels.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Segmentation options")]
pub(crate) struct SegmentationArgs {
    /// Recipe of an earlier segmentation (TOML), done again; a flag beats it, and it beats --config
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// Artefacts to correct first: none, or some of outliers, flicker (brightness by slice), shading (slow changes of brightness),
    /// curtains (stripes along y), rings, fringes (rims of phase contrast), pore-backs (surfaces seen through pores of a FIB-SEM
    /// stack; method auto looks for fringes and these by itself where this is not given)
    #[arg(long, value_name = "WHAT,...", value_delimiter = ',')]
    correct: Option<Vec<String>>,
    /// Align slices: none, jitter (what is smooth over 20 slices stays), drift (a straight line stays, as it may be a slant of the
    /// sample), all (nothing stays) [default: none]
    #[arg(long, value_name = "WHAT")]
    align: Option<String>,
    /// Method: auto, conserve (rare solid keeps its volume), halfway (between the levels of background and rare solid), otsu,
    /// multi-otsu, otsu-slices, li, triangle, minimum-error, sauvola, phansalkar, watershed (of the gradient, from sure voxels),
    /// markov (two normal classes and a Markov random field), classifier (see --train), fixed, hysteresis [default: auto]
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// Threshold for --method fixed: solid is grey >= T (alone it implies the method)
    #[arg(long, value_name = "T")]
    threshold: Option<f64>,
    /// Low threshold for --method hysteresis; for watershed values below are surely the darker phase
    #[arg(long, value_name = "T")]
    low: Option<f64>,
    /// High threshold for --method hysteresis; for watershed values from it on are surely the brighter phase
    #[arg(long, value_name = "T")]
    high: Option<f64>,
    /// Classes for --method multi-otsu, 2 to 5 [default: 3]
    #[arg(long, value_name = "N")]
    classes: Option<usize>,
    /// Half of the edge of the cubes of --method sauvola or phansalkar, in voxels [default: 12]
    #[arg(long, value_name = "VOXELS")]
    radius: Option<usize>,
    /// How much a quiet neighbourhood lowers the threshold of --method sauvola, 0 to 1 [default: 0.2]
    #[arg(long, value_name = "K")]
    sauvola_k: Option<f64>,
    /// What an unlike neighbour costs in --method markov, 0 to 10 [default: 1]
    #[arg(long, value_name = "B")]
    beta: Option<f64>,
    /// Image to learn from, of the shape of the stack, painted in Fiji or napari: 1 pore, 2 solid, 0 not painted (it implies
    /// --method classifier); a recipe keeps what was learnt
    #[arg(long, value_name = "PAINTED")]
    train: Option<String>,
    /// Whether the solid is bright or dark
    #[arg(long, value_name = "WHICH")]
    foreground: Option<String>,
    /// Filter before thresholding: auto (none where the method smooths by itself, otherwise median), none, median, median:R, gaussian, gaussian:SIGMA, nlm (non-local means), tv (total variation), diffusion; the last three follow the measured noise, nlm:1.5 is stronger [default: auto]
    #[arg(long, value_name = "FILTER")]
    denoise: Option<String>,
    /// Solid pieces smaller than N voxels, or than a volume such as 5um3, become pore
    #[arg(long, value_name = "SIZE")]
    min_solid: Option<String>,
    /// Holes in the solid to fill: none, all that are enclosed, hollow (also the insides of hollow struts that the box cuts), or up to N voxels or a volume such as 5um3
    #[arg(long, value_name = "WHICH")]
    fill_holes: Option<String>,
    /// Do not compute anything at the ends of the threshold band: faster, and without error.segmentation
    #[arg(long)]
    no_doubt: bool,
}

/// What is measured beside the geometry.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Measurement options")]
pub(crate) struct MeasurementArgs {
    /// Density of the solid in g/cm3, for area per mass
    #[arg(long, value_name = "G_PER_CM3")]
    density: Option<f64>,
    /// BET area in m2/g, for the roughness factor
    #[arg(long, value_name = "M2_PER_G")]
    bet: Option<f64>,
    /// Relative error by sampling for which the edge of the box that would do is stated [default: 2%]
    #[arg(long, value_name = "E")]
    sampling_goal: Option<String>,
}

/// What is solved and how well.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Transport options")]
pub(crate) struct SolveArgs {
    /// x, y, z or all
    #[arg(long, visible_alias = "axis", value_name = "AXIS")]
    direction: Option<String>,
    /// Relative error of tau, for example 0.1% or 1e-3
    #[arg(long, value_name = "TOL")]
    tol: Option<String>,
    /// Sides of the box: no-flux, periodic
    #[arg(long, visible_alias = "bc", value_name = "WHAT")]
    sides: Option<String>,
    /// Most iterations of one solve
    #[arg(long, visible_alias = "max-iter", value_name = "N")]
    max_iterations: Option<u32>,
    /// Also solve with every voxel split into 8 and 27, as far as memory allows, and extrapolate tau of the voxel geometry
    #[arg(long)]
    refine: bool,
    /// Also compute the effective tensor of the volume as a unit cell that repeats itself
    #[arg(long)]
    tensor: bool,
    /// For tau_e: the collector is beyond the last or the first slice, the separator at the other end [default: last]
    #[arg(long, value_name = "WHICH")]
    collector: Option<String>,
}

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Folder to write
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Replace the folder if it holds earlier results
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Go on with the run of the same command that was interrupted; where there is none it begins
    #[arg(long)]
    pub(crate) resume: bool,
    /// Stages to leave out: tag, measure, transport, current
    #[arg(long, value_name = "STAGE,...", value_delimiter = ',')]
    skip: Option<Vec<String>>,
    /// The only stages to do
    #[arg(long, value_name = "STAGE,...", value_delimiter = ',')]
    only: Option<Vec<String>>,
    /// Name of the sample in tables [default: the input's name]
    #[arg(long, value_name = "NAME")]
    sample: Option<String>,
    /// Conducting phases [default: pore,solid]
    #[arg(long, value_name = "PHASE,...", value_delimiter = ',')]
    phase: Option<Vec<String>>,
    /// Directions whose potential, flux and losses go into fields.vti: none, x, y, z, all [default: z]
    #[arg(long, value_name = "WHICH")]
    fields: Option<String>,
    /// Files for other programs: ome-zarr, ply, stl (the surface), bpx, pybamm, or all, or none [default: ome-zarr,bpx,pybamm]
    #[arg(long, value_name = "WHAT,...", value_delimiter = ',')]
    export: Option<Vec<String>>,
    /// Surface of ply and stl where the box cuts the solid: open, or closed by caps (watertight) [default: open]
    #[arg(long, value_name = "HOW")]
    surface_ends: Option<String>,
    #[command(flatten)]
    segmentation: SegmentationArgs,
    #[command(flatten)]
    measurement: MeasurementArgs,
    #[command(flatten)]
    solve: SolveArgs,
    #[command(flatten)]
    node: NodeArgs,
    /// Nodes end where their grey value is half-way to that of fibres
    #[arg(long, conflicts_with_all = ["node_factor", "node_lambda"], help_heading = "Network options")]
    tag_grey: bool,
    #[command(flatten)]
    cell: CellArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(crate) struct IngestArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// File to write the volume to (.tif, .npy, .nrrd, .raw, .vti)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(crate) struct SegmentArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// File to write the labels to (.tif, .npy, .nrrd, .raw, .vti)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// File to write the recipe to: every step and parameter, for --recipe (.toml)
    #[arg(long, value_name = "FILE")]
    pub(crate) save_recipe: Option<PathBuf>,
    /// True labels of the same box: prints Dice, boundary distance, and the errors of porosity, area and thickness
    #[arg(long, value_name = "LABELS")]
    pub(crate) truth: Option<PathBuf>,
    /// With --truth, also the error of tau of pore and solid along x, y, z or all
    #[arg(long, value_name = "AXIS", requires = "truth", value_parser = ["x", "y", "z", "all"])]
    pub(crate) truth_tau: Option<String>,
    /// File to write the displacements of the slices to, with --align (.csv)
    #[arg(long, value_name = "FILE")]
    pub(crate) shifts: Option<PathBuf>,
    /// File to write the map of uncertain voxels to: at how many of the three thresholds of the band each is solid
    #[arg(long, value_name = "FILE")]
    pub(crate) uncertain: Option<PathBuf>,
    #[command(flatten)]
    segmentation: SegmentationArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// How far nodes reach.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Network options")]
pub(crate) struct NodeArgs {
    /// A node reaches F times its inscribed radius [default: where the swelling of its fibres ends]
    #[arg(long, value_name = "F")]
    node_factor: Option<f64>,
    /// A node reaches L times the diameter of its fibres
    #[arg(long, value_name = "L", conflicts_with = "node_factor")]
    node_lambda: Option<f64>,
    /// A dead end is cut as a spur when it stands out of its node by less than S radii of the node [default: 1.5]
    #[arg(long, value_name = "S")]
    spur: Option<f64>,
    /// Tag loose bodies that are no network (dust, debris) as other (8)
    #[arg(long)]
    tag_debris: bool,
}

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(crate) struct TagArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// File to write the tags to (.tif, .npy, .nrrd, .raw, .vti): 1 fibre, 2 node
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Folder for nodes.csv, fibres.csv, network.vtp, network.graphml [default: OUTPUT without its extension, with -network]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) network: Option<PathBuf>,
    /// Replace the folder if it holds an earlier network
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Sides of the box: no-flux (the sample is cut there), periodic
    #[arg(long, visible_alias = "bc", value_name = "WHAT")]
    sides: Option<String>,
    /// Grey stack of the same shape: nodes end where their grey value is half-way to that of fibres
    #[arg(long, value_name = "FILE", conflicts_with_all = ["node_factor", "node_lambda"], help_heading = "Network options")]
    pub(crate) grey: Option<PathBuf>,
    /// File to write the direction of the fibre in every solid voxel to, by the structure tensor (.vti)
    #[arg(long, value_name = "FILE")]
    pub(crate) orientation: Option<PathBuf>,
    #[command(flatten)]
    node: NodeArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(crate) struct MeasureArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// File to write the results to (.json)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    measurement: MeasurementArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(crate) struct TransportArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Conducting phase: pore, solid, a label's name or number, or several joined by + [default: pore]
    #[arg(long, value_name = "PHASE")]
    phase: Option<String>,
    /// Relative conductivities, for example fibre=1,node=0.3; the labels named conduct together
    #[arg(long, value_name = "LABEL=VALUE,...", conflicts_with = "phase")]
    conductivity: Option<String>,
    /// Bound tau rigorously from both sides after each solve
    #[arg(long)]
    certify: bool,
    /// Search shortest paths: geometric tortuosity ('run' always does)
    #[arg(long)]
    geometric: bool,
    /// Also compute the electrode tortuosity factor tau_e: blocking walls, dead ends included ('run' does it for the pore)
    #[arg(long)]
    electrode: bool,
    /// Area of a voxel face of the walls for tau_e: normals (true area), faces (its own) [default: normals]
    #[arg(long, value_name = "WHICH")]
    wall_area: Option<String>,
    /// Storage on the processor: auto, grid (dense phases), list (sparse phases) [default: auto]
    #[arg(long, value_name = "WHICH")]
    layout: Option<String>,
    /// File to write potentials, flux vectors and losses to (.vti)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// File to write the values by slice to (.csv)
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
    #[command(flatten)]
    solve: SolveArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(crate) struct HostArgs {
    /// Name of the host, see --list; or 'grey' to image a label volume
    #[arg(value_name = "NAME", required_unless_present_any = ["list", "explain", "gallery"])]
    pub(crate) name: Option<String>,
    /// With the name 'grey': the labels to image
    #[arg(value_name = "LABELS")]
    pub(crate) image_of: Option<PathBuf>,
    /// With 'host grey': what foreign values mean, for example pore=0,fibre=255
    #[arg(long = "labels", value_name = "NAME=VALUE,...")]
    pub(crate) label_map: Option<String>,
    /// List the hosts, and the systems that voxels cannot represent
    #[arg(long)]
    pub(crate) list: bool,
    /// Parameters of a host: value, range, source, and whether it is measured, derived or assumed
    #[arg(long, value_name = "NAME")]
    pub(crate) explain: Option<String>,
    /// Every host (or the one named) in pictures, with what is found in its voxels beside the truth; writes gallery.html
    #[arg(long)]
    pub(crate) gallery: bool,
    /// Folder to write: labels.tif, truth.json, truth_nodes.csv, truth_struts.csv, and grey slices with --grey; for a FIB-SEM also
    /// labels_imaged.tif, in its slices as they drifted
    #[arg(short, long, value_name = "OUT", required_unless_present_any = ["list", "explain"])]
    pub(crate) output: Option<PathBuf>,
    /// Also write a grey stack as a folder of slices, as a CT or a FIB-SEM takes it
    #[arg(long, value_name = "MODE", num_args = 0..=1, require_equals = true, default_missing_value = "ct")]
    pub(crate) grey: Option<Instrument>,
    /// Write the grey slices alone, straight into the folder
    #[arg(long, conflicts_with = "grey")]
    pub(crate) grey_only: bool,
    /// Instrument of 'host grey' and of --grey-only
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Option<Instrument>,
    /// Bits of a grey value
    #[arg(long, value_name = "BITS", default_value = "8", value_parser = ["8", "16"])]
    pub(crate) bits: String,
    /// Box in voxels: N or X,Y,Z
    #[arg(long, value_name = "N")]
    pub(crate) size: Option<String>,
    /// Voxel edge with its unit, or three of them as x,y,z
    #[arg(long, value_name = "L")]
    pub(crate) voxel_size: Option<String>,
    /// Change a parameter; may be given several times, see --explain
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Parameters from a TOML file of key = value lines
    #[arg(long, value_name = "FILE")]
    pub(crate) params: Option<PathBuf>,
    /// Replace the folder if it holds an earlier host
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// What takes the grey stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Instrument {
    /// X-ray computed tomography
    Ct,
    /// Focused ion beam and scanning electron microscope
    FibSem,
}

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(crate) struct DemoArgs {
    /// Folder to write
    #[arg(short, long, value_name = "OUT", default_value = "foamflux-demo")]
    pub(crate) output: PathBuf,
    /// Replace the folder if it holds earlier results
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DevicesArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// `--device` chooses one device; without it all of them and the processor are measured.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Volumes to solve
    #[arg(
        value_name = "CASE",
        long_help = "Volumes to solve: blobs:POROSITY[:VOXELS], percolation:PROBABILITY, \
                     foam:SOLID[:CELL_VOXELS][:solid|pore], empty, file:PATH[:solid|pore] (labels, in their own size, along z), \
                     current[:DECADES] (the coupled solve of a host like CMF at 1 mA/cm2, i0 spread over DECADES) \
                     [default: blobs:0.5 foam:0.036:pore foam:0.036:solid percolation:0.34 current]"
    )]
    pub(crate) cases: Vec<String>,
    /// Edges of the boxes in voxels [default: 64,128; with --quick 48]
    #[arg(long, value_name = "N,...", value_delimiter = ',')]
    pub(crate) sizes: Vec<usize>,
    /// Relative errors of tau to solve to [default: 1e-3,1e-4]
    #[arg(long, value_name = "TOL,...", value_delimiter = ',')]
    pub(crate) tol: Vec<f64>,
    /// Solves of which the median counts [default: 3; with --quick 1]
    #[arg(long, value_name = "N")]
    pub(crate) rounds: Option<usize>,
    /// Small and short: does it work, not how fast it is
    #[arg(long)]
    pub(crate) quick: bool,
    /// What an earlier run printed with --json, to set beside this one
    #[arg(long, value_name = "FILE")]
    pub(crate) compare: Option<PathBuf>,
    /// Leave out the times of single kernels
    #[arg(long)]
    pub(crate) no_kernels: bool,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}
