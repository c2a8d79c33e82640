//! Stored samples and the six types that they are read as.

use foamflux_grid::{Sample, SampleType};

use super::error::Fault;
use super::options::ByteOrder;

/// Type of samples as they lie in a file, in whole bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    F32,
    F64,
}

impl Scalar {
    /// Bytes per sample.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Scalar::U8 | Scalar::I8 => 1,
            Scalar::U16 | Scalar::I16 | Scalar::F16 => 2,
            Scalar::U32 | Scalar::I32 | Scalar::F32 => 4,
            Scalar::U64 | Scalar::I64 | Scalar::F64 => 8,
        }
    }

    /// The type that samples are read as.
    pub(super) const fn target(self) -> SampleType {
        match self {
            Scalar::U8 => SampleType::U8,
            Scalar::U16 => SampleType::U16,
            Scalar::I8 | Scalar::I16 => SampleType::I16,
            Scalar::U32 => SampleType::U32,
            Scalar::I32 | Scalar::U64 | Scalar::I64 => SampleType::I32,
            Scalar::F16 | Scalar::F32 | Scalar::F64 => SampleType::F32,
        }
    }

    /// Name such as `u16`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Scalar::U8 => "u8",
            Scalar::I8 => "i8",
            Scalar::U16 => "u16",
            Scalar::I16 => "i16",
            Scalar::U32 => "u32",
            Scalar::I32 => "i32",
            Scalar::U64 => "u64",
            Scalar::I64 => "i64",
            Scalar::F16 => "f16",
            Scalar::F32 => "f32",
            Scalar::F64 => "f64",
        }
    }

    /// What the user should know about the conversion to [`Scalar::target`].
    pub(super) const fn note(self) -> Option<&'static str> {
        match self {
            Scalar::I8 => Some("i8 samples are read as i16"),
            Scalar::U64 => Some("u64 samples are read as i32 (a value beyond its range is refused)"),
            Scalar::I64 => Some("i64 samples are read as i32 (a value beyond its range is refused)"),
            Scalar::F16 => Some("f16 samples are read as f32"),
            Scalar::F64 => Some("f64 samples are rounded to f32"),
            _ => None,
        }
    }
}

impl From<SampleType> for Scalar {
    fn from(t: SampleType) -> Self {
        match t {
            SampleType::U8 => Scalar::U8,
            SampleType::I8 => Scalar::I8,
            SampleType::U16 => Scalar::U16,
            SampleType::I16 => Scalar::I16,
            SampleType::U32 => Scalar::U32,
            SampleType::I32 => Scalar::I32,
            SampleType::F32 => Scalar::F32,
            SampleType::F64 => Scalar::F64,
        }
    }
}

/// Samples of one slice in memory.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plane {
    U8(Vec<u8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    F32(Vec<f32>),
}

/// Runs the same code over the samples of a [`Plane`] and wraps the result as the same kind of plane.
macro_rules! map_plane {
    ($plane:expr, $samples:ident => $body:expr) => {
        match $plane {
            Plane::U8($samples) => Plane::U8($body),
            Plane::U16($samples) => Plane::U16($body),
            Plane::I16($samples) => Plane::I16($body),
            Plane::U32($samples) => Plane::U32($body),
            Plane::I32($samples) => Plane::I32($body),
            Plane::F32($samples) => Plane::F32($body),
        }
    };
}
pub(super) use map_plane;

impl Plane {
    /// Samples from stored bytes.
    ///
    /// # Errors
    /// A 64-bit integer that does not fit into `i32`.
    pub(super) fn from_bytes(bytes: &[u8], scalar: Scalar, order: ByteOrder) -> Result<Plane, Fault> {
        Ok(match scalar {
            Scalar::U8 => Plane::U8(bytes.to_vec()),
            Scalar::I8 => Plane::I16(bytes.iter().map(|&b| i16::from(b as i8)).collect()),
            Scalar::U16 => Plane::U16(words(bytes, order, u16::from_le_bytes, u16::from_be_bytes)),
            Scalar::I16 => Plane::I16(words(bytes, order, i16::from_le_bytes, i16::from_be_bytes)),
            Scalar::U32 => Plane::U32(words(bytes, order, u32::from_le_bytes, u32::from_be_bytes)),
            Scalar::I32 => Plane::I32(words(bytes, order, i32::from_le_bytes, i32::from_be_bytes)),
            Scalar::F32 => Plane::F32(words(bytes, order, f32::from_le_bytes, f32::from_be_bytes)),
            Scalar::F64 => {
                Plane::F32(words(bytes, order, |b| f64::from_le_bytes(b) as f32, |b| f64::from_be_bytes(b) as f32))
            }
            Scalar::F16 => Plane::F32(words(
                bytes,
                order,
                |b| f32_of_half(u16::from_le_bytes(b)),
                |b| f32_of_half(u16::from_be_bytes(b)),
            )),
            Scalar::U64 => narrow(&words(bytes, order, u64::from_le_bytes, u64::from_be_bytes))?,
            Scalar::I64 => narrow(&words(bytes, order, i64::from_le_bytes, i64::from_be_bytes))?,
        })
    }

