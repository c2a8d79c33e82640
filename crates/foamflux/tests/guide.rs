//! The user guide: every command in it is run, every line of output that it quotes is looked for, every link is followed.
//!
//! A fenced block of the kind `console` holds commands after `$ ` and, below each, lines that it prints:
//!
//! ````text
//! ```console
//! $ foamflux measure labels.tif        # exits 3
//! error: …: there is no such file
//! ```
//! ````
//!
//! The lines must be printed in that order, wherever between them others stand. `…` stands for any text within a line and,
//! alone on a line, for lines left out. Spaces count once. A comment behind the command may say which exit status belongs to
//! it (0 where it says nothing) or `# until Ctrl-C`. A command may go on in the next line after `\`, begin with
//! `NAME=VALUE`, and send its output to a file with `> FILE`. The commands of a page run one after the other in a folder of
//! their own, in which `data/` is that of the repository.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Left out within a line, or lines left out.
const ANY: &str = "…";

/// A command of the guide and what it is to print.
#[derive(Debug, Default)]
struct Step {
    line: usize,
    text: String,
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
    redirected: Option<String>,
    status: i32,
    until_ctrl_c: bool,
    quoted: Vec<String>,
}

fn guide() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guide")
}

/// Name and text of every page.
fn pages() -> &'static [(String, String)] {
    static PAGES: OnceLock<Vec<(String, String)>> = OnceLock::new();
    PAGES.get_or_init(|| {
        let mut pages: Vec<(String, String)> = std::fs::read_dir(guide())
            .expect("the guide is there")
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "md"))
            .map(|path| (name_of(&path), std::fs::read_to_string(&path).unwrap()))
            .collect();
        pages.sort();
        assert!(!pages.is_empty());
        pages
    })
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Kind and lines of every fenced block, with the number of its first line.
fn blocks(text: &str) -> Vec<(String, usize, Vec<&str>)> {
    let mut out = Vec::new();
    let mut open: Option<(String, usize, Vec<&str>)> = None;
    for (k, line) in text.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(kind), None) => open = Some((kind.trim().to_owned(), k + 2, Vec::new())),
            (Some(_), Some(_)) => out.extend(open.take()),
            (None, Some((_, _, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is never closed");
    out
}

/// The commands of a page.
fn steps(text: &str) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::new();
    for (_, first, lines) in blocks(text).into_iter().filter(|(kind, _, _)| kind == "console") {
        let mut lines = lines.into_iter().enumerate();
        let mut here = 0;
        while let Some((k, line)) = lines.next() {
            let Some(command) = line.strip_prefix("$ ") else {
                assert!(here > 0, "line {}: output before any command", first + k);
                out.last_mut().unwrap().quoted.push(line.to_owned());
                continue;
            };
            let mut whole = command.trim_end().to_owned();
            while let Some(begun) = whole.strip_suffix('\\') {
                whole = format!("{begun} {}", lines.next().expect("a line goes on").1.trim());
            }
            out.push(step(&whole, first + k));
            here += 1;
        }
    }
    out
}

fn step(command: &str, line: usize) -> Step {
    let (text, comment) = command.split_once(" # ").unwrap_or((command, ""));
    let mut step = Step { line, text: text.trim().to_owned(), ..Step::default() };
    let comment = comment.trim();
    step.until_ctrl_c = comment.starts_with("until Ctrl-C");
    if let Some(status) = comment.strip_prefix("exits ") {
        let digits: String = status.chars().take_while(char::is_ascii_digit).collect();
        step.status = digits.parse().unwrap_or_else(|_| panic!("line {line}: {comment}"));
    }
    let mut words = words(&step.text).into_iter().peekable();
    while let Some((name, value)) = words.peek().and_then(|w| w.split_once('=')) {
        if !name.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
            break;
        }
        step.variables.push((name.to_owned(), value.to_owned()));
        words.next();
    }
    assert_eq!(words.next().as_deref(), Some("foamflux"), "line {line}: only foamflux is run: {command}");
    while let Some(word) = words.next() {
        if word == ">" {
            step.redirected = Some(words.next().expect("a file follows >"));
        } else {
            step.arguments.push(word);
        }
    }
    step
}

