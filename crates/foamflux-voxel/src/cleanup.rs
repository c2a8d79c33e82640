//! Cleaning a mask: dropping specks, filling enclosed holes.
//!
//! Both work on runs of voxels and need no label volume. Defaults of the callers follow digital topology: specks are
//! components of the solid with 26 neighbours (a fragment that still touches a strut at a corner stays), holes are
//! components of the pore with 6 (a hole that leaks only through a corner is closed).

use foamflux_grid::{Axis, Volume};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bits::Bits;
use crate::components::runs::Connected;
use crate::components::{ComponentsError, Connectivity, Faces};

/// Which enclosed pores to fill. A pore is enclosed when no face of the box cuts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoleFilling {
    /// None.
    #[default]
    None,
    /// All enclosed pores. Closed pores of a real host (hollow struts) are lost with the noise.
    Enclosed,
    /// Enclosed pores of at most this many voxels.
    UpTo(u64),
    /// All enclosed pores, and those that the box cuts but that are apart from the largest and smaller than a tenth of all pores:
    /// the insides of hollow struts.
    Hollow,
}

/// A pore that the box cuts is the inside of a strut where this many of its size are less than all pores.
const HOLLOW: u64 = 10;

/// What a clean-up changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Cleaned {
    /// Components that were dropped or filled.
    pub components: u64,
    /// Their voxels.
    pub voxels: u64,
}

/// Sets the components of fewer than `min_voxels` voxels to false.
///
/// # Errors
/// [`ComponentsError`] for masks with too many runs.
pub fn remove_small(
    mask: &mut Volume<bool>,
    min_voxels: u64,
    connectivity: Connectivity,
) -> Result<Cleaned, ComponentsError> {
    if min_voxels <= 1 {
        return Ok(Cleaned::default());
    }
    let values = mask.as_slice();
    let connected = Connected::of(mask.shape(), connectivity, true, |row| &values[row])?;
    let drop: Vec<bool> = connected.sizes.iter().map(|&size| size > 0 && size < min_voxels).collect();
    Ok(paint(mask, &connected, &drop, false))
}

/// The same on bits, without saying how many went.
pub(crate) fn remove_small_bits(
    bits: &mut Bits,
    min_voxels: u64,
    connectivity: Connectivity,
) -> Result<(), ComponentsError> {
    let connected = Connected::of_bits(bits, connectivity)?;
    bits.clear(|row| {
        let small = connected.row(row).filter(|(_, number)| connected.sizes[*number as usize] < min_voxels);
        small.map(|(run, _)| run.start as usize..run.end as usize)
    });
    Ok(())
}

/// Sets enclosed components of false voxels (6 neighbours) to true.
///
/// Along an axis of a single voxel (one image instead of a stack) the faces do not count: the image is taken as flat.
///
/// # Errors
/// [`ComponentsError`] for masks with too many runs.
pub fn fill_holes(mask: &mut Volume<bool>, filling: HoleFilling) -> Result<Cleaned, ComponentsError> {
    let largest = match filling {
        HoleFilling::None | HoleFilling::UpTo(0) => return Ok(Cleaned::default()),
        HoleFilling::Enclosed | HoleFilling::Hollow => u64::MAX,
        HoleFilling::UpTo(voxels) => voxels,
    };
    let shape = mask.shape();
    let border = Axis::ALL
        .into_iter()
        .filter(|&axis| shape.along(axis) > 1)
        .fold(Faces::NONE, |faces, axis| faces.or(Faces::first(axis)).or(Faces::last(axis)));
    let values = mask.as_slice();
    let connected = Connected::of(shape, Connectivity::Face6, false, |row| &values[row])?;
    let pores: u64 = connected.sizes.iter().sum();
    let most = connected.sizes.iter().copied().max().unwrap_or(0);
    // Of pores that the box cuts.
    let cut = |size: u64| filling == HoleFilling::Hollow && size < most && HOLLOW * size < pores;
    let fill: Vec<bool> = connected
        .sizes
        .iter()
        .zip(&connected.faces)
        .map(|(&size, &faces)| size > 0 && size <= largest && (!faces.meets(border) || cut(size)))
        .collect();
    Ok(paint(mask, &connected, &fill, true))
}

/// Writes `value` over the chosen components.
fn paint(mask: &mut Volume<bool>, connected: &Connected, chosen: &[bool], value: bool) -> Cleaned {
    let sizes = connected.sizes.iter().zip(chosen).filter(|(_, chosen)| **chosen).map(|(size, _)| *size);
    let (components, voxels) = sizes.fold((0, 0), |(n, v), size| (n + 1, v + size));
    if components > 0 {
        let nx = mask.shape().x;
        mask.as_mut_slice().par_chunks_mut(nx).enumerate().for_each(|(row, voxels)| {
            for (run, number) in connected.row(row) {
                if chosen[number as usize] {
                    voxels[run.start as usize..run.end as usize].fill(value);
                }
            }
        });
    }
    Cleaned { components, voxels }
}

