//! Refinement: what tau tends to when every voxel is split into more and more voxels of the same label.
//!
//! The geometry stays that of the voxels, steps included; only the equations are solved more finely.
//! Where the solid turns outward by 90 degrees the potential behaves like `r^(2/3)`, so that the energy, and with it the
//! conductivity, converges like `h^(4/3)` (Grisvard 1985, the L-shaped domain); 1.22 was measured on foam:
//! `D(h) = D - C h^p`.
//! Two levels give D with an assumed order, three give the order too (Richardson 1911).
//!
//! The uncertainty is the larger change of D that an order at either end of [`ORDERS`] makes, plus what the solver
//! errors of the levels become; where three levels follow no believed order it is the whole way that was extrapolated.
//! How well the voxels describe the sample is another question.

use foamflux_grid::{Labels, Shape, Volume, VoxelSize};

/// Order of a re-entrant edge, assumed where it cannot be measured.
pub const ASSUMED_ORDER: f64 = 4.0 / 3.0;
/// Orders that are believed: first order, and the second that smooth solutions have.
pub const ORDERS: [f64; 2] = [1.0, 2.0];

/// tau at one level of refinement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Voxels along each axis that one voxel became.
    pub factor: usize,
    /// tau there.
    pub tau: f64,
    /// Error that the solver left in it.
    pub error_solver: f64,
}

/// Where tau tends to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Refined {
    /// tau of the voxel geometry.
    pub tau: f64,
    /// Estimated error: what another order would change, and the solver's part.
    pub error: f64,
    /// The solver's part of it.
    pub error_solver: f64,
    /// Order that was used.
    pub order: f64,
    /// Whether the levels gave the order; otherwise it was assumed.
    pub order_measured: bool,
}

/// The same volume with every voxel split into `factor` along each axis; none where that is more than can be addressed.
#[must_use]
pub fn split_voxels(labels: &Labels, factor: usize) -> Option<Labels> {
    let (shape, factor) = (labels.shape(), factor.max(1));
    let along = |n: usize| n.checked_mul(factor);
    let fine = Shape::new(along(shape.z)?, along(shape.y)?, along(shape.x)?).ok()?;
    let size = match labels.voxel_size() {
        VoxelSize::Known { m_xyz, source } => {
            VoxelSize::known(m_xyz.map(|e| e / factor as f64), source.clone()).ok()?
        }
        VoxelSize::Unknown => VoxelSize::Unknown,
    };
    let mut data = Vec::with_capacity(fine.len());
    for z in 0..shape.z {
        let first = data.len();
        for row in labels.volume().plane(z).chunks_exact(shape.x) {
            let start = data.len();
            data.extend(row.iter().flat_map(|&v| std::iter::repeat_n(v, factor)));
            let end = data.len();
            for _ in 1..factor {
                data.extend_from_within(start..end);
            }
        }
        let end = data.len();
        for _ in 1..factor {
            data.extend_from_within(first..end);
        }
    }
    Labels::new(Volume::from_vec(fine, size, data).ok()?).ok()
}

/// Extrapolates from two or three levels, the coarsest first; none from fewer, or where tau is not a positive number.
#[must_use]
pub fn extrapolate(levels: &[Level]) -> Option<Refined> {
    let (last, previous) = (levels.last()?, levels.len().checked_sub(2).and_then(|k| levels.get(k))?);
    if levels.iter().any(|l| !(l.tau.is_finite() && l.tau > 0.0)) {
        return None;
    }
    let d = |l: &Level| 1.0 / l.tau;
    let h = |l: &Level, p: f64| (l.factor as f64).powf(-p);
    // How many times the last step there is still to go.
    let gain = |p: f64| h(last, p) / (h(previous, p) - h(last, p));
    let measured = match levels {
        [.., a, b, c] => {
            let steps = (d(b) - d(a)) / (d(c) - d(b));
            order(|p| (h(a, p) - h(b, p)) / (h(b, p) - h(c, p)), steps)
        }
        _ => None,
    };
    let p = measured.unwrap_or(ASSUMED_ORDER);
    let at = |p: f64| d(last) + gain(p) * (d(last) - d(previous));
    let limit = at(p);
    // With a measured order an assumed one is the alternative; without, everything that is believed.
    let others = if measured.is_some() { [ASSUMED_ORDER, ORDERS[0]] } else { ORDERS };
    let mut spread = others.into_iter().map(|p| (at(p) - limit).abs()).fold(0.0, f64::max);
    if levels.len() > 2 && measured.is_none() {
        // Steps that no believed order makes: the whole way that was extrapolated is in doubt.
        spread = spread.max((limit - d(last)).abs());
    }
    let relative = |l: &Level| l.error_solver / l.tau * d(l);
    let solver = (1.0 + gain(p)) * relative(last) + gain(p) * relative(previous);
    let tau = 1.0 / limit;
    let [spread, solver] = [spread, solver].map(|e| e * tau * tau);
    (tau.is_finite() && tau > 0.0).then_some(Refined {
        tau,
        error: spread + solver,
        error_solver: solver,
        order: p,
        order_measured: measured.is_some(),
    })
}

/// The order at which the ratio of an earlier to a later step is `steps`, by bisection; none outside of [`ORDERS`].
fn order(ratio: impl Fn(f64) -> f64, steps: f64) -> Option<f64> {
    let [mut low, mut high] = ORDERS;
    // The ratio of an earlier to a later step rises with the order.
    if !(steps >= ratio(low) && steps <= ratio(high)) {
        return None;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if ratio(middle) < steps { low = middle } else { high = middle }
    }
    Some(0.5 * (low + high))
}
