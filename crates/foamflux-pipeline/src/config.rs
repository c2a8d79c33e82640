//! The configuration: one flat table whose keys are the long flags of the command line.
//!
//! A flag beats the file, the file beats the default, and an unknown key is an error.
//! The resolved table, every default included, goes into the results.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use foamflux_hosts::words::did_you_mean;
use serde::{Deserialize, Deserializer, Serialize};

/// Everything that can be set, as text or plain numbers, `None` where nothing was said.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Config {
    /// Voxel edges, one or three in x,y,z order, such as `25nm,25nm,50nm`.
    pub voxel_size: Option<String>,
    /// Distance of the slices, `10nm`, beside a pixel size that the files state.
    pub slice_thickness: Option<String>,
    /// Angle at which a cross-section was seen: `none`, degrees, or `stage` for what the microscope states.
    #[serde(deserialize_with = "text_or_number")]
    pub tilt_correction: Option<String>,
    /// A microscope's data bar below the images: `auto`, `keep`, or its number of rows.
    #[serde(deserialize_with = "text_or_number")]
    pub data_bar: Option<String>,
    /// Shape of a `.raw` file, `z,y,x`.
    pub shape: Option<String>,
    /// Sample type of a `.raw` file.
    pub dtype: Option<String>,
    /// Byte order of a `.raw` file, `little` or `big`.
    pub byte_order: Option<String>,
    /// Bytes to skip at the start of a `.raw` file.
    pub offset: Option<u64>,
    /// Part to read, `x0:x1,y0:y1,z0:z1`.
    pub crop: Option<String>,
    /// Voxels per axis to merge into one.
    pub bin: Option<usize>,
    /// What to do with slices of another size: `refuse`, `skip`, `crop`, `pad`.
    pub odd_sizes: Option<String>,
    /// What to do with unreadable slices: `refuse`, `skip`, `interpolate`.
    pub bad_slices: Option<String>,
    /// What the voxels are: `auto`, `grey`, `labels`.
    pub content: Option<String>,
    /// Map of a foreign label image, `pore=0,fibre=255`.
    pub labels: Option<String>,

    /// Artefacts to correct: nothing said leaves it to the method `auto`, `none` forbids that, or some of `outliers`, `flicker`, `shading`, `curtains`, `rings`, `fringes`, `pore-backs`.
    #[serde(deserialize_with = "list")]
    pub correct: Option<Vec<String>>,
    /// Alignment of the slices: `none`, `jitter`, `drift`, `all`.
    pub align: Option<String>,
    /// Segmentation method: `auto`, `conserve`, `halfway`, `otsu`, `multi-otsu`, `otsu-slices`, `li`, `triangle`, `minimum-error`,
    /// `sauvola`, `phansalkar`, `watershed`, `markov`, `classifier`, `fixed`, `hysteresis`.
    pub method: Option<String>,
    /// Threshold of the method `fixed`: solid is grey >= threshold.
    pub threshold: Option<f64>,
    /// Low threshold of the methods `hysteresis` and `watershed`.
    pub low: Option<f64>,
    /// High threshold of the methods `hysteresis` and `watershed`.
    pub high: Option<f64>,
    /// Classes of the method `multi-otsu`.
    pub classes: Option<usize>,
    /// Half of the edge of the cubes of the methods `sauvola` and `phansalkar`, in voxels.
    pub radius: Option<usize>,
    /// How much a quiet neighbourhood lowers the threshold of the method `sauvola`.
    pub sauvola_k: Option<f64>,
    /// What an unlike neighbour costs in the method `markov`.
    pub beta: Option<f64>,
    /// Image of painted voxels that the method `classifier` learns from: 1 pore, 2 solid, 0 not painted.
    pub train: Option<String>,
    /// Whether the solid is `bright` or `dark`.
    pub foreground: Option<String>,
    /// Filter before thresholding: `auto`, `none`, `median`, `median:2`, `gaussian:0.8`, `nlm`, `tv`, `diffusion`.
    pub denoise: Option<String>,
    /// Solid components smaller than this many voxels, or than a volume such as `5um3`, become pore.
    #[serde(deserialize_with = "text_or_number")]
    pub min_solid: Option<String>,
    /// Holes in the solid to fill: `none`, `all` that are enclosed, `hollow` (also the insides of struts that the box cuts), or the largest size in voxels or as a volume such as `5um3`.
    #[serde(deserialize_with = "text_or_number")]
    pub fill_holes: Option<String>,

    /// Whether the labels at the ends of the threshold band are made, and every number computed at them.
    pub doubt: Option<bool>,

    /// Reach of a node as a factor on its inscribed radius.
    pub node_factor: Option<f64>,
    /// Reach of a node in diameters of its fibres.
    pub node_lambda: Option<f64>,

    /// A dead end is a spur of the skeleton when it stands out of its node by less than this many radii of the node.
    pub spur: Option<f64>,

    /// Whether loose bodies that are no network are tagged as other.
    pub tag_debris: Option<bool>,
    /// Whether `run` reads the end of nodes off the grey values.
    pub tag_grey: Option<bool>,

    /// Density of the solid in g/cm3, for area per mass.
    pub density: Option<f64>,
    /// BET area in m2/g, for the roughness factor.
    pub bet: Option<f64>,
    /// Relative error by sampling for which the edge of the box that would do is stated, `2%`.
    #[serde(deserialize_with = "text_or_number")]
    pub sampling_goal: Option<String>,

    /// Conducting phases.
    #[serde(deserialize_with = "list")]
    pub phase: Option<Vec<String>>,
    /// Relative conductivities by label, `fibre=1,node=0.3`; makes them one conducting medium.
    pub conductivity: Option<String>,
    /// `x`, `y`, `z` or `all`.
    pub direction: Option<String>,
    /// `no-flux` or `periodic`.
    pub sides: Option<String>,
    /// Relative error of tau, `0.1%` or `1e-3`.
    #[serde(deserialize_with = "text_or_number")]
    pub tol: Option<String>,
    /// Most iterations of a solve.
    pub max_iterations: Option<u32>,
    /// Whether tau gets rigorous bounds after each solve; without a word `run` does it and `transport` does not.
    pub certify: Option<bool>,
    /// Whether shortest paths are searched; without a word `run` does it and `transport` does not.
    pub geometric: Option<bool>,
    /// Whether tau is solved on split voxels as well and extrapolated; off without a word.
    pub refine: Option<bool>,
    /// Also the effective tensor of the volume as a unit cell that repeats itself.
    pub tensor: Option<bool>,
    /// Whether the electrode tortuosity factor tau_e is computed; without a word `run` does it for the pore along z, or along
    /// the one direction it was given, and `transport` does not.
    pub electrode: Option<bool>,
    /// Where the collector is, `last` or `first` slice; the separator is at the other end.
    pub collector: Option<String>,
    /// Area of a voxel face of the walls for tau_e: `normals` (true area) or `faces` (its own).
    pub wall_area: Option<String>,
    /// Storage of the solver on the processor: `auto`, `grid`, `list`.
    pub layout: Option<String>,
    /// Directions whose potential and flux go into `fields.vti`: `none`, `x`, `y`, `z`, `all`.
    pub fields: Option<String>,

    /// Current per cross-section, `1mA/cm2`; above zero plates.
    #[serde(deserialize_with = "text_or_number")]
    pub current: Option<String>,
    /// Potential of the separator's plane against the collector instead of a current, `100mV`.
    #[serde(deserialize_with = "text_or_number")]
    pub voltage: Option<String>,
    /// Exchange current density on true area, `2.8A/m2` for all surfaces or `node=0.56A/m2` for one label.
    #[serde(deserialize_with = "list")]
    pub i0: Option<Vec<String>>,
    /// Nucleation overpotential on bare carbon, `30mV` or `fibre=30mV`.
    #[serde(deserialize_with = "list")]
    pub eta_nuc: Option<Vec<String>>,
    /// Resistance of a film, `50ohm*cm2` or `lithium=50ohm*cm2`.
    #[serde(deserialize_with = "list")]
    pub film: Option<Vec<String>>,
    /// Electronic conductivity, `3e3S/m` for carbon or `node=100S/m` for one label.
    #[serde(deserialize_with = "list")]
    pub sigma: Option<Vec<String>>,
    /// Ionic conductivity of the electrolyte, `11mS/cm`.
    #[serde(deserialize_with = "text_or_number")]
    pub kappa: Option<String>,
    /// Ionic conductivity of a separator in the file.
    #[serde(deserialize_with = "text_or_number")]
    pub kappa_separator: Option<String>,
    /// Transfer coefficient of plating.
    #[serde(deserialize_with = "text_or_number")]
    pub alpha: Option<String>,
    /// Temperature, `25C`.
    #[serde(deserialize_with = "text_or_number")]
    pub temperature: Option<String>,
    /// Diffusivity of the salt, `4e-6cm2/s`.
    #[serde(deserialize_with = "text_or_number")]
    pub diffusivity: Option<String>,
    /// Transference number of the lithium ion.
    #[serde(deserialize_with = "text_or_number")]
    pub transference: Option<String>,
    /// Concentration of the salt, `1M`.
    #[serde(deserialize_with = "text_or_number")]
    pub concentration: Option<String>,
    /// How current enters at the separator: `uniform` or through an `equipotential` plane.
    pub separator_plane: Option<String>,
    /// Model of the electrolyte: `secondary`, `dilute` or `concentrated`.
    pub electrolyte: Option<String>,
    /// Where lithium comes from: a `counter` electrode in the separator's plane, or a `reservoir`.
    pub salt_supply: Option<String>,
    /// Thermodynamic factor 1 + dln f/dln c.
    #[serde(deserialize_with = "text_or_number")]
    pub thermodynamic_factor: Option<String>,
    /// Exponent with which i0 follows the concentration.
    #[serde(deserialize_with = "text_or_number")]
    pub i0_exponent: Option<String>,
    /// Time until which the salt is followed, `10min`.
    #[serde(deserialize_with = "text_or_number")]
    pub time: Option<String>,
    /// Whether the salt is followed until it is gone or steady.
    pub sand: Option<bool>,
    /// Law of the reaction: `bv` or `mhc`.
    pub kinetics: Option<String>,
    /// Reorganisation energy of `mhc`, `0.3eV`.
    #[serde(deserialize_with = "text_or_number")]
    pub reorganisation_energy: Option<String>,
    /// Volume of exchange current densities in A/m2.
    pub i0_map: Option<PathBuf>,
    /// What the map holds: `absolute` values or `relative` ones.
    pub i0_map_kind: Option<String>,
    /// Frequencies of the impedance, `10mHz:1MHz`.
    pub frequencies: Option<String>,
    /// How many of them per decade.
    pub points_per_decade: Option<usize>,
    /// Capacitance of the double layer on true area, `0.2F/m2`.
    #[serde(deserialize_with = "text_or_number")]
    pub capacitance: Option<String>,

    /// Charges at which `plate` keeps the labels, `0,1,3,5,10` in mAh/cm2.
    #[serde(deserialize_with = "list_of_numbers")]
    pub stages: Option<Vec<String>>,
    /// Whether `plate` strips again.
    pub strip: Option<bool>,
    /// How often `plate` plates and strips.
    pub cycles: Option<u32>,
    /// Whether what the pores cannot take plates on top of the host.
    pub overflow: Option<bool>,

    /// Stages to leave out of `run`.
    #[serde(deserialize_with = "list")]
    pub skip: Option<Vec<String>>,
    /// The only stages that `run` does.
    #[serde(deserialize_with = "list")]
    pub only: Option<Vec<String>>,
    /// Name of the sample in tables.
    pub sample: Option<String>,
    /// Files for other programs that `run` writes beside its own: `ome-zarr`, `ply`, `stl`, `bpx`, `pybamm`, or `all`, or `none`.
    #[serde(deserialize_with = "list")]
    pub export: Option<Vec<String>>,
    /// Where the box cuts the solid, the surface of `ply` and `stl` is `open`, or `closed` by caps.
    pub surface_ends: Option<String>,

    /// Voxels along an edge of the boxes that `compare` makes.
    pub size: Option<usize>,
    /// Seeds of generated hosts and crops of files that `compare` takes.
    pub seeds: Option<usize>,
    /// Care that `compare` takes: `fast` or `full`.
    pub quality: Option<String>,
    /// Thickness at which hosts are compared.
    pub thickness: Option<String>,
    /// Filling capacity at which hosts are compared, `10mAh/cm2`.
    pub capacity: Option<String>,

    /// `auto`, `cpu`, `gpu`, `gpu:N`.
    pub device: Option<String>,
    /// Number of threads.
    pub threads: Option<usize>,
    /// Memory that may be used, `8GiB`.
    pub max_memory: Option<String>,
    /// Seed of generated hosts.
    pub seed: Option<u64>,
}

