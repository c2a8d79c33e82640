//! Grey stacks of hosts and of any label volume.

use std::path::Path;

use foamflux_grid::{Labels, Sample, Volume};
use foamflux_hosts::imaging::{self, Ct, FibSem};
use foamflux_io::write::{self, WritableSample};
use foamflux_pipeline::settings::Content;
use foamflux_pipeline::{Input, PipelineError, Recorder, ingest};
use serde_json::{Value, json};

use super::{argument, usage};
use crate::args::{HostArgs, Instrument};
use crate::commands::{Session, spare_the_input};

pub(super) fn grey(args: &HostArgs, out: &Path, session: &Session) -> anyhow::Result<()> {
    let Some(input) = &args.image_of else {
        return Err(argument(
            "'host grey' images labels: foamflux host grey LABELS -o OUT --mode ct|fib-sem".to_owned(),
        ));
    };
    if args.size.is_some() || !args.set.is_empty() || args.params.is_some() {
        return Err(argument(
            "'host grey' takes the box of its labels: leave --size, --set and --params out".to_owned(),
        ));
    }
    spare_the_input(input, Some(out))?;
    if session.dry_run {
        let planned = ingest::plan(input, &session.settings.ingest)?;
        return session.show(&planned, foamflux_report::text::ingest_text);
    }
    let mut settings = session.settings.ingest.clone();
    settings.content = Content::Labels;
    let recorder = Recorder::new(session.watch());
    let (read, _) = ingest::read_input(input, &settings, &recorder)?;
    let Input::Labels(labels, _) = read else {
        return Err(usage("labels", format!("'{}' holds grey values, and labels are to be imaged", input.display())));
    };
    let field = imaging::brightness(&labels);
    drop(labels);
    let seed = session.settings.config.seed.unwrap_or(1);
    let (record, _) = write(&field, args.mode.or(args.grey).unwrap_or(Instrument::Ct), args, out, "grey", seed)?;
    session.show(&record, |r| format!("grey slices in {} ({})", out.display(), r["instrument"]))
}

/// Images a field of brightness and writes the slices; returns what was done, and the labels of a stack whose slices are not
/// those of the field.
pub(super) fn write(
    field: &Volume<f32>,
    instrument: Instrument,
    args: &HostArgs,
    out: &Path,
    name: &str,
    seed: u64,
) -> anyhow::Result<(Value, Option<Labels>)> {
    if args.bits == "16" {
        image::<u16>(field, instrument, f64::from(u16::MAX), out, name, seed)
    } else {
        image::<u8>(field, instrument, f64::from(u8::MAX), out, name, seed)
    }
}

fn image<T: Sample + WritableSample>(
    field: &Volume<f32>,
    instrument: Instrument,
    range: f64,
    out: &Path,
    name: &str,
    seed: u64,
) -> anyhow::Result<(Value, Option<Labels>)> {
    let refused = |e: foamflux_hosts::GreyError| argument(e.to_string());
    let (grey, mut record, labels) = match instrument {
        Instrument::Ct => {
            let settings = Ct::typical(range);
            let grey: Volume<T> = imaging::ct(field, &settings, seed).map_err(refused)?;
            (grey, json!({ "instrument": "ct", "settings": settings }), None)
        }
        Instrument::FibSem => {
            let mut settings = FibSem::typical(range);
            settings.slice_voxels = settings.slice_voxels.min(field.shape().z);
            let (grey, slices): (Volume<T>, _) = imaging::fib_sem(field, &settings, seed).map_err(refused)?;
            let labels = imaging::as_imaged(field, &settings, &slices).map_err(refused)?;
            let labels = Labels::new(labels).map_err(PipelineError::from)?;
            (grey, json!({ "instrument": "fib-sem", "settings": settings, "slices": slices }), Some(labels))
        }
    };
    record["schema"] = json!("foamflux.host-grey/1");
    record["seed"] = json!(seed);
    record["shape_zyx"] = json!(grey.shape().zyx());
    record["voxel_size_m_xyz"] = json!(grey.voxel_size().m_xyz());
    record["standing"] = json!("all instrument settings are assumed");
    write::slices(out, &grey, name).map_err(PipelineError::from)?;
    Ok((record, labels))
}
