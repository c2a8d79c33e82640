//! Fibre mats: straight or curved, solid, hollow or lotus-like fibres at random.
//!
//! ```text
//! overlapping (Poisson): phi = 1 - exp(-sum of fibre volumes / V), on average
//! not overlapping:       phi = sum of fibre volumes / V, by random sequential addition
//! curved:                <u(0) . u(s)> = exp(-s / l_p)   (worm-like chain, persistence length l_p)
//! dilute isotropic insulating fibres: tau = 1 + 2 phi / 3
//! ```
//!
//! Sources: R. Miles, Adv. Appl. Prob. 1, 211 (1969) for Poisson fibres; O. Kratky and G. Porod, Rec. Trav. Chim. 68, 1106
//! (1949) for the chain; the tau of dilute fibres as in the physics specification (derived there and checked).
//! A curved fibre is a chain of straight pieces of two diameters with balls at the bends; its bores bend with it.

use serde::Serialize;

use crate::error::HostError;
use crate::graph::{Graph, GraphNode, GraphStrut, length_in_box};
use crate::random::{Purpose, Stream};
use crate::rods::{Ball, Rod, Rods, Role};
use crate::vector::{Point, add, along, cross, dot, frame, norm, scale, sub, unit};

/// Most fibres; more would need a homogenised model.
const MOST_FIBRES: usize = 200_000;
/// Attempts at placing one fibre without overlap before the box counts as full.
const ATTEMPTS: usize = 2_000;

/// Directions of fibres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Orientation {
    /// All directions alike.
    Isotropic,
    /// In the x-y plane, up to a normal deviate of the tilt out of it, in radians.
    Planar {
        /// Standard deviation of the tilt.
        tilt_rad: f64,
    },
    /// Along an axis, up to a normal deviate in each of the two transverse angles, in radians.
    Aligned {
        /// The axis, of length one.
        axis: [f64; 3],
        /// Standard deviation of the transverse angles.
        angle_rad: f64,
    },
}

/// What is inside of a fibre.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Inside {
    /// Solid.
    Solid,
    /// One central bore.
    Hollow {
        /// Bore over fibre diameter.
        ratio: f64,
    },
    /// Several parallel bores around the axis, like a lotus root.
    Lotus {
        /// Number of bores.
        channels: usize,
        /// Bore over fibre diameter.
        ratio: f64,
    },
}

impl Inside {
    /// Solid share of the section.
    fn share(self) -> f64 {
        match self {
            Inside::Solid => 1.0,
            Inside::Hollow { ratio } => 1.0 - ratio * ratio,
            Inside::Lotus { channels, ratio } => 1.0 - channels as f64 * ratio * ratio,
        }
    }

    /// Bores as (distance of the axis, angle, radius) in fibre radii.
    fn bores(self) -> Vec<(f64, f64, f64)> {
        match self {
            Inside::Solid => Vec::new(),
            Inside::Hollow { ratio } => vec![(0.0, 0.0, ratio)],
            Inside::Lotus { channels, ratio } => {
                let turn = std::f64::consts::TAU / channels as f64;
                (0..channels).map(|c| (0.5, turn * c as f64, ratio)).collect()
            }
        }
    }
}

/// Parameters of a fibre mat.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FibreMat {
    /// Mean diameter in metres.
    pub diameter_m: f64,
    /// Coefficient of variation of the diameter.
    pub spread: f64,
    /// Length in metres; fibres longer than three boxes end outside of them.
    pub length_m: f64,
    /// Directions.
    pub orientation: Orientation,
    /// Persistence length in metres; infinite for straight fibres.
    pub persistence_m: f64,
    /// Bores.
    pub inside: Inside,
    /// Whether fibres may pass through each other.
    pub overlap: bool,
    /// Solid volume over box volume.
    pub volume_fraction: f64,
    /// Whether the box repeats along x, y and z.
    pub periodic: bool,
    /// Relative change of the diameter from the middle to z = L.
    pub grade: f64,
}

/// A generated mat.
#[derive(Debug, Clone)]
pub struct FibreModel {
    /// Fibres as struts; their ends are the nodes.
    pub graph: Graph,
    /// The solid.
    pub rods: Rods,
}

