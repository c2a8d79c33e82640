//! Labels against true ones: overlap, distance of the boundaries, and the error made in every number that follows.
//!
//! The boundary of a solid is its voxels with a pore at one of their faces; distances are between centres, from each boundary
//! voxel of either labels to the nearest one of the other, so that a boundary that agrees has distance zero.
//!
//! Area and thickness are those of the labels on both sides, so that equal labels have equal numbers: what a grey field adds to them
//! below the size of a voxel is no merit or fault of the segmentation. The voxel size is that of the image for both.

use std::collections::BTreeMap;

use foamflux_grid::{Event, LabelSet, Labels, LengthUnit, Stage, Volume, VoxelSize, Watch, units};
use foamflux_results::{AgainstTruth, BoundaryDistance, SegmentScore};
use foamflux_transport::Backend;
use foamflux_voxel::distance::{Border, distance};
use foamflux_voxel::{stats, surface, thickness};

use crate::error::PipelineError;
use crate::settings::TransportSettings;
use crate::transport;

/// Scores labels.
///
/// # Errors
/// [`PipelineError::Content`] for true labels of another shape, and as [`transport::transport`] where tau is asked for.
pub fn score(
    found: &Labels,
    truth: &Labels,
    name: &str,
    tau: Option<(&TransportSettings, &dyn Backend)>,
    watch: &dyn Watch,
) -> Result<SegmentScore, PipelineError> {
    if found.shape() != truth.shape() {
        return Err(PipelineError::Content {
            path: name.to_owned(),
            message: format!(
                "holds {} voxels (z,y,x), and the image {}: give the labels of the same box (--crop and --bin act on both)",
                truth.shape(),
                found.shape()
            ),
        });
    }
    watch.event(Event::Started { stage: Stage::Segment, what: "scoring against the truth".to_owned() });
    let size = found.voxel_size();
    if let (VoxelSize::Known { m_xyz: ours, .. }, VoxelSize::Known { m_xyz: theirs, .. }) = (size, truth.voxel_size())
        && ours.iter().zip(theirs).any(|(a, b)| (a / b - 1.0).abs() > SAME_SIZE)
    {
        watch.event(Event::Warning(format!(
            "the image has voxels of {} µm and {name} of {} µm (x, y, z): the former were taken for both",
            micrometres(ours),
            micrometres(theirs)
        )));
    }
    let truth = &Labels::new(truth.volume().clone().with_voxel_size(size.clone()))?;
    let (a, b) = (found.mask(LabelSet::SOLID), truth.mask(LabelSet::SOLID));
    let mut counts = [0u64; 4];
    for (a, b) in a.as_slice().iter().zip(b.as_slice()) {
        counts[usize::from(*a) + 2 * usize::from(*b)] += 1;
    }
    let [_, only_found, only_true, both] = counts.map(|c| c as f64);
    let (in_found, in_truth) = (both + only_found, both + only_true);
    let n = a.shape().len() as f64;
    // Two empty solids agree.
    let dice = if in_found + in_truth > 0.0 { 2.0 * both / (in_found + in_truth) } else { 1.0 };
    let of_truth = |v: f64| if in_truth > 0.0 { v / in_truth } else { f64::from(u8::from(v > 0.0)) };
    stop(watch)?;
    let apart = boundary(&a, &b);
    stop(watch)?;
    let spacing = a.spacing();
    let edge = spacing.min_edge();
    let in_voxels =
        |d: BoundaryDistance| BoundaryDistance { mean: d.mean / edge, p95: d.p95 / edge, max: d.max / edge };
    let (area, thick) = (area(&a)?, mean_thickness(&a, watch)?);
    let (true_area, true_thick) = (self::area(&b)?, mean_thickness(&b, watch)?);
    let mut taus = BTreeMap::new();
    if let Some((settings, backend)) = tau {
        let of = |labels: &Labels| transport::transport(labels, settings, 0.0, backend, watch);
        let (ours, theirs) = (of(found)?.results, of(&solid_alone(truth)?)?.results);
        for (phase, results) in &ours {
            for (axis, direction) in &results.directions {
                let true_tau = theirs.get(phase).and_then(|t| t.directions.get(axis)).and_then(|d| d.tau);
                taus.insert(format!("{phase}_{axis}"), AgainstTruth::new(direction.tau, true_tau));
            }
        }
    }
    watch.event(Event::Finished { stage: Stage::Segment, outcome: format!("Dice {dice:.4}") });
    let share = |voxels: f64| Some(voxels / n);
    Ok(SegmentScore {
        truth: name.to_owned(),
        dice,
        false_solid: of_truth(only_found),
        missed_solid: of_truth(only_true),
        boundary_distance_m: apart.filter(|_| spacing.unit == LengthUnit::Metre),
        boundary_distance_vox: apart.map(in_voxels),
        porosity: AgainstTruth::new(share(n - in_found), share(n - in_truth)),
        solid_fraction: AgainstTruth::new(share(in_found), share(in_truth)),
        area_per_volume: AgainstTruth::new(area, true_area),
        thickness_mean: AgainstTruth::new(thick, true_thick),
        tau: taus,
    })
}

