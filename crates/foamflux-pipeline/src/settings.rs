//! The configuration after reading: typed, checked values for each stage.

mod export;
mod microscope;
mod prepare;
mod segment;

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;

pub use export::Export;
pub use foamflux_voxel::surface::mesh::Ends;

use crate::prepare::PrepareSettings;
use crate::segment::SegmentSettings;
use foamflux_grid::{Axis, Label, LabelSet, Phase, VoxelSize, VoxelSizeSource, units};
use foamflux_io::read::{BadSlices, BinMode, ByteOrder, OddSizes, RawLayout, ReadOptions};
use foamflux_network::{Parameters, ZoneRule};
use foamflux_transport::{Collector, Layout, Sides, Stop, WallArea};
use foamflux_voxel::classify::Classifier;

use crate::config::{Config, ConfigError, LabelMap, parse_conductivities, parse_label_map};
use crate::current::CurrentSettings;
use crate::impedance::ImpedanceSettings;
use crate::recipe::MadeOn;

/// Edges of a voxel that may be given, in metres: from a picometre to a metre, so that areas and volumes in SI units
/// stay numbers and a forgotten unit is noticed.
const VOXEL_EDGE_M: std::ops::RangeInclusive<f64> = 1e-12..=1.0;

/// Threads that may be asked for: more than any machine has, and few enough to be started.
const MAX_THREADS: usize = 1024;

/// What the voxels of the input are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Decide by the number of distinct values.
    Auto,
    /// Grey values, to be segmented.
    Grey,
    /// Labels.
    Labels,
}

/// How the input becomes a stack.
#[derive(Debug, Clone)]
pub struct IngestSettings {
    /// For the reader.
    pub options: ReadOptions,
    /// What the voxels are.
    pub content: Content,
    /// Map of a foreign label image.
    pub labels: Option<LabelMap>,
}

/// What is measured beside the geometry.
#[derive(Debug, Clone, Copy, Default)]
pub struct MeasureSettings {
    /// Density of the solid in kg/m3.
    pub density_kg_per_m3: Option<f64>,
    /// BET area in m2/g.
    pub bet_m2_per_g: Option<f64>,
    /// Relative error by sampling for which the box that would do is stated; 2 % where it is not given.
    pub sampling_goal: Option<f64>,
}

/// For what an electrode tortuosity factor is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElectrodeSettings {
    /// Directions.
    pub axes: Vec<Axis>,
    /// The only phase, where not every one is asked for.
    pub only: Option<LabelSet>,
    /// Where the collector is.
    pub collector: Collector,
    /// How the area of the walls is counted.
    pub walls: WallArea,
}

/// What conducts, and how well it is to be solved.
#[derive(Debug, Clone)]
pub struct TransportSettings {
    /// Conducting phases, one problem each.
    pub phases: Vec<Phase>,
    /// Relative conductivity by label: makes one medium of several phases.
    pub conductivities: Option<[f64; 9]>,
    /// Directions.
    pub axes: Vec<Axis>,
    /// Sides of the box.
    pub sides: Sides,
    /// When to stop.
    pub stop: Stop,
    /// Whether tau gets rigorous bounds after each solve.
    pub certify: bool,
    /// Whether shortest paths are searched.
    pub geometric: bool,
    /// Whether tau is solved on split voxels as well.
    pub refine: bool,
    /// Whether the effective tensor of the repeating volume is computed.
    pub tensor: bool,
    /// Whether and how tau_e is computed.
    pub electrode: Option<ElectrodeSettings>,
    /// Storage on the processor, where it is not to be chosen automatically.
    pub layout: Option<Layout>,
    /// Directions whose potential, flux and losses are kept.
    pub fields: Vec<Axis>,
    /// Bytes that may be used.
    pub max_memory: Option<u64>,
}

/// Stages that a user may leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OptionalStage {
    /// Nodes and fibres.
    Tag,
    /// Morphology.
    Measure,
    /// Tortuosity factor and flux maps.
    Transport,
    /// Current distribution.
    Current,
}

impl OptionalStage {
    /// All of them, in order.
    pub const ALL: [OptionalStage; 4] =
        [OptionalStage::Tag, OptionalStage::Measure, OptionalStage::Transport, OptionalStage::Current];

    /// Name as `--skip` takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            OptionalStage::Tag => "tag",
            OptionalStage::Measure => "measure",
            OptionalStage::Transport => "transport",
            OptionalStage::Current => "current",
        }
    }
}

