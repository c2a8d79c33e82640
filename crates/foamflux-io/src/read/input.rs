//! What kind of input it is, and what it holds.

use std::path::Path;

use rayon::prelude::*;

use super::error::{Fault, ReadError};
use super::folder::{self, Contents, Found};
use super::options::{RawLayout, ReadOptions};
use super::origin::{Archive, Item, Origin};
use super::report::{Gap, IgnoredFile};
use super::slice::{Header, Pixels, Slice};
use super::stream::Stream;
use super::{microscope, npy, nrrd, png, raw, tiff_ifd, tiff_stack};

/// An input that was recognised.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) kind: String,
    pub(super) files: Vec<String>,
    pub(super) access: Access,
    pub(super) ignored: Vec<IgnoredFile>,
    pub(super) gaps: Vec<Gap>,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// Bytes that an unpacked archive member occupies until the read is over.
    pub(super) held_bytes: u64,
}

/// How the slices are reached.
#[derive(Debug)]
pub(super) enum Access {
    /// One by one, in any order.
    Slices(Vec<Slice>),
    /// As one run of samples.
    Stream(Stream),
}

/// Recognises `path` and reads headers.
pub(super) fn open(path: &Path, options: &ReadOptions) -> Result<Input, ReadError> {
    let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    let meta = std::fs::metadata(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => ReadError::Missing { path: path.to_path_buf() },
        _ => ReadError::Io { file: name.clone(), source },
    })?;
    let layout = options.raw.as_ref();
    if meta.is_dir() {
        let mut ignored = Vec::new();
        // Many folders are called "slices": messages name the whole path.
        let folder = path.display().to_string();
        let items = folder::list(path, &folder, &mut ignored)?;
        return contents(folder::choose(&folder, items, ignored)?, "folder", options);
    }
    let item = Item { name: name.clone(), len: meta.len(), origin: Origin::Path(path.to_path_buf()) };
    let head = item.head(16).map_err(|source| ReadError::Io { file: name.clone(), source })?;
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        let items = Archive::open(path, &name)?;
        return contents(folder::choose(&name, items, Vec::new())?, "zip", options);
    }
    one(item, &head, layout, options.max_memory)
}

fn contents(contents: Contents, place: &str, options: &ReadOptions) -> Result<Input, ReadError> {
    match contents {
        Contents::Slices(found) => slices(found, place, options),
        Contents::One(item, ignored) => {
            let failed = |source| ReadError::Io { file: item.name.clone(), source };
            let head = item.head(16).map_err(failed)?;
            let mut input = one(item, &head, options.raw.as_ref(), options.max_memory)?;
            input.kind = format!("{} in a {place}", input.kind);
            input.ignored = ignored;
            Ok(input)
        }
    }
}

/// A file that is the whole stack.
fn one(item: Item, head: &[u8], layout: Option<&RawLayout>, limit: Option<u64>) -> Result<Input, ReadError> {
    let unwanted = |kind: &str| match layout {
        Some(_) => Err(ReadError::LayoutUnwanted { file: item.name.clone(), kind: kind.to_owned() }),
        None => Ok(()),
    };
    let extension = folder::extension(&item.name);
    if tiff_ifd::is_tiff(head) || (layout.is_none() && ["tif", "tiff", "btf", "tf8"].contains(&extension.as_str())) {
        unwanted("TIFF file")?;
        return tiff(item, limit);
    }
    if png::is_png(head) || (layout.is_none() && extension == "png") {
        unwanted("PNG file")?;
        let mut input = empty(vec![item.name.clone()], "single PNG image".to_owned());
        input.access = Access::Slices(vec![file_slice(&item).0]);
        return Ok(input);
    }
    let stream = if npy::is_npy(head) {
        unwanted("NumPy file")?;
        npy::open(item)?
    } else if nrrd::is_nrrd(head) {
        unwanted("NRRD file")?;
        nrrd::open(item)?
    } else if let Some(layout) = layout {
        raw::open(item, layout)?
    } else {
        return Err(unknown(item, head, &extension));
    };
    let mut input = empty(vec![stream.item.name.clone()], stream.kind.to_owned());
    input.notes.clone_from(&stream.notes);
    input.access = Access::Stream(stream);
    Ok(input)
}

