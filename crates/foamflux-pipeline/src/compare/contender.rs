//! What is compared: hosts by name, volumes, and finished runs.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use foamflux_grid::{Axis, Labels, Shape, Silent, VoxelSize, Watch, units};
use foamflux_hosts::Recipe;
use foamflux_hosts::catalogue::{Preset, Repeat};
use foamflux_io::for_each_type;
use foamflux_io::read::StackData;
use foamflux_results::{ComparedHost, MaterialInfo, Representative};
use foamflux_voxel::segment::{Denoise, Method, SegmentOptions};
use serde_json::Value;

use super::grey;
use super::network::NetworkTruth;
use super::settings::CompareSettings;
use super::specimen::{Known, Quiet};
use super::zone::{Turn, towers};
use crate::config::ConfigError;
use crate::content::Input;
use crate::error::PipelineError;
use crate::record::Recorder;
use crate::segment::{Choice, SegmentSettings};
use crate::settings::Settings;
use crate::{ingest, segment};

/// One host on the command line.
#[derive(Debug, Clone, PartialEq)]
pub enum Contender {
    /// Generated, from a preset with changes.
    Host(Box<Recipe>),
    /// A folder, a file, a host folder or a finished run.
    Path(PathBuf),
}

impl FromStr for Contender {
    type Err = ConfigError;

    /// `host:NAME`, `host:NAME,key=value,...`, or a path.
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let Some(named) = text.strip_prefix("host:") else { return Ok(Contender::Path(PathBuf::from(text))) };
        let refused = |e: foamflux_hosts::HostError| ConfigError::Argument(format!("{text}: {e}"));
        let mut parts = named.split(',');
        let mut recipe = Recipe::named(parts.next().unwrap_or_default().trim()).map_err(refused)?;
        for part in parts {
            let (key, value) = part.split_once('=').ok_or_else(|| {
                ConfigError::Argument(format!(
                    "{text}: '{part}' is not KEY=VALUE, as in host:cmf-sem,strut_diameter=8um; see 'foamflux host \
                     --explain NAME'"
                ))
            })?;
            if key.trim() == "size" {
                return Err(ConfigError::Argument(format!(
                    "{text}: the box is the same for every host: set it with --size"
                )));
            }
            recipe.set(key.trim(), value).map_err(refused)?;
        }
        Ok(Contender::Host(Box::new(recipe)))
    }
}

/// A host with what its replicates are made from.
pub(super) struct Prepared {
    /// Names and facts; values are filled in later.
    pub(super) host: ComparedHost,
    pub(super) source: Source,
    /// Grey values of the first crop, of an image that has some.
    pub(super) grey: Option<StackData>,
}

/// What replicates are made from.
pub(super) enum Source {
    /// One box per seed.
    Recipe(Box<Recipe>),
    /// Crops of a volume whose depth is z.
    Volume {
        labels: Labels,
        /// The same image cut at the lower and the higher threshold; empty where there was none to cut.
        doubt: Vec<Labels>,
        crops: Vec<foamflux_grid::Region>,
        known: Box<Known>,
    },
}

/// A replicate.
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: Labels,
    /// The same place with the threshold a step lower and a step higher.
    pub(super) doubt: Vec<Labels>,
    pub(super) known: Known,
}

impl Source {
    pub(super) fn count(&self, wanted: usize) -> usize {
        match self {
            Source::Recipe(_) => wanted,
            Source::Volume { crops, .. } => crops.len(),
        }
    }

    /// Electronic conductivity of the solid in S/m, where the host says.
    pub(super) fn conductivity(&self) -> Option<f64> {
        match self {
            Source::Recipe(recipe) => Some(recipe.preset().conductivity().s_per_m),
            Source::Volume { known, .. } => known.sigma,
        }
    }

    /// Voxels of a replicate.
    pub(super) fn shape(&self, index: usize) -> Result<Shape, PipelineError> {
        match self {
            Source::Recipe(recipe) => Ok(recipe.shape()),
            Source::Volume { labels, crops, .. } => Ok(crops[index].shape_within(labels.shape())?),
        }
    }

