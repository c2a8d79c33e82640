//! From labels to a cell: which voxels carry electrons and ions, and the faces on which they meet.

use foamflux_grid::{Axis, Labels, Shape, Spacing, Volume, VoxelSize};
use foamflux_transport::Sides;
use foamflux_transport::links::NO_GROUP;
use foamflux_voxel::components::{Connectivity, label};
use foamflux_voxel::surface::weights;

use crate::error::{Blocked, ElectroError};
use crate::materials::Materials;

/// Electrolyte and solid within one group have conductivities within this factor.
const SAME_GROUP: f64 = 4.0;
/// Slices that a periodic box is continued by to find the normals of faces on its walls: the reach of the Gaussian of
/// `foamflux_voxel::surface` and one more.
const PAD: usize = 5;

/// At which end of the depth axis the collector is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Collector {
    /// Beyond the last slice; the separator is before the first.
    #[default]
    Last,
    /// Beyond the first slice.
    First,
}

/// Where depth runs, and what the sides are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The depth axis.
    pub axis: Axis,
    /// The collector's end.
    pub collector: Collector,
    /// Walls that are not electrodes.
    pub sides: Sides,
}

impl Setting {
    /// Slices below the separator's plane at which a voxel of a box lies, from 0.
    #[inline]
    pub(crate) fn slice_of(self, shape: Shape, voxel: usize) -> usize {
        let (z, y, x) = shape.zyx_of(voxel);
        let along = match self.axis {
            Axis::X => x,
            Axis::Y => y,
            Axis::Z => z,
        };
        match self.collector {
            Collector::Last => along,
            Collector::First => shape.along(self.axis) - 1 - along,
        }
    }
}

/// A face on which solid and electrolyte meet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Face {
    /// Linear index of the voxel on the low side; across a joined wall that at the high end.
    pub lower: u32,
    /// Linear index of the other voxel.
    pub upper: u32,
    /// Normal of the face.
    pub axis: Axis,
    /// Whether the solid is on the low side.
    pub solid_below: bool,
    /// Number of the solid's label.
    pub label: u8,
    /// Number of the label whose kinetics the face has: the solid's, or lithium's once that covers it.
    pub surface: u8,
    /// Number of the electrolyte's label.
    pub electrolyte: u8,
    /// True area over the area of the voxel face.
    pub weight: f32,
    /// Exchange current density over that of the surface's label.
    pub i0_factor: f32,
    /// What uneven salt adds to the potential of the electrolyte against lithium, in V.
    pub(crate) shift: f32,
}

impl Face {
    /// The solid voxel.
    #[must_use]
    pub const fn solid(&self) -> usize {
        if self.solid_below { self.lower as usize } else { self.upper as usize }
    }

    /// The electrolyte voxel.
    #[must_use]
    pub const fn pore(&self) -> usize {
        if self.solid_below { self.upper as usize } else { self.lower as usize }
    }
}

/// Voxels that take no part, although their labels conduct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// Electrolyte without a way to the separator.
    pub electrolyte: u64,
    /// Electrolyte that the separator reaches but that touches no connected solid.
    pub idle_electrolyte: u64,
    /// Solid without a way to the collector.
    pub solid: u64,
}

/// What takes part.
#[derive(Debug)]
pub struct Cell {
    pub(crate) shape: Shape,
    pub(crate) spacing: Spacing,
    pub(crate) voxel_size: VoxelSize,
    pub(crate) setting: Setting,
    pub(crate) labels: Vec<u8>,
    pub(crate) group: Vec<u8>,
    pub(crate) second_medium: u16,
    pub(crate) faces: Vec<Face>,
    /// Electrolyte component of every face, from 0.
    pub(crate) component: Vec<u32>,
    /// Voxel faces of every electrolyte component on the separator's plane.
    pub(crate) inlets: Vec<u64>,
    /// Linear index of the electrolyte voxels at the separator's plane, with their component.
    pub(crate) top: Vec<(u32, u32)>,
    pub(crate) left_out: LeftOut,
    /// Conductivity of every voxel over that of its label; empty where it is one.
    pub(crate) conducts: Vec<f32>,
    /// Faces of the box's separator plane that are electrolyte, and all of them.
    pub(crate) open: [u64; 2],
}