/// A fibre before it is drawn.
struct Fibre {
    points: Vec<Point>,
    radius: f64,
}

impl FibreMat {
    /// Whether the parameters describe a mat.
    ///
    /// # Errors
    /// [`HostError::Parameter`] naming the first that does not.
    pub fn check(&self) -> Result<(), HostError> {
        if let Inside::Lotus { channels, ratio } = self.inside {
            // Bores in a ring half way out must leave walls between each other and to the outside.
            let most = 0.5 * libm::sin(std::f64::consts::PI / channels as f64);
            crate::error::within("bore", ratio, 0.0, 0.95 * most, "")?;
        }
        if self.overlap && self.volume_fraction > 0.8 {
            crate::error::within("volume_fraction", self.volume_fraction, 0.0, 0.8, "")?;
        }
        Ok(())
    }

    /// Generates a mat in a box at the origin.
    ///
    /// # Errors
    /// [`HostError`] for parameters out of range, and where fibres that must not overlap find no room.
    pub fn generate(&self, box_m: [f64; 3], seed: u64) -> Result<FibreModel, HostError> {
        self.check()?;
        let volume: f64 = box_m.iter().product();
        let wanted = if self.overlap { -libm::log1p(-self.volume_fraction) } else { self.volume_fraction };
        let section = std::f64::consts::FRAC_PI_4 * self.diameter_m.powi(2) * self.inside.share();
        let expected =
            wanted * volume / (section * box_m.iter().copied().fold(f64::INFINITY, f64::min).min(self.length_m));
        if expected > MOST_FIBRES as f64 {
            return Err(HostError::Unreachable {
                key: "volume_fraction",
                value: self.volume_fraction,
                why: format!(
                    "about {expected:.1e} fibres would be needed, at most {MOST_FIBRES} are supported: take a \
                              smaller box or thicker fibres"
                ),
            });
        }
        let mut stream = Stream::new(seed, Purpose::Fibres, 0);
        let (mut fibres, mut filled) = (Vec::new(), 0.0);
        let mut occupied = Occupied::new(box_m, self.periodic);
        let mut failures = 0;
        while filled < wanted * volume {
            let fibre = self.fibre(box_m, &mut stream);
            let inside: f64 = (fibre.points.windows(2))
                .map(|w| if self.periodic { norm(sub(w[1], w[0])) } else { length_in_box(w[0], w[1], box_m) })
                .sum();
            // A fibre whose axis passes beside the box may still reach into it; leaving it out would thin the sides.
            let beside = |w: &[Point]| {
                let out = |p: Point| p.map(|c| c + fibre.radius);
                length_in_box(out(w[0]), out(w[1]), box_m.map(|e| e + 2.0 * fibre.radius)) > 0.0
            };
            if !self.periodic && !fibre.points.windows(2).any(beside) {
                continue;
            }
            if !self.overlap && occupied.meets(&fibre) {
                failures += 1;
                if failures < ATTEMPTS {
                    continue;
                }
                return Err(HostError::Unreachable {
                    key: "volume_fraction",
                    value: self.volume_fraction,
                    why: format!(
                        "random fibres that do not overlap jam at {:.4} here; allow overlap, align the fibres or lower it",
                        filled / volume
                    ),
                });
            }
            failures = 0;
            filled += inside * std::f64::consts::PI * fibre.radius.powi(2) * self.inside.share();
            if !self.overlap {
                occupied.add(&fibre);
            }
            fibres.push(fibre);
        }
        // The last fibre takes the total past the mark; without it the total may be nearer.
        if fibres.len() > 1 && self.nearer_without_last(&fibres, filled, wanted * volume, box_m) {
            fibres.pop();
        }
        Ok(self.draw(&fibres, box_m))
    }

    fn nearer_without_last(&self, fibres: &[Fibre], filled: f64, wanted: f64, box_m: Point) -> bool {
        let Some(last) = fibres.last() else { return false };
        let length: f64 = (last.points.windows(2))
            .map(|w| if self.periodic { norm(sub(w[1], w[0])) } else { length_in_box(w[0], w[1], box_m) })
            .sum();
        let part = length * std::f64::consts::PI * last.radius.powi(2) * self.inside.share();
        (filled - wanted) > (wanted - (filled - part)).abs()
    }

