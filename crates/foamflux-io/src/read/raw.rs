//! Headerless volumes, whose layout the user states.

use super::error::ReadError;
use super::options::RawLayout;
use super::origin::Item;
use super::sample::Scalar;
use super::stream::Stream;

/// The stream of a headerless file.
///
/// # Errors
/// [`ReadError::RawLength`] unless the file ends exactly where the layout says: a wrong shape is the usual mistake
/// and gives a sheared image, not an error, in most programs.
pub(super) fn open(item: Item, layout: &RawLayout) -> Result<Stream, ReadError> {
    let scalar = Scalar::from(layout.sample_type);
    let samples = (layout.shape.len() as u64).saturating_mul(scalar.bytes() as u64);
    let expected = samples.saturating_add(layout.offset_bytes);
    if item.len != expected {
        return Err(ReadError::RawLength {
            file: item.name,
            found: item.len,
            expected,
            shape: layout.shape,
            sample_type: layout.sample_type,
            offset: layout.offset_bytes,
        });
    }
    Ok(Stream {
        item,
        skip: layout.offset_bytes,
        gzip: false,
        scalar,
        order: layout.byte_order,
        shape: layout.shape,
        transposed: false,
        stored: scalar.name().to_owned(),
        kind: "headerless raw volume",
        stated: Vec::new(),
        notes: Vec::new(),
    })
}
