//! Arithmetic on points and directions `[x, y, z]`.

pub(crate) type Point = [f64; 3];

#[inline]
pub(crate) fn add(a: Point, b: Point) -> Point {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

#[inline]
pub(crate) fn sub(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

#[inline]
pub(crate) fn scale(a: Point, s: f64) -> Point {
    [a[0] * s, a[1] * s, a[2] * s]
}

/// `a + s b`.
#[inline]
pub(crate) fn along(a: Point, s: f64, b: Point) -> Point {
    [a[0] + s * b[0], a[1] + s * b[1], a[2] + s * b[2]]
}

#[inline]
pub(crate) fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[inline]
pub(crate) fn cross(a: Point, b: Point) -> Point {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[inline]
pub(crate) fn norm(a: Point) -> f64 {
    dot(a, a).sqrt()
}

#[inline]
pub(crate) fn distance(a: Point, b: Point) -> f64 {
    norm(sub(a, b))
}

/// The direction of `a`, or `None` when it has no finite positive length.
pub(crate) fn unit(a: Point) -> Option<Point> {
    // The largest component goes out first: lengths are metres, and their squares must not underflow.
    let largest = a.iter().fold(0.0f64, |m, c| m.max(c.abs()));
    if !(a.iter().all(|c| c.is_finite()) && largest > 0.0) {
        return None;
    }
    let a = a.map(|c| c / largest);
    Some(scale(a, 1.0 / norm(a)))
}

/// Two directions that complete the unit vector `w` to a right-handed frame.
pub(crate) fn frame(w: Point) -> (Point, Point) {
    let mut helper = [0.0; 3];
    let thin = (0..3).fold(0, |k, i| if w[i].abs() < w[k].abs() { i } else { k });
    helper[thin] = 1.0;
    let u = unit(cross(helper, w)).unwrap_or([1.0, 0.0, 0.0]);
    (u, cross(w, u))
}

/// Distance of `p` to the segment from `a` along the unit vector `u` over `length`.
pub(crate) fn distance_to_segment(p: Point, a: Point, u: Point, length: f64) -> f64 {
    let t = dot(sub(p, a), u).clamp(0.0, length);
    distance(p, along(a, t, u))
}
