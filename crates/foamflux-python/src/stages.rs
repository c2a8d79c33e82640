//! The stages: what the commands of the same names do, on arrays.

use std::time::Instant;

use foamflux_grid::{Labels, Shape, VoxelSize, Watch};
use foamflux_io::read::StackData;
use foamflux_pipeline::settings::Content;
use foamflux_pipeline::tag::{Extras, Given};
use foamflux_pipeline::{Input, PipelineError, Recorder, Settings, ingest, memory};
use foamflux_pipeline::{current, grey, impedance, measure, tag, transport};
use numpy::PyArray3;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyDict};

use crate::{arrays, job};

/// What errors call an array.
const NAME: &str = "the array";

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read, module)?)?;
    module.add_function(wrap_pyfunction!(segment_, module)?)?;
    module.add_function(wrap_pyfunction!(tag_, module)?)?;
    module.add_function(wrap_pyfunction!(measure_, module)?)?;
    module.add_function(wrap_pyfunction!(transport_, module)?)?;
    module.add_function(wrap_pyfunction!(current_, module)?)?;
    module.add_function(wrap_pyfunction!(impedance_, module)?)
}

fn json(results: &impl serde::Serialize) -> Result<String, PipelineError> {
    serde_json::to_string(results).map_err(|error| PipelineError::Internal(error.to_string()))
}

fn data(array: &Bound<'_, PyAny>, settings: &Settings) -> PyResult<StackData> {
    arrays::stack(array, settings.ingest.options.voxel_size.as_ref().unwrap_or(&VoxelSize::Unknown))
}

/// Labels from an array: numbered as foamflux does, of two values, or by the map of the settings.
fn labels(
    data: StackData,
    settings: &Settings,
    work: memory::Work,
    watch: &dyn Watch,
) -> Result<Labels, PipelineError> {
    memory::check(work, data.shape(), 0, settings.max_memory)?;
    match ingest::settled(data, Content::Labels, settings.ingest.labels.as_ref(), NAME, watch)? {
        Input::Labels(labels, _) => Ok(labels),
        Input::Grey(_) => Err(PipelineError::Internal("labels were asked for and grey came back".to_owned())),
    }
}

/// A file or folder as an array, the results of `ingest` as JSON.
#[pyfunction]
fn read<'py>(py: Python<'py>, path: std::path::PathBuf, options: &str) -> PyResult<(Bound<'py, PyAny>, String)> {
    let settings = job::settings(py, options)?;
    let (data, text) = job::run(py, &settings, |watch| {
        let stack = ingest::read_stack(&path, &settings.ingest, watch)?;
        let text = json(&ingest::results(&path, &stack.report, Some(&stack.data)))?;
        Ok((stack.data, text))
    })?;
    let shape = data.shape();
    let array = foamflux_io::for_each_type!(data, volume => {
        use numpy::PyArrayMethods;
        numpy::PyArray1::from_vec(py, volume.into_vec()).reshape([shape.z, shape.y, shape.x])?.into_any()
    });
    Ok((array, text))
}

#[pyfunction(name = "segment")]
fn segment_<'py>(
    py: Python<'py>,
    array: &Bound<'py, PyAny>,
    options: &str,
) -> PyResult<(Bound<'py, PyArray3<u8>>, String)> {
    let settings = job::settings(py, options)?;
    let data = data(array, &settings)?;
    let (labels, text) = job::run(py, &settings, |watch| {
        let recorder = Recorder::new(watch);
        let mut found = grey::labelled(data, &settings, &recorder)?.segmented;
        found.results.warnings = recorder.warnings();
        Ok((found.labels, json(&found.results)?))
    })?;
    Ok((arrays::of_labels(py, labels)?, text))
}

#[pyfunction(name = "tag")]
fn tag_<'py>(
    py: Python<'py>,
    array: &Bound<'py, PyAny>,
    options: &str,
) -> PyResult<(Bound<'py, PyArray3<u8>>, String)> {
    let settings = job::settings(py, options)?;
    let data = data(array, &settings)?;
    let (tags, text) = job::run(py, &settings, |watch| {
        let recorder = Recorder::new(watch);
        let labels = labels(data, &settings, memory::Work::Tag, &recorder)?;
        let debris = settings.config.tag_debris.unwrap_or(false);
        let extras = Extras { debris, ..Extras::none(Given::Replace) };
        let mut found = tag::tag(&labels, &settings.tag, extras, &recorder)?;
        found.results.warnings = recorder.warnings();
        Ok((found.labels, json(&found.results)?))
    })?;
    Ok((arrays::of_labels(py, tags)?, text))
}

