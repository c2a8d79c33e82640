//! `foamflux current`.

use std::path::Path;
use std::time::Instant;

use foamflux_grid::Labels;
use foamflux_io::write::{self, VtiArray, VtiData};
use foamflux_pipeline::config::ConfigError;
use foamflux_pipeline::current::{self as stage, CurrentFields};
use foamflux_pipeline::{PipelineError, Recorder, ingest, memory};
use foamflux_report::text;

use super::{Session, check_volume_path, plan, spare_the_input};
use crate::args::CurrentArgs;

pub(crate) fn current(args: &CurrentArgs, session: &Session) -> anyhow::Result<()> {
    let path = &args.input.input;
    check_volume_path(args.output.as_deref())?;
    spare_the_input(path, args.output.as_deref())?;
    let settings = &session.settings.current;
    if args.depth.says_all() {
        return Err(PipelineError::from(ConfigError::Value {
            key: "direction",
            message: "depth has one direction: write x, y or z".to_owned(),
        })
        .into());
    }
    if session.dry_run {
        return plan(path, settings.work(), session);
    }
    let backend = session.backend()?;
    let clock = Instant::now();
    let recorder = Recorder::new(session.watch());
    let labels = ingest::read_labels(path, &session.settings.ingest, &recorder)?;
    let seconds = clock.elapsed().as_secs_f64();
    memory::check(settings.work(), labels.shape(), 0, session.settings.max_memory)?;
    let found = stage::current(&labels, settings, args.output.is_some(), seconds, backend.as_ref(), &recorder)?;
    let mut written = Ok(());
    if let Some(output) = &args.output {
        match &found.fields {
            Some(fields) => {
                written = write_fields(output, &labels, fields).map_err(|error| PipelineError::from(error).into());
                if written.is_ok() {
                    session.note(format!("current density written to {}", output.display()));
                }
            }
            None => session.note(format!("no current flows: {} was not written", output.display())),
        }
    }
    let mut results = found.results;
    results.warnings = recorder.warnings();
    session.show_written(written, &results, text::current_text)
}

/// Writes maps: `.vti` holds them all, other formats the current density.
fn write_fields(path: &Path, labels: &Labels, fields: &CurrentFields) -> Result<(), write::WriteError> {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("vti")) {
        let mut arrays = vec![VtiArray { name: "labels", data: VtiData::U8(labels.volume().as_slice()) }];
        arrays.extend(arrays_of(fields));
        return write::vti(path, labels.shape(), labels.voxel_size(), &arrays);
    }
    match labels.volume().like(fields.current_density.clone()) {
        Ok(volume) => write::volume(path, &volume, "current_density_a_per_m2"),
        Err(_) => unreachable!("a map has one value per voxel"),
    }
}

/// The arrays of a file for ParaView.
pub(crate) fn arrays_of(fields: &CurrentFields) -> Vec<VtiArray<'_>> {
    vec![
        VtiArray { name: "current_density_a_per_m2", data: VtiData::F32(&fields.current_density) },
        VtiArray { name: "overpotential_v", data: VtiData::F32(&fields.overpotential) },
        VtiArray { name: "phi_electrolyte_v", data: VtiData::F32(&fields.phi_electrolyte) },
        VtiArray { name: "phi_solid_v", data: VtiData::F32(&fields.phi_solid) },
        VtiArray { name: "ionic_current_a_per_m2", data: VtiData::Vector3F32(fields.ionic.as_flattened()) },
        VtiArray { name: "electronic_current_a_per_m2", data: VtiData::Vector3F32(fields.electronic.as_flattened()) },
        VtiArray { name: "li_flux_mol_per_m2_s", data: VtiData::Vector3F32(fields.li_flux.as_flattened()) },
        VtiArray { name: "concentration_mol_per_m3", data: VtiData::F32(&fields.concentration) },
    ]
}
