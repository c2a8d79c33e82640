//! The impedance of a host at rest: the linearised problem with a double layer on every face.
//!
//! ```text
//! face        Y(w) = w A / (rho + 1/(k + i w C)),   k = i0 F/RT,   rho = R_film and half a voxel on both sides
//! volume      div(sigma grad phi) = 0 in both media, real
//! Z(w)        potential of the separator's plane against the collector, per current over the cross-section
//! ```
//!
//! The system is complex and symmetric, `A = K + Y`. Its preconditioner is the real system with `|Y|` on the faces, whose
//! multigrid solves are those of the current distribution: seen through it, exchange lies on the unit circle between 1
//! and i, so that the generalised conjugate residuals gain a factor of 0.41 or better per step whatever size and frequency.
//!
//! The softest mode of all is a cluster of electrolyte that moves as a whole against what little its surface passes; it is taken
//! out of every residual exactly before multigrid sees the rest.
//!
//! As `A` is symmetric and drives where it is read, `Z = b.x + r.x` has an error of second order in that of `x`.
//!
//! Rest means no current: carbon counts as covered by lithium, without its barrier of nucleation, and salt is even, so that
//! Warburg's diffusion is not part of it.

mod complex;
mod relaxation;

use foamflux_grid::{Event, Stage, Watch};
use foamflux_transport::links::LinksStop;
use foamflux_transport::{Backend, CpuBackend};

use crate::cell::Cell;
use crate::error::ElectroError;
use crate::materials::Materials;
use crate::solve::{Drive, Linearised, Options};
pub use complex::Complex;
pub use relaxation::{Relaxation, Relaxations, relaxations};

/// Residual currents over those that drive, which [`Spectrum`] is solved to; the error of Z is about their square.
const RESIDUAL: f64 = 1e-5;
/// Change of Z in the last step, relative.
const CHANGE: f64 = 1e-7;
/// Error that the preconditioner's solves leave.
const INNER: f64 = 1e-2;
/// Most iterations of them.
const INNER_ITERATIONS: u32 = 40;
/// Directions that are kept.
const KEPT: usize = 8;
/// Most steps.
const MAX_STEPS: u32 = 120;

/// Impedance at one frequency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impedance {
    /// Frequency in Hz.
    pub frequency_hz: f64,
    /// Impedance in ohm m2 of cross-section.
    pub z: Complex,
    /// Steps of the complex iteration.
    pub steps: u32,
    /// Change of Z in the last one, relative.
    pub change: f64,
}

/// A complex field.
#[derive(Debug, Clone)]
struct Field {
    re: Vec<f64>,
    im: Vec<f64>,
}

impl Field {
    fn zero(n: usize) -> Self {
        Field { re: vec![0.0; n], im: vec![0.0; n] }
    }

    /// `self += a x`.
    fn add(&mut self, a: Complex, x: &Field) {
        let parts = self.re.iter_mut().zip(&mut self.im).zip(x.re.iter().zip(&x.im));
        for ((re, im), (xr, xi)) in parts {
            *re += a.re * xr - a.im * xi;
            *im += a.re * xi + a.im * xr;
        }
    }

    /// Product with the conjugate of `self`.
    fn dot(&self, x: &Field) -> Complex {
        let mut sum = Complex::default();
        for ((a, b), (c, d)) in self.re.iter().zip(&self.im).zip(x.re.iter().zip(&x.im)) {
            sum.re += a * c + b * d;
            sum.im += a * d - b * c;
        }
        sum
    }

    /// Product without a conjugate.
    fn product(&self, x: &Field) -> Complex {
        let mut sum = Complex::default();
        for ((a, b), (c, d)) in self.re.iter().zip(&self.im).zip(x.re.iter().zip(&x.im)) {
            sum.re += a * c - b * d;
            sum.im += a * d + b * c;
        }
        sum
    }

    fn size(&self) -> f64 {
        self.re.iter().zip(&self.im).map(|(a, b)| a.hypot(*b)).sum()
    }
}

