//! A volume: voxels, their shape and their size, inseparable.

use ndarray::{Array3, ArrayView3};

use crate::{Axis, GridError, Region, Shape, Spacing, VoxelSize};

/// Voxels in `[z][y][x]` order (x fastest, contiguous) with their voxel size.
#[derive(Debug, Clone, PartialEq)]
pub struct Volume<T> {
    shape: Shape,
    voxel_size: VoxelSize,
    data: Vec<T>,
}

impl<T> Volume<T> {
    /// A volume from values in `[z][y][x]` order.
    ///
    /// # Errors
    /// [`GridError::Length`] when the number of values is not the number of voxels.
    pub fn from_vec(shape: Shape, voxel_size: VoxelSize, data: Vec<T>) -> Result<Self, GridError> {
        if data.len() != shape.len() {
            return Err(GridError::Length { len: data.len(), shape });
        }
        Ok(Volume { shape, voxel_size, data })
    }

    /// A volume whose voxel at `(z, y, x)` is `f(z, y, x)`.
    pub fn from_fn(shape: Shape, voxel_size: VoxelSize, mut f: impl FnMut(usize, usize, usize) -> T) -> Self {
        let mut data = Vec::with_capacity(shape.len());
        for z in 0..shape.z {
            for y in 0..shape.y {
                for x in 0..shape.x {
                    data.push(f(z, y, x));
                }
            }
        }
        Volume { shape, voxel_size, data }
    }

    /// A volume from an ndarray of any memory layout.
    ///
    /// # Errors
    /// [`GridError::Shape`] when an edge is zero.
    pub fn from_array(array: Array3<T>, voxel_size: VoxelSize) -> Result<Self, GridError>
    where
        T: Clone,
    {
        let (z, y, x) = array.dim();
        let shape = Shape::new(z, y, x)?;
        let data = if array.is_standard_layout() && array.len() == shape.len() {
            let (data, offset) = array.into_raw_vec_and_offset();
            if offset.unwrap_or(0) == 0 && data.len() == shape.len() {
                data
            } else {
                data[offset.unwrap_or(0)..offset.unwrap_or(0) + shape.len()].to_vec()
            }
        } else {
            array.iter().cloned().collect()
        };
        Volume::from_vec(shape, voxel_size, data)
    }

    /// Shape in voxels.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Voxel size, which may be explicitly unknown.
    #[must_use]
    pub const fn voxel_size(&self) -> &VoxelSize {
        &self.voxel_size
    }

    /// Edge lengths for algorithms: metres where known, otherwise unit voxels.
    #[must_use]
    pub fn spacing(&self) -> Spacing {
        self.voxel_size.spacing()
    }

    /// The same voxels with another voxel size.
    #[must_use]
    pub fn with_voxel_size(self, voxel_size: VoxelSize) -> Self {
        Volume { voxel_size, ..self }
    }

    /// All voxels in `[z][y][x]` order.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.data
    }

    /// All voxels in `[z][y][x]` order, mutable.
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// The voxels alone.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.data
    }

    /// The voxel at `(z, y, x)`.
    ///
    /// # Panics
    /// When the voxel lies outside of the volume.
    #[must_use]
    #[inline]
    pub fn at(&self, z: usize, y: usize, x: usize) -> &T {
        &self.data[self.shape.index(z, y, x)]
    }

    /// One slice (z plane) in `[y][x]` order.
    ///
    /// # Panics
    /// When there is no such slice.
    #[must_use]
    pub fn plane(&self, z: usize) -> &[T] {
        let n = self.shape.y * self.shape.x;
        &self.data[z * n..(z + 1) * n]
    }

    /// An ndarray view of shape `(z, y, x)`.
    #[must_use]
    pub fn view(&self) -> ArrayView3<'_, T> {
        match ArrayView3::from_shape((self.shape.z, self.shape.y, self.shape.x), &self.data) {
            Ok(view) => view,
            Err(_) => unreachable!("the length was checked when the volume was built"),
        }
    }

    /// A new volume of the same shape and voxel size with `f` of every voxel.
    pub fn map<U>(&self, f: impl FnMut(&T) -> U) -> Volume<U> {
        Volume { shape: self.shape, voxel_size: self.voxel_size.clone(), data: self.data.iter().map(f).collect() }
    }

    /// A volume of the same shape and voxel size around other values.
    ///
    /// # Errors
    /// [`GridError::Length`] when the number of values is not the number of voxels.
    pub fn like<U>(&self, data: Vec<U>) -> Result<Volume<U>, GridError> {
        Volume::from_vec(self.shape, self.voxel_size.clone(), data)
    }

    /// A copy of the voxels in `region`.
    ///
    /// # Errors
    /// [`GridError::Region`] when it leaves the volume.
    pub fn crop(&self, region: Region) -> Result<Self, GridError>
    where
        T: Clone,
    {
        let shape = region.shape_within(self.shape)?;
        let mut data = Vec::with_capacity(shape.len());
        for z in region.along(Axis::Z) {
            for y in region.along(Axis::Y) {
                let row = self.shape.index(z, y, 0);
                data.extend_from_slice(&self.data[row + region.x0..row + region.x1]);
            }
        }
        Ok(Volume { shape, voxel_size: self.voxel_size.clone(), data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VoxelSizeSource;

    fn counting(z: usize, y: usize, x: usize) -> Volume<usize> {
        let shape = Shape::new(z, y, x).unwrap();
        Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| shape.index(z, y, x))
    }

    #[test]
    fn from_fn_runs_x_fastest() {
        assert_eq!(counting(2, 3, 4).as_slice(), (0..24).collect::<Vec<_>>());
    }

    #[test]
    fn crop_takes_the_named_voxels_and_keeps_the_voxel_size() {
        let size = VoxelSize::known([1e-6, 2e-6, 3e-6], VoxelSizeSource::Flag).unwrap();
        let v = counting(3, 4, 5).with_voxel_size(size.clone());
        let c = v.crop("1:3,2:4,0:2".parse().unwrap()).unwrap();
        assert_eq!(c.voxel_size(), &size);
        assert_eq!(c.as_slice(), [11, 12, 16, 17, 31, 32, 36, 37]);
        assert!(v.crop("1:6,2:4,0:2".parse().unwrap()).is_err());
    }

    #[test]
    fn from_array_accepts_any_layout() {
        let a = Array3::from_shape_fn((2, 3, 4), |(z, y, x)| 100 * z + 10 * y + x);
        let straight = Volume::from_array(a.clone(), VoxelSize::Unknown).unwrap();
        let turned = Volume::from_array(a.reversed_axes(), VoxelSize::Unknown).unwrap();
        assert_eq!(straight.at(1, 2, 3), turned.at(3, 2, 1));
        assert_eq!(turned.shape(), Shape::new(4, 3, 2).unwrap());
    }

    #[test]
    fn a_wrong_length_is_refused() {
        let shape = Shape::cube(2).unwrap();
        assert_eq!(Volume::from_vec(shape, VoxelSize::Unknown, vec![0u8; 7]), Err(GridError::Length { len: 7, shape }));
    }
}
