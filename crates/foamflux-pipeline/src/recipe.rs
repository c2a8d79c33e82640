//! A segmentation as a file: every step and parameter, to be repeated on this stack or the next.
//!
//! The keys under `[segment]` are the long flags, with the method that was taken in the place of `auto`.
//! What the recipe was made on stands above them, because lengths in voxels and thresholds in grey values mean something else
//! on other voxels or samples.

use std::path::Path;
use std::sync::Arc;

use foamflux_grid::{Event, VoxelSize, Watch};
use foamflux_io::read::StackData;
use foamflux_results::SegmentResults;
use foamflux_voxel::classify::Classifier;
use serde::{Deserialize, Serialize};

use crate::config::{Config, ConfigError};
use crate::segment::{Choice, SegmentSettings};
use crate::settings::Settings;

/// Version of the file.
const VERSION: u32 = 1;
/// Voxel edges that differ by less are the same.
const SAME_EDGE: f64 = 0.02;

/// A recipe file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Recipe {
    /// Version of the file.
    pub foamflux_recipe: u32,
    /// Program that wrote it.
    #[serde(default)]
    pub made_with: Option<String>,
    /// What it was made on.
    #[serde(default)]
    pub made_on: MadeOn,
    /// The flags.
    pub segment: Config,
    /// What the method `classifier` learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classifier: Option<Classifier>,
}

/// What a recipe was made on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct MadeOn {
    /// Voxel edges in metres.
    pub voxel_size_m_xyz: Option<[f64; 3]>,
    /// Type of the grey values.
    pub sample_type: Option<String>,
}

impl Recipe {
    /// The recipe of what was done: the flags with the method that was taken.
    #[must_use]
    pub(crate) fn of(config: &Config, settings: &SegmentSettings, method: &str, data: &StackData) -> Self {
        let denoise = match (settings.denoise_given, method) {
            (false, "conserve" | "halfway" | "classifier") => "auto",
            (false, _) => "median",
            (true, _) => config.denoise.as_deref().unwrap_or("median"),
        };
        let segment =
            Config { method: Some(method.to_owned()), denoise: Some(denoise.to_owned()), ..segmentation(config) };
        Recipe {
            foamflux_recipe: VERSION,
            made_with: Some(format!("foamflux {}", env!("CARGO_PKG_VERSION"))),
            made_on: MadeOn {
                voxel_size_m_xyz: data.voxel_size().m_xyz(),
                sample_type: Some(data.sample_type().to_string()),
            },
            segment,
            classifier: None,
        }
    }

    /// Reads a recipe.
    ///
    /// # Errors
    /// [`ConfigError`] when it cannot be read, is no recipe, or sets what is not part of a segmentation.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let bad = |message: String| ConfigError::Recipe { path: path.to_owned(), message };
        let text = std::fs::read_to_string(path).map_err(|source| bad(source.to_string()))?;
        let recipe: Recipe = toml::from_str(&text).map_err(|e| bad(e.to_string().trim().to_owned()))?;
        if recipe.foamflux_recipe != VERSION {
            return Err(bad(format!(
                "it has version {}, and this program reads version {VERSION}",
                recipe.foamflux_recipe
            )));
        }
        if segmentation(&recipe.segment) != recipe.segment {
            return Err(bad("[segment] sets what is not part of a segmentation: put that into --config".to_owned()));
        }
        Ok(recipe)
    }

    /// The recipe as text.
    ///
    /// # Errors
    /// [`ConfigError::Recipe`] when it cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        toml::to_string(self).map_err(|e| ConfigError::Recipe { path: "recipe".into(), message: e.to_string() })
    }
}