#[cfg(test)]
mod tests {
    use foamflux_grid::{Shape, VoxelSize};

    use super::*;

    fn mask(shape: (usize, usize, usize), f: impl FnMut(usize, usize, usize) -> bool) -> Volume<bool> {
        Volume::from_fn(Shape::new(shape.0, shape.1, shape.2).unwrap(), VoxelSize::Unknown, f)
    }

    fn set(mask: &Volume<bool>) -> usize {
        mask.as_slice().iter().filter(|&&v| v).count()
    }

    #[test]
    fn specks_go_and_the_size_limit_itself_stays() {
        // Stretches of 1, 2 and 3 voxels and a diagonal pair.
        let m = mask((2, 4, 9), |z, y, x| match (z, y) {
            (0, 0) => [0, 2, 3, 5, 6, 7].contains(&x),
            (0, 2) => x == 0,
            (1, 3) => x == 1,
            _ => false,
        });
        for (connectivity, min, expected) in [
            (Connectivity::Face6, 1, Cleaned::default()),
            (Connectivity::Face6, 2, Cleaned { components: 3, voxels: 3 }),
            (Connectivity::Full26, 2, Cleaned { components: 1, voxels: 1 }),
            (Connectivity::Full26, 3, Cleaned { components: 3, voxels: 5 }),
            (Connectivity::Face6, 4, Cleaned { components: 5, voxels: 8 }),
        ] {
            let mut cleaned = m.clone();
            assert_eq!(remove_small(&mut cleaned, min, connectivity).unwrap(), expected, "{connectivity:?} {min}");
            assert_eq!(set(&cleaned) as u64, 8 - expected.voxels);
            assert!(cleaned.as_slice().iter().zip(m.as_slice()).all(|(after, before)| !after || *before));
            let mut bits = Bits::new(&m);
            remove_small_bits(&mut bits, min, connectivity).unwrap();
            assert_eq!(bits, Bits::new(&cleaned));
        }
    }

    #[test]
    fn only_enclosed_holes_of_the_size_are_filled() {
        // A block with a hole of one voxel, a hole of two, a dent, and a hole that leaks through a corner only.
        let holes = [(2, 2, 2), (2, 2, 4), (2, 2, 5), (0, 3, 3), (2, 5, 7), (1, 6, 8), (0, 6, 8)];
        let m = mask((5, 8, 10), |z, y, x| !holes.contains(&(z, y, x)));
        for (filling, expected) in [
            (HoleFilling::None, Cleaned::default()),
            (HoleFilling::UpTo(1), Cleaned { components: 2, voxels: 2 }),
            (HoleFilling::UpTo(2), Cleaned { components: 3, voxels: 4 }),
            (HoleFilling::Enclosed, Cleaned { components: 3, voxels: 4 }),
        ] {
            let mut filled = m.clone();
            assert_eq!(fill_holes(&mut filled, filling).unwrap(), expected, "{filling:?}");
            assert_eq!(set(&filled) as u64, 400 - 7 + expected.voxels);
            assert!(!*filled.at(0, 3, 3) && !*filled.at(1, 6, 8));
        }
    }

    #[test]
    fn hollow_struts_are_filled_where_the_box_cuts_them() {
        // A tube of 7 x 7 with a channel of 3 x 3 along z, open at both ends, and a wall that halves what is around it.
        let tube = |y: usize, x: usize, r: usize| y.abs_diff(5) <= r && x.abs_diff(5) <= r;
        let m = mask((12, 20, 20), |_, y, x| (tube(y, x, 3) && !tube(y, x, 1)) || y == 12);
        for (filling, voxels) in
            [(HoleFilling::Enclosed, 0), (HoleFilling::UpTo(1000), 0), (HoleFilling::Hollow, 9 * 12)]
        {
            let mut filled = m.clone();
            assert_eq!(fill_holes(&mut filled, filling).unwrap().voxels, voxels, "{filling:?}");
            assert!(!*filled.at(3, 16, 16) && !*filled.at(3, 1, 16), "the pore on either side of the wall stays");
        }
    }

    #[test]
    fn an_image_is_filled_in_its_plane() {
        let mut ring = mask((1, 5, 5), |_, y, x| y.max(x).max(4 - y).max(4 - x) == 3);
        assert_eq!(fill_holes(&mut ring, HoleFilling::Enclosed).unwrap(), Cleaned { components: 1, voxels: 1 });
        assert!(*ring.at(0, 2, 2) && !*ring.at(0, 0, 0));
    }
}
