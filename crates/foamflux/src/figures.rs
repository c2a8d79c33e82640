//! The pictures of a run: mid-slices of grey, labels and flux, the histogram, and the charts.

mod alignment;
pub(crate) mod comparison;
mod filling;
mod network;
mod salt;
mod viewer;

use foamflux_grid::{Axis, Labels, Sample, Shape, Volume, VoxelSize};
use foamflux_io::read::StackData;
use foamflux_pipeline::current::CurrentFields;
use foamflux_pipeline::doubt::Doubt;
use foamflux_pipeline::run::RunOutput;
use foamflux_report::figures::{
    ColourMap, Drawn, FieldStyle, FigureError, Histogram, PixelScale, Profile, Series, SliceView, SolidView,
    field_slice, grey_slice, histogram, label_overlay, profile, solid_view, tau_bars,
};
use foamflux_results::{CurrentResults, Figure, ProfileResults};

pub(crate) use filling::filling;
pub(crate) use viewer::viewer;

/// A figure and the bytes of its file.
pub(crate) struct Picture {
    pub(crate) figure: Figure,
    pub(crate) bytes: Vec<u8>,
}

/// A plane through the middle of the box.
#[derive(Debug, Clone, Copy)]
struct Plane {
    right: Axis,
    down: Axis,
    normal: Axis,
}

const PLANES: [Plane; 3] = [
    Plane { right: Axis::X, down: Axis::Y, normal: Axis::Z },
    Plane { right: Axis::X, down: Axis::Z, normal: Axis::Y },
    Plane { right: Axis::Y, down: Axis::Z, normal: Axis::X },
];

impl Plane {
    /// The values of the middle plane, rows downwards.
    fn cut<T: Copy>(self, values: &[T], shape: Shape) -> Vec<T> {
        let middle = shape.along(self.normal) / 2 * shape.stride(self.normal);
        let (width, height) = (shape.along(self.right), shape.along(self.down));
        let (right, down) = (shape.stride(self.right), shape.stride(self.down));
        (0..height).flat_map(|v| (0..width).map(move |u| values[middle + v * down + u * right])).collect()
    }

    fn view<'a>(self, shape: Shape, voxel_size: &VoxelSize, title: &'a str) -> SliceView<'a> {
        let edge = |axis: Axis| voxel_size.m_xyz().map(|m| m[axis.xyz_index()]);
        SliceView {
            width: shape.along(self.right),
            height: shape.along(self.down),
            scale: PixelScale { x_m: edge(self.right), y_m: edge(self.down) },
            axes: [self.right.name(), self.down.name()],
            title,
        }
    }

    fn name(self) -> String {
        format!("{}{}", self.right, self.down)
    }

    /// The plane that shows both a direction and one across it.
    fn along(axis: Axis) -> Self {
        PLANES[if axis == Axis::Y { 0 } else { 1 }]
    }
}

/// The middle of a label volume, depth downwards.
///
/// # Errors
/// [`FigureError`] when the picture cannot be made.
pub(crate) fn middle(labels: &Labels, title: &str, path: &str) -> Result<Picture, FigureError> {
    let plane = Plane::along(Axis::Z);
    let cut = plane.cut(labels.volume().as_slice(), labels.shape());
    let drawn = label_overlay::<f32>(None, &cut, &plane.view(labels.shape(), labels.voxel_size(), title))?;
    let figure = Figure { path: path.to_owned(), title: title.to_owned(), caption: drawn.caption };
    Ok(Picture { figure, bytes: drawn.image.png()? })
}

/// A label volume from above and in front.
///
/// # Errors
/// [`FigureError`] when the picture cannot be made.
pub(crate) fn solid(labels: &Labels, title: &str, path: &str) -> Result<Picture, FigureError> {
    let edges = labels.voxel_size().m_xyz();
    let drawn = solid_view(&SolidView {
        labels: labels.volume().as_slice(),
        shape_zyx: labels.shape().zyx(),
        edges_xyz: edges.unwrap_or([1.0; 3]),
        metres: edges.is_some(),
        title,
    })?;
    let figure = Figure { path: path.to_owned(), title: title.to_owned(), caption: drawn.caption };
    Ok(Picture { figure, bytes: drawn.image.png()? })
}