/// A list, or what the flag takes: names with commas between them.
fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a name in quotes, or a list of names such as [\"pore\", \"solid\"], is expected")]
    enum Names {
        One(String),
        Many(Vec<String>),
    }
    Ok(Option::<Names>::deserialize(deserializer)?.map(|names| match names {
        Names::One(names) => names.split(',').map(str::to_owned).collect(),
        Names::Many(names) => names,
    }))
}

/// A list of texts or bare numbers, or what the flag takes: texts with commas between them.
fn list_of_numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a list of numbers such as [1, 3, 10], or a text in quotes, is expected")]
    enum Values {
        Numbers(Vec<f64>),
        Texts(Vec<String>),
        One(String),
    }
    Ok(Option::<Values>::deserialize(deserializer)?.map(|values| match values {
        Values::Numbers(numbers) => numbers.iter().map(f64::to_string).collect(),
        Values::Texts(texts) => texts,
        Values::One(text) => text.split(',').map(str::to_owned).collect(),
    }))
}

/// A text, or a bare number where the text would be nothing else.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a number, or a text in quotes, is expected")]
    enum Value {
        Whole(i64),
        Number(f64),
        Text(String),
    }
    Ok(Option::<Value>::deserialize(deserializer)?.map(|value| match value {
        Value::Whole(n) => n.to_string(),
        Value::Number(n) => n.to_string(),
        Value::Text(text) => text,
    }))
}

