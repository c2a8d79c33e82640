//! Every format gives back the voxels and states shape, type and voxel size as its readers expect.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use foamflux_grid::{Labels, Shape, Volume, VoxelSize, VoxelSizeSource};
use foamflux_io::write::{VtiArray, VtiData, WritableSample, WriteCategory, labels, slices, volume, vti};
use ndarray_npy::ReadableElement;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

/// Anisotropic in all axes, and no binary fraction in metres or in pixels per micrometre.
const EDGES_M: [f64; 3] = [19.5e-6, 1.3e-6, 0.025e-6];

/// One voxel thick along each axis, a single voxel, more than one strip or block of 256 KiB, and between.
const SHAPES: [[usize; 3]; 7] = [[1, 1, 1], [1, 7, 5], [6, 1, 5], [6, 7, 1], [3, 4, 5], [2, 300, 1000], [70, 65, 63]];

fn known() -> VoxelSize {
    VoxelSize::known(EDGES_M, VoxelSizeSource::Flag).unwrap()
}

fn shape([z, y, x]: [usize; 3]) -> Shape {
    Shape::new(z, y, x).unwrap()
}

/// Values that use all bytes of their type, with runs in them.
fn values<T: WritableSample>(shape: Shape, voxel_size: VoxelSize) -> Volume<T> {
    let mut state = 7u64;
    Volume::from_fn(shape, voxel_size, |z, y, _| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (state >> 11) as f64 / (1u64 << 53) as f64;
        if (z + y) % 3 == 0 { T::default() } else { T::from_f64((noise - 0.3) * 1e10 * noise.powi(8)) }
    })
}

fn header_end(file: &[u8], marker: &[u8]) -> usize {
    file.windows(marker.len()).position(|w| w == marker).unwrap() + marker.len()
}

fn bytes<T: WritableSample>(v: &Volume<T>) -> Vec<u8> {
    v.as_slice().iter().flat_map(|s| bytemuck::bytes_of(s).to_vec()).collect()
}

/// Pages of a TIFF as bytes, and the tags of the first.
fn tiff_pages(path: &Path) -> (Vec<Vec<u8>>, Decoder<Cursor<Vec<u8>>>) {
    let mut decoder = Decoder::new(Cursor::new(fs::read(path).unwrap())).unwrap();
    let mut pages = Vec::new();
    loop {
        pages.push(match decoder.read_image().unwrap() {
            DecodingResult::U8(v) => v,
            DecodingResult::I8(v) => bytemuck::cast_slice(&v).to_vec(),
            DecodingResult::U16(v) => bytemuck::cast_slice(&v).to_vec(),
            DecodingResult::I16(v) => bytemuck::cast_slice(&v).to_vec(),
            DecodingResult::U32(v) => bytemuck::cast_slice(&v).to_vec(),
            DecodingResult::I32(v) => bytemuck::cast_slice(&v).to_vec(),
            DecodingResult::F32(v) => bytemuck::cast_slice(&v).to_vec(),
            DecodingResult::F64(v) => bytemuck::cast_slice(&v).to_vec(),
            other => panic!("{other:?}"),
        });
        if !decoder.more_images() {
            decoder.seek_to_image(0).unwrap();
            return (pages, decoder);
        }
        decoder.next_image().unwrap();
    }
}

fn description(decoder: &mut Decoder<Cursor<Vec<u8>>>) -> String {
    decoder.get_tag_ascii_string(Tag::ImageDescription).unwrap()
}

/// The arrays of a `.vti` as bytes, read with nothing but its own offsets and tables.
fn vti_arrays(file: &[u8]) -> (String, Vec<Vec<u8>>) {
    let data = header_end(file, b"<AppendedData encoding=\"raw\">\n   _");
    let text = String::from_utf8(file[..data].to_vec()).unwrap();
    let arrays = text
        .split("offset=\"")
        .skip(1)
        .map(|part| {
            let mut at = data + part.split('"').next().unwrap().parse::<usize>().unwrap();
            let mut next = || {
                at += 8;
                u64::from_le_bytes(file[at - 8..at].try_into().unwrap()) as usize
            };
            let (blocks, full, partial) = (next(), next(), next());
            let sizes: Vec<usize> = (0..blocks).map(|_| next()).collect();
            let mut out = Vec::new();
            for (i, size) in sizes.into_iter().enumerate() {
                let before = out.len();
                flate2::read::ZlibDecoder::new(&file[at..at + size]).read_to_end(&mut out).unwrap();
                let expected = if i + 1 == blocks && partial > 0 { partial } else { full };
                assert_eq!(out.len() - before, expected);
                at += size;
            }
            out
        })
        .collect();
    (text, arrays)
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    fn write<T: WritableSample>(&self, extension: &str, v: &Volume<T>) -> PathBuf {
        let path = self.0.path().join(format!("grey.{extension}"));
        volume(&path, v, "grey").unwrap();
        path
    }
}

