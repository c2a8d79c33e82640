//! The current distribution of one seed or crop.
//!
//! A box is a piece of the host, not the host: it is seldom as thick as the comparison asks for. What can be compared is the
//! surface at work, so that every box carries the *local* current that the host has on average at the thickness of the
//! comparison, `j = J / (1 + a L)`, and says how evenly the surface within each of its slices shares it. Effects of the whole depth follow from the
//! homogeneous electrode (Newman and Tobias) of that thickness with the conductivities and the area of the box:
//!
//! ```text
//! overpotential(L) = kinetic part at j  +  J [R(L) - 1 / (a L k)]
//! ```
//!
//! with the electrode's resistance R and the slope k of the kinetics at j. The same formula at the box's own depth stands beside
//! the solve on its voxels, and the difference goes into the error.

use foamflux_electro::theory::Macrohomogeneous;
use foamflux_electro::{Blocked, Cell, Collector, Drive, ElectroError, Kinetics, Materials, Setting};
use foamflux_grid::{Axis, Label, Labels, Watch};
use foamflux_results::CurrentResults;
use foamflux_transport::{Backend, Sides};

use crate::current::{Current, CurrentSettings, current};
use crate::error::PipelineError;

/// How the surface of one box shares a current.
#[derive(Debug, Clone, Copy)]
pub(super) struct CurrentFacts {
    law: Law,
    /// Effective conductivities of electrolyte and solid along the depth in S/m; `None` where the depth is not a host's.
    homogeneous: Option<[f64; 2]>,
    /// What the formula misses of the solve on voxels, in V.
    pub(super) formula_off_v: f64,
    /// Kinetic part of the overpotential in V at the local current of the box.
    pub(super) kinetic_v: f64,
    /// Standard deviation over mean.
    pub(super) cv: f64,
    /// 0 for an even current.
    pub(super) gini: f64,
    /// The 99th percentile over the mean.
    pub(super) hot_spot: f64,
    /// Share of the area that carries more than half of the mean.
    pub(super) active: f64,
    /// Mean on nodes over mean; none without nodes.
    pub(super) on_nodes: Option<f64>,
    /// Mean on lithiophilic sites over mean; none without sites.
    pub(super) on_sites: Option<f64>,
}

/// The kinetics of the surface as a whole.
#[derive(Debug, Clone, Copy)]
struct Law {
    kinetics: Kinetics,
    temperature_k: f64,
    /// Exchange current density that gives the kinetic part at the local current of the box: the mean where labels differ.
    i0: f64,
}

impl Law {
    fn overpotential(&self, j: f64) -> f64 {
        self.kinetics.overpotential(j / self.i0, self.temperature_k)
    }

    fn slope(&self, j: f64) -> f64 {
        self.i0 * self.kinetics.relative(self.overpotential(j), self.temperature_k).1
    }
}

/// A host of some thickness under a current.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    pub(super) depth_m: f64,
    /// Reacting over projected area.
    pub(super) area_ratio: f64,
    /// Per projected area.
    pub(super) applied: f64,
    /// Effective conductivities along the depth over those of the box: 1, or off by an error.
    pub(super) conductivity_factor: [f64; 2],
}

impl CurrentFacts {
    /// Whether a depth makes sense: a layer on metal has its own.
    pub(super) fn is_host(&self) -> bool {
        self.homogeneous.is_some()
    }

    fn electrode(&self, at: &At) -> Option<(Macrohomogeneous, f64)> {
        let [kappa, sigma] = self.homogeneous?;
        let j = at.applied / at.area_ratio;
        let electrode = Macrohomogeneous {
            depth: at.depth_m,
            kappa: kappa * at.conductivity_factor[0],
            sigma: sigma * at.conductivity_factor[1],
            area: at.area_ratio / at.depth_m,
            slope: self.law.slope(j),
        };
        Some((electrode, j))
    }

    /// Overpotential in V of a host of that thickness.
    pub(super) fn overpotential(&self, at: &At) -> Option<f64> {
        let (electrode, j) = self.electrode(at)?;
        let ohmic = electrode.resistance() - 1.0 / (at.area_ratio * electrode.slope);
        Some(self.law.overpotential(j) + at.applied * ohmic)
    }

