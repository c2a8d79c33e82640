//! From grey values to labels, the whole way: memory, corrections and alignment, the cut, and the recipe that repeats it.

use foamflux_grid::{Region, Shape, Watch};
use foamflux_io::read::StackData;

use crate::error::PipelineError;
use crate::prepare::{self, Prepared};
use crate::segment::Segmented;
use crate::settings::Settings;
use crate::{classify, memory, recipe};

/// Labels and what they were cut from.
#[derive(Debug)]
pub struct Labelled {
    /// The grey values after corrections and alignment.
    pub data: StackData,
    /// Shape before the alignment.
    pub whole: Shape,
    /// The part that it left.
    pub region: Region,
    /// Labels and numbers, with the preparation and the recipe in them.
    pub segmented: Segmented,
}

/// Makes labels of grey values as the settings say.
///
/// # Errors
/// [`PipelineError::Memory`], and those of [`prepare::prepare`], [`classify::segment`] and [`recipe::keep`].
pub fn labelled(data: StackData, settings: &Settings, watch: &dyn Watch) -> Result<Labelled, PipelineError> {
    let work = memory::segmenting(data.sample_type(), &settings.prepare, &settings.segment);
    memory::check(work, data.shape(), data.sample_type().bytes(), settings.max_memory)?;
    let whole = data.shape();
    let Prepared { data, results, steps, region } = prepare::prepare(data, &settings.prepare, watch)?;
    let (mut segmented, classifier) = classify::segment(&data, (whole, region), settings, watch)?;
    segmented.results.prepared(results, steps);
    recipe::keep(settings, &data, classifier, &mut segmented.results, watch)?;
    Ok(Labelled { data, whole, region, segmented })
}