    /// Makes one of the replicates.
    pub(super) fn sample(&self, index: usize, first_seed: u64) -> Result<Sample, PipelineError> {
        match self {
            Source::Recipe(recipe) => {
                let seed = first_seed + index as u64;
                let refused = |e: foamflux_hosts::HostError| {
                    PipelineError::from(ConfigError::Argument(format!("host:{}: {e}", recipe.preset().name)))
                };
                let model = recipe.build(seed).map_err(refused)?;
                let drawn = model.draw().map_err(refused)?;
                let truth = model.truth(&drawn).map_err(refused)?;
                let bare = truth.lithium_fraction.is_none() && !model.has_debris();
                let known = Known {
                    fraction_off: Some(truth.solid_volume_fraction.value - truth.solid_voxel_fraction),
                    exact_area_per_m: bare.then_some(truth.area_per_volume_per_m.value),
                    network: truth.cells.and(truth.graph.as_ref()).map(|g| NetworkTruth {
                        node_density: Some(g.node_density_per_m3),
                        coordination: Some(g.coordination_mean),
                        diameter: g.strut_diameter_m.map(|d| d.mean),
                        length: g.strut_length_m.map(|l| l.mean),
                    }),
                    no_fibres: truth.graph.is_none(),
                    ..Known::default()
                };
                Ok(Sample { name: format!("seed {seed}"), labels: drawn.labels, doubt: Vec::new(), known })
            }
            Source::Volume { labels, doubt, crops, known } => {
                let region = crops[index];
                let cropped = |labels: &Labels| Labels::new(labels.volume().crop(region)?);
                let doubt = doubt.iter().map(cropped).collect::<Result<_, _>>()?;
                Ok(Sample { name: format!("crop {region}"), labels: cropped(labels)?, doubt, known: **known })
            }
        }
    }
}

impl Contender {
    /// Reads what has to be read, and makes the boxes.
    pub(super) fn prepare(
        &self,
        conditions: CompareSettings,
        settings: &Settings,
        watch: &dyn Watch,
    ) -> Result<Prepared, PipelineError> {
        match self {
            Contender::Host(recipe) => generated(recipe, conditions),
            Contender::Path(path) => volume(path, conditions, settings, watch),
        }
    }
}

fn generated(recipe: &Recipe, conditions: CompareSettings) -> Result<Prepared, PipelineError> {
    let name = recipe.preset().name;
    let refused =
        |e: foamflux_hosts::HostError| PipelineError::from(ConfigError::Argument(format!("host:{name}: {e}")));
    let (most, across) = conditions.quality.coarsening();
    let boxed = recipe.clone().coarsened(most, across).boxed(conditions.size).map_err(refused)?;
    let mut notes = Vec::new();
    if !recipe.preset().note.is_empty() {
        notes.push(recipe.preset().note.to_owned());
    }
    let finest = boxed.finest_m() / boxed.voxel_m_xyz().into_iter().fold(0.0, f64::max);
    // A flat foil has nothing to resolve.
    if boxed.repeat().is_some() && finest < FINE {
        notes.push(format!("its finest part is {finest:.1} voxels across: areas are coarse; --quality full is finer"));
    }
    let representative = boxed.repeat().map(|r| representative(&r, boxed.box_m()));
    notes.extend(boxed.repeat().and_then(|r| thin(&r, conditions, boxed.depth_is_real())));
    let host = ComparedHost {
        name: name.to_owned(),
        input: format!("host:{name}"),
        kind: "generated".to_owned(),
        title: recipe.preset().title.to_owned(),
        standing: standing(&boxed),
        voxel_size_m_xyz: boxed.voxel_m_xyz(),
        material: material(recipe.preset()),
        not_comparable: recipe.preset().not_comparable().map(str::to_owned),
        representative,
        notes,
        ..empty()
    };
    Ok(Prepared { host, source: Source::Recipe(Box::new(boxed)), grey: None })
}

/// Voxels across the finest part for which areas are within a few per cent.
const FINE: f64 = 4.0;

/// How well founded the parameters are, in a phrase.
fn standing(recipe: &Recipe) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for entry in recipe.entries().iter().filter(|e| e.source != "generator default") {
        *counts.entry(entry.standing.name()).or_insert(0) += 1;
    }
    let parts: Vec<String> = counts.iter().map(|(word, n)| format!("{n} {word}")).collect();
    match counts.keys().any(|w| *w != "assumed") {
        true => format!("{}, the rest assumed", parts.join(", ")),
        false => "all parameters assumed".to_owned(),
    }
}

fn material(preset: &Preset) -> Option<MaterialInfo> {
    let (m, c) = (preset.material()?, preset.conductivity());
    Some(MaterialInfo {
        name: m.name.to_owned(),
        density_kg_per_m3: m.density_kg_per_m3,
        standing: m.standing.name().to_owned(),
        source: m.source.to_owned(),
        conductivity_s_per_m: Some(c.s_per_m),
        conductivity_source: Some(format!("{}: {}", c.standing.name(), c.source)),
    })
}

