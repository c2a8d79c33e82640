//! Nodes and fibres as short binary tables: sixteen bits a number, which is a 65 535th of the box or of the scale.

use super::slices::{percentiles, scale};
use crate::figures::{ColourMap, label_colour};
use crate::html::embed::base64;
use crate::number::trimmed;

/// Most points of axes; more are left out along fibres, but never their ends.
const MOST_POINTS: usize = 60_000;
/// Largest number of a table.
const FULL: f64 = 65_535.0;

/// A point on the axis of a fibre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkPoint {
    /// Place, x, y, z.
    pub position: [f64; 3],
    /// Radius there.
    pub radius: f64,
    /// Whether it lies in the zone of a node.
    pub in_node: bool,
    /// Current density of the surface around it, where there is one.
    pub current: Option<f64>,
}

/// A node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkNode {
    /// Place, x, y, z.
    pub position: [f64; 3],
    /// Radius.
    pub radius: f64,
    /// Current density of the surface around it, where there is one.
    pub current: Option<f64>,
}

/// A network to look at. All lengths in one unit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NetworkView {
    /// Edges of the box along x, y, z.
    pub box_size: [f64; 3],
    /// Unit of all lengths.
    pub unit: String,
    /// Unit of the current density.
    pub current_unit: String,
    /// Nodes.
    pub nodes: Vec<NetworkNode>,
    /// Axes of fibres, each at least two points.
    pub fibres: Vec<Vec<NetworkPoint>>,
}

/// A colour scale of the view.
pub(crate) struct ScalePart {
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    pub(crate) unit: String,
    /// Ends as the script and as the reader wants them.
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) shown: [String; 2],
    pub(crate) colours: String,
}

/// The view on the page.
pub(crate) struct NetworkPart {
    pub(crate) box_size: [f64; 3],
    pub(crate) unit: String,
    /// Origin and extent of the numbers for places, and the largest radius.
    pub(crate) origin: [f64; 3],
    pub(crate) extent: f64,
    pub(crate) radius: f64,
    /// Points: x, y, z, radius, current (0 for none), 1 in a node zone. Sixteen bits each, low byte first.
    pub(crate) points: String,
    /// Points of every fibre.
    pub(crate) counts: String,
    /// Nodes: x, y, z, radius, current.
    pub(crate) nodes: String,
    pub(crate) scales: Vec<ScalePart>,
    pub(crate) fibre_colour: String,
    pub(crate) node_colour: String,
    pub(crate) note: String,
}

/// Every `stride`-th point and the last.
fn thinned(fibre: &[NetworkPoint], stride: usize) -> Vec<NetworkPoint> {
    let last = fibre.len() - 1;
    (0..last).step_by(stride).chain([last]).map(|k| fibre[k]).collect()
}

impl NetworkPart {
    /// `None` where there is nothing to see, or too much for any page.
    pub(crate) fn new(view: &NetworkView) -> Option<Self> {
        let fibres: Vec<&Vec<NetworkPoint>> = view.fibres.iter().filter(|f| f.len() >= 2).collect();
        if fibres.is_empty() || 2 * fibres.len() > MOST_POINTS || view.nodes.len() > MOST_POINTS / 2 {
            return None;
        }
        let mut stride = 1;
        let fibres: Vec<Vec<NetworkPoint>> = loop {
            let kept: Vec<Vec<NetworkPoint>> = fibres.iter().map(|f| thinned(f, stride)).collect();
            if kept.iter().map(Vec::len).sum::<usize>() <= MOST_POINTS {
                break kept;
            }
            stride *= 2;
        };
        let places = || {
            let nodes = view.nodes.iter().map(|n| (n.position, n.radius, n.current));
            nodes.chain(fibres.iter().flatten().map(|p| (p.position, p.radius, p.current)))
        };
        // Fibres of periodic boxes leave it.
        let (mut low, mut high, mut radius) = ([0.0; 3], view.box_size, 0f64);
        for (p, r, _) in places() {
            for k in 0..3 {
                low[k] = f64::min(low[k], p[k]);
                high[k] = f64::max(high[k], p[k]);
            }
            radius = radius.max(r);
        }
        let extent = (0..3).map(|k| high[k] - low[k]).fold(0.0, f64::max);
        if !(extent > 0.0 && extent.is_finite() && radius > 0.0 && radius.is_finite()) {
            return None;
        }
        let currents: Vec<f32> = places().filter_map(|(_, _, j)| j.map(|j| j as f32)).collect();
        let own: Vec<f32> = fibres.iter().flatten().filter(|p| !p.in_node).map(|p| 2.0 * p.radius as f32).collect();
        let diameters = percentiles(if own.is_empty() { &[0.0] } else { &own }, 0.01);
        let range = percentiles(&currents, 0.01);

        let unit = |v: f64| (v.clamp(0.0, 1.0) * FULL).round() as u16;
        let place = |p: [f64; 3]| [0, 1, 2].map(|k| unit((p[k] - low[k]) / extent));
        let current = |j: Option<f64>| match j {
            Some(j) if j.is_finite() => unit((j - range[0]) / (range[1] - range[0])).max(1),
            _ => 0,
        };
        let mut points = Vec::new();
        for p in fibres.iter().flatten() {
            let [x, y, z] = place(p.position);
            points.extend([x, y, z, unit(p.radius / radius), current(p.current), u16::from(p.in_node)]);
        }
        let mut nodes = Vec::new();
        for n in &view.nodes {
            let [x, y, z] = place(n.position);
            nodes.extend([x, y, z, unit(n.radius / radius), current(n.current)]);
        }
        let mut scales = vec![ScalePart::new("diameter", "local diameter", &view.unit, diameters, ColourMap::Viridis)];
        if !currents.is_empty() {
            scales.push(ScalePart::new("current", "current density", &view.current_unit, range, ColourMap::Viridis));
        }
        let hex = |label: u8| {
            let [r, g, b] = label_colour(label);
            format!("#{r:02x}{g:02x}{b:02x}")
        };
        let thin = if stride == 1 {
            String::new()
        } else {
            format!(" Of the points along each axis one in {stride} is kept.")
        };
        Some(NetworkPart {
            box_size: view.box_size,
            unit: view.unit.clone(),
            origin: low,
            extent,
            radius,
            points: table(&points),
            counts: table(&fibres.iter().map(|f| f.len() as u16).collect::<Vec<_>>()),
            nodes: table(&nodes),
            scales,
            fibre_colour: hex(1),
            node_colour: hex(2),
            note: format!(
                "{} fibres as tubes of the circle of their section's area, {} nodes as their inscribed balls.{thin}",
                fibres.len(),
                view.nodes.len()
            ),
        })
    }
}

