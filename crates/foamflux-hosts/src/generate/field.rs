//! Gaussian random fields: spinodal (bicontinuous) solids and crumpled sheets.
//!
//! ```text
//! f(p) = sum over waves k of a_k cos(k . p + phi_k),  |k| in k0 (1 +- w),  <f> = 0, <f^2> = 1
//! spinodal: solid where f > t,                        phi = 1 - Φ(t) on average
//! sheets:   solid where |f| < |grad f| h / 2,         sheets of thickness h (to first order in h k)
//! area:     S/V = (2 / pi) sqrt(<k^2> / 3) exp(-t^2 / 2),   sheets: twice that of t = 0
//! ```
//!
//! Sources: J. Cahn, J. Chem. Phys. 42, 93 (1965) and N. Berk, Phys. Rev. Lett. 58, 2718 (1987) for the fields;
//! the area is Rice's formula in three dimensions, see S. Torquato, *Random Heterogeneous Materials* (2002).
//! Different here: all waves of the shell that fit the periodic box are used, not a sample of them, and they are summed
//! axis by axis (first over k_z, then k_y, then k_x), which costs as many operations a voxel as there are different k_x.
//! No FFT is needed, the order of every sum is fixed, and the field is known at any point with its gradient.

use foamflux_grid::{Shape, Volume, VoxelSize};
use rayon::prelude::*;
use serde::Serialize;

use crate::area::Estimate;
use crate::error::HostError;
use crate::random::{Purpose, Stream};
use crate::vector::Point;

/// Half width of the shell of waves.
const SHELL: f64 = 0.12;
/// Fewest periods of the mean wave along the shortest edge of the box.
const FEWEST_PERIODS: f64 = 1.5;
/// Most waves; beyond it a box holds so many ligaments that a crop serves.
const MOST_WAVES: usize = 400_000;

/// What is solid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Cut {
    /// Where the field exceeds a level.
    Spinodal,
    /// Near the zero surface.
    Sheets {
        /// Thickness in metres.
        thickness_m: f64,
    },
}

/// Parameters of a random field solid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FieldParameters {
    /// Mean wavelength in metres: twice the mean distance of ligament middles, about.
    pub wavelength_m: f64,
    /// What is solid.
    pub cut: Cut,
    /// Solid fraction of a spinodal; of sheets it follows from the thickness.
    pub volume_fraction: f64,
    /// Relative change of the solid fraction from the middle to z = L (spinodal only).
    pub grade: f64,
    /// Whether the box repeats.
    pub periodic: bool,
}

/// One standing wave: whole numbers of periods, amplitude of its cosine and sine.
#[derive(Debug, Clone, Copy)]
struct Wave {
    n: [i32; 3],
    a: [f64; 2],
}

/// A field in a box at the origin, and what is solid of it.
#[derive(Debug, Clone)]
pub struct FieldSolid {
    box_m: Point,
    /// Period; longer than the box where the box does not repeat.
    period: Point,
    cut: Cut,
    /// Level in the middle and its change to z = L.
    level: [f64; 2],
    waves: Vec<Wave>,
    mean_square_k: f64,
}

/// Periods along x and y, and the sums over z of the waves that share them: of the field and of its slope along z.
type Column = ([i32; 2], [f64; 2], [f64; 2]);

/// Values and, where asked for, the three derivatives of a plane.
type Planes = [Vec<f64>; 4];