fn representative(repeat: &Repeat, box_m: [f64; 3]) -> Representative {
    let across = repeat.across(box_m);
    Representative {
        length_m: repeat.longest_m(),
        what: repeat.what.to_owned(),
        box_over_length: across,
        needed: Repeat::NEEDED,
        enough: across >= Repeat::NEEDED,
    }
}

/// Says where the thickness of the comparison is less than the structure.
fn thin(repeat: &Repeat, conditions: CompareSettings, depth_is_real: bool) -> Option<String> {
    let length = repeat.length_m_xyz[2];
    (!depth_is_real && length > conditions.thickness_m).then(|| {
        format!(
            "{} are {} of {}: at equal thickness it is a slice out of a far thicker host, and its numbers are means over such slices",
            units::format_length(conditions.thickness_m),
            units::significant(conditions.thickness_m / length, 2),
            repeat.what
        )
    })
}

fn empty() -> ComparedHost {
    ComparedHost {
        name: String::new(),
        input: String::new(),
        kind: String::new(),
        title: String::new(),
        standing: String::new(),
        voxel_size_m_xyz: [0.0; 3],
        material: None,
        scalable: true,
        plane: false,
        not_comparable: None,
        representative: None,
        values: std::collections::BTreeMap::new(),
        missing: std::collections::BTreeMap::new(),
        replicates: Vec::new(),
        notes: Vec::new(),
    }
}

/// What a folder is, by the results that it holds.
///
/// # Errors
/// [`PipelineError::Content`] where a record is there and cannot be read: as slices its files would make no sense.
fn kind_of(path: &Path) -> Result<(&'static str, PathBuf, Option<Value>), PipelineError> {
    let labels = path.join("labels.tif");
    if path.is_dir() && labels.is_file() {
        for (name, kind) in [("results.json", "finished run"), ("truth.json", "host folder")] {
            let file = path.join(name);
            if !file.exists() {
                continue;
            }
            let refuse = |why: String| PipelineError::Content {
                path: file.display().to_string(),
                message: format!(
                    "{why}; make the folder again, or give its labels alone: {}",
                    path.join("labels.tif").display()
                ),
            };
            let bytes = std::fs::read(&file).map_err(|e| refuse(format!("it cannot be read: {e}")))?;
            let record: Value = serde_json::from_slice(&bytes)
                .map_err(|e| refuse(format!("it was not written whole, or changed since: {e}")))?;
            if record["schema"].as_str().is_some_and(|s| s.starts_with("foamflux.")) {
                return Ok((kind, labels, Some(record)));
            }
        }
    }
    Ok(("file", path.to_owned(), None))
}

