//! A hierarchy that is kept from one direction for the next changes nothing but the time.

mod common;

use std::sync::Mutex;

use common::{noise, sized};
use foamflux_grid::{Axis, Event, LabelSet, Labels, Silent, Watch};
use foamflux_transport::{
    Backend, Coefficients, CpuBackend, Deviation, Layout, Problem, Setup, Sides, Solution, Stop, effective_tensor,
};

/// Listens for what is said about storage.
#[derive(Default)]
struct Listener(Mutex<Vec<String>>);

impl Watch for Listener {
    fn event(&self, event: Event) {
        if let Event::Note(text) = event {
            self.0.lock().unwrap().push(text);
        }
    }
    fn cancelled(&self) -> bool {
        false
    }
}

impl Listener {
    /// How many of the solves since the last call started from a kept hierarchy, and how many there were.
    fn kept(&self) -> (usize, usize) {
        let notes = std::mem::take(&mut *self.0.lock().unwrap());
        let stored: Vec<_> = notes.iter().filter(|n| n.starts_with("stored as")).collect();
        (stored.iter().filter(|n| n.contains("kept from the solve before")).count(), stored.len())
    }
}

fn ready(labels: &Labels, sigma: &Coefficients, axis: Axis) -> Problem {
    match Problem::new(labels, sigma, axis, Sides::NoFlux).unwrap() {
        Setup::Ready(problem) => *problem,
        Setup::Blocked(blocked) => panic!("{blocked}"),
    }
}

fn bits(solution: &Solution) -> (u64, u32, Vec<u64>) {
    let deviation = match &solution.deviation {
        Deviation::Single(v) => v.iter().map(|x| u64::from(x.to_bits())).collect(),
        Deviation::Double(v) => v.iter().map(|x| x.to_bits()).collect(),
    };
    (solution.tau.to_bits(), solution.iterations, deviation)
}

fn conductivities(other: f64) -> Coefficients {
    let mut sigma = [0.0; 9];
    (sigma[0], sigma[1]) = (1.0, other);
    Coefficients::per_label(sigma).unwrap()
}

/// Pore that is one piece, and the same box in two labels.
fn volume(xyz: [f64; 3]) -> Labels {
    let holes = noise(24, 0.85, 5);
    let at = |z: usize, y: usize, x: usize| holes.volume().as_slice()[(z * 24 + y) * 24 + x];
    sized([19, 22, 23], xyz, at)
}

#[test]
fn directions_that_share_their_voxels_share_the_hierarchy_and_agree_to_the_last_bit() {
    let labels = volume([1.0; 3]);
    let one = Coefficients::phase(LabelSet::PORE).unwrap();
    let stop = Stop { tau_rel: 1e-6, ..Stop::default() };
    for (sigma, layout) in [
        (one, Layout::Dense),
        (one, Layout::Compact),
        (conductivities(0.2), Layout::Compact),
        (conductivities(1e-5), Layout::Compact),
    ] {
        let (keeping, fresh) = (CpuBackend::with_layout(layout).keep_hierarchy(), CpuBackend::with_layout(layout));
        let listener = Listener::default();
        for axis in [Axis::X, Axis::Y, Axis::Z, Axis::X, Axis::X] {
            let problem = ready(&labels, &sigma, axis);
            let got = keeping.solve(&problem, &stop, &listener).unwrap();
            let want = fresh.solve(&problem, &stop, &Silent).unwrap();
            assert!(bits(&got) == bits(&want), "{axis:?} {layout:?}: {} and {}", got.tau, want.tau);
        }
        assert_eq!(listener.kept(), (4, 5), "{layout:?}");
    }
}

#[test]
fn what_does_not_fit_is_not_used() {
    let listener = Listener::default();
    let stop = Stop { tau_rel: 1e-6, ..Stop::default() };
    let keeping = CpuBackend::new().keep_hierarchy();
    let flat = volume([1.0, 1.0, 2.0]);
    let cube = volume([1.0; 3]);
    let one = Coefficients::phase(LabelSet::PORE).unwrap();
    let check = |labels: &Labels, sigma: &Coefficients, axis, sides, kept: usize| {
        let Setup::Ready(problem) = Problem::new(labels, sigma, axis, sides).unwrap() else { panic!("percolates") };
        let got = keeping.solve(&problem, &stop, &listener).unwrap();
        let want = CpuBackend::new().solve(&problem, &stop, &Silent).unwrap();
        assert!(bits(&got) == bits(&want), "{} and {}", got.tau, want.tau);
        assert_eq!(listener.kept(), (kept, 1));
    };
    check(&cube, &one, Axis::X, Sides::NoFlux, 0);
    // Other conductances: the voxels are longer along z. Along x and y they are the same.
    check(&flat, &one, Axis::Z, Sides::NoFlux, 0);
    check(&flat, &one, Axis::X, Sides::NoFlux, 0);
    check(&flat, &one, Axis::Y, Sides::NoFlux, 1);
    check(&flat, &conductivities(0.5), Axis::Y, Sides::NoFlux, 0);
    check(&flat, &conductivities(0.4), Axis::Y, Sides::NoFlux, 0);
    // Walls join along the two directions across.
    check(&cube, &one, Axis::X, Sides::Periodic, 0);
    check(&cube, &one, Axis::Y, Sides::Periodic, 0);
    // One voxel less.
    check(&cube, &one, Axis::Y, Sides::NoFlux, 0);
    let mut holed = cube.volume().as_slice().to_vec();
    let pore = holed.iter().rposition(|&v| v == 0).unwrap();
    holed[pore] = 1;
    let shape = cube.shape();
    let holed = sized(shape.zyx(), [1.0; 3], |z, y, x| holed[shape.index(z, y, x)]);
    check(&holed, &one, Axis::Y, Sides::NoFlux, 0);
}

#[test]
fn a_repeating_cell_has_one_hierarchy() {
    let listener = Listener::default();
    let labels = volume([1.0; 3]);
    let stop = Stop { tau_rel: 1e-6, ..Stop::default() };
    for sigma in [conductivities(0.1), Coefficients::phase(LabelSet::PORE).unwrap()] {
        let solve =
            |backend: &CpuBackend, watch: &dyn Watch| effective_tensor(&labels, &sigma, backend, &stop, watch).unwrap();
        let got = solve(&CpuBackend::new().keep_hierarchy(), &listener);
        let want = solve(&CpuBackend::new(), &Silent);
        assert_eq!(got.conductivity.map(|r| r.map(f64::to_bits)), want.conductivity.map(|r| r.map(f64::to_bits)));
        assert_eq!(listener.kept(), (2, 3));
    }
}
