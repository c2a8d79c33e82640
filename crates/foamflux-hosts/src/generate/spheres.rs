//! Sphere packings and what they leave: opals, inverse opals, hollow spheres, overlapping spheres.
//!
//! ```text
//! overlapping (Poisson):  phi = 1 - exp(-n V_1),  S/V = n S_1 (1 - phi)      on average, n spheres per volume
//! touching and fcc:       phi = n V_1,            S/V = n S_1,  fcc at most pi / sqrt 18 = 0.7405
//! inverse (opal):         the complement, with the same surface
//! graded:                 d(z) = d (1 + g (2 z / L_z - 1)), over 1 + |g| where spheres must not overlap
//! ```
//!
//! Sources: S. Torquato, *Random Heterogeneous Materials* (2002), for the overlapping ones; elementary otherwise.
//! Random packings come from pushing overlapping spheres apart (the idea of W. Jodrey and E. Tory, Phys. Rev. A 32, 2347,
//! 1985), here with a fixed diameter: the packing fraction is exactly the one asked for, up to 0.62.

use serde::Serialize;

use crate::error::HostError;
use crate::random::{Purpose, Stream};
use crate::rods::{Ball, Rods, Role};
use crate::vector::{Point, along, norm};

/// Most spheres.
const MOST: f64 = 200_000.0;
/// Rounds of pushing before a packing counts as jammed.
const ROUNDS: usize = 6000;
/// Overlap of neighbours, as part of the diameter, that is left to a final shrinking.
const LEFT: f64 = 2e-3;
/// Densest random packing that is tried.
const DENSEST: f64 = 0.62;

/// How spheres are placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Packing {
    /// Face-centred cubic.
    Fcc,
    /// Random without overlap.
    Random,
    /// Random with overlap.
    Overlapping,
}

/// Parameters of a sphere packing in a periodic box.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spheres {
    /// How they are placed.
    pub packing: Packing,
    /// Sphere diameter in metres (its mean, where they have a spread).
    pub diameter_m: f64,
    /// Coefficient of variation of the diameter.
    pub spread: f64,
    /// Volume inside of spheres over box volume, before necks.
    pub fraction: f64,
    /// Diameter after sintering over that of the packing, 1 to 1.3: neighbours grow together.
    pub neck: f64,
    /// Inner over outer diameter of hollow spheres, 0 for solid ones.
    pub hollow: f64,
    /// Relative change of the diameter from mid-depth to the collector side. Spheres that must not overlap are placed with the
    /// diameter that they have where they are largest, and shrink elsewhere.
    pub grade: f64,
    /// Whether the box repeats.
    pub periodic: bool,
}

impl Spheres {
    /// The spheres in a box at the origin.
    ///
    /// # Errors
    /// [`HostError`] for a fraction that cannot be packed.
    pub fn generate(&self, box_m: [f64; 3], seed: u64) -> Result<Rods, HostError> {
        // Without a period the box is a window into a larger packing.
        let (large, shift) = if self.periodic {
            (box_m, [0.0; 3])
        } else {
            (box_m.map(|e| e + 2.0 * self.diameter_m), [-self.diameter_m; 3])
        };
        let spheres = match self.packing {
            Packing::Fcc => self.fcc(large)?,
            Packing::Random => self.random(large, seed)?,
            Packing::Overlapping => self.overlapping(large, seed)?,
        };
        let mut rods = Rods::empty(box_m, [self.periodic; 3]);
        let largest = if self.packing == Packing::Overlapping { 1.0 } else { 1.0 + self.grade.abs() };
        for (i, (centre, radius)) in spheres.into_iter().enumerate() {
            let centre_m: Point = std::array::from_fn(|k| centre[k] + shift[k]);
            let depth = (2.0 * centre_m[2] / box_m[2] - 1.0).clamp(-1.0, 1.0);
            let radius_m = radius * self.neck * (1.0 + self.grade * depth) / largest;
            let group = if self.hollow > 0.0 { i as u32 } else { 0 };
            rods.balls.push(Ball { group, ..Ball::plain(centre_m, radius_m) });
            if self.hollow > 0.0 {
                let bore = Ball { centre_m, radius_m: radius_m * self.hollow, group, role: Role::Bore };
                rods.balls.push(bore);
            }
        }
        Ok(rods)
    }

    fn number(&self, box_m: Point, filled: f64) -> Result<usize, HostError> {
        // The mean volume of log-normal diameters exceeds that of the mean diameter by (1 + cv^2)^3.
        let one = std::f64::consts::PI / 6.0 * self.diameter_m.powi(3) * (1.0 + self.spread.powi(2)).powi(3);
        let n = (filled * box_m.iter().product::<f64>() / one).round();
        if n > MOST {
            let why = format!("{n:.1e} spheres would be needed, at most {MOST:.0e} are supported: take a smaller box");
            return Err(HostError::Unreachable { key: "fraction", value: self.fraction, why });
        }
        Ok(n.max(1.0) as usize)
    }

