//! Against a plain search: without which voxel is another cut off from the electrodes?

use foamflux_grid::{LabelSet, Volume, VoxelSize};

use super::*;
use crate::suite::Lcg;
use crate::{Coefficients, Problem, Setup, Sides};

/// Number of the conducting voxel at every place, and its neighbours and whether it touches an electrode.
struct Plain {
    places: Vec<(usize, usize, usize)>,
    links: Vec<Vec<usize>>,
    ends: Vec<bool>,
}

impl Plain {
    /// The voxels of percolating clusters, in memory order.
    fn of(labels: &Labels, axis: Axis, periodic: bool) -> Self {
        let shape = labels.shape();
        let n = [shape.x, shape.y, shape.z];
        let on = |c: [usize; 3]| *labels.volume().at(c[2], c[1], c[0]) < 2;
        let step = |c: [usize; 3], a: usize, up: bool| {
            let mut to = c;
            to[a] = match (up, c[a]) {
                (true, i) if i + 1 < n[a] => i + 1,
                (false, i) if i > 0 => i - 1,
                (true, _) if periodic && Axis::ALL[a] != axis => 0,
                (false, _) if periodic && Axis::ALL[a] != axis => n[a] - 1,
                _ => return None,
            };
            (on(to) && to != c).then_some(to)
        };
        let flow = axis.xyz_index();
        let cells: Vec<[usize; 3]> =
            (0..shape.len()).map(|i| shape.zyx_of(i)).map(|(z, y, x)| [x, y, z]).filter(|&c| on(c)).collect();
        let number = |c: [usize; 3]| cells.iter().position(|&d| d == c).unwrap();
        let links: Vec<Vec<usize>> = cells
            .iter()
            .map(|&c| (0..6).filter_map(|d| step(c, d / 2, d % 2 == 1)).map(number).collect::<Vec<_>>())
            .collect();
        let flood = |slice: usize| {
            let mut seen: Vec<bool> = cells.iter().map(|c| c[flow] == slice).collect();
            spread(&links, &mut seen, usize::MAX);
            seen
        };
        let (inlet, outlet) = (flood(0), flood(n[flow] - 1));
        let kept: Vec<usize> = (0..cells.len()).filter(|&i| inlet[i] && outlet[i]).collect();
        Plain {
            places: kept.iter().map(|&i| (cells[i][2], cells[i][1], cells[i][0])).collect(),
            links: kept.iter().map(|&i| links[i].iter().map(|j| kept.binary_search(j).unwrap()).collect()).collect(),
            ends: kept.iter().map(|&i| cells[i][flow] == 0 || cells[i][flow] + 1 == n[flow]).collect(),
        }
    }

    /// The voxel that each one hangs on and that hangs on no other; itself if it may carry current.
    fn ways(&self) -> Vec<usize> {
        let n = self.places.len();
        let mut cut_by: Vec<Vec<usize>> = vec![Vec::new(); n];
        for cut in 0..n {
            let mut seen: Vec<bool> = (0..n).map(|i| self.ends[i] && i != cut).collect();
            spread(&self.links, &mut seen, cut);
            (0..n).filter(|&i| i != cut && !seen[i]).for_each(|i| cut_by[i].push(cut));
        }
        (0..n).map(|i| *cut_by[i].iter().find(|&&cut| cut_by[cut].is_empty()).unwrap_or(&i)).collect()
    }
}

fn spread(links: &[Vec<usize>], seen: &mut [bool], but: usize) {
    let mut stack: Vec<usize> = (0..seen.len()).filter(|&i| seen[i]).collect();
    while let Some(i) = stack.pop() {
        for &j in &links[i] {
            if j != but && !seen[j] {
                seen[j] = true;
                stack.push(j);
            }
        }
    }
}

/// Walks over the voxels that a problem kept and removed and compares each; returns how many are removed.
fn compare(what: &str, problem: &Problem, plain: &Plain, whole: bool) -> usize {
    let ways = plain.ways();
    let number = |place: (usize, usize, usize)| plain.places.binary_search(&place).unwrap();
    let shape = problem.shape();
    let (mut kept, mut dead) = (0, 0);
    for z in 0..shape.z {
        for y in 0..shape.y {
            for run in problem.runs().row(z, y) {
                for x in run.x0 as usize..run.x1 as usize {
                    let i = number((z, y, x));
                    assert!(!whole || ways[i] == i, "{what}: ({z}, {y}, {x}) is a dead end");
                    kept += 1;
                }
            }
            for end in problem.removed().into_iter().flat_map(|r| r.row(z * shape.y + y)) {
                assert_eq!(end.classes.is_some(), problem.classes().is_some());
                for x in end.x0..end.x0 + end.len {
                    let i = number((z, y, x));
                    assert!(ways[i] != i, "{what}: ({z}, {y}, {x}) may carry current");
                    if whole {
                        assert_eq!(
                            problem.runs().place(end.hangs_on),
                            plain.places[ways[i]],
                            "{what}: ({z}, {y}, {x})"
                        );
                    }
                    dead += 1;
                }
            }
        }
    }
    assert_eq!((kept, kept + dead), (problem.unknowns(), plain.places.len()), "{what}");
    assert_eq!(dead, problem.dead_end_voxels());
    dead
}