    /// Above 1 the reaction shifts to the ends of the depth.
    pub(super) fn nu(&self, at: &At) -> Option<f64> {
        Some(self.electrode(at)?.0.nu())
    }
}

/// What a box is solved for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Mean current density on true area in A/m2.
    pub(super) local: f64,
    /// Whether the box is part of a host whose thickness can be chosen.
    pub(super) scalable: bool,
    /// Conductivity of carbon or metal of this host; the default where it is not known.
    pub(super) sigma: Option<f64>,
}

/// The settings with the kinetics of carbon without nucleation on every surface, and whether that changes the
/// kinetics of any label that the volume has.
pub(super) fn alike(labels: &Labels, settings: &CurrentSettings) -> (CurrentSettings, bool) {
    let mut alike = settings.clone();
    let carbon = settings.materials.surface[Label::Fibre as usize];
    let present = labels.present();
    let mut differ = false;
    for (l, surface) in alike.materials.surface.iter_mut().enumerate() {
        let own = *surface;
        (surface.i0, surface.eta_nuc, surface.film) = (carbon.i0, 0.0, carbon.film);
        let reacts = settings.materials.sigma[l] > 0.0 && present.contains(l as u8);
        differ |= reacts && *surface != own;
    }
    (alike, differ)
}

const INSULATOR: &str = "its solid conducts no electrons";