/// Draws everything that a run's output allows.
///
/// # Errors
/// [`FigureError`] when a picture cannot be made.
pub(crate) fn draw(output: &RunOutput) -> Result<Vec<Picture>, FigureError> {
    let (shape, voxel_size) = (output.labels.shape(), output.labels.voxel_size());
    let mut pictures = Vec::new();
    for plane in PLANES {
        let at = format!("{} = {}", plane.normal, shape.along(plane.normal) / 2);
        let labels = plane.cut(output.labels.volume().as_slice(), shape);
        let title = format!("labels, {at}");
        let view = plane.view(shape, voxel_size, &title);
        let overlay = match &output.grey {
            Some(grey) => label_overlay(Some(&grey_plane(grey, plane)), &labels, &view)?,
            None => label_overlay::<f32>(None, &labels, &view)?,
        };
        pictures.push(slice(format!("figures/labels_{}.png", plane.name()), &title, overlay)?);
        if let Some(grey) = &output.grey {
            let title = format!("grey values, {at}");
            let drawn = grey_slice(&grey_plane(grey, plane), &plane.view(shape, voxel_size, &title))?;
            pictures.push(slice(format!("figures/grey_{}.png", plane.name()), &title, drawn)?);
        }
    }
    if let Some(doubt) = &output.doubt {
        pictures.push(uncertain(doubt, voxel_size)?);
    }
    if let Some((found, _)) = &output.network {
        pictures.extend(network::draw(found, &output.labels)?);
    } else if !output.labels.volume().as_slice().iter().all(|l| *l == 0) {
        pictures.push(solid(&output.labels, "the solid in three dimensions", "figures/solid_3d.png")?);
    }
    for field in &output.fields {
        let plane = Plane::along(field.axis);
        let at = format!("{} = {}", plane.normal, shape.along(plane.normal) / 2);
        let strength: Vec<f32> = plane
            .cut(&field.flux, shape)
            .iter()
            .zip(plane.cut(&field.potential, shape))
            .map(|([x, y, z], phi)| if phi.is_nan() { f32::NAN } else { (x * x + y * y + z * z).sqrt() })
            .collect();
        let title = format!("flux along {}, {at}", field.axis);
        let style = FieldStyle { map: ColourMap::Viridis, range: None, quantity: "|J| / J of the empty box", unit: "" };
        let drawn = field_slice(&strength, &plane.view(shape, voxel_size, &title), &style)?;
        pictures.push(slice(format!("figures/flux_{}.png", field.axis), &title, drawn)?);
        let title = format!("loss along {}, {at}", field.axis);
        let style = FieldStyle { map: ColourMap::Viridis, range: None, quantity: "loss / mean of the phase", unit: "" };
        let drawn = field_slice(&plane.cut(&field.loss, shape), &plane.view(shape, voxel_size, &title), &style)?;
        pictures.push(slice(format!("figures/loss_{}.png", field.axis), &title, drawn)?);
        let title = format!("potential along {}, {at}", field.axis);
        let style = FieldStyle { map: ColourMap::Cividis, range: Some([0.0, 1.0]), quantity: "potential", unit: "" };
        let potential = plane.cut(&field.potential, shape);
        let drawn = field_slice(&potential, &plane.view(shape, voxel_size, &title), &style)?;
        pictures.push(slice(format!("figures/potential_{}.png", field.axis), &title, drawn)?);
    }
    if let (Some(found), Some(segment)) = (&output.histogram, &output.results.segment) {
        let data = Histogram {
            counts: &found.counts,
            edges: &found.edges,
            thresholds: &segment.thresholds,
            title: "grey values and threshold",
        };
        pictures.push(chart("figures/histogram.svg", data.title, "Grey values after the filter.", histogram(&data)));
    }
    let preparation = output.results.segment.as_ref().and_then(|s| s.preparation.as_ref());
    if let Some(found) = preparation.and_then(|p| p.alignment.as_ref()) {
        pictures.push(alignment::displacements(found));
    }
    if output.results.transport.values().any(|t| t.directions.values().any(|d| d.percolates)) {
        let caption = "tau - 1 by phase and direction.";
        pictures.push(chart("figures/tau.svg", "tortuosity factor", caption, tau_bars(&output.results.transport)));
    }
    for (phase, results) in &output.results.transport {
        for axis in output.fields.iter().map(|f| f.axis) {
            let direction = results.directions.get(axis.name());
            if let Some(values) = direction.and_then(|d| d.profile.as_ref()) {
                pictures.push(by_slice(phase, axis, values));
            }
        }
    }
    if let Some(results) = &output.results.current {
        if let Some(fields) = &output.current {
            current_maps(output, fields, results, &mut pictures)?;
            salt::maps(&output.labels, fields, results, &mut pictures)?;
        }
        if results.blocked.is_none() {
            pictures.push(current_profile(results));
            pictures.extend(salt::by_depth(results));
        }
    }
    Ok(pictures)
}

