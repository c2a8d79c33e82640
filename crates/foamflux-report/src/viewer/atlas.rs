//! A volume of bytes as one image: its planes side by side, which compresses as images do and decodes without a script.

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, Filter};

/// Longest side of an image that every browser still draws onto a canvas.
const LONGEST_SIDE: usize = 8192;

/// Columns of planes, so that the image is nearly square.
pub(super) fn columns([nx, ny, nz]: [usize; 3]) -> usize {
    let square = (nz as f64 * ny as f64 / nx as f64).sqrt().ceil() as usize;
    square.clamp(1, (LONGEST_SIDE / nx).max(1)).min(nz)
}

/// Whether the image keeps within what browsers draw.
pub(super) fn fits(shape @ [nx, ny, nz]: [usize; 3]) -> bool {
    let columns = columns(shape);
    columns * nx <= LONGEST_SIDE && nz.div_ceil(columns) * ny <= LONGEST_SIDE
}

/// The image as PNG; `values` with x fastest, z slowest.
pub(super) fn png(values: &[u8], shape @ [nx, ny, nz]: [usize; 3]) -> Result<Vec<u8>, EncodingError> {
    let columns = columns(shape);
    let (width, height) = (columns * nx, nz.div_ceil(columns) * ny);
    let mut image = vec![0u8; width * height];
    for (row, line) in values.chunks_exact(nx).enumerate() {
        let (z, y) = (row / ny, row % ny);
        let start = (z / columns * ny + y) * width + z % columns * nx;
        image[start..start + nx].copy_from_slice(line);
    }
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    encoder.set_filter(Filter::Adaptive);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&image)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
mod tests {
    use super::*;

    #[test]
    fn planes_lie_where_the_script_looks_for_them() {
        // A number for every voxel, in a shape of which no two sides agree and whose last row of planes is not full.
        let shape @ [nx, ny, nz] = [5, 3, 7];
        let values: Vec<u8> = (0..nx * ny * nz).map(|i| i as u8).collect();
        let coded = png(&values, shape).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(coded)).read_info().unwrap();
        let mut image = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut image).unwrap();
        let columns = columns(shape);
        assert_eq!((info.width as usize, info.height as usize), (columns * nx, nz.div_ceil(columns) * ny));
        for z in 0..nz {
            for y in 0..ny {
                for x in 0..nx {
                    let at = (z / columns * ny + y) * columns * nx + z % columns * nx + x;
                    assert_eq!(image[at], values[(z * ny + y) * nx + x], "{x} {y} {z}");
                }
            }
        }
    }

    #[test]
    fn every_shape_of_a_thinned_volume_is_drawn() {
        for shape in [[1, 1, 1], [200, 200, 200], [2000, 2000, 2], [8192, 10, 10], [16, 16, 30_000], [3000, 900, 3]] {
            assert!(fits(shape), "{shape:?}");
        }
        assert!(!fits([9000, 10, 1]));
    }
}
