//! Systems of the source paper and its references that voxels cannot represent, and why.

/// A system without a voxel model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Unresolved {
    /// Row of the list of systems.
    pub row: &'static str,
    /// Reference number of the source paper, or none for the paper's own.
    pub system: &'static str,
    /// Why there is no voxel model, and what stands in for it.
    pub why: &'static str,
}

/// All of them.
pub const UNRESOLVED: &[Unresolved] = &[
    Unresolved {
        row: "A1, cracked",
        system: "lithium foil under a cracked film",
        why: "cracks of nanometres in a film of nanometres: not geometry but a resistance that varies over the surface; 'foil' \
              and 'foil-rough' are the surfaces, and --film and --i0 by label the film",
    },
    Unresolved {
        row: "A6, A7",
        system: "symmetric, half and full cells",
        why: "cells, not hosts: voltage and efficiency records have no geometry of their own; use 'foil' and 'li-cmf'",
    },
    Unresolved {
        row: "ref 7",
        system: "unstacked graphene 'drum' (Zhang R. 2016)",
        why: "sheets of single layers, areas of 1e7 to 1e8 per metre: a homogenised block is the model; 'crumpled-sheets' \
              shows the topology at sheets of a micrometre and says so",
    },
    Unresolved {
        row: "ref 9a",
        system: "carbon nanotube paper (Sun 2018)",
        why: "tubes of 20 to 100 nm: a representative box would have more than 1e10 voxels; homogenise, or take 'cnf-mat' \
              at its own scale; its class name in the paper ('vertical nanochannels') is 'nanochannels'",
    },
    Unresolved {
        row: "ref 10",
        system: "neuron-mimic Zn/Co star (Yu 2019)",
        why: "a lithium-ion anode, not a host for plating: excluded from rankings",
    },
    Unresolved {
        row: "ref 13",
        system: "atomically dispersed CoNx sites (Liu 2019)",
        why: "single atoms: a uniform change of kinetics on the faces of any host, not geometry",
    },
    Unresolved {
        row: "ref 15",
        system: "nanosheets in PAN fibre (Song 2025)",
        why: "sheets of 20 to 50 nm in a lithium-ion anode: excluded from rankings",
    },
    Unresolved {
        row: "D7",
        system: "homogenised block (graphene, carbon nanotubes)",
        why: "a medium without structure needs no voxels: its current distribution is the formula of Newman and Tobias, which \
              'current' draws beside every solve",
    },
];