/// Voxels whose label the choice of the threshold decides.
fn uncertain(doubt: &Doubt, voxel_size: &VoxelSize) -> Result<Picture, FigureError> {
    let map = doubt.map();
    let (shape, plane) = (map.shape(), Plane::along(Axis::Z));
    let values: Vec<f32> = plane.cut(map.as_slice(), shape).into_iter().map(|n| f32::from(n) / 3.0).collect();
    let title = format!("uncertain voxels, {} = {}", plane.normal, shape.along(plane.normal) / 2);
    let style = FieldStyle {
        map: ColourMap::Viridis,
        range: Some([0.0, 1.0]),
        quantity: "share of the three thresholds at which it is solid",
        unit: "",
    };
    let drawn = field_slice(&values, &plane.view(shape, voxel_size, &title), &style)?;
    slice("figures/doubt_xz.png".to_owned(), &title, drawn)
}

/// Current density on the surface that shows in the middle planes, all on one scale.
fn current_maps(
    output: &RunOutput,
    fields: &CurrentFields,
    results: &CurrentResults,
    pictures: &mut Vec<Picture>,
) -> Result<(), FigureError> {
    let (shape, voxel_size) = (output.labels.shape(), output.labels.voxel_size());
    let axis = results.direction.parse().unwrap_or(Axis::Z);
    let plane = Plane::along(axis);
    let at = format!("{} = {}", plane.normal, shape.along(plane.normal) / 2);
    let Some(j) = results.current_density_a_per_m2 else { return Ok(()) };
    let milli = |v: &[f32]| -> Vec<f32> { v.iter().map(|v| 0.1 * v).collect() };
    let strength: Vec<f32> = fields
        .ionic
        .iter()
        .zip(&fields.phi_electrolyte)
        .map(|([x, y, z], phi)| if phi.is_nan() { f32::NAN } else { (x * x + y * y + z * z).sqrt() })
        .collect();
    // A colour for what nearly all of the surface has: a few corners would take the whole scale.
    let range = [0.1 * j.p01.min(0.98 * j.mean), 0.1 * j.p99.max(1.02 * j.mean)];
    let maps = [
        (
            "current_surface",
            "current density of the surface",
            "j per true area",
            milli(&fields.current_density),
            Some(range),
            ColourMap::Viridis,
        ),
        ("current_ionic", "ionic current in the electrolyte", "|i|", milli(&strength), None, ColourMap::Cividis),
    ];
    for (name, what, quantity, values, range, map) in maps {
        let title = format!("{what}, {at}");
        let style = FieldStyle { map, range, quantity, unit: "mA/cm\u{b2}" };
        let drawn = field_slice(&plane.cut(&values, shape), &plane.view(shape, voxel_size, &title), &style)?;
        let figure = Figure { path: format!("figures/{name}_{}.png", plane.name()), title, caption: drawn.caption };
        pictures.push(Picture { figure, bytes: drawn.image.png()? });
    }
    Ok(())
}

