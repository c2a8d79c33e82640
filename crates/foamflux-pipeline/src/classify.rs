//! Solid and pore from painted examples: training, the classifier in a recipe, and labels from its probabilities.

use std::path::Path;
use std::sync::Arc;

use foamflux_grid::{Event, Region, Watch, units};
use foamflux_io::read::{BinMode, StackData};
use foamflux_voxel::classify::{self, Classifier, ClassifyError, Painted};
use foamflux_voxel::filter::FilterError;

use crate::config::ConfigError;
use crate::error::PipelineError;
use crate::memory;
use crate::segment::{self, Choice, Segmented};
use crate::settings::{Content, IngestSettings, Settings};

/// Segments as the settings say, by a classifier or otherwise, and returns the classifier that was used.
///
/// `region` is what was left of the stack that was read, whose box was `whole`: painted voxels are cut alike.
///
/// # Errors
/// [`PipelineError`].
pub fn segment(
    data: &StackData,
    (whole, region): (foamflux_grid::Shape, Region),
    settings: &Settings,
    watch: &dyn Watch,
) -> Result<(Segmented, Option<Arc<Classifier>>), PipelineError> {
    if settings.segment.choice != Choice::Classifier {
        return Ok((segment::segment(data, &settings.segment, watch)?, None));
    }
    memory::check(memory::Work::Classify, data.shape(), data.sample_type().bytes(), settings.max_memory)?;
    // What the classifier is to see is smoothed only where that was asked for.
    let filtered =
        settings.segment.denoise_given.then(|| segment::filtered(data, &settings.segment, watch)).transpose()?;
    let seen = filtered.as_ref().and_then(Option::as_ref).unwrap_or(data);
    let (classifier, learnt) = match (&settings.config.train, &settings.classifier) {
        (Some(path), _) => {
            let painted = painted(Path::new(path), &settings.ingest, watch)?;
            let painted = match painted.shape() == whole && region != whole.region() {
                true => painted.crop(region)?,
                false => painted,
            };
            let trained = foamflux_io::for_each_grey!(seen, volume => classify::train(volume, &painted, watch))
                .map_err(stopped)?;
            let percent = |share: f64| format!("{} %", units::significant(100.0 * share, 2));
            let learnt = format!(
                "random forest trained on {} voxels painted as pore and {} as solid; of places that a tree had not seen {} of \
                 the pore and {} of the solid were taken wrong",
                trained.learnt[0],
                trained.learnt[1],
                percent(trained.wrong[0]),
                percent(trained.wrong[1])
            );
            (Arc::new(trained.classifier), learnt)
        }
        (None, Some(classifier)) => (Arc::clone(classifier), "random forest of the recipe".to_owned()),
        (None, None) => {
            let message = "the method 'classifier' needs --train PAINTED (1 pore, 2 solid, 0 not painted), or a --recipe \
                           that such a run wrote";
            return Err(ConfigError::value("method", message).into());
        }
    };
    let found = foamflux_io::for_each_grey!(seen, volume => classifier.classify(volume, watch)).map_err(stopped)?;
    watch.event(Event::Note(learnt.clone()));
    Ok((segment::by_probability(found, learnt, &settings.segment, watch)?, Some(classifier)))
}

/// Painted voxels, from a stack of the shape of the grey values: read as they are, merged by majority.
fn painted(path: &Path, settings: &IngestSettings, watch: &dyn Watch) -> Result<Painted, PipelineError> {
    let mut settings = IngestSettings { content: Content::Grey, labels: None, ..settings.clone() };
    settings.options.bin_mode = BinMode::Majority;
    let stack = crate::ingest::read_stack(path, &settings, watch)?;
    foamflux_io::for_each_type!(&stack.data, volume => Painted::new(volume))
        .map_err(|error| PipelineError::Content { path: path.display().to_string(), message: error.to_string() })
}

fn stopped(error: ClassifyError) -> PipelineError {
    match error {
        ClassifyError::Filter(FilterError::Cancelled) => PipelineError::Cancelled,
        error => PipelineError::Classify(error),
    }
}