fn unknown(item: Item, head: &[u8], extension: &str) -> ReadError {
    if item.len == 0 {
        return Fault::new("is empty (0 bytes)").of_file(&item.name);
    }
    if ["npy", "nrrd", "nhdr", "zip"].contains(&extension) {
        let found = format!("is no .{extension} file: it begins with {}", tiff_ifd::describe_start(head));
        return ReadError::Format { file: item.name, reason: found };
    }
    if ["raw", "bin", "vol", "dat"].contains(&extension) {
        return ReadError::LayoutMissing { file: item.name, bytes: item.len };
    }
    let hint = match extension {
        "jpg" | "jpeg" | "bmp" | "gif" => "; open it in Fiji and save it as TIFF",
        "h5" | "hdf5" | "nc" | "mrc" | "dcm" | "nii" | "txm" | "am" => "; open the volume in Fiji and save it as TIFF",
        _ => "; for a headerless volume give --shape z,y,x and --dtype",
    };
    let found = format!("begins with {}", tiff_ifd::describe_start(head));
    ReadError::UnknownFormat { file: item.name, found, hint: hint.to_owned() }
}

fn empty(files: Vec<String>, kind: String) -> Input {
    Input {
        kind,
        files,
        access: Access::Slices(Vec::new()),
        ignored: Vec::new(),
        gaps: Vec::new(),
        notes: Vec::new(),
        warnings: Vec::new(),
        held_bytes: 0,
    }
}

fn tiff(item: Item, limit: Option<u64>) -> Result<Input, ReadError> {
    if let Some(limit) = limit.filter(|&limit| item.memory() > limit) {
        return Err(ReadError::Unpack { needed: item.memory(), file: item.name, limit });
    }
    let source = item.source().map_err(|source| match source.kind() {
        std::io::ErrorKind::OutOfMemory => ReadError::Allocation { bytes: item.memory(), what: "an archive member" },
        _ => ReadError::Io { file: item.name.clone(), source },
    })?;
    let mut pages = tiff_stack::open(&item, &source)?;
    if let Some(Ok(first)) = pages.slices.first().map(|s| &s.header)
        && first.microscope.is_none()
        && let Some(sidecar) = microscope::of_sidecar(&item, first.height)
    {
        for slice in &mut pages.slices {
            slice.header = slice.header.clone().map(|h| h.with_microscope(Some(sidecar.clone())));
        }
    }
    let mut input = empty(vec![item.name.clone()], pages.kind);
    input.notes = pages.notes;
    input.warnings = pages.warnings;
    input.held_bytes = item.memory();
    input.access = Access::Slices(pages.slices);
    Ok(input)
}

/// A file that is one slice, and whether it holds more than one.
fn file_slice(item: &Item) -> (Slice, bool) {
    let read = |item: &Item| {
        let source = item.source().map_err(|e| Fault::io("the file", &e))?;
        let head = source.head(8).map_err(|e| Fault::io("the header", &e))?;
        if head.is_empty() {
            return Err(Fault::new("is empty (0 bytes)"));
        }
        if png::is_png(&head) {
            return png::header(&source).map(|h| (Ok(h), false));
        }
        if !tiff_ifd::is_tiff(&head) {
            let start = tiff_ifd::describe_start(&head);
            return Err(Fault::new(format!("is neither a TIFF nor a PNG file: it begins with {start}")));
        }
        Ok(tiff_stack::single(&source))
    };
    let (header, several): (Result<Header, Fault>, bool) = read(item).unwrap_or_else(|fault| (Err(fault), false));
    let header = header.map(|mut h| {
        h.working_bytes = h.working_bytes.saturating_add(item.memory());
        let sidecar = h.microscope.is_none().then(|| microscope::of_sidecar(item, h.height)).flatten();
        h.with_microscope(sidecar)
    });
    (Slice { name: item.name.clone(), header, pixels: Pixels::File(item.clone()) }, several)
}

fn slices(found: Found, place: &str, options: &ReadOptions) -> Result<Input, ReadError> {
    if options.raw.is_some() {
        let kind = format!("{place} of TIFF or PNG slices");
        let file = found.slices.first().map(|s| s.name.clone()).unwrap_or_default();
        return Err(ReadError::LayoutUnwanted { file, kind });
    }
    let read: Vec<(Slice, bool)> = found.slices.par_iter().map(file_slice).collect();
    let several: Vec<&str> = read.iter().filter(|(_, several)| *several).map(|(s, _)| s.name.as_str()).collect();
    if !several.is_empty() {
        return Err(ReadError::MultiPageSlices { input: place.to_owned(), files: several.join(", ") });
    }
    let files: Vec<String> = found.slices.iter().map(|i| i.name.clone()).collect();
    let pngs = files.iter().filter(|f| folder::extension(f) == "png").count();
    let format = match pngs {
        0 => "TIFF",
        n if n == files.len() => "PNG",
        _ => "TIFF and PNG",
    };
    let mut input = empty(files, format!("{place} of {format} slices"));
    input.access = Access::Slices(read.into_iter().map(|(slice, _)| slice).collect());
    input.ignored = found.ignored;
    input.gaps = found.gaps;
    input.notes = found.notes;
    input.warnings = found.warnings;
    Ok(input)
}
