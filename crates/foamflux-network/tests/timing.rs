//! Timings, by hand: `cargo test --release -p foamflux-network --test timing -- --ignored --nocapture`, with
//! `SIZES=256,512`, `ROUNDS=5` for medians, `CPU=1` for the work of all threads in place of the clock on the wall, `SKELETON=1` for nothing else (to profile it), `TENSOR=1` for directions as well and, for peers, `DUMP=FOLDER` to have the
//! masks as bytes in `[z][y][x]` order. What `benches/peers/skeleton.py` times is here *skeleton and graph*; the lengths that
//! come with it there are sums of steps, and those along smoothed axes are here *with lengths and diameters*.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
#![allow(clippy::disallowed_methods, reason = "rows of a table by hand are chosen by the environment")]

use std::sync::Mutex;
use std::time::Instant;

use foamflux_grid::{Event, LabelSet, Shape, VoxelSize, VoxelSizeSource, Watch};
use foamflux_hosts::foam::{Boundary, SeedPattern, StrutProfile};
use foamflux_hosts::{Foam, FoamParameters};
use foamflux_network::{Network, Parameters, PoreCells, Sides, Statistics, orientations};

/// Notes when each step began.
struct Steps(Mutex<(Clock, Vec<(String, f64)>)>);

/// Seconds since it was made: of a clock on the wall or, with `CPU=1`, of all threads' work, which other programs of a busy
/// machine do not lengthen (Linux).
struct Clock(Instant, Option<f64>);

impl Clock {
    fn new() -> Self {
        Clock(Instant::now(), std::env::var("CPU").is_ok().then(worked))
    }

    fn seconds(&self) -> f64 {
        self.1.map_or_else(|| self.0.elapsed().as_secs_f64(), |begin| worked() - begin)
    }
}

/// Seconds that the threads of this process have run.
fn worked() -> f64 {
    let nanoseconds = |task: std::fs::DirEntry| -> Option<f64> {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks.filter_map(Result::ok).filter_map(nanoseconds).sum::<f64>() * 1e-9
}

impl Watch for Steps {
    fn event(&self, event: Event) {
        if let Event::Started { what, .. } = event {
            let mut steps = self.0.lock().unwrap();
            let at = steps.0.seconds();
            steps.1.push((what, at));
        }
    }

    fn cancelled(&self) -> bool {
        false
    }
}

/// Largest resident memory so far in MiB, where the system tells.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}

#[test]
#[ignore = "a timing"]
fn network_of_a_foam() {
    let sizes = std::env::var("SIZES").unwrap_or_else(|_| "256".to_owned());
    for n in sizes.split(',').map(|s| s.parse::<usize>().unwrap()) {
        let parameters = FoamParameters {
            box_m: [n as f64 * 1e-6; 3],
            cell_size_m: 60e-6,
            seeds: SeedPattern::Lattice { jitter: 0.2 },
            boundary: Boundary::Open,
            profile: StrutProfile::swollen(6.2e-6),
        };
        let foam = Foam::generate(&parameters, 1).unwrap();
        let size = VoxelSize::known([1e-6; 3], VoxelSizeSource::Generator).unwrap();
        let solid = foam.rasterise(Shape::cube(n).unwrap(), &size, 0.75).unwrap().labels.mask(LabelSet::SOLID);
        let filled = solid.as_slice().iter().filter(|&&s| s).count() as f64 / solid.as_slice().len() as f64;
        if let Ok(folder) = std::env::var("DUMP") {
            let bytes: Vec<u8> = solid.as_slice().iter().map(|&s| u8::from(s)).collect();
            std::fs::write(format!("{folder}/foam{n}.raw"), bytes).unwrap();
        }
        let rounds = std::env::var("ROUNDS").map_or(1, |r| r.parse::<usize>().unwrap());
        if std::env::var("SKELETON").is_ok() {
            let mut seconds = Vec::new();
            for _ in 0..rounds {
                let clock = Clock::new();
                foamflux_network::skeleton::skeleton(&solid, Sides::Open, &foamflux_grid::Silent).unwrap();
                seconds.push(clock.seconds());
            }
            println!("{n}: {:.3} s skeleton alone", median(seconds));
            continue;
        }
        let before = peak();
        let mut runs: Vec<Vec<(String, f64)>> = Vec::new();
        let mut found = None;
        for _ in 0..rounds {
            let watch = Steps(Mutex::new((Clock::new(), Vec::new())));
            found = Some(Network::find(&solid, &Parameters::default(), &watch).unwrap());
            let (clock, steps) = watch.0.into_inner().unwrap();
            let total = clock.seconds();
            let end = |i: usize| steps.get(i + 1).map_or(total, |s| s.1);
            runs.push(steps.iter().enumerate().map(|(i, (what, at))| (what.clone(), end(i) - at)).collect());
        }
        let network = found.unwrap();
        println!("{n}: {filled:.3} solid, medians of {rounds}, peak {before:.0?} to {:.0?} MiB", peak());
        let sum = |last: &str| -> f64 {
            let until = |run: &Vec<(String, f64)>| {
                let end = run.iter().rposition(|(what, _)| what == last).unwrap();
                run[..=end].iter().map(|(_, s)| s).sum::<f64>()
            };
            median(runs.iter().map(until).collect())
        };
        for (i, (what, _)) in runs[0].iter().enumerate() {
            println!("   {:6.3} s {what}", median(runs.iter().map(|r| r[i].1).collect()));
        }
        println!("   {:6.3} s skeleton and graph", sum("graph"));
        println!("   {:6.3} s with lengths and diameters", sum("nodes and fibres"));
        println!("   {:6.3} s with surface and tags", sum(&runs[0].last().unwrap().0));
        let statistics = Statistics::of(&network);
        println!("   {} nodes, {} fibres, {:?}", statistics.nodes, network.fibres.len(), network.topology);
        println!("   {:?}, strut-like {:.4}, {:?}", network.steps, network.strut_like, network.zones.factor);
        let clock = Clock::new();
        let cells = PoreCells::of(&solid).unwrap();
        println!("   {:6.3} s cells: {} of which {} whole", clock.seconds(), cells.count, cells.whole);
        if std::env::var("TENSOR").is_ok() {
            let clock = Clock::new();
            let field = orientations(&solid, 3.1e-6, &foamflux_grid::Silent).unwrap();
            println!("   {:6.3} s structure tensor, {} directions", clock.seconds(), field.directions.len());
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
