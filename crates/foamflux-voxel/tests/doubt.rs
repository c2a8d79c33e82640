//! The band of thresholds against the truth of generated stacks: does the true share of solid lie within it?

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]
#![allow(clippy::print_stdout, reason = "the table is what the ignored test is for")]

use foamflux_grid::{Silent, Volume};
use foamflux_hosts::cmf_demo;
use foamflux_hosts::imaging::{Ct, ct};
use foamflux_voxel::bits::Bits;
use foamflux_voxel::filter;
use foamflux_voxel::segment::{
    Band, Cut, Foreground, LevelRule, Method, SegmentOptions, band, between_levels, segment, solid_at,
};

/// Shares of solid: true, at the lower, taken and upper threshold; and the band.
struct Case {
    truth: f64,
    found: [f64; 3],
    band: Band,
}

impl Case {
    fn new(field: &Volume<f32>, threshold: f64, truth: f64) -> Self {
        let cut = Cut::Whole(threshold);
        let options = SegmentOptions { method: Method::Fixed { threshold }, ..SegmentOptions::default() };
        let mask = |shift: f64| solid_at(field, &cut, shift, &options).unwrap();
        let share = |m: &Bits| m.count() as f64 / m.shape().len() as f64;
        let middle = mask(0.0);
        let band = band(field, &middle, &cut).unwrap();
        Case { truth, found: [share(&mask(-band.half_width)), share(&middle), share(&mask(band.half_width))], band }
    }

    fn print(&self, what: &str) {
        let [low, middle, high] = self.found.map(|v| 100.0 * (v / self.truth - 1.0));
        let b = &self.band;
        let part = |v: f64| 100.0 * v / (b.solid_level - b.pore_level).abs();
        println!(
            "{what}: solid {low:+.2} {middle:+.2} {high:+.2} %, band {:.2} % of the contrast = rule {:.2} levels {:.2} noise {:.2}",
            part(b.half_width),
            part(b.rule),
            part(b.levels),
            part(b.noise)
        );
    }

    fn within(&self) -> bool {
        self.found[2] <= self.truth && self.truth <= self.found[0]
    }
}

/// The conserving threshold, or a median and Otsu's.
fn case(grey: &Volume<u8>, truth: f64) -> (Case, &'static str) {
    match between_levels(grey, Foreground::Bright, LevelRule::Conserve, &Silent).unwrap() {
        Ok(found) => (Case::new(&found.field, found.threshold, truth), "conserve"),
        Err(_) => (otsu(grey, truth), "otsu"),
    }
}

fn otsu(grey: &Volume<u8>, truth: f64) -> Case {
    let field = filter::median(grey, 1, &Silent).unwrap();
    let found = segment(&field, &SegmentOptions::default(), &Silent).unwrap();
    Case::new(&field.map(|v| f32::from(*v)), found.thresholds[0], truth)
}

fn table(seeds: std::ops::RangeInclusive<u64>) -> Vec<(String, f64, usize, usize)> {
    let mut rows = Vec::new();
    for contrast in [12.0, 5.7, 3.0] {
        let (mut inside, mut inside_otsu, mut width, mut n) = (0, 0, 0.0, 0);
        for seed in seeds.clone() {
            let mut parameters = cmf_demo();
            parameters.grey.noise_gain = 0.0;
            parameters.grey.noise_sigma = 100.0 / contrast;
            let host = parameters.generate(seed).unwrap();
            let truth = host.facts.solid_volume_fraction;
            let (c, how) = case(&host.grey, truth);
            c.print(&format!("foam, contrast {contrast}, seed {seed}, {how}"));
            let o = otsu(&host.grey, truth);
            o.print(&format!("foam, contrast {contrast}, seed {seed}, median and otsu"));
            inside += usize::from(c.within());
            inside_otsu += usize::from(o.within());
            width += 0.5 * (c.found[0] - c.found[2]) / c.found[1];
            n += 1;
        }
        rows.push((format!("foam {contrast}"), width / f64::from(n), inside, inside_otsu));
    }
    rows
}

#[test]
#[ignore = "thirty seeds at three noise levels: minutes; run it by name and read the table"]
fn coverage_of_the_band() {
    for (what, width, inside, otsu) in table(1..=8) {
        println!(
            "{what}: half-width {:.2} % of the solid, truth within {inside}, with median and Otsu {otsu}",
            100.0 * width
        );
    }
    // A typical scan: fringes, hardening, rings.
    for seed in 1..=4 {
        let host = cmf_demo().generate(seed).unwrap();
        let coverage = foamflux_hosts::imaging::brightness(&host.labels);
        let truth = host.facts.solid_voxel_fraction;
        for fringe in [0.0, 0.1, 0.35] {
            let grey: Volume<u8> = ct(&coverage, &Ct { fringe, ..Ct::typical(255.0) }, seed).unwrap();
            let (c, how) = case(&grey, truth);
            c.print(&format!("CT, fringe {fringe}, seed {seed}, {how}"));
        }
    }
}
