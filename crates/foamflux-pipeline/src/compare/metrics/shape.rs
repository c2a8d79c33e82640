//! Columns of the shape alone: geometry, percolation, transport, and the comparisons at equal thickness and capacity.

use foamflux_results::{Better, ErrorParts, Quantity};

use super::Metric;
use super::arithmetic::{divide, multiply, plain, scale, times};
use crate::compare::settings::LITHIUM_C_PER_M3;
use crate::compare::specimen::{Facts, Geometry};

pub(super) const NO_HOST: &str = "a plane has no pores";
pub(super) const NO_SOLID: &str = "no carbon or metal among the labels";
const NO_DENSITY: &str = "the density of the solid is not known: give --density";
pub(super) const BLOCKED: &str = "does not percolate";
pub(super) const FIXED: &str = "a layer on metal has the thickness that it has";

pub(super) const ONE: (&str, &str, f64) = ("1", "", 1.0);
pub(super) const MICRONS: (&str, &str, f64) = ("m", "\u{b5}m", 1e6);

pub(super) const GEOMETRY: &[Metric] = &[
    Metric {
        key: "porosity",
        name: "porosity",
        group: "geometry",
        unit: ONE,
        better: Better::Higher,
        headline: true,
        meaning: "share of pore in the host",
        of: |f| Ok(porosity(f, geometry(f)?)),
    },
    Metric {
        key: "area_per_volume_per_m",
        name: "area per volume",
        group: "geometry",
        unit: ("1/m", "1/mm", 1e-3),
        better: Better::Higher,
        headline: true,
        meaning: "area between pore and everything else over the volume of the host, faces of the box left out",
        of: |f| Ok(area(f, geometry(f)?)),
    },
    Metric {
        key: "area_per_mass_m2_per_kg",
        name: "area per mass",
        group: "geometry",
        unit: ("m2/kg", "m\u{b2}/g", 1e-3),
        better: Better::Higher,
        headline: false,
        meaning: "the same area over the mass of carbon or metal, lithium not counted",
        of: |f| {
            let g = geometry(f)?;
            Ok(divide(area(f, g), scale(solid(f, g)?, f.known.density.ok_or(NO_DENSITY)?)))
        },
    },
    Metric {
        key: "strut_size_m",
        name: "strut size",
        group: "geometry",
        unit: MICRONS,
        better: Better::Neither,
        headline: false,
        meaning: "mean local thickness of carbon or metal: the largest spheres that fit in",
        of: |f| Ok(size(geometry(f)?, geometry(f)?.strut_m.ok_or(NO_SOLID)?)),
    },
    Metric {
        key: "pore_size_m",
        name: "pore size",
        group: "geometry",
        unit: MICRONS,
        better: Better::Neither,
        headline: false,
        meaning: "mean local thickness of the pore; not more than the box holds",
        of: |f| Ok(size(geometry(f)?, geometry(f)?.pore_m.ok_or(NO_HOST)?)),
    },
];

macro_rules! connected {
    ($key:literal, $name:literal, $phase:literal, $axis:literal) => {
        Metric {
            key: $key,
            name: $name,
            group: "percolation",
            unit: ONE,
            better: Better::Higher,
            headline: false,
            meaning: "share of the phase in clusters that join both faces across this direction; 0 where none does",
            of: |f| plain(connected(f, $phase, $axis)?),
        }
    };
}

pub(super) const PERCOLATION: &[Metric] = &[
    connected!("pore_connected_x", "pore, x", "pore", "x"),
    connected!("pore_connected_y", "pore, y", "pore", "y"),
    connected!("pore_connected_z", "pore, z", "pore", "z"),
    connected!("solid_connected_x", "solid, x", "solid", "x"),
    connected!("solid_connected_y", "solid, y", "solid", "y"),
    connected!("solid_connected_z", "solid, z", "solid", "z"),
];

macro_rules! tau {
    ($key:literal, $name:literal, $axis:literal, $headline:literal) => {
        Metric {
            key: $key,
            name: $name,
            group: "transport",
            unit: ONE,
            better: Better::Lower,
            headline: $headline,
            meaning: "tortuosity factor of the pore minus one; D_eff = D0 eps / tau, no flux through the sides",
            of: |f| tau_minus_one(f, $axis),
        }
    };
}

