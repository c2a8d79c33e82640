//! A generated host against its own truth: what the measuring code finds in the voxels of a known geometry.

use std::time::Instant;

use foamflux_grid::{Event, Label, LabelSet, Labels, Stage, Watch};
use foamflux_hosts::Recipe;
use foamflux_network::Parameters;
use foamflux_results::{FoundAndTrue, HostScore};
use foamflux_voxel::surface;

use crate::config::ConfigError;
use crate::error::PipelineError;
use crate::tag;

/// A score and the volume that it was found in.
#[derive(Debug, Clone)]
pub struct Scored {
    /// The numbers.
    pub score: HostScore,
    /// The labels.
    pub labels: Labels,
}

/// Draws a host and measures volume, area and, where the host is made of struts, the graph.
///
/// # Errors
/// [`PipelineError::Config`] where the recipe cannot be built, and those of the stages.
pub fn score(recipe: &Recipe, seed: u64, watch: &dyn Watch) -> Result<Scored, PipelineError> {
    let clock = Instant::now();
    let preset = recipe.preset();
    let refused =
        |e: foamflux_hosts::HostError| PipelineError::from(ConfigError::Argument(format!("{}: {e}", preset.name)));
    watch.event(Event::Started { stage: Stage::Measure, what: format!("making and measuring {}", preset.name) });
    let model = recipe.build(seed).map_err(refused)?;
    let drawn = model.draw().map_err(refused)?;
    let truth = model.truth(&drawn).map_err(refused)?;
    let seconds_made = clock.elapsed().as_secs_f64();
    let labels = drawn.labels;

    // The truth is that of the bare solid: what was added on top of it is left out here as well.
    let volume_m3 = truth.volume_m3;
    let bare = !model.has_debris() && truth.lithium_fraction.is_none();
    let layered = labels.counts()[Label::Collector as usize] > 0;
    let body = labels.mask(LabelSet::PORE).map(|p| !p);
    let area = (bare && !layered).then(|| -> Result<FoundAndTrue, PipelineError> {
        let report = surface::measure::<u8>(&body, None)?;
        Ok(FoundAndTrue {
            found: report.recommended_area().interior / volume_m3,
            truth: truth.area_per_volume_per_m.value,
            uncertainty: truth.area_per_volume_per_m.uncertainty,
        })
    });
    let area = area.transpose()?;
    drop(body);
    let mut score = HostScore {
        name: preset.name.to_owned(),
        row: preset.row.to_owned(),
        model: preset.model.name().to_owned(),
        title: preset.title.to_owned(),
        shape_zyx: truth.shape_zyx,
        voxel_size_m_xyz: truth.voxel_size_m_xyz,
        solid_volume_fraction: FoundAndTrue {
            found: truth.solid_voxel_fraction,
            truth: truth.solid_volume_fraction.value,
            uncertainty: truth.solid_volume_fraction.uncertainty,
        },
        area_per_volume_per_m: area,
        nodes_per_m3: None,
        coordination: None,
        strut_length_per_volume_per_m2: None,
        relations: truth.relations.iter().map(|r| (r.quantity.to_owned(), r.relation.to_owned(), r.value)).collect(),
        notes: truth.notes.clone(),
        seconds_made,
        seconds_total: 0.0,
    };
    // Fibres that overlap have no nodes of their own; the graph of foams is exact.
    let graph = truth.graph.as_ref().filter(|g| g.nodes > 0 && truth.cells.is_some());
    if let Some(graph) = graph {
        let found = tag::tag(&labels, &Parameters::default(), tag::Extras::none(tag::Given::Replace), watch)?.results;
        let pair = |found: Option<f64>, truth: f64| found.map(|found| FoundAndTrue { found, truth, uncertainty: 0.0 });
        score.nodes_per_m3 = pair(found.nodes.density_per_m3, graph.node_density_per_m3);
        score.coordination = pair(found.nodes.coordination_mean, graph.coordination_mean);
        score.strut_length_per_volume_per_m2 =
            pair(found.fibres.length_total_m.map(|l| l / volume_m3), graph.strut_length_total_m / volume_m3);
    }
    score.seconds_total = clock.elapsed().as_secs_f64();
    watch.event(Event::Finished {
        stage: Stage::Measure,
        outcome: format!("{}: {:.1} s", preset.name, score.seconds_total),
    });
    Ok(Scored { score, labels })
}