    /// Whether the samples are whole numbers.
    pub(super) const fn is_integer(&self) -> bool {
        !matches!(self, Plane::F32(_))
    }

    /// The samples as `f64`.
    pub(super) fn to_f64(&self) -> Vec<f64> {
        match self {
            Plane::U8(v) => v.iter().map(|s| s.to_f64()).collect(),
            Plane::U16(v) => v.iter().map(|s| s.to_f64()).collect(),
            Plane::I16(v) => v.iter().map(|s| s.to_f64()).collect(),
            Plane::U32(v) => v.iter().map(|s| s.to_f64()).collect(),
            Plane::I32(v) => v.iter().map(|s| s.to_f64()).collect(),
            Plane::F32(v) => v.iter().map(|s| s.to_f64()).collect(),
        }
    }
}

/// Number of samples of a plane.
pub(super) fn plane_len(plane: &Plane) -> usize {
    match plane {
        Plane::U8(v) => v.len(),
        Plane::U16(v) => v.len(),
        Plane::I16(v) => v.len(),
        Plane::U32(v) => v.len(),
        Plane::I32(v) => v.len(),
        Plane::F32(v) => v.len(),
    }
}

fn words<const N: usize, T>(
    bytes: &[u8],
    order: ByteOrder,
    little: impl Fn([u8; N]) -> T,
    big: impl Fn([u8; N]) -> T,
) -> Vec<T> {
    let (chunks, _) = bytes.as_chunks::<N>();
    match order {
        ByteOrder::Little => chunks.iter().map(|&c| little(c)).collect(),
        ByteOrder::Big => chunks.iter().map(|&c| big(c)).collect(),
    }
}

fn narrow<W: Copy + std::fmt::Display>(wide: &[W]) -> Result<Plane, Fault>
where
    i32: TryFrom<W>,
{
    let mut samples = Vec::with_capacity(wide.len());
    for &value in wide {
        let narrowed = i32::try_from(value).map_err(|_| {
            Fault::new(format!("holds the 64-bit value {value}, which does not fit 32 bits: save the stack as 32-bit"))
        })?;
        samples.push(narrowed);
    }
    Ok(Plane::I32(samples))
}

/// IEEE 754 binary16 to binary32; exact.
fn f32_of_half(half: u16) -> f32 {
    /// The smallest subnormal half, 2^-24.
    const QUANTUM: f32 = 1.0 / 16_777_216.0;
    let sign = u32::from(half >> 15) << 31;
    let exponent = u32::from(half >> 10 & 0x1f);
    let fraction = u32::from(half & 0x3ff);
    let magnitude = match exponent {
        0 => (fraction as f32 * QUANTUM).to_bits(),
        31 => 0xff << 23 | fraction << 13,
        // The exponents' biases are 15 and 127.
        _ => (exponent + 112) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

/// A scalar that a [`Plane`] may hold.
pub(super) trait PlaneSample: Sample {
    /// The samples of a plane of this type, `None` when it is of another one.
    fn of_plane(plane: Plane) -> Option<Vec<Self>>;
}

macro_rules! plane_sample {
    ($($t:ty => $variant:ident),*) => {$(
        impl PlaneSample for $t {
            fn of_plane(plane: Plane) -> Option<Vec<Self>> {
                match plane {
                    Plane::$variant(samples) => Some(samples),
                    _ => None,
                }
            }
        }
    )*};
}
plane_sample!(u8 => U8, u16 => U16, i16 => I16, u32 => U32, i32 => I32, f32 => F32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "binary16 values are exact in binary32")]
    fn halves_are_exact() {
        for (bits, value) in
            [(0x3c00, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_95), (0x0001, 5.960_464_5e-8), (0x7bff, 65504.0)]
        {
            assert_eq!(f32_of_half(bits), value, "{bits:#x}");
        }
        assert!(f32_of_half(0x7e00).is_nan());
        assert_eq!(f32_of_half(0xfc00), f32::NEG_INFINITY);
    }

    #[test]
    fn every_type_is_read_in_both_byte_orders() {
        let big = |s, b: &[u8]| Plane::from_bytes(b, s, ByteOrder::Big).unwrap();
        let little = |s, b: &[u8]| Plane::from_bytes(b, s, ByteOrder::Little).unwrap();
        assert_eq!(big(Scalar::U16, &[1, 2]), Plane::U16(vec![258]));
        assert_eq!(little(Scalar::U16, &[1, 2]), Plane::U16(vec![513]));
        assert_eq!(little(Scalar::I8, &[255]), Plane::I16(vec![-1]));
        assert_eq!(big(Scalar::I64, &(-7i64).to_be_bytes()), Plane::I32(vec![-7]));
        assert_eq!(little(Scalar::F64, &2.5f64.to_le_bytes()), Plane::F32(vec![2.5]));
        assert!(Plane::from_bytes(&u64::MAX.to_le_bytes(), Scalar::U64, ByteOrder::Little).is_err());
    }
}
