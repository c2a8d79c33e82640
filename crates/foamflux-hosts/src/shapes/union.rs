//! Several solids as one.

use super::{Bounds, DistanceKind, Solid};

/// The union of solids.
///
/// The distance is exact outside where the parts' distances are; inside of an overlap it is a bound.
/// Volume and area are not known in general, because parts may overlap.
#[derive(Default)]
pub struct Union {
    parts: Vec<Box<dyn Solid + Send>>,
}

impl Union {
    /// The empty union, which has no points: its signed distance is infinite.
    #[must_use]
    pub fn new() -> Self {
        Union::default()
    }

    /// This union and another part.
    #[must_use]
    pub fn with(mut self, part: impl Solid + Send + 'static) -> Self {
        self.parts.push(Box::new(part));
        self
    }
}

impl Solid for Union {
    fn signed_distance(&self, p: [f64; 3]) -> f64 {
        self.parts.iter().fold(f64::INFINITY, |d, part| d.min(part.signed_distance(p)))
    }
    fn distance_kind(&self) -> DistanceKind {
        DistanceKind::Bound
    }
    fn volume(&self) -> Option<f64> {
        if self.parts.is_empty() { Some(0.0) } else { None }
    }
    fn surface_area(&self) -> Option<f64> {
        if self.parts.is_empty() { Some(0.0) } else { None }
    }
    fn bounds(&self) -> Bounds {
        let none = Bounds { low: [f64::INFINITY; 3], high: [f64::NEG_INFINITY; 3] };
        self.parts.iter().fold(none, |b, part| b.hull(part.bounds()))
    }
}
