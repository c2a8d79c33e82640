//! Arrays of numpy, `[z][y][x]`, and volumes.

use foamflux_grid::{Labels, Sample, Shape, Volume, VoxelSize};
use foamflux_io::read::StackData;
use numpy::{Element, PyArray1, PyArray3, PyArrayMethods, PyReadonlyArray3, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyAny;

/// Copies an array of one of the types that the Python half leaves.
pub(crate) fn stack(array: &Bound<'_, PyAny>, voxel_size: &VoxelSize) -> PyResult<StackData> {
    macro_rules! try_types {
        ($($variant:ident $type:ty),*) => {
            $(if let Ok(array) = array.extract::<PyReadonlyArray3<'_, $type>>() {
                return Ok(StackData::$variant(volume(&array, voxel_size)?));
            })*
        };
    }
    try_types!(U8 u8, U16 u16, I16 i16, U32 u32, I32 i32, F32 f32);
    Err(PyTypeError::new_err("an array of three dimensions [z, y, x] of whole numbers or float32 is expected"))
}

fn volume<T: Sample + Element>(array: &PyReadonlyArray3<'_, T>, voxel_size: &VoxelSize) -> PyResult<Volume<T>> {
    let invalid = |error: &dyn std::fmt::Display| pyo3::exceptions::PyValueError::new_err(error.to_string());
    let &[z, y, x] = array.shape() else {
        return Err(PyTypeError::new_err("an array of three dimensions [z, y, x] is expected"));
    };
    let shape = Shape::new(z, y, x).map_err(|e| invalid(&e))?;
    let data = array.as_slice().map_err(|e| invalid(&e))?.to_vec();
    Volume::from_vec(shape, voxel_size.clone(), data).map_err(|e| invalid(&e))
}

/// Labels as an array of u8.
pub(crate) fn of_labels<'py>(py: Python<'py>, labels: Labels) -> PyResult<Bound<'py, PyArray3<u8>>> {
    let volume = labels.into_volume();
    let shape = volume.shape();
    PyArray1::from_vec(py, volume.into_vec()).reshape([shape.z, shape.y, shape.x])
}

/// One value per voxel.
pub(crate) fn scalars<'py>(py: Python<'py>, shape: Shape, values: Vec<f32>) -> PyResult<Bound<'py, PyAny>> {
    Ok(PyArray1::from_vec(py, values).reshape([shape.z, shape.y, shape.x])?.into_any())
}

/// A vector x, y, z per voxel, `[z][y][x][3]`.
pub(crate) fn vectors<'py>(py: Python<'py>, shape: Shape, values: Vec<[f32; 3]>) -> PyResult<Bound<'py, PyAny>> {
    let flat: Vec<f32> = values.into_iter().flatten().collect();
    Ok(PyArray1::from_vec(py, flat).reshape([shape.z, shape.y, shape.x, 3])?.into_any())
}
