//! Every host in pictures, and what is found in its voxels beside what is true.

use std::path::Path;
use std::time::Instant;

use foamflux_hosts::Recipe;
use foamflux_hosts::catalogue::{UNRESOLVED, presets};
use foamflux_io::write::{self, Existing, OutputFolder};
use foamflux_pipeline::score::{Scored, score};
use foamflux_pipeline::{PipelineError, memory};
use foamflux_report::gallery::{gallery_html, gallery_text};
use foamflux_results::GalleryResults;

use super::{refused, text_file, usage};
use crate::args::HostArgs;
use crate::commands::Session;
use crate::figures;

/// Voxels along an edge, unless said otherwise: enough to see the structure, and a quarter of an hour less than the presets' own.
const EDGE: usize = 128;

/// How much coarser voxels may be than the preset's, and voxels across its finest part.
const COARSENING: (f64, f64) = (2.0, 2.5);

pub(super) fn gallery(args: &HostArgs, out: &Path, session: &Session) -> anyhow::Result<()> {
    let clock = Instant::now();
    let edge = match &args.size {
        None => EDGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|n| (16..=1024).contains(n))
            .ok_or_else(|| usage("size", format!("'{text}' is not an edge in voxels: write 16 to 1024")))?,
    };
    let wanted: Vec<_> = presets().filter(|p| args.name.as_deref().is_none_or(|name| name == p.name)).collect();
    if wanted.is_empty() {
        // The error names the known hosts.
        super::recipe(args.name.as_deref().unwrap_or_default(), args)?;
    }
    if session.dry_run {
        session.note(format!("would draw {} hosts in boxes of about {edge}\u{b3} voxels", wanted.len()));
        return Ok(());
    }
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    let folder = OutputFolder::create(out, existing).map_err(PipelineError::from)?;
    let seed = session.settings.config.seed.unwrap_or(1);
    let (mut hosts, mut images) = (Vec::new(), Vec::new());
    for preset in wanted {
        let recipe = Recipe::named(preset.name).map_err(refused)?;
        let recipe = recipe.coarsened(COARSENING.0, COARSENING.1).boxed(edge).map_err(refused)?;
        memory::check(memory::Work::Tag, recipe.shape(), 0, session.settings.max_memory)?;
        let Scored { score, labels } = score(&recipe, seed, session.watch())?;
        let name = preset.name;
        let pair = [
            figures::middle(&labels, name, &format!("figures/{name}_slice.png"))?,
            figures::solid(&labels, name, &format!("figures/{name}_view.png"))?,
        ];
        images.push(pair.map(|p| (p.figure.path, p.bytes)));
        hosts.push(score);
    }
    let results = GalleryResults {
        schema: GalleryResults::SCHEMA.to_owned(),
        seed,
        hosts,
        not_modelled: UNRESOLVED.iter().map(|u| (u.row.to_owned(), u.system.to_owned(), u.why.to_owned())).collect(),
        seconds_total: clock.elapsed().as_secs_f64(),
    };
    for (path, bytes) in images.iter().flatten() {
        write::file_atomically(&folder.join(path), |f| f.write_all(bytes)).map_err(PipelineError::from)?;
    }
    text_file(&folder.join("gallery.html"), &gallery_html(&results, &images)?)?;
    text_file(&folder.join("results.json"), &serde_json::to_string_pretty(&results)?)?;
    folder.commit().map_err(PipelineError::from)?;
    session.note(format!("the gallery is in {}", out.join("gallery.html").display()));
    session.show(&results, gallery_text)
}
