//! The network as text: CSV tables, GraphML and a VTK file that ParaView lays over the labels.
//!
//! Lengths are in micrometres (voxel edges where the voxel size is unknown), as in the VTI files, whose box begins at the
//! origin like ours: lines lie in the middle of the solid without an offset.

use std::fmt::Write;

use foamflux_grid::LengthUnit;

use crate::network::Network;
use crate::resistor::Conduction;

/// Unit of the tables: its name in column heads, and units per unit of the spacing.
fn unit(network: &Network) -> (&'static str, f64) {
    match network.tags.spacing().unit {
        LengthUnit::Metre => ("um", 1e6),
        LengthUnit::Voxel => ("vox", 1.0),
    }
}

/// Seven digits: more than the numbers hold, and no more.
fn n(value: f64) -> String {
    if value.is_finite() {
        format!("{}", (format!("{value:.6e}")).parse::<f64>().unwrap_or(value))
    } else {
        String::new()
    }
}

/// One row per vertex.
#[must_use]
pub fn nodes_csv(network: &Network) -> String {
    let (u, f) = unit(network);
    let mut out = format!("id,kind,x_{u},y_{u},z_{u},radius_{u},zone_radius_{u},coordination,at_border,volume_{u}3\n");
    for (id, node) in network.nodes.iter().enumerate() {
        let [x, y, z] = node.position.map(|v| n(v * f));
        let _ = writeln!(
            out,
            "{id},{},{x},{y},{z},{},{},{},{},{}",
            node.kind.name(),
            n(node.radius * f),
            n(node.zone_radius * f),
            node.coordination,
            u8::from(node.at_border),
            n(node.volume * f.powi(3)),
        );
    }
    out
}

/// One row per edge; currents as shares of the whole current across each axis that was solved.
#[must_use]
pub fn fibres_csv(network: &Network, conduction: &[Conduction]) -> String {
    let (u, f) = unit(network);
    let mut out = format!(
        "id,kind,node_a,node_b,image_x,image_y,image_z,length_{u},chord_{u},tortuosity,direction_x,direction_y,\
         direction_z,diameter_{u},diameter_mean_{u},diameter_min_{u},diameter_inscribed_{u},flatness,section,\
         volume_{u}3,surface_{u}2"
    );
    for c in conduction {
        let _ = write!(out, ",current_share_{}", c.axis);
    }
    out.push('\n');
    for (id, fibre) in network.fibres.iter().enumerate() {
        let ([a, b], [ix, iy, iz], d) = (fibre.nodes, fibre.image, fibre.direction);
        let _ = write!(
            out,
            "{id},{},{a},{b},{ix},{iy},{iz},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            fibre.kind.name(),
            n(fibre.length * f),
            n(fibre.chord * f),
            n(fibre.tortuosity()),
            n(d[0]),
            n(d[1]),
            n(d[2]),
            n(fibre.diameter * f),
            n(fibre.diameter_mean * f),
            n(fibre.diameter_min * f),
            n(fibre.diameter_inscribed * f),
            n(fibre.flatness),
            fibre.section.name(),
            n(fibre.volume * f.powi(3)),
            n(fibre.surface * f.powi(2)),
        );
        for c in conduction {
            let _ = write!(out, ",{}", n(c.currents.get(id).copied().unwrap_or(0.0)));
        }
        out.push('\n');
    }
    out
}

/// GraphML, as networkx, igraph and Gephi read it.
#[must_use]
pub fn graphml(network: &Network) -> String {
    let (u, f) = unit(network);
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n",
    );
    let length = |name: &str| format!("{name}_{u}");
    for (id, name, on, kind) in [
        ("kind", "kind".to_owned(), "node", "string"),
        ("x", length("x"), "node", "double"),
        ("y", length("y"), "node", "double"),
        ("z", length("z"), "node", "double"),
        ("r", length("radius"), "node", "double"),
        ("ekind", "kind".to_owned(), "edge", "string"),
        ("l", length("length"), "edge", "double"),
        ("d", length("diameter"), "edge", "double"),
    ] {
        let _ = writeln!(out, "  <key id=\"{id}\" for=\"{on}\" attr.name=\"{name}\" attr.type=\"{kind}\"/>");
    }
    out.push_str("  <graph edgedefault=\"undirected\">\n");
    for (id, node) in network.nodes.iter().enumerate() {
        let [x, y, z] = node.position.map(|v| n(v * f));
        let _ = writeln!(
            out,
            "    <node id=\"n{id}\"><data key=\"kind\">{}</data><data key=\"x\">{x}</data><data key=\"y\">{y}</data>\
             <data key=\"z\">{z}</data><data key=\"r\">{}</data></node>",
            node.kind.name(),
            n(node.radius * f)
        );
    }
    for (id, fibre) in network.fibres.iter().enumerate() {
        let _ = writeln!(
            out,
            "    <edge id=\"e{id}\" source=\"n{}\" target=\"n{}\"><data key=\"ekind\">{}</data><data key=\"l\">{}</data>\
             <data key=\"d\">{}</data></edge>",
            fibre.nodes[0],
            fibre.nodes[1],
            fibre.kind.name(),
            n(fibre.length * f),
            n(fibre.diameter * f)
        );
    }
    out.push_str("  </graph>\n</graphml>\n");
    out
}