    fn fcc(&self, box_m: Point) -> Result<Vec<(Point, f64)>, HostError> {
        let densest = std::f64::consts::PI / 18f64.sqrt();
        crate::error::within("fraction", self.fraction, 0.0, densest, "")?;
        self.number(box_m, self.fraction)?;
        // Four spheres a cube; the cubes are stretched so that a whole number fits.
        let edge = libm::cbrt(4.0 * std::f64::consts::PI / 6.0 * self.diameter_m.powi(3) / self.fraction);
        let n = box_m.map(|e| (e / edge).round().max(1.0) as usize);
        let step: Point = std::array::from_fn(|k| box_m[k] / n[k] as f64);
        let mut spheres = Vec::new();
        for z in 0..n[2] {
            for y in 0..n[1] {
                for x in 0..n[0] {
                    for place in [[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]] {
                        let at = [x, y, z];
                        let p = std::array::from_fn(|k| (at[k] as f64 + place[k] + 0.25) * step[k]);
                        spheres.push((p, 0.5 * self.diameter_m));
                    }
                }
            }
        }
        Ok(spheres)
    }

    fn overlapping(&self, box_m: Point, seed: u64) -> Result<Vec<(Point, f64)>, HostError> {
        crate::error::within("fraction", self.fraction, 0.0, 0.95, "")?;
        let n = self.number(box_m, -libm::log1p(-self.fraction))?;
        let mut stream = Stream::new(seed, Purpose::Spheres, 0);
        let one = |s: &mut Stream| {
            let p = std::array::from_fn(|k| s.uniform() * box_m[k]);
            (p, 0.5 * self.diameter_m * s.spread(self.spread))
        };
        Ok((0..n).map(|_| one(&mut stream)).collect())
    }

    fn random(&self, box_m: Point, seed: u64) -> Result<Vec<(Point, f64)>, HostError> {
        crate::error::within("fraction", self.fraction, 0.0, DENSEST, "")?;
        let n = self.number(box_m, self.fraction)?;
        let mut stream = Stream::new(seed, Purpose::Spheres, 0);
        let mut places: Vec<Point> = (0..n).map(|_| std::array::from_fn(|k| stream.uniform() * box_m[k])).collect();
        let mut radii: Vec<f64> = (0..n).map(|_| 0.5 * self.diameter_m * stream.spread(self.spread)).collect();
        // Exactly the fraction asked for.
        let filled: f64 = radii.iter().map(|r| 4.0 / 3.0 * std::f64::consts::PI * r.powi(3)).sum();
        let scale = libm::cbrt(self.fraction * box_m.iter().product::<f64>() / filled);
        radii.iter_mut().for_each(|r| *r *= scale);
        let widest = 2.0 * radii.iter().copied().fold(0.0, f64::max);
        let mut worst = f64::INFINITY;
        for _ in 0..ROUNDS {
            worst = push(&mut places, &radii, box_m, widest);
            if worst < LEFT {
                // What is left of the overlaps goes out of the radii.
                radii.iter_mut().for_each(|r| *r *= 1.0 - worst);
                return Ok(places.into_iter().zip(radii).collect());
            }
        }
        let why = format!("spheres still overlap by {:.1} % of their diameter; lower it, or take 'fcc'", 100.0 * worst);
        Err(HostError::Unreachable { key: "fraction", value: self.fraction, why })
    }
}

/// Pushes overlapping spheres apart; returns the largest overlap as part of the sum of radii before the push.
fn push(places: &mut [Point], radii: &[f64], box_m: Point, widest: f64) -> f64 {
    let bins: [usize; 3] = box_m.map(|e| ((e / widest) as usize).clamp(1, 256));
    let bin = |p: &Point| -> [usize; 3] {
        std::array::from_fn(|k| ((p[k] / box_m[k] * bins[k] as f64) as usize).min(bins[k] - 1))
    };
    let mut lists = vec![Vec::new(); bins.iter().product()];
    for (i, p) in places.iter().enumerate() {
        let [x, y, z] = bin(p);
        lists[(z * bins[1] + y) * bins[0] + x].push(i);
    }
    let mut moves = vec![[0.0; 3]; places.len()];
    let mut worst = 0.0f64;
    for i in 0..places.len() {
        let home = bin(&places[i]);
        // Neighbouring bins once each, also where there are fewer than three.
        let span: [Vec<usize>; 3] = std::array::from_fn(|k| {
            let mut near: Vec<usize> = [bins[k] - 1, 0, 1].iter().map(|d| (home[k] + d) % bins[k]).collect();
            near.sort_unstable();
            near.dedup();
            near
        });
        for &z in &span[2] {
            for &y in &span[1] {
                for &x in &span[0] {
                    for &j in &lists[(z * bins[1] + y) * bins[0] + x] {
                        if j <= i {
                            continue;
                        }
                        let d: Point = std::array::from_fn(|k| {
                            let d = places[j][k] - places[i][k];
                            d - (d / box_m[k]).round() * box_m[k]
                        });
                        let (apart, wanted) = (norm(d), radii[i] + radii[j]);
                        if apart < wanted && apart > 0.0 {
                            worst = worst.max(1.0 - apart / wanted);
                            // A little more than needed, so that chains of contacts relax.
                            let by = 0.55 * (wanted - apart) / apart;
                            moves[i] = along(moves[i], -by, d);
                            moves[j] = along(moves[j], by, d);
                        }
                    }
                }
            }
        }
    }
    for (p, m) in places.iter_mut().zip(&moves) {
        *p = std::array::from_fn(|k| (p[k] + m[k]).rem_euclid(box_m[k]).min(box_m[k] * (1.0 - f64::EPSILON)));
    }
    worst
}
