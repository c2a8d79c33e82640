//! What of a folder may be seen: its files, and nothing that lies outside, whatever path is asked for.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use foamflux_pipeline::PipelineError;

/// A folder of results.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    page: &'static str,
}

/// What lies at a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    File(PathBuf),
    /// Names in it, folders with a slash.
    Listing(Vec<String>),
    Nothing,
    /// It would lead out of the folder.
    Outside,
}

impl Folder {
    /// # Errors
    /// With exit status 3 where there is no such folder, or none with a page.
    pub(super) fn open(path: &Path) -> Result<Self, PipelineError> {
        let refuse = |message: String| PipelineError::Content { path: path.display().to_string(), message };
        let root = path.canonicalize().map_err(|e| {
            let hint = if e.kind() == io::ErrorKind::NotFound {
                "there is no such folder; name the one that 'foamflux run -o' wrote".to_owned()
            } else {
                format!("it cannot be opened: {e}")
            };
            refuse(hint)
        })?;
        if !root.is_dir() {
            return Err(refuse("it is no folder; name the folder that 'foamflux run -o' wrote".to_owned()));
        }
        match super::page_of(&root) {
            Some(page) => Ok(Folder { root, page }),
            None => Err(refuse(
                "it holds no report.html, compare.html, plate.html or gallery.html, so it is no finished folder of foamflux; \
                 'foamflux run INPUT -o OUT' writes one"
                    .to_owned(),
            )),
        }
    }

    /// What is amiss with the folder, for a warning: the page itself needs none of it.
    pub(super) fn complaints(&self) -> Vec<String> {
        let Some(name) =
            ["results.json", "compare.json", "plate.json"].into_iter().find(|n| self.root.join(n).is_file())
        else {
            return Vec::new();
        };
        let record = fs::read(self.root.join(name)).map(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes));
        let Ok(Ok(record)) = record else {
            return vec![format!("{name} in this folder cannot be read whole; the page was made before that happened")];
        };
        let listed = record["files"].as_object();
        let missing: Vec<&str> =
            listed.into_iter().flatten().map(|(n, _)| n.as_str()).filter(|n| !self.root.join(n).exists()).collect();
        match missing.as_slice() {
            [] => Vec::new(),
            names => vec![format!("{name} lists what is not here any more: {}", names.join(", "))],
        }
    }

    /// The page to begin with.
    pub(super) fn page(&self) -> &'static str {
        self.page
    }

    /// What lies at the path of a request, percent-encoded and beginning with a slash.
    pub(super) fn find(&self, path: &str) -> Found {
        let Some(path) = decoded(path) else { return Found::Outside };
        let mut place = self.root.clone();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            // Backslashes, colons and zeros mean something to some system.
            if part == ".." || part == "." || part.contains(['\\', ':', '\0']) {
                return Found::Outside;
            }
            place.push(part);
        }
        // Links are followed, but not out of the folder.
        let Ok(place) = place.canonicalize() else { return Found::Nothing };
        if !place.starts_with(&self.root) {
            return Found::Outside;
        }
        if place.is_file() {
            return Found::File(place);
        }
        match listing(&place) {
            Ok(names) => Found::Listing(names),
            Err(_) => Found::Nothing,
        }
    }
}

fn listing(place: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(place)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        names.push(if entry.path().is_dir() { format!("{name}/") } else { name });
    }
    names.sort();
    Ok(names)
}

/// Undoes percent-encoding; `None` where it is broken or no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |b: u8| char::from(b).to_digit(16);
            let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
            bytes.push((high << 4 | low) as u8);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// A name as part of an address.
pub(super) fn encoded(name: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    name.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("secret"), "s").unwrap();
        let root = place.path().join("out 5 \u{b5}m");
        fs::create_dir_all(root.join("figures")).unwrap();
        fs::write(root.join("report.html"), "<p>").unwrap();
        fs::write(root.join("figures/a b%.png"), "png").unwrap();
        let folder = Folder::open(&root).unwrap();
        (place, folder)
    }

    #[test]
    fn files_are_found_by_their_encoded_names() {
        let (_place, folder) = place();
        assert!(matches!(folder.find("/report.html"), Found::File(_)));
        assert!(matches!(folder.find(&format!("/{}", encoded("figures/a b%.png"))), Found::File(_)));
        assert_eq!(folder.find("/figures/"), Found::Listing(vec!["a b%.png".to_owned()]));
        assert_eq!(folder.find("/"), Found::Listing(vec!["figures/".to_owned(), "report.html".to_owned()]));
        assert_eq!(folder.find("/nothing"), Found::Nothing);
    }

    #[test]
    fn no_path_leads_out() {
        let (_place, folder) = place();
        for path in [
            "/../secret",
            "/figures/../../secret",
            "/%2e%2e/secret",
            "/..%2fsecret",
            "/figures/%2E%2E/%2e%2e/secret",
            "/..\\secret",
            "/%5c..%5csecret",
            "/C:/secret",
            "/a%00b",
            "/%zz",
            "/%2",
            "/%ff",
            "//../secret",
        ] {
            assert_eq!(folder.find(path), Found::Outside, "{path}");
        }
        // An absolute path is looked for inside.
        assert_eq!(folder.find("//etc/passwd"), Found::Nothing);
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_folder_are_not_followed() {
        let (place, folder) = place();
        let root = place.path().join("out 5 \u{b5}m");
        std::os::unix::fs::symlink(place.path().join("secret"), root.join("link")).unwrap();
        std::os::unix::fs::symlink(root.join("report.html"), root.join("inside")).unwrap();
        assert_eq!(folder.find("/link"), Found::Outside);
        assert!(matches!(folder.find("/inside"), Found::File(_)));
    }
}
