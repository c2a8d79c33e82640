//! Grey values to labels: denoise, threshold, clean up, and say how much the threshold matters.
//!
//! The solid is `grey >= T` for a bright foreground and `grey < T` for a dark one, so that the two choices share the
//! volume without rest. Otsu's threshold of whole numbers lies half way between two of them, where `>` and `>=` agree;
//! a fixed threshold of 90 takes the voxels of 90.
//!
//! **Which method.** Rare solid in nothing but blur and noise is cut best where it keeps its volume, see [`between_levels`], whose
//! field a fixed threshold then cuts. [`Method::Otsu`] needs classes of comparable size, or narrow peaks: on the raw grey values of a
//! host with 4 % solid it fails (see [`crate::threshold`]), and [`Denoise`] first (median of radius 1) repairs most of
//! it. [`Method::OtsuPerSlice`] follows a drift of brightness along z, but in a slice without solid it splits noise.
//! [`Method::Hysteresis`] keeps thin struts that fade, where they hang on to bright ones. [`Method::Fixed`] is for a
//! threshold that was found on a calibrated or larger scan. The result carries what is needed to judge the choice:
//! separability and the change of the solid fraction with the threshold.

mod band;
mod checks;
mod conserve;
mod local;
mod steps;
#[cfg(test)]
mod tests;
mod watershed;

use foamflux_grid::{Labels, Sample, Volume, Watch};
use serde::{Deserialize, Serialize};

use crate::bridges::Bridges;
pub use crate::cleanup::HoleFilling;
use crate::components::ComponentsError;
use crate::filter::FilterError;
use crate::threshold::ThresholdError;
pub use band::{Band, band};
pub use checks::{distinct_values, saturated};
pub(crate) use conserve::Background;
pub use conserve::{Conserved, LevelRule, Unsuited, between_levels};
pub use local::LocalRule;
pub use steps::{Cut, solid_at};

/// Noise filter before the threshold.
///
/// With little solid, denoising decides about the threshold: Otsu on a foam of 4 % solid at a contrast-to-noise ratio
/// of 6 gives five times the true solid on raw grey and 12 % too much after a median.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Denoise {
    /// The grey values as they are.
    #[default]
    None,
    /// Median of the cube of `2 radius + 1` voxels per edge; keeps edges, erases struts thinner than the radius.
    Median {
        /// Radius in voxels.
        radius: usize,
    },
    /// Gaussian; the values become f32.
    Gaussian {
        /// Sigma in units of the smallest voxel edge, the same length along all axes.
        sigma_voxel: f64,
    },
    /// Non-local means in three dimensions; the values become f32.
    NonLocalMeans {
        /// Strength, 1 for the measured noise.
        strength: f64,
    },
    /// Total variation; the values become f32.
    TotalVariation {
        /// Strength, 1 for the measured noise.
        strength: f64,
    },
    /// Anisotropic diffusion; the values become f32.
    Diffusion {
        /// Strength, 1 for the measured noise.
        strength: f64,
    },
}

impl Denoise {
    /// The volume after a filter whose strength follows the measured noise, which is told; `None` for the other filters.
    ///
    /// # Errors
    /// [`FilterError`] as the filters.
    pub fn by_noise<T: Sample>(
        self,
        volume: &Volume<T>,
        watch: &dyn Watch,
    ) -> Result<Option<Volume<f32>>, FilterError> {
        let noise = || {
            let sigma = crate::noise::sigma(volume).unwrap_or(0.0);
            watch.event(foamflux_grid::Event::Note(format!(
                "noise measured within slices: {} grey values",
                foamflux_grid::units::significant(sigma, 3)
            )));
            sigma
        };
        Ok(Some(match self {
            Denoise::None | Denoise::Median { .. } | Denoise::Gaussian { .. } => return Ok(None),
            Denoise::NonLocalMeans { strength } => crate::filter::non_local_means(volume, noise(), strength, watch)?,
            Denoise::TotalVariation { strength } => crate::filter::total_variation(volume, noise(), strength, watch)?,
            Denoise::Diffusion { strength } => crate::filter::diffusion(volume, noise(), strength, watch)?,
        }))
    }
}

