//! The discrete problem: which voxels are unknowns, how they are coupled, and what drives them.
//!
//! Equation: `div(sigma grad phi) = 0` with `phi = 1` on the inlet plane (outer face of the first slice along the axis),
//! `phi = 0` on the outlet plane, and no flux (or periodicity) across the sides.
//! Cell-centred finite volumes: the flux between voxels i and j is `g_ij (phi_i - phi_j)` with the harmonic conductance
//! `g_ij = (A/d) 2 s_i s_j / (s_i + s_j)`, and `2 (A/d) s_i` from a voxel centre to an electrode half a voxel away
//! (Patankar 1980, section 4.2-3).
//!
//! What is different here: the unknown is the **deviation** `u` from the straight profile of an empty box, in units of
//! one slice's share of the potential drop: `phi = (n - s - 1/2 + u) / n` in slice s of n,
//! so that `flux = g (1 + u_i - u_j)` between one slice and the next.
//! An empty box and every axis-aligned slab are then exact before the first iteration, `D_rel = energy / voxels`,
//! and small tau - 1 is not lost in single precision.
//! Conductances are scaled by the axial one of the best conductor: 1 along the axis, `(d_axis/d_k)^2` along axis k.

mod separator;

use std::sync::Arc;
use std::time::Instant;

use foamflux_grid::{Axis, Labels, Shape, Spacing, VoxelSize};
use rayon::prelude::*;

use crate::blocked::diagnose;
use crate::dead_ends::{self, DeadEnds, Removed, Search, Walls};
use crate::layout::bit;
use crate::prune::{Clusters, Neighbours, wraps};
use crate::runs::{Run, Runs, count, counts, facing, gather, split_mut};
use crate::{Blocked, Coefficients, ProblemError};
pub(crate) use separator::{Separated, Source};

/// What the four side walls do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sides {
    /// Nothing crosses them.
    #[default]
    NoFlux,
    /// Opposite walls are joined.
    Periodic,
}

/// What is at the two ends of the axis of transport.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ends {
    /// Planes of constant potential, half a voxel beyond the first and the last slice.
    Electrodes,
    /// Each other: the potential drops by one per slice on the average of a unit cell that repeats itself.
    /// The listed unknowns, one of every cluster, are grounded, where nothing flows as nothing else leaves the cell.
    Joined(Vec<u32>),
    /// A plane of potential zero on one side, and current that enters through the walls of the phase.
    Separator(Box<Source>),
}

/// A problem that can be solved, or the fact that nothing percolates.
#[derive(Debug, Clone)]
pub enum Setup {
    /// At least one cluster joins the electrodes.
    Ready(Box<Problem>),
    /// None does.
    Blocked(Blocked),
}

/// Volume fractions of a problem.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fractions {
    /// Of all conducting voxels.
    pub conducting: f64,
    /// Of those in clusters that touch both electrodes, dead ends included.
    pub percolating: f64,
    /// Mean conductivity over the box, insulators included (equal to `conducting` for one phase of conductivity 1).
    pub mean_conductivity: f64,
    /// The same, counting only clusters that touch both electrodes.
    pub mean_conductivity_percolating: f64,
}

/// Scaled conductances between unknowns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Conductance {
    /// One conductivity: `g` by axis x, y, z.
    Uniform([f64; 3]),
    /// Conductivity by class (label): `g[axis][i * 16 + j]`, and to an electrode by class.
    Table { faces: Box<[[f64; 256]; 3]>, electrode: [f64; 16] },
}

/// One solvable problem: the pruned voxels, their couplings and the driving force.
#[derive(Debug, Clone)]
pub struct Problem {
    voxel_size: VoxelSize,
    spacing: Spacing,
    axis: Axis,
    sides: Sides,
    ends: Ends,
    runs: Arc<Runs>,
    conductance: Conductance,
    /// Label of every unknown, where conductivities differ.
    classes: Option<Arc<Vec<u8>>>,
    sigma_max: f64,
    contrast: f64,
    fractions: Fractions,
    removed: Option<Removed>,
    leaf_share: f64,
    seconds: f64,
    peak_bytes: u64,
}

/// A unit cell that conducts less than this part of the mean conductivity does not percolate.
pub(crate) const CONDUCTS_NOTHING: f64 = 1e-9;

/// A direction from a voxel to its neighbour row: -y, +y, -z, +z.
pub(crate) const LATERAL: [(Axis, bool); 4] = [(Axis::Y, false), (Axis::Y, true), (Axis::Z, false), (Axis::Z, true)];

