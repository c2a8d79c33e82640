//! What every default rests on, and the list of inputs that says so.
//!
//! A number counts as published where a work states it for a material of that kind; what is usual, the simplest of the possible
//! (no barrier, no film) and the order of magnitude of something that nobody was found to have measured do not.
//! What is computed from other inputs is no better founded than the weakest of these.

use foamflux_grid::Label;
use foamflux_results::{Basis, CurrentInput};

/// What a default rests on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ground {
    basis: Basis,
    /// In words, with a short citation where the number is published.
    source: &'static str,
}

const fn literature(source: &'static str) -> Ground {
    Ground { basis: Basis::Literature, source }
}

const fn handbook(source: &'static str) -> Ground {
    Ground { basis: Basis::Handbook, source }
}

const fn convention(source: &'static str) -> Ground {
    Ground { basis: Basis::Convention, source }
}

const fn placeholder(source: &'static str) -> Ground {
    Ground { basis: Basis::Placeholder, source }
}

pub(super) const CURRENT: Ground = convention("1 mA/cm2 per cross-section, the middle of what hosts are tested at");
pub(super) const I0: Ground = literature(
    "bare lithium foil in an ether electrolyte, 0.28 mA/cm2, taken to be on true area (Zhang et al., Nano Lett. 2026, 26, 3330)",
);
pub(super) const ETA_NUC: Ground =
    convention("no barrier; 20 to 50 mV have been read on carbon, 0 to 20 mV on lithiophilic sites");
pub(super) const FILM: Ground = convention("no resistance of an interphase");
const SIGMA_CARBON: Ground =
    placeholder("melamine foam carbonised at 900 C, of which no number was found; 1e3 to 1e4 S/m are possible");
const SIGMA_LITHIUM: Ground = handbook("lithium at 20 C, 9.3e-8 ohm m (CRC Handbook of Chemistry and Physics)");
const SIGMA_COPPER: Ground = handbook("copper at 20 C, 1.68e-8 ohm m (CRC Handbook of Chemistry and Physics)");
pub(super) const KAPPA: Ground = placeholder("placeholder for 1 M LiTFSI in DOL/DME, of which no number was found");
pub(super) const SALT: Ground = placeholder(
    "placeholder for 1 M LiTFSI in DOL/DME, of which no number was found; the secondary model needs it for limits only",
);
pub(super) const CONCENTRATION: Ground = convention("1 M");
pub(super) const TEMPERATURE: Ground = convention("25 C");
pub(super) const ALPHA: Ground = convention("symmetric charge transfer");
pub(super) const REORGANISATION: Ground = placeholder("no number was found for this electrolyte; sweep 0.2 to 0.5 eV");
pub(super) const I0_EXPONENT: Ground =
    convention("i0 in proportion to the square root of the concentration; 0.3 has been used as well");
pub(super) const THERMODYNAMIC_FACTOR: Ground =
    convention("that of an ideal solution; conductivity follows c exp(-c/c0), with its maximum at c0");
pub(crate) const CAPACITY: Ground =
    literature("10 mAh/cm2, what was plated on carbonised melamine foam (Zhang et al., Nano Lett. 2026, 26, 3330)");
pub(crate) const CAPACITANCE: Ground = literature(
    "double layer on true area, as in PyBaMM's set Xu2019 (Xu et al., J. Electrochem. Soc. 2019, 166, A3456); 0.1 to 0.2 F/m2 are usual",
);

/// Conductivity of the solid.
pub(super) fn sigma(label: Label) -> Ground {
    match label {
        Label::Lithium => SIGMA_LITHIUM,
        Label::Collector => SIGMA_COPPER,
        _ => SIGMA_CARBON,
    }
}

/// Conductivity of the electrolyte in a separator, which is no better known than that outside of it.
pub(super) fn kappa_separator(kappa_given: bool) -> Ground {
    let source = "kappa in a separator of porosity 0.39, as in PyBaMM's set Xu2019 (Xu et al., J. Electrochem. Soc. 2019, 166, A3456), and Bruggeman exponent 1.5; used where label 5 is";
    if kappa_given { literature(source) } else { placeholder(source) }
}

/// Conductivity of ideal ions, whose law is a convention.
pub(super) fn kappa_of_ions(all_given: bool) -> Ground {
    let source = "follows from diffusivity, transference number and concentration of ideal ions";
    if all_given { convention(source) } else { placeholder(source) }
}

/// An input with its standing; `ground` is what the value rests on where it was not given.
pub(crate) fn input(
    key: &str,
    label: Option<Label>,
    value: f64,
    unit: &str,
    given: bool,
    ground: Ground,
) -> CurrentInput {
    CurrentInput {
        key: key.to_owned(),
        label: label.map(|l| l.name().to_owned()),
        value,
        unit: unit.to_owned(),
        standing: if given { "given" } else { "assumed" }.to_owned(),
        basis: (!given).then_some(ground.basis),
        source: (!given).then(|| ground.source.to_owned()),
    }
}

/// Replaces what an input that was not given rests on.
pub(super) fn rest_on(input: &mut CurrentInput, ground: Ground) {
    input.standing = "assumed".to_owned();
    (input.basis, input.source) = (Some(ground.basis), Some(ground.source.to_owned()));
}
