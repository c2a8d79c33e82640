//! Thresholds between the levels of background and rare solid, and what `--method auto` makes of a stack.
//!
//! ```text
//! conserve ─applies──────────────────────────────────────────────────► cut where the solid keeps its volume
//!     ├─a dark halo──► fringes, where they are found ────────────────► conserve, by the surroundings where a halo is left
//!     ├─a bright one─► pore-backs, where light from behind is found ─► the same, or half way between the levels
//!     │                ... where it is not, half way between the levels
//!     └─otherwise────────────────────────────────────────────────────► filter and method of the options
//! ```
//!
//! Half way is for what is left of a bright halo alone: fringes lift the level inside of struts, and with it the middle (on a tomogram
//! of struts of five voxels the volume was 14 % too small, and within 2 % once fringes were out).
//! Artefacts are looked for only where nothing was said about corrections: `--correct none` leaves the stack as it is.

use foamflux_grid::{Event, Watch};
use foamflux_io::read::StackData;
use foamflux_results::CorrectionResults;
use foamflux_voxel::segment::{self, Conserved, Denoise, LevelRule, Unsuited};

use super::{Choice, SegmentSettings, filter, method_name, stopped};
use crate::error::PipelineError;
use crate::prepare::{self, Artefact};

/// Name of the method that follows a rule.
pub(super) const fn name(rule: LevelRule) -> &'static str {
    match rule {
        LevelRule::Conserve | LevelRule::Surroundings => "conserve",
        LevelRule::HalfWay => "halfway",
    }
}

/// What came of looking for a threshold between levels.
pub(super) enum Outcome {
    /// There is one.
    Between(Between),
    /// None applies, and why.
    Otherwise(String),
}

/// A threshold between levels, and what was done before.
pub(super) struct Between {
    pub(super) found: Conserved,
    /// Artefacts that were corrected without having been asked for.
    pub(super) corrections: Vec<CorrectionResults>,
    /// The same in words.
    pub(super) steps: Vec<String>,
}

/// The threshold between levels, or why `auto` takes the method of the options.
pub(super) fn between(
    data: &StackData,
    settings: &SegmentSettings,
    denoise: Denoise,
    watch: &dyn Watch,
) -> Result<Outcome, PipelineError> {
    let by = |data: &StackData, rule: LevelRule| -> Result<Result<Conserved, Unsuited>, PipelineError> {
        let filtered = foamflux_io::for_each_grey!(data, volume => filter(volume, denoise, watch))?;
        foamflux_io::for_each_grey!(filtered.as_ref().unwrap_or(data), volume => {
            segment::between_levels(volume, settings.options.foreground, rule, watch)
        })
        .map_err(stopped)
    };
    let plain = |found| Outcome::Between(Between { found, corrections: Vec::new(), steps: Vec::new() });
    let keeping = if settings.halo_corrected { LevelRule::Surroundings } else { LevelRule::Conserve };
    let asked = match settings.choice {
        Choice::Conserve => Some(keeping),
        Choice::HalfWay => Some(LevelRule::HalfWay),
        _ => None,
    };
    if let Some(rule) = asked {
        let found = by(data, rule)?.map_err(|why| PipelineError::Unsuited { method: name(rule), why })?;
        return Ok(plain(found));
    }
    let why = match by(data, keeping)? {
        Ok(found) => return Ok(plain(found)),
        Err(why) => why,
    };
    let otherwise = |why: &Unsuited| {
        watch.event(Event::Note(format!(
            "segmented by {}, because no threshold between levels of rare solid applies: {why}",
            method_name(settings.options.method)
        )));
        Ok(Outcome::Otherwise(format!("no threshold between levels of rare solid applies: {why}")))
    };
    let artefact = match why {
        _ if settings.correct_given => return otherwise(&why),
        Unsuited::Halo { share } if share < 0.0 => Artefact::Fringes,
        Unsuited::Halo { .. } | Unsuited::NotConserved { .. } => Artefact::PoreBacks,
        _ => return otherwise(&why),
    };
    watch.event(Event::Note(format!("the threshold that keeps the volume of rare solid does not apply: {why}")));
    let (mut corrections, mut steps) = (Vec::new(), Vec::new());
    let Some(clean) = prepare::of_its_own(data, artefact, (&mut corrections, &mut steps), watch)? else {
        if artefact == Artefact::PoreBacks
            && let Ok(found) = by(data, LevelRule::HalfWay)?
        {
            return Ok(plain(found));
        }
        return otherwise(&why);
    };
    let mut found = by(&clean, LevelRule::Surroundings)?;
    if artefact == Artefact::PoreBacks && matches!(&found, Err(why) if why.is_halo()) {
        found = by(&clean, LevelRule::HalfWay)?;
    }
    match found {
        Ok(found) => Ok(Outcome::Between(Between { found, corrections, steps })),
        Err(why) => otherwise(&why),
    }
}