/// VTK polygonal data: a vertex per node and a line per fibre along its axis.
///
/// Point data `radius` (for ParaView's tube filter) and cell data `id`, `is_node`, `diameter`, `length`, `coordination`.
#[must_use]
pub fn vtp(network: &Network) -> String {
    let (u, f) = unit(network);
    let points: usize = network.nodes.len() + network.fibres.iter().map(|x| x.profile.len()).sum::<usize>();
    let mut out = format!(
        "<?xml version=\"1.0\"?>\n<VTKFile type=\"PolyData\" version=\"1.0\" byte_order=\"LittleEndian\">\n<PolyData>\n\
         <FieldData><DataArray type=\"String\" Name=\"unit\" NumberOfTuples=\"1\" format=\"ascii\">{} 0</DataArray></FieldData>\n\
         <Piece NumberOfPoints=\"{points}\" NumberOfVerts=\"{}\" NumberOfLines=\"{}\" NumberOfStrips=\"0\" NumberOfPolys=\"0\">\n",
        u.bytes().map(|b| b.to_string()).collect::<Vec<_>>().join(" "),
        network.nodes.len(),
        network.fibres.len(),
    );
    let array =
        |out: &mut String, kind: &str, name: &str, components: usize, values: &mut dyn Iterator<Item = String>| {
            let _ = writeln!(
                out,
                "<DataArray type=\"{kind}\" Name=\"{name}\" NumberOfComponents=\"{components}\" format=\"ascii\">"
            );
            for v in values {
                out.push_str(&v);
                out.push('\n');
            }
            out.push_str("</DataArray>\n");
        };
    let xyz = |p: [f64; 3]| format!("{} {} {}", n(p[0] * f), n(p[1] * f), n(p[2] * f));
    let axes = || network.fibres.iter().flat_map(|x| x.profile.iter().map(move |p| (x, p)));
    out.push_str("<PointData Scalars=\"radius\">\n");
    let radii = network.nodes.iter().map(|x| x.radius * f);
    let along = axes().map(|(x, p)| {
        if p.arc < x.own[0] || p.arc > x.own[1] {
            0.5 * x.diameter * f
        } else {
            (p.area / std::f64::consts::PI).sqrt() * f
        }
    });
    array(&mut out, "Float64", "radius", 1, &mut radii.chain(along).map(n));
    out.push_str("</PointData>\n<CellData Scalars=\"diameter\">\n");
    let (nodes, fibres) = (&network.nodes, &network.fibres);
    array(&mut out, "Int32", "id", 1, &mut (0..nodes.len()).chain(0..fibres.len()).map(|i| i.to_string()));
    array(
        &mut out,
        "UInt8",
        "is_node",
        1,
        &mut nodes
            .iter()
            .map(|x| u8::from(x.kind == crate::NodeKind::Junction))
            .chain(fibres.iter().map(|_| 0))
            .map(|i| i.to_string()),
    );
    array(
        &mut out,
        "Float64",
        "diameter",
        1,
        &mut nodes.iter().map(|x| 2.0 * x.radius * f).chain(fibres.iter().map(|x| x.diameter * f)).map(n),
    );
    array(
        &mut out,
        "Float64",
        "length",
        1,
        &mut nodes.iter().map(|_| 0.0).chain(fibres.iter().map(|x| x.length * f)).map(n),
    );
    array(
        &mut out,
        "Int32",
        "coordination",
        1,
        &mut nodes.iter().map(|x| x.coordination).chain(fibres.iter().map(|_| 0)).map(|i| i.to_string()),
    );
    out.push_str("</CellData>\n<Points>\n");
    let places = nodes.iter().map(|x| xyz(x.position)).chain(axes().map(|(_, p)| xyz(p.position)));
    array(&mut out, "Float64", "Points", 3, &mut { places });
    out.push_str("</Points>\n<Verts>\n");
    array(&mut out, "Int64", "connectivity", 1, &mut (0..nodes.len()).map(|i| i.to_string()));
    array(&mut out, "Int64", "offsets", 1, &mut (1..=nodes.len()).map(|i| i.to_string()));
    out.push_str("</Verts>\n<Lines>\n");
    array(&mut out, "Int64", "connectivity", 1, &mut (nodes.len()..points).map(|i| i.to_string()));
    let ends = fibres.iter().scan(0usize, |sum, x| {
        *sum += x.profile.len();
        Some(*sum)
    });
    array(&mut out, "Int64", "offsets", 1, &mut ends.map(|i| i.to_string()));
    out.push_str("</Lines>\n</Piece>\n</PolyData>\n</VTKFile>\n");
    out
}
