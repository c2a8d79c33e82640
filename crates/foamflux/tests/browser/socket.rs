//! As much of a WebSocket (RFC 6455) as a client on this machine needs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A browser that says nothing for this long has died; pages take under a second.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Socket(TcpStream);

impl Socket {
    /// Opens `ws://127.0.0.1:port/path`.
    pub(crate) fn open(port: u16, path: &str) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the browser listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket has a timeout");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: Zm9hbWZsdXggdGVzdHMgLg==\r\n\r\n"
        )
        .expect("the browser reads");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the browser answers");
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head);
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        Socket(stream)
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.frame(0x1, text.as_bytes());
    }

    /// A client's frames are masked; a mask of zeros leaves them as they are.
    fn frame(&mut self, kind: u8, payload: &[u8]) {
        let mut frame = vec![0x80 | kind];
        match payload.len() {
            n @ ..=125 => frame.push(0x80 | n as u8),
            n @ 126..=65_535 => {
                frame.push(0x80 | 126);
                frame.extend((n as u16).to_be_bytes());
            }
            n => {
                frame.push(0x80 | 127);
                frame.extend((n as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        self.0.write_all(&frame).expect("the browser reads");
    }

    /// The next text.
    pub(crate) fn receive(&mut self) -> String {
        let mut text = Vec::new();
        loop {
            let [first, second] = self.bytes::<2>();
            let length = match second & 0x7f {
                126 => u64::from(u16::from_be_bytes(self.bytes())),
                127 => u64::from_be_bytes(self.bytes()),
                n => u64::from(n),
            };
            let mut payload = vec![0; length as usize];
            self.0.read_exact(&mut payload).expect("the browser goes on");
            match first & 0x0f {
                0x8 => panic!("the browser closed the page"),
                0x9 => self.frame(0xa, &payload),
                0xa => {}
                _ => {
                    text.extend(payload);
                    if first & 0x80 != 0 {
                        return String::from_utf8(text).expect("text is UTF-8");
                    }
                }
            }
        }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes).expect("the browser goes on");
        bytes
    }
}
