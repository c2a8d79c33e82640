//! How the numbers of a run were made, as a paragraph for a paper, with the works that exactly these methods come from.

mod references;

use foamflux_results::{CurrentResults, RunResults, SegmentResults};

use references::*;

use crate::number::{length, trimmed};

/// Methods of a run.
#[derive(Debug, Default)]
pub(crate) struct Methods {
    /// Paragraphs; numbers in brackets are those of the references.
    pub(crate) paragraphs: Vec<String>,
    /// Text and DOI, in the order of their numbers.
    pub(crate) references: Vec<(String, &'static str)>,
    /// Entries for reference managers, the program's own first.
    pub(crate) bibtex: String,
}

/// The works cited so far, in order.
#[derive(Default)]
struct Citations(Vec<Work>);

impl Citations {
    /// Numbers in brackets.
    fn cite(&mut self, works: &[Work]) -> String {
        let mut numbers: Vec<usize> = works.iter().map(|work| self.number(*work)).collect();
        numbers.sort_unstable();
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        format!("[{}]", numbers.join(", "))
    }

    fn number(&mut self, work: Work) -> usize {
        match self.0.iter().position(|known| *known == work) {
            Some(index) => index + 1,
            None => {
                self.0.push(work);
                self.0.len()
            }
        }
    }
}

/// The methods of a run.
pub(crate) fn methods(r: &RunResults) -> Methods {
    let mut cited = Citations::default();
    let paragraphs: Vec<String> = [
        Some(image(r, &mut cited)),
        morphology(r, &mut cited),
        transport(r, &mut cited),
        r.current.as_ref().and_then(|c| current(c, r, &mut cited)),
        Some(errors(r, &mut cited)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let year = r.finished_utc.get(..4).unwrap_or_default();
    let program = format!(
        "@software{{{0},\n  title = {{{0}: from tomography and SEM stacks of porous lithium hosts to numbers and maps}},\n  version = {{{1}}},\n  year = {{{year}}}\n}}",
        r.program.name, r.program.version
    );
    let entries: Vec<String> = std::iter::once(program).chain(cited.0.iter().map(Work::bibtex)).collect();
    Methods {
        paragraphs,
        references: cited.0.iter().map(|work| (work.text(), work.doi)).collect(),
        bibtex: entries.join("\n\n"),
    }
}

fn image(r: &RunResults, cited: &mut Citations) -> String {
    let [z, y, x] = r.volume.shape_zyx;
    let mut text = format!("A volume of {x} × {y} × {z} voxels (x, y, z)");
    text += &match r.volume.voxel_size_m_xyz {
        Some([a, b, c]) if (a - b).abs() < 1e-9 * a && (a - c).abs() < 1e-9 * a => {
            format!(" with edges of {}", length(a))
        }
        Some(edges) => format!(" with edges of {}", edges.map(length).join(", ")),
        None => " of unknown size".to_owned(),
    };
    text += &format!(" was analysed with {} {}.", r.program.name, r.program.version);
    match &r.segment {
        Some(s) => text += &segmentation(s, cited),
        None => text += " Its voxels were labelled before.",
    }
    text
}

fn segmentation(s: &SegmentResults, cited: &mut Citations) -> String {
    let mut text = String::new();
    if let Some(p) = &s.preparation {
        let corrected: Vec<&str> = p.corrections.iter().filter(|c| c.corrected).map(|c| c.artefact.as_str()).collect();
        if !corrected.is_empty() {
            text += &format!(" Artefacts were corrected ({}).", corrected.join(", "));
        }
        if p.alignment.is_some() {
            text += &format!(" Slices were aligned by correlation of their phases {}.", cited.cite(&[KUGLIN]));
        }
    }
    let (how, works): (&str, &[Work]) = match s.method.as_str() {
        "otsu" => ("Otsu's threshold", &[OTSU]),
        "otsu-slices" => ("Otsu's threshold of every slice", &[OTSU]),
        "multi-otsu" => ("Otsu's thresholds of several classes", &[OTSU, MULTI_OTSU]),
        "li" => ("the threshold of least cross entropy", &[LI]),
        "triangle" => ("the triangle method", &[TRIANGLE]),
        "minimum-error" => ("the threshold of minimum error", &[MINIMUM_ERROR]),
        "sauvola" => ("Sauvola's local threshold", &[SAUVOLA]),
        "markov" => ("a Markov random field", &[MARKOV]),
        "hysteresis" => ("two thresholds with hysteresis", &[CANNY]),
        "classifier" => ("a random forest trained on painted voxels", &[FOREST]),
        "conserve" => ("the threshold at which solid keeps the volume that its grey values add up to", &[]),
        "fixed" => ("a given threshold", &[]),
        _ => ("the method named in the configuration", &[]),
    };
    let cite = if works.is_empty() { String::new() } else { format!(" {}", cited.cite(works)) };
    text += &format!(" Solid and pore were told apart by {how}{cite}");
    if let [threshold] = s.thresholds[..] {
        text += &format!(", at a grey value of {}", trimmed(threshold, 5));
    }
    text.push('.');
    text
}

fn morphology(r: &RunResults, cited: &mut Citations) -> Option<String> {
    let mut text = String::new();
    if let Some(t) = &r.tag {
        text += &format!(
            "The solid was thinned to a skeleton of the same topology by distance-ordered homotopic thinning {}; nodes are where three or more of its curves meet, {} in number, and fibres run between them, {} in number.",
            cited.cite(&[THINNING, SIMPLE]),
            t.nodes.count,
            t.fibres.count
        );
    }
    if let Some(m) = &r.measure {
        if let Some(s) = &m.surface {
            let (how, works): (&str, &[Work]) = match s.recommended_method.as_str() {
                "weighted_faces" => ("voxel faces weighted by the surface normal", &[NORMALS]),
                "crofton" => ("Crofton's formula", &[CROFTON]),
                "marching_cubes" => ("marching cubes on the labels", &[MARCHING_CUBES]),
                "grey_marching_cubes" => ("marching cubes on the grey values", &[MARCHING_CUBES]),
                other => (other, &[]),
            };
            let cite = if works.is_empty() { String::new() } else { format!(" {}", cited.cite(works)) };
            text += &format!(
                " Surface area is by {how}{cite}; its error is the spread of three estimators {}.",
                cited.cite(&[CROFTON, MARCHING_CUBES])
            );
        }
        if m.thickness_m.is_some() || m.thickness_vox.is_some() {
            text += &format!(
                " Strut thickness and pore size are diameters of the largest inscribed spheres {}.",
                cited.cite(&[THICKNESS])
            );
        }
    }
    (!text.is_empty()).then(|| text.trim_start().to_owned())
}

fn transport(r: &RunResults, cited: &mut Citations) -> Option<String> {
    let directions = || r.transport.values().flat_map(|t| t.directions.values());
    if !directions().any(|d| d.percolates) {
        return None;
    }
    let phases: Vec<&str> = r.transport.keys().map(String::as_str).collect();
    let mut text = format!(
        "Tortuosity factors τ = ε D0 / D_eff {} of {} come from steady conduction between fixed potentials on opposite outer faces of the box, discretised by finite volumes on the voxels and solved by conjugate gradients {} with an algebraic multigrid preconditioner {}.",
        cited.cite(&[TORTUOSITY]),
        phases.join(" and "),
        cited.cite(&[GRADIENTS]),
        cited.cite(&[MULTIGRID])
    );
    if directions().any(|d| d.tau_bounds.is_some()) {
        text += &format!(
            " Energies of an admissible potential and an admissible flux bound τ from both sides {}",
            cited.cite(&[BOUNDS])
        );
        text += &if directions().any(|d| d.tau_voxel_geometry_bounds.is_some()) {
            format!(
                ", for the discrete problem and, with Raviart-Thomas elements {}, for the voxel geometry.",
                cited.cite(&[ELEMENTS])
            )
        } else {
            ".".to_owned()
        };
    }
    if directions().any(|d| d.geometric_tortuosity.is_some()) {
        text += &format!(" Shortest paths were found by fast marching {}.", cited.cite(&[MARCHING]));
    }
    if directions().any(|d| d.electrode.is_some()) {
        text += &format!(
            " The electrode tortuosity factor is that of the symmetric cell with blocking walls {}.",
            cited.cite(&[ELECTRODE, IMPEDANCE])
        );
    }
    Some(text)
}

fn current(c: &CurrentResults, r: &RunResults, cited: &mut Citations) -> Option<String> {
    let applied = c.applied_current_a_per_m2?;
    let marcus = r.configuration.get("kinetics").and_then(|k| k.as_str()).is_some_and(|k| k.starts_with('m'));
    let (law, work) = if marcus {
        ("the law of Marcus, Hush and Chidsey", MARCUS)
    } else {
        ("the law of Butler and Volmer", SYSTEMS)
    };
    let mut text = format!(
        "The current distribution at {} mA/cm² of projected area couples Ohm's law in solid and electrolyte through {law} {} on the true area of the surface (weighted voxel faces), solved by Newton's method",
        trimmed(0.1 * applied, 4),
        cited.cite(&[work])
    );
    text += match c.model.as_str() {
        "dilute" => ", with the salt of a dilute solution acting on both.",
        "concentrated" => ", with the salt of a concentrated solution acting on both.",
        _ => "; the concentration of the salt does not act on it (secondary distribution).",
    };
    text +=
        &format!(" The profile of the homogeneous electrode is that of Newman and Tobias {}.", cited.cite(&[POROUS]));
    let assumed: Vec<String> = c
        .inputs
        .iter()
        .filter(|i| i.standing == "assumed")
        .map(|i| {
            let label = i.label.as_ref().map_or_else(String::new, |l| format!(" of {l}"));
            let value =
                if i.value != 0.0 && i.value.abs() < 1e-3 { format!("{:e}", i.value) } else { trimmed(i.value, 4) };
            let unit = if i.unit == "1" { "" } else { &i.unit };
            format!("{}{label} {value} {unit}", i.key).trim_end().to_owned()
        })
        .collect();
    if !assumed.is_empty() {
        text += &format!(" Assumed, not measured: {}.", assumed.join(", "));
    }
    Some(text)
}

fn errors(r: &RunResults, cited: &mut Citations) -> String {
    let mut parts = vec!["solver (bounds or estimate of what iterations left)", "resolution (of the voxels)"];
    let doubt = r.doubt.is_some();
    if doubt {
        parts.push("segmentation (the same work at the ends of the band of thresholds that would have been as good)");
    }
    let mut text = format!("Errors are stated by source: {}", parts.join(", "));
    if r.measure.as_ref().is_some_and(|m| m.sampling.is_some()) {
        text += &format!(", sampling (the integral range of the box {})", cited.cite(&[RANGE]));
    }
    text.push('.');
    if let Some(rule) = &r.error_total_rule {
        let rule = rule.strip_prefix("total = ").unwrap_or(rule);
        text += &format!(" The total is the {}.", rule.trim_end_matches('.').replace("^2", "²"));
    }
    text
}