impl Problem {
    /// Finds the percolating clusters and sets up their problem; dead ends are removed where that pays.
    ///
    /// # Errors
    /// [`ProblemError::TooManyUnknowns`].
    // A constructor that may find out that there is nothing to construct.
    #[allow(clippy::new_ret_no_self, reason = "`Setup` holds the problem, or the fact that nothing percolates")]
    pub fn new(labels: &Labels, coefficients: &Coefficients, axis: Axis, sides: Sides) -> Result<Setup, ProblemError> {
        Problem::with_dead_ends(labels, coefficients, axis, sides, DeadEnds::Auto)
    }

    /// The same with a choice of what to do with dead ends, which carry no current: D_eff and tau do not depend on it.
    ///
    /// # Errors
    /// [`ProblemError::TooManyUnknowns`].
    pub fn with_dead_ends(
        labels: &Labels,
        coefficients: &Coefficients,
        axis: Axis,
        sides: Sides,
        dead_ends: DeadEnds,
    ) -> Result<Setup, ProblemError> {
        let start = Instant::now();
        let (shape, spacing) = (labels.shape(), labels.spacing());
        let conducting = coefficients.conducting();
        let counts = counts(labels, conducting);
        let voxels: u64 = counts.iter().sum();
        if voxels > u64::from(u32::MAX) {
            return Err(ProblemError::TooManyUnknowns { unknowns: voxels });
        }
        let all = Runs::of(labels, conducting);
        let clusters = Clusters::of(&all, Neighbours::Faces, axis, |a| wraps(sides, axis, a, shape));
        if !clusters.percolate() {
            return Ok(Setup::Blocked(diagnose(&all, &clusters, axis, sides, spacing)));
        }
        let runs = all.keep(|i| clusters.percolates(i));
        let mut peak_bytes = all.bytes() + clusters.bytes() + runs.bytes();
        drop((all, clusters));

        let percolating = runs.voxels;
        let several = several_conductivities(&counts, coefficients);
        let walls = Walls { flow: axis, wraps: Axis::ALL.map(|a| wraps(sides, axis, a, shape)) };
        let leaf_share = dead_ends::leaf_share(&runs, walls);
        let search = match dead_ends {
            DeadEnds::Auto => dead_ends::worth_removing(leaf_share).then_some(Search::Slabs),
            DeadEnds::Keep => None,
            DeadEnds::Remove => Some(Search::Whole),
        };
        let (runs, removed) = match search.map(|s| dead_ends::remove(&runs, walls, s, several.then_some(labels))) {
            Some((found, bytes)) => {
                peak_bytes = peak_bytes.max(runs.bytes() + bytes);
                match found {
                    Some((kept, removed)) => (kept, Some(removed)),
                    None => (runs, None),
                }
            }
            None => (runs, None),
        };
        let classes = several.then(|| gather(labels, &runs));
        let (kept_counts, percolating_counts) = match &classes {
            Some(classes) => {
                let kept = count(classes, conducting);
                let dead = removed.as_ref().and_then(|r| r.classes.as_ref());
                let dead = dead.map_or([0; 9], |classes| count(classes, conducting));
                (kept, std::array::from_fn(|l| kept[l] + dead[l]))
            }
            // Conducting labels are as good as one.
            None => {
                let mut one = [0; 9];
                if let Some(label) = conducting.iter().find(|&l| counts[l as usize] > 0) {
                    one[label as usize] = percolating as u64;
                }
                (one, one)
            }
        };
        let present: Vec<f64> =
            (0..9u8).filter(|&l| kept_counts[usize::from(l)] > 0).map(|l| coefficients.of(l)).collect();
        let sigma_max = present.iter().copied().fold(0.0, f64::max);
        let sigma_min = present.iter().copied().fold(f64::INFINITY, f64::min);
        let geometry = Axis::ALL.map(|a| (spacing.along(axis) / spacing.along(a)).powi(2));
        let conductance =
            if several { table(coefficients, sigma_max, geometry) } else { Conductance::Uniform(geometry) };
        let fractions = Fractions {
            conducting: voxels as f64 / shape.len() as f64,
            percolating: percolating as f64 / shape.len() as f64,
            mean_conductivity: coefficients.mean(&counts, shape.len()),
            mean_conductivity_percolating: coefficients.mean(&percolating_counts, shape.len()),
        };
        Ok(Setup::Ready(Box::new(Problem {
            voxel_size: labels.voxel_size().clone(),
            spacing,
            axis,
            sides,
            ends: Ends::Electrodes,
            runs: Arc::new(runs),
            conductance,
            classes: classes.map(Arc::new),
            sigma_max,
            contrast: sigma_max / sigma_min,
            fractions,
            removed,
            leaf_share,
            seconds: start.elapsed().as_secs_f64(),
            peak_bytes,
        })))
    }