    fn fibre(&self, box_m: Point, stream: &mut Stream) -> Fibre {
        let radius = 0.5 * self.diameter_m * stream.spread(self.spread);
        let longest = 3.0 * box_m.iter().copied().fold(0.0, f64::max);
        let length = self.length_m.min(longest);
        let direction = self.direction(stream);
        // Everything that can reach the box must be able to start.
        let around = if self.periodic { 0.0 } else { 0.5 * length };
        let centre: Point = std::array::from_fn(|k| -around + stream.uniform() * (box_m[k] + 2.0 * around));
        if self.persistence_m.is_infinite() {
            let ends = [-0.5 * length, 0.5 * length].map(|t| along(centre, t, direction));
            return Fibre { points: ends.to_vec(), radius };
        }
        let step = (2.0 * self.diameter_m).min(0.2 * self.persistence_m).max(length / 4000.0);
        let steps = (0.5 * length / step).ceil().max(1.0);
        let step = 0.5 * length / steps;
        let mut walk = |start: Point| {
            let (mut p, mut u, mut points) = (centre, start, Vec::new());
            for _ in 0..steps as usize {
                // Half of the turn before and half after the step would be symmetric; the error is of second order.
                u = self.turned(u, step / self.persistence_m, stream);
                p = along(p, step, u);
                points.push(p);
            }
            points
        };
        let forward = walk(direction);
        let mut points = walk(scale(direction, -1.0));
        points.reverse();
        points.push(centre);
        points.extend(forward);
        Fibre { points, radius }
    }

    fn direction(&self, stream: &mut Stream) -> Point {
        match self.orientation {
            Orientation::Isotropic => stream.direction(),
            Orientation::Planar { tilt_rad } => {
                let turn = std::f64::consts::TAU * stream.uniform();
                let tilt = tilt_rad * stream.normal();
                let flat = libm::cos(tilt);
                [flat * libm::cos(turn), flat * libm::sin(turn), libm::sin(tilt)]
            }
            Orientation::Aligned { axis, angle_rad } => {
                let (u, v) = frame(axis);
                let (a, b) = stream.normal_pair();
                unit(along(along(axis, angle_rad * a, u), angle_rad * b, v)).unwrap_or(axis)
            }
        }
    }

    /// The direction after a step of `x` persistence lengths.
    fn turned(&self, u: Point, x: f64, stream: &mut Stream) -> Point {
        let (a, b) = stream.normal_pair();
        let turned = match self.orientation {
            Orientation::Isotropic => {
                let (v, w) = frame(u);
                along(along(u, x.sqrt() * a, v), x.sqrt() * b, w)
            }
            // In the plane alone, with the variance that gives the same decay there.
            Orientation::Planar { .. } => {
                let v = unit([-u[1], u[0], 0.0]).unwrap_or([1.0, 0.0, 0.0]);
                along(u, (2.0 * x).sqrt() * a * u[0].hypot(u[1]), v)
            }
            // An Ornstein-Uhlenbeck process around the axis.
            Orientation::Aligned { axis, angle_rad } => {
                let axis = if dot(u, axis) < 0.0 { scale(axis, -1.0) } else { axis };
                let (v, w) = frame(axis);
                let kick = angle_rad * (2.0 * x).sqrt();
                let across = |e: Point, n: f64| dot(u, e) / dot(u, axis).max(0.1) * (1.0 - x).max(0.0) + kick * n;
                along(along(axis, across(v, a), v), across(w, b), w)
            }
        };
        unit(turned).unwrap_or(u)
    }

