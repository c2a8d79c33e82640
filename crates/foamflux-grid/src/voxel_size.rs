//! The voxel size, where it came from, and the spacing that algorithms work in.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Axis, GridError};

/// Where a voxel size came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VoxelSizeSource {
    /// `--voxel-size` on the command line.
    Flag,
    /// The configuration file.
    Config,
    /// ImageJ's text description and resolution tags.
    ImageJ,
    /// OME-XML.
    OmeXml,
    /// TIFF or PNG resolution tags.
    ResolutionTags,
    /// An NRRD header.
    Nrrd,
    /// A generator that made the volume.
    Generator,
    /// Some other place, named.
    Other(String),
}

impl fmt::Display for VoxelSizeSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            VoxelSizeSource::Flag => "flag",
            VoxelSizeSource::Config => "config",
            VoxelSizeSource::ImageJ => "imagej",
            VoxelSizeSource::OmeXml => "ome-xml",
            VoxelSizeSource::ResolutionTags => "resolution-tags",
            VoxelSizeSource::Nrrd => "nrrd",
            VoxelSizeSource::Generator => "generator",
            VoxelSizeSource::Other(name) => name,
        })
    }
}

/// Edge lengths of a voxel in metres and where they came from, or explicitly unknown.
#[derive(Debug, Clone, PartialEq)]
pub enum VoxelSize {
    /// Known edge lengths.
    Known {
        /// Edge lengths in metres, x, y, z.
        m_xyz: [f64; 3],
        /// Where they came from.
        source: VoxelSizeSource,
    },
    /// Nothing said how large a voxel is. Results are in voxels and say so.
    Unknown,
}

impl VoxelSize {
    /// A voxel size in metres, x, y, z.
    ///
    /// # Errors
    /// [`GridError::VoxelSize`] when an edge is not positive and finite.
    pub fn known(m_xyz: [f64; 3], source: VoxelSizeSource) -> Result<Self, GridError> {
        for axis in Axis::ALL {
            let value = m_xyz[axis.xyz_index()];
            if !(value.is_finite() && value > 0.0) {
                return Err(GridError::VoxelSize { axis, value });
            }
        }
        Ok(VoxelSize::Known { m_xyz, source })
    }

    /// Edge lengths in metres, x, y, z, where known.
    #[must_use]
    pub fn m_xyz(&self) -> Option<[f64; 3]> {
        match self {
            VoxelSize::Known { m_xyz, .. } => Some(*m_xyz),
            VoxelSize::Unknown => None,
        }
    }

    /// Edge lengths that algorithms work with: metres where known, otherwise unit voxels.
    #[must_use]
    pub fn spacing(&self) -> Spacing {
        match self {
            VoxelSize::Known { m_xyz: [x, y, z], .. } => Spacing { x: *x, y: *y, z: *z, unit: LengthUnit::Metre },
            VoxelSize::Unknown => Spacing { x: 1.0, y: 1.0, z: 1.0, unit: LengthUnit::Voxel },
        }
    }

    /// The voxel size after merging `factor` voxels per axis into one.
    #[must_use]
    pub fn binned(&self, factor: usize) -> Self {
        match self {
            VoxelSize::Known { m_xyz, source } => {
                VoxelSize::Known { m_xyz: m_xyz.map(|e| e * factor as f64), source: source.clone() }
            }
            VoxelSize::Unknown => VoxelSize::Unknown,
        }
    }
}

impl fmt::Display for VoxelSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VoxelSize::Known { m_xyz: [x, y, z], source } => {
                let l = crate::units::format_length;
                write!(f, "{} x {} x {} (x,y,z; from {source})", l(*x), l(*y), l(*z))
            }
            VoxelSize::Unknown => f.write_str("unknown (results are in voxels)"),
        }
    }
}

/// The unit of a [`Spacing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LengthUnit {
    /// Metres.
    Metre,
    /// Voxel edges; the voxel size is unknown.
    Voxel,
}

/// Edge lengths of a voxel in one unit, as algorithms use them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spacing {
    /// Edge along x.
    pub x: f64,
    /// Edge along y.
    pub y: f64,
    /// Edge along z.
    pub z: f64,
    /// Unit of the three.
    pub unit: LengthUnit,
}

impl Spacing {
    /// Unit voxels.
    pub const VOXEL: Spacing = Spacing { x: 1.0, y: 1.0, z: 1.0, unit: LengthUnit::Voxel };

    /// Edge along `axis`.
    #[must_use]
    pub const fn along(self, axis: Axis) -> f64 {
        match axis {
            Axis::X => self.x,
            Axis::Y => self.y,
            Axis::Z => self.z,
        }
    }

    /// Area of the voxel face whose normal is `axis`.
    #[must_use]
    pub const fn face_area(self, axis: Axis) -> f64 {
        match axis {
            Axis::X => self.y * self.z,
            Axis::Y => self.x * self.z,
            Axis::Z => self.x * self.y,
        }
    }

    /// Volume of a voxel.
    #[must_use]
    pub const fn voxel_volume(self) -> f64 {
        self.x * self.y * self.z
    }

    /// Smallest edge.
    #[must_use]
    pub const fn min_edge(self) -> f64 {
        self.x.min(self.y).min(self.z)
    }

    /// Edges in array order, z, y, x.
    #[must_use]
    pub const fn zyx(self) -> [f64; 3] {
        [self.z, self.y, self.x]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_sizes_that_are_no_length() {
        for bad in [0.0, -1e-6, f64::NAN, f64::INFINITY] {
            assert!(VoxelSize::known([1e-6, bad, 1e-6], VoxelSizeSource::Flag).is_err());
        }
    }

    #[test]
    fn face_areas_multiply_the_other_two_edges() {
        let s = Spacing { x: 2.0, y: 3.0, z: 5.0, unit: LengthUnit::Voxel };
        assert!((s.face_area(Axis::X) - 15.0).abs() < f64::EPSILON);
        assert!((s.face_area(Axis::Y) - 10.0).abs() < f64::EPSILON);
        assert!((s.face_area(Axis::Z) - 6.0).abs() < f64::EPSILON);
    }
}