/// The words of a command line as a shell takes them, without expansions.
fn words(text: &str) -> Vec<String> {
    let (mut out, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => out.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    assert!(quote.is_none(), "a quote is never closed: {text}");
    out.extend(word);
    out
}

/// Whether a printed line is the quoted one.
fn is_like(printed: &str, quoted: &str) -> bool {
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (printed, quoted) = (squeeze(printed), squeeze(quoted));
    let parts: Vec<&str> = quoted.split(ANY).collect();
    let [first, middle @ .., last] = parts.as_slice() else { return printed == quoted };
    let Some(mut rest) = printed.strip_prefix(first) else { return false };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// The first quoted line that is not printed after those before it.
fn missing<'a>(quoted: &'a [String], printed: &str) -> Option<&'a str> {
    let mut lines = printed.lines();
    let told = quoted.iter().filter(|q| !q.trim().is_empty() && q.trim() != ANY);
    told.map(String::as_str).find(|q| !lines.any(|line| is_like(line, q)))
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Runs the commands of a page.
fn follow(page: &str) {
    let (_, text) = pages().iter().find(|(name, _)| name == page).unwrap_or_else(|| panic!("no page {page}"));
    let place = common::folder();
    if text.contains("data/") {
        copy_tree(&common::root().join("data"), &place.path().join("data"));
    }
    for step in steps(text) {
        let at = format!("{page}, line {}: {}", step.line, step.text);
        let mut command = Command::new(env!("CARGO_BIN_EXE_foamflux"));
        command.args(&step.arguments).envs(step.variables.clone()).current_dir(place.path());
        if step.until_ctrl_c {
            let printed = serve(command, &at);
            assert_eq!(missing(&step.quoted, &printed), None, "{at}\nprinted:\n{printed}");
            continue;
        }
        let done = command.output().expect("the binary runs");
        let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
        assert_eq!(done.status.code(), Some(step.status), "{at}\n{err}");
        if let Some(file) = &step.redirected {
            std::fs::write(place.path().join(file), &out).unwrap();
        }
        // What a terminal shows: messages come while it works, results at the end.
        let printed = format!("{err}{out}");
        assert_eq!(missing(&step.quoted, &printed), None, "{at}\nprinted:\n{printed}");
    }
}

/// Starts a server, reads its first page and ends it.
fn serve(mut command: Command, at: &str) -> String {
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary runs");
    let mut printed = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut printed).unwrap();
    let address = printed.trim().strip_prefix("http://").and_then(|rest| rest.strip_suffix('/'));
    let answer = address.and_then(|address| {
        let mut stream = TcpStream::connect(address).ok()?;
        write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    });
    let _ = process.kill();
    let _ = process.wait();
    assert!(answer.is_some_and(|a| a.starts_with("HTTP/1.1 302")), "{at}: no page is served: {printed:?}");
    printed
}

macro_rules! pages {
    ($($test:ident: $page:literal,)*) => {
        $(#[test]
        fn $test() {
            follow($page);
        })*

        #[test]
        fn every_page_is_followed() {
            let listed: BTreeSet<&str> = [$($page),*].into();
            let there: BTreeSet<&str> = pages().iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(there, listed, "the list of pages in this test is that of the folder");
        }
    };
}

pages! {
    index: "README.md",
    first_run: "first-run.md",
    labels: "labels.md",
    errors: "errors.md",
    tortuosity: "tortuosity.md",
    network: "network.md",
    current: "current.md",
    plating: "plating.md",
    impedance: "impedance.md",
    hosts: "hosts.md",
    report: "report.md",
    files: "files.md",
    gpu: "gpu.md",
    python: "python.md",
    troubleshooting: "troubleshooting.md",
}

/// The names of the subcommands, as the help lists them.
fn subcommands() -> Vec<String> {
    let help = common::foamflux(&["--help"]).stdout;
    let list = help.split("Commands:").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<String> = names.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect();
    assert!(names.len() > 15, "{names:?}");
    names.into_iter().filter(|name| name != "help").collect()
}

#[test]
fn every_subcommand_is_shown() {
    let steps: Vec<Step> = pages().iter().flat_map(|(_, text)| steps(text)).collect();
    let shown: BTreeSet<&str> = steps.iter().filter_map(|s| s.arguments.first()).map(String::as_str).collect();
    let left: Vec<String> = subcommands().into_iter().filter(|name| !shown.contains(name.as_str())).collect();
    assert!(left.is_empty(), "never shown in the guide: {left:?}");
}