/// Solves for the impedance at frequencies in Hz, in their order, on the processor; each starts from the last.
///
/// `capacitance` is that of the double layer in F/m2 of true area.
///
/// # Errors
/// [`ElectroError`].
pub fn impedance(
    cell: &Cell,
    materials: &Materials,
    capacitance: f64,
    frequencies: &[f64],
    watch: &dyn Watch,
) -> Result<Vec<Impedance>, ElectroError> {
    let (found, _) = impedance_on(&CpuBackend::new(), cell, materials, capacitance, frequencies, watch)?;
    Ok(found)
}

/// The same with the real linear solves of a backend, and the name of what solved; the complex iteration, its residuals and
/// Z are the processor's, in double precision, whatever the device.
///
/// # Errors
/// [`ElectroError`].
pub fn impedance_on(
    backend: &dyn Backend,
    cell: &Cell,
    materials: &Materials,
    capacitance: f64,
    frequencies: &[f64],
    watch: &dyn Watch,
) -> Result<(Vec<Impedance>, String), ElectroError> {
    materials.check()?;
    if !(capacitance.is_finite() && capacitance >= 0.0) {
        return Err(ElectroError::Drive { what: "the capacitance of the double layer in F/m2", value: capacitance });
    }
    let options = Options::default();
    // A current of one ampere per square metre: Z is then the potential.
    let mut system = Linearised::new(cell, materials, Drive::Uniform(1.0), &options)?;
    watch.event(Event::Started {
        stage: Stage::Current,
        what: format!("impedance at {} frequencies", frequencies.len()),
    });
    let b = system.drive();
    let n = b.len();
    let mut solver = backend.links(n, watch);
    let source = Field { re: b, im: vec![0.0; n] };
    let total = source.size();
    let projected = cell.projected_area();
    let mut x = Field::zero(n);
    let mut out = Vec::with_capacity(frequencies.len());
    for (k, &frequency_hz) in frequencies.iter().enumerate() {
        if !(frequency_hz.is_finite() && frequency_hz > 0.0) {
            return Err(ElectroError::Drive { what: "a frequency in Hz", value: frequency_hz });
        }
        let omega = 2.0 * std::f64::consts::PI * frequency_hz;
        // Exchange of every face at rest.
        let faces: Vec<Complex> = system
            .faces()
            .map(|(slope, rho, area)| {
                let reaction = Complex { re: slope, im: omega * capacitance };
                (Complex { re: rho, im: 0.0 } + reaction.inverse()).inverse().times(area)
            })
            .collect();
        system.exchange(faces.iter().map(|y| y.size()))?;
        let (mut z, mut change, mut steps) = (Complex::default(), f64::INFINITY, 0);
        let mut kept: Vec<[Field; 2]> = Vec::new();
        loop {
            let r = residual(&system, &faces, &source, &x)?;
            let left = r.size() / total;
            // By symmetry r.x mends what is missing in b.x.
            let sum = source.product(&x) + r.product(&x);
            let now = sum.times(1.0 / projected);
            change = if steps > 0 { (now - z).size() / now.size() } else { change };
            z = now;
            if (left <= RESIDUAL && change <= CHANGE) || left <= RESIDUAL * RESIDUAL {
                break;
            }
            if steps == MAX_STEPS {
                return Err(ElectroError::Impedance { frequency_hz, steps, residual: left });
            }
            steps += 1;
            let mut p = Field::zero(n);
            let r_all = r.clone();
            let mut r = r;
            soften(&system, &faces, &mut r, &mut p);
            let mut fine = Field::zero(n);
            let stop = LinksStop { relative: INNER, max_iterations: INNER_ITERATIONS, double: system.double() };
            system.correct(solver.as_mut(), &r.re, &mut fine.re, &stop, watch)?;
            if r.im.iter().any(|r| *r != 0.0) {
                system.correct(solver.as_mut(), &r.im, &mut fine.im, &stop, watch)?;
            }
            p.add(Complex { re: 1.0, im: 0.0 }, &fine);
            let mut q = image(&system, &faces, &p)?;
            for [kp, kq] in &kept {
                let by = kq.dot(&q).times(-1.0);
                q.add(by, kq);
                p.add(by, kp);
            }
            let norm = q.dot(&q).re.sqrt();
            if !(norm.is_finite() && norm > 0.0) {
                return Err(ElectroError::Impedance { frequency_hz, steps, residual: left });
            }
            let scale = Complex { re: 1.0 / norm, im: 0.0 };
            let mut unit = [Field::zero(n), Field::zero(n)];
            unit[0].add(scale, &p);
            unit[1].add(scale, &q);
            let step = unit[1].dot(&r_all);
            x.add(step, &unit[0]);
            if kept.len() == KEPT {
                kept.remove(0);
            }
            kept.push(unit);
        }
        let half = Complex { re: system.plane_resistance(), im: 0.0 };
        out.push(Impedance { frequency_hz, z: z + half, steps, change: if change.is_finite() { change } else { 0.0 } });
        watch.event(Event::Advanced {
            stage: Stage::Current,
            done: k as u64 + 1,
            total: Some(frequencies.len() as u64),
        });
    }
    watch.event(Event::Finished { stage: Stage::Current, outcome: format!("{} frequencies", out.len()) });
    Ok((out, solver.describe()))
}