impl FieldSolid {
    /// A field by its parameters.
    ///
    /// # Errors
    /// [`HostError`] when the box holds too few or too many waves.
    pub fn generate(parameters: &FieldParameters, box_m: [f64; 3], seed: u64) -> Result<Self, HostError> {
        let period = if parameters.periodic { box_m } else { box_m.map(|e| e + 2.0 * parameters.wavelength_m) };
        let shortest = period.iter().copied().fold(f64::INFINITY, f64::min);
        if shortest < FEWEST_PERIODS * parameters.wavelength_m {
            return Err(HostError::Parameter {
                key: "wavelength".to_owned(),
                value: crate::catalogue::length_text(parameters.wavelength_m),
                wanted: format!(
                    "at most {} fits {FEWEST_PERIODS} times into this box: take a larger box or a shorter wave",
                    crate::catalogue::length_text(shortest / FEWEST_PERIODS)
                ),
            });
        }
        let (mut waves, mut mean_square_k) = waves(period, parameters.wavelength_m, seed)?;
        // Unit variance: each wave has half of the sum of its squares.
        let variance: f64 = waves.iter().map(|w| 0.5 * (w.a[0].powi(2) + w.a[1].powi(2))).sum();
        waves.iter_mut().for_each(|w| w.a = w.a.map(|a| a / variance.sqrt()));
        mean_square_k /= variance;
        let mut field = FieldSolid { box_m, period, cut: parameters.cut, level: [0.0; 2], waves, mean_square_k };
        if parameters.cut == Cut::Spinodal {
            let (phi, g) = (parameters.volume_fraction, parameters.grade);
            let most = phi * (1.0 + g.abs());
            if most >= 0.99 || phi * (1.0 - g.abs()) <= 0.01 {
                crate::error::within("grade", g.abs(), 0.0, (0.98 / phi - 1.0).min(1.0 - 0.01 / phi).max(0.0), "")?;
            }
            field.level = field.levels(phi, g);
        }
        Ok(field)
    }

    /// Level and slope that give the wanted fraction: quantiles of the realised field.
    fn levels(&self, phi: f64, grade: f64) -> [f64; 2] {
        /// Sample points along the longest edge.
        const POINTS: f64 = 96.0;
        let longest = self.box_m.iter().copied().fold(0.0, f64::max);
        let n = self.box_m.map(|e| (POINTS * e / longest).ceil().max(8.0) as usize);
        let step: Point = std::array::from_fn(|k| self.box_m[k] / n[k] as f64);
        let tables = self.tables(step, n, [0.5; 3]);
        let mut values: Vec<f64> = (0..n[2])
            .into_par_iter()
            .flat_map_iter(|z| {
                let plane = self.plane(&tables, (z as f64 + 0.5) * step[2], n, false);
                let [values, ..] = plane;
                // Equal ranks at every depth: the level there is what the grade asks for.
                values
            })
            .collect();
        values.sort_by(f64::total_cmp);
        let quantile = |phi: f64| values[(((1.0 - phi) * values.len() as f64) as usize).min(values.len() - 1)];
        let (low, high) = (quantile(phi * (1.0 - grade)), quantile(phi * (1.0 + grade)));
        if grade.abs() > 0.0 { [0.5 * (low + high), 0.5 * (high - low)] } else { [quantile(phi), 0.0] }
    }

    /// Solid area over box volume on average over all such fields; none where it is graded.
    #[must_use]
    pub fn expected_area_per_m(&self) -> Option<f64> {
        let zero = 2.0 / std::f64::consts::PI * (self.mean_square_k / 3.0).sqrt();
        match self.cut {
            Cut::Sheets { .. } => Some(2.0 * zero),
            Cut::Spinodal if self.level[1].abs() > 0.0 => None,
            Cut::Spinodal => Some(zero * libm::exp(-0.5 * self.level[0].powi(2))),
        }
    }

    /// `e^{i k x}` for every different number of periods along x, and the places of the other axes.
    fn tables(&self, step: Point, n: [usize; 3], at: Point) -> Tables {
        let most = |k: usize| self.waves.iter().map(|w| w.n[k].unsigned_abs()).max().unwrap_or(0) as usize;
        let table = |k: usize, points: usize| -> Vec<Vec<[f64; 2]>> {
            (0..=most(k))
                .map(|m| {
                    let k0 = std::f64::consts::TAU * m as f64 / self.period[k] * step[k];
                    (0..points).map(|i| turn(k0 * (i as f64 + at[k]))).collect()
                })
                .collect()
        };
        Tables { x: table(0, n[0]), y: table(1, n[1]) }
    }