/// Voxel sizes that differ by less are the same, written by different programs.
const SAME_SIZE: f64 = 1e-3;

fn micrometres(m_xyz: &[f64; 3]) -> String {
    m_xyz.map(|m| units::significant(1e6 * m, 4)).join(" x ")
}

/// What a segmentation can know of true labels: solid and pore.
fn solid_alone(truth: &Labels) -> Result<Labels, PipelineError> {
    Ok(Labels::from_solid(&truth.mask(LabelSet::SOLID)))
}

fn stop(watch: &dyn Watch) -> Result<(), PipelineError> {
    if watch.cancelled() { Err(PipelineError::Cancelled) } else { Ok(()) }
}

fn area(mask: &Volume<bool>) -> Result<Option<f64>, PipelineError> {
    if !mask.as_slice().contains(&true) {
        return Ok(None);
    }
    let report = surface::measure::<u8>(mask, None)?;
    Ok(Some(report.recommended_area().interior / (mask.shape().len() as f64 * mask.spacing().voxel_volume())))
}

fn mean_thickness(mask: &Volume<bool>, watch: &dyn Watch) -> Result<Option<f64>, PipelineError> {
    if !mask.as_slice().contains(&true) || !mask.as_slice().contains(&false) {
        return Ok(None);
    }
    let local = thickness::local_thickness(mask, watch);
    stop(watch)?;
    Ok(stats::Summary::over(&local, mask)?.map(|s| s.mean))
}

/// Solid voxels with a pore at one of their faces.
fn surface_voxels(mask: &Volume<bool>) -> Vec<bool> {
    let (shape, solid) = (mask.shape(), mask.as_slice());
    let sides = [(shape.x, 1), (shape.y, shape.x), (shape.z, shape.x * shape.y)];
    (0..shape.len())
        .map(|i| {
            let (z, y, x) = shape.zyx_of(i);
            solid[i]
                && sides
                    .iter()
                    .zip([x, y, z])
                    .any(|(&(n, stride), v)| (v > 0 && !solid[i - stride]) || (v + 1 < n && !solid[i + stride]))
        })
        .collect()
}

/// `None` where one of the two has no boundary.
fn boundary(a: &Volume<bool>, b: &Volume<bool>) -> Option<BoundaryDistance> {
    let (on_a, on_b) = (surface_voxels(a), surface_voxels(b));
    if !on_a.contains(&true) || !on_b.contains(&true) {
        return None;
    }
    let mut all: Vec<f32> = Vec::new();
    for (from, to) in [(&on_a, &on_b), (&on_b, &on_a)] {
        let away = a.like(to.iter().map(|v| !v).collect()).ok()?;
        let field = distance(&away, Border::Open);
        all.extend(field.as_slice().iter().zip(from).filter(|(_, on)| **on).map(|(d, _)| *d));
    }
    let max = all.iter().copied().fold(0.0, f32::max);
    let summary = stats::Summary::of(all)?;
    Some(BoundaryDistance { mean: summary.mean, p95: summary.p95, max: f64::from(max) })
}

