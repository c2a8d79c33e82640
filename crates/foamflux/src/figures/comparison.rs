//! The pictures of a comparison, and the volumes that its page lets its reader move through: every host's first box, on the
//! same scales.

use foamflux_grid::Axis;
use foamflux_pipeline::compare::{Comparison, CurrentMap};
use foamflux_report::compare::HostVolume;
use foamflux_report::figures::{ColourMap, FieldStyle, FigureError, field_slice};
use foamflux_report::viewer::{ByVoxel, Content, Layer, SliceVolume};
use foamflux_results::Figure;

use super::viewer::grey_layer;
use super::{Picture, Plane, middle, solid};

/// mA/cm2 in an A/m2.
const MILLI: f32 = 0.1;
/// Share of the surface beyond each end of a scale: a few corners would take all of it.
const BEYOND: f64 = 0.01;

/// A host's current distribution, in mA/cm2 and over its mean.
#[derive(Clone, Copy)]
struct Map<'a> {
    map: &'a CurrentMap,
    /// Over the voxels of the surface.
    mean: f32,
}

impl<'a> Map<'a> {
    fn of(map: Option<&'a CurrentMap>) -> Option<Self> {
        let map = map?;
        let (sum, count) =
            map.density.iter().filter(|j| j.is_finite()).fold((0f64, 0u32), |(sum, n), j| (sum + f64::from(*j), n + 1));
        let mean = (sum / f64::from(count)) as f32;
        (count > 0 && mean != 0.0).then_some(Map { map, mean })
    }

    fn at(&self, i: usize, factor: f32) -> f32 {
        self.map.density[i] * factor
    }
}

/// The scales that all hosts share: of current densities in mA/cm2, and over their means.
struct Scales {
    absolute: [f64; 2],
    relative: [f64; 2],
}

impl Scales {
    fn of(maps: &[Option<Map<'_>>]) -> Self {
        let range = |factor: fn(&Map<'_>) -> f32| {
            let ends = maps.iter().flatten().map(|m| ends(m.map.density.iter().map(|j| j * factor(m))));
            let [low, high] = ends.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], [c, d]| [a.min(c), b.max(d)]);
            // What is the same everywhere still gets a scale.
            let margin = 0.02 * low.abs().max(high.abs());
            if high - low > margin { [low, high] } else { [low - margin, high + margin] }
        };
        Scales { absolute: range(|_| MILLI), relative: range(|m| 1.0 / m.mean) }
    }
}

/// The values between which all but a share lie.
fn ends(values: impl Iterator<Item = f32>) -> [f64; 2] {
    let mut finite: Vec<f32> = values.filter(|v| v.is_finite()).collect();
    finite.sort_unstable_by(f32::total_cmp);
    let last = finite.len().saturating_sub(1) as f64;
    [BEYOND, 1.0 - BEYOND].map(|share| finite.get((share * last).round() as usize).map_or(0.0, |v| f64::from(*v)))
}

fn maps(done: &Comparison) -> Vec<Option<Map<'_>>> {
    done.maps.iter().map(|map| Map::of(map.as_ref())).collect()
}

/// Slices of labels and of the current density, and the solid from above, of every host.
///
/// # Errors
/// [`FigureError`] when a picture cannot be made.
pub(crate) fn hosts(done: &Comparison) -> Result<Vec<Picture>, FigureError> {
    let maps = maps(done);
    let scales = Scales::of(&maps);
    let mut pictures = Vec::new();
    for ((host, labels), map) in done.results.hosts.iter().zip(&done.volumes).zip(&maps) {
        let safe: String =
            host.name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        let title = format!("{}, middle across the depth", host.name);
        pictures.push(middle(labels, &title, &format!("figures/{safe}_labels.png"))?);
        if let Some(map) = map {
            let kinds = [
                ("current", "current density", "j per true area", "mA/cm\u{b2}", MILLI, scales.absolute),
                ("evenness", "current density over its mean", "j / mean", "", 1.0 / map.mean, scales.relative),
            ];
            for (name, what, quantity, unit, factor, range) in kinds {
                let title = format!("{}, {what}", host.name);
                let path = format!("figures/{safe}_{name}.png");
                let style = FieldStyle { map: ColourMap::Viridis, range: Some(range), quantity, unit };
                pictures.push(slice(map, factor, &style, title, path)?);
            }
        }
        pictures.push(solid(labels, &format!("{}, first box", host.name), &format!("figures/{safe}_view.png"))?);
    }
    Ok(pictures)
}

/// The middle plane, depth downwards.
fn slice(
    map: &Map<'_>,
    factor: f32,
    style: &FieldStyle<'_>,
    title: String,
    path: String,
) -> Result<Picture, FigureError> {
    let (shape, plane) = (map.map.labels.shape(), Plane::along(Axis::Z));
    let values: Vec<f32> = plane.cut(&map.map.density, shape).into_iter().map(|j| j * factor).collect();
    let drawn = field_slice(&values, &plane.view(shape, map.map.labels.voxel_size(), &title), style)?;
    let figure = Figure { path, title, caption: drawn.caption };
    Ok(Picture { figure, bytes: drawn.image.png()? })
}

/// What the reader of the page moves through.
pub(crate) fn volumes<'a>(done: &'a Comparison) -> Vec<HostVolume<'a>> {
    let maps = maps(done);
    let scales = Scales::of(&maps);
    let hosts = done.results.hosts.iter().zip(&done.volumes).zip(&done.greys).zip(maps);
    hosts
        .map(|(((host, labels), grey), map)| {
            // The map belongs to the part of the box that is host.
            let (labels, first_slice) = map.map_or((labels, 0), |m| (&m.map.labels, m.map.first_slice));
            let first = first_slice * labels.shape().y * labels.shape().x;
            let mut layers: Vec<Layer<'a>> = grey.iter().map(|grey| grey_layer(grey, first)).collect();
            let content = Content::Labels(labels.volume().as_slice());
            layers.push(Layer { name: "labels".to_owned(), content });
            let mut field = |name: &str, values: ByVoxel<'a>, unit, range| {
                let content = Content::Field { values, unit, map: ColourMap::Viridis, range: Some(range) };
                layers.push(Layer { name: name.to_owned(), content });
            };
            if let Some(m) = map {
                let density = Box::new(move |i: usize| m.at(i, MILLI));
                field("current density of the surface", density, "mA/cm\u{b2}", scales.absolute);
                let over = Box::new(move |i: usize| m.at(i, 1.0 / m.mean));
                field("current density over its mean", over, "", scales.relative);
            }
            let slices = SliceVolume { shape_zyx: labels.shape().zyx(), edges_m: labels.voxel_size().m_xyz(), layers };
            HostVolume { name: host.name.clone(), slices }
        })
        .collect()
}
