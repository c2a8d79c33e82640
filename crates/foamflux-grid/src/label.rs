//! Labels: what a voxel is made of.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{GridError, Shape, Spacing, Volume, VoxelSize};

/// What a voxel is made of. The numbers are part of the file formats and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Label {
    /// Electrolyte-filled pore.
    Pore = 0,
    /// Ordered carbon of a fibre segment; also any solid that was not tagged.
    Fibre = 1,
    /// Amorphous carbon of a node.
    Node = 2,
    /// Lithium metal.
    Lithium = 3,
    /// Lithiophilic particle or coating.
    Lithiophilic = 4,
    /// Separator.
    Separator = 5,
    /// Current collector.
    Collector = 6,
    /// Lithium without electronic contact.
    DeadLithium = 7,
    /// Anything else.
    Other = 8,
}

impl Label {
    /// All labels in the order of their numbers.
    pub const ALL: [Label; 9] = [
        Label::Pore,
        Label::Fibre,
        Label::Node,
        Label::Lithium,
        Label::Lithiophilic,
        Label::Separator,
        Label::Collector,
        Label::DeadLithium,
        Label::Other,
    ];

    /// The label with this number.
    #[must_use]
    pub const fn from_u8(value: u8) -> Option<Label> {
        if (value as usize) < Label::ALL.len() { Some(Label::ALL[value as usize]) } else { None }
    }

    /// Name as the command line and the results spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Label::Pore => "pore",
            Label::Fibre => "fibre",
            Label::Node => "node",
            Label::Lithium => "lithium",
            Label::Lithiophilic => "lithiophilic",
            Label::Separator => "separator",
            Label::Collector => "collector",
            Label::DeadLithium => "dead-lithium",
            Label::Other => "other",
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Label {
    type Err = String;

    /// Reads a name or a number.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let s = s.trim();
        if let Ok(n) = s.parse::<u8>() {
            return Label::from_u8(n).ok_or_else(|| format!("{n} is not a label: labels are 0 to 8"));
        }
        let folded = s.to_ascii_lowercase().replace(['_', ' '], "-");
        let folded = if folded == "fiber" { "fibre".to_owned() } else { folded };
        Label::ALL.into_iter().find(|l| l.name() == folded).ok_or_else(|| {
            let names: Vec<&str> = Label::ALL.iter().map(|l| l.name()).collect();
            format!("'{s}' is not a label: write one of {}, or its number 0 to 8", names.join(", "))
        })
    }
}

/// A set of labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LabelSet(u16);

impl LabelSet {
    /// The empty set.
    pub const EMPTY: LabelSet = LabelSet(0);
    /// The host's solid: fibre, node and lithiophilic sites.
    pub const SOLID: LabelSet = LabelSet(1 << 1 | 1 << 2 | 1 << 4);
    /// The pore alone.
    pub const PORE: LabelSet = LabelSet(1);

    /// The set with one label.
    #[must_use]
    pub const fn of(label: Label) -> Self {
        LabelSet(1 << label as u8)
    }

    /// This set and `label`.
    #[must_use]
    pub const fn with(self, label: Label) -> Self {
        LabelSet(self.0 | 1 << label as u8)
    }

    /// Whether the label numbered `value` is in the set; false for values that are no label.
    #[must_use]
    #[inline]
    pub const fn contains(self, value: u8) -> bool {
        value < 16 && self.0 >> value & 1 == 1
    }

    /// Whether no label is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The labels in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = Label> {
        Label::ALL.into_iter().filter(move |&l| self.contains(l as u8))
    }
}

impl FromIterator<Label> for LabelSet {
    fn from_iter<I: IntoIterator<Item = Label>>(iter: I) -> Self {
        iter.into_iter().fold(LabelSet::EMPTY, LabelSet::with)
    }
}

/// A named set of labels, such as `pore` or `solid`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phase {
    /// Name as the results print it.
    pub name: String,
    /// The labels that belong to it.
    pub labels: LabelSet,
}

impl Phase {
    /// The pore.
    #[must_use]
    pub fn pore() -> Self {
        Phase { name: "pore".to_owned(), labels: LabelSet::PORE }
    }

    /// The solid of the host: fibre, node, lithiophilic.
    #[must_use]
    pub fn solid() -> Self {
        Phase { name: "solid".to_owned(), labels: LabelSet::SOLID }
    }

    /// The phase of one label.
    #[must_use]
    pub fn of(label: Label) -> Self {
        Phase { name: label.name().to_owned(), labels: LabelSet::of(label) }
    }
}

impl FromStr for Phase {
    type Err = String;