/// The parser's message in the words of a configuration file instead of Rust's.
fn plain_words(message: &str) -> String {
    let words = [
        ("expected usize", "expected a whole number"),
        ("expected u64", "expected a whole number"),
        ("expected u32", "expected a whole number"),
        ("expected f64", "expected a number"),
        ("expected a string", "expected a text in quotes"),
        ("unknown field", "unknown key"),
    ];
    let text = words.iter().fold(message.trim().to_owned(), |text, (from, to)| text.replace(from, to));
    // All keys in a row help nobody: the one that was meant does, or a file with all of them and what they mean.
    match text.split_once(", expected one of ") {
        Some((head, _)) if head.contains("unknown key") => {
            let key = head.rsplit('`').nth(1).unwrap_or_default();
            let known = keys();
            let meant = did_you_mean(key, known.iter().map(String::as_str));
            format!("{head}; {meant}'foamflux init' writes a file with all keys and what they mean")
        }
        _ => text,
    }
}

/// Every key, as a file has it.
fn keys() -> Vec<String> {
    let empty = serde_json::to_value(Config::default()).unwrap_or_default();
    empty.as_object().map(|keys| keys.keys().cloned().collect()).unwrap_or_default()
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is not TOML, or has a key that does not exist.
    #[error(
        "{}: {message}\nkeys are the long flags without dashes in front, for example: voxel-size = \"25nm,25nm,50nm\"",
        path.display()
    )]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        message: String,
    },
    /// A segmentation recipe that cannot be used.
    #[error(
        "the recipe {} cannot be used: {message}\n'foamflux segment --save-recipe FILE' writes one", path.display()
    )]
    Recipe {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// An argument without a flag that cannot be used.
    #[error("{0}")]
    Argument(String),
    /// A value that its key cannot take.
    #[error("--{key}: {message}")]
    Value {
        /// The key, spelled as the flag.
        key: &'static str,
        /// What is wrong and what to write instead.
        message: String,
    },
}