fn round_trip<T: WritableSample + ReadableElement>(bits: u16, format: u16, nrrd: &str, vtk: &str) {
    let place = Place::new();
    for zyx in SHAPES {
        let v = values::<T>(shape(zyx), known());
        let native = bytes(&v);

        let (pages, mut decoder) = tiff_pages(&place.write("tif", &v));
        assert_eq!(pages.len(), zyx[0]);
        assert!(pages.concat() == native, "tif {zyx:?} {}", T::TYPE);
        assert_eq!(decoder.dimensions().unwrap(), (zyx[2] as u32, zyx[1] as u32));
        assert_eq!(decoder.get_tag_u32(Tag::BitsPerSample).unwrap(), u32::from(bits));
        assert_eq!(decoder.get_tag_u32(Tag::SampleFormat).unwrap(), u32::from(format));

        let npy: ndarray::Array3<T> = ndarray_npy::read_npy(place.write("npy", &v)).unwrap();
        assert!(npy.is_standard_layout());
        assert_eq!(npy.shape(), zyx);
        assert!(npy.iter().eq(v.as_slice()), "npy {zyx:?} {}", T::TYPE);

        let file = fs::read(place.write("nrrd", &v)).unwrap();
        let end = header_end(&file, b"\n\n");
        let mut data = Vec::new();
        flate2::read::GzDecoder::new(&file[end..]).read_to_end(&mut data).unwrap();
        assert!(data == native, "nrrd {zyx:?} {}", T::TYPE);
        assert!(String::from_utf8(file[..end].to_vec()).unwrap().contains(&format!("\ntype: {nrrd}\n")));

        assert!(fs::read(place.write("raw", &v)).unwrap() == native);

        let (text, arrays) = vti_arrays(&fs::read(place.write("vti", &v)).unwrap());
        assert!(arrays[0] == native, "vti {zyx:?} {}", T::TYPE);
        assert!(text.contains(&format!("<DataArray type=\"{vtk}\" Name=\"grey\" NumberOfComponents=\"1\"")), "{text}");
    }
}

#[test]
fn bytes_round_trip() {
    round_trip::<u8>(8, 1, "uint8", "UInt8");
    round_trip::<i8>(8, 2, "int8", "Int8");
}

#[test]
fn words_round_trip() {
    round_trip::<u16>(16, 1, "uint16", "UInt16");
    round_trip::<i16>(16, 2, "int16", "Int16");
    round_trip::<u32>(32, 1, "uint32", "UInt32");
    round_trip::<i32>(32, 2, "int32", "Int32");
}

#[test]
fn floats_round_trip() {
    round_trip::<f32>(32, 3, "float", "Float32");
    round_trip::<f64>(64, 3, "double", "Float64");
}

#[test]
fn tiff_states_the_voxel_size_as_imagej_reads_it() {
    /// What is left of a voxel edge in a fraction of two 31-bit numbers.
    const RESOLUTION_ERROR: f64 = 1e-9;
    let place = Place::new();
    let (_, mut decoder) = tiff_pages(&place.write("tif", &values::<u16>(shape([3, 4, 5]), known())));
    let text = description(&mut decoder);
    assert!(
        text.starts_with("ImageJ=1.54f\nimages=3\nslices=3\nunit=um\nspacing=0.025\nloop=false\nmin=0.0\nmax="),
        "{text}"
    );
    assert!(text.ends_with('\n'));
    // Every page, because some readers look at the page they show.
    for page in 0..3 {
        decoder.seek_to_image(page).unwrap();
        for (tag, um) in [(Tag::XResolution, 19.5), (Tag::YResolution, 1.3)] {
            let fraction = decoder.get_tag(tag).unwrap();
            let tiff::decoder::ifd::Value::Rational(n, d) = fraction else { panic!("{fraction:?}") };
            assert!((f64::from(d) / f64::from(n) / um - 1.0).abs() < RESOLUTION_ERROR, "{n}/{d}");
        }
        assert_eq!(decoder.get_tag_u32(Tag::ResolutionUnit).unwrap(), 1);
        // ImageJ does not undo predictors of Deflate strips.
        assert!(decoder.find_tag(Tag::Predictor).unwrap().is_none());
        assert_eq!(decoder.get_tag_u32(Tag::Compression).unwrap(), 8);
    }
}

