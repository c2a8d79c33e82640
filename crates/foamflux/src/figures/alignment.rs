//! Displacements of slices.

use foamflux_report::figures::{Profile, Series, profile};
use foamflux_results::{AlignmentResults, Figure};

use super::Picture;

/// Measured displacements along x and y, and what stays of that along x.
pub(super) fn displacements(a: &AlignmentResults) -> Picture {
    let points = |value: &dyn Fn(usize) -> f64| -> Vec<[f64; 2]> {
        (0..a.displacement_pixel_xy.len()).map(|z| [z as f64, value(z)]).collect()
    };
    let measured = |axis: usize| points(&|z| a.displacement_pixel_xy[z][axis]);
    let (x, y) = (measured(0), measured(1));
    let kept = points(&|z| {
        let removed = a.removed_pixel_xy.get(z).map_or(0.0, |r| r[0]);
        a.displacement_pixel_xy[z][0] - removed
    });
    let title = "displacement of the slices";
    let svg = profile(&Profile {
        series: &[
            Series { name: "x", points: &x },
            Series { name: "y", points: &y },
            Series { name: "x after alignment", points: &kept },
        ],
        title,
        x_label: "slice",
        y_label: "pixels",
    });
    let caption = "Displacement of the content of each slice against the first, as measured, and what the alignment left of it along x."
        .to_owned();
    let figure = Figure { path: "figures/alignment.svg".to_owned(), title: title.to_owned(), caption };
    Picture { figure, bytes: svg.into_bytes() }
}