#[pyfunction(name = "measure")]
fn measure_(py: Python<'_>, array: &Bound<'_, PyAny>, options: &str) -> PyResult<String> {
    let settings = job::settings(py, options)?;
    let data = data(array, &settings)?;
    job::run(py, &settings, |watch| {
        let recorder = Recorder::new(watch);
        let labels = labels(data, &settings, memory::Work::Measure, &recorder)?;
        let mut found = measure::measure(&labels, None, &settings.measure, &recorder)?;
        found.warnings = recorder.warnings();
        json(&found)
    })
}

/// The results of one phase as JSON; with `maps` potential, flux and losses along each direction.
#[pyfunction(name = "transport")]
fn transport_<'py>(
    py: Python<'py>,
    array: &Bound<'py, PyAny>,
    options: &str,
    maps: bool,
) -> PyResult<(String, Bound<'py, PyDict>)> {
    let settings = job::settings(py, options)?;
    let data = data(array, &settings)?;
    let shape = data.shape();
    let mut how = settings.transport.clone();
    how.phases.truncate(1);
    how.max_memory = settings.max_memory;
    how.fields = if maps { how.axes.clone() } else { Vec::new() };
    let (text, fields) = job::run(py, &settings, |watch| {
        let recorder = Recorder::new(watch);
        let backend = job::backend(&settings)?;
        let labels = labels(data, &settings, memory::Work::Transport, &recorder)?;
        let found = transport::transport(&labels, &how, 0.0, backend.as_ref(), &recorder)?;
        match found.results.into_values().next() {
            Some(mut results) => {
                results.warnings = recorder.warnings();
                Ok((json(&results)?, found.fields))
            }
            None => Err(PipelineError::Internal("a transport without a phase".to_owned())),
        }
    })?;
    let by_axis = PyDict::new(py);
    for field in fields {
        let of = PyDict::new(py);
        of.set_item("potential", arrays::scalars(py, shape, field.potential)?)?;
        of.set_item("flux", arrays::vectors(py, shape, field.flux)?)?;
        of.set_item("loss", arrays::scalars(py, shape, field.loss)?)?;
        by_axis.set_item(field.axis.name(), of)?;
    }
    Ok((text, by_axis))
}

#[pyfunction(name = "current")]
fn current_<'py>(
    py: Python<'py>,
    array: &Bound<'py, PyAny>,
    options: &str,
    maps: bool,
) -> PyResult<(String, Bound<'py, PyDict>)> {
    let settings = job::settings(py, options)?;
    let data = data(array, &settings)?;
    let shape = data.shape();
    let (text, fields) = job::run(py, &settings, |watch| {
        let recorder = Recorder::new(watch);
        let backend = job::backend(&settings)?;
        let labels = labels(data, &settings, settings.current.work(), &recorder)?;
        let found = current::current(&labels, &settings.current, maps, 0.0, backend.as_ref(), &recorder)?;
        Ok((json(&found.results)?, found.fields))
    })?;
    let out = PyDict::new(py);
    if let Some(f) = fields {
        let some = |v: Vec<f32>, shape: Shape| (!v.is_empty()).then(|| arrays::scalars(py, shape, v)).transpose();
        for (name, values) in [
            ("current_density", f.current_density),
            ("overpotential", f.overpotential),
            ("phi_electrolyte", f.phi_electrolyte),
            ("phi_solid", f.phi_solid),
            ("concentration", f.concentration),
        ] {
            if let Some(array) = some(values, shape)? {
                out.set_item(name, array)?;
            }
        }
        for (name, values) in [("ionic", f.ionic), ("electronic", f.electronic), ("li_flux", f.li_flux)] {
            if !values.is_empty() {
                out.set_item(name, arrays::vectors(py, shape, values)?)?;
            }
        }
    }
    Ok((text, out))
}

#[pyfunction(name = "impedance")]
fn impedance_(py: Python<'_>, array: &Bound<'_, PyAny>, options: &str) -> PyResult<String> {
    let settings = job::settings(py, options)?;
    let data = data(array, &settings)?;
    job::run(py, &settings, |watch| {
        let recorder = Recorder::new(watch);
        impedance::check(&settings.config)?;
        let backend = job::backend(&settings)?;
        let clock = Instant::now();
        let labels = labels(data, &settings, memory::Work::CoupledCurrent, &recorder)?;
        let mut found =
            impedance::impedance(&labels, &settings.impedance, &settings.current, backend.as_ref(), &recorder)?;
        found.warnings = recorder.warnings();
        found.seconds = clock.elapsed().as_secs_f64();
        json(&found)
    })
}
