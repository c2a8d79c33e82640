//! `foamflux view`: serves a finished folder to the browser of this machine, and to nobody else.
//!
//! The server listens on 127.0.0.1 only, answers only requests that name this machine as their host (so that no web page can
//! reach it under a name of its own), reads files below the folder and nothing else, and never writes.

mod folder;
mod http;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context;
use foamflux_grid::Event;
use foamflux_pipeline::PipelineError;
use foamflux_pipeline::config::ConfigError;
use serde_json::json;

use super::{CANCELLED, Session};
use crate::args::ViewArgs;
use crate::output;
use folder::Folder;

/// Connections that are answered at the same time; a browser opens six.
const MOST_CONNECTIONS: usize = 32;
/// How often the server looks whether it shall stop.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) fn view(args: &ViewArgs, session: &Session) -> anyhow::Result<()> {
    let folder = Folder::open(&args.folder)?;
    if session.dry_run {
        session.note(format!("would serve {} on 127.0.0.1", args.folder.display()));
        return Ok(());
    }
    for complaint in folder.complaints() {
        session.watch().event(Event::Warning(complaint));
    }
    let listener = listen(args.port.unwrap_or(0))?;
    let address = listener.local_addr().context("the server has no address")?;
    let url = format!("http://{address}/");
    if session.json {
        output::print_json(&json!({"url": url, "folder": args.folder.display().to_string(), "page": folder.page()}))?;
    } else {
        output::print(&url)?;
    }
    session.note(format!("serving {} to this machine only; press Ctrl-C to stop", args.folder.display()));
    if !args.no_browser && !open_browser(&url) {
        session.watch().event(Event::Warning(format!("no browser could be started; open {url} yourself")));
    }
    serve(&listener, &Arc::new(folder))
}

fn listen(port: u16) -> Result<TcpListener, PipelineError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|source| {
        let message = match source.kind() {
            ErrorKind::AddrInUse => format!(
                "{port} is in use by another program (perhaps another 'foamflux view'); choose another, or leave --port out for a free one"
            ),
            ErrorKind::PermissionDenied => {
                format!("{port} may not be used without more rights; ports from 1024 may, or leave --port out for a free one")
            }
            _ => format!("cannot listen on 127.0.0.1:{port}: {source}"),
        };
        PipelineError::from(ConfigError::Value { key: "port", message })
    })
}

/// Answers until Ctrl-C, which is the way to end it and no failure.
fn serve(listener: &TcpListener, folder: &Arc<Folder>) -> anyhow::Result<()> {
    listener.set_nonblocking(true).context("cannot wait for the browser")?;
    let busy = Arc::new(AtomicUsize::new(0));
    while !CANCELLED.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((stream, _)) => {
                let (folder, busy) = (Arc::clone(folder), Arc::clone(&busy));
                if busy.fetch_add(1, Ordering::Relaxed) >= MOST_CONNECTIONS {
                    http::refuse(stream);
                    busy.fetch_sub(1, Ordering::Relaxed);
                    continue;
                }
                std::thread::spawn(move || {
                    // A browser that goes away in the middle of an answer is nobody's failure.
                    let _ = http::answer(stream, &folder);
                    busy.fetch_sub(1, Ordering::Relaxed);
                });
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
            // A connection that was given up before it was accepted.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
            Err(error) => return Err(error).context("cannot accept connections any more"),
        }
    }
    Ok(())
}

/// Asks the system for its browser.
fn open_browser(url: &str) -> bool {
    let (program, first): (&str, &[&str]) = if cfg!(target_os = "windows") {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else if cfg!(target_os = "macos") {
        ("open", &[])
    } else {
        ("xdg-open", &[])
    };
    let quiet = |command: &mut Command| {
        command.args(first).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok()
    };
    quiet(&mut Command::new(program))
}

/// Whether a folder holds something to look at: its first page.
fn page_of(folder: &Path) -> Option<&'static str> {
    ["report.html", "compare.html", "plate.html", "gallery.html"].into_iter().find(|name| folder.join(name).is_file())
}
