//! What a run found: versioned serde types and nothing that computes.
//!
//! Numbers are SI, and every key ends in its unit.
//! Where the voxel size is unknown the SI keys are `null` and keys that end in `_vox` hold the number in voxel edges.
//! A number that has an error estimate is a [`Quantity`], or stays plain with an [`ErrorParts`] beside it;
//! parts that were not estimated are `null`.
//!
//! A type's `SCHEMA` names its version. Keys may be added under the same version; none is renamed or removed.

mod compare;
mod current;
mod doubt;
mod impedance;
mod input;
mod measure;
mod plate;
mod preparation;
mod quantity;
mod run;
mod sampling;
mod schema;
mod score;
mod segment;
mod tag;
mod transport;
mod truth;

pub use compare::{
    Better, CompareConditions, CompareResults, ComparedHost, Difference, MaterialInfo, MetricInfo, Pair, Pareto,
    Replicate, Representative,
};
pub use current::{
    Basis, CurrentAgreement, CurrentArea, CurrentBalance, CurrentDensity, CurrentEffort, CurrentElectrolyte,
    CurrentGroups, CurrentInput, CurrentLeftOut, CurrentProfile, CurrentResults, CurrentSaltProfile, CurrentSeconds,
    CurrentShare, CurrentTransient, Evenness, Uniformity,
};
pub use doubt::{AtThresholds, DoubtResults, ThresholdBand};
pub use impedance::{ImpedanceResults, RelaxationTimes};
pub use input::{DataBar, IngestResults, InputFile, InputInfo, VolumeInfo, VoxelSizeCandidate};
pub use measure::{
    AreaMethods, AreaPerGram, ChordLengths, MeasureResults, PercolationInfo, PhaseMeasure, Summary, SurfaceResults,
};
pub use plate::{
    PlateBalance, PlateEffort, PlateHalf, PlateHysteresis, PlatePoint, PlateResults, PlateStage, PlateThickness,
};
pub use preparation::{AlignmentResults, CorrectionResults, MissingSlices, PreparationResults};
pub use quantity::{ErrorParts, Quantity};
pub use run::{Figure, Program, RunResults, StageOutcome, StageReport};
pub use sampling::{RepresentativityInfo, SamplingResults};
pub use schema::{schema_file, schemas};
pub use score::{FoundAndTrue, GalleryResults, HostScore};
pub use segment::{BridgeResults, SegmentResults, ThresholdSensitivity};
pub use tag::{
    CellResults, FibreResults, NetworkConduction, NetworkPaths, NodeResults, NodeZoneInfo, OrientationField,
    SpreadInfo, StepSeconds, TagResults, TopologyInfo,
};
pub use transport::{
    BlockedInfo, DirectionResults, ElectrodeDetails, ElectrodeResults, GeometricTortuosity, PhaseInfo, ProfileResults,
    RefinedLevel, RefinedTau, SecondsSpent, TauThresholds, TensorResults, TransportResults,
};
pub use truth::{AgainstTruth, BoundaryDistance, SegmentScore};
