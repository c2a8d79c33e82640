//! As much of HTTP/1.1 (RFC 9110, 9112) as a browser needs to read files: GET and HEAD, one request a connection.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use super::folder::{Folder, Found, encoded};

/// A browser on this machine says what it wants at once.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest head of a request; browsers send about 1 kB.
const LONGEST_HEAD: usize = 16 << 10;

/// Answers one request.
///
/// # Errors
/// Where the connection breaks.
pub(super) fn answer(mut stream: TcpStream, folder: &Folder) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let port = stream.local_addr()?.port();
    let Some(head) = read_head(&mut stream)? else {
        return say(&mut stream, "431 Request Header Fields Too Large", "the request is too long", false);
    };
    let Some(request) = Request::parse(&head) else {
        return say(&mut stream, "400 Bad Request", "this is no request of HTTP", false);
    };
    let body = match request.method {
        "GET" => true,
        "HEAD" => false,
        _ => return say(&mut stream, "405 Method Not Allowed", "files can only be read", true),
    };
    if !request.names_this_machine(port) {
        return say(&mut stream, "403 Forbidden", "open http://127.0.0.1 or http://localhost with the port", body);
    }
    match folder.find(request.path) {
        Found::File(path) => file(&mut stream, &path, body),
        Found::Listing(_) if request.path == "/" => {
            let location = format!("Location: /{}\r\n", folder.page());
            head_of(&mut stream, "302 Found", "text/plain; charset=utf-8", 0, &location)
        }
        Found::Listing(names) => {
            let page = listing(request.path, &names);
            // Nothing in a list of files needs more than its own style.
            let policy = "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n";
            head_of(&mut stream, "200 OK", "text/html; charset=utf-8", page.len() as u64, policy)?;
            if body { stream.write_all(page.as_bytes()) } else { Ok(()) }
        }
        Found::Nothing => say(&mut stream, "404 Not Found", "there is no such file in the folder", body),
        Found::Outside => say(&mut stream, "403 Forbidden", "this path leads out of the folder", body),
    }
}

/// Turns a connection away.
pub(super) fn refuse(mut stream: TcpStream) {
    let _ = say(&mut stream, "503 Service Unavailable", "too many connections; try again", true);
}

/// Bytes until the empty line; `None` where it does not come.
fn read_head(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&buffer[..read]);
        if head.len() > LONGEST_HEAD {
            return Ok(None);
        }
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}

struct Request<'a> {
    method: &'a str,
    /// Without a query.
    path: &'a str,
    host: Option<&'a str>,
}

impl<'a> Request<'a> {
    fn parse(head: &'a str) -> Option<Self> {
        let mut lines = head.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, target, version) = (first.next()?, first.next()?, first.next()?);
        if first.next().is_some() || !version.starts_with("HTTP/1.") || !target.starts_with('/') {
            return None;
        }
        let path = target.split(['?', '#']).next()?;
        let host = lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("host"));
        Some(Request { method, path, host: host.map(|(_, value)| value.trim()) })
    }

    /// Whether the browser believes to speak to this machine. A page on the web can have its own name lead here, but then
    /// the request carries that name.
    fn names_this_machine(&self, port: u16) -> bool {
        let Some(host) = self.host else { return false };
        [format!("127.0.0.1:{port}"), format!("localhost:{port}")].iter().any(|own| own.eq_ignore_ascii_case(host))
    }
}

fn head_of(stream: &mut TcpStream, status: &str, kind: &str, length: u64, more: &str) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n{more}\r\n"
    )
}

fn say(stream: &mut TcpStream, status: &str, text: &str, body: bool) -> io::Result<()> {
    let text = format!("{text}\n");
    let more = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
    head_of(stream, status, "text/plain; charset=utf-8", text.len() as u64, more)?;
    if body { stream.write_all(text.as_bytes()) } else { Ok(()) }
}

fn file(stream: &mut TcpStream, path: &Path, body: bool) -> io::Result<()> {
    let Ok(mut file) = File::open(path) else {
        return say(stream, "404 Not Found", "the file cannot be read", body);
    };
    let length = file.metadata()?.len();
    head_of(stream, "200 OK", kind(path), length, "")?;
    if body {
        // As long as was said, even if the file grows meanwhile.
        io::copy(&mut Read::by_ref(&mut file).take(length), stream)?;
    }
    Ok(())
}

/// What a browser should make of a file; what it cannot show it saves.
fn kind(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "html" => "text/html; charset=utf-8",
        "json" => "application/json; charset=utf-8",
        "csv" | "toml" | "txt" => "text/plain; charset=utf-8",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "tif" | "tiff" => "image/tiff",
        "vti" | "vtp" | "graphml" | "xml" => "application/xml",
        _ => "application/octet-stream",
    }
}

fn listing(path: &str, names: &[String]) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let rows: String = names
        .iter()
        .map(|name| {
            format!(
                "<li><a href=\"{}{}\">{}</a></li>",
                encoded(path.trim_end_matches('/')) + "/",
                encoded(name),
                escape(name)
            )
        })
        .collect();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>files</title>\
         <style>:root{{color-scheme:light dark}}body{{font:16px/1.6 system-ui,sans-serif;margin:2em}}</style>\
         <p><a href=\"/\">report</a></p><ul>{rows}</ul></html>"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_and_broken_ones_are_not() {
        let head = "GET /figures/a%20b.png?x=1#y HTTP/1.1\r\nUser-Agent: a\r\nHOST:  localhost:8000 \r\n\r\n";
        let request = Request::parse(head).unwrap();
        assert_eq!((request.method, request.path), ("GET", "/figures/a%20b.png"));
        assert!(request.names_this_machine(8000));
        assert!(!request.names_this_machine(8001));
        for head in ["", "GET", "GET /", "GET / HTTP/2", "GET http://a/ HTTP/1.1", "GET / HTTP/1.1 more", "\r\n\r\n"] {
            assert!(Request::parse(head).is_none(), "{head}");
        }
    }

    #[test]
    fn other_names_for_this_machine_are_refused() {
        for host in ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:800", "127.0.0.1:80.evil.example", ""] {
            let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            assert!(!Request::parse(&head).unwrap().names_this_machine(80), "{host}");
        }
        assert!(!Request::parse("GET / HTTP/1.0\r\n\r\n").unwrap().names_this_machine(80));
    }
}