    /// The problem of a unit cell whose three pairs of walls are joined, driven along `axis`; every axis must have at
    /// least two voxels. Nothing is pruned: what does not percolate carries nothing in the solution.
    ///
    /// # Errors
    /// [`ProblemError`].
    pub(crate) fn unit_cell(labels: &Labels, coefficients: &Coefficients, axis: Axis) -> Result<Self, ProblemError> {
        let start = Instant::now();
        let (shape, spacing) = (labels.shape(), labels.spacing());
        let conducting = coefficients.conducting();
        let counts = counts(labels, conducting);
        let voxels: u64 = counts.iter().sum();
        if voxels > u64::from(u32::MAX) {
            return Err(ProblemError::TooManyUnknowns { unknowns: voxels });
        }
        if voxels == 0 {
            return Err(ProblemError::NothingConducts);
        }
        let runs = Runs::of(labels, conducting);
        let grounded = Clusters::of(&runs, Neighbours::Faces, axis, |_| true).first_unknowns(&runs);
        let several = several_conductivities(&counts, coefficients);
        let present = (0..9u8).filter(|&l| counts[usize::from(l)] > 0).map(|l| coefficients.of(l)).filter(|&s| s > 0.0);
        let (sigma_min, sigma_max) = present.fold((f64::INFINITY, 0.0f64), |(a, b), s| (a.min(s), b.max(s)));
        let geometry = Axis::ALL.map(|a| (spacing.along(axis) / spacing.along(a)).powi(2));
        let conducting = voxels as f64 / shape.len() as f64;
        let mean = coefficients.mean(&counts, shape.len());
        Ok(Problem {
            voxel_size: labels.voxel_size().clone(),
            spacing,
            axis,
            sides: Sides::Periodic,
            ends: Ends::Joined(grounded),
            conductance: if several {
                table(coefficients, sigma_max, geometry)
            } else {
                Conductance::Uniform(geometry)
            },
            classes: several.then(|| Arc::new(gather(labels, &runs))),
            sigma_max,
            contrast: sigma_max / sigma_min,
            fractions: Fractions {
                conducting,
                percolating: conducting,
                mean_conductivity: mean,
                mean_conductivity_percolating: mean,
            },
            removed: None,
            leaf_share: 0.0,
            seconds: start.elapsed().as_secs_f64(),
            peak_bytes: runs.bytes(),
            runs: Arc::new(runs),
        })
    }

    /// Energy below which nothing is told from nothing: without electrodes a phase may turn out not to percolate.
    pub(crate) fn energy_floor(&self) -> f64 {
        match &self.ends {
            Ends::Electrodes | Ends::Separator(_) => 0.0,
            Ends::Joined(_) => {
                CONDUCTS_NOTHING * self.fractions.mean_conductivity / self.sigma_max * self.shape().len() as f64
            }
        }
    }

    /// Unknowns that are grounded where there are no electrodes.
    pub(crate) fn grounded(&self) -> &[u32] {
        match &self.ends {
            Ends::Electrodes | Ends::Separator(_) => &[],
            Ends::Joined(grounded) => grounded,
        }
    }

    /// Bits of the connectivity byte that voxels of the first and of the last slice have for what is beyond them:
    /// a plane of given potential, or 0 where nothing flows out.
    pub(crate) fn end_bits(&self) -> [u8; 2] {
        match &self.ends {
            Ends::Electrodes => [bit::INLET, bit::OUTLET],
            Ends::Joined(_) => [0, 0],
            Ends::Separator(source) if source.at_outlet => [0, bit::OUTLET],
            Ends::Separator(_) => [bit::INLET, 0],
        }
    }

    /// By how much the profile from which the unknowns deviate falls per slice: from the inlet to the outlet by one,
    /// with a separator not at all.
    pub(crate) fn straight(&self) -> f64 {
        match &self.ends {
            Ends::Electrodes | Ends::Joined(_) => 1.0,
            Ends::Separator(_) => 0.0,
        }
    }

