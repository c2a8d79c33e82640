//! Shapes, axes and regions of a voxel grid.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::GridError;

/// One of the three axes: x is the column, y the row, z the slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    /// Column, fastest in memory.
    X,
    /// Row.
    Y,
    /// Slice, slowest in memory.
    Z,
}

impl Axis {
    /// All axes in user order: x, y, z.
    pub const ALL: [Axis; 3] = [Axis::X, Axis::Y, Axis::Z];

    /// Position in a user-order triple (x = 0, y = 1, z = 2).
    #[must_use]
    pub const fn xyz_index(self) -> usize {
        match self {
            Axis::X => 0,
            Axis::Y => 1,
            Axis::Z => 2,
        }
    }

    /// Lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Axis::X => "x",
            Axis::Y => "y",
            Axis::Z => "z",
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Axis {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s.trim() {
            "x" | "X" => Ok(Axis::X),
            "y" | "Y" => Ok(Axis::Y),
            "z" | "Z" => Ok(Axis::Z),
            other => Err(format!("'{other}' is not an axis: write x, y or z")),
        }
    }
}

/// Number of voxels along each axis; never zero along any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "[usize; 3]")]
pub struct Shape {
    /// Slices.
    pub z: usize,
    /// Rows.
    pub y: usize,
    /// Columns.
    pub x: usize,
}

impl Shape {
    /// A shape in array order.
    ///
    /// # Errors
    /// [`GridError::Shape`] when an edge is zero or the voxel count overflows `isize`.
    pub fn new(z: usize, y: usize, x: usize) -> Result<Self, GridError> {
        let shape = Shape { z, y, x };
        if z == 0 || y == 0 || x == 0 {
            return Err(GridError::Shape { shape, reason: "an edge is zero" });
        }
        let voxels = z.checked_mul(y).and_then(|n| n.checked_mul(x));
        // Eight bytes per voxel is the widest array that the program holds.
        if voxels.and_then(|n| n.checked_mul(8)).is_none_or(|n| n > isize::MAX as usize) {
            return Err(GridError::Shape { shape, reason: "it has more voxels than this machine can address" });
        }
        Ok(shape)
    }

    /// A cube of `n` voxels per edge.
    ///
    /// # Errors
    /// As [`Shape::new`].
    pub fn cube(n: usize) -> Result<Self, GridError> {
        Shape::new(n, n, n)
    }

    /// Number of voxels.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a shape is never empty")]
    pub const fn len(self) -> usize {
        self.z * self.y * self.x
    }

    /// Number of voxels along `axis`.
    #[must_use]
    pub const fn along(self, axis: Axis) -> usize {
        match axis {
            Axis::X => self.x,
            Axis::Y => self.y,
            Axis::Z => self.z,
        }
    }

    /// Memory distance between neighbours along `axis`, in elements.
    #[must_use]
    pub const fn stride(self, axis: Axis) -> usize {
        match axis {
            Axis::X => 1,
            Axis::Y => self.x,
            Axis::Z => self.x * self.y,
        }
    }

    /// Linear index of a voxel.
    #[must_use]
    pub const fn index(self, z: usize, y: usize, x: usize) -> usize {
        (z * self.y + y) * self.x + x
    }

    /// `(z, y, x)` of a linear index.
    #[must_use]
    pub const fn zyx_of(self, index: usize) -> (usize, usize, usize) {
        let x = index % self.x;
        let rest = index / self.x;
        (rest / self.y, rest % self.y, x)
    }

    /// `[z, y, x]`.
    #[must_use]
    pub const fn zyx(self) -> [usize; 3] {
        [self.z, self.y, self.x]
    }

    /// The region that covers the whole shape.
    #[must_use]
    pub const fn region(self) -> Region {
        Region { x0: 0, x1: self.x, y0: 0, y1: self.y, z0: 0, z1: self.z }
    }
}

impl From<Shape> for [usize; 3] {
    fn from(shape: Shape) -> Self {
        shape.zyx()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.z, self.y, self.x)
    }
}

impl FromStr for Shape {
    type Err = String;

