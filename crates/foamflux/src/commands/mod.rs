//! One file per command; what they share is here.

mod bench;
mod compare;
mod current;
mod devices;
mod diff;
mod host;
mod impedance;
mod ingest;
mod keep;
mod measure;
mod plate;
mod run;
mod segment;
mod tag;
mod transport;
mod view;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use foamflux_grid::{Event, Shape, VoxelSize, VoxelSizeSource, Watch, units};
use foamflux_pipeline::config::ConfigError;
use foamflux_pipeline::recipe::Recipe;
use foamflux_pipeline::{Config, ExitStatus, PipelineError, Settings, ingest as reading, memory};
use foamflux_report::text;
use foamflux_transport::Backend;

use crate::args::{Command, ProgressHow};
use crate::lines::{self, Line};
use crate::output;
use crate::progress::Terminal;

/// Set by Ctrl-C; the libraries look at it between steps.
static CANCELLED: AtomicBool = AtomicBool::new(false);

/// Everything that a command works with.
pub(crate) struct Session {
    pub(crate) settings: Settings,
    pub(crate) watch: Terminal,
    pub(crate) json: bool,
    pub(crate) dry_run: bool,
}

/// Reads the configuration and does what the command says.
pub(crate) fn execute(command: &Command) -> anyhow::Result<()> {
    let common = command.common();
    if common.progress == Some(ProgressHow::Json) {
        lines::begin();
    }
    let file = match &common.config {
        Some(path) => Config::read(path).map_err(PipelineError::from)?,
        None => Config::default(),
    };
    let recipe = command.recipe().map(Recipe::read).transpose().map_err(PipelineError::from)?;
    let file = match &recipe {
        Some(recipe) => file.overlaid(recipe.segment.clone()),
        None => file,
    };
    let flags = command.config();
    let from_file = flags.voxel_size.is_none() && file.voxel_size.is_some();
    let mut settings = Settings::new(file.overlaid(flags)).map_err(PipelineError::from)?;
    if let Some(recipe) = recipe {
        settings.recipe = Some(recipe.made_on);
        settings.classifier = recipe.classifier.map(Arc::new);
    }
    if from_file && let Some(VoxelSize::Known { source, .. }) = &mut settings.ingest.options.voxel_size {
        *source = VoxelSizeSource::Config;
    }
    if settings.max_memory.is_none() {
        // Without a limit from the user, what is free now is the limit: better a message than a killed process.
        settings.max_memory = free_memory();
        settings.ingest.options.max_memory = settings.max_memory;
    }
    if !common.dry_run {
        // A name that cannot be written is better refused before an hour of work than after.
        command.files().into_iter().try_for_each(output::check_file)?;
    }
    let pool = threads(settings.threads)?;
    stop_on_ctrl_c();
    let session =
        Session { settings, watch: Terminal::new(common, &CANCELLED), json: common.json, dry_run: common.dry_run };
    pool.install(|| match command {
        Command::Run(args) => run::run(args, &session),
        Command::Demo(args) => run::demo(args, &session),
        Command::Ingest(args) => ingest::ingest(args, &session),
        Command::Segment(args) => segment::segment(args, &session),
        Command::Tag(args) => tag::tag(args, &session),
        Command::Measure(args) => measure::measure(args, &session),
        Command::Transport(args) => transport::transport(args, &session),
        Command::Current(args) => current::current(args, &session),
        Command::Impedance(args) => impedance::impedance(args, &session),
        Command::Plate(args) => plate::plate(args, &session),
        Command::Host(args) => host::host(args, &session),
        Command::Compare(args) => compare::compare(args, &session),
        Command::Diff(args) => diff::diff(args, &session),
        Command::Reproduce(args) => diff::reproduce(args, &session),
        Command::View(args) => view::view(args, &session),
        Command::Devices(_) => devices::devices(&session),
        Command::Bench(args) => bench::bench(args, &session),
    })
}

/// The first Ctrl-C (or the end that a batch system announces) asks the libraries to stop at the next safe point, so that nothing half-written stays;
/// the second ends a process that does not get there.
fn stop_on_ctrl_c() {
    #[allow(clippy::disallowed_methods, reason = "the user asked twice")]
    let ask = || {
        if CANCELLED.swap(true, Ordering::Relaxed) {
            std::process::exit(ExitStatus::Interrupted as i32);
        }
        let message = "stopping; press Ctrl-C again to stop at once";
        if !lines::say(&Line::Note { message }) {
            output::complain(message);
        }
    };
    // Without a handler Ctrl-C still ends the process.
    let _ = ctrlc::set_handler(ask);
}

