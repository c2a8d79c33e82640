//! Straight channels through a block, along z.
//!
//! ```text
//! eps = pi d^2 / (4 p^2) (square), pi d^2 / (2 sqrt 3 p^2) (hexagonal);  tau_z = 1 exactly, tau_x and tau_y none
//! wall area per volume = pi d / p^2 (square), 2 pi d / (sqrt 3 p^2) (hexagonal)
//! ```
//!
//! with the channel diameter `d` and the pitch `p`.
//! The box is not fitted to the pitch: its sides cut channels, as a crop of a sample does; a periodic box stretches the
//! lattice so that whole numbers of pitches fit.

use serde::Serialize;

use crate::error::HostError;
use crate::random::{Purpose, Stream};
use crate::rods::{Rod, Rods};

/// Where the channels are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    /// On a square lattice.
    Square,
    /// On a hexagonal lattice.
    Hexagonal,
    /// At random, walls at least a tenth of the pitch thick; the density is that of the square lattice.
    Random,
}

/// Parameters of a block with channels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Channels {
    /// Where the channels are.
    pub pattern: Pattern,
    /// Mean channel diameter in metres, in the middle of the depth.
    pub diameter_m: f64,
    /// Coefficient of variation of the diameter.
    pub spread: f64,
    /// Distance of neighbouring channels in metres.
    pub pitch_m: f64,
    /// Relative change of the diameter from the middle to z = L; negative narrows towards the collector.
    pub grade: f64,
    /// Whether the box repeats along x and y.
    pub periodic: bool,
}

impl Channels {
    /// The channels as rods; the solid is what they leave.
    ///
    /// # Errors
    /// [`HostError`] when walls would vanish or random channels find no room.
    pub fn generate(&self, box_m: [f64; 3], seed: u64) -> Result<Rods, HostError> {
        let widest = self.diameter_m * (1.0 + self.grade.abs());
        let most = 0.98 * self.pitch_m;
        if widest > most {
            return Err(HostError::Parameter {
                key: "diameter".to_owned(),
                value: crate::catalogue::length_text(self.diameter_m),
                wanted: format!(
                    "channels may be at most {} wide at a pitch of {}, or no wall is left between them",
                    crate::catalogue::length_text(most / (1.0 + self.grade.abs())),
                    crate::catalogue::length_text(self.pitch_m)
                ),
            });
        }
        let mut stream = Stream::new(seed, Purpose::Channels, 0);
        let places = match self.pattern {
            Pattern::Random => self.scattered(box_m, most, &mut stream)?,
            Pattern::Square | Pattern::Hexagonal => self.lattice(box_m),
        };
        let mut rods = Rods::empty(box_m, [self.periodic, self.periodic, false]);
        for [x, y] in places {
            let r = 0.5 * self.diameter_m * stream.spread(self.spread).min(most / widest);
            let slope = r * self.grade;
            // Straight channels go on beyond the box, so that their flat ends are nowhere near it.
            let beyond = if slope.abs() > 0.0 { 0.0 } else { box_m[2] };
            let plain = Rod::plain([x, y, -beyond], [x, y, box_m[2] + beyond], r);
            rods.rods.push(Rod { radius_m: [r - slope, r + slope], ..plain });
        }
        Ok(rods)
    }

    fn lattice(&self, box_m: [f64; 3]) -> Vec<[f64; 2]> {
        let hexagonal = self.pattern == Pattern::Hexagonal;
        let row = if hexagonal { 0.75f64.sqrt() } else { 1.0 };
        let step = |k: usize, wanted: f64, even: bool| {
            if !self.periodic {
                return wanted;
            }
            let n = box_m[k] / wanted;
            let n = if even { 2.0 * (0.5 * n).round() } else { n.round() };
            box_m[k] / n.max(if even { 2.0 } else { 1.0 })
        };
        let (dx, dy) = (step(0, self.pitch_m, false), step(1, row * self.pitch_m, hexagonal));
        let beyond = if self.periodic { 0 } else { 1i64 };
        let count = |k: usize, d: f64| (box_m[k] / d).round() as i64 + beyond;
        let mut places = Vec::new();
        for j in -beyond..count(1, dy) {
            for i in -beyond..count(0, dx) {
                let shift = if hexagonal && j.rem_euclid(2) == 1 { 0.5 } else { 0.0 };
                places.push([(i as f64 + 0.5 + shift) * dx, (j as f64 + 0.5) * dy]);
            }
        }
        places
    }

    fn scattered(&self, box_m: [f64; 3], most: f64, stream: &mut Stream) -> Result<Vec<[f64; 2]>, HostError> {
        const ATTEMPTS: usize = 200_000;
        let wanted = (box_m[0] * box_m[1] / self.pitch_m.powi(2)).round().max(1.0) as usize;
        let apart = (1.1 * self.diameter_m * (1.0 + self.grade.abs())).min(most);
        let mut places: Vec<[f64; 2]> = Vec::new();
        for _ in 0..ATTEMPTS {
            let p: [f64; 2] = std::array::from_fn(|k| stream.uniform() * box_m[k]);
            let near = |q: &[f64; 2]| {
                let d: [f64; 2] = std::array::from_fn(|k| {
                    let d = (p[k] - q[k]).abs();
                    if self.periodic { d.min(box_m[k] - d) } else { d }
                });
                d[0].hypot(d[1]) < apart
            };
            if !places.iter().any(near) {
                places.push(p);
                if places.len() == wanted {
                    return Ok(places);
                }
            }
        }
        Err(HostError::Unreachable {
            key: "diameter",
            value: self.diameter_m,
            why: format!(
                "only {} of {wanted} random channels found room; make them narrower, the pitch larger, or use a lattice",
                places.len()
            ),
        })
    }
}
