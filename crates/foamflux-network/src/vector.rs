//! Three-vectors.

pub(crate) type Point = [f64; 3];

pub(crate) fn add(a: Point, b: Point) -> Point {
    std::array::from_fn(|k| a[k] + b[k])
}

pub(crate) fn sub(a: Point, b: Point) -> Point {
    std::array::from_fn(|k| a[k] - b[k])
}

pub(crate) fn scale(a: Point, s: f64) -> Point {
    a.map(|v| v * s)
}

pub(crate) fn dot(a: Point, b: Point) -> f64 {
    (0..3).map(|k| a[k] * b[k]).sum()
}

pub(crate) fn norm(a: Point) -> f64 {
    dot(a, a).sqrt()
}

pub(crate) fn distance(a: Point, b: Point) -> f64 {
    norm(sub(a, b))
}

/// `a + t (b - a)`.
pub(crate) fn mix(a: Point, b: Point, t: f64) -> Point {
    std::array::from_fn(|k| a[k] + t * (b[k] - a[k]))
}

/// The vector at length one; x where it has none.
pub(crate) fn unit(a: Point) -> Point {
    let n = norm(a);
    if n > 0.0 { scale(a, 1.0 / n) } else { [1.0, 0.0, 0.0] }
}

/// Eigenvalues, ascending, of a symmetric matrix, and their vectors; by Jacobi rotations, which cannot fail for three.
pub(crate) fn eigen(mut m: [[f64; 3]; 3]) -> ([f64; 3], [Point; 3]) {
    let mut v = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    for _ in 0..32 {
        let off = m[0][1].powi(2) + m[0][2].powi(2) + m[1][2].powi(2);
        let size: f64 = (0..3).map(|k| m[k][k].powi(2)).sum();
        if off <= 1e-30 * size || off <= f64::MIN_POSITIVE {
            break;
        }
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            if m[p][q].abs() <= f64::MIN_POSITIVE {
                continue;
            }
            let theta = (m[q][q] - m[p][p]) / (2.0 * m[p][q]);
            let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
            let (c, s) = (1.0 / (t * t + 1.0).sqrt(), t / (t * t + 1.0).sqrt());
            for row in &mut m {
                (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
            }
            let (a, b) = (m[p], m[q]);
            m[p] = std::array::from_fn(|k| c * a[k] - s * b[k]);
            m[q] = std::array::from_fn(|k| s * a[k] + c * b[k]);
            for row in &mut v {
                (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
            }
        }
    }
    let mut order = [0, 1, 2];
    order.sort_by(|&a, &b| m[a][a].total_cmp(&m[b][b]));
    (order.map(|k| m[k][k]), order.map(|k| [v[0][k], v[1][k], v[2][k]]))
}

/// Solves a symmetric positive definite system of three; `None` where it is singular.
pub(crate) fn solve(m: [[f64; 3]; 3], b: Point) -> Option<Point> {
    let cross = |a: Point, b: Point| -> Point {
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    };
    let c = [cross(m[1], m[2]), cross(m[2], m[0]), cross(m[0], m[1])];
    let det = dot(m[0], c[0]);
    let x: Point = std::array::from_fn(|k| (0..3).map(|i| c[i][k] * b[i]).sum::<f64>() / det);
    x.iter().all(|v| v.is_finite()).then_some(x)
}

/// The middle one; `None` of none.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
