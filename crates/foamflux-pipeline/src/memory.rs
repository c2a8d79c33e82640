//! Memory is planned before it is used.
//!
//! Each stage states its peak in bytes per voxel, beside the input that is held at the same time.
//! Measured peaks of whole runs, input and labels included: measuring 21 (256^3 labels) and 22 (200^3, grey),
//! transport of a dense pore with the fields of one direction 47 (200^3, grey); several conductivities take the
//! compact storage and up to 66. The loss by voxel adds 4. What is stated is rounded up from there.
//! The coupled solve of a foam takes 124 bytes per voxel (128^3), of which its solver accounts for 73, and 142 with maps;
//! 143 where every seventh voxel has a reacting face (dealloyed brass, 96^3).

use foamflux_grid::{Labels, SampleType, Shape, units};
use foamflux_transport::{Coefficients, Sides};
use foamflux_voxel::segment::{Denoise, Method};

use crate::error::PipelineError;
use crate::prepare::{Artefact, PrepareSettings};
use crate::segment::{Choice, SegmentSettings};

/// A stage, as far as memory goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Corrections, filter and cut, which take so many bytes per voxel.
    Segment(usize),
    /// Features, votes and threshold of a classifier.
    Classify,
    /// Distance, thickness, surface.
    Measure,
    /// Skeleton, graph and tags.
    Tag,
    /// The solver with the fields it leaves.
    Transport,
    /// The current distribution with its salt and maps.
    Current,
    /// The same where salt acts on it.
    CoupledCurrent,
    /// Plating, with the states that are kept.
    Plate,
}

impl Work {
    /// Peak in bytes per voxel, beside the input.
    const fn bytes_per_voxel(self) -> usize {
        match self {
            Work::Segment(bytes) => bytes,
            // Three smoothed volumes and a probability, and a volume that was filtered first.
            Work::Classify => 24,
            Work::Measure => 24,
            Work::Transport => 68,
            Work::Tag => 32,
            // Read off at 96^3 and 128^3, maps included: 147 and 260.
            Work::Current => 160,
            Work::CoupledCurrent => 280,
            // The solver without its maps, shares of lithium, potentials to start from, labels, and a dozen states of 5 bytes.
            Work::Plate => 200,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Work::Segment(_) => "segmenting a volume",
            Work::Classify => "classifying a volume",
            Work::Measure => "measuring a volume",
            Work::Tag => "finding the network of a volume",
            Work::Transport => "solving transport in a volume",
            Work::Current => "solving the current distribution in a volume",
            Work::CoupledCurrent => "solving current distribution and salt together in a volume",
            Work::Plate => "plating a volume",
        }
    }
}

/// What making labels of grey values takes, beside the stack and the labels.
pub(crate) fn segmenting(sample: SampleType, prepare: &PrepareSettings, settings: &SegmentSettings) -> Work {
    // What is rarer than these is worked on as f32.
    let bytes = sample.bytes();
    let worked_on = match sample {
        SampleType::U8 | SampleType::U16 | SampleType::F32 => bytes,
        _ => bytes + 4,
    };
    let corrected = |artefact: &Artefact| match artefact {
        // The iterate, the one before, and its Gaussian; three volumes of pore-backs and their masks.
        Artefact::Fringes | Artefact::PoreBacks => worked_on + 15,
        _ => worked_on,
    };
    let before = prepare.correct.iter().map(corrected).max().unwrap_or(0);
    let between_levels = match settings.choice {
        Choice::Given | Choice::Classifier => 0,
        // The field, two of its kind while it is smoothed, bits, and the ends of the threshold band.
        Choice::Conserve | Choice::HalfWay => 15,
        // As much beside a copy without fringes or pore-backs.
        Choice::Auto => 15 + worked_on,
    };
    let filtered = match settings.options.denoise {
        Denoise::None => [0, 0],
        Denoise::Median { radius } => [worked_on, if radius > 1 { 2 } else { 0 }],
        Denoise::Gaussian { .. } => [4, 0],
        Denoise::NonLocalMeans { .. } | Denoise::Diffusion { .. } => [4, 4],
        Denoise::TotalVariation { .. } => [4, 24],
    };
    let method = match settings.options.method {
        // The mask becomes the labels; another one for an end of the band.
        Method::Sauvola { .. } | Method::Phansalkar { .. } | Method::Watershed { .. } => 12,
        Method::MarkovField { .. } | Method::Hysteresis { .. } => 2,
        _ => 1,
    };
    let cut = filtered[0] + filtered[1].max(method + if settings.doubt { 1 } else { 0 });
    Work::Segment(before.max(between_levels).max(cut))
}

