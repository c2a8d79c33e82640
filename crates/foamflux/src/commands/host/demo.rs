//! `cmf-demo`: the host of the bundled stack, whose bytes must not change.

use std::path::Path;

use foamflux_grid::Shape;
use foamflux_hosts::{CmfParameters, Host, cmf_demo};
use foamflux_io::read::StackData;
use foamflux_io::write::{self, Existing, OutputFolder};
use foamflux_pipeline::PipelineError;

use super::{argument, text_file, usage};
use crate::args::HostArgs;
use crate::commands::Session;

pub(super) const NAME: &str = "cmf-demo";

pub(super) const WHAT: &str = "open-cell strut foam like carbonised melamine foam: struts of 6.2 \u{b5}m (measured, \
                               source paper), cells of 60 \u{b5}m (assumed: far smaller than real ones)";

/// A grey stack that was made on the spot.
pub(in crate::commands) struct Made {
    pub(in crate::commands) grey: StackData,
    pub(in crate::commands) kind: String,
}

/// The stack of `foamflux demo`.
pub(in crate::commands) fn demo_stack(seed: u64) -> anyhow::Result<Made> {
    let host = generate(&cmf_demo(), seed)?;
    Ok(Made { grey: StackData::U8(host.grey), kind: format!("cmf-demo, seed {seed}") })
}

pub(super) fn host(args: &HostArgs, out: &Path, session: &Session) -> anyhow::Result<()> {
    if !args.set.is_empty() || args.params.is_some() || args.voxel_size.is_some() {
        return super::recipe(NAME, args).map(|_| ());
    }
    let mut parameters = cmf_demo();
    if let Some(size) = &args.size {
        let edge = size.parse().map_err(|_| usage("size", format!("'{size}' is not a number of voxels")))?;
        let shape = Shape::cube(edge).map_err(|e| usage("size", e.to_string()))?;
        parameters = parameters.with_shape(shape);
    }
    let seed = session.settings.config.seed.unwrap_or(1);
    if session.dry_run {
        session.note(format!(
            "would write {NAME} with seed {seed}, {} voxels (z,y,x), to {}",
            parameters.shape,
            out.display()
        ));
        return Ok(());
    }
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    let host = generate(&parameters, seed)?;
    if args.grey_only {
        write::slices(out, &host.grey, "cmf").map_err(PipelineError::from)?;
    } else {
        let folder = OutputFolder::create(out, existing).map_err(PipelineError::from)?;
        write::labels(&folder.join("labels.tif"), &host.labels).map_err(PipelineError::from)?;
        if args.grey.is_some() {
            write::slices(&folder.join("grey"), &host.grey, "cmf").map_err(PipelineError::from)?;
        }
        text_file(&folder.join("truth.json"), &serde_json::to_string_pretty(&host.facts)?)?;
        let graph = host.foam.graph();
        text_file(&folder.join("truth_nodes.csv"), &graph.nodes_csv())?;
        text_file(&folder.join("truth_struts.csv"), &graph.struts_csv())?;
        let graph = serde_json::json!({ "nodes": host.foam.nodes(), "struts": host.foam.struts() });
        text_file(&folder.join("graph.json"), &serde_json::to_string_pretty(&graph)?)?;
        folder.commit().map_err(PipelineError::from)?;
    }
    session.show(&host.facts, |facts| {
        format!(
            "{NAME} (seed {seed}) in {}\n  solid volume fraction  {:.4} (voxels {:.4})\n  surface area           \
             {:.5e} \u{b1} {:.1e} m\u{b2}\n  nodes, struts          {}, {}",
            out.display(),
            facts.solid_volume_fraction,
            facts.solid_voxel_fraction,
            facts.surface_area_m2.value,
            facts.surface_area_m2.uncertainty,
            facts.graph.nodes,
            facts.graph.struts,
        )
    })
}

fn generate(parameters: &CmfParameters, seed: u64) -> anyhow::Result<Host> {
    parameters.generate(seed).map_err(|e| argument(e.to_string()))
}
