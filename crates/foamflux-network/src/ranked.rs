//! Places in the order of a number, for heaps: the largest first, and of equal ones the first place.

use std::cmp::Ordering;

/// A place with the number that ranks it.
pub(crate) struct Ranked {
    pub(crate) value: f64,
    pub(crate) place: usize,
}

impl Ranked {
    /// The nearest place ranks first.
    pub(crate) fn nearest(distance: f64, place: usize) -> Self {
        Ranked { value: -distance, place }
    }

    /// Distance and place of what [`Ranked::nearest`] made.
    pub(crate) fn distance(self) -> (f64, usize) {
        (-self.value, self.place)
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Ranked {}
impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.total_cmp(&other.value).then(other.place.cmp(&self.place))
    }
}
