//! `foamflux impedance`.

use std::path::Path;

use foamflux_pipeline::config::ConfigError;
use foamflux_pipeline::impedance as stage;
use foamflux_pipeline::{PipelineError, Recorder, ingest, memory};
use foamflux_report::figures::{Profile, Series, profile};
use foamflux_report::{csv, text};
use foamflux_results::ImpedanceResults;

use super::{Session, plan, spare_the_input};
use crate::args::ImpedanceArgs;

/// What `-o` writes.
#[derive(Clone, Copy)]
enum Format {
    Csv,
    Svg,
}

pub(crate) fn impedance(args: &ImpedanceArgs, session: &Session) -> anyhow::Result<()> {
    let path = &args.input.input;
    let format = args.output.as_deref().map(format).transpose()?;
    spare_the_input(path, args.output.as_deref())?;
    stage::check(&session.settings.config).map_err(PipelineError::from)?;
    if args.depth.says_all() {
        return Err(usage("direction", "depth has one direction: write x, y or z".to_owned()).into());
    }
    if session.dry_run {
        return plan(path, memory::Work::CoupledCurrent, session);
    }
    let recorder = Recorder::new(session.watch());
    let backend = session.backend()?;
    let labels = ingest::read_labels(path, &session.settings.ingest, &recorder)?;
    memory::check(memory::Work::CoupledCurrent, labels.shape(), 0, session.settings.max_memory)?;
    let settings = &session.settings;
    let mut results = stage::impedance(&labels, &settings.impedance, &settings.current, backend.as_ref(), &recorder)?;
    results.warnings = recorder.warnings();
    let written = match (&args.output, format) {
        (Some(output), Some(format)) => write(output, format, &results, session),
        _ => Ok(()),
    };
    session.show_written(written, &results, text::impedance_text)
}

fn write(output: &Path, format: Format, results: &ImpedanceResults, session: &Session) -> anyhow::Result<()> {
    if results.frequency_hz.is_empty() {
        session.note(format!("no current flows: {} was not written", output.display()));
        return Ok(());
    }
    let bytes = match format {
        Format::Csv => csv::impedance_csv(results),
        Format::Svg => nyquist(results),
    };
    foamflux_io::write::file_atomically(output, |out| out.write_all(bytes.as_bytes())).map_err(PipelineError::from)?;
    session.note(format!("spectrum written to {}", output.display()));
    Ok(())
}

/// A flag that does not fit.
fn usage(key: &'static str, message: String) -> PipelineError {
    ConfigError::Value { key, message }.into()
}

fn format(path: &Path) -> Result<Format, PipelineError> {
    match path.extension().map(|e| e.to_ascii_lowercase()) {
        Some(e) if e == "csv" => Ok(Format::Csv),
        Some(e) if e == "svg" => Ok(Format::Svg),
        _ => Err(usage(
            "output",
            format!("'{}' would hold a spectrum: write a file that ends in .csv or .svg", path.display()),
        )),
    }
}

/// The spectrum in the complex plane.
fn nyquist(r: &ImpedanceResults) -> String {
    let points: Vec<[f64; 2]> =
        r.z_real_ohm_m2.iter().zip(&r.z_imag_ohm_m2).map(|(re, im)| [1e4 * re, -1e4 * im]).collect();
    profile(&Profile {
        series: &[Series { name: "impedance", points: &points }],
        title: "impedance per cross-section",
        x_label: "Re Z [ohm cm\u{b2}]",
        y_label: "-Im Z [ohm cm\u{b2}]",
    })
}
