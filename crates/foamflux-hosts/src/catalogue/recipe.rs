//! A preset with the user's changes: every value, where it came from, and the box.

use foamflux_grid::{Shape, VoxelSize, VoxelSizeSource, units};
use serde::Serialize;

use super::parameter::Parameter;
use super::presets::{Preset, presets};
use crate::error::HostError;
use crate::presets::Standing;
use crate::words::did_you_mean;

/// Most voxels along an edge; more would not fit any memory.
const MOST_VOXELS: usize = 8192;

/// One value of a recipe.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Key.
    pub key: &'static str,
    /// What it is.
    pub what: &'static str,
    /// Value in the unit.
    pub value: Option<f64>,
    /// Unit of the value: `m`, `degree` or `1`.
    pub unit: &'static str,
    /// Value as the user would write it.
    pub text: String,
    /// Accepted values.
    pub range: String,
    /// How well founded it is.
    pub standing: Standing,
    /// Where it comes from.
    pub source: String,
}

/// Everything that is needed to make a host.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    preset: &'static Preset,
    /// One per parameter of the model, in the order of its table.
    values: Vec<f64>,
    standing: Vec<(Standing, String)>,
    shape: Shape,
    voxel_m_xyz: [f64; 3],
}

impl Recipe {
    /// The preset of this name.
    ///
    /// # Errors
    /// [`HostError::UnknownHost`] listing the known names.
    pub fn named(name: &str) -> Result<Self, HostError> {
        let preset = presets().find(|p| p.name == name).ok_or_else(|| {
            let known: Vec<&str> = presets().map(|p| p.name).collect();
            let meant = did_you_mean(name, known.iter().copied());
            HostError::UnknownHost { name: name.to_owned(), meant, known: known.join(", ") }
        })?;
        let (mut values, mut standing) = (Vec::new(), Vec::new());
        for parameter in preset.model.parameters() {
            values.push(parameter.default);
            standing.push((Standing::Assumed, "generator default".to_owned()));
        }
        let [x, y, z] = preset.size;
        let shape = Shape::new(z, y, x)?;
        let mut recipe = Recipe { preset, values, standing, shape, voxel_m_xyz: [0.0; 3] };
        recipe.set_voxel_size(preset.voxel_size)?;
        for s in preset.settings {
            let (i, parameter) = recipe.find(s.key)?;
            recipe.values[i] = parameter.read(s.value)?;
            recipe.standing[i] = (s.standing, s.source.to_owned());
        }
        Ok(recipe)
    }

    fn find(&self, key: &str) -> Result<(usize, &'static Parameter), HostError> {
        self.preset.model.parameters().enumerate().find(|(_, p)| p.key == key).ok_or_else(|| {
            let mut known: Vec<&str> = self.preset.model.parameters().map(|p| p.key).collect();
            known.extend(["size", "voxel_size"]);
            HostError::UnknownKey {
                key: key.to_owned(),
                host: self.preset.name.to_owned(),
                meant: did_you_mean(key, known.iter().copied()),
                known: known.join(", "),
            }
        })
    }

    /// Changes a value; `size` is voxels `x,y,z` or one number, `voxel_size` a length or three.
    ///
    /// # Errors
    /// [`HostError`] naming the key and what it accepts.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), HostError> {
        match key {
            "size" => return self.set_size(value),
            "voxel_size" => return self.set_voxel_size(value),
            _ => {}
        }
        let (i, parameter) = self.find(key)?;
        self.values[i] = parameter.read(value)?;
        self.standing[i] = (Standing::Assumed, "set by the user".to_owned());
        Ok(())
    }

    fn set_size(&mut self, value: &str) -> Result<(), HostError> {
        let refuse = || HostError::Parameter {
            key: "size".to_owned(),
            value: value.to_owned(),
            wanted: format!("give voxels as N or X,Y,Z, each from 1 to {MOST_VOXELS}"),
        };
        let edges: Vec<usize> =
            value.split(',').map(|t| t.trim().parse::<usize>()).collect::<Result<_, _>>().map_err(|_| refuse())?;
        if edges.iter().any(|e| *e == 0 || *e > MOST_VOXELS) {
            return Err(refuse());
        }
        self.shape = match edges[..] {
            [n] => Shape::cube(n)?,
            [x, y, z] => Shape::new(z, y, x)?,
            _ => return Err(refuse()),
        };
        Ok(())
    }

    fn set_voxel_size(&mut self, value: &str) -> Result<(), HostError> {
        let wrong =
            |wanted: String| HostError::Parameter { key: "voxel_size".to_owned(), value: value.to_owned(), wanted };
        self.voxel_m_xyz = units::parse_lengths_m_xyz(value).map_err(wrong)?;
        Ok(())
    }

    /// Replaces the box.
    #[must_use]
    pub fn with_shape(self, shape: Shape) -> Self {
        Recipe { shape, ..self }
    }

    /// Replaces the voxel edges (metres, x, y, z).
    #[must_use]
    pub fn with_voxel_size_m(self, voxel_m_xyz: [f64; 3]) -> Self {
        Recipe { voxel_m_xyz, ..self }
    }

    /// The preset it started from.
    #[must_use]
    pub const fn preset(&self) -> &'static Preset {
        self.preset
    }

    /// Voxels of the box.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Voxel edges in metres, x, y, z.
    #[must_use]
    pub const fn voxel_m_xyz(&self) -> [f64; 3] {
        self.voxel_m_xyz
    }

    /// Voxel size as volumes carry it.
    ///
    /// # Errors
    /// [`HostError::Grid`] for edges that are no length.
    pub fn voxel_size(&self) -> Result<VoxelSize, HostError> {
        Ok(VoxelSize::known(self.voxel_m_xyz, VoxelSizeSource::Generator)?)
    }

    /// Edges of the box in metres, x, y, z.
    #[must_use]
    pub fn box_m(&self) -> [f64; 3] {
        let n = [self.shape.x, self.shape.y, self.shape.z];
        std::array::from_fn(|k| n[k] as f64 * self.voxel_m_xyz[k])
    }

    /// Every value with its standing.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        (self.preset.model.parameters().zip(&self.values).zip(&self.standing))
            .map(|((p, &value), (standing, source))| Entry {
                key: p.key,
                what: p.what,
                value: value.is_finite().then_some(value),
                unit: p.unit(),
                text: p.write(value),
                range: p.range(),
                standing: *standing,
                source: source.clone(),
            })
            .collect()
    }

    /// A value by its key; the tables are complete, so that a key in the code that no table has gives not-a-number, which
    /// every range check refuses.
    pub(crate) fn value(&self, key: &str) -> f64 {
        (self.preset.model.parameters().zip(&self.values)).find(|(p, _)| p.key == key).map_or(f64::NAN, |(_, v)| *v)
    }

    /// A choice by its key.
    pub(crate) fn word(&self, key: &str) -> &'static str {
        let found = self.preset.model.parameters().zip(&self.values).find(|(p, _)| p.key == key);
        match found {
            Some((Parameter { quantity: super::Quantity::Choice(words), .. }, v)) => {
                words.get(*v as usize).copied().unwrap_or("")
            }
            _ => "",
        }
    }

    /// A flag by its key.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.value(key) > 0.5
    }
}
