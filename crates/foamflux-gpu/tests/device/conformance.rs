//! The contract of `foamflux-transport`, in either storage and in the backend's own choice of it.

use std::sync::OnceLock;

use foamflux_gpu::{GpuBackend, Options, Pick};
use foamflux_transport::{Layout, suite};

use crate::harness::Test;

/// A device for a storage; opening one takes a second.
pub(crate) fn backend(layout: Option<Layout>) -> &'static GpuBackend {
    static OPEN: [OnceLock<GpuBackend>; 3] = [const { OnceLock::new() }; 3];
    let which = match layout {
        None => 0,
        Some(Layout::Dense) => 1,
        Some(Layout::Compact) => 2,
    };
    OPEN[which].get_or_init(|| GpuBackend::open(Pick::Best, Options { layout, ..Options::default() }).unwrap())
}

macro_rules! checks {
    ($layout:expr, $name:literal: $($check:ident),+ $(,)?) => {
        &[$((concat!("conformance::", $name, "::", stringify!($check)), || suite::$check(backend($layout)))),+]
    };
}

/// Everything, in the storage that the backend chooses.
pub(crate) const CHOSEN: &[Test] = checks!(
    None, "chosen":
    empty_boxes_are_exact,
    diagonal_staircase,
    layers_in_series_and_parallel,
    random_phases_match,
    random_several_match,
    axes_and_mirrors_agree,
    limits_and_tolerances,
);

/// What does not take hundreds of solves, in either storage; `agreement` has larger volumes in both.
pub(crate) const DENSE: &[Test] =
    checks!(Some(Layout::Dense), "dense": empty_boxes_are_exact, diagonal_staircase, axes_and_mirrors_agree);
pub(crate) const COMPACT: &[Test] =
    checks!(Some(Layout::Compact), "compact": empty_boxes_are_exact, diagonal_staircase, axes_and_mirrors_agree);