impl Cell {
    /// Finds what takes part.
    ///
    /// # Errors
    /// [`ElectroError`]; [`ElectroError::Blocked`] where current finds no way.
    pub fn new(labels: &Labels, materials: &Materials, setting: Setting) -> Result<Self, ElectroError> {
        materials.check()?;
        if labels.voxel_size().m_xyz().is_none() {
            return Err(ElectroError::VoxelSize);
        }
        let shape = labels.shape();
        if shape.len() >= u32::MAX as usize {
            return Err(ElectroError::TooLarge { shape });
        }
        let (solid, electrolyte) = (materials.solid(), materials.electrolyte());
        let counts = labels.counts();
        let of = |set: foamflux_grid::LabelSet| set.iter().map(|l| counts[l as usize]).sum::<u64>();
        if of(solid) == 0 {
            return Err(Blocked::NoSolid.into());
        }
        if of(electrolyte) == 0 {
            return Err(Blocked::NoElectrolyte.into());
        }
        let depth = Depth::new(shape, setting);
        let solids = Connected::of(&labels.mask(solid), setting, depth.collector)?;
        if solids.touching == 0 {
            return Err(Blocked::CollectorNotTouched { slice: depth.collector, axis: setting.axis }.into());
        }
        let pores = Connected::of(&labels.mask(electrolyte), setting, depth.separator)?;
        if pores.touching == 0 {
            return Err(Blocked::SeparatorNotTouched { slice: depth.separator, axis: setting.axis }.into());
        }
        let voxels = labels.volume().as_slice();
        let faces = faces(labels, solid, setting);
        let (mut faces, mut component): (Vec<Face>, Vec<u32>) = faces
            .into_iter()
            .filter(|f| f.weight > 0.0 && electrolyte.contains(f.electrolyte))
            .filter(|f| solids.of[f.solid()] > 0 && pores.of[f.pore()] > 0)
            .map(|f| (f, pores.of[f.pore()]))
            .unzip();
        if faces.is_empty() {
            return Err(Blocked::NoCommonSurface { open: pores.touching }.into());
        }
        faces.shrink_to_fit();
        // Electrolyte without a reacting surface cannot carry current: it is left out as well.
        let mut renumbered = vec![u32::MAX; pores.count + 1];
        let mut used = 0;
        for c in &mut component {
            let number = &mut renumbered[*c as usize];
            if *number == u32::MAX {
                *number = used;
                used += 1;
            }
            *c = *number;
        }
        let (groups, second_medium) = groups(materials);
        let mut left_out = LeftOut::default();
        let mut group = vec![NO_GROUP; shape.len()];
        for (i, group) in group.iter_mut().enumerate() {
            let label = usize::from(voxels[i]);
            let takes_part = if materials.sigma[label] > 0.0 {
                let yes = solids.of[i] > 0;
                left_out.solid += u64::from(!yes);
                yes
            } else if materials.kappa[label] > 0.0 {
                let reached = pores.of[i] > 0;
                let yes = reached && renumbered[pores.of[i] as usize] != u32::MAX;
                left_out.electrolyte += u64::from(!reached);
                left_out.idle_electrolyte += u64::from(reached && !yes);
                yes
            } else {
                false
            };
            if takes_part {
                *group = groups[label];
            }
        }
        let mut inlets = vec![0; used as usize];
        let mut top = Vec::new();
        let mut open = 0;
        depth.for_plane(depth.separator, |i| {
            if pores.of[i] > 0 {
                open += 1;
                let number = renumbered[pores.of[i] as usize];
                if let Some(inlet) = inlets.get_mut(number as usize) {
                    *inlet += 1;
                    top.push((i as u32, number));
                }
            }
        });
        let plane = (shape.len() / shape.along(setting.axis)) as u64;
        Ok(Cell {
            shape,
            spacing: labels.spacing(),
            voxel_size: labels.voxel_size().clone(),
            setting,
            labels: voxels.to_vec(),
            group,
            second_medium,
            faces,
            component,
            inlets,
            top,
            left_out,
            conducts: Vec::new(),
            open: [open, plane],
        })
    }

