//! NRRD: attached (`.nrrd`) and simply detached (`.nhdr` with one data file), raw and gzip.
//!
//! Source: Kindlmann, "Definition of NRRD File Format" (teem.sourceforge.net/nrrd/format.html).
//! Axes are listed fastest first, so `sizes: x y z` is what the program stores as z, y, x.

use foamflux_grid::Shape;

use super::error::{Fault, ReadError};
use super::metadata::Stated;
use super::options::ByteOrder;
use super::origin::{Item, Origin};
use super::sample::Scalar;
use super::stream::Stream;

/// Headers carry key/value pairs of any length; DICOM converters write some 100 kB.
const MAX_HEADER: usize = 1 << 20;

/// Whether these are the first bytes of an NRRD file.
pub(super) fn is_nrrd(head: &[u8]) -> bool {
    head.starts_with(b"NRRD000")
}

/// The stream of an NRRD file.
pub(super) fn open(item: Item) -> Result<Stream, ReadError> {
    let name = item.name.clone();
    let head = item.head(MAX_HEADER).map_err(|source| ReadError::Io { file: name.clone(), source })?;
    parse(item, &head).map_err(|fault| fault.of_file(&name))
}

struct Fields(Vec<(String, String)>);

impl Fields {
    fn get(&self, names: &[&str]) -> Option<&str> {
        self.0.iter().find(|(k, _)| names.contains(&k.as_str())).map(|(_, v)| v.as_str())
    }
}

/// The header's fields and where it ends.
fn fields(head: &[u8]) -> (Fields, Option<usize>) {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(len) = head[at..].iter().position(|&b| b == b'\n') {
        let line = String::from_utf8_lossy(&head[at..at + len]);
        at += len + 1;
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            return (Fields(all), Some(at));
        }
        // `key:=value` pairs are the user's; `field: value` is the format's.
        if !line.starts_with('#')
            && let Some((key, value)) = line.split_once(": ")
        {
            all.push((key.trim().to_lowercase(), value.trim().to_owned()));
        }
    }
    (Fields(all), None)
}

fn parse(item: Item, head: &[u8]) -> Result<Stream, Fault> {
    let (fields, end) = fields(head);
    let data_file = fields.get(&["data file", "datafile"]);
    let end = match (end, data_file) {
        (Some(end), _) => end,
        // A detached header may end with the file.
        (None, Some(_)) => head.len(),
        (None, None) => return Err(Fault::new("truncated: the NRRD header has no end (an empty line)")),
    };
    let need = |names: &[&str]| {
        fields.get(names).ok_or_else(|| Fault::new(format!("damaged: the NRRD header has no '{}'", names[0])))
    };
    let scalar = scalar(need(&["type"])?)?;
    let sizes: Option<Vec<usize>> = need(&["sizes"])?.split_whitespace().map(|n| n.parse().ok()).collect();
    let sizes = sizes.ok_or_else(|| Fault::new("damaged: 'sizes' in the NRRD header are no whole numbers"))?;
    let axes: Vec<usize> = match sizes.len() {
        0..=3 => (0..sizes.len()).collect(),
        _ => (0..sizes.len()).filter(|&i| sizes[i] != 1).collect(),
    };
    let (shape, axes) = match axes[..] {
        [x, y, z] => (Shape::new(sizes[z], sizes[y], sizes[x]), [Some(x), Some(y), Some(z)]),
        [x, y] => (Shape::new(1, sizes[y], sizes[x]), [Some(x), Some(y), None]),
        _ => return Err(Fault::new(format!("its sizes {sizes:?} are not those of a volume: save one channel"))),
    };
    let shape = shape.map_err(|e| Fault::new(e.to_string()))?;
    let gzip = match need(&["encoding"])?.to_lowercase().as_str() {
        "raw" => false,
        "gzip" | "gz" => true,
        other => {
            return Err(Fault::new(format!(
                "its encoding '{other}' is not supported: convert it with `unu save -f nrrd -e gzip`"
            )));
        }
    };
    let order = match fields.get(&["endian"]).map(str::to_lowercase).as_deref() {
        Some("big") => ByteOrder::Big,
        Some("little") => ByteOrder::Little,
        _ if scalar.bytes() == 1 => ByteOrder::Little,
        _ => return Err(Fault::new("damaged: the NRRD header gives no 'endian' for samples of several bytes")),
    };
    if fields.get(&["line skip", "lineskip"]).is_some_and(|v| v != "0") {
        return Err(Fault::new("its 'line skip' is not supported: convert it with `unu save -f nrrd -e raw`"));
    }
    let stated = stated(&fields, axes);
    let (item, mut skip) = match data_file {
        None => (item, end as u64),
        Some(file) => (beside(&item, file)?, 0),
    };
    let bytes = (shape.len() as u64).saturating_mul(scalar.bytes() as u64);
    match fields.get(&["byte skip", "byteskip"]).map(|v| v.parse::<i64>()) {
        None | Some(Ok(0)) => {}
        Some(Ok(-1)) if !gzip => skip = item.len.saturating_sub(bytes),
        // Fits: not negative.
        Some(Ok(n @ 1..)) if !gzip => skip = skip.saturating_add(n as u64),
        _ => return Err(Fault::new("its 'byte skip' is not supported: convert it with `unu save -f nrrd -e raw`")),
    }
    Ok(Stream {
        item,
        skip,
        gzip,
        scalar,
        order,
        shape,
        transposed: false,
        stored: scalar.name().to_owned(),
        kind: if data_file.is_some() { "NRRD volume with a detached header" } else { "NRRD volume" },
        stated: stated.into_iter().collect(),
        notes: Vec::new(),
    })
}