#[test]
fn an_unknown_voxel_size_stays_unknown() {
    let place = Place::new();
    let v = values::<u16>(shape([3, 4, 5]), VoxelSize::Unknown);
    let (_, mut decoder) = tiff_pages(&place.write("tif", &v));
    let text = description(&mut decoder);
    assert!(!text.contains("unit") && !text.contains("spacing"), "{text}");
    assert!(decoder.find_tag(Tag::XResolution).unwrap().is_none());

    let file = fs::read(place.write("nrrd", &v)).unwrap();
    let header = String::from_utf8(file[..header_end(&file, b"\n\n")].to_vec()).unwrap();
    assert!(!header.contains("space") && !header.contains("spacing"), "{header}");

    place.write("raw", &v);
    let beside: serde_json::Value =
        serde_json::from_slice(&fs::read(place.0.path().join("grey.raw.json")).unwrap()).unwrap();
    assert!(beside["voxel_size_m_xyz"].is_null());

    let (text, _) = vti_arrays(&fs::read(place.write("vti", &v)).unwrap());
    assert!(text.contains("Spacing=\"1 1 1\""), "{text}");
    // "voxel"
    assert!(
        text.contains("Name=\"LengthUnit\" NumberOfTuples=\"1\" format=\"ascii\">118 111 120 101 108 0<"),
        "{text}"
    );
}

#[test]
fn headers_are_as_specified() {
    let place = Place::new();
    let v = values::<f32>(shape([3, 4, 5]), known());
    let file = fs::read(place.write("nrrd", &v)).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&file[..header_end(&file, b"\n\n")]),
        "NRRD0004\n# written by foamflux; axes x, y, z\ncontent: grey\ntype: float\ndimension: 3\n\
         space dimension: 3\nsizes: 5 4 3\nspace directions: (19.5,0,0) (0,1.3,0) (0,0,0.025)\n\
         centers: cell cell cell\nkinds: domain domain domain\nspace units: \"um\" \"um\" \"um\"\n\
         space origin: (9.75,0.65,0.0125)\nendian: little\nencoding: gzip\n\n"
    );
    let file = fs::read(place.write("npy", &v)).unwrap();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4, 5), }";
    assert_eq!(&file[..8], b"\x93NUMPY\x01\x00");
    assert_eq!(&file[10..10 + header.len()], header.as_bytes());
    assert_eq!((file.len() - 4 * 60) % 64, 0);

    place.write("raw", &v);
    let beside: serde_json::Value =
        serde_json::from_slice(&fs::read(place.0.path().join("grey.raw.json")).unwrap()).unwrap();
    assert_eq!(
        beside,
        serde_json::json!({
            "file": "grey.raw", "name": "grey", "shape_zyx": [3, 4, 5], "dtype": "f32", "numpy_dtype": "<f4", "byte_order": "little",
            "order": "[z][y][x], x fastest", "voxel_size_m_xyz": EDGES_M, "labels": null,
            "read_with": "foamflux ingest grey.raw --shape 3,4,5 --dtype f32 --voxel-size 1.95e-5m,1.3e-6m,2.5e-8m"
        })
    );
}

#[test]
fn labels_are_bytes_with_names_and_a_visible_range() {
    let place = Place::new();
    let l =
        Labels::new(Volume::from_fn(shape([2, 30, 40]), known(), |z, y, x| ((z + y / 5 + x / 7) % 3) as u8)).unwrap();
    let write = |name: &str| {
        let path = place.0.path().join(name);
        labels(&path, &l).unwrap();
        path
    };
    let (pages, mut decoder) = tiff_pages(&write("a.tif"));
    assert_eq!(pages.concat(), l.volume().as_slice());
    assert!(description(&mut decoder).ends_with("min=0.0\nmax=2.0\n"));
    let file = fs::read(write("a.nrrd")).unwrap();
    assert!(String::from_utf8_lossy(&file).contains("\nvoxel labels:=0=pore 1=fibre 2=node\n"));
    write("a.raw");
    let beside = fs::read_to_string(place.0.path().join("a.raw.json")).unwrap();
    assert!(beside.contains("\"1\": \"fibre\""), "{beside}");
    let (text, arrays) = vti_arrays(&fs::read(write("a.vti")).unwrap());
    assert!(text.contains("<CellData Scalars=\"labels\">"), "{text}");
    assert_eq!(arrays, [l.volume().as_slice()]);
}