pub(super) const TRANSPORT: &[Metric] = &[
    tau!("pore_tau_minus_one_x", "\u{3c4} \u{2212} 1, x", "x", false),
    tau!("pore_tau_minus_one_y", "\u{3c4} \u{2212} 1, y", "y", false),
    tau!("pore_tau_minus_one_z", "\u{3c4} \u{2212} 1, z", "z", true),
    Metric {
        key: "pore_tau_e_z",
        name: "\u{3c4}_e, z",
        group: "transport",
        unit: ONE,
        better: Better::Lower,
        headline: false,
        meaning: "electrode tortuosity factor of the pore: blocking walls, dead ends counted",
        of: |f| {
            let e = f.transport.get("pore").and_then(|t| t.directions.get("z")).and_then(|d| d.electrode.as_ref());
            let e = e.ok_or(NO_HOST)?;
            Ok(Quantity { value: e.tau_e.ok_or("no walls, or no pore at the separator")?, error: e.tau_e_error })
        },
    },
    Metric {
        key: "solid_conductivity_relative_z",
        name: "\u{3c3}_eff/\u{3c3}, z",
        group: "transport",
        unit: ONE,
        better: Better::Higher,
        headline: false,
        meaning: "conductivity of the carbon or metal network along the depth over that of its material; 0 where it does not \
                  percolate",
        of: |f| {
            let t = f.transport.get("solid").ok_or(NO_SOLID)?;
            let d = t.directions.get("z").ok_or(NO_SOLID)?;
            let relative = d.tau.map_or(ErrorParts::default(), |tau| times(&d.error, 1.0 / tau));
            Ok(Quantity { value: d.d_eff_relative, error: times(&relative, d.d_eff_relative) })
        },
    },
];

/// The metrics at a thickness, for both comparisons.
macro_rules! at {
    ($group:literal, $area:literal, $path:literal, $mass:literal, $current:literal, $thickness:path) => {
        [
            Metric {
                key: $area,
                name: "area ratio",
                group: $group,
                unit: ONE,
                better: Better::Higher,
                headline: true,
                meaning: "area that lithium can be plated on per projected area, floor of the collector and top land included",
                of: |f| area_ratio(f, $thickness(f)),
            },
            Metric {
                key: $path,
                name: "electrolyte path",
                group: $group,
                unit: MICRONS,
                better: Better::Lower,
                headline: true,
                meaning: "thickness of free electrolyte that resists as much as the pores along the depth: tau L / eps",
                of: |f| {
                    let g = geometry(f)?;
                    let tau = tau_minus_one(f, "z")?;
                    let tau = Quantity { value: tau.value + 1.0, ..tau };
                    Ok(divide(multiply(tau, $thickness(f)?), porosity(f, g)))
                },
            },
            Metric {
                key: $mass,
                name: "host mass",
                group: $group,
                unit: ("kg/m2", "mg/cm\u{b2}", 100.0),
                better: Better::Lower,
                headline: false,
                meaning: "mass of carbon or metal per projected area, lithium not counted",
                of: |f| {
                    let g = geometry(f)?;
                    let mass = scale(solid(f, g)?, f.known.density.ok_or(NO_DENSITY)?);
                    Ok(multiply(mass, $thickness(f)?))
                },
            },
            Metric {
                key: $current,
                name: "local current",
                group: $group,
                unit: ("A/m2", "mA/cm\u{b2}", 0.1),
                better: Better::Lower,
                headline: false,
                meaning: "the applied current over the area that it can use: the mean if all of it were used alike",
                of: |f| {
                    let applied = Quantity::from(f.conditions.current_a_per_m2);
                    Ok(divide(applied, area_ratio(f, $thickness(f))?))
                },
            },
        ]
    };
}

pub(super) const THICKNESS: &[Metric] = &{
    let [area, path, mass, current] = at!(
        "equal thickness",
        "thickness_area_ratio",
        "thickness_electrolyte_path_m",
        "thickness_host_mass_kg_per_m2",
        "thickness_local_current_a_per_m2",
        thickness
    );
    [
        area,
        Metric {
            key: "thickness_capacity_c_per_m2",
            name: "filling capacity",
            group: "equal thickness",
            unit: ("C/m2", "mAh/cm\u{b2}", 1.0 / 3.6e4),
            better: Better::Higher,
            headline: true,
            meaning: "capacity per projected area at which dense lithium has filled the pores",
            of: |f| {
                let g = geometry(f)?;
                Ok(scale(multiply(porosity(f, g), thickness(f)?), LITHIUM_C_PER_M3))
            },
        },
        path,
        mass,
        current,
    ]
};

