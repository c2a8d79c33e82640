//! The smallest level, factorised.

use super::matrix::Matrix;

/// Added to the diagonal, relative: a level without electrodes is singular.
const SHIFT: f64 = 1e-7;

/// Cholesky factor of a small level.
#[derive(Debug, Clone)]
pub(crate) struct Cholesky {
    n: usize,
    /// Lower triangle, row by row; the diagonal holds its inverse.
    factor: Vec<f64>,
}

impl Cholesky {
    /// Factorises; the matrix is an M-matrix, so pivots stay positive.
    pub(crate) fn of(m: &Matrix) -> Self {
        let n = m.len();
        let mut a = vec![0.0f64; n * n];
        for i in 0..n {
            let mut diagonal = f64::from(m.ground(i));
            m.for_links(i, |j, w| {
                a[i * n + j] -= f64::from(w);
                diagonal += f64::from(w);
            });
            a[i * n + i] += if diagonal > 0.0 { diagonal * (1.0 + SHIFT) } else { 1.0 };
        }
        // Row by row, so that both operands of the inner products are consecutive.
        for i in 0..n {
            let (above, row) = a.split_at_mut(i * n);
            for j in 0..i {
                let other = &above[j * n..j * n + j];
                let sum: f64 = row[..j].iter().zip(other).map(|(a, b)| a * b).sum();
                row[j] = (row[j] - sum) * above[j * n + j];
            }
            let square: f64 = row[..i].iter().map(|l| l * l).sum();
            // Rounding may eat a pivot of a nearly singular level: the shift is what it had at least.
            row[i] = 1.0 / (row[i] - square).max(f64::MIN_POSITIVE).sqrt();
        }
        Cholesky { n, factor: a }
    }

    /// Unknowns.
    pub(crate) fn len(&self) -> usize {
        self.n
    }

    /// `z = A^-1 r`.
    pub(crate) fn solve(&self, r: &[f32], z: &mut [f32]) {
        let (n, a) = (self.n, &self.factor);
        let mut y: Vec<f64> = r.iter().map(|&r| f64::from(r)).collect();
        for i in 0..n {
            let row = &a[i * n..i * n + i];
            let sum: f64 = row.iter().zip(&y).map(|(l, y)| l * y).sum();
            y[i] = (y[i] - sum) * a[i * n + i];
        }
        for i in (0..n).rev() {
            y[i] *= a[i * n + i];
            let value = y[i];
            for (y, l) in y[..i].iter_mut().zip(&a[i * n..i * n + i]) {
                *y -= l * value;
            }
        }
        for (z, y) in z.iter_mut().zip(y) {
            *z = y as f32;
        }
    }
}
