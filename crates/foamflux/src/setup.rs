//! `foamflux init`, `completions`, `man` and `schema`: all are made from the command line and the types themselves, so that
//! they cannot disagree with them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use clap::{ArgAction, CommandFactory};
use foamflux_io::write::file_atomically;
use foamflux_pipeline::config::ConfigError;
use foamflux_pipeline::{Config, PipelineError};
use foamflux_results::{schema_file, schemas};

use crate::args::{Cli, InitArgs, Setup, kind_of};
use crate::output;

/// Longest line of a comment.
const WIDTH: usize = 100;

/// Does what the command says.
///
/// # Errors
/// With the exit status of a file that cannot be written, or is there already.
pub(crate) fn execute(setup: &Setup) -> anyhow::Result<()> {
    match setup {
        Setup::Init(args) => init(args),
        Setup::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "foamflux", &mut script);
            output::print(&String::from_utf8_lossy(&script))
        }
        Setup::Man { folder } => man(folder),
        Setup::Schema { kind, output: None } => schema(kind),
        Setup::Schema { output: Some(folder), .. } => schemas_into(folder),
    }
}

fn init(args: &InitArgs) -> anyhow::Result<()> {
    let file = &args.file;
    output::check_file(file)?;
    if file.exists() && !args.overwrite {
        let message =
            format!("is needed to replace '{}', which is there already; or choose another name", file.display());
        return Err(PipelineError::from(ConfigError::Value { key: "overwrite", message }).into());
    }
    let text = configuration()?;
    file_atomically(file, |out| out.write_all(text.as_bytes())).map_err(PipelineError::from)?;
    output::complain(&format!(
        "{} written: take the # off what you change, and use it with --config {}",
        file.display(),
        file.display()
    ));
    Ok(())
}

fn man(folder: &Path) -> anyhow::Result<()> {
    output::make_folder(folder)?;
    let mut pages = 0;
    let mut command = Cli::command();
    command.build();
    let name = command.get_name().to_owned();
    let with_subcommands = std::iter::once(command.clone()).chain(command.get_subcommands().cloned());
    for page in with_subcommands.filter(|c| c.get_name() != "help") {
        let title = if page.get_name() == name { name.clone() } else { format!("{name}-{}", page.get_name()) };
        let mut text = Vec::new();
        clap_mangen::Man::new(page).title(title.clone()).render(&mut text)?;
        file_atomically(&folder.join(format!("{title}.1")), |out| out.write_all(&text)).map_err(PipelineError::from)?;
        pages += 1;
    }
    output::complain(&format!("{pages} pages written to {}", folder.display()));
    Ok(())
}

fn schema(kind: &str) -> anyhow::Result<()> {
    match schemas().into_iter().find(|(name, _)| kind_of(name) == kind) {
        Some((_, schema)) => output::print_json(&schema),
        None => Err(PipelineError::Internal(format!("no schema of the kind '{kind}'")).into()),
    }
}

fn schemas_into(folder: &Path) -> anyhow::Result<()> {
    let schemas = schemas();
    output::make_folder(folder)?;
    for (name, schema) in &schemas {
        let text = serde_json::to_string_pretty(schema)? + "\n";
        file_atomically(&folder.join(schema_file(name)), |out| out.write_all(text.as_bytes()))
            .map_err(PipelineError::from)?;
    }
    output::complain(&format!("{} schemas written to {}", schemas.len(), folder.display()));
    Ok(())
}

/// The keys of the configuration, with the helps of the flags that they are, by command; defaults where there are any.
fn configuration() -> anyhow::Result<String> {
    let every = serde_json::to_value(Config::default())?;
    let every: BTreeSet<&str> = every.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    let defaults = toml::Table::try_from(Config::default().with_defaults())?;
    let mut text = "# Configuration of foamflux: keys are the long flags, and a flag on the command line beats its key.\n\
                    # Use it with --config FILE. Lines that begin with '#KEY' hold the default, or none where the value\n\
                    # is in angle brackets; take the # off to change it.\n"
        .to_owned();
    let mut written = BTreeSet::new();
    let mut root = Cli::command();
    root.build();
    for command in root.get_subcommands() {
        let mut begun = false;
        for argument in command.get_arguments() {
            // --no-doubt is doubt = false.
            let key =
                argument.get_long().map(|long| long.strip_prefix("no-").filter(|k| every.contains(k)).unwrap_or(long));
            let Some(key) = key.filter(|key| every.contains(key)) else { continue };
            if !written.insert(key.to_owned()) {
                continue;
            }
            if !std::mem::replace(&mut begun, true) {
                let _ = write!(text, "\n# ---- foamflux {}\n", command.get_name());
            }
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            text.push('\n');
            for line in wrapped(&help) {
                let _ = writeln!(text, "# {line}");
            }
            let value = match (defaults.get(key), argument.get_action()) {
                (Some(default), _) => default.to_string(),
                (None, ArgAction::SetTrue | ArgAction::SetFalse) => "false".to_owned(),
                (None, _) => {
                    let names = argument.get_value_names().unwrap_or_default();
                    format!("<{}>", names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
                }
            };
            let _ = writeln!(text, "#{key} = {value}");
        }
    }
    Ok(text)
}

/// The words of a text in lines.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = match lines.last_mut() {
            Some(line) if line.is_empty() || line.chars().count() + word.chars().count() < WIDTH - 2 => line,
            _ => {
                lines.push(String::new());
                let last = lines.len() - 1;
                &mut lines[last]
            }
        };
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_there_with_its_default_and_nothing_else_is() {
        let text = configuration().unwrap();
        let keys: BTreeSet<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix('#'))
            .filter(|line| !line.starts_with(' '))
            .filter_map(|line| line.split_once(" = "))
            .map(|(key, _)| key.to_owned())
            .collect();
        let every = serde_json::to_value(Config::default()).unwrap();
        for key in every.as_object().unwrap().keys() {
            assert!(keys.contains(key), "{key} is missing");
        }
        // With every default uncommented it is the configuration of someone who says nothing.
        let uncommented: String = text
            .lines()
            .filter_map(|line| line.strip_prefix('#'))
            .filter(|line| !line.starts_with(' ') && !line.contains(" = <") && !line.ends_with(" = false"))
            .map(|line| format!("{line}\n"))
            .collect();
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("foamflux.toml");
        std::fs::write(&file, uncommented).unwrap();
        assert_eq!(Config::read(&file).unwrap(), Config::default().with_defaults());
        // As it is written it says nothing.
        std::fs::write(&file, &text).unwrap();
        assert_eq!(Config::read(&file).unwrap(), Config::default());
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn long_helps_are_wrapped_and_lose_no_word() {
        let text = "word ".repeat(60);
        let lines = wrapped(&text);
        assert!(lines.len() > 2 && lines.iter().all(|line| line.len() <= WIDTH - 2));
        assert_eq!(lines.join(" "), text.trim());
    }
}
