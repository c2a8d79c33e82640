//! The sample types that a stack may hold.

use serde::{Deserialize, Serialize};

/// Name of a sample type, as written in results and accepted by `--dtype`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum SampleType {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    F64,
}

impl SampleType {
    /// Bytes per sample.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            SampleType::U8 | SampleType::I8 => 1,
            SampleType::U16 | SampleType::I16 => 2,
            SampleType::U32 | SampleType::I32 | SampleType::F32 => 4,
            SampleType::F64 => 8,
        }
    }

    /// Lower-case name such as `u16`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            SampleType::U8 => "u8",
            SampleType::I8 => "i8",
            SampleType::U16 => "u16",
            SampleType::I16 => "i16",
            SampleType::U32 => "u32",
            SampleType::I32 => "i32",
            SampleType::F32 => "f32",
            SampleType::F64 => "f64",
        }
    }
}

impl std::fmt::Display for SampleType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for SampleType {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Ok(match s.trim().to_ascii_lowercase().as_str() {
            "u8" | "uint8" => SampleType::U8,
            "i8" | "int8" => SampleType::I8,
            "u16" | "uint16" => SampleType::U16,
            "i16" | "int16" => SampleType::I16,
            "u32" | "uint32" => SampleType::U32,
            "i32" | "int32" => SampleType::I32,
            "f32" | "float32" | "float" => SampleType::F32,
            "f64" | "float64" | "double" => SampleType::F64,
            other => {
                return Err(format!("'{other}' is not a sample type: write u8, i8, u16, i16, u32, i32, f32 or f64"));
            }
        })
    }
}

/// A scalar that a stack may hold. Sealed: algorithms may rely on the list being complete.
pub trait Sample: Copy + PartialOrd + Send + Sync + Default + std::fmt::Debug + sealed::Sealed + 'static {
    /// Name of the type.
    const TYPE: SampleType;
    /// Whether the type holds whole numbers only.
    const IS_INTEGER: bool;
    /// The value as `f64`, exact for every type but none of them wider.
    fn to_f64(self) -> f64;
    /// The value as `f32`; 32-bit integers and doubles are rounded.
    fn to_f32(self) -> f32;
    /// The nearest representable value, clamped to the range of the type.
    fn from_f64(value: f64) -> Self;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! sample {
    ($($t:ty => $name:ident, $int:literal);* $(;)?) => {$(
        impl sealed::Sealed for $t {}
        impl Sample for $t {
            const TYPE: SampleType = SampleType::$name;
            const IS_INTEGER: bool = $int;
            #[inline]
            fn to_f64(self) -> f64 { self as f64 }
            #[inline]
            fn to_f32(self) -> f32 { self as f32 }
            #[inline]
            fn from_f64(value: f64) -> Self { if $int { value.round() as $t } else { value as $t } }
        }
    )*};
}
sample! {
    u8 => U8, true; i8 => I8, true; u16 => U16, true; i16 => I16, true;
    u32 => U32, true; i32 => I32, true; f32 => F32, false; f64 => F64, false;
}
