//! A slow solver that shares nothing with the fast ones but the equation.

use foamflux_grid::{Axis, Labels};

use crate::Sides;

/// Knuth's 64-bit linear congruential generator (MMIX), upper bits.
#[derive(Debug, Clone)]
pub struct Lcg(pub u64);

impl Lcg {
    /// A number in 0..1.
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n - 1)
    }
}

/// Unknowns up to which the system is factorised; above, conjugate gradients run until rounding.
const DIRECT_UP_TO: usize = 260;
/// Relative residual of the iterative reference.
const TIGHT: f64 = 1e-13;

struct System {
    /// Neighbours and conductances of every unknown, in physical units.
    links: Vec<Vec<(usize, f64)>>,
    inlet: Vec<f64>,
    outlet: Vec<f64>,
}

/// Effective conductivity in the unit of `sigma`, or none where no path leads from inlet to outlet.
#[must_use]
pub fn reference_conductivity(labels: &Labels, sigma: [f64; 9], axis: Axis, sides: Sides) -> Option<f64> {
    let shape = labels.shape();
    let spacing = labels.spacing();
    let (n, d) = ([shape.x, shape.y, shape.z], [spacing.x, spacing.y, spacing.z]);
    let flow = axis.xyz_index();
    let value = |c: [usize; 3]| sigma[usize::from(*labels.volume().at(c[2], c[1], c[0]))];
    let id = |c: [usize; 3]| (c[2] * n[1] + c[1]) * n[0] + c[0];
    let step = |c: [usize; 3], a: usize, up: bool| -> Option<[usize; 3]> {
        let mut to = c;
        let periodic = sides == Sides::Periodic && a != flow;
        to[a] = match (up, c[a]) {
            (true, i) if i + 1 < n[a] => i + 1,
            (false, i) if i > 0 => i - 1,
            (true, _) if periodic => 0,
            (false, _) if periodic => n[a] - 1,
            _ => return None,
        };
        (value(to) > 0.0).then_some(to)
    };
    let flood = |slice: usize| {
        let mut seen = vec![false; shape.len()];
        let mut stack = Vec::new();
        for i in 0..shape.len() {
            let (z, y, x) = shape.zyx_of(i);
            if [x, y, z][flow] == slice && value([x, y, z]) > 0.0 {
                seen[i] = true;
                stack.push([x, y, z]);
            }
        }
        while let Some(c) = stack.pop() {
            for a in 0..3 {
                for up in [false, true] {
                    if let Some(to) = step(c, a, up)
                        && !seen[id(to)]
                    {
                        seen[id(to)] = true;
                        stack.push(to);
                    }
                }
            }
        }
        seen
    };
    let (from_inlet, from_outlet) = (flood(0), flood(n[flow] - 1));
    let mut number = vec![usize::MAX; shape.len()];
    let mut cells = Vec::new();
    for i in 0..shape.len() {
        if from_inlet[i] && from_outlet[i] {
            let (z, y, x) = shape.zyx_of(i);
            number[i] = cells.len();
            cells.push([x, y, z]);
        }
    }
    if cells.is_empty() {
        return None;
    }
    let area = |a: usize| d[0] * d[1] * d[2] / d[a];
    let mut system = System { links: Vec::new(), inlet: Vec::new(), outlet: Vec::new() };
    for &c in &cells {
        let mut links = Vec::new();
        for a in 0..3 {
            for up in [false, true] {
                if let Some(to) = step(c, a, up)
                    && to != c
                {
                    let resistance = d[a] / 2.0 / value(c) + d[a] / 2.0 / value(to);
                    links.push((number[id(to)], area(a) / resistance));
                }
            }
        }
        system.links.push(links);
        let half = value(c) * area(flow) / (d[flow] / 2.0);
        system.inlet.push(if c[flow] == 0 { half } else { 0.0 });
        system.outlet.push(if c[flow] + 1 == n[flow] { half } else { 0.0 });
    }
    let phi = if cells.len() <= DIRECT_UP_TO { system.factorise() } else { system.iterate() };
    let cross_section: f64 = area(flow) * (shape.len() / n[flow]) as f64;
    Some(system.energy(&phi) * n[flow] as f64 * d[flow] / cross_section)
}

impl System {
    fn apply(&self, phi: &[f64]) -> Vec<f64> {
        (0..phi.len())
            .map(|i| {
                let between: f64 = self.links[i].iter().map(|&(j, g)| g * (phi[i] - phi[j])).sum();
                between + (self.inlet[i] + self.outlet[i]) * phi[i]
            })
            .collect()
    }

    fn diagonal(&self, i: usize) -> f64 {
        self.links[i].iter().map(|l| l.1).sum::<f64>() + self.inlet[i] + self.outlet[i]
    }

    fn energy(&self, phi: &[f64]) -> f64 {
        let mut energy = 0.0;
        for i in 0..phi.len() {
            energy += 0.5 * self.links[i].iter().map(|&(j, g)| g * (phi[i] - phi[j]).powi(2)).sum::<f64>();
            energy += self.inlet[i] * (1.0 - phi[i]).powi(2) + self.outlet[i] * phi[i].powi(2);
        }
        energy
    }

    /// Dense Cholesky factorisation.
    fn factorise(&self) -> Vec<f64> {
        let n = self.inlet.len();
        let mut a = vec![vec![0.0; n]; n];
        for i in 0..n {
            a[i][i] += self.diagonal(i);
            for &(j, g) in &self.links[i] {
                a[i][j] -= g;
            }
        }
        for j in 0..n {
            for k in 0..j {
                a[j][j] -= a[j][k] * a[j][k];
            }
            a[j][j] = a[j][j].sqrt();
            for i in j + 1..n {
                for k in 0..j {
                    a[i][j] -= a[i][k] * a[j][k];
                }
                a[i][j] /= a[j][j];
            }
        }
        let mut phi = self.inlet.clone();
        for i in 0..n {
            for k in 0..i {
                phi[i] -= a[i][k] * phi[k];
            }
            phi[i] /= a[i][i];
        }
        for i in (0..n).rev() {
            for k in i + 1..n {
                phi[i] -= a[k][i] * phi[k];
            }
            phi[i] /= a[i][i];
        }
        phi
    }

    /// Conjugate gradients with Jacobi's preconditioner until the residual is at rounding.
    fn iterate(&self) -> Vec<f64> {
        let n = self.inlet.len();
        let inverse: Vec<f64> = (0..n).map(|i| 1.0 / self.diagonal(i)).collect();
        let mut phi = vec![0.5; n];
        let image = self.apply(&phi);
        let mut r: Vec<f64> = (0..n).map(|i| self.inlet[i] - image[i]).collect();
        let mut p: Vec<f64> = r.iter().zip(&inverse).map(|(r, d)| r * d).collect();
        let weighted = |r: &[f64]| -> f64 { r.iter().zip(&inverse).map(|(r, d)| r * r * d).sum() };
        let mut rz = weighted(&r);
        let goal = rz * TIGHT * TIGHT;
        for _ in 0..20 * n {
            if rz <= goal {
                break;
            }
            let q = self.apply(&p);
            let alpha = rz / p.iter().zip(&q).map(|(p, q)| p * q).sum::<f64>();
            for i in 0..n {
                phi[i] += alpha * p[i];
                r[i] -= alpha * q[i];
            }
            let next = weighted(&r);
            for i in 0..n {
                p[i] = r[i] * inverse[i] + next / rz * p[i];
            }
            rz = next;
        }
        phi
    }
}
