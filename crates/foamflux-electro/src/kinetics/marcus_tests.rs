use crate::constants::thermal_voltage;
use crate::kinetics::{Curve, Kinetics};

const T: f64 = 298.15;
/// Relative error of currents against quadrature that refines itself.
const TOL: f64 = 1e-6;

/// Adaptive Simpson.
fn simpson(f: &dyn Fn(f64) -> f64, a: f64, b: f64, tol: f64) -> f64 {
    fn split(f: &dyn Fn(f64) -> f64, a: f64, b: f64, ends: [f64; 3], whole: f64, tol: f64, depth: u32) -> f64 {
        let m = 0.5 * (a + b);
        let (l, r) = (f(0.5 * (a + m)), f(0.5 * (m + b)));
        let left = (m - a) / 6.0 * (ends[0] + 4.0 * l + ends[1]);
        let right = (b - m) / 6.0 * (ends[1] + 4.0 * r + ends[2]);
        let change = left + right - whole;
        if depth == 0 || change.abs() <= 15.0 * tol {
            return left + right + change / 15.0;
        }
        split(f, a, m, [ends[0], l, ends[1]], left, 0.5 * tol, depth - 1)
            + split(f, m, b, [ends[1], r, ends[2]], right, 0.5 * tol, depth - 1)
    }
    let n = 64;
    (0..n)
        .map(|k| {
            let (a, b) = (a + (b - a) * k as f64 / n as f64, a + (b - a) * (k + 1) as f64 / n as f64);
            let ends = [f(a), f(0.5 * (a + b)), f(b)];
            split(f, a, b, ends, (b - a) / 6.0 * (ends[0] + 4.0 * ends[1] + ends[2]), tol, 40)
        })
        .sum()
}

/// Chidsey's integral as he wrote it: no square completed, no symmetry.
fn rate(u: f64, l: f64) -> f64 {
    let f = |x: f64| {
        let fermi = if x > 0.0 { (-x).exp() / (1.0 + (-x).exp()) } else { 1.0 / (1.0 + x.exp()) };
        (-(x - l + u).powi(2) / (4.0 * l)).exp() * fermi
    };
    let centre = l - u;
    let reach = 14.0 * (2.0 * l).sqrt();
    // Where the Fermi function leaves only the tail of the Gaussian its own peak lies lower.
    let low = (centre - reach).min(-l - u.abs() - reach);
    let peak = f(centre.min(-l).max(low)).max(f(-u.max(-l).min(l))).max(f(0.0)).max(f(centre));
    simpson(&f, low, centre + reach, 1e-10 * peak)
}

#[test]
fn currents_are_those_of_chidseys_integral() {
    let volt = thermal_voltage(T);
    let mut worst = 0.0f64;
    for ev in [0.02, 0.1, 0.3, 0.5, 1.0, 2.5] {
        let curve = Curve::new(Kinetics::MarcusHushChidsey { reorganisation_ev: ev }, T);
        let zero = rate(0.0, ev / volt);
        for eta in [1e-6, 1e-3, 0.0131, 0.05, 0.1503, 0.3, 0.57, 1.0, 1.611] {
            let u = eta / volt;
            // Detailed balance, K(-u) = exp(-u) K(u), spares the difference of nearly equal rates.
            let exact = rate(u, ev / volt) / zero * -(-u).exp_m1();
            for sign in [1.0, -1.0] {
                let got = curve.at(sign * eta).j;
                let off = (got / (sign * exact) - 1.0).abs();
                worst = worst.max(off);
                assert!(off < TOL, "{ev} eV, {eta} V: {got} for {exact}");
            }
            let h = 1e-6 * eta.max(1e-3);
            let numeric = (curve.at(eta + h).j - curve.at(eta - h).j) / (2.0 * h);
            let slope = curve.at(eta).slope;
            assert!(
                (slope - numeric).abs() < 2e-6 * numeric.abs() + 1e-9 * got_at(&curve, eta),
                "{ev} {eta}: {slope} {numeric}"
            );
        }
    }
    println!("largest error against adaptive quadrature {worst:.1e}");
}

#[test]
fn detailed_balance_holds_for_the_integral() {
    let l = 12.0;
    for u in [0.5, 3.0, 9.0] {
        let ratio = rate(-u, l) / rate(u, l);
        assert!((ratio / (-u).exp() - 1.0).abs() < 1e-8, "{u}: {ratio}");
    }
}

#[test]
fn a_large_reorganisation_energy_leaves_butler_and_volmer() {
    let bv = Curve::new(Kinetics::ButlerVolmer { alpha: 0.5 }, T);
    let mut before = f64::INFINITY;
    for ev in [1.0, 10.0, 100.0] {
        let curve = Curve::new(Kinetics::MarcusHushChidsey { reorganisation_ev: ev }, T);
        let off = (curve.at(0.2).j / bv.at(0.2).j - 1.0).abs();
        // ln G(u)/G(0) tends to -u^2 / 4l.
        let volt = thermal_voltage(T);
        let expected = (0.2 / volt).powi(2) / (4.0 * ev / volt);
        assert!(off < 1.05 * expected && off < before, "{ev}: {off} for {expected}");
        before = off;
    }
    assert!(before < 4e-3);
}

#[test]
fn the_current_saturates_at_the_whole_gaussian() {
    let curve = Curve::new(Kinetics::MarcusHushChidsey { reorganisation_ev: 0.3 }, T);
    assert!(curve.most() > 10.0 && curve.most() < 1e3, "{}", curve.most());
    for eta in [1.5, 3.0, 5.9, 8.0] {
        assert!((curve.at(eta).j / curve.most() - 1.0).abs() < 1e-6, "{eta}: {} {}", curve.at(eta).j, curve.most());
        assert!(curve.at(eta).slope >= 0.0);
    }
    let (mut last, mut eta) = (f64::NEG_INFINITY, -3.0);
    while eta < 3.0 {
        let j = curve.at(eta).j;
        assert!(j >= last - 1e-9 * j.abs(), "{eta}");
        (last, eta) = (j, eta + 0.003);
    }
}

/// Scale of the slope where the current no longer grows.
fn got_at(curve: &Curve, eta: f64) -> f64 {
    curve.at(eta).j / thermal_voltage(T)
}