    /// Drop of that profile from a voxel's centre to a plane of given potential; none to a ground.
    pub(crate) fn half_drop(&self) -> f64 {
        if matches!(self.ends, Ends::Electrodes) { 0.5 } else { 0.0 }
    }

    /// Whether another problem has the same kind of ends.
    pub(crate) fn driven_like(&self, other: &Problem) -> bool {
        std::mem::discriminant(&self.ends) == std::mem::discriminant(&other.ends)
    }

    /// Current that enters through the walls.
    pub(crate) fn source(&self) -> Option<&Source> {
        match &self.ends {
            Ends::Electrodes | Ends::Joined(_) => None,
            Ends::Separator(source) => Some(source),
        }
    }

    /// Shape of the volume in voxels.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.runs.shape
    }

    /// Voxel size of the volume.
    #[must_use]
    pub const fn voxel_size(&self) -> &VoxelSize {
        &self.voxel_size
    }

    /// Edge lengths of a voxel.
    #[must_use]
    pub const fn spacing(&self) -> Spacing {
        self.spacing
    }

    /// Direction of transport.
    #[must_use]
    pub const fn axis(&self) -> Axis {
        self.axis
    }

    /// What the side walls do.
    #[must_use]
    pub const fn sides(&self) -> Sides {
        self.sides
    }

    /// Number of unknowns: voxels in clusters that touch both electrodes, less [`Problem::dead_end_voxels`].
    #[must_use]
    pub fn unknowns(&self) -> usize {
        self.runs.voxels
    }

    /// Voxels of percolating clusters that carry no current and were removed, see [`DeadEnds`].
    #[must_use]
    pub fn dead_end_voxels(&self) -> usize {
        self.removed.as_ref().map_or(0, |r| r.runs.voxels)
    }

    /// Share of voxels with a single neighbour in a sample of rows, by which [`DeadEnds::Auto`] decides.
    #[must_use]
    pub const fn leaf_share(&self) -> f64 {
        self.leaf_share
    }

    /// Slice of every unknown along the direction of transport, which those that hang on it need; empty where none do.
    pub(crate) fn depths(&self) -> Vec<u32> {
        if self.removed.is_none() {
            return Vec::new();
        }
        let shape = self.shape();
        let planes: Vec<usize> = (0..shape.z).collect();
        let mut out = vec![0u32; self.unknowns()];
        let size = |z: &usize| self.runs.row_first((z + 1) * shape.y) - self.runs.row_first(z * shape.y);
        split_mut(&mut out, &planes, size).into_par_iter().zip(&planes).for_each(|(out, &z)| {
            let mut depths = out.iter_mut();
            for y in 0..shape.y {
                for run in self.runs.row(z, y) {
                    for (x, depth) in (run.x0 as usize..run.x1 as usize).zip(&mut depths) {
                        *depth = [x, y, z][self.axis.xyz_index()] as u32;
                    }
                }
            }
        });
        out
    }

    /// Conductivity of label `class` over that of the best conductor.
    pub(crate) fn conductivity_of(&self, class: u8) -> f64 {
        match &self.conductance {
            Conductance::Uniform(_) => 1.0,
            Conductance::Table { electrode, .. } => 0.5 * electrode[usize::from(class)],
        }
    }

    /// Dead ends that were removed.
    pub(crate) const fn removed(&self) -> Option<&Removed> {
        self.removed.as_ref()
    }

    /// Volume fractions.
    #[must_use]
    pub const fn fractions(&self) -> Fractions {
        self.fractions
    }

    /// Largest over smallest conductivity among the unknowns.
    #[must_use]
    pub const fn contrast(&self) -> f64 {
        self.contrast
    }

    /// Conductivity that scaled conductances are relative to.
    pub(crate) const fn sigma_max(&self) -> f64 {
        self.sigma_max
    }

    pub(crate) const fn conductance(&self) -> &Conductance {
        &self.conductance
    }

    pub(crate) fn classes(&self) -> Option<&[u8]> {
        self.classes.as_ref().map(|c| c.as_slice())
    }

    fn class(&self, unknown: usize) -> usize {
        self.classes.as_ref().map_or(0, |c| usize::from(c[unknown]))
    }

    /// Scaled conductance between two unknowns that are neighbours along `axis`.
    #[inline]
    pub(crate) fn between(&self, axis: Axis, i: usize, j: usize) -> f64 {
        match &self.conductance {
            Conductance::Uniform(g) => g[axis.xyz_index()],
            Conductance::Table { faces, .. } => faces[axis.xyz_index()][self.class(i) * 16 + self.class(j)],
        }
    }

    /// Scaled conductance from the centre of an unknown to an electrode half a voxel away.
    #[inline]
    pub(crate) fn to_electrode(&self, i: usize) -> f64 {
        match &self.conductance {
            Conductance::Uniform(_) => 2.0,
            Conductance::Table { electrode, .. } => electrode[self.class(i)],
        }
    }

    pub(crate) fn runs(&self) -> &Runs {
        &self.runs
    }

    /// The runs, for whoever outlives the problem.
    pub(crate) fn shared_runs(&self) -> Arc<Runs> {
        self.runs.clone()
    }

    pub(crate) fn shared_classes(&self) -> Option<Arc<Vec<u8>>> {
        self.classes.clone()
    }

    pub(crate) const fn ends(&self) -> &Ends {
        &self.ends
    }

    /// Slices along the direction of transport.
    pub(crate) fn slices(&self) -> usize {
        self.runs.shape.along(self.axis)
    }

    /// Whether the wall along `axis` wraps.
    pub(crate) fn wraps(&self, axis: Axis) -> bool {
        match &self.ends {
            Ends::Electrodes | Ends::Separator(_) => wraps(self.sides, self.axis, axis, self.shape()),
            Ends::Joined(_) => true,
        }
    }

    /// Seconds that the set-up took.
    #[must_use]
    pub const fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Most bytes held at once while the problem was set up.
    #[must_use]
    pub const fn peak_bytes(&self) -> u64 {
        self.peak_bytes
    }

    /// Bytes that the problem itself holds.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let classes = self.classes.as_ref().map_or(0, |c| c.capacity() as u64);
        let source = self.source().map_or(0, Source::bytes);
        self.runs.bytes() + classes + source + self.removed.as_ref().map_or(0, Removed::bytes)
    }

    /// The neighbouring row of `(z, y)`, where there is one.
    pub(crate) fn neighbour_row(&self, (z, y): (usize, usize), axis: Axis, up: bool) -> Option<(usize, usize)> {
        let n = self.shape().along(axis);
        let at = if axis == Axis::Z { z } else { y };
        let next = match (up, at) {
            (true, a) if a + 1 < n => a + 1,
            (true, _) if self.wraps(axis) => 0,
            (false, a) if a > 0 => a - 1,
            (false, _) if self.wraps(axis) => n - 1,
            _ => return None,
        };
        Some(if axis == Axis::Z { (next, y) } else { (z, next) })
    }

    /// Calls `f(i, j, len)` for every stretch of unknowns of a row and their neighbours in a lateral direction.
    pub(crate) fn for_neighbours(&self, row: (usize, usize), (axis, up): (Axis, bool), f: impl FnMut(u32, u32, usize)) {
        if let Some((z, y)) = self.neighbour_row(row, axis, up) {
            facing(self.runs.row(row.0, row.1), self.runs.row(z, y), f);
        }
    }

    /// First and last unknown of a row that are neighbours across a wrapping x wall.
    pub(crate) fn x_wrap(&self, row: &[Run]) -> Option<(u32, u32)> {
        let (first, last) = (row.first()?, row.last()?);
        let joined = self.wraps(Axis::X) && first.x0 == 0 && last.x1 as usize == self.shape().x;
        joined.then(|| (first.first, last.first + (last.x1 - last.x0) - 1))
    }
}

/// Whether conducting labels that occur differ in conductivity.
pub(crate) fn several_conductivities(counts: &[u64; 9], coefficients: &Coefficients) -> bool {
    let mut values = (0..9u8).filter(|&l| counts[usize::from(l)] > 0).map(|l| coefficients.of(l)).filter(|&s| s > 0.0);
    values.next().is_some_and(|first| values.any(|s| s.to_bits() != first.to_bits()))
}

fn table(coefficients: &Coefficients, sigma_max: f64, geometry: [f64; 3]) -> Conductance {
    let sigma: [f64; 16] = std::array::from_fn(|l| coefficients.of(l as u8) / sigma_max);
    let faces = geometry.map(|g| {
        std::array::from_fn(|ij| {
            let (a, b) = (sigma[ij / 16], sigma[ij % 16]);
            if a > 0.0 && b > 0.0 { g * (2.0 * a * b / (a + b)) } else { 0.0 }
        })
    });
    Conductance::Table { faces: Box::new(faces), electrode: sigma.map(|s| 2.0 * s) }
}