impl ConfigError {
    pub(crate) fn value(key: &'static str, message: impl Into<String>) -> Self {
        ConfigError::Value { key, message: message.into() }
    }
}

macro_rules! overlay {
    ($base:ident, $over:ident; $($field:ident),* $(,)?) => {
        Config { $($field: $over.$field.or($base.$field)),* }
    };
}

impl Config {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// [`ConfigError`] when it cannot be read, is not TOML or has an unknown key.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|e| ConfigError::Syntax { path: path.to_owned(), message: plain_words(&e.to_string()) })
    }

    /// This configuration with everything that `over` says put on top.
    #[must_use]
    pub fn overlaid(self, over: Config) -> Self {
        let base = self;
        overlay!(base, over;
            voxel_size, slice_thickness, tilt_correction, data_bar, shape, dtype, byte_order, offset, crop, bin, odd_sizes, bad_slices, content, labels,
            correct, align, method, threshold, low, high, classes, radius, sauvola_k, beta, train, foreground, denoise, min_solid, fill_holes, doubt, node_factor, node_lambda, spur, tag_debris, tag_grey, density, bet, sampling_goal,
            phase, conductivity, direction, sides, tol, max_iterations, certify, geometric, refine, tensor, electrode, collector, wall_area,
            layout, fields, current, voltage, i0, eta_nuc, film, sigma, kappa, kappa_separator, alpha, temperature, diffusivity,
            transference, concentration, separator_plane, electrolyte, salt_supply, thermodynamic_factor, i0_exponent, time, sand,
            kinetics, reorganisation_energy, i0_map, i0_map_kind, frequencies, points_per_decade, capacitance, stages, strip, cycles, overflow, skip, only, sample, export, surface_ends, size, seeds, quality, thickness, capacity,
            device, threads, max_memory, seed)
    }

    /// The configuration with every default filled in; what stays `None` has no default and was not given.
    #[must_use]
    pub fn with_defaults(self) -> Self {
        let text = |s: &str| Some(s.to_owned());
        let defaults = Config {
            bin: Some(1),
            odd_sizes: text("refuse"),
            bad_slices: text("refuse"),
            content: text("auto"),
            tilt_correction: text("none"),
            data_bar: text("auto"),
            align: text("none"),
            method: text("auto"),
            foreground: text("bright"),
            denoise: text("auto"),
            min_solid: text("0"),
            fill_holes: text("none"),
            doubt: Some(true),
            sampling_goal: text("2%"),
            phase: Some(vec!["pore".to_owned(), "solid".to_owned()]),
            direction: text("all"),
            sides: text("no-flux"),
            tol: text("0.1%"),
            max_iterations: Some(20_000),
            collector: text("last"),
            wall_area: text("normals"),
            layout: text("auto"),
            fields: text("z"),
            skip: Some(Vec::new()),
            export: Some(crate::settings::Export::usual()),
            surface_ends: text("open"),
            device: text("auto"),
            seed: Some(1),
            ..Config::default()
        };
        defaults.overlaid(self)
    }
}