pub(super) const CAPACITY: &[Metric] = &{
    let [area, path, mass, current] = at!(
        "equal capacity",
        "capacity_area_ratio",
        "capacity_electrolyte_path_m",
        "capacity_host_mass_kg_per_m2",
        "capacity_local_current_a_per_m2",
        thickness_for_capacity
    );
    [
        Metric {
            key: "capacity_thickness_m",
            name: "thickness",
            group: "equal capacity",
            unit: MICRONS,
            better: Better::Lower,
            headline: true,
            meaning: "thickness at which the pores hold the capacity as dense lithium",
            of: thickness_for_capacity,
        },
        area,
        path,
        mass,
        current,
    ]
};

pub(super) fn geometry(f: &Facts) -> Result<&Geometry, &'static str> {
    f.geometry.as_ref().ok_or(NO_HOST)
}

pub(super) fn porosity(f: &Facts, g: &Geometry) -> Quantity {
    let (resolution, segmentation) = (f.known.fraction_off.map(f64::abs), f.known.fraction_segmentation);
    Quantity { value: g.porosity, error: ErrorParts { resolution, segmentation, ..ErrorParts::default() } }
}

/// A thickness: each of its two boundaries lies somewhere within a voxel, half of one off at most on average.
fn size(g: &Geometry, value: f64) -> Quantity {
    Quantity { value, error: ErrorParts { resolution: Some(0.5 * g.voxel_m), ..ErrorParts::default() } }
}

pub(super) fn solid(f: &Facts, g: &Geometry) -> Result<Quantity, &'static str> {
    if g.solid_fraction <= 0.0 {
        return Err(NO_SOLID);
    }
    Ok(Quantity { value: g.solid_fraction, error: porosity(f, g).error })
}

/// The area with what voxels leave open: the spread of the estimators, or the distance to the exact area where that is more.
pub(super) fn area(f: &Facts, g: &Geometry) -> Quantity {
    let off = f.known.exact_area_per_m.map_or(0.0, |exact| (exact - g.area_per_m).abs());
    let resolution = Some(off.max(g.area_spread_per_m));
    Quantity { value: g.area_per_m, error: ErrorParts { resolution, ..ErrorParts::default() } }
}

pub(super) fn area_ratio(f: &Facts, thickness: Result<Quantity, &'static str>) -> Result<Quantity, &'static str> {
    let Some(g) = &f.geometry else { return plain(1.0) };
    if f.scalable {
        let walls = multiply(area(f, g), thickness?);
        return Ok(Quantity { value: 1.0 + walls.value, ..walls });
    }
    let walls = scale(area(f, g), g.depth_m);
    Ok(Quantity { value: walls.value + g.floor + g.land, ..walls })
}

pub(super) fn thickness(f: &Facts) -> Result<Quantity, &'static str> {
    if f.scalable { plain(f.conditions.thickness_m) } else { Err(FIXED) }
}

pub(super) fn thickness_for_capacity(f: &Facts) -> Result<Quantity, &'static str> {
    let g = geometry(f)?;
    if !f.scalable {
        return Err(FIXED);
    }
    if g.porosity <= 0.0 {
        return Err("no pore to fill");
    }
    Ok(divide(Quantity::from(f.conditions.capacity_c_per_m2 / LITHIUM_C_PER_M3), porosity(f, g)))
}

fn connected(f: &Facts, phase: &str, axis: &str) -> Result<f64, &'static str> {
    let none = if phase == "pore" { NO_HOST } else { NO_SOLID };
    let t = f.transport.get(phase).ok_or(none)?;
    let d = t.directions.get(axis).ok_or(none)?;
    Ok(if t.phase.volume_fraction > 0.0 { d.percolating_fraction / t.phase.volume_fraction } else { 0.0 })
}

