//! Diameters and sections of fibres from their profiles.

use super::{Fibre, Node, NodeKind, Section};

/// Diameters and section of a fibre from its profile, outside of the node zones.
pub(super) fn measure(fibre: &mut Fibre, nodes: &[Node], edge: f64) {
    let length = fibre.length;
    let mut own = [0.0, length];
    for end in 0..2 {
        let node = &nodes[fibre.nodes[end]];
        let margin = match node.kind {
            NodeKind::Junction if node.zone_radius > 0.0 => node.zone_radius,
            // Where struts merely touch there is no zone, and yet no section of one of them.
            NodeKind::Junction | NodeKind::DeadEnd => node.radius,
            NodeKind::Cut | NodeKind::Seam | NodeKind::Isolated => 0.0,
        };
        own[end] = if end == 0 { margin } else { length - margin };
    }
    fibre.has_own_part = own[1] - own[0] >= 2.0 * edge;
    if !fibre.has_own_part {
        // The zones leave nothing: the middle third speaks for the fibre.
        own = [length / 3.0, length * 2.0 / 3.0];
    }
    fibre.own = own;
    let mean_area = |low: f64, high: f64| {
        let inner = fibre.profile.iter().filter(|p| p.arc >= low && p.arc <= high);
        let (sum, count) = inner.fold((0.0, 0.0), |(s, n), p| (s + p.area, n + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    };
    let equivalent = |area: f64| 2.0 * (area / std::f64::consts::PI).sqrt();
    let quarter = 0.25 * (own[1] - own[0]);
    let mut middle = mean_area(own[0] + quarter, own[1] - quarter);
    if middle <= 0.0 {
        middle = mean_area(0.0, length);
    }
    fibre.diameter = if middle > 0.0 { equivalent(middle) } else { fibre.diameter_inscribed };
    fibre.diameter_mean = equivalent(mean_area(own[0], own[1]).max(if fibre.volume > 0.0 { 0.0 } else { middle }));
    if fibre.diameter_mean <= 0.0 {
        fibre.diameter_mean = fibre.diameter;
    }
    // Sections of single voxels scatter: the smallest of means over half a diameter.
    let half = (0.25 * fibre.diameter).max(1.5 * edge);
    fibre.diameter_min = fibre
        .profile
        .iter()
        .filter(|p| p.arc >= own[0] + half && p.arc <= own[1] - half)
        .map(|p| equivalent(mean_area(p.arc - half, p.arc + half)))
        .fold(f64::INFINITY, f64::min);
    if !fibre.diameter_min.is_finite() {
        fibre.diameter_min = fibre.diameter;
    }
    fibre.section = section(fibre, edge);
}

fn section(fibre: &Fibre, edge: f64) -> Section {
    /// Sections thinner than this many voxels have no shape.
    const VOXELS: f64 = 4.0;
    /// Inscribed over area-equivalent diameter: 1 round, 0.78 straight triangle, 0.68 the concave one of Plateau borders.
    const TRIANGULAR: f64 = 0.84;
    /// Thickness over width.
    const FLAT: f64 = 0.7;
    if fibre.diameter < VOXELS * edge {
        Section::Unknown
    } else if fibre.flatness < FLAT {
        Section::Flat
    } else if fibre.diameter_inscribed < TRIANGULAR * fibre.diameter {
        Section::Triangular
    } else {
        Section::Round
    }
}