fn volume(
    path: &Path,
    conditions: CompareSettings,
    settings: &Settings,
    watch: &dyn Watch,
) -> Result<Prepared, PipelineError> {
    let (kind, file, record) = kind_of(path)?;
    let recorder = Recorder::new(watch);
    let mut known = Known { density: settings.measure.density_kg_per_m3, ..Known::default() };
    let (input, _) = ingest::read_input(&file, &settings.ingest, &recorder)?;
    let mut doubt = Vec::new();
    let mut grey = None;
    let labels = match input {
        Input::Labels(labels, _) => labels,
        Input::Grey(data) => {
            let once = SegmentSettings { doubt: false, ..settings.segment };
            let cut = segment::segment(&data, &once, &recorder)?;
            let sensitivity = cut.results.threshold_sensitivity.as_ref();
            known.fraction_segmentation =
                sensitivity.map(|s| off(s.solid_fraction, s.solid_fraction_low, s.solid_fraction_high));
            if let (Some(level), Some(step)) = (cut.level, sensitivity.map(|s| s.step)) {
                let field = cut.filtered.as_ref().unwrap_or(&data);
                for threshold in [level - step, level + step] {
                    let method = Method::Fixed { threshold };
                    let options = SegmentOptions { denoise: Denoise::None, method, ..settings.segment.options };
                    let again = SegmentSettings { choice: Choice::Given, options, denoise_given: true, ..once };
                    doubt.push(segment::segment(field, &again, &Silent)?.labels);
                }
            }
            grey = Some(data);
            cut.labels
        }
    };
    let mut notes = recorder.notes();
    let mut title = match kind {
        "file" => "volume".to_owned(),
        other => other.to_owned(),
    };
    let (mut material_info, mut not_comparable) = (None, None);
    if let Some(record) = &record {
        let s = &record["segment"]["threshold_sensitivity"];
        let number = |key: &str| s[key].as_f64();
        if let (Some(mid), Some(low), Some(high)) =
            (number("solid_fraction"), number("solid_fraction_low"), number("solid_fraction_high"))
        {
            known.fraction_segmentation = Some(off(mid, low, high));
        }
        if let Some(recipe) =
            record["name"].as_str().filter(|_| kind == "host folder").and_then(|n| Recipe::named(n).ok())
        {
            title = recipe.preset().title.to_owned();
            material_info = material(recipe.preset());
            known.sigma = Some(recipe.preset().conductivity().s_per_m);
            not_comparable = recipe.preset().not_comparable().map(str::to_owned);
        } else if kind == "finished run" {
            notes.push("its labels were measured again, under the conditions of this comparison".to_owned());
            match grey::of_run(record, labels.shape(), settings, &Quiet(watch)) {
                Ok(found) => grey = found,
                Err(why) => notes.push(format!("its grey values are not shown: {why}")),
            }
        }
    }
    if let Some(density) = known.density {
        material_info = Some(MaterialInfo {
            name: "as given".to_owned(),
            density_kg_per_m3: density,
            standing: "given".to_owned(),
            source: "--density".to_owned(),
            conductivity_s_per_m: known.sigma,
            conductivity_source: None,
        });
    }
    let VoxelSize::Known { .. } = labels.voxel_size() else {
        return Err(ConfigError::value(
            "voxel-size",
            format!(
                "'{}' does not say how large its voxels are, and hosts are compared in metres: give it",
                path.display()
            ),
        )
        .into());
    };
    if labels.shape().z == 1 {
        return Err(PipelineError::Content {
            path: path.display().to_string(),
            message: "holds one slice, and a host is a volume: give the folder of all slices or a multi-page file"
                .to_owned(),
        });
    }
    let axis = match settings.config.direction.as_deref() {
        Some("x") => Axis::X,
        Some("y") => Axis::Y,
        _ => Axis::Z,
    };
    let first = settings.config.collector.as_deref() == Some("first");
    let turn = Turn { depth: axis, collector_first: first };
    let labels = turn.labels(labels)?;
    let doubt = doubt.into_iter().map(|l| turn.labels(l)).collect::<Result<_, _>>()?;
    let crops = towers(labels.shape(), conditions.replicates, conditions.size);
    // Only one box is shown, and only that much is kept.
    let grey = match (grey, crops.first()) {
        (Some(data), Some(&region)) => Some(for_each_type!(&data, volume => turn.part(volume, region)?.into())),
        _ => None,
    };
    if crops.len() < conditions.replicates {
        notes.push(format!(
            "{} of {} crops fit: the sampling error is {}",
            crops.len(),
            conditions.replicates,
            if crops.len() > 1 {
                "rough"
            } else {
                "not known, and no difference to another host can be called significant"
            }
        ));
    }
    let name = path.file_stem().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    let edges = labels.voxel_size().m_xyz().unwrap_or([0.0; 3]);
    let host = ComparedHost {
        name,
        input: path.display().to_string(),
        kind: kind.to_owned(),
        title,
        standing: "an image: crops of one sample, so that errors are those of place and not of sample".to_owned(),
        voxel_size_m_xyz: edges,
        material: material_info,
        not_comparable,
        notes,
        ..empty()
    };
    let known = Known { density: None, ..known };
    Ok(Prepared { host, source: Source::Volume { labels, doubt, crops, known: Box::new(known) }, grey })
}

/// The larger change of the solid fraction when the threshold moves by a step.
fn off(mid: f64, low: f64, high: f64) -> f64 {
    (low - mid).abs().max((high - mid).abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_named_with_their_changes() {
        let Contender::Host(recipe) = "host:cmf-sem,strut_diameter=8um,swelling=1.2".parse().unwrap() else {
            panic!("a host");
        };
        let of = |key: &str| recipe.entries().iter().find(|e| e.key == key).unwrap().value;
        assert_eq!((of("strut_diameter"), of("swelling")), (Some(8e-6), Some(1.2)));
        assert_eq!("a/b.tif".parse::<Contender>().unwrap(), Contender::Path("a/b.tif".into()));
        for (text, part) in [
            ("host:cmf", "'cmf' is not a host"),
            ("host:", "is not a host"),
            ("host:cmf-sem,swelling", "KEY=VALUE"),
            ("host:cmf-sem,swelling=9", "1 to 3"),
            ("host:cmf-sem,size=64", "--size"),
        ] {
            let error = text.parse::<Contender>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