#[test]
fn vti_holds_scalars_and_vectors_on_cells() {
    let place = Place::new();
    let path = place.0.path().join("fields.vti");
    // 3 * 4 * 32768 bytes of vectors are one and a half blocks, the bytes an eighth; the second shape is whole blocks.
    for zyx in [[2, 64, 256], [4, 64, 256], [1, 2, 3]] {
        let shape = shape(zyx);
        let n = shape.len();
        let tags: Vec<u8> = (0..n).map(|i| (i % 3) as u8).collect();
        let potential: Vec<f32> = (0..n).map(|i| (i as f32).sin()).collect();
        let flux: Vec<f32> = (0..3 * n).map(|i| i as f32).collect();
        let arrays = [
            VtiArray { name: "flux <a> & \"b\" µ", data: VtiData::Vector3F32(&flux) },
            VtiArray { name: "tags", data: VtiData::U8(&tags) },
            VtiArray { name: "potential_v", data: VtiData::F32(&potential) },
        ];
        vti(&path, shape, &known(), &arrays).unwrap();
        let (text, back) = vti_arrays(&fs::read(&path).unwrap());
        assert!(back[0] == bytemuck::cast_slice::<f32, u8>(&flux));
        assert!(back[1] == tags);
        assert!(back[2] == bytemuck::cast_slice::<f32, u8>(&potential));
        let [z, y, x] = zyx;
        assert!(text.contains(&format!(
            "<ImageData WholeExtent=\"0 {x} 0 {y} 0 {z}\" Origin=\"0 0 0\" Spacing=\"19.5 1.3 0.025\">"
        )));
        assert!(text.contains(&format!("<Piece Extent=\"0 {x} 0 {y} 0 {z}\">")));
        assert!(text.contains("Name=\"LengthUnit\" NumberOfTuples=\"1\" format=\"ascii\">117 109 0<"));
        assert!(
            text.contains("<CellData Scalars=\"tags\" Vectors=\"flux &lt;a&gt; &amp; &quot;b&quot; µ\">"),
            "{text}"
        );
        assert!(
            text.contains("byte_order=\"LittleEndian\" header_type=\"UInt64\" compressor=\"vtkZLibDataCompressor\"")
        );
    }
    let error = vti(&path, shape([1, 2, 3]), &known(), &[VtiArray { name: "v", data: VtiData::Vector3F32(&[0.0; 6]) }]);
    let error = error.unwrap_err();
    assert_eq!(error.category(), WriteCategory::Internal);
    assert!(error.to_string().contains("'v' has 6 values and needs 18"), "{error}");
}

#[test]
fn not_a_number_is_kept_and_does_not_become_the_range() {
    let place = Place::new();
    let v = Volume::from_vec(shape([1, 1, 4]), VoxelSize::Unknown, vec![f32::NAN, -2.0, f32::INFINITY, 3.5]).unwrap();
    let (pages, mut decoder) = tiff_pages(&place.write("tif", &v));
    assert_eq!(pages.concat(), bytes(&v));
    assert!(description(&mut decoder).ends_with("min=-2.0\nmax=3.5\n"));
    let none = Volume::from_vec(shape([1, 1, 2]), VoxelSize::Unknown, vec![f32::NAN; 2]).unwrap();
    let (_, mut decoder) = tiff_pages(&place.write("tif", &none));
    assert!(!description(&mut decoder).contains("min="));
}

#[test]
fn slices_are_single_pages_that_know_their_distance() {
    let place = Place::new();
    let v = values::<u16>(shape([12, 30, 40]), known());
    let folder = place.0.path().join("grey");
    slices(&folder, &v, "s").unwrap();
    let mut ranges = Vec::new();
    for z in 0..12 {
        let (pages, mut decoder) = tiff_pages(&folder.join(format!("s{z:04}.tif")));
        assert_eq!(pages, [bytemuck::cast_slice::<u16, u8>(v.plane(z))]);
        let text = description(&mut decoder);
        assert!(text.starts_with("ImageJ=1.54f\nimages=1\nslices=1\nunit=um\nspacing=0.025\n"), "{text}");
        ranges.push(text);
    }
    ranges.dedup();
    assert_eq!(ranges.len(), 1, "all slices are shown with one grey scale");
}

#[test]
fn files_do_not_depend_on_the_number_of_threads() {
    let place = Place::new();
    let v = values::<u16>(shape([70, 65, 63]), known());
    let files = |threads: usize| -> Vec<Vec<u8>> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| ["tif", "nrrd", "vti"].map(|e| fs::read(place.write(e, &v)).unwrap()).to_vec())
    };
    assert!(files(1) == files(4));
}
