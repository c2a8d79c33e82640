//! The slices of one TIFF file: pages, and stacks without a directory per slice.
//!
//! ImageJ writes stacks beyond 4 GB (and hyperstacks) with a single directory; the other slices follow the pixels of
//! the first one, and only the description (`images=N`) says how many. tifffile does the same with a JSON shape.
//! Source: `ij.io.TiffEncoder` and `TiffDecoder` of ImageJ 1, tifffile's documentation.
//!
//! Channels and times: a stack with one dimension besides x and y is read along it, whatever its name
//! (many programs store slices as frames). With several, z is read at the first channel and time, with a warning.

use super::error::{Fault, ReadError};
use super::metadata::{ImageJ, attribute, of_tiff, tifffile_shape};
use super::microscope;
use super::origin::Item;
use super::sample::Scalar;
use super::slice::{Header, PageAt, Pixels, Slice};
use super::source::Source;
use super::tiff_decode::stored_name;
use super::tiff_ifd::{Directory, TiffHeader, read_header};
use super::tiff_page::{DESCRIPTION, Page};

const SUBFILE_TYPE: u16 = 254;

/// The slices of a file and what was seen on the way.
#[derive(Debug)]
pub(super) struct Pages {
    pub(super) slices: Vec<Slice>,
    pub(super) kind: String,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// The header of a page.
fn page_header(source: &Source, page: &Page, tags: &Directory) -> Result<Header, Fault> {
    page.check_extent(source)?;
    let mut notes = page.colour.notes().to_vec();
    if page.white_is_zero {
        notes.push(match page.scalar {
            Scalar::U8 | Scalar::U16 | Scalar::U32 => "MINISWHITE inverted: 0 was white",
            _ => "MINISWHITE ignored: signed and floating-point samples have no white",
        });
    }
    let scalar = if matches!(page.colour, super::colour::Colour::Palette(_)) { Scalar::U8 } else { page.scalar };
    Ok(Header {
        width: page.width,
        height: page.height,
        scalar,
        stored: stored_name(page),
        order: (page.scalar.bytes() > 1).then_some(page.header.order),
        compression: page.codec.name(),
        notes,
        working_bytes: page.plane_bytes().saturating_mul(3),
        stated: of_tiff(tags),
        microscope: None,
    }
    .with_microscope(microscope::of_tiff(tags, page.height)))
}

/// The first page of a file that should hold one slice, and whether it holds more.
pub(super) fn single(source: &Source) -> (Result<Header, Fault>, bool) {
    let header = match read_header(source) {
        Ok(header) => header,
        Err(fault) => return (Err(fault), false),
    };
    let (chain, fault) = header.chain(source);
    let Some(&first) = chain.first() else {
        return (Err(fault.unwrap_or_else(|| Fault::new("holds no image"))), false);
    };
    let (page, tags) = match Page::read(source, header, first) {
        Ok(read) => read,
        Err(fault) => return (Err(fault), false),
    };
    let full = chain[1..].iter().filter(|&&at| !is_reduced(source, header, at)).count();
    let several = full > 0 || run_of(source, &page, &tags, chain.len()).is_some();
    (page_header(source, &page, &tags), several)
}

fn is_reduced(source: &Source, header: TiffHeader, at: u64) -> bool {
    header.directory(source, at).is_ok_and(|t| t.first(SUBFILE_TYPE).is_some_and(|v| v & 1 == 1))
}

/// Number of slices that follow one another after a single directory, and who says so.
fn run_of(source: &Source, page: &Page, tags: &Directory, pages: usize) -> Option<(u64, &'static str)> {
    let description = tags.text(DESCRIPTION)?;
    if pages != 1 || !page.is_one_run(source) {
        return None;
    }
    if let Some(n) = ImageJ::parse(&description).and_then(|i| i.count("images")) {
        return (n > 1).then_some((n, "ImageJ contiguous stack"));
    }
    let shape = tifffile_shape(&description)?;
    let plane = (page.width as u64).checked_mul(page.height as u64)?.checked_mul(page.channels as u64)?;
    let all = shape.iter().try_fold(1u64, |n, &e| n.checked_mul(e))?;
    (plane > 0 && all % plane == 0 && all > plane).then(|| (all / plane, "tifffile contiguous stack"))
}

/// All slices of a TIFF file.
///
/// # Errors
/// When the file as a whole cannot be used; a damaged page is a slice with a fault.
pub(super) fn open(item: &Item, source: &Source) -> Result<Pages, ReadError> {
    let refuse = |fault: Fault| fault.of_file(&item.name);
    let header = read_header(source).map_err(refuse)?;
    let (chain, broken) = header.chain(source);
    let Some(&first) = chain.first() else {
        return Err(refuse(broken.unwrap_or_else(|| Fault::new("holds no image"))));
    };
    let big = if header.big { "BigTIFF" } else { "TIFF" };
    let mut pages = Pages { slices: Vec::new(), kind: String::new(), notes: Vec::new(), warnings: Vec::new() };
    let mut description = String::new();
    if let Ok((page, tags)) = Page::read(source, header, first) {
        description = tags.text(DESCRIPTION).unwrap_or_default();
        if let Some((count, kind)) = run_of(source, &page, &tags, chain.len()) {
            pages.kind = format!("{kind} ({big})");
            contiguous(item, source, (&page, &tags), count, &mut pages.slices).map_err(refuse)?;
        }
    }
    if pages.slices.is_empty() {
        directories(item, source, header, &chain, &mut pages);
        pages.kind = match (pages.slices.len(), description.contains("<OME")) {
            (1, _) => format!("single {big} image"),
            (_, true) => format!("multi-page OME-{big}"),
            (_, false) => format!("multi-page {big}"),
        };
    }
    if let Some(fault) = broken {
        let name = format!("{}, slice {} and all after it", item.name, pages.slices.len());
        pages.slices.push(Slice { name, header: Err(fault), pixels: Pixels::None });
    } else {
        choose_dimension(&description, &mut pages).map_err(refuse)?;
    }
    Ok(pages)
}

fn contiguous(
    item: &Item,
    source: &Source,
    (page, tags): (&Page, &Directory),
    count: u64,
    slices: &mut Vec<Slice>,
) -> Result<(), Fault> {
    let first = page.chunks.first().map_or(0, |c| c.0);
    let present = source.len().saturating_sub(first) / page.plane_bytes().max(1);
    // A few missing slices are a truncated file; a thousand times too few are a wrong description.
    if count / 1000 > present {
        return Err(Fault::new(format!("its description promises {count} slices, the file has room for {present}")));
    }
    for index in 0..count {
        let slice = page.clone().contiguous(index);
        let header = page_header(source, &slice, tags);
        let at = PageAt { file: page.header, directory: page.offset, contiguous: Some(index) };
        let name = format!("{}, slice {index}", item.name);
        slices.push(Slice { name, header, pixels: Pixels::Page(source.clone(), Box::new(at)) });
    }
    Ok(())
}

fn directories(item: &Item, source: &Source, file: TiffHeader, chain: &[u64], pages: &mut Pages) {
    let mut reduced = 0;
    for &directory in chain {
        if chain.len() > 1 && is_reduced(source, file, directory) {
            reduced += 1;
            continue;
        }
        let header = Page::read(source, file, directory).and_then(|(page, tags)| page_header(source, &page, &tags));
        let name =
            if chain.len() == 1 { item.name.clone() } else { format!("{}, slice {}", item.name, pages.slices.len()) };
        let at = PageAt { file, directory, contiguous: None };
        pages.slices.push(Slice { name, header, pixels: Pixels::Page(source.clone(), Box::new(at)) });
    }
    if reduced > 0 {
        pages.notes.push(format!("{reduced} thumbnail pages (reduced resolution) ignored"));
    }
}

/// Number of channels, slices and times, and the order in which they vary, fastest first.
fn dimensions(description: &str) -> Option<([u64; 3], String)> {
    if let Some(imagej) = ImageJ::parse(description) {
        let [c, z, t] = ["channels", "slices", "frames"].map(|k| imagej.count(k).unwrap_or(1));
        let z = if c == 1 && z == 1 && t == 1 { imagej.count("images").unwrap_or(1) } else { z };
        return Some(([c, z, t], "CZT".to_owned()));
    }
    if !description.contains("<OME") {
        return None;
    }
    let count = |name| attribute(description, "Pixels", name).and_then(|v| v.parse::<u64>().ok()).filter(|&n| n > 0);
    let order = attribute(description, "Pixels", "DimensionOrder").unwrap_or("XYCZT");
    let order: String = order.chars().filter(|c| "CZT".contains(*c)).collect();
    let order = if order.len() == 3 { order } else { "CZT".to_owned() };
    Some((["SizeC", "SizeZ", "SizeT"].map(|n| count(n).unwrap_or(1)), order))
}

/// Leaves the slices along z when the file also has channels and times.
fn choose_dimension(description: &str, pages: &mut Pages) -> Result<(), Fault> {
    let Some(([c, z, t], order)) = dimensions(description) else { return Ok(()) };
    let present = pages.slices.len() as u64;
    if c.checked_mul(z).and_then(|n| n.checked_mul(t)) != Some(present) {
        // An RGB page counts as three channels in OME-XML.
        if z.checked_mul(t) != Some(present) || c != 3 {
            pages.warnings.push(format!(
                "the description says {c} channels x {z} slices x {t} times, the file holds {present} images: all are read as slices"
            ));
        }
        return Ok(());
    }
    match (c > 1, z > 1, t > 1) {
        (true, false, false) => pages.notes.push(format!("{c} channels read as slices")),
        (false, false, true) => pages.notes.push(format!("{t} times read as slices")),
        (true, false, true) => {
            return Err(Fault::new(format!(
                "holds {c} channels x {t} times and no z: save the wanted channel as a stack of its own"
            )));
        }
        (_, true, _) if c > 1 || t > 1 => {
            let mut stride = [0usize; 3];
            let mut step = 1;
            for axis in order.chars() {
                let (i, n) = match axis {
                    'C' => (0, c),
                    'Z' => (1, z),
                    _ => (2, t),
                };
                stride[i] = step;
                step *= n as usize;
            }
            let mut index = 0;
            let (first, by, last) = (0, stride[1], stride[1] * z as usize);
            pages.slices.retain(|_| {
                let keep = (first..last).contains(&index) && index % by == 0;
                index += 1;
                keep
            });
            if c > 1 {
                pages.warnings.push(format!("only the first of {c} channels is read"));
            }
            if t > 1 {
                pages.warnings.push(format!("only the first of {t} time points is read"));
            }
        }
        _ => {}
    }
    Ok(())
}
