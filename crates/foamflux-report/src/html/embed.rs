//! Images as data URIs.

use super::ReportError;

/// The image as a data URI.
pub(crate) fn data_uri(path: &str, bytes: &[u8]) -> Result<String, ReportError> {
    let mime = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        "image/png"
    } else if is_svg(bytes) {
        "image/svg+xml"
    } else {
        return Err(ReportError::UnknownImage { path: path.to_owned(), bytes: bytes.len() });
    };
    Ok(format!("data:{mime};base64,{}", base64(bytes)))
}

fn is_svg(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(1024)];
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with("<svg") || (text.starts_with("<?xml") && text.contains("<svg"))
}

/// Base64 of RFC 4648 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |k: usize| u32::from(chunk.get(k).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for k in 0..4 {
            if k <= chunk.len() {
                out.push(char::from(ALPHABET[(bits >> (18 - 6 * k) & 63) as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[255, 239, 190]), "/+++");
    }

    #[test]
    fn images_are_told_by_their_content() {
        assert!(data_uri("a", b"\x89PNG\r\n\x1a\n").unwrap().starts_with("data:image/png;base64,"));
        assert!(data_uri("a", b"<?xml version=\"1.0\"?>\n<svg/>").unwrap().starts_with("data:image/svg+xml"));
        assert!(data_uri("a", b"GIF89a").is_err());
        assert!(data_uri("a", b"").is_err());
    }
}