#[test]
fn removed_voxels_are_those_that_one_voxel_cuts_off() {
    let mut rng = Lcg(51);
    let (mut solved, mut removed, mut longest) = (0, 0, 0);
    for case in 0..220 {
        // Thin boxes of more than one slab of slices, flat ones, ones that wrap at two voxels.
        let mut zyx = match case % 4 {
            0 => [SLAB + 1 + rng.below(2 * SLAB), 1 + rng.below(3), 1 + rng.below(3)],
            1 => [1 + rng.below(2), 2 + rng.below(12), 2 + rng.below(12)],
            _ => [1 + rng.below(8), 1 + rng.below(8), 1 + rng.below(8)],
        };
        zyx.rotate_left(if case % 8 == 4 { 1 } else { 0 });
        // Long boxes block at a share that leaves many dead ends in others.
        let share = if case % 4 == 0 { 0.6 } else { 0.35 } + 0.4 * rng.unit();
        let shape = Shape::new(zyx[0], zyx[1], zyx[2]).unwrap();
        let several = case % 3 == 0;
        let volume = Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| match (rng.unit() < share, several) {
            (false, _) => 2,
            (true, false) => 0,
            (true, true) => rng.below(2) as u8,
        });
        let labels = Labels::new(volume).unwrap();
        let mut sigma = [0.0; 9];
        (sigma[0], sigma[1]) = (1.0, 0.25);
        let coefficients = Coefficients::per_label(sigma).unwrap();
        for axis in Axis::ALL {
            for sides in [Sides::NoFlux, Sides::Periodic] {
                let setup =
                    |dead_ends| Problem::with_dead_ends(&labels, &coefficients, axis, sides, dead_ends).unwrap();
                let Setup::Ready(problem) = setup(DeadEnds::Remove) else { continue };
                let what = format!("case {case} along {axis}, {sides:?}");
                let plain = Plain::of(&labels, axis, sides == Sides::Periodic);
                removed += compare(&what, &problem, &plain, true);
                longest = longest.max(shape.z);
                let Setup::Ready(problem) = setup(DeadEnds::Auto) else { panic!("{what}: percolates") };
                compare(&what, &problem, &plain, false);
                let Setup::Ready(problem) = setup(DeadEnds::Keep) else { panic!("{what}: percolates") };
                assert_eq!((problem.unknowns(), problem.dead_end_voxels()), (plain.places.len(), 0));
                solved += 1;
            }
        }
    }
    assert!(solved > 400 && removed > 1000 && longest > 2 * SLAB, "{solved} {removed} {longest}: the check is empty");
}

fn drawing(planes: &[&[&str]]) -> Labels {
    let shape = Shape::new(planes.len(), planes[0].len(), planes[0][0].len()).unwrap();
    let volume = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| u8::from(planes[z][y].as_bytes()[x] != b'#'));
    Labels::new(volume.map(|&open| 2 - 2 * open)).unwrap()
}

fn dead(labels: &Labels, axis: Axis) -> usize {
    let pore = Coefficients::phase(LabelSet::PORE).unwrap();
    match Problem::with_dead_ends(labels, &pore, axis, Sides::NoFlux, DeadEnds::Remove).unwrap() {
        Setup::Ready(problem) => problem.dead_end_voxels(),
        Setup::Blocked(blocked) => panic!("{blocked}"),
    }
}

#[test]
fn loops_on_two_voxels_carry_current_and_loops_on_one_do_not() {
    // Along x: a bypass of the third and fifth voxel of one run.
    assert_eq!(dead(&drawing(&[&["       ", "## # ##", "##   ##"]]), Axis::X), 0);
    // A loop that hangs on one voxel, by a stalk of one voxel.
    assert_eq!(dead(&drawing(&[&["       ", "### ###", "##   ##", "## # ##", "##   ##"]]), Axis::X), 9);
    // A finger.
    assert_eq!(dead(&drawing(&[&["       ", "### ###", "###  ##"]]), Axis::X), 3);
    // One that touches the outlet at its end is a way of its own.
    assert_eq!(dead(&drawing(&[&["       ", "### ###", "###    "]]), Axis::X), 0);
    // Two ways into one electrode are one too many for a dead end.
    assert_eq!(dead(&drawing(&[&["       ", "# #####", "  #####"]]), Axis::X), 0);
}

#[test]
fn a_finger_through_several_slabs_is_removed_whole() {
    // A channel along x in the first slice, and a finger and a thin loop along z on one voxel of it.
    for ring in [false, true] {
        let nz = 2 * SLAB + 7;
        let shape = Shape::new(nz, 2, 5).unwrap();
        let volume = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| {
            let channel = z == 0 && y == 0;
            let finger = (y == 0 || (ring && z > 1)) && x == 2;
            if channel || finger { 0 } else { 2 }
        });
        let labels = Labels::new(volume).unwrap();
        let size = if ring { 2 * (nz - 1) - 1 } else { nz - 1 };
        assert_eq!(dead(&labels, Axis::X), size);
    }
}

#[test]
fn leaves_are_counted_in_a_sample() {
    let mut rng = Lcg(52);
    let shape = Shape::new(70, 70, 70).unwrap();
    let mut share = |p: f64| {
        let volume = Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| u8::from(rng.unit() >= p));
        let labels = Labels::new(volume).unwrap();
        let pore = Coefficients::phase(LabelSet::PORE).unwrap();
        match Problem::new(&labels, &pore, Axis::Y, Sides::NoFlux).unwrap() {
            Setup::Ready(problem) => (problem.leaf_share(), problem.dead_end_voxels()),
            Setup::Blocked(blocked) => panic!("{blocked}"),
        }
    };
    // Of all voxels of independent noise a share of 6 p (1 - p)^5 have one neighbour, of the cluster's about as many.
    let (near, far) = (share(0.34), share(0.6));
    assert!(near.0 > WORTH && near.1 > 30_000, "{near:?}");
    assert!(far.0 < 0.05 && far.1 == 0, "{far:?}");
}
