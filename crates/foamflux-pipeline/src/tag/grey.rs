//! Where nodes end by their grey value: amorphous nodes may be denser or lighter than the fibres.
//!
//! The mean grey of the solid by its distance from the nearest node, in inscribed radii of the node, goes from the level of
//! nodes to that of fibres; the node ends where it is half-way. Voxels at the surface hold pore as well, so only those
//! count whose neighbours across faces are solid.

use foamflux_grid::{LabelSet, Labels, Sample, Volume};
use foamflux_io::read::StackData;
use foamflux_network::{Network, NodeKind};

/// Bins per inscribed radius.
const PER_RADIUS: f64 = 10.0;
/// Nodes are looked at up to this many inscribed radii.
const FAR: f64 = 3.0;
/// Levels that differ by less than this many standard errors of their means are no difference.
const SIGNIFICANT: f64 = 5.0;

/// What the grey values say about nodes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GreyZone {
    /// Nodes end at this many inscribed radii.
    Ends {
        /// Zone radius over inscribed radius.
        factor: f64,
        /// Mean grey of nodes and of fibres.
        levels: [f64; 2],
    },
    /// Nodes and fibres are equally grey.
    Alike {
        /// Mean grey of nodes and of fibres.
        levels: [f64; 2],
    },
}

#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    count: f64,
    sum: f64,
    square: f64,
}

/// Mean and its standard error.
fn level(bins: &[Bin]) -> Option<(f64, f64)> {
    let all = bins.iter().fold(Bin::default(), |a, b| Bin {
        count: a.count + b.count,
        sum: a.sum + b.sum,
        square: a.square + b.square,
    });
    if all.count < 2.0 {
        return None;
    }
    let mean = all.sum / all.count;
    Some((mean, ((all.square / all.count - mean * mean).max(0.0) / all.count).sqrt()))
}

/// Reads the end of nodes off a grey stack of the same shape; `None` without nodes or without solid around them.
pub(super) fn zone(network: &Network, labels: &Labels, grey: &StackData) -> Option<GreyZone> {
    foamflux_io::for_each_grey!(grey, volume => zone_of(network, labels, volume))
}

fn zone_of<T: Sample>(network: &Network, labels: &Labels, grey: &Volume<T>) -> Option<GreyZone> {
    let shape = labels.shape();
    let n = [shape.x, shape.y, shape.z];
    let spacing = labels.spacing();
    let edges = [spacing.x, spacing.y, spacing.z];
    let solid: Vec<bool> = labels.volume().as_slice().iter().map(|&l| LabelSet::SOLID.contains(l)).collect();
    // Distance of each voxel from its nearest node in inscribed radii; voxels that no node reaches are far.
    let mut bins = vec![Bin::default(); (FAR * PER_RADIUS) as usize + 1];
    let mut nearest = vec![f32::INFINITY; shape.len()];
    for node in network.nodes.iter().filter(|n| n.kind == NodeKind::Junction && n.radius > 0.0) {
        let reach = FAR * node.radius;
        let range = |k: usize| {
            let low = ((node.position[k] - reach) / edges[k]).floor().max(0.0) as usize;
            let high = ((node.position[k] + reach) / edges[k]).ceil().max(0.0) as usize;
            low..high.min(n[k])
        };
        for z in range(2) {
            for y in range(1) {
                for x in range(0) {
                    let p = [x, y, z];
                    let square: f64 = (0..3).map(|k| ((p[k] as f64 + 0.5) * edges[k] - node.position[k]).powi(2)).sum();
                    let ratio = (square.sqrt() / node.radius) as f32;
                    let held = &mut nearest[shape.index(z, y, x)];
                    *held = held.min(ratio);
                }
            }
        }
    }
    for (i, &value) in grey.as_slice().iter().enumerate() {
        let (z, y, x) = shape.zyx_of(i);
        let inner = solid[i]
            && [(x, 0, 1), (y, 1, shape.x), (z, 2, shape.x * shape.y)]
                .iter()
                .all(|&(v, k, stride)| (v == 0 || solid[i - stride]) && (v + 1 >= n[k] || solid[i + stride]));
        if inner {
            let bin = ((f64::from(nearest[i]) * PER_RADIUS) as usize).min(bins.len() - 1);
            let v = f64::from(value.to_f32());
            bins[bin].count += 1.0;
            bins[bin].sum += v;
            bins[bin].square += v * v;
        }
    }
    let within = |a: f64, b: f64| &bins[(a * PER_RADIUS) as usize..(b * PER_RADIUS) as usize];
    let (node, node_error) = level(within(0.0, 0.5))?;
    let (fibre, fibre_error) = level(&bins[(2.0 * PER_RADIUS) as usize..])?;
    if (node - fibre).abs() < SIGNIFICANT * node_error.hypot(fibre_error) {
        return Some(GreyZone::Alike { levels: [node, fibre] });
    }
    let half = 0.5 * (node + fibre);
    let mut last: Option<(f64, f64)> = None;
    for (b, bin) in bins.iter().enumerate().filter(|(_, b)| b.count > 0.0) {
        let (at, mean) = ((b as f64 + 0.5) / PER_RADIUS, bin.sum / bin.count);
        if (mean - half) * (node - fibre) < 0.0 {
            let factor = match last {
                Some((before, above)) if (above - mean).abs() > 0.0 => {
                    before + (at - before) * (above - half) / (above - mean)
                }
                _ => at,
            };
            return Some(GreyZone::Ends { factor, levels: [node, fibre] });
        }
        last = Some((at, mean));
    }
    Some(GreyZone::Alike { levels: [node, fibre] })
}

