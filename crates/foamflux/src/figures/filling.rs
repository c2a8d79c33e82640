//! The strip of a host that fills and empties.

use foamflux_grid::Axis;
use foamflux_pipeline::plate::KeptState;
use foamflux_report::figures::{FigureError, FillingPlane, FillingRow, filling as draw};
use foamflux_results::{Figure, PlateResults};

use super::{Picture, Plane};

/// States whose charges differ by less than this share of the capacity stand in one row.
const SAME: f64 = 1e-6;

/// One row per charge of the first cycle, the same middle plane in all.
///
/// # Errors
/// [`FigureError`] when the picture cannot be made.
pub(crate) fn filling(results: &PlateResults, states: &[KeptState]) -> Result<Picture, FigureError> {
    let axis = results.direction.parse().unwrap_or(Axis::Z);
    let plane = Plane::along(axis);
    let first: Vec<&KeptState> = states.iter().filter(|s| s.cycle == 1).collect();
    let near = |a: f64, b: f64| (a - b).abs() <= SAME * results.capacity_c_per_m2;
    let mut charges: Vec<f64> = first.iter().map(|s| s.charge.max(0.0)).collect();
    charges.sort_by(f64::total_cmp);
    charges.dedup_by(|b, a| near(*a, *b));
    let cuts: Vec<(Vec<u8>, Vec<u8>)> = first
        .iter()
        .map(|s| (plane.cut(s.labels.volume().as_slice(), s.labels.shape()), plane.cut(&s.shade, s.labels.shape())))
        .collect();
    let names: Vec<String> =
        charges.iter().map(|c| format!("{} mAh/cm\u{b2}", foamflux_report::number::trimmed(c / 3.6e4, 3))).collect();
    let rows: Vec<FillingRow<'_>> = charges
        .iter()
        .zip(&names)
        .map(|(&charge, name)| {
            let planes = [false, true].map(|stripping| {
                let at = first.iter().position(|s| s.stripping == stripping && near(s.charge.max(0.0), charge))?;
                Some(FillingPlane { labels: &cuts[at].0, lithium: &cuts[at].1 })
            });
            FillingRow { name, planes }
        })
        .collect();
    let Some(state) = first.first() else {
        return Err(FigureError::Empty { title: "filling".to_owned(), width: 0, height: 0 });
    };
    let shape = state.labels.shape();
    let title = format!("filling, {} = {}", plane.normal, shape.along(plane.normal) / 2);
    let drawn = draw(&rows, &plane.view(shape, state.labels.voxel_size(), &title))?;
    let figure = Figure { path: "figures/filling.png".to_owned(), title, caption: drawn.caption };
    Ok(Picture { figure, bytes: drawn.image.png()? })
}