/// Reaction and area of every slice, with the homogeneous electrode beside them.
fn current_profile(results: &CurrentResults) -> Picture {
    let p = &results.profile;
    let points = |v: &[f64]| -> Vec<[f64; 2]> { p.depth_m.iter().zip(v).map(|(d, v)| [d * 1e6, *v]).collect() };
    let homogeneous: Vec<[f64; 2]> =
        p.depth_m.iter().zip(&p.macrohomogeneous_relative).filter_map(|(d, v)| v.map(|v| [d * 1e6, v])).collect();
    let (reaction, area) = (points(&p.reaction_relative), points(&p.area_relative));
    let title = "reaction by depth";
    let svg = profile(&Profile {
        series: &[
            Series { name: "reaction", points: &reaction },
            Series { name: "area", points: &area },
            Series { name: "without structure", points: &homogeneous },
        ],
        title,
        x_label: "depth from the separator [\u{b5}m]",
        y_label: "over the mean of the slices",
    });
    let caption = "Reaction current and reacting area of every slice over their means; without structure: a homogeneous electrode of the same effective conductivities, area and slope of kinetics (Newman and Tobias).";
    chart("figures/current_profile.svg", title, caption, svg)
}

/// Area fraction, what percolates of it, and the loss of every slice over that of the mean slice.
fn by_slice(phase: &str, axis: Axis, values: &ProfileResults) -> Picture {
    let slices = values.depth_vox.len() as f64;
    let (depth, x_label): (Vec<f64>, _) = match &values.depth_m {
        Some(metres) => (metres.iter().map(|m| m * 1e6).collect(), format!("depth along {axis} [\u{b5}m]")),
        None => (values.depth_vox.clone(), format!("depth along {axis} [voxels]")),
    };
    let points =
        |v: &[f64], factor: f64| -> Vec<[f64; 2]> { depth.iter().zip(v).map(|(d, v)| [*d, factor * v]).collect() };
    let (area, connected) = (points(&values.area_fraction, 1.0), points(&values.percolating_fraction, 1.0));
    let loss = points(&values.dissipation_share, slices);
    let title = format!("{phase} by slices along {axis}");
    let svg = profile(&Profile {
        series: &[
            Series { name: "area fraction", points: &area },
            Series { name: "connected", points: &connected },
            Series { name: "loss / mean slice", points: &loss },
        ],
        title: &title,
        x_label: &x_label,
        y_label: "fraction, or loss over that of the mean slice",
    });
    let name: String = phase.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let caption = "Area fraction of the phase, of its part that connects both faces, and the slice's loss over the mean; a slice's share of the loss is also its share of the potential drop.";
    chart(&format!("figures/profile_{name}_{axis}.svg"), &title, caption, svg)
}

fn slice(path: String, title: &str, drawn: Drawn) -> Result<Picture, FigureError> {
    let figure = Figure { path, title: title.to_owned(), caption: drawn.caption };
    Ok(Picture { figure, bytes: drawn.image.png()? })
}

fn chart(path: &str, title: &str, caption: &str, svg: String) -> Picture {
    let figure = Figure { path: path.to_owned(), title: title.to_owned(), caption: caption.to_owned() };
    Picture { figure, bytes: svg.into_bytes() }
}

fn grey_plane(grey: &StackData, plane: Plane) -> Vec<f32> {
    fn cut<T: Sample>(volume: &Volume<T>, plane: Plane) -> Vec<f32> {
        plane.cut(volume.as_slice(), volume.shape()).into_iter().map(Sample::to_f32).collect()
    }
    foamflux_io::for_each_type!(grey, volume => cut(volume, plane))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_run_right_and_down_through_the_middle() {
        let shape = Shape::new(4, 6, 8).expect("a shape");
        let values: Vec<[usize; 3]> = (0..shape.len())
            .map(|i| {
                let (z, y, x) = shape.zyx_of(i);
                [x, y, z]
            })
            .collect();
        let xz = PLANES[1].cut(&values, shape);
        assert_eq!(xz.len(), 32);
        assert_eq!(xz[0], [0, 3, 0]);
        assert_eq!(xz[1], [1, 3, 0]);
        assert_eq!(xz[8], [0, 3, 1]);
        let yz = PLANES[2].cut(&values, shape);
        assert_eq!(yz[1], [4, 1, 0]);
        assert_eq!(yz[6], [4, 0, 1]);
    }
}