/// Bytes that a stage needs at its peak, input and labels included.
#[must_use]
pub fn needed(work: Work, shape: Shape, input_bytes_per_voxel: usize) -> u64 {
    shape.len() as u64 * (work.bytes_per_voxel() + input_bytes_per_voxel + 1) as u64
}

/// Bytes that solving on split voxels needs, with everything that is held beside it.
///
/// The solver's plan for the volume as it is, or what a certificate holds, grows with the number of voxels.
#[must_use]
pub fn needed_refined(
    labels: &Labels,
    coefficients: &Coefficients,
    sides: Sides,
    factor: usize,
    kept_directions: usize,
) -> u64 {
    let (voxels, parts) = (labels.shape().len() as u64, (factor as u64).pow(3));
    let plan = foamflux_transport::plan(labels, coefficients, sides);
    let work = plan.bytes.max(CERTIFICATE * plan.unknowns_at_most);
    // Split labels, and the volume itself.
    parts * (work + voxels) + voxels * (1 + FIELDS * kept_directions as u64)
}

/// Bytes per unknown of a certificate with problem and potential: 31 and 8, rounded up.
const CERTIFICATE: u64 = 40;
/// Bytes per voxel of a direction's potential, flux and loss.
const FIELDS: u64 = 20;

/// Refuses to split voxels where that would not fit.
///
/// # Errors
/// [`PipelineError::Memory`] with both amounts.
pub fn check_refined(shape: Shape, factor: usize, need: u64, limit: Option<u64>) -> Result<(), PipelineError> {
    match limit {
        Some(limit) if need > limit => Err(PipelineError::Memory {
            what: "solving with --refine on every voxel split into 8, a volume",
            voxels: shape.len() * factor.pow(3),
            need: units::format_bytes(need),
            limit: units::format_bytes(limit),
        }),
        _ => Ok(()),
    }
}

/// Refuses work that would not fit.
///
/// # Errors
/// [`PipelineError::Memory`] with both amounts.
pub fn check(work: Work, shape: Shape, input_bytes_per_voxel: usize, limit: Option<u64>) -> Result<(), PipelineError> {
    let need = needed(work, shape, input_bytes_per_voxel);
    match limit {
        Some(limit) if need > limit => Err(PipelineError::Memory {
            what: work.name(),
            voxels: shape.len(),
            need: units::format_bytes(need),
            limit: units::format_bytes(limit),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use foamflux_voxel::segment::SegmentOptions;

    use super::*;

    #[test]
    fn a_plain_threshold_takes_little_and_what_smooths_takes_more() {
        let of = |choice, denoise, correct: &[Artefact]| {
            let settings = SegmentSettings {
                choice,
                options: SegmentOptions { denoise, ..SegmentOptions::default() },
                denoise_given: true,
                correct_given: true,
                halo_corrected: false,
                doubt: true,
                min_solid_m3: None,
                fill_holes_m3: None,
            };
            let prepare = PrepareSettings { correct: correct.to_vec(), align: None };
            let shape = Shape::cube(1000).unwrap_or_else(|e| unreachable!("{e}"));
            needed(segmenting(SampleType::U8, &prepare, &settings), shape, 1) / 1_000_000_000
        };
        // Stack, labels, an end of the band.
        assert_eq!(of(Choice::Given, Denoise::None, &[]), 4);
        assert_eq!(of(Choice::Given, Denoise::Median { radius: 1 }, &[]), 5);
        assert_eq!(of(Choice::Given, Denoise::TotalVariation { strength: 1.0 }, &[]), 30);
        assert_eq!(of(Choice::Conserve, Denoise::None, &[]), 17);
        assert_eq!(of(Choice::Given, Denoise::None, &[Artefact::Fringes]), 18);
    }
}
