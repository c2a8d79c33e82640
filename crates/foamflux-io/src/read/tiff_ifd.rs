//! TIFF and BigTIFF directories.
//!
//! Source: TIFF Revision 6.0 (Adobe, 1992), section 2, and the BigTIFF design (16-byte header, 64-bit offsets, magic 43).
//! What we do differently: nothing is believed before it was compared with the length of the file,
//! and a chain of directories that returns to an earlier one is an error.

use std::collections::BTreeSet;

use super::error::Fault;
use super::options::ByteOrder;
use super::source::Source;

/// How a TIFF file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TiffHeader {
    /// Byte order of everything in the file.
    pub(super) order: ByteOrder,
    /// Whether offsets have 64 bits.
    pub(super) big: bool,
    /// Where the first directory lies.
    pub(super) first: u64,
}

/// The tags of one page. Values are kept as bytes and interpreted on demand.
#[derive(Debug)]
pub(super) struct Directory {
    order: ByteOrder,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    tag: u16,
    kind: u16,
    bytes: Vec<u8>,
}

/// Whether these are the first bytes of a TIFF file.
pub(super) fn is_tiff(head: &[u8]) -> bool {
    matches!(head.get(..4), Some(b"II\x2a\0" | b"MM\0\x2a" | b"II\x2b\0" | b"MM\0\x2b"))
}

/// Reads the header of a file.
pub(super) fn read_header(source: &Source) -> Result<TiffHeader, Fault> {
    if source.len() == 0 {
        return Err(Fault::new("is empty (0 bytes)"));
    }
    let head = source.head(16).map_err(|e| Fault::io("the header", &e))?;
    if !is_tiff(&head) {
        return Err(Fault::new(format!("is not a TIFF file: it begins with {}", describe_start(&head))));
    }
    let order = if head[0] == b'I' { ByteOrder::Little } else { ByteOrder::Big };
    let big = head[2] == 0x2b || head[3] == 0x2b;
    let need = if big { 16 } else { 8 };
    if head.len() < need {
        return Err(Fault::new(format!("truncated: a TIFF header has {need} bytes, this file {}", head.len())));
    }
    let first = if big { uint(&head[8..16], order) } else { uint(&head[4..8], order) };
    Ok(TiffHeader { order, big, first })
}

/// What the first bytes look like to a person.
pub(super) fn describe_start(head: &[u8]) -> String {
    let head = &head[..head.len().min(16)];
    match std::str::from_utf8(head) {
        Ok(text) if !text.is_empty() && text.chars().all(|c| !c.is_control() || c.is_whitespace()) => {
            format!("the text {text:?}")
        }
        _ => {
            let hex: Vec<String> = head.iter().take(8).map(|b| format!("{b:02x}")).collect();
            format!("the bytes {}", hex.join(" "))
        }
    }
}

/// Unsigned number of up to eight bytes.
pub(super) fn uint(bytes: &[u8], order: ByteOrder) -> u64 {
    let fold = |n: u64, &b: &u8| n << 8 | u64::from(b);
    match order {
        ByteOrder::Big => bytes.iter().fold(0, fold),
        ByteOrder::Little => bytes.iter().rev().fold(0, fold),
    }
}

impl TiffHeader {
    /// Offsets of all directories in file order, and what is wrong with the chain, if anything is.
    pub(super) fn chain(self, source: &Source) -> (Vec<u64>, Option<Fault>) {
        let mut offsets = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = self.first;
        if next == 0 {
            return (offsets, Some(Fault::new("holds no image (its first directory offset is 0)")));
        }
        while next != 0 {
            if !seen.insert(next) {
                let fault = format!("its directories form a cycle: after page {} comes an earlier one", offsets.len());
                return (offsets, Some(Fault::new(fault)));
            }
            match self.link(source, next) {
                Ok(following) => {
                    offsets.push(next);
                    next = following;
                }
                Err(fault) => return (offsets, Some(fault)),
            }
        }
        (offsets, None)
    }

    /// Number of entries of the directory at `offset`, and where they begin.
    fn count(self, source: &Source, offset: u64) -> Result<(u64, u64), Fault> {
        let width: u64 = if self.big { 8 } else { 2 };
        let bytes = source.bytes_at(offset, width).map_err(|_| {
            Fault::new(format!("truncated: a directory should lie at byte {offset} of {} bytes", source.len()))
        })?;
        Ok((uint(&bytes, self.order), offset + width))
    }

