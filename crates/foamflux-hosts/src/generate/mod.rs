//! Generators other than foams: fibre mats, channels, sphere packings, random fields, foils.

pub mod channels;
pub mod fibres;
pub mod field;
pub mod foil;
pub mod spheres;
