//! Fixed points by Anderson's extrapolation.

/// Rounds that are remembered.
const DEPTH: usize = 5;
/// Share of the diagonal that is added to the normal equations, so that rounds that repeat each other do no harm.
const RIDGE: f64 = 1e-12;

/// Finds `x = g(x)` from pairs of `x` and `g(x)`.
#[derive(Debug, Default)]
pub(super) struct Anderson {
    /// Changes of `g` and of `g - x` from round to round.
    history: Vec<[Vec<f64>; 2]>,
    last: Option<[Vec<f64>; 2]>,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

impl Anderson {
    /// The next `x`: `g` less the combination of remembered changes that leaves the least of `g - x`. Sums that all `g`
    /// share are kept.
    pub(super) fn next(&mut self, x: &[f64], g: &[f64]) -> Vec<f64> {
        let f = difference(g, x);
        if let Some([g_last, f_last]) = self.last.take() {
            if self.history.len() == DEPTH {
                self.history.remove(0);
            }
            self.history.push([difference(g, &g_last), difference(&f, &f_last)]);
        }
        let n = self.history.len();
        let mut rows: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                let mut row: Vec<f64> = (0..n).map(|j| dot(&self.history[i][1], &self.history[j][1])).collect();
                row[i] *= 1.0 + RIDGE;
                row.push(dot(&self.history[i][1], &f));
                row
            })
            .collect();
        let weights = eliminate(&mut rows);
        let mut out = g.to_vec();
        for ([dg, _], w) in self.history.iter().zip(weights) {
            for (o, d) in out.iter_mut().zip(dg) {
                *o -= w * d;
            }
        }
        self.last = Some([g.to_vec(), f]);
        out
    }
}

/// Solves a small system, right-hand side in the last column; rows that say nothing give zero.
fn eliminate(rows: &mut [Vec<f64>]) -> Vec<f64> {
    let n = rows.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&a, &b| rows[a][k].abs().total_cmp(&rows[b][k].abs())).unwrap_or(k);
        rows.swap(k, pivot);
        let head = rows[k].clone();
        if head[k].abs() < f64::MIN_POSITIVE {
            continue;
        }
        for row in rows.iter_mut().skip(k + 1) {
            let factor = row[k] / head[k];
            for (a, b) in row.iter_mut().zip(&head).skip(k) {
                *a -= factor * b;
            }
        }
    }
    let mut x = vec![0.0; n];
    for k in (0..n).rev() {
        let rest: f64 = (k + 1..n).map(|j| rows[k][j] * x[j]).sum();
        let value = (rows[k][n] - rest) / rows[k][k];
        x[k] = if value.is_finite() { value } else { 0.0 };
    }
    x
}

#[cfg(test)]
mod tests {
    use super::Anderson;

    #[test]
    fn a_linear_map_of_three_numbers_is_done_after_four_rounds_even_where_it_diverges() {
        // Eigenvalues up to -3: plain iteration would run away.
        let g = |x: &[f64]| vec![1.0 - 3.0 * x[0] + x[1], 2.0 + 0.5 * x[1], -1.0 + 0.2 * x[0] - 2.0 * x[2]];
        let mut anderson = Anderson::default();
        let mut x = vec![0.0; 3];
        for _ in 0..5 {
            x = anderson.next(&x, &g(&x));
        }
        for (x, exact) in x.iter().zip([1.25, 4.0, -0.25]) {
            assert!((x - exact).abs() < 1e-9, "{x} for {exact}");
        }
    }
}