pub(super) fn tau_minus_one(f: &Facts, axis: &str) -> Result<Quantity, &'static str> {
    let d = f.transport.get("pore").and_then(|t| t.directions.get(axis)).ok_or(NO_HOST)?;
    Ok(Quantity { value: d.tau_minus_one.ok_or(BLOCKED)?, error: d.error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::settings::CompareSettings;
    use crate::compare::specimen::Known;
    use crate::config::Config;
    use std::collections::BTreeMap;

    fn facts() -> Facts {
        Facts {
            conditions: CompareSettings::new(&Config::default()).unwrap(),
            known: Known { density: Some(2000.0), fraction_off: Some(-0.01), ..Known::default() },
            geometry: Some(Geometry {
                depth_m: 50e-6,
                porosity: 0.8,
                solid_fraction: 0.2,
                area_per_m: 1e5,
                area_spread_per_m: 2e3,
                voxel_m: 1e-6,
                strut_m: Some(5e-6),
                pore_m: Some(20e-6),
                floor: 0.7,
                land: 0.1,
            }),
            scalable: true,
            transport: BTreeMap::new(),
            network: Err(NO_SOLID),
            current: Err(NO_SOLID),
            surfaces: Err(NO_SOLID),
            shape_zyx: [1, 1, 1],
            map: None,
        }
    }

    fn value(f: &Facts, key: &str) -> Result<Quantity, &'static str> {
        (crate::compare::metrics::all().find(|m| m.key == key).unwrap().of)(f)
    }

    #[test]
    fn equal_thickness_and_equal_capacity_are_the_same_host_where_they_meet() {
        let mut f = facts();
        let found = |f: &Facts, key: &str| value(f, key).unwrap().value;
        // 82 µm: 1 + 1e5 * 82e-6 = 9.2 times the projected area.
        assert!((found(&f, "thickness_area_ratio") - 9.2).abs() < 1e-12);
        assert!((found(&f, "thickness_local_current_a_per_m2") - 10.0 / 9.2).abs() < 1e-12);
        assert!((found(&f, "thickness_host_mass_kg_per_m2") - 0.2 * 2000.0 * 82e-6).abs() < 1e-15);
        let capacity = found(&f, "thickness_capacity_c_per_m2");
        // 82 µm at 0.8 hold 65.6 µm of lithium: 13.5 mAh/cm2 at 4.85 µm each.
        assert!((capacity / 3.6e4 - 65.6 / 4.850).abs() < 2e-3, "{capacity}");
        f.conditions.capacity_c_per_m2 = capacity;
        assert!((found(&f, "capacity_thickness_m") - 82e-6).abs() < 1e-15);
        assert!((found(&f, "capacity_area_ratio") - 9.2).abs() < 1e-12);
    }

    #[test]
    fn errors_go_through_every_formula() {
        let f = facts();
        let e = |key: &str| value(&f, key).unwrap().error;
        // 0.01 of 0.8 is 1.25 %; the thickness for a capacity goes with 1 / eps.
        let l = value(&f, "capacity_thickness_m").unwrap();
        assert!((l.error.resolution.unwrap() / l.value - 0.0125).abs() < 1e-12);
        // Area 2 % and thickness 1.25 %, of the walls alone.
        let a = value(&f, "capacity_area_ratio").unwrap();
        assert!((a.error.resolution.unwrap() / (a.value - 1.0) - 0.0325).abs() < 1e-12);
        assert_eq!(e("strut_size_m").resolution, Some(0.5e-6));
        // Per mass: 2 % of the area and 5 % of the solid's 0.2.
        let m = value(&f, "area_per_mass_m2_per_kg").unwrap();
        assert!((m.value - 250.0).abs() < 1e-9 && (m.error.resolution.unwrap() / m.value - 0.07).abs() < 1e-12);
    }

    #[test]
    fn a_layer_on_metal_has_its_own_area_and_no_other_thickness() {
        let f = Facts { scalable: false, ..facts() };
        // 1e5 * 50e-6 of walls, 0.7 of floor and 0.1 of land.
        assert!((value(&f, "thickness_area_ratio").unwrap().value - 5.8).abs() < 1e-12);
        assert_eq!(value(&f, "capacity_thickness_m"), Err(FIXED));
        let plane = Facts { geometry: None, scalable: false, ..facts() };
        assert!((value(&plane, "capacity_area_ratio").unwrap().value - 1.0).abs() < 1e-15);
        assert_eq!(value(&plane, "porosity"), Err(NO_HOST));
        assert_eq!(value(&plane, "thickness_electrolyte_path_m"), Err(NO_HOST));
    }
}