impl FromStr for OptionalStage {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        OptionalStage::ALL
            .into_iter()
            .find(|stage| stage.name() == s.trim())
            .ok_or_else(|| format!("'{s}' is not a stage: write tag, measure, transport or current"))
    }
}

/// Where the solver is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// The best there is.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The best graphics processor, or the one of this index.
    Gpu(Option<usize>),
}

impl FromStr for Device {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match (s, s.strip_prefix("gpu:").map(str::parse)) {
            ("auto", _) => Ok(Device::Auto),
            ("cpu", _) => Ok(Device::Cpu),
            ("gpu", _) => Ok(Device::Gpu(None)),
            (_, Some(Ok(index))) => Ok(Device::Gpu(Some(index))),
            _ => Err(format!("'{s}' is not a device: write auto, cpu, gpu or gpu:N")),
        }
    }
}

/// All settings, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The resolved configuration that they were read from.
    pub config: Config,
    /// Reading.
    pub ingest: IngestSettings,
    /// What is done to grey values before they are cut.
    pub prepare: PrepareSettings,
    /// Segmenting.
    pub segment: SegmentSettings,
    /// What the recipe was made on, where one is used; whoever read it puts it in.
    pub recipe: Option<MadeOn>,
    /// The classifier of that recipe.
    pub classifier: Option<Arc<Classifier>>,
    /// Nodes and fibres.
    pub tag: Parameters,
    /// Measuring.
    pub measure: MeasureSettings,
    /// Transport.
    pub transport: TransportSettings,
    /// Current distribution.
    pub current: CurrentSettings,
    /// Impedance.
    pub impedance: ImpedanceSettings,
    /// Stages asked for; the rest is left out because the user said so.
    pub stages: BTreeSet<OptionalStage>,
    /// Files for other programs that `run` writes beside its own.
    pub exports: BTreeSet<Export>,
    /// What the surface has where the box cuts the solid.
    pub surface_ends: Ends,
    /// Where the solver is to run.
    pub device: Device,
    /// Worker threads, all processors when not said.
    pub threads: Option<usize>,
    /// Bytes that may be used.
    pub max_memory: Option<u64>,
}

impl Settings {
    /// Fills in the defaults and checks every value.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the flag.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let config = config.with_defaults();
        let max_memory = config.max_memory.as_deref().map(units::parse_bytes).transpose().map_err(at("max-memory"))?;
        Ok(Settings {
            ingest: ingest(&config, max_memory)?,
            prepare: prepare::settings(&config)?,
            segment: segment::settings(&config)?,
            recipe: None,
            classifier: None,
            tag: tag(&config)?,
            measure: measure(&config)?,
            transport: transport(&config, max_memory)?,
            current: CurrentSettings::new(&config, max_memory)?,
            impedance: ImpedanceSettings::new(&config)?,
            stages: stages(&config)?,
            exports: export::exports(&config)?,
            surface_ends: export::surface_ends(&config)?,
            device: config.device.as_deref().map_or(Ok(Device::Auto), str::parse).map_err(at("device"))?,
            threads: threads(&config)?,
            max_memory,
            config,
        })
    }
}

/// Puts the key in front of a value's message.
fn at(key: &'static str) -> impl Fn(String) -> ConfigError {
    move |message| ConfigError::value(key, message)
}

/// One of a few words.
fn choice<T: Copy>(key: &'static str, text: Option<&str>, choices: &[(&str, T)]) -> Result<T, ConfigError> {
    let text = text.unwrap_or(choices[0].0);
    choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        ConfigError::value(key, format!("'{text}' is not known: write {}", names.join(", ")))
    })
}

