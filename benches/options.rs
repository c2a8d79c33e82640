//! Arguments of `solves`.

use std::path::PathBuf;

use foamflux_grid::{Axis, SampleType, Shape};
use foamflux_io::read::{ByteOrder, RawLayout, ReadOptions};
use foamflux_pipeline::config::{LabelMap, parse_label_map};
use foamflux_pipeline::settings::{Content, IngestSettings};

use crate::case::{Case, DEFAULT_CORRELATION_VOXEL};
use crate::subject::Subject;

/// What the command says about itself.
pub const USAGE: &str = "usage: solves [FLAG ...] [CASE ...]

Whole solves as JSON lines, or the volumes themselves with --export.

CASE  empty | blobs:POROSITY[:VOXELS] | percolation:PROBABILITY      the pore conducts
      foam:SOLID[:CELL_VOXELS][:solid|pore]                          struts, or what is between them
      file:PATH[:PHASE[:AXIS]]                                       any stack or label image; the solid by default
      without any: blobs:0.5 foam:0.036 foam:0.036:pore percolation:0.34

--sizes N[,N...]      edges of the boxes, smallest first is kindest [64,128]; files have their own
--rounds N            rounds [3]
--tol T[,T...]        relative errors of tau [1e-3]
--axis A[,A...]       directions of those that name none: x, y, z or all [z]
--certify             bound tau rigorously after each solve, and time that
--reference solve     solve once to 1e-9 first and state errors of tau against it
--reference FILE      state errors of tau against a table (reference.json)
--export DIR          write the volumes as .npy (u8, 1 = conducting) and solve nothing
--labels NAME=V,...   labels of files, as in foamflux transport
--shape Z,Y,X --dtype TYPE    layout of .raw files (little-endian)
--seed N              seed of the cases [1]
--tag TEXT            what sets this run apart";

/// What `solves` was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Edges of the boxes.
    pub sizes: Vec<usize>,
    /// Rounds.
    pub rounds: u32,
    /// Seed of the cases.
    pub seed: u64,
    /// Relative errors of tau.
    pub tolerances: Vec<f64>,
    /// Directions of subjects that name none.
    pub axes: Vec<Axis>,
    /// Whether to bound tau after each solve.
    pub certify: bool,
    /// What errors are stated against.
    pub reference: ReferenceFrom,
    /// Where to write volumes instead of solving.
    pub export: Option<PathBuf>,
    /// Labels of files.
    pub labels: Option<LabelMap>,
    /// Layout of headerless files.
    pub raw: Option<RawLayout>,
    /// What sets this run apart.
    pub tag: String,
    /// What to solve.
    pub subjects: Vec<Subject>,
}

/// What errors of tau are stated against.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReferenceFrom {
    /// Nothing.
    #[default]
    Nowhere,
    /// A solve of our own to a much smaller error.
    Solve,
    /// A table on disk.
    Table(PathBuf),
}

impl Default for Options {
    fn default() -> Self {
        Options {
            sizes: vec![64, 128],
            rounds: 3,
            seed: 1,
            tolerances: vec![1e-3],
            axes: vec![Axis::Z],
            certify: false,
            reference: ReferenceFrom::Nowhere,
            export: None,
            labels: None,
            raw: None,
            tag: String::new(),
            subjects: Vec::new(),
        }
    }
}

impl Options {
    /// Reads the arguments, the name of the program not among them.
    ///
    /// # Errors
    /// What is wrong with which argument.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Options::default();
        let (mut shape, mut dtype) = (None, None);
        while let Some(flag) = arguments.next() {
            if !flag.starts_with('-') {
                options.subjects.push(flag.parse().map_err(|error| format!("{error}"))?);
                continue;
            }
            if flag == "--certify" {
                options.certify = true;
                continue;
            }
            if !FLAGS.contains(&flag.as_str()) {
                return Err(format!("there is no flag {flag}"));
            }
            let value = arguments.next().ok_or_else(|| format!("{flag} needs a value"))?;
            let bad = |why: &str| format!("{flag} cannot be '{value}': {why}");
            match flag.as_str() {
                "--size" | "--sizes" => {
                    options.sizes = list(&value, |size| size > 0).ok_or_else(|| bad("give edges in voxels"))?;
                }
                "--rounds" => {
                    options.rounds = value.parse().ok().filter(|&n| n > 0).ok_or_else(|| bad("give a number"))?;
                }
                "--seed" => options.seed = value.parse().map_err(|_| bad("give a whole number"))?,
                "--tol" => {
                    options.tolerances = list(&value, |tolerance: f64| tolerance > 0.0 && tolerance < 1.0)
                        .ok_or_else(|| bad("give relative errors above 0 and below 1"))?;
                }
                "--axis" if value == "all" => options.axes = Axis::ALL.to_vec(),
                "--axis" => options.axes = list(&value, |_| true).ok_or_else(|| bad("give x, y, z or all"))?,
                "--reference" if value == "solve" => options.reference = ReferenceFrom::Solve,
                "--reference" => options.reference = ReferenceFrom::Table(PathBuf::from(&value)),
                "--export" => options.export = Some(PathBuf::from(&value)),
                "--labels" => options.labels = Some(parse_label_map(&value).map_err(|error| bad(&error.to_string()))?),
                "--shape" => shape = Some(value.parse::<Shape>().map_err(|error| bad(&error))?),
                "--dtype" => dtype = Some(value.parse::<SampleType>().map_err(|error| bad(&error))?),
                _ => options.tag = value,
            }
        }
        options.raw = match (shape, dtype) {
            (None, None) => None,
            (Some(shape), Some(sample_type)) => {
                Some(RawLayout { shape, sample_type, byte_order: ByteOrder::Little, offset_bytes: 0 })
            }
            _ => return Err("--shape and --dtype belong together".to_owned()),
        };
        if options.subjects.is_empty() {
            options.subjects = default_cases().map(Subject::Case).to_vec();
        }
        Ok(options)
    }

    /// How files are read.
    #[must_use]
    pub fn ingest(&self) -> IngestSettings {
        IngestSettings {
            options: ReadOptions { raw: self.raw, ..ReadOptions::default() },
            content: Content::Labels,
            labels: self.labels.clone(),
        }
    }

    /// Directions in which a subject is solved.
    #[must_use]
    pub fn axes_of(&self, subject: &Subject) -> Vec<Axis> {
        subject.axis().map_or_else(|| self.axes.clone(), |axis| vec![axis])
    }
}