    /// The field on the plane at height `z`: value and, where asked for, derivatives along x, y, z.
    fn plane(&self, tables: &Tables, z: f64, n: [usize; 3], slopes: bool) -> Planes {
        let k = self.period.map(|p| std::f64::consts::TAU / p);
        let size = n[0] * n[1];
        let mut out: Planes = std::array::from_fn(|i| if i == 0 || slopes { vec![0.0; size] } else { Vec::new() });
        // Over k_z: one coefficient for every (k_x, k_y), and one for the derivative.
        let mut columns: Vec<Column> = Vec::new();
        for run in self.waves.chunk_by(|a, b| a.n[..2] == b.n[..2]) {
            let (mut sum, mut slope) = ([0.0; 2], [0.0; 2]);
            for w in run {
                let kz = k[2] * f64::from(w.n[2]);
                let c = times(w.a, turn(kz * z));
                sum = [sum[0] + c[0], sum[1] + c[1]];
                slope = [slope[0] - kz * c[1], slope[1] + kz * c[0]];
            }
            columns.push(([run[0].n[0], run[0].n[1]], sum, slope));
        }
        let groups: Vec<&[Column]> = columns.chunk_by(|a, b| a.0[0] == b.0[0]).collect();
        for y in 0..n[1] {
            for group in &groups {
                let nx = group[0].0[0];
                // Over k_y.
                let mut sums = [[0.0; 2]; 4];
                for (n, sum, slope) in *group {
                    let e = tables.y[n[1].unsigned_abs() as usize][y];
                    let e = if n[1] < 0 { [e[0], -e[1]] } else { e };
                    let c = times(*sum, e);
                    sums[0] = [sums[0][0] + c[0], sums[0][1] + c[1]];
                    if slopes {
                        let ky = k[1] * f64::from(n[1]);
                        sums[2] = [sums[2][0] - ky * c[1], sums[2][1] + ky * c[0]];
                        let c = times(*slope, e);
                        sums[3] = [sums[3][0] + c[0], sums[3][1] + c[1]];
                    }
                }
                let kx = k[0] * f64::from(nx);
                sums[1] = [-kx * sums[0][1], kx * sums[0][0]];
                // Over k_x: the real part.
                let row = &tables.x[nx.unsigned_abs() as usize];
                for (out, [re, im]) in out.iter_mut().zip(sums) {
                    if !out.is_empty() {
                        for (v, e) in out[y * n[0]..(y + 1) * n[0]].iter_mut().zip(row) {
                            *v += re * e[0] - im * e[1];
                        }
                    }
                }
            }
        }
        out
    }

    /// How far inside of the solid, in units of length for sheets and of the field for a spinodal.
    #[inline]
    fn inside(&self, planes: &Planes, i: usize, z: f64) -> f64 {
        match self.cut {
            Cut::Spinodal => planes[0][i] - self.level_at(z),
            Cut::Sheets { thickness_m } => 0.5 * thickness_m * slope(planes, i) - planes[0][i].abs(),
        }
    }

    fn level_at(&self, z: f64) -> f64 {
        self.level[0] + self.level[1] * (2.0 * z / self.box_m[2] - 1.0)
    }

    fn needs_slopes(&self) -> bool {
        matches!(self.cut, Cut::Sheets { .. })
    }

    /// True where the voxel's centre is solid.
    #[must_use]
    pub fn mask(&self, shape: Shape, voxel_size: VoxelSize) -> Volume<bool> {
        let s = voxel_size.spacing();
        let (n, step) = ([shape.x, shape.y, shape.z], [s.x, s.y, s.z]);
        let tables = self.tables(step, n, [0.5; 3]);
        let mut volume = Volume::from_fn(shape, voxel_size, |_, _, _| false);
        volume.as_mut_slice().par_chunks_mut(n[0] * n[1]).enumerate().for_each(|(z, out)| {
            let z = (z as f64 + 0.5) * step[2];
            let planes = self.plane(&tables, z, n, self.needs_slopes());
            out.iter_mut().enumerate().for_each(|(i, v)| *v = self.inside(&planes, i, z) > 0.0);
        });
        volume
    }

    /// Solid volume over box volume and surface over box volume (per metre), by integration over two unrelated grids of
    /// about `points` points a wavelength.
    ///
    /// The area of a shell is that of the surface plus a term in the square of its width, which two grids remove.
    /// Sheets have twice the area of their middle surface up to a part of about `(k h)^2 / 24`, counted as uncertainty.
    #[must_use]
    pub fn measure(&self, wavelength_m: f64, points: f64) -> (Estimate, Estimate) {
        const RATIO: f64 = 1.27;
        let first = self.integrate(wavelength_m / points);
        let second = self.integrate(RATIO * wavelength_m / points);
        let volume = Estimate { value: first[0], uncertainty: (first[0] - second[0]).abs() };
        let rest = (first[1] - second[1]) / (RATIO * RATIO - 1.0);
        let mut area = Estimate { value: first[1] + rest, uncertainty: 0.2 * rest.abs() };
        if let Cut::Sheets { thickness_m } = self.cut {
            let bend = self.mean_square_k * thickness_m * thickness_m / 24.0;
            area = Estimate { value: 2.0 * area.value, uncertainty: 2.0 * (area.uncertainty + bend * area.value) };
        }
        (volume, area)
    }