    fn draw(&self, fibres: &[Fibre], box_m: Point) -> FibreModel {
        let mut rods = Rods::empty(box_m, [self.periodic; 3]);
        let mut graph = Graph { box_m, periodic: self.periodic, nodes: Vec::new(), struts: Vec::new() };
        let inside = |p: Point| (0..3).all(|k| p[k] >= 0.0 && p[k] < box_m[k]);
        let factor = |z: f64| 1.0 + self.grade * (2.0 * z / box_m[2] - 1.0).clamp(-1.0, 1.0);
        for (group, fibre) in fibres.iter().enumerate() {
            let group = group as u32;
            let points = self.graded_points(fibre, box_m);
            let radii: Vec<f64> = points.iter().map(|p| fibre.radius * factor(p[2])).collect();
            chain(&mut rods, &points, &radii, group, Role::Body);
            for (ring, turn, ratio) in self.inside.bores() {
                let path = offset(&points, &radii, ring, turn);
                let radii: Vec<f64> = radii.iter().map(|r| r * ratio).collect();
                chain(&mut rods, &path, &radii, group, Role::Bore);
            }
            let (Some(&start_m), Some(&end_m)) = (points.first(), points.last()) else { continue };
            let first = graph.nodes.len();
            for p in [start_m, end_m] {
                let inside = self.periodic || inside(p);
                graph.nodes.push(GraphNode { position_m: p, radius_m: 0.0, coordination: 1, inside });
            }
            let n = radii.len();
            let mut strut = GraphStrut {
                nodes: [first, first + 1],
                image: [0; 3],
                start_m,
                end_m,
                length_m: 0.0,
                radius_m: [radii[0], radii[n / 2], radii[n - 1]],
                broken: false,
                corner: [0.0; 3],
                path_m: points[1..n - 1].to_vec(),
            };
            strut.length_m = strut.path_length_m();
            graph.struts.push(strut);
        }
        FibreModel { graph, rods }
    }

    /// The fibre's points; a graded straight one is divided where its taper must bend.
    fn graded_points(&self, fibre: &Fibre, box_m: Point) -> Vec<Point> {
        let [a, b] = match fibre.points[..] {
            [a, b] if self.grade.abs() > 0.0 => [a, b],
            _ => return fibre.points.clone(),
        };
        let mut cuts: Vec<f64> = [0.0, box_m[2]].map(|z| (z - a[2]) / (b[2] - a[2])).to_vec();
        cuts.retain(|t| *t > 1e-6 && *t < 1.0 - 1e-6);
        cuts.sort_by(f64::total_cmp);
        let span = sub(b, a);
        let mut points = vec![a];
        points.extend(cuts.into_iter().map(|t| along(a, t, span)));
        points.push(b);
        points
    }
}

/// A polyline as rods with balls at its bends.
fn chain(rods: &mut Rods, points: &[Point], radii: &[f64], group: u32, role: Role) {
    for (p, r) in points.windows(2).zip(radii.windows(2)) {
        let plain = Rod::plain(p[0], p[1], r[0]);
        rods.rods.push(Rod { radius_m: [r[0], r[1]], group, role, ..plain });
    }
    for (p, r) in points.iter().zip(radii).skip(1).take(points.len().saturating_sub(2)) {
        rods.balls.push(Ball { group, role, ..Ball::plain(*p, *r) });
    }
}

/// A line beside a polyline, at `ring` radii in a direction that is carried along without turning about it.
fn offset(points: &[Point], radii: &[f64], ring: f64, turn: f64) -> Vec<Point> {
    if ring <= 0.0 {
        return points.to_vec();
    }
    let last = points.len() - 1;
    let tangent = |i: usize| {
        let (a, b) = (points[i.saturating_sub(1)], points[(i + 1).min(last)]);
        unit(sub(b, a)).unwrap_or([0.0, 0.0, 1.0])
    };
    let first = tangent(0);
    let (u, v) = frame(first);
    let mut across = add(scale(u, libm::cos(turn)), scale(v, libm::sin(turn)));
    let mut path = Vec::with_capacity(points.len());
    for (i, (p, r)) in points.iter().zip(radii).enumerate() {
        let t = tangent(i);
        across = crate::rods::across(across, t);
        path.push(along(*p, ring * r, across));
    }
    path
}

/// Placed fibres for the test of overlap: pieces in buckets of a coarse periodic grid.
struct Occupied {
    box_m: Point,
    periodic: bool,
    pieces: Vec<(Point, Point, f64)>,
}