impl Session {
    /// The backend that `--device` names.
    pub(crate) fn backend(&self) -> Result<Box<dyn Backend>, PipelineError> {
        crate::device::backend(self)
    }

    /// Shows results: a table, or JSON.
    pub(crate) fn show<T: serde::Serialize>(
        &self,
        results: &T,
        table: impl FnOnce(&T) -> String,
    ) -> anyhow::Result<()> {
        self.watch.clear();
        if self.json { output::print_json(results) } else { output::print(&table(results)) }
    }

    /// Shows results whose files were written, and those whose files could not be: the work must not go with a full disk.
    pub(crate) fn show_written<T: serde::Serialize>(
        &self,
        written: anyhow::Result<()>,
        results: &T,
        table: impl FnOnce(&T) -> String,
    ) -> anyhow::Result<()> {
        if written.is_err() {
            let what =
                "the files could not be written; the numbers are on standard output, so that the work is not lost";
            self.watch.event(Event::Warning(what.to_owned()));
        }
        let shown = self.show(results, table);
        // Why there is no folder matters more than a terminal that went away.
        written.and(shown)
    }

    pub(crate) fn watch(&self) -> &dyn Watch {
        &self.watch
    }

    /// Says what a job will need at its peak.
    pub(crate) fn note_memory(&self, need: u64) {
        self.note(format!(
            "memory at the peak: about {} of {} that may be used",
            units::format_bytes(need),
            self.settings.max_memory.map_or("unlimited".to_owned(), units::format_bytes)
        ));
    }

    pub(crate) fn note(&self, text: String) {
        self.watch.event(Event::Note(text));
    }
}

/// What a command on labels would read, and the memory that it would take.
pub(crate) fn plan(input: &Path, work: memory::Work, session: &Session) -> anyhow::Result<()> {
    let planned = reading::plan(input, &session.settings.ingest)?;
    let [z, y, x] = planned.volume.shape_zyx;
    let need = memory::needed(work, Shape::new(z, y, x).map_err(PipelineError::from)?, 0);
    session.note_memory(need);
    session.show(&planned, text::ingest_text)
}

/// Refuses an output whose extension no writer knows, before any work is done.
pub(crate) fn check_volume_path(path: Option<&Path>) -> Result<(), PipelineError> {
    match path {
        Some(path) => Ok(foamflux_io::write::VolumeFormat::from_path(path).map(|_| ())?),
        None => Ok(()),
    }
}

/// Refuses to write results over the input, or as one more slice into the folder that is the input.
pub(crate) fn spare_the_input(input: &Path, output: Option<&Path>) -> Result<(), PipelineError> {
    let Some(output) = output else { return Ok(()) };
    let refuse = |what: &str| {
        Err(PipelineError::from(ConfigError::Value {
            key: "output",
            message: format!("'{}' {what}: choose another name", output.display()),
        }))
    };
    // A path that cannot be resolved is none that exists, and reading or writing it will say so.
    let Ok(input) = input.canonicalize() else { return Ok(()) };
    if output.canonicalize().is_ok_and(|output| output == input) {
        return refuse("is the input, which would be lost");
    }
    let folder = match output.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(()),
    };
    let is_slice = output.extension().is_some_and(|e| ["tif", "tiff"].iter().any(|t| e.eq_ignore_ascii_case(t)));
    if is_slice && input.is_dir() && folder.canonicalize().is_ok_and(|folder| folder == input) {
        return refuse("would lie among the slices of the input and be read as one of them next time");
    }
    Ok(())
}

/// The worker threads: all processors, or as many as asked for.
fn threads(number: Option<usize>) -> anyhow::Result<rayon::ThreadPool> {
    // Zero is rayon's word for all.
    rayon::ThreadPoolBuilder::new()
        .num_threads(number.unwrap_or(0))
        .build()
        .context("cannot start the worker threads; ask for fewer with --threads")
}

/// Memory that is free now, where the system says so.
fn free_memory() -> Option<u64> {
    proc_bytes("/proc/meminfo", "MemAvailable:")
}

/// Largest resident memory of this process so far, where the system says so.
pub(crate) fn peak_memory() -> Option<u64> {
    proc_bytes("/proc/self/status", "VmHWM:")
}

fn proc_bytes(file: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    units::parse_bytes(&line.trim().replace("kB", "KiB")).ok()
}
