//! What a header tells about one slice, whatever the format.

use super::error::Fault;
use super::metadata::Stated;
use super::microscope::Microscope;
use super::options::ByteOrder;
use super::origin::Item;
use super::png;
use super::sample::{Plane, Scalar};
use super::source::Source;
use super::tiff_page::Page;

/// A slice that can be decoded by itself.
#[derive(Debug, Clone)]
pub(super) struct Slice {
    /// File, and page where it has several.
    pub(super) name: String,
    /// Header, or what is wrong with it.
    pub(super) header: Result<Header, Fault>,
    /// Where its pixels are.
    pub(super) pixels: Pixels,
}

/// Where the pixels of a slice are.
#[derive(Debug, Clone)]
pub(super) enum Pixels {
    /// A file of its own.
    File(Item),
    /// A page of an open file.
    Page(Source, Box<PageAt>),
    /// Nowhere: the header is damaged.
    None,
}

/// How to find a page again. Strip tables are read when needed, so that a plan of many pages stays small.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageAt {
    /// Layout of the file.
    pub(super) file: super::tiff_ifd::TiffHeader,
    /// Where the directory lies.
    pub(super) directory: u64,
    /// Index among slices that follow one another without directories, if the page is such a stack.
    pub(super) contiguous: Option<u64>,
}

/// What a header tells about a slice.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    /// Columns.
    pub(super) width: usize,
    /// Rows.
    pub(super) height: usize,
    /// Type after reading; decides what may be mixed.
    pub(super) scalar: Scalar,
    /// Type as stored, for the report.
    pub(super) stored: String,
    /// Byte order of the samples.
    pub(super) order: Option<ByteOrder>,
    /// Compression, for the report.
    pub(super) compression: &'static str,
    /// Conversions that the report mentions.
    pub(super) notes: Vec<&'static str>,
    /// Bytes of memory that decoding takes besides the result.
    pub(super) working_bytes: u64,
    /// Voxel sizes that the slice states.
    pub(super) stated: Vec<Stated>,
    /// What an electron microscope says about it.
    pub(super) microscope: Option<Microscope>,
}

impl Header {
    /// Adds what a microscope says.
    pub(super) fn with_microscope(mut self, microscope: Option<Microscope>) -> Self {
        if let Some(microscope) = microscope.filter(|_| self.microscope.is_none()) {
            self.stated.extend(microscope.stated(self.width));
            self.microscope = Some(microscope);
        }
        self
    }

    /// Size and type, for people.
    pub(super) fn describe(&self) -> String {
        format!("{}x{} {}", self.width, self.height, self.scalar.target())
    }
}

impl Slice {
    /// Decodes the slice.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn decode(&self) -> Result<Plane, Fault> {
        let header = self.header.as_ref().map_err(Clone::clone)?;
        let plane = match &self.pixels {
            Pixels::None => return Err(Fault::new("its header is damaged")),
            Pixels::Page(source, at) => at.page(source)?.decode(source)?,
            Pixels::File(item) => {
                let source = item.source().map_err(|e| Fault::io("the file", &e))?;
                let head = source.head(8).map_err(|e| Fault::io("the header", &e))?;
                if png::is_png(&head) {
                    png::decode(&source)?
                } else {
                    let file = super::tiff_ifd::read_header(&source)?;
                    PageAt { file, directory: file.first, contiguous: None }.page(&source)?.decode(&source)?
                }
            }
        };
        let len = super::sample::plane_len(&plane);
        if len != header.width * header.height {
            return Err(Fault::new(format!("holds {len} pixels where its header promised {}", header.describe())));
        }
        Ok(plane)
    }
}

impl PageAt {
    /// Reads the page's directory again.
    fn page(&self, source: &Source) -> Result<Page, Fault> {
        let (page, _) = Page::read(source, self.file, self.directory)?;
        Ok(match self.contiguous {
            None => page,
            Some(index) => page.contiguous(index),
        })
    }
}