impl Occupied {
    const fn new(box_m: Point, periodic: bool) -> Self {
        Occupied { box_m, periodic, pieces: Vec::new() }
    }

    /// Pieces short enough for the nearest image of their middles to be the nearest image of them.
    fn pieces(&self, fibre: &Fibre) -> Vec<(Point, Point, f64)> {
        let longest = 0.2 * self.box_m.iter().copied().fold(f64::INFINITY, f64::min);
        let mut pieces = Vec::new();
        for w in fibre.points.windows(2) {
            let span = sub(w[1], w[0]);
            let n = (norm(span) / longest).ceil().max(1.0);
            for i in 0..n as usize {
                let at = |j: usize| along(w[0], j as f64 / n, span);
                let (a, b) = (at(i), at(i + 1));
                let far = |k: usize| a[k].max(b[k]) < -fibre.radius || a[k].min(b[k]) > self.box_m[k] + fibre.radius;
                if self.periodic || !(0..3).any(far) {
                    pieces.push((a, b, fibre.radius));
                }
            }
        }
        pieces
    }

    fn add(&mut self, fibre: &Fibre) {
        let pieces = self.pieces(fibre);
        self.pieces.extend(pieces);
    }

    fn meets(&self, fibre: &Fibre) -> bool {
        let own = self.pieces(fibre);
        own.iter().any(|a| self.pieces.iter().any(|b| self.touch(a, b)))
    }

    fn touch(&self, a: &(Point, Point, f64), b: &(Point, Point, f64)) -> bool {
        let middle = |p: &(Point, Point, f64)| -> Point { std::array::from_fn(|k| 0.5 * (p.0[k] + p.1[k])) };
        let mut apart = sub(middle(b), middle(a));
        let mut shift = [0.0; 3];
        if self.periodic {
            for k in 0..3 {
                shift[k] = -(apart[k] / self.box_m[k]).round() * self.box_m[k];
                apart[k] += shift[k];
            }
        }
        let reach = a.2 + b.2;
        let halves = 0.5 * (norm(sub(a.1, a.0)) + norm(sub(b.1, b.0)));
        if norm(apart) > reach + halves {
            return false;
        }
        segment_distance(a.0, a.1, add(b.0, shift), add(b.1, shift)) < reach
    }
}

/// Smallest distance of two segments (after C. Ericson, *Real-Time Collision Detection*, 2005, section 5.1.9).
fn segment_distance(a0: Point, a1: Point, b0: Point, b1: Point) -> f64 {
    let (u, v, w) = (sub(a1, a0), sub(b1, b0), sub(a0, b0));
    let (uu, uv, vv, uw, vw) = (dot(u, u), dot(u, v), dot(v, v), dot(u, w), dot(v, w));
    let area = norm(cross(u, v)).powi(2);
    let mut s = if area > 1e-12 * uu * vv { ((uv * vw - vv * uw) / area).clamp(0.0, 1.0) } else { 0.0 };
    let mut t = (uv * s + vw) / vv;
    if !(0.0..=1.0).contains(&t) {
        t = t.clamp(0.0, 1.0);
        s = ((uv * t - uw) / uu).clamp(0.0, 1.0);
    }
    norm(sub(along(a0, s, u), along(b0, t, v)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segment_distance_is_the_smallest_of_many_pairs_of_points() {
        /// 200 points on each segment of length near 1.
        const SAMPLED: f64 = 1e-2;
        let mut stream = Stream::new(3, Purpose::Probe, 0);
        for _ in 0..30 {
            let [a0, a1, b0, b1]: [Point; 4] = std::array::from_fn(|_| stream.in_ball());
            let exact = segment_distance(a0, a1, b0, b1);
            let on = |p: Point, q: Point, i: usize| along(p, i as f64 / 200.0, sub(q, p));
            let mut least = f64::INFINITY;
            for i in 0..=200 {
                for j in 0..=200 {
                    least = least.min(norm(sub(on(a0, a1, i), on(b0, b1, j))));
                }
            }
            assert!(exact <= least + 1e-12 && least < exact + SAMPLED, "{exact} {least}");
        }
    }
}
