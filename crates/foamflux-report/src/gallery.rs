//! The gallery of hosts: a slice and a view of each, and what was found beside what is true.

use askama::Template;
use foamflux_results::{FoundAndTrue, GalleryResults, HostScore};

use crate::html::ReportError;
use crate::html::embed::data_uri;
use crate::html::view::TableView;
use crate::number::{Number, duration, lengths};
use crate::tables::{Cell, Table};
use crate::text::{paragraph, section};

#[derive(Template)]
#[template(path = "gallery.html")]
struct Page<'a> {
    r: &'a GalleryResults,
    cards: Vec<Card<'a>>,
    tables: Vec<TableView>,
}

struct Card<'a> {
    host: &'a HostScore,
    size: String,
    /// Slice and view as data URIs.
    images: Vec<String>,
}

/// `gallery.html`; `images` are the slice and the view of every host, in the order of the hosts.
///
/// # Errors
/// [`ReportError`] where an image is of unknown type.
pub fn gallery_html(r: &GalleryResults, images: &[[(String, Vec<u8>); 2]]) -> Result<String, ReportError> {
    let mut cards = Vec::new();
    for (host, pair) in r.hosts.iter().zip(images) {
        let images = pair.iter().map(|(path, bytes)| data_uri(path, bytes)).collect::<Result<_, _>>()?;
        let [z, y, x] = host.shape_zyx;
        let size = format!("{x} × {y} × {z} voxels of {}", lengths(host.voxel_size_m_xyz));
        cards.push(Card { host, size, images });
    }
    let tables = [scores(r), graphs(r)].into_iter().flatten().map(TableView::from).collect();
    Ok(Page { r, cards, tables }.render()?)
}

/// What the terminal shows.
#[must_use]
pub fn gallery_text(r: &GalleryResults) -> String {
    let mut out = String::new();
    paragraph(&mut out, "", &format!("{} hosts, seed {}, {}", r.hosts.len(), r.seed, duration(r.seconds_total)));
    section(&mut out, scores(r));
    section(&mut out, graphs(r));
    out
}

fn off(v: &FoundAndTrue) -> Cell {
    if v.truth == 0.0 {
        return Cell::Word("–");
    }
    Cell::Number(Number::significant(100.0 * (v.found / v.truth - 1.0), 2))
}

fn scores(r: &GalleryResults) -> Option<Table> {
    let mut table = Table::new("Found in voxels beside the truth")
        .words("host")
        .words("model")
        .numbers("solid fraction", "")
        .numbers("true", "")
        .numbers("off", "%")
        .numbers("area per volume", "1/mm")
        .numbers("true", "1/mm")
        .numbers("off", "%");
    for h in &r.hosts {
        let phi = &h.solid_volume_fraction;
        let mut cells = vec![
            Cell::text(&*h.name),
            Cell::text(&*h.model),
            Cell::Number(Number::new(phi.found)),
            Cell::Number(Number::new(phi.truth)),
            off(phi),
        ];
        match &h.area_per_volume_per_m {
            Some(a) => cells.extend([
                Cell::Number(Number::new(a.found * 1e-3)),
                Cell::Number(Number::new(a.truth * 1e-3)),
                off(a),
            ]),
            None => cells.extend([Cell::Word("dressed"), Cell::Word("–"), Cell::Word("–")]),
        }
        table.row(cells);
    }
    (!table.rows.is_empty()).then(|| {
        table.note("Solid fraction: voxels whose centre is solid, beside the exact volume. Area: the recommended estimator beside the exact or sampled surface. Dressed: lithium, debris or a collector add surface that the truth of the bare host does not have.")
    })
}

fn graphs(r: &GalleryResults) -> Option<Table> {
    let mut table = Table::new("Graphs of foams: found by tagging beside the truth")
        .words("host")
        .numbers("nodes", "1/mm³")
        .numbers("true", "1/mm³")
        .numbers("coordination", "")
        .numbers("true", "")
        .numbers("strut length", "1/mm²")
        .numbers("true", "1/mm²");
    for h in &r.hosts {
        let (Some(n), Some(l)) = (&h.nodes_per_m3, &h.strut_length_per_volume_per_m2) else { continue };
        let number = |v: Option<f64>| Cell::number(v, "none");
        table.row(vec![
            Cell::text(&*h.name),
            number(Some(n.found * 1e-9)),
            number(Some(n.truth * 1e-9)),
            number(h.coordination.as_ref().map(|c| c.found)),
            number(h.coordination.as_ref().map(|c| c.truth)),
            number(Some(l.found * 1e-6)),
            number(Some(l.truth * 1e-6)),
        ]);
    }
    (!table.rows.is_empty()).then(|| {
        table.note("Voxels cannot show two nodes that are nearer than the struts are thick: they are found as one.")
    })
}