fn ingest(config: &Config, max_memory: Option<u64>) -> Result<IngestSettings, ConfigError> {
    let voxel_size = match config.voxel_size.as_deref() {
        None => None,
        Some(text) => {
            let m_xyz = units::parse_lengths_m_xyz(text).map_err(at("voxel-size"))?;
            if m_xyz.iter().any(|edge| !VOXEL_EDGE_M.contains(edge)) {
                return Err(ConfigError::value(
                    "voxel-size",
                    format!("'{text}' is not the edge of a voxel: write lengths between 0.001nm and 1m"),
                ));
            }
            Some(
                VoxelSize::known(m_xyz, VoxelSizeSource::Flag)
                    .map_err(|e| ConfigError::value("voxel-size", e.to_string()))?,
            )
        }
    };
    let raw = match (config.shape.as_deref(), config.dtype.as_deref()) {
        (None, None) => {
            let unused = [("offset", config.offset.is_some()), ("byte-order", config.byte_order.is_some())];
            if let Some((key, _)) = unused.into_iter().find(|(_, given)| *given) {
                return Err(ConfigError::value(key, "is used by .raw files alone: give --shape and --dtype with it"));
            }
            None
        }
        (Some(shape), Some(dtype)) => Some(RawLayout {
            shape: shape.parse().map_err(at("shape"))?,
            sample_type: dtype.parse().map_err(at("dtype"))?,
            byte_order: choice(
                "byte-order",
                config.byte_order.as_deref(),
                &[("little", ByteOrder::Little), ("big", ByteOrder::Big)],
            )?,
            offset_bytes: config.offset.unwrap_or(0),
        }),
        (Some(_), None) => {
            return Err(ConfigError::value("dtype", "a shape was given without a type, as in --dtype u8"));
        }
        (None, Some(_)) => {
            return Err(ConfigError::value(
                "shape",
                "a type was given without a shape, as in --shape 128,256,256 (z,y,x)",
            ));
        }
    };
    let bin = config.bin.unwrap_or(1);
    if !(1..=1024).contains(&bin) {
        return Err(ConfigError::value("bin", format!("{bin} is not a number of voxels to merge: write 1 to 1024")));
    }
    let content = choice(
        "content",
        config.content.as_deref(),
        &[("auto", Content::Auto), ("grey", Content::Grey), ("labels", Content::Labels)],
    )?;
    let labels = config.labels.as_deref().map(parse_label_map).transpose()?;
    if labels.is_some() && content == Content::Grey {
        return Err(ConfigError::value("labels", "a label map was given for content that is said to be grey"));
    }
    Ok(IngestSettings {
        options: ReadOptions {
            voxel_size,
            slice_thickness_m: microscope::slice_thickness_m(config)?,
            tilt: microscope::tilt(config)?,
            data_bar: microscope::data_bar(config)?,
            raw,
            crop: config.crop.as_deref().map(str::parse).transpose().map_err(at("crop"))?,
            bin,
            bin_mode: BinMode::Mean,
            odd_sizes: choice(
                "odd-sizes",
                config.odd_sizes.as_deref(),
                &[
                    ("refuse", OddSizes::Refuse),
                    ("skip", OddSizes::Skip),
                    ("crop", OddSizes::Crop),
                    ("pad", OddSizes::Pad),
                ],
            )?,
            bad_slices: choice(
                "bad-slices",
                config.bad_slices.as_deref(),
                &[("refuse", BadSlices::Refuse), ("skip", BadSlices::Skip), ("interpolate", BadSlices::Interpolate)],
            )?,
            max_memory,
        },
        content,
        labels,
    })
}

fn measure(config: &Config) -> Result<MeasureSettings, ConfigError> {
    let positive = |key: &'static str, value: Option<f64>, unit: &str| match value {
        Some(v) if !(v.is_finite() && v > 0.0) => {
            Err(ConfigError::value(key, format!("{v} is not a positive number of {unit}")))
        }
        other => Ok(other),
    };
    Ok(MeasureSettings {
        density_kg_per_m3: positive("density", config.density, "g/cm3")?.map(|d| d * 1000.0),
        bet_m2_per_g: positive("bet", config.bet, "m2/g")?,
        sampling_goal: config
            .sampling_goal
            .as_deref()
            .map(units::parse_fraction)
            .transpose()
            .map_err(at("sampling-goal"))?,
    })
}

fn axes(key: &'static str, text: &str) -> Result<Vec<Axis>, ConfigError> {
    match text {
        "all" => Ok(Axis::ALL.to_vec()),
        one => Ok(vec![
            one.parse()
                .map_err(|_| ConfigError::value(key, format!("'{one}' is not a direction: write x, y, z or all")))?,
        ]),
    }
}

