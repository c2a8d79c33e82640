//! Volumes to solve, made here so that a benchmark needs no files: the same case is the same volume on every machine.
//!
//! | case | what it asks of a solver |
//! |---|---|
//! | [`Case::Empty`] | nothing: the traffic alone (tau is exactly 1) |
//! | [`Case::Blobs`] | wide, well connected pores: what most benchmarks show |
//! | [`Case::Percolation`] | a phase near its threshold: the case that exposes a hierarchy that lumps unconnected pores |
//! | [`Case::Foam`], struts | a sparse phase: most voxels are none of its business |
//! | [`Case::Foam`], pore | nearly everything conducts: memory and bandwidth |
//!
//! Blobs are made in `random_field`, foams in `foam`.

mod foam;
mod random_field;

use std::fmt;
use std::str::FromStr;

use foamflux_grid::{GridError, LabelSet, Labels, Shape, Volume, VoxelSize};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

use crate::FoamError;

pub use foam::DEFAULT_CELL_VOXEL;
use foam::foam;
use random_field::blobs;

/// Standard deviation of the Gaussian that smooths the noise of blobs, in voxels.
pub const DEFAULT_CORRELATION_VOXEL: f64 = 4.0;

/// What conducts in a foam.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conducting {
    /// The struts.
    Solid,
    /// What is between them.
    Pore,
}

impl Conducting {
    /// Name in the text of a case.
    const fn name(self) -> &'static str {
        match self {
            Conducting::Solid => "solid",
            Conducting::Pore => "pore",
        }
    }
}

/// A volume to be made. The conducting phase is the pore, but for foams that say otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Case {
    /// Pore everywhere.
    Empty,
    /// A Gaussian random field, pore where it is low.
    Blobs {
        /// Volume fraction of the pore, 0 to 1.
        porosity: f64,
        /// Standard deviation of the smoothing Gaussian in voxels.
        correlation_voxel: f64,
    },
    /// Each voxel is pore with this probability by itself; the threshold of face connection is 0.3116.
    Percolation {
        /// Probability of pore, 0 to 1.
        probability: f64,
    },
    /// The struts of an irregular Kelvin foam, cut out of a larger one.
    Foam {
        /// Volume fraction of the struts, above 0.
        solid_fraction: f64,
        /// Edge in voxels of the cube that holds two cells.
        cell_voxel: f64,
        /// What conducts.
        conducting: Conducting,
    },
}

/// Why a case could not be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CaseError {
    /// A name or a number that means nothing here.
    #[error(
        "'{text}' is no case: write empty, blobs:POROSITY[:VOXELS], percolation:PROBABILITY or \
         foam:SOLID[:CELL_VOXELS][:solid|pore], such as blobs:0.5:4"
    )]
    Unknown {
        /// What was given.
        text: String,
    },
    /// A box that cannot be.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// A foam that cannot be.
    #[error("the foam cannot be made (lengths are voxels here, whatever the message says): {0}")]
    Foam(#[from] FoamError),
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Case::Empty => f.write_str("empty"),
            Case::Blobs { porosity, correlation_voxel } => write!(f, "blobs:{porosity}:{correlation_voxel}"),
            Case::Percolation { probability } => write!(f, "percolation:{probability}"),
            Case::Foam { solid_fraction, cell_voxel, conducting } => {
                write!(f, "foam:{solid_fraction}:{cell_voxel}:{}", conducting.name())
            }
        }
    }
}

impl FromStr for Case {
    type Err = CaseError;