#[test]
fn no_command_hides_in_a_block_that_is_not_run() {
    for (page, text) in pages() {
        for (kind, first, lines) in blocks(text) {
            let hidden = lines.iter().position(|line| line.trim_start_matches("$ ").starts_with("foamflux "));
            let hidden = hidden.filter(|_| kind != "console").map(|k| first + k);
            assert_eq!(hidden, None, "{page}: a command in a block of the kind '{kind}'");
        }
    }
}

#[test]
fn flags_that_the_text_names_exist() {
    let mut known: BTreeSet<String> = ["--help", "--version"].map(str::to_owned).into();
    for command in subcommands() {
        let help = common::foamflux(&[&command, "--help"]).stdout;
        let words = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        known.extend(words.filter(|w| w.starts_with("--")).map(str::to_owned));
    }
    let mut named = 0;
    for (page, text) in pages() {
        // Blocks are run; what is left is text.
        let prose: Vec<&str> = text.split("```").step_by(2).collect();
        for span in prose.iter().flat_map(|part| part.split('`').skip(1).step_by(2)) {
            let words = span.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
            for word in words.filter(|w| w.len() > 3 && w.starts_with("--") && !w.starts_with("---")) {
                assert!(known.contains(word), "{page}, `{span}`: there is no flag {word}");
                named += 1;
            }
        }
    }
    assert!(named > 50, "{named} flags are named");
}

/// The anchor of a heading, as renderers of Markdown make it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn links_lead_somewhere() {
    let readme = common::root().join("README.md");
    let mut files: Vec<PathBuf> = pages().iter().map(|(name, _)| guide().join(name)).collect();
    files.push(readme);
    let mut followed = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (path, wanted) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { file.clone() } else { file.parent().unwrap().join(path) };
            assert!(target.exists(), "{}: {link} leads nowhere", file.display());
            if !wanted.is_empty() {
                let there = std::fs::read_to_string(&target).unwrap();
                let found = there
                    .lines()
                    .filter_map(|l| l.strip_prefix('#'))
                    .any(|l| anchor(l.trim_start_matches('#')) == wanted);
                assert!(found, "{}: no heading #{wanted} in {}", file.display(), target.display());
            }
            followed += 1;
        }
    }
    assert!(followed > 20, "{followed} links");
}

/// Pages reach each other: the first lists all, and each leads back.
#[test]
fn the_first_page_lists_all_and_each_leads_back() {
    let (_, index) = pages().iter().find(|(name, _)| name == "README.md").unwrap();
    for (name, text) in pages().iter().filter(|(name, _)| name != "README.md") {
        assert!(index.contains(&format!("]({name})")), "{name} is not in the list");
        assert!(text.contains("](README.md)"), "{name} has no way back");
    }
}

#[test]
fn quoted_lines_are_found_in_order_and_others_are_not() {
    assert!(is_like("tau  1.23   of pore", "tau 1.23 of pore"));
    assert!(is_like("wrote 12 files in 3.4 s", "wrote … files in … s"));
    assert!(is_like("a b a c", "a …c"));
    assert!(!is_like("wrote 12 files", "wrote 13 files"));
    assert!(!is_like("wrote 12 files", "rote 12 files"));
    assert!(!is_like("wrote 12 files", "…2 file"));
    let quoted = ["second".to_owned(), "…".to_owned(), "third".to_owned()];
    assert_eq!(missing(&quoted, "first\nsecond\nmore\nthird\n"), None);
    assert_eq!(missing(&quoted, "third\nsecond\n"), Some("third"));
    let page = "```console\n$ A=1 foamflux x 'b c' \\\n  --d > e.txt # exits 2, as it should\nquoted\n```\n";
    let [step] = &steps(page)[..] else { panic!("one step") };
    assert_eq!(step.arguments, ["x", "b c", "--d"]);
    assert_eq!((step.status, step.redirected.as_deref()), (2, Some("e.txt")));
    assert_eq!(step.variables, [("A".to_owned(), "1".to_owned())]);
    assert_eq!((step.quoted.as_slice(), step.line), (["quoted".to_owned()].as_slice(), 2));
}
