//! What the report lets its reader move through: the arrays of a run by name, and its network.

use foamflux_grid::{Labels, LengthUnit, Shape};
use foamflux_io::read::StackData;
use foamflux_network::network::ProfilePoint;
use foamflux_network::{Fibre, Network, NodeKind};
use foamflux_pipeline::run::RunOutput;
use foamflux_report::figures::ColourMap;
use foamflux_report::viewer::{
    ByVoxel, Content, Layer, NetworkNode, NetworkPoint, NetworkView, SliceVolume, SurfaceView, Viewer,
};

/// mA/cm2 in an A/m2.
const MILLI: f32 = 0.1;
/// Voxels along an axis that are looked at around a point of a fibre at most; thicker fibres are sampled.
const AROUND: usize = 12;

/// The layers and the network of a run.
pub(crate) fn viewer(output: &RunOutput) -> Viewer<'_> {
    let labels = &output.labels;
    let slices =
        SliceVolume { shape_zyx: labels.shape().zyx(), edges_m: labels.voxel_size().m_xyz(), layers: layers(output) };
    let network = output.network.as_ref().map(|(network, _)| view(network, output));
    let surface = network.is_none().then(|| surface(labels));
    Viewer { slices: Some(slices), network, surface }
}

/// The solid as it is.
fn surface(labels: &Labels) -> SurfaceView<'_> {
    let (edges, unit) = match labels.voxel_size().m_xyz() {
        Some(metres) => (metres.map(|m| m * 1e6), "\u{b5}m"),
        None => ([1.0; 3], "voxels"),
    };
    SurfaceView { labels: labels.volume().as_slice(), shape_zyx: labels.shape().zyx(), edges, unit }
}

/// The grey values from one of their voxels on.
pub(super) fn grey_layer(grey: &StackData, first: usize) -> Layer<'_> {
    let values: ByVoxel<'_> = foamflux_io::for_each_type!(grey, volume => {
        let values = &volume.as_slice()[first..];
        Box::new(move |i| foamflux_grid::Sample::to_f32(values[i]))
    });
    Layer { name: "grey value".to_owned(), content: Content::Grey(values) }
}

/// From the lowest to the topmost.
fn layers<'a>(output: &'a RunOutput) -> Vec<Layer<'a>> {
    let mut out: Vec<Layer<'a>> = output.grey.iter().map(|grey| grey_layer(grey, 0)).collect();
    out.push(Layer { name: "labels".to_owned(), content: Content::Labels(output.labels.volume().as_slice()) });
    let mut field = |name: String, values: ByVoxel<'a>, unit, map, range| {
        out.push(Layer { name, content: Content::Field { values, unit, map, range } });
    };
    for f in &output.fields {
        let (axis, potential, flux) = (f.axis, &f.potential, &f.flux);
        let values = Box::new(move |i: usize| potential[i]);
        field(format!("potential along {axis}"), values, "", ColourMap::Cividis, Some([0.0, 1.0]));
        let strength = Box::new(move |i: usize| if potential[i].is_nan() { f32::NAN } else { norm(flux[i]) });
        field(format!("flux along {axis}, |J| / J of the empty box"), strength, "", ColourMap::Viridis, None);
    }
    if let Some(c) = &output.current {
        let phi = Box::new(|i: usize| 1e3 * c.phi_electrolyte[i]);
        field("potential of the electrolyte".to_owned(), phi, "mV", ColourMap::Cividis, None);
        if c.concentration.iter().any(|v| v.is_finite()) {
            let salt = Box::new(|i: usize| c.concentration[i]);
            field("concentration of the salt".to_owned(), salt, "mol/m\u{b3}", ColourMap::Cividis, None);
        }
        let j = Box::new(|i: usize| MILLI * c.current_density[i]);
        field("current density of the surface".to_owned(), j, "mA/cm\u{b2}", ColourMap::Viridis, None);
    }
    out
}

fn norm([x, y, z]: [f32; 3]) -> f32 {
    (x * x + y * y + z * z).sqrt()
}

