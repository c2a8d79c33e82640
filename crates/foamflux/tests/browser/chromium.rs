//! A browser without a window, and pages in it, by the DevTools protocol.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::socket::Socket;

/// A browser that takes longer to start has failed; two seconds are usual, more on a busy machine.
const START: Duration = Duration::from_secs(60);
/// A page that takes longer to do what was asked has failed; a software driver draws a frame in tens of milliseconds.
const WAIT: Duration = Duration::from_secs(30);

/// Chromium in PATH, under any of its names.
pub(crate) fn program() -> Option<PathBuf> {
    #[allow(clippy::disallowed_methods, reason = "a test harness is an application")]
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    // Some systems have a program of that name that only says where to get a browser.
    let works = |p: &PathBuf| {
        let version = Command::new(p).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        p.is_file() && version.is_ok_and(|status| status.success())
    };
    std::env::split_paths(&path).flat_map(|p| names.map(|n| p.join(n))).find(works)
}

pub(crate) struct Browser {
    process: Child,
    profile: tempfile::TempDir,
    port: u16,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Browser {
    pub(crate) fn start(more: &[&str]) -> Self {
        let profile = super::common::folder();
        let process = Command::new(program().expect("a browser"))
            .args([
                "--headless=new",
                "--no-sandbox",
                "--remote-debugging-port=0",
                "--no-first-run",
                "--disable-extensions",
            ])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"])
            // WebGL on the processor: the tests need no graphics card.
            .args(["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--hide-scrollbars"])
            .args(more)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        let mut browser = Browser { process, profile, port: 0 };
        let (file, began) = (browser.profile.path().join("DevToolsActivePort"), Instant::now());
        while browser.port == 0 {
            assert!(began.elapsed() < START, "the browser did not say its port within {START:?}");
            sleep(Duration::from_millis(50));
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            browser.port = text.lines().next().and_then(|line| line.parse().ok()).unwrap_or(0);
        }
        browser
    }

    /// An empty page of a size, in the light or the dark.
    pub(crate) fn page(&self, [width, height]: [u32; 2], dark: bool) -> Page {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the browser listens");
        write!(stream, "PUT /json/new?about:blank HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", self.port).expect("written");
        // The browser keeps the connection: one object is the end of the answer.
        let mut answer = Vec::new();
        while answer.last() != Some(&b'}') {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the browser answers");
            answer.push(byte[0]);
        }
        let start = answer.iter().position(|b| *b == b'{').expect("an object");
        let tab: Value = serde_json::from_slice(&answer[start..]).expect("JSON");
        let url = tab["webSocketDebuggerUrl"].as_str().expect("a page has a socket");
        let path = &url[url.find("/devtools").expect("a path")..];
        let mut page = Page { socket: Socket::open(self.port, path), next: 0, events: Vec::new() };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        page.call("Emulation.setDeviceMetricsOverride", size);
        page.media("screen", dark);
        page
    }
}

pub(crate) struct Page {
    socket: Socket,
    next: u64,
    events: Vec<Value>,
}

impl Page {
    /// Calls a method and waits for its result; what happens meanwhile is kept.
    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        self.socket.send(&json!({"id": self.next, "method": method, "params": parameters}).to_string());
        loop {
            let message: Value = serde_json::from_str(&self.socket.receive()).expect("the browser speaks JSON");
            if message["id"] == json!(self.next) {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    pub(crate) fn media(&mut self, media: &str, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", json!({"media": media, "features": features}));
    }

    /// Opens an address and waits until all of it is there.
    pub(crate) fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": url }));
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    pub(crate) fn open_file(&mut self, path: &Path) {
        self.open(&format!("file://{}", path.display()));
    }

    /// The value of an expression in the page.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let wish = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", wish);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    pub(crate) fn text(&mut self, expression: &str) -> String {
        let value = self.eval(expression);
        value.as_str().unwrap_or_else(|| panic!("{expression} is {value}, not text")).to_owned()
    }

    pub(crate) fn number(&mut self, expression: &str) -> f64 {
        let value = self.eval(expression);
        value.as_f64().unwrap_or_else(|| panic!("{expression} is {value}, not a number"))
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub(crate) fn until(&mut self, expression: &str) {
        let began = Instant::now();
        while self.eval(expression) != json!(true) {
            assert!(began.elapsed() < WAIT, "not within {WAIT:?}: {expression}; {:?}", self.troubles());
            sleep(Duration::from_millis(20));
        }
    }

    /// Two frames: whatever was asked for has been drawn.
    pub(crate) fn settle(&mut self) {
        self.eval("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
    }

    /// Left, top, width and height of an element that has been brought into view, relative to the window.
    pub(crate) fn place(&mut self, selector: &str) -> [f64; 4] {
        let element = format!("document.querySelector({})", json!(selector));
        let boxes = format!(
            "(e => {{ e.scrollIntoView({{block: 'center', behavior: 'instant'}}); const b = e.getBoundingClientRect(); \
             return [b.left, b.top, b.width, b.height]; }})({element})"
        );
        let value = self.eval(&boxes);
        [0, 1, 2, 3].map(|k| value[k].as_f64().unwrap_or_else(|| panic!("no place of {selector}")))
    }

    fn mouse(&mut self, kind: &str, [x, y]: [f64; 2], pressed: bool) {
        let (button, buttons) = if pressed { ("left", 1) } else { ("none", 0) };
        let buttons = if kind == "mouseReleased" { 0 } else { buttons };
        self.call(
            "Input.dispatchMouseEvent",
            json!({"type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": u8::from(pressed)}),
        );
    }

    /// Moves the pointer to a place in an element, given as shares of its width and height.
    pub(crate) fn hover(&mut self, selector: &str, share: [f64; 2]) {
        let [left, top, width, height] = self.place(selector);
        self.mouse("mouseMoved", [left + share[0] * width, top + share[1] * height], false);
        self.settle();
    }

    pub(crate) fn click(&mut self, selector: &str, share: [f64; 2]) {
        self.press(selector, share, None);
    }

    pub(crate) fn drag(&mut self, selector: &str, from: [f64; 2], to: [f64; 2]) {
        self.press(selector, from, Some(to));
    }

    fn press(&mut self, selector: &str, from: [f64; 2], to: Option<[f64; 2]>) {
        let [left, top, width, height] = self.place(selector);
        let at = |[u, v]: [f64; 2]| [left + u * width, top + v * height];
        self.mouse("mouseMoved", at(from), false);
        self.mouse("mousePressed", at(from), true);
        if let Some(to) = to {
            self.mouse("mouseMoved", at(to), true);
        }
        self.mouse("mouseReleased", at(to.unwrap_or(from)), true);
        self.settle();
    }

    pub(crate) fn wheel(&mut self, selector: &str, delta: f64) {
        let [left, top, width, height] = self.place(selector);
        let at = json!({"type": "mouseWheel", "x": left + width / 2.0, "y": top + height / 2.0, "deltaX": 0, "deltaY": delta});
        self.call("Input.dispatchMouseEvent", at);
        self.settle();
    }

    /// Presses a key by its name, in whatever has the focus.
    pub(crate) fn key(&mut self, key: &str) {
        for kind in ["rawKeyDown", "keyUp"] {
            self.call("Input.dispatchKeyEvent", json!({"type": kind, "key": key}));
        }
        self.settle();
    }

    /// What a canvas shows, as base64 of PNG.
    pub(crate) fn drawn(&mut self, selector: &str) -> String {
        self.settle();
        let url = self.text(&format!("document.querySelector({}).toDataURL()", json!(selector)));
        url.strip_prefix("data:image/png;base64,").expect("a picture").to_owned()
    }

    /// Pictures of the page from top to bottom, as base64 of PNG.
    pub(crate) fn pictures(&mut self) -> Vec<String> {
        // Beyond 8000, textures of the software driver repeat themselves; and what people look at should fit their screens.
        const TALLEST: f64 = 4000.0;
        self.settle();
        let [width, height] = ["Width", "Height"].map(|s| self.number(&format!("document.documentElement.scroll{s}")));
        let mut pictures = Vec::new();
        let mut y = 0.0;
        while y < height {
            let part = json!({"x": 0, "y": y, "width": width, "height": (height - y).min(TALLEST), "scale": 1});
            let wish = json!({"format": "png", "clip": part, "captureBeyondViewport": true});
            let picture = self.call("Page.captureScreenshot", wish)["data"].as_str().expect("a picture").to_owned();
            pictures.push(picture);
            y += TALLEST;
        }
        pictures
    }

    /// Whatever the browser complained about, and every request beyond the page itself.
    pub(crate) fn troubles(&self) -> Vec<String> {
        let trouble = |event: &Value| -> Option<String> {
            let p = &event["params"];
            match event["method"].as_str()? {
                "Runtime.exceptionThrown" => Some(p["exceptionDetails"].to_string()),
                "Runtime.consoleAPICalled" if p["type"] == "error" || p["type"] == "warning" => {
                    Some(p["args"].to_string())
                }
                "Log.entryAdded" if p["entry"]["level"] == "error" || p["entry"]["level"] == "warning" => {
                    Some(p["entry"].to_string())
                }
                "Network.requestWillBeSent" => {
                    let url = p["request"]["url"].as_str()?;
                    let inside = url.starts_with("data:") || p["type"] == "Document";
                    (!inside).then(|| format!("request of {url}"))
                }
                _ => None,
            }
        };
        self.events.iter().filter_map(trouble).collect()
    }
}