/// How the threshold is found.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A threshold that is given, in grey values of the file.
    Fixed {
        /// The threshold.
        threshold: f64,
    },
    /// Otsu's threshold of the whole stack.
    #[default]
    Otsu,
    /// Otsu's threshold of each slice; a slice of one grey value takes that of the stack.
    OtsuPerSlice,
    /// Solid beyond the nearer threshold that hangs, face by face, on solid beyond the farther one (Canny 1986).
    Hysteresis {
        /// Lower threshold.
        low: f64,
        /// Upper threshold.
        high: f64,
    },
    /// The outermost of the thresholds between so many classes: the solid is the last class on its side.
    MultiOtsu {
        /// Number of classes, 2 to 5.
        classes: usize,
    },
    /// Least cross entropy.
    Li,
    /// Farthest below the line from the highest peak to the end of the longer tail.
    Triangle,
    /// Greatest likelihood of two normal classes.
    MinimumError,
    /// Sauvola's local threshold in a cube of `2 radius + 1` voxels per edge.
    Sauvola {
        /// Half of the edge in voxels.
        radius: usize,
        /// How much a quiet neighbourhood lowers the threshold, 0 to 1.
        k: f64,
    },
    /// Phansalkar's local threshold in a cube of `2 radius + 1` voxels per edge.
    Phansalkar {
        /// Half of the edge in voxels.
        radius: usize,
    },
    /// Watershed of the gradient from what lies surely on either side.
    Watershed {
        /// Values below are surely the darker class, and those from the second on the brighter; where not given, half way
        /// from Otsu's threshold to the mean of either class.
        seeds: Option<[f64; 2]>,
    },
    /// Two normal classes and a Markov random field.
    MarkovField {
        /// What an unlike neighbour costs, 0 to 10.
        beta: f64,
    },
}

impl Method {
    /// Whether its thresholds are given in grey values.
    #[must_use]
    pub const fn is_given(self) -> bool {
        matches!(self, Method::Fixed { .. } | Method::Hysteresis { .. } | Method::Watershed { seeds: Some(_) })
    }
}

/// Which side of the threshold is solid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Foreground {
    /// The solid is bright: `grey >= T`.
    #[default]
    Bright,
    /// The solid is dark: `grey < T`.
    Dark,
}

/// Everything that decides about a segmentation.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct SegmentOptions {
    /// Noise filter before the threshold.
    pub denoise: Denoise,
    /// How the threshold is found.
    pub method: Method,
    /// Which side of it is solid.
    pub foreground: Foreground,
    /// Solid components (26 neighbours) of fewer voxels become pore; 0 or 1 keeps all.
    pub min_solid_voxels: u64,
    /// Enclosed pores that become solid, after small solid was removed.
    pub fill_holes: HoleFilling,
}

/// Labels and what is needed to judge them.
#[derive(Debug, Clone, PartialEq)]
pub struct Segmentation {
    /// Fibre (1) where solid, pore (0) elsewhere.
    pub labels: Labels,
    /// The thresholds used: one; or one per slice; or the lower and the upper of a hysteresis.
    pub thresholds: Vec<f64>,
    /// Otsu's separability, 0 to 1 (of the stack; or the mean over the slices that have one). `None` for thresholds
    /// that were given.
    pub separability: Option<f64>,
    /// Share of solid voxels in `labels`.
    pub solid_fraction: f64,
    /// Voxels of small solid components that became pore.
    pub removed_solid_voxels: u64,
    /// Voxels of enclosed pores that became solid.
    pub filled_pore_voxels: u64,
    /// Places where the solid hangs together by a single voxel; `None` where noise makes more runs of voxels than can be numbered.
    pub bridges: Option<Bridges>,
    /// How much the threshold matters.
    pub sensitivity: ThresholdSensitivity,
    /// The thresholds with the way in which they are applied.
    pub cut: Cut,
}

/// What the step of a [`ThresholdSensitivity`] is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepBasis {
    /// 5 % of the distance between the mean grey values of solid and pore.
    ClassMeans,
    /// 5 % of the range of grey values, because a phase is absent.
    GreyRange,
    /// One grey value, because 5 % would be less and whole numbers know nothing between.
    OneGreyValue,
}