    /// Whether each voxel is solid with a way to the collector.
    pub(crate) fn connected_solid(
        labels: &Labels,
        materials: &Materials,
        setting: Setting,
    ) -> Result<Vec<bool>, ElectroError> {
        let depth = Depth::new(labels.shape(), setting);
        let solids = Connected::of(&labels.mask(materials.solid()), setting, depth.collector)?;
        Ok(solids.of.into_iter().map(|c| c > 0).collect())
    }

    /// Faces on which solid and electrolyte meet.
    #[must_use]
    pub fn faces(&self) -> &[Face] {
        &self.faces
    }

    /// True area of a face in m2.
    #[must_use]
    #[inline]
    pub fn area(&self, face: &Face) -> f64 {
        f64::from(face.weight) * self.spacing.face_area(face.axis)
    }

    /// True area of all reacting faces in m2.
    #[must_use]
    pub fn reacting_area(&self) -> f64 {
        self.faces.iter().map(|f| self.area(f)).sum()
    }

    /// Cross-section of the box in m2, which the applied current refers to.
    #[must_use]
    pub fn projected_area(&self) -> f64 {
        let axis = self.setting.axis;
        self.spacing.face_area(axis) * (self.shape.len() / self.shape.along(axis)) as f64
    }

    /// Depth of the box in m.
    #[must_use]
    pub fn depth(&self) -> f64 {
        self.spacing.along(self.setting.axis) * self.shape.along(self.setting.axis) as f64
    }

    /// What conducts and is left out.
    #[must_use]
    pub const fn left_out(&self) -> LeftOut {
        self.left_out
    }

    /// Share of the separator's plane that is electrolyte.
    #[must_use]
    pub fn open_share(&self) -> f64 {
        self.open[0] as f64 / self.open[1] as f64
    }

    /// Slices below the separator's plane at which a voxel lies, from 0.
    #[must_use]
    #[inline]
    pub fn slice_of(&self, voxel: usize) -> usize {
        self.setting.slice_of(self.shape, voxel)
    }

    /// Shape of the box.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Where depth runs.
    #[must_use]
    pub const fn setting(&self) -> Setting {
        self.setting
    }
}

/// The two ends of the depth axis.
struct Depth {
    shape: Shape,
    axis: Axis,
    separator: usize,
    collector: usize,
}

impl Depth {
    fn new(shape: Shape, setting: Setting) -> Self {
        let last = shape.along(setting.axis) - 1;
        let (separator, collector) = match setting.collector {
            Collector::Last => (0, last),
            Collector::First => (last, 0),
        };
        Depth { shape, axis: setting.axis, separator, collector }
    }

    fn for_plane(&self, at: usize, f: impl FnMut(usize)) {
        for_plane(self.shape, self.axis, at, f);
    }
}

/// Calls `f` for the voxels of one slice across an axis.
fn for_plane(shape: Shape, axis: Axis, at: usize, mut f: impl FnMut(usize)) {
    let [a, b] = match axis {
        Axis::X => [Axis::Z, Axis::Y],
        Axis::Y => [Axis::Z, Axis::X],
        Axis::Z => [Axis::Y, Axis::X],
    };
    for i in 0..shape.along(a) {
        for j in 0..shape.along(b) {
            f(at * shape.stride(axis) + i * shape.stride(a) + j * shape.stride(b));
        }
    }
}

/// Axes across which opposite walls are joined.
pub(crate) fn wraps(setting: Setting, shape: Shape) -> [bool; 3] {
    Axis::ALL.map(|axis| setting.sides == Sides::Periodic && axis != setting.axis && shape.along(axis) > 1)
}

/// The parts of a mask that touch one slice.
struct Connected {
    /// Component of every voxel that is connected to the slice, from 1; 0 elsewhere.
    of: Vec<u32>,
    count: usize,
    /// Voxels in that slice.
    touching: u64,
}