    /// Offset of the directory after the one at `offset`.
    fn link(self, source: &Source, offset: u64) -> Result<u64, Fault> {
        let (count, start) = self.count(source, offset)?;
        let (entry, width): (u64, u64) = if self.big { (20, 8) } else { (12, 4) };
        let at = count.checked_mul(entry).and_then(|n| n.checked_add(start)).unwrap_or(u64::MAX);
        let bytes = source
            .bytes_at(at, width)
            .map_err(|_| Fault::new(format!("truncated: the directory at byte {offset} is cut short")))?;
        Ok(uint(&bytes, self.order))
    }

    /// Reads the directory at `offset`.
    pub(super) fn directory(self, source: &Source, offset: u64) -> Result<Directory, Fault> {
        let (count, start) = self.count(source, offset)?;
        let size = if self.big { 20 } else { 12 };
        let len = count.saturating_mul(size as u64);
        let table = source
            .bytes_at(start, len)
            .map_err(|_| Fault::new(format!("truncated: the directory at byte {offset} is cut short")))?;
        let mut entries = Vec::new();
        // The sum of all values cannot exceed what the file holds unless entries overlap, which is no honest file.
        let mut budget = source.len().saturating_mul(2);
        for raw in table.chunks_exact(size) {
            let tag = uint(&raw[..2], self.order) as u16;
            let kind = uint(&raw[2..4], self.order) as u16;
            let (count, inline) = if self.big {
                (uint(&raw[4..12], self.order), &raw[12..20])
            } else {
                (uint(&raw[4..8], self.order), &raw[8..12])
            };
            let Some(width) = kind_bytes(kind) else { continue };
            let len = count.saturating_mul(width);
            let bytes = if len <= inline.len() as u64 {
                // Fits: at most eight.
                inline[..len as usize].to_vec()
            } else {
                let at = uint(inline, self.order);
                match source.bytes_at(at, len).ok().filter(|_| len <= budget) {
                    Some(bytes) => {
                        budget -= len;
                        bytes
                    }
                    // A lost comment is no reason to refuse pixels; a lost strip table is, when it is looked up.
                    None => continue,
                }
            };
            entries.push(Entry { tag, kind, bytes });
        }
        Ok(Directory { order: self.order, entries })
    }
}

/// Bytes per value of a TIFF field type.
const fn kind_bytes(kind: u16) -> Option<u64> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16 | 17 | 18 => Some(8),
        _ => None,
    }
}

impl Directory {
    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|e| e.tag == tag)
    }

    /// Whether the tag is there.
    pub(super) fn has(&self, tag: u16) -> bool {
        self.entry(tag).is_some()
    }

    /// All values of an unsigned tag.
    pub(super) fn uints(&self, tag: u16) -> Option<Vec<u64>> {
        let entry = self.entry(tag)?;
        let width = match entry.kind {
            1 | 7 => 1,
            3 => 2,
            4 | 13 => 4,
            16 | 18 => 8,
            _ => return None,
        };
        Some(entry.bytes.chunks_exact(width).map(|b| uint(b, self.order)).collect())
    }

    /// First value of an unsigned tag.
    pub(super) fn first(&self, tag: u16) -> Option<u64> {
        self.uints(tag)?.first().copied()
    }

    /// First value of a rational (or floating-point) tag.
    pub(super) fn rational(&self, tag: u16) -> Option<f64> {
        let entry = self.entry(tag)?;
        let value = match (entry.kind, entry.bytes.len()) {
            (5, 8..) => uint(&entry.bytes[..4], self.order) as f64 / uint(&entry.bytes[4..8], self.order) as f64,
            (11, 4..) => f64::from(f32::from_bits(uint(&entry.bytes[..4], self.order) as u32)),
            (12, 8..) => f64::from_bits(uint(&entry.bytes[..8], self.order)),
            _ => self.first(tag)? as f64,
        };
        value.is_finite().then_some(value)
    }

    /// Text of a tag. ImageJ on old systems wrote Latin-1, everything else writes UTF-8.
    pub(super) fn text(&self, tag: u16) -> Option<String> {
        let bytes = &self.entry(tag)?.bytes;
        let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
        Some(match std::str::from_utf8(&bytes[..end]) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes[..end].iter().map(|&b| char::from(b)).collect(),
        })
    }
}