impl MadeOn {
    /// Says what is different about a stack that the recipe is used on.
    pub(crate) fn compare(&self, data: &StackData, settings: &SegmentSettings, watch: &dyn Watch) {
        let kind = data.sample_type().to_string();
        if let Some(made) = self.sample_type.as_ref().filter(|made| **made != kind) {
            let absolute = settings.choice == Choice::Classifier
                || settings.choice == Choice::Given && settings.options.method.is_given();
            watch.event(Event::Warning(format!(
                "the recipe was made on grey values of type {made}, and these are {kind}{}",
                if absolute { ": its thresholds or what it learnt are grey values and do not fit" } else { "" }
            )));
        }
        if let (Some(made), VoxelSize::Known { m_xyz, .. }) = (self.voxel_size_m_xyz, data.voxel_size())
            && made.iter().zip(m_xyz).any(|(a, b)| (a / b - 1.0).abs() > SAME_EDGE)
        {
            let list = |v: &[f64; 3]| v.map(foamflux_grid::units::format_length).join(" x ");
            watch.event(Event::Warning(format!(
                "the recipe was made on voxels of {}, and these are {} (x,y,z): its filters and sizes in voxels mean other lengths here",
                list(&made),
                list(m_xyz)
            )));
        }
    }
}

/// Compares the stack with what a recipe was made on, and writes down the recipe of what was done.
///
/// # Errors
/// [`ConfigError::Recipe`] when it cannot be written as TOML.
pub fn keep(
    settings: &Settings,
    data: &StackData,
    classifier: Option<Arc<Classifier>>,
    results: &mut SegmentResults,
    watch: &dyn Watch,
) -> Result<(), ConfigError> {
    if let Some(made_on) = &settings.recipe {
        made_on.compare(data, &settings.segment, watch);
    }
    let mut recipe = Recipe::of(&settings.config, &settings.segment, &results.method, data);
    // What 'auto' corrected of its own accord is asked for when it is done again.
    if recipe.segment.correct.is_none() {
        let corrected = results.preparation.iter().flat_map(|p| &p.corrections).map(|c| c.artefact.clone());
        recipe.segment.correct = Some(corrected.collect()).filter(|c: &Vec<String>| !c.is_empty());
    }
    recipe.classifier = classifier.map(Arc::unwrap_or_clone);
    results.recipe_toml = Some(recipe.to_toml()?);
    Ok(())
}

/// The part of a configuration that is a segmentation.
fn segmentation(config: &Config) -> Config {
    let c = config.clone();
    Config {
        correct: c.correct,
        align: c.align,
        method: c.method,
        threshold: c.threshold,
        low: c.low,
        high: c.high,
        classes: c.classes,
        radius: c.radius,
        sauvola_k: c.sauvola_k,
        beta: c.beta,
        foreground: c.foreground,
        denoise: c.denoise,
        min_solid: c.min_solid,
        fill_holes: c.fill_holes,
        ..Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            method: Some("sauvola".into()),
            radius: Some(9),
            sauvola_k: Some(0.3),
            denoise: Some("gaussian:0.7".into()),
            foreground: Some("dark".into()),
            ..Config::default()
        }
    }

    fn recipe() -> Recipe {
        Recipe {
            foamflux_recipe: VERSION,
            made_with: Some("foamflux 0.1.0".into()),
            made_on: MadeOn { voxel_size_m_xyz: Some([1e-6; 3]), sample_type: Some("u8".into()) },
            segment: config(),
            classifier: None,
        }
    }

    fn file(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recipe-of-a-test.toml");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn a_recipe_comes_back_as_it_was_written() {
        let (_folder, path) = file(&recipe().to_toml().unwrap());
        assert_eq!(Recipe::read(&path).unwrap(), recipe());
    }

    #[test]
    fn what_is_no_recipe_is_refused_with_the_file() {
        let wrong = Recipe { foamflux_recipe: 7, ..recipe() }.to_toml().unwrap();
        let more = Recipe { segment: Config { tol: Some("1%".into()), ..config() }, ..recipe() }.to_toml().unwrap();
        for (text, part) in [
            ("method = \"otsu\"", "foamflux-recipe"),
            (wrong.as_str(), "version 7"),
            (more.as_str(), "not part of a segmentation"),
            ("foamflux-recipe = 1\n[segment]\nmethodd = \"otsu\"", "methodd"),
        ] {
            let (_folder, path) = file(text);
            let error = Recipe::read(&path).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("recipe-"), "{error}");
        }
    }
}