fn view(network: &Network, output: &RunOutput) -> NetworkView {
    let (unit, factor) = match output.labels.spacing().unit {
        LengthUnit::Metre => ("\u{b5}m", 1e6),
        LengthUnit::Voxel => ("voxels", 1.0),
    };
    let around = Around::new(network, output);
    let nodes = network.nodes.iter().filter(|n| n.kind == NodeKind::Junction).map(|n| NetworkNode {
        position: n.position.map(|p| p * factor),
        radius: n.radius * factor,
        current: around.mean(n.position, n.radius),
    });
    let fibres = network.fibres.iter().filter(|f| !f.is_debris() && !f.is_hole()).map(|fibre| {
        let mut points = axis(fibre, network);
        for p in &mut points {
            p.current = around.mean(p.position, p.radius);
            p.position = p.position.map(|x| x * factor);
            p.radius *= factor;
        }
        points
    });
    NetworkView {
        box_size: network.box_size.map(|b| b * factor),
        unit: unit.to_owned(),
        current_unit: "mA/cm\u{b2}".to_owned(),
        nodes: nodes.collect(),
        fibres: fibres.collect(),
    }
}

/// The axis of a fibre with its radius: that of the mean section within half a diameter along the axis, as the voxels of a
/// single knot are few. In the zone of a node the section takes in other struts as well: there the radius is held to that
/// of the node, or to the largest outside of the zones where there is none.
fn axis(fibre: &Fibre, network: &Network) -> Vec<NetworkPoint> {
    let [a, b] = fibre.own;
    let reach = 0.5 * fibre.diameter;
    let radius = |arc: f64, inside: bool| {
        let near = fibre.profile.iter().filter(|p| p.area > 0.0 && (p.arc - arc).abs() <= reach);
        // The zones do not swell the fibre's own part.
        let near = near.filter(|p| !inside || (a..=b).contains(&p.arc));
        let (sum, count) = near.fold((0.0, 0u32), |(sum, count), p| (sum + p.area, count + 1));
        if count > 0 { (sum / f64::from(count) / std::f64::consts::PI).sqrt() } else { reach }
    };
    let own = fibre.profile.iter().filter(|p| (a..=b).contains(&p.arc)).map(|p| radius(p.arc, true));
    let thickest = own.fold(reach, f64::max);
    let held = |node: usize| {
        let node = &network.nodes[node];
        if node.kind == NodeKind::Junction { node.radius.max(0.5 * fibre.diameter_min) } else { thickest }
    };
    let [first, last] = fibre.nodes.map(held);
    let is_node = |node: usize| network.nodes[node].kind == NodeKind::Junction;
    let point = |p: &ProfilePoint| {
        let (radius, in_node) = if p.arc < a {
            (radius(p.arc, false).min(first), is_node(fibre.nodes[0]))
        } else if p.arc > b {
            (radius(p.arc, false).min(last), is_node(fibre.nodes[1]))
        } else {
            (radius(p.arc, true), false)
        };
        NetworkPoint { position: p.position, radius, in_node, current: None }
    };
    fibre.profile.iter().map(point).collect()
}

/// The current density of the surface around a place.
struct Around<'a> {
    density: Option<&'a [f32]>,
    shape: Shape,
    /// Edges of a voxel along x, y, z in the unit of the network.
    edges: [f64; 3],
}

impl<'a> Around<'a> {
    fn new(network: &Network, output: &'a RunOutput) -> Self {
        let shape = output.labels.shape();
        let n = [shape.x, shape.y, shape.z];
        let edges = [0, 1, 2].map(|k| network.box_size[k] / n[k] as f64);
        Around { density: output.current.as_ref().map(|c| c.current_density.as_slice()), shape, edges }
    }

    /// Mean in mA/cm2 over the surface voxels within the radius and a voxel and a half; `None` where there are none.
    fn mean(&self, position: [f64; 3], radius: f64) -> Option<f64> {
        let density = self.density?;
        let n = [self.shape.x, self.shape.y, self.shape.z];
        let mut ranges = [(0usize, 0usize, 1usize); 3];
        for k in 0..3 {
            let (at, reach) = (position[k] / self.edges[k], radius / self.edges[k] + 1.5);
            let (low, high) = ((at - reach).max(0.0) as usize, (at + reach).clamp(0.0, n[k] as f64) as usize);
            ranges[k] = (low, high.max(low + 1).min(n[k]), ((high.saturating_sub(low)) / AROUND).max(1));
        }
        let [xs, ys, zs] = ranges.map(|(low, high, step)| (low..high).step_by(step));
        let (mut sum, mut count) = (0f64, 0u32);
        for z in zs {
            for y in ys.clone() {
                for x in xs.clone() {
                    let j = density[self.shape.index(z, y, x)];
                    if j.is_finite() {
                        sum += f64::from(MILLI * j);
                        count += 1;
                    }
                }
            }
        }
        (count > 0).then(|| sum / f64::from(count))
    }
}
