//! Named hosts: parameters, where each number comes from, and the volumes they give.

use foamflux_grid::{Labels, Shape, Volume, VoxelSize, VoxelSizeSource};
use serde::Serialize;

use crate::area::Estimate;
use crate::error::HostError;
use crate::foam::{Boundary, Foam, FoamParameters, FoamStatistics, SeedPattern, StrutProfile};
use crate::grey::{GreyParameters, Shading, grey};

/// How well founded a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Read in the source paper.
    Paper,
    /// Stated as measured by the named source.
    Measured,
    /// Follows from published numbers by a stated relation.
    Derived,
    /// Chosen for this generator; printed as assumed.
    Assumed,
}

impl Standing {
    /// In a word, as records and tables have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Standing::Paper => "paper",
            Standing::Measured => "measured",
            Standing::Derived => "derived",
            Standing::Assumed => "assumed",
        }
    }
}

/// One parameter with its standing, for records and reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParameterNote {
    /// Name with its unit, as in the results.
    pub key: &'static str,
    /// Value in that unit.
    pub value: f64,
    /// How well founded it is.
    pub standing: Standing,
    /// Where it comes from.
    pub source: &'static str,
}

/// Parameters of a host like carbonised melamine foam (CMF).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CmfParameters {
    /// Voxels along z, y, x.
    #[serde(rename = "shape_zyx")]
    pub shape: Shape,
    /// Voxel edges in metres, x, y, z.
    pub voxel_size_m_xyz: [f64; 3],
    /// Edge in metres of the cube that holds two cells.
    pub cell_size_m: f64,
    /// Where the seeds are.
    pub seeds: SeedPattern,
    /// What lies beyond the box.
    pub boundary: Boundary,
    /// The struts' section.
    pub profile: StrutProfile,
    /// Reach of the node zone in strut diameters.
    pub lambda: f64,
    /// How the grey stack is imaged.
    pub grey: GreyParameters,
}

/// The host of the bundled stack and of the demonstration: 96^3 voxels of 1 micrometre.
///
/// The struts have the paper's diameter of 6.2 µm.
/// The cell (60 µm) is several times smaller than that of a real CMF (141 to 267 µm), so that a small crop holds a few
/// cells; the solid fraction of about 8 % is therefore six to twenty times too high, and no result of this host is one of CMF.
#[must_use]
pub fn cmf_demo() -> CmfParameters {
    CmfParameters {
        shape: Shape { z: 96, y: 96, x: 96 },
        voxel_size_m_xyz: [1e-6; 3],
        cell_size_m: 60e-6,
        seeds: SeedPattern::Lattice { jitter: 0.2 },
        boundary: Boundary::Open,
        profile: StrutProfile::swollen(6.2e-6),
        lambda: 0.75,
        grey: GreyParameters {
            pore_level: 60.0,
            solid_level: 160.0,
            blur_sigma_voxel: [0.6; 3],
            noise_sigma: 9.0,
            noise_gain: 0.8,
            shading: Shading::default(),
        },
    }
}

impl CmfParameters {
    /// The same host in a box of other size.
    #[must_use]
    pub fn with_shape(self, shape: Shape) -> Self {
        CmfParameters { shape, ..self }
    }

    /// The same host seen with other voxels (metres, x, y, z); the number of voxels stays.
    #[must_use]
    pub fn with_voxel_size_m(self, voxel_size_m_xyz: [f64; 3]) -> Self {
        CmfParameters { voxel_size_m_xyz, ..self }
    }

    /// Edges of the box in metres, x, y, z.
    #[must_use]
    pub fn box_m(&self) -> [f64; 3] {
        let n = [self.shape.x, self.shape.y, self.shape.z];
        std::array::from_fn(|k| n[k] as f64 * self.voxel_size_m_xyz[k])
    }

    /// The foam's parameters.
    #[must_use]
    pub fn foam(&self) -> FoamParameters {
        FoamParameters {
            box_m: self.box_m(),
            cell_size_m: self.cell_size_m,
            seeds: self.seeds,
            boundary: self.boundary,
            profile: self.profile,
        }
    }

    /// Generates the graph, the labels, the solid fraction and the grey stack.
    ///
    /// # Errors
    /// [`HostError`] naming the parameter that is out of range.
    pub fn generate(&self, seed: u64) -> Result<Host, HostError> {
        let voxel_size = VoxelSize::known(self.voxel_size_m_xyz, VoxelSizeSource::Generator)?;
        self.grey.check()?;
        let foam = Foam::generate(&self.foam(), seed)?;
        let drawn = foam.rasterise(self.shape, &voxel_size, self.lambda)?;
        let grey = grey::<u8>(&drawn.coverage, &self.grey, seed)?;
        let facts = self.facts(seed, &foam, &drawn.labels, &drawn.coverage);
        Ok(Host { labels: drawn.labels, coverage: drawn.coverage, grey, foam, facts })
    }

