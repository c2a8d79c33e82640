//! How far the energy still is from its minimum, from the steps of conjugate gradients alone.
//!
//! `E(x_k) - E* = sum over j >= k of alpha_j (r,z)_j` (Hestenes & Stiefel 1952; Strakos & Tichy 2002).
//! The later terms are unknown at step k, so two extrapolations are made and the larger one is taken:
//!
//! 1. the last term times the largest ratio of (error so far) to (term) seen in the recent past
//!    (adaptive delay of Meurant, Papez & Tichy 2021);
//! 2. a geometric series through the sums over the last two windows of a fifth of all iterations each, which a plateau
//!    shorter than that window cannot fool.
//!
//! What is different here: Meurant et al. report the error of an earlier iterate with a delay; we extrapolate to the
//! current one, because that is the one whose tau is printed, and multiply by a safety factor.

/// Factor on the larger of the two extrapolations.
const SAFETY: f64 = 2.0;
/// Terms over which the last term is maximised, as single terms oscillate.
const RECENT: usize = 4;
/// Steps before anything is claimed.
const LEAST_STEPS: usize = 3;
/// Part of all steps in one window of the geometric series.
const WINDOW_PART: usize = 5;
/// Decay of the geometric series from which on nothing is claimed: a plateau.
const SLOWEST_DECAY: f64 = 0.98;
/// How far back ratios are collected: until the later terms are below this part of the sum.
const LOOK_BACK: f64 = 1e-4;

/// The energy gained in every step.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    gains: Vec<f64>,
}

impl Tail {
    /// An empty history.
    #[must_use]
    pub fn new() -> Self {
        Tail::default()
    }

    /// Steps so far.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.gains.len() as u32
    }

    /// Whether no step was made.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gains.is_empty()
    }

    /// Adds the energy gained in one step.
    pub fn push(&mut self, gain: f64) {
        self.gains.push(gain);
    }

    /// Estimated energy above the minimum; infinite while there are too few steps.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        let n = self.gains.len();
        if n < LEAST_STEPS {
            return f64::INFINITY;
        }
        SAFETY * self.by_ratio().max(self.by_windows())
    }

    fn by_ratio(&self) -> f64 {
        let n = self.gains.len();
        let last = self.gains[n.saturating_sub(RECENT)..].iter().copied().fold(0.0, f64::max);
        let (mut sum, mut ratio) = (0.0, 1.0f64);
        for &gain in self.gains.iter().rev() {
            sum += gain;
            if gain > 0.0 {
                ratio = ratio.max(sum / gain);
            }
            if last <= LOOK_BACK * sum {
                break;
            }
        }
        last * ratio
    }

    fn by_windows(&self) -> f64 {
        let n = self.gains.len();
        let window = (n / WINDOW_PART).max(1);
        let late: f64 = self.gains[n - window..].iter().sum();
        let early: f64 = self.gains[n - 2 * window..n - window].iter().sum();
        if late <= 0.0 {
            return 0.0;
        }
        if late >= SLOWEST_DECAY * early {
            return f64::INFINITY;
        }
        let decay = late / early;
        late * decay / (1.0 - decay)
    }
}