fn transport(config: &Config, max_memory: Option<u64>) -> Result<TransportSettings, ConfigError> {
    let phases =
        config.phase.iter().flatten().map(|name| name.parse().map_err(at("phase"))).collect::<Result<_, _>>()?;
    let fields = match config.fields.as_deref() {
        None | Some("none") => Vec::new(),
        Some(text) => axes("fields", text)?,
    };
    let tau_rel = units::parse_fraction(config.tol.as_deref().unwrap_or("0.1%")).map_err(at("tol"))?;
    let max_iterations = config.max_iterations.unwrap_or(20_000);
    if max_iterations == 0 {
        return Err(ConfigError::value("max-iterations", "at least one iteration is needed"));
    }
    Ok(TransportSettings {
        phases,
        conductivities: config.conductivity.as_deref().map(parse_conductivities).transpose()?,
        axes: axes("direction", config.direction.as_deref().unwrap_or("all"))?,
        sides: choice("sides", config.sides.as_deref(), &[("no-flux", Sides::NoFlux), ("periodic", Sides::Periodic)])?,
        stop: Stop { tau_rel, max_iterations, ..Stop::default() },
        certify: config.certify.unwrap_or(false),
        geometric: config.geometric.unwrap_or(false),
        refine: config.refine.unwrap_or(false),
        tensor: config.tensor.unwrap_or(false),
        // Read in any case, so that a word that is not known is refused even where it is not used.
        electrode: Some(electrode(config)?).filter(|_| config.electrode == Some(true)),
        layout: choice(
            "layout",
            config.layout.as_deref(),
            &[
                ("auto", None),
                (Layout::Dense.name(), Some(Layout::Dense)),
                (Layout::Compact.name(), Some(Layout::Compact)),
            ],
        )?,
        fields,
        max_memory,
    })
}

fn electrode(config: &Config) -> Result<ElectrodeSettings, ConfigError> {
    let collectors = [Collector::Last, Collector::First].map(|c| (c.name(), c));
    let walls = [WallArea::Normals, WallArea::Faces].map(|w| (w.name(), w));
    Ok(ElectrodeSettings {
        axes: axes("direction", config.direction.as_deref().unwrap_or("all"))?,
        only: None,
        collector: choice("collector", config.collector.as_deref(), &collectors)?,
        walls: choice("wall-area", config.wall_area.as_deref(), &walls)?,
    })
}

/// What the main job computes: tau_e of the pore along the one direction asked for, along z where all are.
///
/// # Errors
/// [`ConfigError::Value`].
pub fn main_electrode(config: &Config) -> Result<Option<ElectrodeSettings>, ConfigError> {
    if !config.electrode.unwrap_or(true) {
        return Ok(None);
    }
    let mut settings = electrode(config)?;
    if settings.axes.len() > 1 {
        settings.axes = vec![Axis::Z];
    }
    Ok(Some(ElectrodeSettings { only: Some(LabelSet::PORE), ..settings }))
}

fn tag(config: &Config) -> Result<Parameters, ConfigError> {
    let zone = match (config.node_factor, config.node_lambda) {
        (None, None) => ZoneRule::Swelling,
        (Some(factor), None) => ZoneRule::NodeRadius(factor),
        (None, Some(lambda)) => ZoneRule::StrutDiameter(lambda),
        (Some(_), Some(_)) => {
            return Err(ConfigError::value("node-lambda", "--node-factor says how far nodes reach already: give one"));
        }
    };
    let sides = match config.sides.as_deref() {
        Some("periodic") => foamflux_network::Sides::Periodic,
        _ => foamflux_network::Sides::Open,
    };
    let spur = config.spur.unwrap_or(Parameters::default().spur);
    let parameters = Parameters { zone, sides, spur, ..Parameters::default() };
    let key = match (config.spur, config.node_lambda) {
        (Some(spur), _) if !(0.0..=10.0).contains(&spur) => "spur",
        (_, Some(_)) => "node-lambda",
        _ => "node-factor",
    };
    parameters.check().map_err(|e| ConfigError::value(key, e.to_string()))?;
    Ok(parameters)
}

fn threads(config: &Config) -> Result<Option<usize>, ConfigError> {
    match config.threads {
        Some(n) if !(1..=MAX_THREADS).contains(&n) => Err(ConfigError::value(
            "threads",
            format!("{n} threads cannot work: write 1 to {MAX_THREADS}, or leave it out for all processors"),
        )),
        n => Ok(n),
    }
}

fn stages(config: &Config) -> Result<BTreeSet<OptionalStage>, ConfigError> {
    let parse = |key: &'static str, names: &[String]| -> Result<BTreeSet<OptionalStage>, ConfigError> {
        names.iter().map(|name| name.parse().map_err(at(key))).collect()
    };
    let only = match config.only.as_deref() {
        Some(names) if !names.is_empty() => parse("only", names)?,
        _ => OptionalStage::ALL.into_iter().collect(),
    };
    let skip = parse("skip", config.skip.as_deref().unwrap_or_default())?;
    Ok(only.difference(&skip).copied().collect())
}

/// The labels of a set, as numbers.
#[must_use]
pub fn label_numbers(labels: foamflux_grid::LabelSet) -> Vec<u8> {
    labels.iter().map(|label: Label| label as u8).collect()
}