/// Flags that take a value.
const FLAGS: [&str; 12] = [
    "--size",
    "--sizes",
    "--rounds",
    "--seed",
    "--tol",
    "--axis",
    "--reference",
    "--export",
    "--labels",
    "--shape",
    "--dtype",
    "--tag",
];

/// An easy case, a sparse and a dense one, and one near the percolation threshold.
fn default_cases() -> [Case; 4] {
    use crate::case::Conducting::{Pore, Solid};
    let cell_voxel = crate::case::DEFAULT_CELL_VOXEL;
    let foam = |conducting| Case::Foam { solid_fraction: 0.036, cell_voxel, conducting };
    [
        Case::Blobs { porosity: 0.5, correlation_voxel: DEFAULT_CORRELATION_VOXEL },
        foam(Solid),
        foam(Pore),
        Case::Percolation { probability: 0.34 },
    ]
}

/// One or more values between commas; `None` where one is not accepted.
fn list<T: std::str::FromStr + Copy>(text: &str, accept: impl Fn(T) -> bool) -> Option<Vec<T>> {
    text.split(',').map(|part| part.trim().parse().ok().filter(|&value| accept(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options, String> {
        Options::parse(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn nothing_means_the_four_cases() {
        let options = parse("").unwrap();
        let names: Vec<String> = options.subjects.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["blobs:0.5:4", "foam:0.036:64:solid", "foam:0.036:64:pore", "percolation:0.34"]);
        assert_eq!(Options { subjects: Vec::new(), ..options }, Options::default());
    }

    #[test]
    fn every_flag_arrives() {
        let options = parse(
            "--sizes 64,128,256 --rounds 5 --seed 9 --tol 1e-3,1e-4 --axis x,z --certify --reference t.json \
             --export out --labels pore=0,fibre=255 --shape 4,5,6 --dtype u8 --tag before empty file:a.raw:pore:y",
        )
        .unwrap();
        assert_eq!(options.sizes, [64, 128, 256]);
        assert_eq!((options.rounds, options.seed, options.certify), (5, 9, true));
        assert_eq!(options.tolerances, [1e-3, 1e-4]);
        assert_eq!(options.axes, [Axis::X, Axis::Z]);
        assert_eq!(options.reference, ReferenceFrom::Table(PathBuf::from("t.json")));
        assert_eq!(options.export, Some(PathBuf::from("out")));
        assert_eq!(options.ingest().labels.unwrap().len(), 2);
        assert_eq!(options.ingest().options.raw.unwrap().shape, Shape::new(4, 5, 6).unwrap());
        assert_eq!(options.tag, "before");
        assert_eq!(options.axes_of(&options.subjects[0]), [Axis::X, Axis::Z]);
        assert_eq!(options.axes_of(&options.subjects[1]), [Axis::Y]);
        assert_eq!(parse("--axis all").unwrap().axes, Axis::ALL);
        assert_eq!(parse("--reference solve").unwrap().reference, ReferenceFrom::Solve);
        assert_eq!(parse("--size 32").unwrap().sizes, [32]);
    }

    #[test]
    fn every_flag_of_the_usage_is_known_and_described() {
        for flag in FLAGS.iter().filter(|flag| **flag != "--size") {
            assert!(USAGE.contains(flag), "{flag}");
        }
    }

    #[test]
    fn nonsense_names_its_flag() {
        for (text, named) in [
            ("--sizes 64,", "--sizes"),
            ("--sizes 0", "--sizes"),
            ("--rounds 0", "--rounds"),
            ("--tol 1", "--tol"),
            ("--tol nan", "--tol"),
            ("--axis w", "--axis"),
            ("--shape 4,5 --dtype u8", "--shape"),
            ("--shape 4,5,6", "--dtype"),
            ("--labels grey", "--labels"),
            ("--rounds", "--rounds needs a value"),
            ("--fast", "no flag --fast"),
            ("blob:0.5", "blob:0.5"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