/// Moves every cluster of electrolyte as a whole to where its residuals balance: adds that to `p` and takes its image from `r`.
fn soften(system: &Linearised<'_>, faces: &[Complex], r: &mut Field, p: &mut Field) {
    let (clusters, of_face) = system.clusters();
    let count = of_face.iter().max().map_or(0, |c| *c as usize + 1);
    let (mut sums, mut passes) = (vec![Complex::default(); count], vec![Complex::default(); count]);
    for (&c, (re, im)) in clusters.iter().zip(r.re.iter().zip(&r.im)) {
        if let Some(sum) = sums.get_mut(c as usize) {
            *sum = *sum + Complex { re: *re, im: *im };
        }
    }
    for (&c, y) in of_face.iter().zip(faces) {
        passes[c as usize] = passes[c as usize] + *y;
    }
    let moves: Vec<Complex> = sums.iter().zip(&passes).map(|(s, y)| *s * y.inverse()).collect();
    for (&c, (re, im)) in clusters.iter().zip(p.re.iter_mut().zip(&mut p.im)) {
        if let Some(by) = moves.get(c as usize) {
            *re += by.re;
            *im += by.im;
        }
    }
    for ((&c, [e, s]), y) in of_face.iter().zip(system.places()).zip(faces) {
        let i = moves[c as usize] * *y;
        r.re[e] -= i.re;
        r.im[e] -= i.im;
        r.re[s] += i.re;
        r.im[s] += i.im;
    }
}

/// `b - A x`.
fn residual(system: &Linearised<'_>, faces: &[Complex], b: &Field, x: &Field) -> Result<Field, ElectroError> {
    let mut r = Field { re: system.residual(&x.re, &b.re)?, im: system.residual(&x.im, &b.im)? };
    exchange(system, faces, x, &mut r, -1.0);
    Ok(r)
}

/// `A x`.
fn image(system: &Linearised<'_>, faces: &[Complex], x: &Field) -> Result<Field, ElectroError> {
    let zero = vec![0.0; x.re.len()];
    let mut q = Field { re: system.residual(&x.re, &zero)?, im: system.residual(&x.im, &zero)? };
    for v in q.re.iter_mut().chain(&mut q.im) {
        *v = -*v;
    }
    exchange(system, faces, x, &mut q, 1.0);
    Ok(q)
}

/// What faces pass beyond the real exchange that the system holds.
fn exchange(system: &Linearised<'_>, faces: &[Complex], x: &Field, out: &mut Field, sign: f64) {
    for ((place, held), y) in system.places().zip(system.held()).zip(faces) {
        let [e, s] = place;
        let drop = Complex { re: x.re[e] - x.re[s], im: x.im[e] - x.im[s] };
        let i = (*y - Complex { re: held, im: 0.0 }) * drop;
        out.re[e] += sign * i.re;
        out.im[e] += sign * i.im;
        out.re[s] -= sign * i.re;
        out.im[s] -= sign * i.im;
    }
}