#[cfg(test)]
mod tests {
    use foamflux_grid::{Shape, Silent, VoxelSizeSource};

    use super::*;

    /// A slab that fills x from `from` to `to` of 20, voxels of 2 µm.
    fn slab(from: usize, to: usize) -> Labels {
        let size = VoxelSize::known([2e-6; 3], VoxelSizeSource::Flag).unwrap();
        let shape = Shape::new(6, 6, 20).unwrap();
        Labels::new(Volume::from_fn(shape, size, |_, _, x| u8::from((from..to).contains(&x)))).unwrap()
    }

    fn scored(a: &Labels, b: &Labels) -> SegmentScore {
        score(a, b, "truth", None, &Silent).unwrap()
    }

    #[test]
    fn the_same_labels_agree() {
        let s = scored(&slab(5, 11), &slab(5, 11));
        assert_eq!((s.dice, s.false_solid, s.missed_solid), (1.0, 0.0, 0.0));
        let d = s.boundary_distance_vox.unwrap();
        assert_eq!((d.mean, d.p95, d.max), (0.0, 0.0, 0.0));
        assert_eq!(s.area_per_volume.relative, Some(0.0));
    }

    #[test]
    fn a_slab_that_is_too_thick_on_one_side() {
        // Two voxels more of six: Dice 12/14, the boundary on that side is two voxels away, that on the other agrees.
        let s = scored(&slab(5, 13), &slab(5, 11));
        assert!((s.dice - 12.0 / 14.0).abs() < 1e-12);
        assert!((s.false_solid - 2.0 / 6.0).abs() < 1e-12 && s.missed_solid == 0.0);
        let (d, m) = (s.boundary_distance_vox.unwrap(), s.boundary_distance_m.unwrap());
        assert!((d.mean - 1.0).abs() < 1e-6 && (d.max - 2.0).abs() < 1e-6 && (d.p95 - 2.0).abs() < 1e-6, "{d:?}");
        assert!((m.mean - 2e-6).abs() < 1e-12);
        assert!((s.solid_fraction.relative.unwrap() - 2.0 / 6.0).abs() < 1e-12);
        assert!((s.porosity.relative.unwrap() + 2.0 / 14.0).abs() < 1e-12);
        // Thickness 16 µm for 12 µm, the area of both slabs is the same.
        assert!((s.thickness_mean.relative.unwrap() - 1.0 / 3.0).abs() < 0.02, "{:?}", s.thickness_mean);
        assert!(s.area_per_volume.relative.unwrap().abs() < 1e-6);
    }

    #[test]
    fn labels_without_a_voxel_size_are_scored_in_that_of_the_image() {
        let bare = Labels::new(slab(5, 11).into_volume().with_voxel_size(VoxelSize::Unknown)).unwrap();
        for (a, b) in [(&bare, &slab(5, 11)), (&slab(5, 11), &bare)] {
            let s = scored(a, b);
            assert_eq!((s.area_per_volume.relative, s.thickness_mean.relative), (Some(0.0), Some(0.0)));
        }
    }

    #[test]
    fn emptiness_is_a_score_and_another_shape_is_refused() {
        let s = scored(&slab(5, 5), &slab(5, 11));
        assert_eq!((s.dice, s.missed_solid), (0.0, 1.0));
        assert!(s.boundary_distance_vox.is_none() && s.area_per_volume.found.is_none());
        let other = Labels::from_solid(&Volume::from_fn(Shape::cube(6).unwrap(), VoxelSize::Unknown, |_, _, x| x > 2));
        let error = score(&slab(5, 9), &other, "t.tif", None, &Silent).unwrap_err();
        assert!(error.to_string().contains("t.tif"), "{error}");
    }
}