    fn from_str(text: &str) -> Result<Self, CaseError> {
        let unknown = || CaseError::Unknown { text: text.to_owned() };
        let number = |part: &str, range: std::ops::RangeInclusive<f64>| {
            part.parse::<f64>().ok().filter(|value| range.contains(value)).ok_or_else(unknown)
        };
        // A Gaussian narrower than this is no smoothing; one wider than this is wider than any box that we solve.
        let correlation = |part: &str| number(part, 0.1..=256.0);
        let conducting = |part: &str| match part {
            "solid" => Some(Conducting::Solid),
            "pore" => Some(Conducting::Pore),
            _ => None,
        };
        let foam = |solid: &str, cell: Option<&str>, conducting: Conducting| {
            // Struts that fill half of space are no struts; cells of a few voxels are no cells.
            let solid_fraction = number(solid, 1e-4..=0.5)?;
            let cell_voxel = cell.map_or(Ok(DEFAULT_CELL_VOXEL), |part| number(part, 8.0..=1024.0))?;
            Ok(Case::Foam { solid_fraction, cell_voxel, conducting })
        };
        match text.split(':').collect::<Vec<_>>().as_slice() {
            ["foam", solid] => foam(solid, None, Conducting::Solid),
            ["foam", solid, last] => match conducting(last) {
                Some(conducting) => foam(solid, None, conducting),
                None => foam(solid, Some(last), Conducting::Solid),
            },
            ["foam", solid, cell, last] => foam(solid, Some(cell), conducting(last).ok_or_else(unknown)?),
            ["empty"] => Ok(Case::Empty),
            ["blobs", porosity] => {
                let correlation_voxel = DEFAULT_CORRELATION_VOXEL;
                Ok(Case::Blobs { porosity: number(porosity, 0.0..=1.0)?, correlation_voxel })
            }
            ["blobs", porosity, voxels] => {
                Ok(Case::Blobs { porosity: number(porosity, 0.0..=1.0)?, correlation_voxel: correlation(voxels)? })
            }
            ["percolation", probability] => Ok(Case::Percolation { probability: number(probability, 0.0..=1.0)? }),
            _ => Err(unknown()),
        }
    }
}

