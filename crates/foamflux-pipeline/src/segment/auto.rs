//! Thresholds between the levels of background and rare solid, and what `--method auto` makes of a stack.
//!
//! ```text
//! conserve ─applies──────────────────────────────────────────────────► cut where the solid keeps its volume
//!     ├─a dark halo──► fringes, where they are found ────────────────► conserve, by the surroundings where a halo is left
//!     ├─a bright one─► pore-backs, where light from behind is found ─► the same, or half way between the levels
//!     └─otherwise────────────────────────────────────────────────────► filter and method of the options
//! ```
//!
//! Half way is for what is left of a bright halo alone: fringes lift the level inside of struts, and with it the middle (on a tomogram
//! of struts of five voxels the volume was 14 % too small, and within 2 % once fringes were out).
//! Artefacts are looked for only where nothing was said about corrections: `--correct none` leaves the stack as it is.

use foamflux_grid::{Event, Watch};
use foamflux_io::read::StackData;
use foamflux_results::CorrectionResults;
use foamflux_voxel::segment::{self, Conserved, Denoise, Unsuited};

use super::{Choice, SegmentSettings, filter, method_name, stopped};
use crate::error::PipelineError;
use crate::prepare::{self, Artefact};

/// Which of the two thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Where the solid keeps its volume.
    Conserve,
    /// The same above the level of what surrounds it.
    Surroundings,
    /// In the middle between the levels.
    HalfWay,
}

impl Rule {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Rule::Conserve | Rule::Surroundings => "conserve",
            Rule::HalfWay => "halfway",
        }
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
    pub(super) rule: Rule,
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
    let by = |data: &StackData, rule: Rule| -> Result<Result<Conserved, Unsuited>, PipelineError> {
        let filtered = foamflux_io::for_each_grey!(data, volume => filter(volume, denoise, watch))?;
        foamflux_io::for_each_grey!(filtered.as_ref().unwrap_or(data), volume => match rule {
            Rule::Conserve => segment::conserve(volume, settings.options.foreground, watch),
            Rule::Surroundings => segment::above_surroundings(volume, settings.options.foreground, watch),
            Rule::HalfWay => segment::half_way(volume, settings.options.foreground, watch),
        })
        .map_err(stopped)
    };
    let plain = |found, rule| Between { found, rule, corrections: Vec::new(), steps: Vec::new() };
    let asked = match settings.choice {
        Choice::Conserve => Some(Rule::Conserve),
        Choice::HalfWay => Some(Rule::HalfWay),
        _ => None,
    };
    if let Some(rule) = asked {
        let found = by(data, rule)?.map_err(|why| PipelineError::Unsuited { method: rule.name(), why })?;
        return Ok(Outcome::Between(plain(found, rule)));
    }
    let why = match by(data, Rule::Conserve)? {
        Ok(found) => return Ok(Outcome::Between(plain(found, Rule::Conserve))),
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
        return otherwise(&why);
    };
    let mut rule = Rule::Conserve;
    let mut found = by(&clean, rule)?;
    for next in [Rule::Surroundings, Rule::HalfWay] {
        let left = matches!(&found, Err(why) if why.is_halo());
        if left && (next == Rule::Surroundings || artefact == Artefact::PoreBacks) {
            rule = next;
            found = by(&clean, rule)?;
        }
    }
    match found {
        Ok(found) => Ok(Outcome::Between(Between { found, rule, corrections, steps })),
        Err(why) => otherwise(&why),
    }
}
