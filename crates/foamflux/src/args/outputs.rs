//! The files that a command was asked to write, for a look at their place before the work.

use std::path::Path;

use super::Command;

impl Command {
    /// Single files; folders are begun before the work as they are.
    pub(crate) fn files(&self) -> Vec<&Path> {
        let of = match self {
            Command::Ingest(args) => vec![&args.output],
            Command::Segment(args) => vec![&args.output, &args.save_recipe, &args.shifts, &args.uncertain],
            Command::Tag(args) => vec![&args.output, &args.orientation],
            Command::Measure(args) => vec![&args.output],
            Command::Transport(args) => vec![&args.output, &args.profile],
            Command::Current(args) => vec![&args.output],
            Command::Impedance(args) => vec![&args.output],
            Command::Run(_)
            | Command::Plate(_)
            | Command::Host(_)
            | Command::Compare(_)
            | Command::Demo(_)
            | Command::View(_)
            | Command::Diff(_)
            | Command::Reproduce(_)
            | Command::Devices(_)
            | Command::Bench(_) => Vec::new(),
        };
        of.into_iter().flatten().map(std::path::PathBuf::as_path).collect()
    }
}
