//! What battery models take from a run: a partial parameter set of BPX, and parameters under PyBaMM's names.
//!
//! # Conventions
//! Both programs multiply a bulk conductivity or diffusivity with the transport efficiency, the inverse of the MacMullin number,
//! which is `d_eff_relative` here: eps/tau with tau the tortuosity factor.
//!
//! - **BPX** (1.1, `schema.py`): a `"Partial"` set may leave out all it does not know. Inside of an electrode it would need particles,
//!   which a host of lithium metal has none of, so everything is `"User-defined"`, each name with the key that an electrode would have
//!   after `Host: `. `Conductivity [S.m-1]` is the *effective* one of the matrix.
//! - **PyBaMM** (26.4, `tortuosity_factor.py`): the electrolyte's efficiency is porosity/tau, that of the matrix (1 - porosity)/tau, for
//!   models with the option `{"transport efficiency": "tortuosity factor"}`. Without it models take porosity^b, so b is handed over as
//!   well and either way is right. `conductivity` is that of the *bulk*, which the model multiplies with the efficiency.
//!
//! Nothing that was merely assumed is handed over: the conductivity of the solid only where the user gave it.
//! A thickness is that of the box, which may be a crop.

use std::collections::BTreeMap;

use foamflux_results::RunResults;
use serde_json::{Value, json};

/// The version of BPX whose keys these are.
const BPX_VERSION: &str = "1.1.1";

/// A number and its total error, where that was estimated.
type Known = (f64, Option<f64>);

/// What a run knows of the host, along its depth.
struct Host {
    axis: String,
    thickness_m: Option<f64>,
    porosity: Known,
    /// Efficiency of pore and solid.
    pore: Option<Known>,
    solid: Option<Known>,
    tau_pore: Option<Known>,
    tau_solid: Option<Known>,
    tau_e: Option<Known>,
    area_per_m: Option<Known>,
    /// Of the bulk, as given by the user, equal for every label.
    sigma_s_per_m: Option<f64>,
}

impl Host {
    /// None where not even the porosity is known.
    fn of(results: &RunResults) -> Option<Self> {
        let axis = depth_axis(results);
        let index = ["x", "y", "z"].iter().position(|a| *a == axis)?;
        let shape = results.volume.shape_zyx;
        let thickness_m =
            results.volume.voxel_size_m_xyz.map(|edges| edges[index] * [shape[2], shape[1], shape[0]][index] as f64);
        let measured = results.measure.as_ref();
        let pore = measured.and_then(|m| m.phases.get("pore"));
        let solved = |phase: &str| results.transport.get(phase);
        let porosity = match (pore, solved("pore")) {
            (Some(p), _) => (p.volume_fraction, p.error.total),
            (None, Some(t)) => (t.phase.volume_fraction, None),
            (None, None) => return None,
        };
        let direction = |phase: &str| solved(phase).and_then(|t| t.directions.get(&axis)).filter(|d| d.percolates);
        let tau = |phase: &str| direction(phase).and_then(|d| Some((d.tau?, d.error.total)));
        let efficiency = |phase: &str, share: Known| {
            let (tau, tau_error) = tau(phase)?;
            let value = direction(phase)?.d_eff_relative;
            // Share and tau move together with the threshold: their relative errors are added.
            let relative = tau_error.map(|e| e / tau + share.1.unwrap_or(0.0) / share.0);
            Some((value, relative.map(|r| r * value)))
        };
        let solid = measured.and_then(|m| m.phases.get("solid")).map(|p| (p.volume_fraction, p.error.total));
        let solid = solid.or_else(|| solved("solid").map(|t| (t.phase.volume_fraction, None)));
        let area_per_m = measured
            .and_then(|m| m.surface.as_ref())
            .and_then(|s| Some((s.area_per_volume_per_m.as_ref()?.recommended, s.error.total)));
        Some(Host {
            thickness_m,
            porosity,
            pore: efficiency("pore", porosity),
            solid: solid.and_then(|share| efficiency("solid", share)),
            tau_pore: tau("pore"),
            tau_solid: tau("solid"),
            tau_e: solved("pore")
                .and_then(|t| t.directions.get(&axis)?.electrode.as_ref())
                .and_then(|e| Some((e.tau_e?, e.tau_e_error.total))),
            area_per_m,
            sigma_s_per_m: given_sigma(results),
            axis,
        })
    }
}

/// The axis along which an electrode is thick: that of the current distribution, or the one that was asked for, or z.
fn depth_axis(results: &RunResults) -> String {
    let asked = results.configuration.get("direction").and_then(Value::as_str).filter(|d| *d != "all");
    let axis = results.current.as_ref().map(|c| c.direction.as_str()).or(asked);
    axis.unwrap_or("z").to_owned()
}