impl Connected {
    fn of(mask: &Volume<bool>, setting: Setting, slice: usize) -> Result<Self, ElectroError> {
        let shape = mask.shape();
        let components = label(mask, Connectivity::Face6)?;
        let count = components.count();
        let mut of = components.labels.into_vec();
        let mut parent: Vec<u32> = (0..=count as u32).collect();
        for (axis, joined) in Axis::ALL.into_iter().zip(wraps(setting, shape)) {
            if joined {
                let across = (shape.along(axis) - 1) * shape.stride(axis);
                for_plane(shape, axis, 0, |i| {
                    let (a, b) = (of[i], of[i + across]);
                    if a > 0 && b > 0 {
                        let (a, b) = (root(&parent, a), root(&parent, b));
                        parent[a.max(b) as usize] = a.min(b);
                    }
                });
            }
        }
        let mut touches = vec![false; count + 1];
        let mut touching = 0;
        for_plane(shape, setting.axis, slice, |i| {
            if of[i] > 0 {
                touches[root(&parent, of[i]) as usize] = true;
                touching += 1;
            }
        });
        let names: Vec<u32> = (0..=count as u32)
            .map(|c| {
                let r = root(&parent, c);
                if c > 0 && touches[r as usize] { r } else { 0 }
            })
            .collect();
        for c in &mut of {
            *c = names[*c as usize];
        }
        Ok(Connected { of, count, touching })
    }
}

fn root(parent: &[u32], mut c: u32) -> u32 {
    while parent[c as usize] != c {
        c = parent[c as usize];
    }
    c
}

/// Faces between labels in `solid` and others, those on joined walls included, whatever the others are.
fn faces(labels: &Labels, solid: foamflux_grid::LabelSet, setting: Setting) -> Vec<Face> {
    let shape = labels.shape();
    let voxels = labels.volume().as_slice();
    let face = |lower: usize, upper: usize, axis: Axis, weight: f32| {
        let solid_below = solid.contains(voxels[lower]);
        let (label, electrolyte) =
            if solid_below { (voxels[lower], voxels[upper]) } else { (voxels[upper], voxels[lower]) };
        Face {
            lower: lower as u32,
            upper: upper as u32,
            axis,
            solid_below,
            label,
            surface: label,
            electrolyte,
            weight,
            i0_factor: 1.0,
            shift: 0.0,
        }
    };
    let joined = wraps(setting, shape);
    if joined == [false; 3] {
        return weights(&labels.mask(solid))
            .into_iter()
            .map(|f| face(f.voxel, f.voxel + shape.stride(f.axis), f.axis, f.weight))
            .collect();
    }
    let pad = joined.map(|j| if j { PAD } else { 0 });
    let [px, py, pz] = pad;
    let Ok(padded) = Shape::new(shape.z + 2 * pz, shape.y + 2 * py, shape.x + 2 * px) else { return Vec::new() };
    let back = |at: usize, pad: usize, len: usize| (at + len * PAD - pad) % len;
    let mask = Volume::from_fn(padded, labels.voxel_size().clone(), |z, y, x| {
        solid.contains(voxels[shape.index(back(z, pz, shape.z), back(y, py, shape.y), back(x, px, shape.x))])
    });
    let within = |at: usize, pad: usize, len: usize| at >= pad && at < pad + len;
    weights(&mask)
        .into_iter()
        .filter_map(|f| {
            let (z, y, x) = padded.zyx_of(f.voxel);
            if !(within(z, pz, shape.z) && within(y, py, shape.y) && within(x, px, shape.x)) {
                return None;
            }
            let at = [x - px, y - py, z - pz];
            let lower = shape.index(at[2], at[1], at[0]);
            let k = f.axis.xyz_index();
            let (len, stride) = (shape.along(f.axis), shape.stride(f.axis));
            let upper = if at[k] + 1 < len { lower + stride } else { lower - (len - 1) * stride };
            Some(face(lower, upper, f.axis, f.weight))
        })
        .collect()
}

/// Group of every label, and the groups that are solid.
fn groups(materials: &Materials) -> ([u8; 9], u16) {
    let mut group = [NO_GROUP; 9];
    let (mut next, mut second) = (0u8, 0u16);
    for (values, solid) in [(&materials.kappa, false), (&materials.sigma, true)] {
        let mut sorted: Vec<usize> = (0..9).filter(|&l| values[l] > 0.0).collect();
        sorted.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let mut lowest = 0.0;
        for l in sorted {
            if values[l] > SAME_GROUP * lowest {
                lowest = values[l];
                second |= u16::from(solid) << next;
                next += 1;
            }
            group[l] = next - 1;
        }
    }
    (group, second)
}
