//! What the numbers cannot say: only what matters for these results.

use foamflux_results::RunResults;

use crate::number::{length, percent, trimmed};
use crate::tables::measure::{finest_edge, thicknesses};

/// Pores narrower than this many voxels are not resolved.
const NARROW_PORE: f64 = 5.0;

/// Assumptions and limits as paragraphs.
pub(crate) fn limits(r: &RunResults) -> Vec<String> {
    let mut out = Vec::new();
    let mut say = |text: String| out.push(text);
    let voxels_in_strut = r.measure.as_ref().and_then(|m| {
        let (rows, unit) = thicknesses(m)?;
        let edge = if unit.metric { finest_edge(m)? * unit.factor } else { 1.0 };
        let by_name = |wanted: &str| rows.iter().find(|(name, _)| *name == wanted).map(|(_, s)| s.mean / edge);
        Some((by_name("strut thickness"), by_name("pore size")))
    });
    say("One sample, one crop: the numbers describe this box. Without further boxes or samples there is no spread to quote and no test of significance.".to_owned());
    if r.segment.is_some() {
        say("The error named segmentation covers the choice of threshold only, not artefacts of imaging such as shadows, charging, curtains or pores that show their back wall.".to_owned());
    }
    if let Some(strut) = voxels_in_strut.and_then(|(strut, _)| strut).filter(|d| *d > 0.0 && d.is_finite()) {
        say(format!(
            "A boundary that lies one voxel too far out on both sides makes a strut of {} voxels {} thicker; area and volume fraction follow.",
            trimmed(strut, 3),
            percent(2.0 / strut)
        ));
    }
    if let Some(m) = &r.measure
        && m.surface.is_some()
    {
        match r.volume.voxel_size_m_xyz {
            Some([x, y, z]) => say(format!(
                "Surface finer than a voxel ({}) is invisible: micropores and roughness that gas adsorption (BET) sees are in no area here. Quote areas together with the voxel size.",
                length(x.min(y).min(z))
            )),
            None => say("Surface finer than a voxel is invisible: micropores and roughness that gas adsorption (BET) sees are in no area here.".to_owned()),
        }
        say("Where the box cuts the solid, the cut is not surface; struts and pores that the box cuts count with the part inside, so their thickness near the border is a lower bound.".to_owned());
    }
    if let Some(pore) = voxels_in_strut.and_then(|(_, pore)| pore).filter(|d| *d < NARROW_PORE) {
        say(format!(
            "Pores are {} voxels wide on average: transport through passages of fewer than about five voxels is not resolved.",
            trimmed(pore, 2)
        ));
    }
    if !r.transport.is_empty() {
        say("Transport is steady conduction or diffusion in a rigid, homogeneous phase between two faces of the box, with its sides as the convention states. Convection, double layers, surface conduction and contact resistance are left out.".to_owned());
        say("τ is the flow-through tortuosity factor; τ from impedance of the same electrode is usually larger where a phase is not in the image (binder, SEI, deposits), and dead-end pores count there but not here.".to_owned());
        if r.transport.contains_key("solid") {
            say("The solid conducts with one conductivity everywhere; contacts between fibres are as good as the image shows them.".to_owned());
        }
    }
    say("Nothing here predicts dendrites, coulombic efficiency, cycle life, SEI chemistry, nucleation, or mechanical failure.".to_owned());
    out
}