/// Solid fraction for thresholds somewhat lower and higher, counted on the denoised image before clean-up.
///
/// All thresholds of the method move together. The step is 5 % of the contrast (the distance between the mean grey
/// values of solid and pore), about what two careful operators differ by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ThresholdSensitivity {
    /// The step in grey values.
    pub step: f64,
    /// What the step is a share of.
    pub basis: StepBasis,
    /// Mean grey value of the solid; `None` where there is none.
    pub mean_solid: Option<f64>,
    /// Mean grey value of the pore; `None` where there is none.
    pub mean_pore: Option<f64>,
    /// Solid fraction with the thresholds one step lower.
    pub solid_fraction_at_lower: f64,
    /// Solid fraction with the thresholds as they are.
    pub solid_fraction: f64,
    /// Solid fraction with the thresholds one step higher.
    pub solid_fraction_at_higher: f64,
    /// Change of the solid fraction per grey value of threshold: the central difference over the two steps. Negative
    /// for a bright solid.
    pub slope_per_grey: f64,
}

/// Why a volume could not be segmented.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SegmentError {
    /// The noise filter failed.
    #[error("denoising: {0}")]
    Filter(#[from] FilterError),
    /// There is no threshold.
    #[error("finding the threshold: {0}")]
    Threshold(#[from] ThresholdError),
    /// The clean-up failed.
    #[error("cleaning up: {0}")]
    Components(#[from] ComponentsError),
    /// A given threshold that is no number.
    #[error("threshold {value} is not a finite number: give one in grey values of the file")]
    NotANumber {
        /// The refused threshold.
        value: f64,
    },
    /// Hysteresis thresholds in the wrong order.
    #[error("thresholds {low} and {high} of hysteresis or watershed are in the wrong order: give the lower one first")]
    Hysteresis {
        /// The first threshold.
        low: f64,
        /// The second, which is lower.
        high: f64,
    },
    /// A parameter of a local method.
    #[error("{what} {value} is out of range: use {wanted}")]
    Parameter {
        /// Which.
        what: &'static str,
        /// The refused value.
        value: f64,
        /// What would do.
        wanted: &'static str,
    },
    /// Labels where grey values are expected.
    #[error(
        "this looks like a label image, not like grey values: its voxels have only the values {}. Use them as labels with --labels {} (and give the image to 'tag', 'measure' or 'transport' directly); a fixed threshold (--threshold) segments it nevertheless",
        checks::list(values),
        checks::mapping(values)
    )]
    LooksLikeLabels {
        /// The distinct values, ascending.
        values: Vec<f64>,
    },
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Labels from grey values.
///
/// Memory: the denoised image (if any), one byte per voxel for the mask and one for the labels; removing specks,
/// filling holes and hysteresis add 12 bytes per run of voxels along x.
///
/// Warnings go to `watch`: thresholds outside of the grey values, low separability, no dip in the histogram, little
/// solid with Otsu, slices without a threshold of their own, and specks.
///
/// # Errors
/// [`SegmentError`]: voxels that are not finite, an image of one value or of labels where a threshold is to be found,
/// parameters out of range, and cancellation.
pub fn segment<T: Sample>(
    volume: &Volume<T>,
    options: &SegmentOptions,
    watch: &dyn Watch,
) -> Result<Segmentation, SegmentError> {
    checks::options(options)?;
    checks::image(volume, options.method, watch)?;
    match options.denoise {
        Denoise::None => steps::run(volume, options, watch),
        Denoise::Median { radius } => {
            let quiet = steps::step(watch, format!("median of {0}x{0}x{0} voxels", 2 * radius + 1), || {
                crate::filter::median(volume, radius, watch)
            })?;
            steps::run(&quiet, options, watch)
        }
        Denoise::Gaussian { sigma_voxel } => {
            let quiet = steps::step(watch, format!("Gaussian of sigma {sigma_voxel} voxels"), || {
                crate::filter::gaussian(volume, sigma_voxel, watch)
            })?;
            steps::run(&quiet, options, watch)
        }
        Denoise::NonLocalMeans { .. } | Denoise::TotalVariation { .. } | Denoise::Diffusion { .. } => {
            let what = "noise filter by the measured noise".to_owned();
            match steps::step(watch, what, || options.denoise.by_noise(volume, watch))? {
                Some(quiet) => steps::run(&quiet, options, watch),
                None => steps::run(volume, options, watch),
            }
        }
    }
}