#[cfg(test)]
mod tests {
    use foamflux_grid::{Shape, Silent, VoxelSize};
    use foamflux_network::Parameters;

    use super::*;

    /// Four struts of radius 4 in a tetrahedron; grey is `level(distance from the node)` in the solid.
    fn star(level: impl Fn(f64) -> f32) -> (Labels, StackData) {
        let (c, n) = (32.0, 64usize);
        let along = |p: [f64; 3], t: [f64; 3]| {
            let s = (0..3).map(|k| p[k] * t[k]).sum::<f64>() / 3f64.sqrt();
            let square: f64 = p.iter().map(|v| v * v).sum();
            s > 0.0 && square - s * s < 16.0
        };
        let arms = [[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]];
        let place = |z: usize, y: usize, x: usize| [x, y, z].map(|v| v as f64 + 0.5 - c);
        let solid = |p: [f64; 3]| arms.iter().any(|&t| along(p, t)) && p.iter().all(|v| v.abs() < 29.0);
        let shape = Shape::cube(n).unwrap();
        let labels = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| u8::from(solid(place(z, y, x))));
        let grey = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| {
            let p = place(z, y, x);
            if solid(p) { level(p.iter().map(|v| v * v).sum::<f64>().sqrt()) } else { 0.0 }
        });
        (Labels::new(labels).unwrap(), StackData::F32(grey))
    }

    fn read(level: impl Fn(f64) -> f32) -> (Option<GreyZone>, f64) {
        let (labels, grey) = star(level);
        let network = Network::find(&labels.mask(LabelSet::SOLID), &Parameters::default(), &Silent).unwrap();
        let radius = network.nodes.iter().find(|n| n.kind == NodeKind::Junction).unwrap().radius;
        (zone(&network, &labels, &grey), radius)
    }

    #[test]
    fn a_denser_node_ends_where_its_grey_does() {
        let (found, radius) = read(|d| if d < 7.0 { 180.0 } else { 120.0 });
        let Some(GreyZone::Ends { factor, levels }) = found else { panic!("{found:?}") };
        // A bin is a tenth of the radius.
        assert!((factor * radius - 7.0).abs() < 0.1 * radius, "{factor} of {radius}");
        assert!((levels[0] - 180.0).abs() < 1.0 && (levels[1] - 120.0).abs() < 1.0, "{levels:?}");
    }

    #[test]
    fn equal_grey_says_nothing() {
        let (found, _) = read(|d| 150.0 + 20.0 * (97.0 * d).sin() as f32);
        assert!(matches!(found, Some(GreyZone::Alike { .. })), "{found:?}");
    }
}
