//! NumPy's `.npy`, versions 1 to 3.
//!
//! Source: NEP 1 and `numpy.lib.format` (magic, version, header length, a Python dict as text).

use foamflux_grid::Shape;

use super::error::{Fault, ReadError};
use super::options::ByteOrder;
use super::origin::Item;
use super::sample::Scalar;
use super::stream::Stream;

const MAGIC: &[u8] = b"\x93NUMPY";
/// The header of an array of numbers is about a hundred bytes.
const MAX_HEADER: usize = 1 << 16;

/// Whether these are the first bytes of a `.npy` file.
pub(super) fn is_npy(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// The stream of a `.npy` file.
pub(super) fn open(item: Item) -> Result<Stream, ReadError> {
    let name = item.name.clone();
    let head = item.head(MAX_HEADER).map_err(|source| ReadError::Io { file: name.clone(), source })?;
    parse(item, &head).map_err(|fault| fault.of_file(&name))
}

fn parse(item: Item, head: &[u8]) -> Result<Stream, Fault> {
    let short = || Fault::new("truncated: the .npy header is cut short");
    let version = *head.get(6).ok_or_else(short)?;
    let (len, start): (usize, usize) = match version {
        1 => (usize::from(u16::from_le_bytes([*head.get(8).ok_or_else(short)?, *head.get(9).ok_or_else(short)?])), 10),
        2 | 3 => {
            let bytes = head.get(8..12).and_then(|b| <[u8; 4]>::try_from(b).ok()).ok_or_else(short)?;
            (u32::from_le_bytes(bytes) as usize, 12)
        }
        v => return Err(Fault::new(format!("its .npy version {v} is unknown: save it with numpy.save"))),
    };
    let header = start.checked_add(len).and_then(|end| head.get(start..end)).ok_or_else(short)?;
    let header = std::str::from_utf8(header).map_err(|_| Fault::new("damaged: the .npy header is no text"))?;
    let descr = value(header, "descr").ok_or_else(|| Fault::new("damaged: the .npy header has no 'descr'"))?;
    let fortran = value(header, "fortran_order").is_some_and(|v| v.starts_with("True"));
    let shape = value(header, "shape").and_then(|v| v.strip_prefix('(')?.split_once(')')).map(|(v, _)| v);
    let shape = shape.ok_or_else(|| Fault::new("damaged: the .npy header has no 'shape'"))?;
    let edges: Option<Vec<usize>> = shape
        .split(',')
        .map(str::trim)
        .filter(|s| !s.is_empty())
        .map(|s| s.trim_end_matches('L').parse().ok())
        .collect();
    let edges =
        edges.ok_or_else(|| Fault::new(format!("damaged: the shape ({shape}) is not made of whole numbers")))?;
    let (scalar, order, stored) = sample_type(descr)?;
    let mut notes = Vec::new();
    let [z, y, x] = squeeze(&edges, &mut notes)?;
    let file = Shape::new(z, y, x).map_err(|e| Fault::new(e.to_string()))?;
    if fortran {
        notes.push("Fortran order turned into C order".to_owned());
    }
    let shape = if fortran { Shape { z: x, y, x: z } } else { file };
    let skip = (start + len) as u64;
    Ok(Stream {
        item,
        skip,
        gzip: false,
        scalar,
        order,
        shape,
        transposed: fortran,
        stored,
        kind: "NumPy array",
        stated: Vec::new(),
        notes,
    })
}

/// Three edges from as many as the array has; edges of 1 are left out, two make one slice.
fn squeeze(edges: &[usize], notes: &mut Vec<String>) -> Result<[usize; 3], Fault> {
    let kept: Vec<usize> =
        if edges.len() > 3 { edges.iter().copied().filter(|&e| e != 1).collect() } else { edges.to_vec() };
    if kept.len() < edges.len() {
        notes.push(format!("axes of length 1 of the array's shape {edges:?} left out"));
    }
    match kept[..] {
        [z, y, x] => Ok([z, y, x]),
        [y, x] => Ok([1, y, x]),
        _ => Err(Fault::new(format!(
            "its shape {edges:?} is not that of a volume (z, y, x): save one channel and one time"
        ))),
    }
}

/// The text after `'key':`.
fn value<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let at = header.find(&format!("'{key}'")).or_else(|| header.find(&format!("\"{key}\"")))?;
    header[at + key.len() + 2..].trim_start().strip_prefix(':').map(str::trim_start)
}

fn sample_type(descr: &str) -> Result<(Scalar, ByteOrder, String), Fault> {
    let quote = descr.chars().next().filter(|&c| c == '\'' || c == '"');
    let code = quote.and_then(|q| descr[1..].split_once(q)).map(|(code, _)| code);
    let Some(code) = code else {
        return Err(Fault::new("it holds records (a structured array), not a volume: save one field"));
    };
    let order = if code.starts_with('>') { ByteOrder::Big } else { ByteOrder::Little };
    let scalar = match code.trim_start_matches(['<', '>', '|', '=']) {
        "u1" | "b1" | "?" => Scalar::U8,
        "i1" => Scalar::I8,
        "u2" => Scalar::U16,
        "i2" => Scalar::I16,
        "u4" => Scalar::U32,
        "i4" => Scalar::I32,
        "u8" => Scalar::U64,
        "i8" => Scalar::I64,
        "f2" => Scalar::F16,
        "f4" => Scalar::F32,
        "f8" => Scalar::F64,
        other => {
            return Err(Fault::new(format!(
                "its type '{other}' is no volume of real numbers: use u1, u2, i4, f4, ..."
            )));
        }
    };
    let stored = if code.ends_with("b1") || code == "?" { "bool".to_owned() } else { scalar.name().to_owned() };
    Ok((scalar, order, stored))
}
