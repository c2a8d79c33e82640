//! What conducts, and how well.

use foamflux_grid::{Label, LabelSet};

/// Largest ratio of the best to the worst conducting label that a solve in double precision resolves.
pub const MAX_CONTRAST: f64 = 1e15;

/// Why a transport problem could not be set up.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProblemError {
    /// A phase without labels, or coefficients that are all zero.
    #[error("nothing conducts: give at least one label with a conductivity above zero")]
    NothingConducts,
    /// A conductivity that is negative or not a finite number.
    #[error("conductivity {value} of label {label} is not usable: give a finite number, 0 for an insulator")]
    Conductivity {
        /// The label.
        label: Label,
        /// The refused value.
        value: f64,
    },
    /// Conductivities further apart than double precision resolves.
    #[error(
        "conductivities of {best} (label {best_label}) and {worst} (label {worst_label}) differ by more than {MAX_CONTRAST:e}: \
         set the smaller one to 0 to make it an insulator"
    )]
    Contrast {
        /// Best conducting label.
        best_label: Label,
        /// Its conductivity.
        best: f64,
        /// Worst conducting label above zero.
        worst_label: Label,
        /// Its conductivity.
        worst: f64,
    },
    /// More unknowns than 32-bit indices address.
    #[error(
        "{unknowns} conducting voxels are more than the {} that one solve can index: crop or bin the volume",
        u32::MAX
    )]
    TooManyUnknowns {
        /// Conducting voxels.
        unknowns: u64,
    },
}

/// Conductivity (or diffusivity) of every label, in any one unit; zero insulates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficients {
    sigma: [f64; 9],
}

impl Coefficients {
    /// Conductivity 1 for the labels of one phase, 0 for all others.
    ///
    /// # Errors
    /// [`ProblemError::NothingConducts`] for the empty set.
    pub fn phase(labels: LabelSet) -> Result<Self, ProblemError> {
        Coefficients::per_label(std::array::from_fn(|i| f64::from(u8::from(labels.contains(i as u8)))))
    }

    /// A conductivity per label, indexed by the label's number, in any one unit.
    ///
    /// # Errors
    /// [`ProblemError`] when a value is negative or not finite, all are zero, or two positive ones are further apart
    /// than [`MAX_CONTRAST`].
    pub fn per_label(sigma: [f64; 9]) -> Result<Self, ProblemError> {
        for (label, value) in Label::ALL.into_iter().zip(sigma) {
            if !(value.is_finite() && value >= 0.0) {
                return Err(ProblemError::Conductivity { label, value });
            }
        }
        let mut conducting: Vec<(Label, f64)> = Label::ALL.into_iter().zip(sigma).filter(|&(_, s)| s > 0.0).collect();
        conducting.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (Some(&(worst_label, worst)), Some(&(best_label, best))) = (conducting.first(), conducting.last()) else {
            return Err(ProblemError::NothingConducts);
        };
        if best / MAX_CONTRAST > worst {
            return Err(ProblemError::Contrast { best_label, best, worst_label, worst });
        }
        Ok(Coefficients { sigma })
    }

    /// Conductivity of the label numbered `value`; zero for values that are no label.
    #[must_use]
    #[inline]
    pub fn of(&self, value: u8) -> f64 {
        self.sigma.get(usize::from(value)).copied().unwrap_or(0.0)
    }

    /// The labels that conduct.
    #[must_use]
    pub fn conducting(&self) -> LabelSet {
        Label::ALL.into_iter().filter(|&l| self.of(l as u8) > 0.0).collect()
    }

    /// Mean conductivity of a box with these voxel counts per label, insulators included.
    #[must_use]
    pub fn mean(&self, counts: &[u64; 9], voxels: usize) -> f64 {
        self.sigma.iter().zip(counts).map(|(s, &n)| s * n as f64).sum::<f64>() / voxels as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_conductivities_are_refused_with_the_label() {
        for bad in [-1.0, f64::NAN, f64::INFINITY, -0.5e-300] {
            let mut sigma = [1.0; 9];
            sigma[3] = bad;
            match Coefficients::per_label(sigma) {
                Err(ProblemError::Conductivity { label, .. }) => assert_eq!(label, Label::Lithium),
                other => panic!("{bad}: {other:?}"),
            }
        }
        assert_eq!(Coefficients::per_label([0.0; 9]), Err(ProblemError::NothingConducts));
        assert_eq!(Coefficients::phase(LabelSet::EMPTY), Err(ProblemError::NothingConducts));
    }

    #[test]
    fn a_contrast_beyond_double_precision_is_refused_and_1e12_is_not() {
        let mut sigma = [0.0; 9];
        (sigma[0], sigma[1]) = (1.0, 1e-12);
        assert!(Coefficients::per_label(sigma).is_ok());
        sigma[1] = 1e-16;
        assert!(matches!(Coefficients::per_label(sigma), Err(ProblemError::Contrast { .. })));
        (sigma[0], sigma[1]) = (1e300, 1e-300);
        assert!(matches!(Coefficients::per_label(sigma), Err(ProblemError::Contrast { .. })));
    }
}
