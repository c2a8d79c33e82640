//! The salt: maps of concentration and lithium flux, and both by depth.

use foamflux_grid::{Axis, Labels};
use foamflux_pipeline::current::CurrentFields;
use foamflux_report::figures::{ColourMap, FieldStyle, FigureError, Profile, Series, field_slice, profile};
use foamflux_results::{CurrentResults, Figure};

use super::{Picture, Plane, chart};

/// Concentration and the strength of N+ in the middle plane along the depth.
pub(super) fn maps(
    labels: &Labels,
    fields: &CurrentFields,
    results: &CurrentResults,
    pictures: &mut Vec<Picture>,
) -> Result<(), FigureError> {
    let (shape, voxel_size) = (labels.shape(), labels.voxel_size());
    let axis = results.direction.parse().unwrap_or(Axis::Z);
    let plane = Plane::along(axis);
    let at = format!("{} = {}", plane.normal, shape.along(plane.normal) / 2);
    // nmol/(cm2 s): a tenth of a micromole per square metre and second.
    let strength: Vec<f32> = fields
        .li_flux
        .iter()
        .zip(&fields.concentration)
        .map(|([x, y, z], c)| if c.is_nan() { f32::NAN } else { 1e5 * (x * x + y * y + z * z).sqrt() })
        .collect();
    let maps = [
        (
            "current_salt",
            "concentration of the salt",
            "c",
            fields.concentration.clone(),
            "mol/m\u{b3}",
            ColourMap::Viridis,
        ),
        ("current_li_flux", "flux of lithium ions", "|N+|", strength, "nmol/(cm\u{b2} s)", ColourMap::Cividis),
    ];
    for (name, what, quantity, values, unit, map) in maps {
        let title = format!("{what}, {at}");
        let style = FieldStyle { map, range: None, quantity, unit };
        let drawn = field_slice(&plane.cut(&values, shape), &plane.view(shape, voxel_size, &title), &style)?;
        let figure = Figure { path: format!("figures/{name}_{}.png", plane.name()), title, caption: drawn.caption };
        pictures.push(Picture { figure, bytes: drawn.image.png()? });
    }
    Ok(())
}

/// Both by depth.
pub(super) fn by_depth(results: &CurrentResults) -> Option<Picture> {
    let salt = &results.electrolyte.as_ref()?.profile;
    let depth = &results.profile.depth_m;
    let half = depth.first()?;
    let concentration: Vec<[f64; 2]> =
        depth.iter().zip(&salt.concentration_relative).filter_map(|(d, c)| c.map(|c| [d * 1e6, c])).collect();
    // The flux is that through the plane above each slice.
    let flux: Vec<[f64; 2]> = depth.iter().zip(&salt.li_flux_relative).map(|(d, n)| [(d - half) * 1e6, *n]).collect();
    let title = "salt and lithium flux by depth";
    let svg = profile(&Profile {
        series: &[
            Series { name: "concentration", points: &concentration },
            Series { name: "lithium flux", points: &flux },
        ],
        title,
        x_label: "depth from the separator [\u{b5}m]",
        y_label: "over c0, over the flux at the separator",
    });
    let caption = "Mean concentration of every slice over the initial one, and the flux of lithium ions (diffusion and migration) through the planes between slices; what is missing of it has been plated above.";
    Some(chart("figures/current_salt.svg", title, caption, svg))
}