    fn integrate(&self, step: f64) -> [f64; 2] {
        let n = self.box_m.map(|e| (e / step).ceil().max(4.0) as usize);
        let h: Point = std::array::from_fn(|k| self.box_m[k] / n[k] as f64);
        let width = 1.5 * h.iter().copied().fold(0.0, f64::max);
        let tables = self.tables(h, n, [0.5; 3]);
        let sums: Vec<[f64; 2]> = (0..n[2])
            .into_par_iter()
            .map(|z| {
                let z = (z as f64 + 0.5) * h[2];
                let planes = self.plane(&tables, z, n, true);
                let level = if self.needs_slopes() { 0.0 } else { self.level_at(z) };
                let mut sums = [0.0; 2];
                for i in 0..n[0] * n[1] {
                    let d = (planes[0][i] - level) / slope(&planes, i).max(1e-300);
                    // A hat of unit area over the distance from the surface.
                    sums[1] += (1.0 - d.abs() / width).max(0.0) / width;
                    sums[0] += if self.inside(&planes, i, z) > 0.0 { 1.0 } else { 0.0 };
                }
                sums
            })
            .collect();
        let points = (n[0] * n[1] * n[2]) as f64;
        sums.iter().fold([0.0; 2], |a, b| [a[0] + b[0] / points, a[1] + b[1] / points])
    }
}

#[inline]
fn slope(planes: &Planes, i: usize) -> f64 {
    (planes[1][i].powi(2) + planes[2][i].powi(2) + planes[3][i].powi(2)).sqrt()
}

struct Tables {
    x: Vec<Vec<[f64; 2]>>,
    y: Vec<Vec<[f64; 2]>>,
}

fn turn(angle: f64) -> [f64; 2] {
    [libm::cos(angle), libm::sin(angle)]
}

fn times(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
}

/// All waves of the shell in one half of wave space, in order, with random amplitudes; and the sum of their variance k^2.
fn waves(period: Point, wavelength: f64, seed: u64) -> Result<(Vec<Wave>, f64), HostError> {
    let k = period.map(|p| std::f64::consts::TAU / p);
    let k0 = std::f64::consts::TAU / wavelength;
    let most = k.map(|k| ((1.0 + SHELL) * k0 / k).floor() as i32);
    let expected = 2.0 * std::f64::consts::PI * k0.powi(3) * 2.0 * SHELL / (k[0] * k[1] * k[2]);
    if expected > MOST_WAVES as f64 {
        return Err(HostError::Parameter {
            key: "wavelength".to_owned(),
            value: crate::catalogue::length_text(wavelength),
            wanted: format!("the box holds about {expected:.1e} such waves; take a smaller box or a longer wave"),
        });
    }
    let mut stream = Stream::new(seed, Purpose::Waves, 0);
    let (mut waves, mut sum) = (Vec::new(), 0.0);
    // x is never negative, so that the innermost sums run over half of the numbers.
    for x in 0..=most[0] {
        for y in -most[1]..=most[1] {
            for z in -most[2]..=most[2] {
                let n = [x, y, z];
                if x == 0 && (y < 0 || (y == 0 && z <= 0)) {
                    continue;
                }
                let square: f64 = (0..3).map(|i| (k[i] * f64::from(n[i])).powi(2)).sum();
                let off = (square.sqrt() / k0 - 1.0).abs();
                if off < SHELL {
                    let (a, b) = stream.normal_pair();
                    // A smooth shell: few waves then matter in a small box without one of them standing out.
                    let weight = 1.0 - (off / SHELL).powi(2);
                    sum += 0.5 * weight * weight * (a * a + b * b) * square;
                    waves.push(Wave { n, a: [weight * a, weight * b] });
                }
            }
        }
    }
    if waves.len() < 3 {
        return Err(HostError::Parameter {
            key: "wavelength".to_owned(),
            value: crate::catalogue::length_text(wavelength),
            wanted: "no such wave fits the box: change it slightly or take a larger box".to_owned(),
        });
    }
    Ok((waves, sum))
}