/// The data file of a detached header.
fn beside(item: &Item, file: &str) -> Result<Item, Fault> {
    let Origin::Path(path) = &item.origin else {
        return Err(Fault::new("it is a detached header in an archive: unpack the archive first"));
    };
    if file.starts_with("LIST") || file.contains('%') {
        return Err(Fault::new("its data lie in several files: join them with `unu save -f nrrd -e raw`"));
    }
    let path = path.with_file_name(file);
    let len = std::fs::metadata(&path).map_err(|e| Fault::new(format!("its data file {file} cannot be read: {e}")))?;
    Ok(Item { name: file.to_owned(), len: len.len(), origin: Origin::Path(path) })
}

fn scalar(name: &str) -> Result<Scalar, Fault> {
    let words = name.to_lowercase();
    Ok(match words.split_whitespace().collect::<Vec<_>>().join(" ").as_str() {
        "signed char" | "int8" | "int8_t" => Scalar::I8,
        "uchar" | "unsigned char" | "uint8" | "uint8_t" => Scalar::U8,
        "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => Scalar::I16,
        "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => Scalar::U16,
        "int" | "signed int" | "int32" | "int32_t" => Scalar::I32,
        "uint" | "unsigned int" | "uint32" | "uint32_t" => Scalar::U32,
        "longlong" | "long long" | "long long int" | "signed long long" | "int64" | "int64_t" => Scalar::I64,
        "ulonglong" | "unsigned long long" | "unsigned long long int" | "uint64" | "uint64_t" => Scalar::U64,
        "float" => Scalar::F32,
        "double" => Scalar::F64,
        _ => {
            return Err(Fault::new(format!(
                "its sample type '{name}' is not supported: save it as uchar, ushort or float"
            )));
        }
    })
}

/// The voxel size in the header, for the axes x, y, z.
fn stated(fields: &Fields, axes: [Option<usize>; 3]) -> Option<Stated> {
    if let Some(text) = fields.get(&["space directions"]) {
        let norms: Vec<Option<f64>> = vectors(text);
        let quoted = quoted(fields.get(&["space units"]).unwrap_or_default());
        // The units belong to the axes of space, not of the array; a mixture has no meaning for a norm.
        let unit = quoted.first().filter(|u| quoted.iter().all(|v| v == *u)).cloned();
        let edges = axes.map(|a| a.and_then(|a| norms.get(a).copied().flatten()));
        let words = format!("space directions: {text}; space units: {}", quoted.join(" "));
        return Some(Stated::nrrd(edges, [unit.clone(), unit.clone(), unit], words));
    }
    let text = fields.get(&["spacings"])?;
    let spacings: Vec<Option<f64>> =
        text.split_whitespace().map(|n| n.parse::<f64>().ok().map(f64::abs).filter(|&v| v > 0.0)).collect();
    let units = quoted(fields.get(&["units"]).unwrap_or_default());
    let edges = axes.map(|a| a.and_then(|a| spacings.get(a).copied().flatten()));
    let units = axes.map(|a| a.and_then(|a| units.get(a).cloned()).filter(|u| !u.is_empty()));
    let words = format!("spacings: {text}; units: {}", fields.get(&["units"]).unwrap_or("none"));
    Some(Stated::nrrd(edges, units, words))
}

/// Lengths of the vectors in `(1,0,0) none (0,0,2)`.
fn vectors(text: &str) -> Vec<Option<f64>> {
    let mut norms = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('(') {
            let (inside, tail) = tail.split_once(')').unwrap_or((tail, ""));
            let parts: Option<Vec<f64>> = inside.split(',').map(|n| n.trim().parse().ok()).collect();
            norms
                .push(parts.map(|p| p.iter().map(|c| c * c).sum::<f64>().sqrt()).filter(|&n| n > 0.0 && n.is_finite()));
            rest = tail.trim_start();
        } else {
            let (_, tail) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            norms.push(None);
            rest = tail.trim_start();
        }
    }
    norms
}

/// The words in `"mm" "mm" "µm"`.
fn quoted(text: &str) -> Vec<String> {
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}