impl ScalePart {
    fn new(key: &'static str, name: &'static str, unit: &str, [low, high]: [f64; 2], map: ColourMap) -> Self {
        let shown = [trimmed(low, 3), trimmed(high, 3)];
        ScalePart { key, name, unit: unit.to_owned(), low, high, shown, colours: scale(map, 17) }
    }
}

/// Numbers as base64, low byte first.
fn table(numbers: &[u16]) -> String {
    let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    base64(&bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
mod tests {
    use super::*;

    fn point(x: f64, radius: f64) -> NetworkPoint {
        NetworkPoint { position: [x, 2.0, 3.0], radius, in_node: x < 1.0, current: Some(x) }
    }

    fn view(points: usize, fibres: usize) -> NetworkView {
        let fibre: Vec<NetworkPoint> = (0..points).map(|k| point(10.0 * k as f64 / (points - 1) as f64, 0.5)).collect();
        NetworkView {
            box_size: [10.0, 5.0, 5.0],
            unit: "µm".into(),
            current_unit: "mA/cm²".into(),
            nodes: vec![NetworkNode { position: [5.0, 2.5, 2.5], radius: 1.0, current: None }],
            fibres: vec![fibre; fibres],
        }
    }

    #[test]
    fn places_are_shares_of_the_box_and_radii_of_the_largest() {
        let part = NetworkPart::new(&view(2, 1)).unwrap();
        assert!((part.extent - 10.0).abs() < 1e-12 && (part.radius - 1.0).abs() < 1e-12);
        // 10 is all of the extent, a half of the radius is 32768 of 65535, and the middle of the box 32768.
        assert_eq!(part.nodes, table(&[32768, 16384, 16384, 65535, 0]));
        assert_eq!(part.points, table(&[0, 13107, 19661, 32768, 1, 1, 65535, 13107, 19661, 32768, 65535, 0]));
        assert_eq!(part.counts, table(&[2]));
        assert_eq!(part.scales.len(), 2);
    }

    #[test]
    fn many_points_are_thinned_but_ends_stay() {
        let part = NetworkPart::new(&view(101, 1000)).unwrap();
        assert!(part.note.contains("one in 2 is kept"), "{}", part.note);
        assert_eq!(part.counts, table(&vec![51; 1000]));
        assert!(NetworkPart::new(&view(2, MOST_POINTS)).is_none(), "the picture stays");
        assert!(NetworkPart::new(&NetworkView::default()).is_none());
        let kept = thinned(&view(8, 1).fibres[0], 4);
        assert_eq!(kept.len(), 3);
        assert!((kept[2].position[0] - 10.0).abs() < 1e-12);
    }

    #[test]
    fn without_current_there_is_no_scale_for_it() {
        let mut v = view(3, 2);
        v.fibres.iter_mut().flatten().for_each(|p| p.current = None);
        assert_eq!(NetworkPart::new(&v).unwrap().scales.len(), 1);
    }
}
