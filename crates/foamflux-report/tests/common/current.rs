//! A current distribution with few numbers and no inputs.

use std::collections::BTreeMap;

use foamflux_results::*;

pub(crate) fn current() -> CurrentResults {
    CurrentResults {
        schema: CurrentResults::SCHEMA.into(),
        volume: super::volume(),
        model: "secondary".into(),
        direction: "z".into(),
        collector: "last".into(),
        sides: "no-flux".into(),
        separator_plane: "uniform".into(),
        blocked: None,
        applied_current_a_per_m2: Some(10.0),
        overpotential_v: Some(0.031),
        overpotential_kinetic_v: Some(0.029),
        current_density_a_per_m2: None,
        uniformity: None,
        shares: BTreeMap::new(),
        top_share: Some(0.12),
        depth_centroid: Some(0.48),
        area_centroid: Some(0.5),
        groups: CurrentGroups::default(),
        balance: CurrentBalance { charge_error: Some(1e-9), slice_error: Some(1e-8) },
        area: CurrentArea::default(),
        left_out: CurrentLeftOut::default(),
        profile: CurrentProfile::default(),
        electrolyte: None,
        inputs: Vec::new(),
        reading: vec!["The current is even.".into()],
        warnings: Vec::new(),
        solver: CurrentEffort::default(),
    }
}
