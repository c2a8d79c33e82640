//! Nodes and fibres of one seed or crop.

use foamflux_grid::{Labels, Watch};
use foamflux_network::Parameters;
use foamflux_results::{Quantity, SpreadInfo};

use crate::error::PipelineError;
use crate::tag::{Extras, Given, tag};

/// The network of one box in numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct NetworkFacts {
    /// Nodes per m3.
    pub(super) node_density: Quantity,
    /// Mean over nodes.
    pub(super) coordination: Option<f64>,
    /// Mean diameter in m.
    pub(super) diameter: Option<Quantity>,
    /// Mean length in m.
    pub(super) length: Option<Quantity>,
    /// Of the solid.
    pub(super) node_share: Quantity,
}

/// The same of a generated host, exactly.
#[derive(Debug, Clone, Copy)]
pub(super) struct NetworkTruth {
    /// Nodes per m3.
    pub(super) node_density: Option<f64>,
    /// Mean over nodes in the box.
    pub(super) coordination: Option<f64>,
    /// Mean over struts, in their middle, in m.
    pub(super) diameter: Option<f64>,
    /// Mean over struts in m.
    pub(super) length: Option<f64>,
}

/// Finds the network, and gives the labels with its nodes; labels that have nodes keep theirs.
pub(super) fn network(
    host: &Labels,
    watch: &dyn Watch,
) -> Result<(Labels, Result<NetworkFacts, &'static str>), PipelineError> {
    let tagged = tag(host, &Parameters::default(), Extras::none(Given::Keep), watch)?;
    let r = &tagged.results;
    if !tagged.network.is_strut_like() {
        // Nodes of plates and blocks are an accident of thinning: the current is not split by them either.
        return Ok((host.clone(), Err("made of plates or blocks rather than struts")));
    }
    let Some(density) = r.nodes.density_per_m3 else { return Ok((host.clone(), Err("no voxel size"))) };
    let mean = |s: Option<SpreadInfo>| s.map(|s| Quantity { value: s.mean, error: s.error });
    let facts = NetworkFacts {
        node_density: Quantity { value: density, error: r.nodes.error },
        coordination: r.nodes.coordination_mean,
        diameter: mean(r.fibres.diameter_m),
        length: mean(r.fibres.length_m),
        node_share: Quantity { value: r.node_share_of_solid, error: r.node_share_error },
    };
    Ok((tagged.labels, Ok(facts)))
}
