//! `foamflux diff` and `foamflux reproduce`: what differs between two results, and whether their errors explain it.

mod read;
mod walk;
mod words;

use foamflux_pipeline::run::{Source, run as main_job};
use foamflux_pipeline::{Config, PipelineError, Settings};
use foamflux_results::{InputFile, RunResults};
use serde_json::{Value, json};

use super::Session;
use crate::args::{DiffArgs, ReproduceArgs};
use walk::differences;

pub(crate) fn diff(args: &DiffArgs, session: &Session) -> anyhow::Result<()> {
    let (a, b) = (read::results(&args.a)?, read::results(&args.b)?);
    read::alike(&args.a, &a, &args.b, &b)?;
    show(&a, &b, Wish { all: args.all, verbose: args.common.verbose }, Vec::new(), session)
}

/// Does the run again with the configuration that is on record, and compares.
pub(crate) fn reproduce(args: &ReproduceArgs, session: &Session) -> anyhow::Result<()> {
    let before = read::results(&args.results)?;
    let path = args.results.display().to_string();
    let refuse = |message: String| PipelineError::Content { path: path.clone(), message };
    let run: RunResults = match before["schema"].as_str() {
        Some(RunResults::SCHEMA) => serde_json::from_value(before.clone())
            .map_err(|e| refuse(format!("it says {} but is not whole: {e}", RunResults::SCHEMA)))?,
        other => {
            let found = other.unwrap_or("no schema");
            if found.starts_with("foamflux.run/") {
                let message = format!(
                    "it is {found}, of another version than this program, which reads {}: reproduce it with the program that wrote it ({})",
                    RunResults::SCHEMA,
                    before["program"]["version"].as_str().unwrap_or("version unknown")
                );
                return Err(refuse(message).into());
            }
            return Err(refuse(format!(
                "only results of 'foamflux run' ({}) can be reproduced; this is {found}",
                RunResults::SCHEMA
            ))
            .into());
        }
    };
    if run.segment.as_ref().is_some_and(|s| s.method == "classifier") {
        let how = "its labels come from a trained classifier; repeat it with 'foamflux run INPUT --recipe OUT/recipe.toml' and use 'foamflux diff'";
        return Err(refuse(how.to_owned()).into());
    }
    let recorded: Config = serde_json::from_value(run.configuration.clone())
        .map_err(|e| refuse(format!("its configuration is of another version: {e}")))?;
    // Only how the work is done may be changed, not what is done.
    let settings = Settings::new(recorded.overlaid(args.flags())).map_err(PipelineError::from)?;
    let input = args.input.clone().unwrap_or_else(|| run.input.path.clone().into());
    if run.input.path.is_empty() || !input.exists() {
        let message = format!("the input of {path} is not there; say where it is now with --input PATH");
        return Err(PipelineError::Content { path: input.display().to_string(), message }.into());
    }
    if session.dry_run {
        session.note(format!("would run again on {} and compare with {path}", input.display()));
        return Ok(());
    }
    let backend = session.backend()?;
    let again = main_job(Source::Path(input), &settings, backend.as_ref(), session.watch())?.results;
    let changed = changed(&run.input.files, &again.input.files);
    let wish = Wish { all: false, verbose: args.common.verbose };
    show(&before, &serde_json::to_value(&again)?, wish, changed, session)
}

/// What is not the file that it was, in words.
fn changed(before: &[InputFile], now: &[InputFile]) -> Vec<String> {
    let find = |files: &[InputFile], name: &str| files.iter().find(|f| f.name == name).map(|f| f.sha256.clone());
    let mut out: Vec<String> = before
        .iter()
        .filter_map(|f| match find(now, &f.name) {
            None => Some(format!("{} is gone", f.name)),
            Some(hash) if hash != f.sha256 => Some(format!("{} has changed (SHA-256)", f.name)),
            Some(_) => None,
        })
        .collect();
    out.extend(now.iter().filter(|f| find(before, &f.name).is_none()).map(|f| format!("{} is new", f.name)));
    out
}

/// How much to tell.
#[derive(Clone, Copy)]
struct Wish {
    /// What the work cost as well.
    all: bool,
    /// Every line.
    verbose: bool,
}

fn show(a: &Value, b: &Value, wish: Wish, changed: Vec<String>, session: &Session) -> anyhow::Result<()> {
    let found = differences(a, b, wish.all);
    let results = json!({
        "schema": "foamflux.diff/1",
        "compared": a["schema"],
        "input_changed": changed,
        "differences": found.iter().map(walk::Difference::json).collect::<Vec<_>>(),
    });
    session.show(&results, |_| words::text(&found, &changed, wish.verbose))
}
