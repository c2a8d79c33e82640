//! `foamflux host`: synthetic hosts with their ground truth.

use foamflux_grid::Shape;
use foamflux_hosts::{CmfParameters, Host, cmf_demo};
use foamflux_io::read::StackData;
use foamflux_io::write::{self, Existing, OutputFolder};
use foamflux_pipeline::PipelineError;
use foamflux_pipeline::config::ConfigError;

use super::Session;
use crate::args::HostArgs;
use crate::output;

/// A host that can be asked for by name.
struct Named {
    name: &'static str,
    what: &'static str,
    parameters: fn() -> CmfParameters,
}

const HOSTS: [Named; 1] = [Named {
    name: "cmf-demo",
    what: "open-cell strut foam like carbonised melamine foam: struts of 6.2 \u{b5}m (measured, source paper), cells of \
           60 \u{b5}m (assumed: far smaller than real ones, so that a small box holds several), grey like a CT",
    parameters: cmf_demo,
}];

/// A grey stack that was made on the spot.
pub(super) struct Made {
    pub(super) grey: StackData,
    pub(super) kind: String,
}

/// The stack of `foamflux demo`.
pub(super) fn demo_stack(seed: u64) -> anyhow::Result<Made> {
    let host = generate(&cmf_demo(), seed)?;
    Ok(Made { grey: StackData::U8(host.grey), kind: format!("cmf-demo, seed {seed}") })
}

pub(crate) fn host(args: &HostArgs, session: &Session) -> anyhow::Result<()> {
    if args.list {
        let rows: Vec<String> = HOSTS.iter().map(|h| format!("{:<12} {}", h.name, h.what)).collect();
        return output::print(&rows.join("\n"));
    }
    let name = args.name.as_deref().unwrap_or_default();
    let Some(named) = HOSTS.iter().find(|h| h.name == name) else {
        let known: Vec<&str> = HOSTS.iter().map(|h| h.name).collect();
        return Err(PipelineError::from(ConfigError::Argument(format!(
            "'{name}' is not a host: write {}, see 'foamflux host --list'",
            known.join(", ")
        )))
        .into());
    };
    let mut parameters = (named.parameters)();
    if let Some(size) = args.size {
        let shape = Shape::cube(size).map_err(|e| usage("size", e.to_string()))?;
        parameters = parameters.with_shape(shape);
    }
    let Some(out) = &args.output else { return Err(usage("output", "a folder to write is needed".to_owned())) };
    let seed = session.settings.config.seed.unwrap_or(1);
    if session.dry_run {
        session.note(format!(
            "would write {name} with seed {seed}, {} voxels (z,y,x), to {}",
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
        if args.grey {
            write::slices(&folder.join("grey"), &host.grey, "cmf").map_err(PipelineError::from)?;
        }
        let truth = serde_json::to_vec_pretty(&host.facts)?;
        write::file_atomically(&folder.join("truth.json"), |f| f.write_all(&truth)).map_err(PipelineError::from)?;
        let graph = serde_json::json!({ "nodes": host.foam.nodes(), "struts": host.foam.struts() });
        let graph = serde_json::to_vec_pretty(&graph)?;
        write::file_atomically(&folder.join("graph.json"), |f| f.write_all(&graph)).map_err(PipelineError::from)?;
        folder.commit().map_err(PipelineError::from)?;
    }
    session.show(&host.facts, |facts| {
        format!(
            "{name} (seed {seed}) in {}\n  solid volume fraction  {:.4} (voxels {:.4})\n  surface area           \
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
    parameters.generate(seed).map_err(|e| PipelineError::from(ConfigError::Argument(e.to_string())).into())
}

fn usage(key: &'static str, message: String) -> anyhow::Error {
    PipelineError::from(ConfigError::Value { key, message }).into()
}
