//! `foamflux view`: the folder and nothing else, to this machine and to nobody else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::foamflux;

/// A folder as a run leaves it, and a file beside it that is nobody's business.
fn results(place: &tempfile::TempDir) -> PathBuf {
    let out = place.path().join("out of 5 \u{b5}m");
    fs::create_dir_all(out.join("figures")).unwrap();
    fs::write(place.path().join("secret.txt"), "secret").unwrap();
    fs::write(out.join("report.html"), "<p>report</p>").unwrap();
    fs::write(out.join("fields.vti"), vec![7u8; 3 << 20]).unwrap();
    fs::write(out.join("figures/a b.png"), "png").unwrap();
    out
}

/// A server that ends with the test.
struct Server {
    process: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve(folder: &Path) -> Server {
    let mut process = Command::new(env!("CARGO_BIN_EXE_foamflux"))
        .args(["view", "--no-browser", "-q"])
        .arg(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim().strip_prefix("http://127.0.0.1:").and_then(|rest| rest.strip_suffix('/'));
    let port = port.and_then(|port| port.parse().ok());
    Server { process, port: port.unwrap_or_else(|| panic!("no address in {line:?}")) }
}

impl Server {
    fn raw(&self, request: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head") + 4;
        let body = answer.split_off(end);
        (String::from_utf8(answer).unwrap(), body)
    }

    fn ask(&self, method: &str, path: &str) -> (String, Vec<u8>) {
        self.raw(&format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", self.port))
    }
}

fn status(head: &str) -> &str {
    head.split(' ').nth(1).unwrap()
}

#[test]
fn files_of_the_folder_are_served_whole_with_their_kind() {
    let place = common::folder();
    let server = serve(&results(&place));
    let (head, _) = server.ask("GET", "/");
    assert!(status(&head) == "302" && head.contains("Location: /report.html\r\n"), "{head}");
    let (head, body) = server.ask("GET", "/report.html");
    assert!(status(&head) == "200" && head.contains("text/html"), "{head}");
    assert_eq!(body, b"<p>report</p>");
    let (head, body) = server.ask("GET", "/fields.vti?from=page");
    assert!(head.contains(&format!("Content-Length: {}\r\n", 3 << 20)) && head.contains("nosniff"), "{head}");
    assert!(body.len() == 3 << 20 && body.iter().all(|b| *b == 7));
    let (head, body) = server.ask("GET", "/figures/a%20b.png");
    assert!(head.contains("image/png"), "{head}");
    assert_eq!(body, b"png");
    let (head, body) = server.ask("HEAD", "/fields.vti");
    assert!(status(&head) == "200" && body.is_empty() && head.contains("Content-Length: 3145728\r\n"), "{head}");
    let (_, body) = server.ask("GET", "/figures/");
    assert!(String::from_utf8(body).unwrap().contains("<a href=\"/figures/a%20b.png\">a b.png</a>"));
    assert_eq!(status(&server.ask("GET", "/nothing").0), "404");
}

#[test]
fn nothing_outside_of_the_folder_can_be_read() {
    let place = common::folder();
    let server = serve(&results(&place));
    for path in ["/../secret.txt", "/%2e%2e/secret.txt", "/figures/..%2f..%2fsecret.txt", "/..%5csecret.txt"] {
        let (head, body) = server.ask("GET", path);
        assert_eq!(status(&head), "403", "{path}: {head}");
        assert!(!body.windows(6).any(|w| w == b"secret"), "{path}");
    }
    let absolute = place.path().join("secret.txt");
    let (head, _) = server.ask("GET", &format!("/{}", absolute.display()));
    assert_eq!(status(&head), "404");
}

#[test]
fn other_methods_other_hosts_and_nonsense_are_refused() {
    let place = common::folder();
    let server = serve(&results(&place));
    let port = server.port;
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let (head, _) = server.ask(method, "/report.html");
        assert!(status(&head) == "405" && head.contains("Allow: GET, HEAD"), "{head}");
    }
    for host in ["evil.example", &format!("evil.example:{port}"), "127.0.0.1"] {
        let (head, _) = server.raw(&format!("GET /report.html HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(status(&head), "403", "{host}");
    }
    assert_eq!(status(&server.raw("hello\r\n\r\n").0), "400");
    let long = format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\nX: {}\r\n\r\n", "x".repeat(20 << 10));
    // The answer may be lost where the server closes before all was sent; what counts is that it goes on.
    if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
        let _ = stream.write_all(long.as_bytes());
    }
    let (head, _) = server.raw(&format!("GET /report.html HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"));
    assert_eq!(status(&head), "200");
}

#[test]
fn many_connections_that_say_nothing_do_not_stop_the_others_for_good() {
    let place = common::folder();
    let server = serve(&results(&place));
    let idle: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(("127.0.0.1", server.port)).unwrap()).collect();
    assert_eq!(status(&server.ask("GET", "/report.html").0), "200");
    drop(idle);
}

#[test]
fn it_listens_on_this_machine_only() {
    let place = common::folder();
    let server = serve(&results(&place));
    // Another address of the loopback network is another interface to a socket bound to 127.0.0.1.
    if cfg!(target_os = "linux") {
        assert!(TcpStream::connect(("127.0.0.2", server.port)).is_err());
    }
}

#[test]
fn a_port_in_use_and_folders_that_are_none_are_clear_errors() {
    let place = common::folder();
    let out = results(&place);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let args = |folder: &Path| vec!["view".to_owned(), folder.display().to_string(), "--no-browser".to_owned()];
    let mut with_port = args(&out);
    with_port.extend(["--port".to_owned(), port.clone()]);
    foamflux(&with_port).fails(2, &["--port", &port, "in use"]);
    foamflux(&args(&out.join("figures"))).fails(3, &["figures", "report.html", "foamflux run"]);
    foamflux(&args(&place.path().join("none"))).fails(3, &["none", "no such folder"]);
    foamflux(&args(&place.path().join("secret.txt"))).fails(3, &["secret.txt", "no folder"]);
    foamflux(&["view"]).fails(2, &["<OUT>"]);
    foamflux(&["view", "x", "--port", "70000"]).fails(2, &["--port"]);
}

#[test]
fn a_dry_run_serves_nothing() {
    let place = common::folder();
    let out = results(&place);
    let call = foamflux(&["view", &out.display().to_string(), "--dry-run"]);
    assert_eq!(call.status, 0, "{}", call.stderr);
    assert!(call.stderr.contains("would serve"), "{}", call.stderr);
}