    /// Reads `z,y,x`.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let parts: Result<Vec<usize>, _> = s.split([',', 'x']).map(|p| p.trim().parse()).collect();
        match parts.as_deref() {
            Ok([z, y, x]) => Shape::new(*z, *y, *x).map_err(|e| e.to_string()),
            _ => Err(format!("'{s}' is not a shape: write three whole numbers as z,y,x, for example 128,256,256")),
        }
    }
}

/// A half-open box of voxels, written `x0:x1,y0:y1,z0:z1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Region {
    /// First column.
    pub x0: usize,
    /// One past the last column.
    pub x1: usize,
    /// First row.
    pub y0: usize,
    /// One past the last row.
    pub y1: usize,
    /// First slice.
    pub z0: usize,
    /// One past the last slice.
    pub z1: usize,
}

impl Region {
    /// Shape of the region after checking that it lies inside `shape`.
    ///
    /// # Errors
    /// [`GridError::Region`] when it is empty or leaves `shape`.
    pub fn shape_within(self, shape: Shape) -> Result<Shape, GridError> {
        let ok = |a: usize, b: usize, n: usize| a < b && b <= n;
        if ok(self.x0, self.x1, shape.x) && ok(self.y0, self.y1, shape.y) && ok(self.z0, self.z1, shape.z) {
            Shape::new(self.z1 - self.z0, self.y1 - self.y0, self.x1 - self.x0)
        } else {
            Err(GridError::Region { region: self, shape })
        }
    }

    /// Range along `axis`.
    #[must_use]
    pub const fn along(self, axis: Axis) -> Range<usize> {
        match axis {
            Axis::X => self.x0..self.x1,
            Axis::Y => self.y0..self.y1,
            Axis::Z => self.z0..self.z1,
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{},{}:{},{}:{}", self.x0, self.x1, self.y0, self.y1, self.z0, self.z1)
    }
}

impl FromStr for Region {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let bad = || format!("'{s}' is not a crop: write x0:x1,y0:y1,z0:z1, for example 10:110,0:200,5:95");
        let ranges: Vec<(usize, usize)> = s
            .split(',')
            .map(|part| {
                let (a, b) = part.split_once(':')?;
                Some((a.trim().parse().ok()?, b.trim().parse().ok()?))
            })
            .collect::<Option<_>>()
            .ok_or_else(bad)?;
        match ranges.as_slice() {
            [(x0, x1), (y0, y1), (z0, z1)] if x0 < x1 && y0 < y1 && z0 < z1 => {
                Ok(Region { x0: *x0, x1: *x1, y0: *y0, y1: *y1, z0: *z0, z1: *z1 })
            }
            _ => Err(bad()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_and_zyx_are_inverse() {
        let s = Shape::new(3, 4, 5).unwrap();
        for i in 0..s.len() {
            let (z, y, x) = s.zyx_of(i);
            assert_eq!(s.index(z, y, x), i);
        }
        assert_eq!(s.index(0, 0, 1), s.stride(Axis::X));
        assert_eq!(s.index(0, 1, 0), s.stride(Axis::Y));
        assert_eq!(s.index(1, 0, 0), s.stride(Axis::Z));
    }

    #[test]
    fn zero_edges_and_overflow_are_refused() {
        assert!(Shape::new(0, 1, 1).is_err());
        assert!(Shape::new(usize::MAX, 2, 2).is_err());
        assert!("4,0,4".parse::<Shape>().is_err());
    }

    #[test]
    fn regions_parse_and_are_bounded() {
        let r: Region = "1:3,0:4,2:5".parse().unwrap();
        let s = Shape::new(5, 4, 3).unwrap();
        assert_eq!(r.shape_within(s).unwrap(), Shape::new(3, 4, 2).unwrap());
        assert_eq!(r.to_string(), "1:3,0:4,2:5");
        assert!("3:1,0:4,2:5".parse::<Region>().is_err());
        assert!("0:4,0:4,0:5".parse::<Region>().unwrap().shape_within(s).is_err());
    }
}
