//! What hosts there are, and what they are made of.

use foamflux_grid::units;
use foamflux_hosts::Recipe;
use foamflux_hosts::catalogue::{UNRESOLVED, presets};
use serde_json::json;

use super::demo;
use crate::commands::Session;

pub(super) fn list(session: &Session) -> anyhow::Result<()> {
    let mut hosts = vec![json!({
        "name": demo::NAME, "row": "demo", "model": "foam", "title": demo::WHAT,
        "size_xyz": [96, 96, 96], "voxel_size": "1um", "note": "fixed: the bundled stack depends on it",
    })];
    hosts.extend(presets().map(|p| {
        json!({
            "name": p.name, "row": p.row, "model": p.model.name(), "title": p.title,
            "size_xyz": p.size, "voxel_size": p.voxel_size, "note": p.note,
        })
    }));
    let all = json!({ "schema": "foamflux.host-list/1", "hosts": hosts, "not_modelled": UNRESOLVED });
    session.show(&all, |_| {
        let mut text = format!("{:<20} {:<8} {:<10} {:<17} {}\n", "name", "row", "model", "box (x,y,z)", "what");
        text += &format!("{:<20} {:<8} {:<10} {:<17} {}\n", demo::NAME, "demo", "foam", "96x96x96 1um", demo::WHAT);
        for p in presets() {
            let [x, y, z] = p.size;
            let volume = format!("{x}x{y}x{z} {}", p.voxel_size);
            text += &format!("{:<20} {:<8} {:<10} {volume:<17} {}\n", p.name, p.row, p.model.name(), p.title);
        }
        text += "\nnot modelled\n";
        for u in UNRESOLVED {
            text += &format!("  {:<8} {}: {}\n", u.row, u.system, u.why);
        }
        text += "\nrows are those of the paper's own systems (A), its references (ref), and archetypes (D); parameters, \
                 sources and standing: foamflux host --explain NAME";
        text
    })
}

pub(super) fn explain(recipe: &Recipe, session: &Session) -> anyhow::Result<()> {
    let p = recipe.preset();
    let shape = recipe.shape();
    let voxel = recipe.voxel_m_xyz();
    let all = json!({
        "schema": "foamflux.host-explain/1", "name": p.name, "row": p.row, "model": p.model.name(), "title": p.title,
        "note": p.note, "shape_zyx": [shape.z, shape.y, shape.x], "voxel_size_m_xyz": voxel,
        "parameters": recipe.entries(), "material": p.material(), "conductivity": p.conductivity(), "not_comparable": p.not_comparable(),
    });
    session.show(&all, |_| {
        let edges: Vec<String> = recipe.box_m().iter().map(|e| units::format_length(*e)).collect();
        let mut text = format!("{} ({}): {}\n", p.name, p.row, p.title);
        text += &format!("model {}, {shape} voxels (z,y,x), box {} (x,y,z)\n", p.model.name(), edges.join(" x "));
        if !p.note.is_empty() {
            text += &format!("{}\n", p.note);
        }
        if let Some(m) = p.material() {
            let standing = m.standing.name();
            text += &format!("solid: {}, {} kg/m\u{b3} ({standing}: {})\n", m.name, m.density_kg_per_m3, m.source);
            let c = p.conductivity();
            let standing = c.standing.name();
            text += &format!("conductivity of the solid: {:e} S/m ({standing}: {})\n", c.s_per_m, c.source);
        }
        if let Some(why) = p.not_comparable() {
            text += &format!("not to be ranked with hosts: {why}\n");
        }
        text +=
            &format!("\n{:<18} {:<14} {:<9} {:<52} {}\n", "parameter", "value", "standing", "source", "what; range");
        for e in recipe.entries() {
            let standing = e.standing.name();
            text += &format!("{:<18} {:<14} {standing:<9} {:<52} {}; {}\n", e.key, e.text, e.source, e.what, e.range);
        }
        text += "\nchange a value with --set KEY=VALUE or a file of such lines with --params FILE.toml";
        text
    })
}
