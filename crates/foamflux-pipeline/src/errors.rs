//! The parts of an error, together.
//!
//! ```text
//! total = sqrt( (solver + resolution)^2 + segmentation^2 + sampling^2 )
//! ```
//!
//! Solver and resolution are bounds or worst cases that push to one side, so they add as they are.
//! What the threshold leaves open and what another piece of the material would have shown have causes of their own, and one
//! rarely makes up for the other: they add as squares.
//! A part that was not estimated is in no total, and the total is at most as good as its parts: one standard uncertainty.

use foamflux_results::ErrorParts;

/// The rule in words, for results and report.
pub const RULE: &str = "total = square root of (solver + resolution)^2 + segmentation^2 + sampling^2, over the parts that were \
                        estimated: solver and resolution are bounds and add as they are, segmentation is the larger change \
                        within the threshold band, sampling is one standard error of the volume as a sample of the material";

/// Fills in the total; nothing where no part was estimated.
#[must_use]
pub fn total(parts: ErrorParts) -> ErrorParts {
    let known = |part: Option<f64>| part.filter(|e| e.is_finite());
    let bounds = [known(parts.solver), known(parts.resolution)];
    let others = [known(parts.segmentation), known(parts.sampling)];
    let any = bounds.iter().chain(&others).any(Option::is_some);
    let sum: f64 = bounds.into_iter().flatten().sum();
    let total = others.into_iter().flatten().fold(sum, f64::hypot);
    ErrorParts { total: any.then_some(total), ..parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_add_and_other_causes_add_as_squares() {
        let parts = ErrorParts {
            solver: Some(1.0),
            resolution: Some(2.0),
            segmentation: Some(4.0),
            sampling: Some(12.0),
            total: None,
        };
        assert_eq!(total(parts).total, Some(13.0));
        assert_eq!(total(ErrorParts { segmentation: None, sampling: None, ..parts }).total, Some(3.0));
        assert_eq!(total(ErrorParts { sampling: Some(f64::INFINITY), ..ErrorParts::default() }).total, None);
        assert_eq!(total(ErrorParts::default()).total, None);
    }
}