    fn facts(&self, seed: u64, foam: &Foam, labels: &Labels, coverage: &Volume<f32>) -> HostFacts {
        let voxels = self.shape.len() as f64;
        let counts = labels.counts();
        let solid_voxels = (counts[1] + counts[2]) as f64;
        let volume_m3: f64 = self.box_m().iter().product();
        let area = foam.surface_area_m2(seed);
        let per_volume = Estimate { value: area.value / volume_m3, uncertainty: area.uncertainty / volume_m3 };
        HostFacts {
            schema: "foamflux.host-facts/1",
            generator: crate::random::GENERATOR,
            seed,
            parameters: *self,
            parameter_notes: self.notes(),
            volume_m3,
            solid_volume_fraction: coverage.as_slice().iter().map(|&c| f64::from(c)).sum::<f64>() / voxels,
            solid_voxel_fraction: solid_voxels / voxels,
            node_share_of_solid: if solid_voxels > 0.0 { counts[2] as f64 / solid_voxels } else { 0.0 },
            surface_area_m2: area,
            area_per_volume_per_m: per_volume,
            contrast_to_noise: self.grey.contrast_to_noise(),
            graph: foam.statistics(),
        }
    }

    /// Every number that a reader should not take for a measurement, with its standing.
    #[must_use]
    pub fn notes(&self) -> Vec<ParameterNote> {
        let note = |key, value, standing, source| ParameterNote { key, value, standing, source };
        let jitter = match self.seeds {
            SeedPattern::Lattice { jitter } => note("jitter", jitter, Standing::Assumed, "irregularity of the cells"),
            SeedPattern::HardCore { min_distance } => {
                note("min_distance", min_distance, Standing::Assumed, "irregularity of the cells")
            }
        };
        let diameter = if (self.profile.diameter_m - PAPER_DIAMETER_M).abs() <= f64::EPSILON * PAPER_DIAMETER_M {
            note("strut_diameter_m", self.profile.diameter_m, Standing::Paper, "fibre diameter of CMF, 6.2 µm")
        } else {
            note("strut_diameter_m", self.profile.diameter_m, Standing::Assumed, "set by the user")
        };
        vec![
            diameter,
            note(
                "cell_size_m",
                self.cell_size_m,
                Standing::Assumed,
                "smaller than in CMF (141 to 267 µm) for small crops",
            ),
            jitter,
            note("swelling", self.profile.swelling, Standing::Assumed, "modest swelling towards the nodes"),
            note("swelling_length", self.profile.swelling_length, Standing::Assumed, "in strut radii"),
            note("lambda", self.lambda, Standing::Assumed, "reach of the amorphous zone in strut diameters, 0.5 to 1"),
            note("blur_sigma_voxel", self.grey.blur_sigma_voxel[0], Standing::Assumed, "mild point spread, along x"),
            note("noise_sigma", self.grey.noise_sigma, Standing::Assumed, "grey values"),
            note("noise_gain", self.grey.noise_gain, Standing::Assumed, "photon noise, variance per grey value"),
        ]
    }
}

/// Fibre diameter that the source paper gives.
const PAPER_DIAMETER_M: f64 = 6.2e-6;

/// A generated host with its truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    /// Pore, fibre or node at each voxel's centre.
    pub labels: Labels,
    /// Solid fraction of each voxel.
    pub coverage: Volume<f32>,
    /// The stack as an instrument would see it.
    pub grey: Volume<u8>,
    /// The exact graph.
    pub foam: Foam,
    /// Numbers about it.
    pub facts: HostFacts,
}

/// What is known about a generated host without looking at its voxels' neighbours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HostFacts {
    /// Name and version of this record.
    pub schema: &'static str,
    /// Random number generator.
    pub generator: &'static str,
    /// Seed number.
    pub seed: u64,
    /// All parameters.
    pub parameters: CmfParameters,
    /// Standing of the parameters.
    pub parameter_notes: Vec<ParameterNote>,
    /// Volume of the box.
    pub volume_m3: f64,
    /// Solid volume over box volume, from partial volumes; exact to about 0.1 % of itself.
    pub solid_volume_fraction: f64,
    /// Share of voxels whose centre is solid, as in the labels.
    pub solid_voxel_fraction: f64,
    /// Node voxels over solid voxels.
    pub node_share_of_solid: f64,
    /// Surface in the box without the faces cut by it, from the graph, with its standard error.
    pub surface_area_m2: Estimate,
    /// The same over the volume of the box.
    pub area_per_volume_per_m: Estimate,
    /// Contrast over the noise of a pore, before the blur.
    pub contrast_to_noise: f64,
    /// The graph in numbers.
    pub graph: FoamStatistics,
}