/// The conductivity of the solid where the user gave one and the same for all its labels.
fn given_sigma(results: &RunResults) -> Option<f64> {
    let mut inputs = results.current.as_ref()?.inputs.iter().filter(|i| i.key == "sigma");
    let first = inputs.next()?;
    let same = |value: f64| (value - first.value).abs() <= f64::EPSILON * first.value.abs();
    (first.standing == "given" && inputs.all(|i| i.standing == "given" && same(i.value))).then_some(first.value)
}

/// Numbers by name; an error goes under the same name with `error` behind.
#[derive(Default)]
struct Table(BTreeMap<String, Value>);

impl Table {
    fn put(&mut self, name: &str, known: Option<Known>) {
        let Some((value, error)) = known.filter(|(value, _)| value.is_finite()) else { return };
        self.0.insert(name.to_owned(), json!(value));
        if let Some(error) = error.filter(|e| e.is_finite()) {
            // The unit stays at the end, where both programs look for it.
            let name = match name.split_once(" [") {
                Some((words, unit)) => format!("{words} error [{unit}"),
                None => format!("{name} error"),
            };
            self.0.insert(name, json!(error));
        }
    }
}

/// A BPX file of the model `"Partial"`; none where the run has neither measured nor solved anything.
#[must_use]
pub fn bpx(results: &RunResults) -> Option<Value> {
    let host = Host::of(results)?;
    let mut table = Table::default();
    let exact = |v: f64| (v, None);
    table.put("Host: Thickness [m]", host.thickness_m.map(exact));
    table.put("Host: Porosity", Some(host.porosity));
    table.put("Host: Transport efficiency", host.pore);
    table.put("Host: Surface area per unit volume [m-1]", host.area_per_m);
    let effective = host.sigma_s_per_m.zip(host.solid).map(|(s, (value, error))| (s * value, error.map(|e| e * s)));
    table.put("Host: Conductivity [S.m-1]", effective);
    table.put("Host: Transport efficiency (solid)", host.solid);
    table.put("Host: Tortuosity factor (pore)", host.tau_pore);
    table.put("Host: Tortuosity factor (solid)", host.tau_solid);
    table.put("Host: Electrode tortuosity factor (blocking walls)", host.tau_e);
    let description = format!(
        "Porous host of '{}' along {}, computed from its image by foamflux {}. After 'Host: ' stands the BPX key that an electrode \
         would have. Transport efficiency = inverse MacMullin number = porosity / tortuosity factor. Conductivity is the effective \
         one of the matrix, and there only where that of the solid was given. Thickness is that of the imaged box. Errors are \
         totals of solver, resolution, segmentation and sampling, as far as they were estimated.",
        results.sample, host.axis, results.program.version
    );
    table.0.insert("description".to_owned(), json!(description));
    Some(json!({
        "Header": {
            "BPX": BPX_VERSION,
            "Title": format!("Host geometry of {}", results.sample),
            "Description": description,
            "References": format!("{} {}", results.program.name, results.program.version),
            "Model": "Partial",
        },
        "Parameterisation": {"User-defined": table.0},
    }))
}

/// Numbers under PyBaMM's names, for `ParameterValues.update`; none where the run has neither measured nor solved anything.
///
/// All are numbers, because PyBaMM takes nothing else; their errors have names of their own, which it ignores.
#[must_use]
pub fn pybamm(results: &RunResults) -> Option<Value> {
    let host = Host::of(results)?;
    let (porosity, solid_share) = (host.porosity.0, 1.0 - host.porosity.0);
    let mut table = Table::default();
    let mut put = |name: &str, known| table.put(&format!("Negative electrode {name}"), known);
    put("thickness [m]", host.thickness_m.map(|v| (v, None)));
    put("porosity", Some(host.porosity));
    put("surface area to volume ratio [m-1]", host.area_per_m);
    for (component, share, efficiency, own) in
        [("electrolyte", porosity, host.pore, host.tau_pore), ("electrode", solid_share, host.solid, host.tau_solid)]
    {
        // What PyBaMM multiplies with is share/tau, so tau follows from the efficiency whatever fills the rest of the box.
        let relative = own.and_then(|(tau, error)| Some(error? / tau));
        let tau = efficiency.map(|(value, _)| (share / value, relative.map(|r| r * share / value)));
        put(&format!("tortuosity factor ({component})"), tau);
        let exponent = efficiency.map(|(value, _)| (value.ln() / share.ln(), None));
        put(&format!("Bruggeman coefficient ({component})"), exponent);
    }
    put("conductivity [S.m-1]", host.sigma_s_per_m.filter(|_| host.solid.is_some()).map(|s| (s, None)));
    Some(json!(table.0))
}
