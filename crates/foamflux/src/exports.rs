//! Files of a run for other programs.

use foamflux_grid::Labels;
use foamflux_io::for_each_type;
use foamflux_io::write::{self as io, OmeZarr, OutputFolder, Triangles, WriteError};
use foamflux_pipeline::run::RunOutput;
use foamflux_pipeline::settings::{Ends, Export};
use foamflux_pipeline::{PipelineError, Settings, handover};
use foamflux_report::figures::{LABEL_COLOURS, label_colour};

/// Writes what was asked for, as far as the run has it, and says which files there are and what they hold.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(
    done: &RunOutput,
    settings: &Settings,
    folder: &OutputFolder,
) -> anyhow::Result<Vec<(&'static str, &'static str)>> {
    let closed = settings.surface_ends == Ends::Closed;
    let mut files = Vec::new();
    for export in &settings.exports {
        let file = match export {
            Export::OmeZarr => {
                volumes(done, &folder.join("volumes.ome.zarr")).map_err(PipelineError::from)?;
                Some((
                    "volumes.ome.zarr",
                    "the volume with its labels, potential, flux and current density at several resolutions for napari, Fiji \
                     and neuroglancer, in \u{b5}m",
                ))
            }
            Export::Ply => surface(done, closed, |mesh| io::ply(&folder.join("surface.ply"), mesh))?.then_some((
                "surface.ply",
                "surface of the solid with the label of each point, in \u{b5}m as fields.vti",
            )),
            Export::Stl => surface(done, closed, |mesh| io::stl(&folder.join("surface.stl"), mesh))?
                .then_some(("surface.stl", "surface of the solid, in \u{b5}m as fields.vti")),
            Export::Bpx => parameters(folder, "bpx.json", handover::bpx(&done.results))?.then_some((
                "bpx.json",
                "porosity, transport efficiency and area as a partial BPX parameter set, with errors",
            )),
            Export::Pybamm => parameters(folder, "pybamm.json", handover::pybamm(&done.results))?.then_some((
                "pybamm.json",
                "the same for PyBaMM: ParameterValues.update(json.load(file)), tortuosity factors for the option \
                 {\"transport efficiency\": \"tortuosity factor\"} and exponents for models without it",
            )),
        };
        files.extend(file);
    }
    Ok(files)
}

fn volumes(done: &RunOutput, path: &std::path::Path) -> Result<(), WriteError> {
    let (shape, size) = (done.labels.shape(), done.labels.voxel_size());
    let store = OmeZarr::create(path)?;
    match &done.grey {
        Some(grey) => for_each_type!(grey, volume => store.image("", "grey", volume))?,
        None => store.image("", "labels", done.labels.volume())?,
    }
    store.labels(&done.labels, &LABEL_COLOURS.map(|(number, _, colour)| (number, colour)))?;
    for field in &done.fields {
        let axis = field.axis.name();
        store.values(
            &format!("potential_{axis}"),
            &format!("potential along {axis}"),
            &field.potential,
            shape,
            size,
        )?;
        let magnitude: Vec<f32> = field.flux.iter().map(|[x, y, z]| (x * x + y * y + z * z).sqrt()).collect();
        store.values(
            &format!("flux_{axis}_relative"),
            &format!("flux along {axis}, relative"),
            &magnitude,
            shape,
            size,
        )?;
    }
    if let Some(current) = &done.current {
        let name = "current_density_a_per_m2";
        store.values(name, "current density in A/m2", &current.current_density, shape, size)?;
    }
    store.commit()
}

/// Hands the surface to a writer; false where there is none.
fn surface(
    done: &RunOutput,
    closed: bool,
    write: impl FnOnce(&Triangles<'_>) -> Result<(), WriteError>,
) -> anyhow::Result<bool> {
    let Some(mesh) = &done.surface else { return Ok(false) };
    let (scale, unit) = unit_of(&done.labels);
    let triangles = Triangles {
        points: &mesh.points,
        scale,
        unit,
        labels: &mesh.values,
        colour: label_colour,
        triangles: &mesh.triangles,
        closed,
    };
    write(&triangles).map_err(PipelineError::from)?;
    Ok(true)
}

/// Units of a mesh per unit of the spacing.
fn unit_of(labels: &Labels) -> (f64, &'static str) {
    const UM_PER_M: f64 = 1e6;
    if labels.voxel_size().m_xyz().is_some() { (UM_PER_M, "um") } else { (1.0, "voxels") }
}

/// Writes parameters as JSON; false where there are none.
fn parameters(folder: &OutputFolder, name: &str, table: Option<serde_json::Value>) -> anyhow::Result<bool> {
    let Some(table) = table else { return Ok(false) };
    let text = serde_json::to_vec_pretty(&table)?;
    io::file_atomically(&folder.join(name), |file| file.write_all(&text)).map_err(PipelineError::from)?;
    Ok(true)
}
