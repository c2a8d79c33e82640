//! One file per command; what they share is here.

mod host;
mod ingest;
mod measure;
mod run;
mod segment;
mod transport;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use foamflux_grid::{Event, Watch, units};
use foamflux_pipeline::{Config, PipelineError, Settings};
use foamflux_transport::{Backend, CpuBackend};

use crate::args::Command;
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
    let file = match &common.config {
        Some(path) => Config::read(path).map_err(PipelineError::from)?,
        None => Config::default(),
    };
    let mut settings = Settings::new(file.overlaid(command.config())).map_err(PipelineError::from)?;
    if settings.max_memory.is_none() {
        // Without a limit from the user, what is free now is the limit: better a message than a killed process.
        settings.max_memory = free_memory();
        settings.ingest.options.max_memory = settings.max_memory;
    }
    let pool = threads(settings.config.threads)?;
    stop_on_ctrl_c();
    let session =
        Session { settings, watch: Terminal::new(common, &CANCELLED), json: common.json, dry_run: common.dry_run };
    pool.install(|| match command {
        Command::Run(args) => run::run(args, &session),
        Command::Demo(args) => run::demo(args, &session),
        Command::Ingest(args) => ingest::ingest(args, &session),
        Command::Segment(args) => segment::segment(args, &session),
        Command::Measure(args) => measure::measure(args, &session),
        Command::Transport(args) => transport::transport(args, &session),
        Command::Host(args) => host::host(args, &session),
    })
}

/// The first Ctrl-C asks the libraries to stop at the next safe point, so that nothing half-written stays;
/// the second ends a process that does not get there.
fn stop_on_ctrl_c() {
    #[allow(clippy::disallowed_methods, reason = "the user asked twice")]
    let ask = || {
        if CANCELLED.swap(true, Ordering::Relaxed) {
            std::process::abort();
        }
        output::complain("stopping; press Ctrl-C again to stop at once");
    };
    // Without a handler Ctrl-C still ends the process.
    let _ = ctrlc::set_handler(ask);
}

impl Session {
    /// The backend that `--device` names.
    pub(crate) fn backend(&self) -> Result<Box<dyn Backend>, PipelineError> {
        let device = self.settings.config.device.as_deref().unwrap_or("auto");
        match device {
            "auto" | "cpu" => Ok(Box::new(CpuBackend::new())),
            gpu if gpu == "gpu" || gpu.strip_prefix("gpu:").is_some_and(|n| n.parse::<usize>().is_ok()) => {
                Err(PipelineError::Device(format!(
                    "--device {gpu}: this version of foamflux has no GPU backend; use --device cpu or leave the flag out"
                )))
            }
            other => Err(PipelineError::from(foamflux_pipeline::config::ConfigError::Value {
                key: "device",
                message: format!("'{other}' is not a device: write auto, cpu, gpu or gpu:N"),
            })),
        }
    }

    /// Shows results: a table, or JSON.
    pub(crate) fn show<T: serde::Serialize>(
        &self,
        results: &T,
        table: impl FnOnce(&T) -> String,
    ) -> anyhow::Result<()> {
        self.watch.clear();
        if self.json { output::print_json(results) } else { Ok(output::print(&table(results))?) }
    }

    pub(crate) fn watch(&self) -> &dyn Watch {
        &self.watch
    }

    pub(crate) fn note(&self, text: String) {
        self.watch.event(Event::Note(text));
    }
}

/// Refuses an output whose extension no writer knows, before any work is done.
pub(crate) fn check_volume_path(path: Option<&Path>) -> Result<(), PipelineError> {
    match path {
        Some(path) => Ok(foamflux_io::write::VolumeFormat::from_path(path).map(|_| ())?),
        None => Ok(()),
    }
}

/// The worker threads: all processors, or as many as asked for.
fn threads(number: Option<usize>) -> anyhow::Result<rayon::ThreadPool> {
    let mut builder = rayon::ThreadPoolBuilder::new();
    match number {
        Some(0) => {
            return Err(PipelineError::from(foamflux_pipeline::config::ConfigError::Value {
                key: "threads",
                message: "0 threads cannot work: write at least 1, or leave the flag out for all".to_owned(),
            })
            .into());
        }
        Some(n) => builder = builder.num_threads(n),
        None => {}
    }
    builder.build().context("cannot start the worker threads")
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
