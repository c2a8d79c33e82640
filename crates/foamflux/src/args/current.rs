//! Flags of electrochemistry.

use std::path::PathBuf;

use clap::Args;
use foamflux_pipeline::Config;

use super::{CommonArgs, InputArgs};

/// What drives the cell, and what it is made of.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Electrochemistry options")]
pub(crate) struct CellArgs {
    /// Applied current per cross-section of the box; below zero strips [default: 1mA/cm2]
    #[arg(long, value_name = "CURRENT")]
    current: Option<String>,
    /// Potential of the separator's plane against the collector, instead of a current
    #[arg(long, value_name = "VOLTAGE", conflicts_with = "current")]
    voltage: Option<String>,
    /// Exchange current density on true area, for all labels or one; may be repeated [default: 2.8A/m2]
    #[arg(long, value_name = "[LABEL=]V", value_delimiter = ',')]
    i0: Option<Vec<String>>,
    /// Nucleation overpotential on bare carbon [default: 0]
    #[arg(long, value_name = "[LABEL=]V", value_delimiter = ',')]
    eta_nuc: Option<Vec<String>>,
    /// Resistance of a film on the surface, for example 50ohm*cm2 [default: 0]
    #[arg(long, visible_alias = "r-film", value_name = "[LABEL=]V", value_delimiter = ',')]
    film: Option<Vec<String>>,
    /// Electronic conductivity of carbon, or of one label [default: 3e3S/m]
    #[arg(long, value_name = "[LABEL=]V", value_delimiter = ',')]
    sigma: Option<Vec<String>>,
    /// Ionic conductivity of the electrolyte [default: 1.1S/m]
    #[arg(long, value_name = "V")]
    kappa: Option<String>,
    /// Ionic conductivity of label 5, a separator in the file [default: kappa/4.1]
    #[arg(long, value_name = "V")]
    kappa_separator: Option<String>,
    /// Transfer coefficient of plating [default: 0.5]
    #[arg(long, value_name = "A")]
    alpha: Option<String>,
    /// Temperature, for example 25C [default: 298.15K]
    #[arg(long, value_name = "T")]
    temperature: Option<String>,
    /// Diffusivity of the salt, for limits [default: 4e-10m2/s]
    #[arg(long, value_name = "D")]
    diffusivity: Option<String>,
    /// Transference number of lithium, for limits [default: 0.35]
    #[arg(long, visible_alias = "t-plus", value_name = "T+")]
    transference: Option<String>,
    /// Concentration of the salt, for limits [default: 1000mol/m3]
    #[arg(long, visible_alias = "c0", value_name = "C")]
    concentration: Option<String>,
    /// How current enters at the separator: uniform, or through an equipotential plane [default: uniform]
    #[arg(long, value_name = "WHICH")]
    separator_plane: Option<String>,
    #[command(flatten)]
    salt: SaltArgs,
}

/// Salt, its time, and the law of the reaction.
#[derive(Debug, Clone, Args)]
struct SaltArgs {
    /// Model of the electrolyte: secondary, dilute (ideal ions) or concentrated [default: secondary]
    #[arg(long, value_name = "MODEL")]
    electrolyte: Option<String>,
    /// Where lithium comes from: a counter electrode in the separator's plane, or a reservoir of c0 [default: counter]
    #[arg(long, value_name = "WHICH")]
    salt_supply: Option<String>,
    /// Thermodynamic factor 1 + dln f/dln c of the concentrated model [default: 1]
    #[arg(long, visible_alias = "tdf", value_name = "X")]
    thermodynamic_factor: Option<String>,
    /// Exponent with which i0 follows the concentration [default: 0.5]
    #[arg(long, value_name = "X")]
    i0_exponent: Option<String>,
    /// Follow the salt in time until then, for example 10min
    #[arg(long, value_name = "T")]
    time: Option<String>,
    /// Follow the salt in time until it is gone or steady, and say which current it sustains for how long
    #[arg(long)]
    sand: bool,
    /// Law of the reaction: bv (Butler-Volmer) or mhc (Marcus-Hush-Chidsey) [default: bv]
    #[arg(long, value_name = "LAW")]
    kinetics: Option<String>,
    /// Reorganisation energy of mhc [default: 0.3eV]
    #[arg(long, visible_alias = "reorganization-energy", value_name = "E")]
    reorganisation_energy: Option<String>,
    /// Volume of the same shape with the exchange current density of every voxel of the surface, in A/m2
    #[arg(long, value_name = "FILE")]
    i0_map: Option<PathBuf>,
    /// What the map holds: absolute values, or relative ones that multiply --i0 [default: absolute]
    #[arg(long, value_name = "WHICH", requires = "i0_map")]
    i0_map_kind: Option<String>,
}

impl SaltArgs {
    fn set(&self, config: &mut Config) {
        config.electrolyte.clone_from(&self.electrolyte);
        config.salt_supply.clone_from(&self.salt_supply);
        config.thermodynamic_factor.clone_from(&self.thermodynamic_factor);
        config.i0_exponent.clone_from(&self.i0_exponent);
        config.time.clone_from(&self.time);
        config.sand = self.sand.then_some(true);
        config.kinetics.clone_from(&self.kinetics);
        config.reorganisation_energy.clone_from(&self.reorganisation_energy);
        config.i0_map.clone_from(&self.i0_map);
        config.i0_map_kind.clone_from(&self.i0_map_kind);
    }
}

impl CellArgs {
    pub(super) fn set(&self, config: &mut Config) {
        config.current.clone_from(&self.current);
        config.voltage.clone_from(&self.voltage);
        config.i0.clone_from(&self.i0);
        config.eta_nuc.clone_from(&self.eta_nuc);
        config.film.clone_from(&self.film);
        config.sigma.clone_from(&self.sigma);
        config.kappa.clone_from(&self.kappa);
        config.kappa_separator.clone_from(&self.kappa_separator);
        config.alpha.clone_from(&self.alpha);
        config.temperature.clone_from(&self.temperature);
        config.diffusivity.clone_from(&self.diffusivity);
        config.transference.clone_from(&self.transference);
        config.concentration.clone_from(&self.concentration);
        config.separator_plane.clone_from(&self.separator_plane);
        self.salt.set(config);
    }
}

/// How the cell lies in the box.
#[derive(Debug, Clone, Args)]
pub(crate) struct DepthArgs {
    /// Depth axis: x, y or z [default: z]
    #[arg(long, visible_alias = "axis", value_name = "AXIS")]
    direction: Option<String>,
    /// The collector is beyond the last or the first slice, the separator at the other end [default: last]
    #[arg(long, value_name = "WHICH")]
    collector: Option<String>,
    /// Sides of the box: no-flux, periodic
    #[arg(long, visible_alias = "bc", value_name = "WHAT")]
    sides: Option<String>,
}

impl DepthArgs {
    /// Whether more than one depth axis was asked for.
    pub(crate) fn says_all(&self) -> bool {
        self.direction.as_deref() == Some("all")
    }

    pub(super) fn set(&self, config: &mut Config) {
        config.direction.clone_from(&self.direction);
        config.collector.clone_from(&self.collector);
        config.sides.clone_from(&self.sides);
    }
}

/// `foamflux current`.
#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(crate) struct CurrentArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// File to write: .vti holds all maps, .tif, .npy and .nrrd the current density on the surface
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) depth: DepthArgs,
    #[command(flatten)]
    pub(crate) cell: CellArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

impl CurrentArgs {
    pub(super) fn set(&self, config: &mut Config) {
        self.input.set(config);
        self.cell.set(config);
        self.depth.set(config);
    }
}