impl Case {
    /// The volume of this case: pore and fibre, voxel size unknown.
    ///
    /// The generator is PCG (O'Neill 2014), `Pcg64Mcg` of the crate `rand_pcg`, from `seed`.
    ///
    /// # Errors
    /// [`CaseError::Foam`].
    pub fn make(self, shape: Shape, seed: u64) -> Result<Labels, CaseError> {
        let mut generator = Pcg64Mcg::seed_from_u64(seed);
        let solid = match self {
            Case::Empty => Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| false),
            Case::Percolation { probability } => {
                let bound = (probability * 2f64.powi(32)) as u64;
                Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| u64::from(generator.next_u32()) >= bound)
            }
            Case::Blobs { porosity, correlation_voxel } => blobs(shape, porosity, correlation_voxel, &mut generator),
            Case::Foam { solid_fraction, cell_voxel, .. } => foam(shape, solid_fraction, cell_voxel, seed)?,
        };
        Ok(Labels::from_solid(&solid))
    }

    /// The labels that conduct.
    #[must_use]
    pub const fn conducting(self) -> LabelSet {
        match self {
            Case::Foam { conducting: Conducting::Solid, .. } => LabelSet::SOLID,
            _ => LabelSet::PORE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn porosity(labels: &Labels) -> f64 {
        labels.counts()[0] as f64 / labels.shape().len() as f64
    }

    /// Correlation of the pore of neighbours along x, which are one voxel apart.
    fn neighbour_correlation(labels: &Labels) -> f64 {
        let shape = labels.shape();
        let values = labels.volume().as_slice();
        let mean = 1.0 - porosity(labels);
        let mut product = 0.0;
        let mut count = 0.0;
        for row in values.chunks(shape.x) {
            for pair in row.windows(2) {
                product += (f64::from(pair[0]) - mean) * (f64::from(pair[1]) - mean);
                count += 1.0;
            }
        }
        product / count / (mean * (1.0 - mean))
    }

    #[test]
    fn names_round_trip_and_nonsense_is_refused() {
        for text in ["empty", "blobs:0.5:4", "percolation:0.34", "foam:0.036:48:solid", "foam:0.05:64:pore"] {
            assert_eq!(text.parse::<Case>().unwrap().to_string(), text);
        }
        assert_eq!("blobs:0.5".parse::<Case>().unwrap().to_string(), "blobs:0.5:4");
        assert_eq!("foam:0.05".parse::<Case>().unwrap().to_string(), "foam:0.05:64:solid");
        assert_eq!("foam:0.05:pore".parse::<Case>().unwrap().to_string(), "foam:0.05:64:pore");
        assert_eq!("foam:0.05:32".parse::<Case>().unwrap().to_string(), "foam:0.05:32:solid");
        for text in ["foam", "foam:0", "foam:0.05:4", "foam:0.05:64:air", "foam:0.05:pore:64", "foam:nan"] {
            assert!(text.parse::<Case>().is_err(), "{text}");
        }
        for text in ["", "blob:0.5", "blobs", "blobs:1.5", "blobs:0.5:0", "percolation:nan", "empty:1"] {
            assert!(text.parse::<Case>().is_err(), "{text}");
        }
    }

    #[test]
    fn blobs_meet_the_porosity_to_one_voxel() {
        for (z, y, x) in [(17, 32, 33), (1, 20, 64), (3, 2, 1)] {
            let shape = Shape::new(z, y, x).unwrap();
            for wanted in [0.0, 0.3, 0.5, 1.0] {
                let labels = Case::Blobs { porosity: wanted, correlation_voxel: 2.0 }.make(shape, 7).unwrap();
                // Ties of f32 values could cost a voxel each; there are none in boxes of this size.
                assert!((porosity(&labels) - wanted).abs() * shape.len() as f64 <= 0.5 + 1e-9, "{shape} {wanted}");
            }
        }
    }

    #[test]
    fn blobs_are_correlated_as_a_gaussian_field_cut_at_its_median_is() {
        // Smoothing white noise by a Gaussian of deviation s gives the correlation exp(-d^2 / 4 s^2) at distance d;
        // cutting at the median turns a correlation r into 2/pi asin(r) (the arcsine law).
        let s: f64 = 3.0;
        let expected = 2.0 / std::f64::consts::PI * (-1.0 / (4.0 * s * s)).exp().asin();
        let labels = Case::Blobs { porosity: 0.5, correlation_voxel: s }.make(Shape::cube(64).unwrap(), 3).unwrap();
        // About 64^3 / (2 s)^3 = 1200 independent blobs leave a few per cent of scatter of 1 - r.
        const SCATTER: f64 = 0.015;
        assert!((neighbour_correlation(&labels) - expected).abs() < SCATTER, "{expected}");
    }

    #[test]
    fn percolation_sites_are_independent_and_meet_the_probability() {
        let shape = Shape::cube(64).unwrap();
        let labels = Case::Percolation { probability: 0.34 }.make(shape, 11).unwrap();
        // Five standard deviations of the mean of 64^3 trials.
        let scatter = 5.0 * (0.34 * 0.66 / shape.len() as f64).sqrt();
        assert!((porosity(&labels) - 0.34).abs() < scatter);
        assert!(neighbour_correlation(&labels).abs() < 5.0 / (shape.len() as f64).sqrt());
    }

    #[test]
    fn a_seed_is_a_volume_whatever_the_threads() {
        let shape = Shape::new(9, 20, 31).unwrap();
        let case = Case::Blobs { porosity: 0.5, correlation_voxel: 2.5 };
        let one =
            rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(|| case.make(shape, 1).unwrap());
        let three =
            rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap().install(|| case.make(shape, 1).unwrap());
        assert_eq!(one, three);
        assert_ne!(one, case.make(shape, 2).unwrap());
    }

    #[test]
    fn a_foam_conducts_where_it_says() {
        let shape = Shape::cube(32).unwrap();
        for (text, share) in [("foam:0.1:32:solid", 0.1), ("foam:0.1:32:pore", 0.9)] {
            let case: Case = text.parse().unwrap();
            let labels = case.make(shape, 1).unwrap();
            let found = labels.mask(case.conducting()).as_slice().iter().filter(|&&c| c).count() as f64;
            // Half of a voxel layer of thin struts; the exact share is tested with the foam.
            assert!((found / shape.len() as f64 - share).abs() < 5e-3, "{text}");
        }
    }
}
