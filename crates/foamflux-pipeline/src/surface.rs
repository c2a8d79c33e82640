//! The surface of the solid as a mesh, for whoever takes it further.

use foamflux_grid::{Event, Labels, Phase, Stage, Watch, units};
use foamflux_io::write::{ply_bytes, stl_bytes};
use foamflux_voxel::surface::Mesh;
use foamflux_voxel::surface::mesh::{self, Ends};

use crate::measure::GreyField;

/// Most triangles of a mesh: a PLY file of some 420 MB or an STL file of 1 GB, beyond which few programs go.
pub const MOST_TRIANGLES: u64 = 20_000_000;

/// Meshes the solid where the grey field passes its level, or half-way between voxels; none where there is no surface or too much
/// of it, and a warning says so.
///
/// With open ends it is the mesh whose area `measure` states as `marching_cubes`.
pub fn solid(labels: &Labels, grey: Option<GreyField<'_>>, ends: Ends, watch: &dyn Watch) -> Option<Mesh> {
    watch.event(Event::Started { stage: Stage::Measure, what: "mesh of the surface".to_owned() });
    let mask = labels.mask(Phase::solid().labels);
    let values = labels.volume().as_slice();
    let made = match grey {
        Some(GreyField { data, level }) => foamflux_io::for_each_grey!(data, field => {
            mesh::mesh_in_grey(&mask, field, level, values, ends, MOST_TRIANGLES)
        }),
        None => mesh::mesh(&mask, values, ends, MOST_TRIANGLES),
    };
    watch.event(Event::Finished { stage: Stage::Measure, outcome: String::new() });
    match made {
        Ok(mesh) if mesh.triangles.is_empty() => {
            watch.event(Event::Warning("no surface was written: the box holds none of the solid's".to_owned()));
            None
        }
        Ok(mesh) => {
            let (points, triangles) = (mesh.points.len() as u64, mesh.triangles.len() as u64);
            let [ply, stl] = [ply_bytes(points, triangles), stl_bytes(triangles)].map(units::format_bytes);
            watch.event(Event::Note(format!("the surface has {triangles} triangles: {ply} as PLY, {stl} as STL")));
            Some(mesh)
        }
        Err(error) => {
            let flags = "--crop x0:x1,y0:y1,z0:z1, or --bin 2";
            watch.event(Event::Warning(format!("no surface was written: {error} ({flags})")));
            None
        }
    }
}