    /// Reads `pore`, `solid`, a label's name or number, or several joined by `+`.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let mut labels = LabelSet::EMPTY;
        for part in s.split('+') {
            if part.trim().eq_ignore_ascii_case("solid") {
                labels = LabelSet(labels.0 | LabelSet::SOLID.0);
            } else {
                labels = labels.with(part.parse::<Label>().map_err(|e| format!("{e}; or the phase 'solid'"))?);
            }
        }
        let name = match labels {
            LabelSet::SOLID => "solid".to_owned(),
            _ => labels.iter().map(Label::name).collect::<Vec<_>>().join("+"),
        };
        Ok(Phase { name, labels })
    }
}

/// A volume of labels: every voxel is 0 to 8.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels(Volume<u8>);

impl Labels {
    /// A label volume after checking every voxel.
    ///
    /// # Errors
    /// [`GridError::Label`] with the first voxel that is no label.
    pub fn new(volume: Volume<u8>) -> Result<Self, GridError> {
        match volume.as_slice().iter().position(|&v| Label::from_u8(v).is_none()) {
            None => Ok(Labels(volume)),
            Some(i) => {
                let (z, y, x) = volume.shape().zyx_of(i);
                Err(GridError::Label { value: volume.as_slice()[i], x, y, z })
            }
        }
    }

    /// Fibre where the mask is true, pore elsewhere.
    #[must_use]
    pub fn from_solid(mask: &Volume<bool>) -> Self {
        Labels(mask.map(|&solid| u8::from(solid)))
    }

    /// The same in the memory of the mask.
    #[must_use]
    pub fn from_solid_owned(mask: Volume<bool>) -> Self {
        let (shape, voxel_size) = (mask.shape(), mask.voxel_size().clone());
        // A vector of bytes is collected in place.
        let values: Vec<u8> = mask.into_vec().into_iter().map(u8::from).collect();
        match Volume::from_vec(shape, voxel_size, values) {
            Ok(labels) => Labels(labels),
            Err(_) => unreachable!("one label for every voxel of the mask"),
        }
    }

    /// The voxels as numbers.
    #[must_use]
    pub const fn volume(&self) -> &Volume<u8> {
        &self.0
    }

    /// The voxels as numbers, owned.
    #[must_use]
    pub fn into_volume(self) -> Volume<u8> {
        self.0
    }

    /// Shape in voxels.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.0.shape()
    }

    /// Voxel size.
    #[must_use]
    pub const fn voxel_size(&self) -> &VoxelSize {
        self.0.voxel_size()
    }

    /// Edge lengths for algorithms.
    #[must_use]
    pub fn spacing(&self) -> Spacing {
        self.0.spacing()
    }

    /// True where the voxel's label is in the set.
    #[must_use]
    pub fn mask(&self, labels: LabelSet) -> Volume<bool> {
        self.0.map(|&v| labels.contains(v))
    }

    /// Number of voxels of each label.
    #[must_use]
    pub fn counts(&self) -> [u64; 9] {
        let mut counts = [0u64; 256];
        for &v in self.0.as_slice() {
            counts[usize::from(v)] += 1;
        }
        std::array::from_fn(|i| counts[i])
    }

    /// The labels that occur.
    #[must_use]
    pub fn present(&self) -> LabelSet {
        let counts = self.counts();
        Label::ALL.into_iter().filter(|&l| counts[l as usize] > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_round_trip() {
        for label in Label::ALL {
            assert_eq!(label.name().parse::<Label>(), Ok(label));
            assert_eq!((label as u8).to_string().parse::<Label>(), Ok(label));
        }
        assert_eq!("dead lithium".parse::<Label>(), Ok(Label::DeadLithium));
        assert_eq!("fiber".parse::<Label>(), Ok(Label::Fibre));
        assert!("9".parse::<Label>().is_err());
    }

    #[test]
    fn solid_is_fibre_node_and_lithiophilic() {
        let solid: Phase = "solid".parse().unwrap();
        assert_eq!(solid.labels.iter().map(|l| l as u8).collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!("fibre+node+4".parse::<Phase>().unwrap(), solid);
        assert_eq!("node".parse::<Phase>().unwrap().name, "node");
        assert!("carbon".parse::<Phase>().is_err());
    }

    #[test]
    fn a_value_that_is_no_label_is_named_with_its_place() {
        let shape = Shape::new(2, 2, 3).unwrap();
        let mut v = Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| 0u8);
        v.as_mut_slice()[shape.index(1, 0, 2)] = 255;
        assert_eq!(Labels::new(v), Err(GridError::Label { value: 255, x: 2, y: 0, z: 1 }));
    }
}