/// The label map of a foreign image: what each value means.
pub type LabelMap = BTreeMap<i64, foamflux_grid::Label>;

/// Reads `pore=0,fibre=255`.
///
/// # Errors
/// [`ConfigError::Value`] when a part is not `NAME=VALUE`, a name is unknown or a value is given twice.
pub fn parse_label_map(text: &str) -> Result<LabelMap, ConfigError> {
    let mut map = LabelMap::new();
    for part in text.split(',') {
        let (name, value) = part.split_once('=').ok_or_else(|| {
            ConfigError::value("labels", format!("'{part}' is not NAME=VALUE, as in pore=0,fibre=255"))
        })?;
        let label = name.parse().map_err(|e: String| ConfigError::value("labels", e))?;
        let value: i64 = value.trim().parse().map_err(|_| {
            ConfigError::value("labels", format!("'{}' in '{part}' is not a whole number", value.trim()))
        })?;
        if map.insert(value, label).is_some_and(|old| old != label) {
            return Err(ConfigError::value("labels", format!("the value {value} is given two meanings")));
        }
    }
    Ok(map)
}

/// Reads `fibre=1,node=0.3` into a conductivity per label, zero where none was given.
///
/// # Errors
/// [`ConfigError::Value`] when a part is not `NAME=VALUE` or a name is unknown.
pub fn parse_conductivities(text: &str) -> Result<[f64; 9], ConfigError> {
    let mut values = [0.0; 9];
    for part in text.split(',') {
        let (name, value) = part.split_once('=').ok_or_else(|| {
            ConfigError::value("conductivity", format!("'{part}' is not LABEL=VALUE, as in fibre=1,node=0.3"))
        })?;
        let label: foamflux_grid::Label = name.parse().map_err(|e: String| ConfigError::value("conductivity", e))?;
        values[label as usize] = value.trim().parse().map_err(|_| {
            ConfigError::value("conductivity", format!("'{}' in '{part}' is not a number", value.trim()))
        })?;
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foamflux_grid::Label;

    #[test]
    fn a_flag_beats_the_file_and_the_file_beats_the_default() {
        let file: Config = toml::from_str("bin = 2\ntol = \"1%\"").unwrap();
        let flags = Config { tol: Some("0.01%".into()), ..Config::default() };
        let all = file.overlaid(flags).with_defaults();
        assert_eq!(all.bin, Some(2));
        assert_eq!(all.tol.as_deref(), Some("0.01%"));
        assert_eq!(all.method.as_deref(), Some("auto"));
    }

    #[test]
    fn unknown_keys_are_refused_by_name() {
        let error = toml::from_str::<Config>("voxelsize = \"1um\"").unwrap_err().to_string();
        assert!(error.contains("voxelsize"), "{error}");
    }

    #[test]
    fn a_file_may_say_what_the_flag_would() {
        let file: Config = toml::from_str(
            "phase = \"pore,solid\"\nskip = [\"tag\"]\nonly = \"measure\"\ntol = 0.001\nfill-holes = 50",
        )
        .unwrap();
        assert_eq!(file.phase, Some(vec!["pore".to_owned(), "solid".to_owned()]));
        assert_eq!(file.skip, Some(vec!["tag".to_owned()]));
        assert_eq!(file.only, Some(vec!["measure".to_owned()]));
        assert_eq!((file.tol.as_deref(), file.fill_holes.as_deref()), (Some("0.001"), Some("50")));
        for (bad, part) in
            [("phase = 1", "list of names"), ("tol = true", "a number"), ("bin = \"2\"", "a whole number")]
        {
            let error = plain_words(&toml::from_str::<Config>(bad).unwrap_err().to_string());
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_mistyped_key_is_told_what_may_have_been_meant() {
        let told = |text: &str| plain_words(&toml::from_str::<Config>(text).unwrap_err().to_string());
        let near = told("voxelsize = \"1um\"");
        assert!(near.contains("unknown key `voxelsize`; did you mean 'voxel-size'? 'foamflux init'"), "{near}");
        let far = told("colour = \"red\"");
        assert!(far.contains("`colour`") && far.contains("foamflux init") && !far.contains("did you mean"), "{far}");
        assert!(far.lines().all(|line| line.chars().count() < 100), "{far}");
    }

    #[test]
    fn overlay_keeps_every_field() {
        // Every field set on one side survives on either side of the overlay: catches a field left out of the list.
        let mut table = toml::Table::new();
        for key in serde_json::to_value(Config::default()).unwrap().as_object().unwrap().keys() {
            let value = match key.as_str() {
                "bin" | "offset" | "max-iterations" | "threads" | "seed" | "size" | "seeds" | "points-per-decade"
                | "cycles" | "classes" | "radius" => toml::Value::Integer(3),
                "threshold" | "low" | "high" | "density" | "bet" | "node-factor" | "node-lambda" | "spur"
                | "sauvola-k" | "beta" => toml::Value::Float(2.5),
                "certify" | "geometric" | "refine" | "tensor" | "electrode" | "sand" | "strip" | "overflow"
                | "tag-debris" | "tag-grey" | "doubt" => toml::Value::Boolean(true),
                "phase" | "skip" | "only" | "export" | "i0" | "eta-nuc" | "film" | "sigma" | "stages" => {
                    toml::Value::Array(vec!["a".into()])
                }
                _ => "a".into(),
            };
            table.insert(key.clone(), value);
        }
        let full: Config = table.try_into().unwrap();
        assert_eq!(Config::default().overlaid(full.clone()), full);
        assert_eq!(full.clone().overlaid(Config::default()), full);
        assert_eq!(full.clone().with_defaults(), full);
    }

    #[test]
    fn label_maps() {
        let map = parse_label_map("pore=0,fibre=85,other=170,fibre=86").unwrap();
        assert_eq!(map[&86], Label::Fibre);
        assert_eq!(map[&170], Label::Other);
        for bad in ["pore", "pore=x", "carbon=1", "pore=0,fibre=0", ""] {
            assert!(parse_label_map(bad).is_err(), "{bad}");
        }
    }
}