/// What one box says, or why not, and its current density by voxel in A/m2 where that was asked for.
type Solved = (Result<CurrentFacts, &'static str>, Option<Vec<f32>>);

/// Solves one box.
pub(super) fn solve(
    labels: &Labels,
    load: Load,
    settings: &CurrentSettings,
    with_map: bool,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<Solved, PipelineError> {
    let mut settings = settings.clone();
    // Volumes have been turned so that the separator is at the first slice.
    settings.setting = Setting { axis: Axis::Z, collector: Collector::Last, sides: Sides::NoFlux };
    let given = settings.inputs.iter().any(|i| i.key == "sigma" && i.standing == "given");
    if let (Some(sigma), false) = (load.sigma, given) {
        if sigma <= 0.0 {
            return Ok((Err(INSULATOR), None));
        }
        for label in [Label::Fibre, Label::Node, Label::Lithiophilic] {
            settings.materials.sigma[label as usize] = sigma;
        }
    }
    let cell = match Cell::new(labels, &settings.materials, settings.setting) {
        Ok(cell) => cell,
        Err(ElectroError::Blocked(why)) => return Ok((Err(in_short(&why)), None)),
        Err(error) => return Err(error.into()),
    };
    let ratio = cell.reacting_area() / cell.projected_area();
    drop(cell);
    let applied = load.local * ratio;
    settings.drive = match settings.drive {
        Drive::Current(_) => Drive::Current(applied),
        Drive::Uniform(_) | Drive::Voltage(_) => Drive::Uniform(applied),
    };
    let Current { results: found, fields } = current(labels, &settings, with_map, 0.0, backend, watch)?;
    if load.scalable && found.groups.sigma_effective_s_per_m.is_none() {
        // Only stumps on the collector react then, and say nothing of the host.
        return Ok((Err("its solid does not span the depth of the box"), None));
    }
    let facts = facts(&found, load, &settings.materials).ok_or("no current flows");
    Ok((facts, fields.map(|f| f.current_density)))
}

fn in_short(why: &Blocked) -> &'static str {
    match why {
        Blocked::NoSolid => "nothing conducts electrons",
        Blocked::NoElectrolyte => "nothing conducts ions",
        Blocked::CollectorNotTouched { .. } => "its solid does not touch the collector",
        Blocked::SeparatorNotTouched { .. } => "no pore opens to the separator",
        Blocked::NoCommonSurface { .. } => "its solid does not reach from the collector to the open pore",
    }
}

fn facts(r: &CurrentResults, load: Load, materials: &Materials) -> Option<CurrentFacts> {
    // The profile along the depth belongs to the depth of the box, which is not that of the comparison.
    let even = r.uniformity.as_ref()?.within_slices?;
    let (kinetic_v, mean) = (r.overpotential_kinetic_v?, r.current_density_a_per_m2.as_ref()?.mean);
    let (kinetics, temperature_k) = (materials.kinetics, materials.temperature_k);
    let i0 = mean / kinetics.relative(kinetic_v, temperature_k).0;
    let groups = &r.groups;
    let conductivities = groups.kappa_effective_s_per_m.zip(groups.sigma_effective_s_per_m);
    let mut facts = CurrentFacts {
        law: Law { kinetics, temperature_k, i0 },
        homogeneous: conductivities.filter(|_| load.scalable).map(|(k, s)| [k, s]),
        formula_off_v: 0.0,
        kinetic_v,
        cv: even.cv,
        gini: even.gini,
        hot_spot: even.hot_spot_p99,
        active: even.active_area_fraction,
        on_nodes: r.shares.get("node").map(|s| s.relative),
        on_sites: r.shares.get("lithiophilic").map(|s| s.relative),
    };
    let own = At {
        depth_m: groups.host_depth_m,
        area_ratio: r.area.ratio,
        applied: r.applied_current_a_per_m2?,
        conductivity_factor: [1.0; 2],
    };
    if let Some(formula) = facts.overpotential(&own) {
        facts.formula_off_v = (formula - r.overpotential_v?).abs();
    }
    Some(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use foamflux_grid::{Shape, Silent, Volume, VoxelSize, VoxelSizeSource};
    use foamflux_transport::CpuBackend;

    /// Square pillars of copper, half as wide as their spacing, in an electrolyte that resists next to nothing.
    fn pillars(load: Load) -> Result<CurrentFacts, &'static str> {
        let config = Config { kappa: Some("1e6S/m".into()), ..Config::default() };
        let settings = CurrentSettings::new(&config, None).unwrap();
        let size = VoxelSize::known([1e-6; 3], VoxelSizeSource::Flag).unwrap();
        let pillar = |_: usize, y: usize, x: usize| u8::from(y % 8 < 4 && x % 8 < 4);
        let labels = Labels::new(Volume::from_fn(Shape::new(24, 16, 16).unwrap(), size, pillar)).unwrap();
        solve(&labels, load, &settings, false, &CpuBackend::new(), &Silent).unwrap().0
    }

    #[test]
    fn a_box_carries_the_local_current_that_was_asked_for() {
        /// The electrolyte's share of the drop is a millionth.
        const NEXT_TO_NOTHING: f64 = 1e-4;
        let load = Load { local: 7.0, scalable: true, sigma: Some(5.96e7) };
        let facts = pillars(load).unwrap();
        let law = Kinetics::ButlerVolmer { alpha: 0.5 };
        let expected = law.overpotential(7.0 / 2.8, 298.15);
        assert!((facts.kinetic_v / expected - 1.0).abs() < NEXT_TO_NOTHING, "{} for {expected}", facts.kinetic_v);
        assert!(facts.cv < NEXT_TO_NOTHING && facts.formula_off_v < NEXT_TO_NOTHING * expected);
        // At its own depth the formula is the solve; at ten times the area a tenth of the current flows.
        let at = At { depth_m: 24e-6, area_ratio: 5.0, applied: 35.0, conductivity_factor: [1.0; 2] };
        let same = facts.overpotential(&at).unwrap();
        assert!((same / expected - 1.0).abs() < NEXT_TO_NOTHING, "{same}");
        let wide = facts.overpotential(&At { area_ratio: 50.0, ..at }).unwrap();
        assert!((wide / law.overpotential(0.25, 298.15) - 1.0).abs() < NEXT_TO_NOTHING, "{wide}");
    }

    #[test]
    fn what_cannot_carry_a_current_says_so_in_a_few_words() {
        let load = Load { local: 7.0, scalable: true, sigma: Some(0.0) };
        assert_eq!(pillars(load).unwrap_err(), INSULATOR);
    }
}
