//! From a path to a stack, and what there is to say about it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use foamflux_grid::{Event, Labels, Sample, Stage, Volume, VoxelSize, Watch, units};
use foamflux_io::read::{self, BinMode, IngestReport, ReadError, Stack, StackData};
use foamflux_results::{DataBar, IngestResults, InputFile, InputInfo, VolumeInfo, VoxelSizeCandidate};
use sha2::{Digest, Sha256};

use crate::config::{ConfigError, LabelMap};
use crate::content::{self, Input};
use crate::error::PipelineError;
use crate::settings::{Content, IngestSettings};

/// Shape and voxel size in the words of the results.
#[must_use]
pub fn volume_info(shape: foamflux_grid::Shape, voxel_size: &VoxelSize) -> VolumeInfo {
    VolumeInfo {
        shape_zyx: shape.zyx(),
        voxel_size_m_xyz: voxel_size.m_xyz(),
        voxel_size_source: match voxel_size {
            VoxelSize::Known { source, .. } => source.to_string(),
            VoxelSize::Unknown => "unknown".to_owned(),
        },
    }
}

/// Looks at the input without reading voxels.
///
/// # Errors
/// As [`foamflux_io::read::plan`].
pub fn plan(path: &Path, settings: &IngestSettings) -> Result<IngestResults, PipelineError> {
    let plan = read::plan(path, &settings.options)?;
    Ok(results(path, plan.report(), None))
}

/// Reads the stack as it is.
///
/// # Errors
/// As [`foamflux_io::read::plan`] and [`foamflux_io::read::Plan::read`].
pub fn read_stack(path: &Path, settings: &IngestSettings, watch: &dyn Watch) -> Result<Stack, PipelineError> {
    let mut plan = read::plan(path, &settings.options)?;
    // Grey values are averaged when voxels are merged, labels vote: which of the two it is has to be known before.
    if settings.options.bin > 1 {
        let labels = match settings.content {
            Content::Labels => true,
            Content::Grey => false,
            Content::Auto => settings.labels.is_some() || plan.looks_like_labels()?,
        };
        if labels {
            let mut options = settings.options.clone();
            options.bin_mode = BinMode::Majority;
            plan = read::plan(path, &options)?;
        }
        let how = if labels { "by majority, as labels" } else { "by their mean, as grey values" };
        watch.event(Event::Note(format!("{0}x{0}x{0} voxels are merged {how}", settings.options.bin)));
    }
    let report = plan.report();
    watch.event(Event::Started { stage: Stage::Ingest, what: format!("reading {}", report.kind) });
    let mut stack = plan.read(watch).map_err(|error| match error {
        ReadError::Cancelled => PipelineError::Cancelled,
        error => error.into(),
    })?;
    let size = stack.data.voxel_size();
    watch.event(Event::Finished {
        stage: Stage::Ingest,
        outcome: format!("{} (z,y,x) {}, voxel size {size}", stack.data.shape(), stack.data.sample_type()),
    });
    for candidate in stack.report.voxel_size_candidates.iter().filter(|c| !c.believed) {
        watch.event(Event::Note(format!(
            "a voxel size was found and not used: {} in {} ({})",
            candidate.stated, candidate.file, candidate.reason
        )));
    }
    if stack.data.shape().z == 1 {
        let warning = format!(
            "{} holds one slice: numbers are those of a sheet one voxel thick, not of a volume",
            path.display()
        );
        stack.report.warnings.push(warning.clone());
        watch.event(Event::Warning(warning));
    }
    Ok(stack)
}

/// Reads the stack and settles whether it is grey or labels.
///
/// # Errors
/// As [`read_stack`], and [`PipelineError::Content`] when the values contradict what was said of them.
pub fn read_input(
    path: &Path,
    settings: &IngestSettings,
    watch: &dyn Watch,
) -> Result<(Input, IngestReport), PipelineError> {
    let Stack { data, report } = read_stack(path, settings, watch)?;
    if let Some(bad) = report.non_finite {
        let [x, y, z] = bad.first_xyz;
        return Err(PipelineError::Content {
            path: path.display().to_string(),
            message: format!(
                "{} pixels are NaN and {} infinite, the first at x,y,z = {x},{y},{z}: they belong to no phase; replace \
                 them in the file, or leave them out with --crop",
                bad.nan, bad.infinite
            ),
        });
    }
    let input = settled(data, settings.content, settings.labels.as_ref(), &path.display().to_string(), watch)?;
    Ok((input, report))
}

/// Settles whether voxels are grey or labels, and makes labels of these; `name` is what errors call them.
///
/// # Errors
/// [`PipelineError::Content`] when the values contradict what was said of them.
pub fn settled(
    data: StackData,
    content: Content,
    map: Option<&LabelMap>,
    name: &str,
    watch: &dyn Watch,
) -> Result<Input, PipelineError> {
    let input = content::settle(data, content, map, name)?;
    if let Input::Labels(_, notes) = &input {
        for note in notes {
            watch.event(Event::Note(note.clone()));
        }
    }
    Ok(input)
}

/// Reads a stack that must be labels.
///
/// # Errors
/// As [`read_input`], and [`PipelineError::Content`] when it is grey.
pub fn read_labels(path: &Path, settings: &IngestSettings, watch: &dyn Watch) -> Result<Labels, PipelineError> {
    if settings.content == Content::Grey {
        return Err(ConfigError::value(
            "content",
            "this command works on labels: segment grey values first with 'foamflux segment', or leave the flag out",
        )
        .into());
    }
    let settings = IngestSettings { content: Content::Labels, ..settings.clone() };
    match read_input(path, &settings, watch)? {
        (Input::Labels(labels, _), _) => Ok(labels),
        (Input::Grey(_), _) => Err(PipelineError::Internal("labels were asked for and grey came back".to_owned())),
    }
}

/// What `ingest` prints, with the range of values where they were read.
#[must_use]
pub fn results(path: &Path, report: &IngestReport, data: Option<&StackData>) -> IngestResults {
    IngestResults {
        schema: IngestResults::SCHEMA.to_owned(),
        volume: VolumeInfo {
            shape_zyx: report.shape_zyx.zyx(),
            voxel_size_m_xyz: report.voxel_size_m_xyz,
            voxel_size_source: report.voxel_size_source.as_ref().map_or("unknown".to_owned(), ToString::to_string),
        },
        path: path.display().to_string(),
        kind: report.kind.clone(),
        sample_type: report.sample_type_stored.clone(),
        files: report.files.clone(),
        voxel_size_candidates: candidates(report),
        microscope: report.microscope.clone(),
        data_bar: data_bar(report),
        gaps: report.gaps.iter().map(ToString::to_string).collect(),
        // Files that claim the same slice are refused before a report exists.
        duplicates: Vec::new(),
        odd_sizes: report
            .odd_slices
            .iter()
            .map(|s| format!("slice {} ({}): {}, {}", s.z, s.name, s.found, s.action))
            .collect(),
        ignored: report.ignored.iter().map(|f| format!("{}: {}", f.name, f.reason)).collect(),
        bad_slices: report
            .bad_slices
            .iter()
            .map(|s| format!("slice {} ({}): {} ({})", s.z, s.name, s.reason, s.action))
            .collect(),
        bytes_needed: report.bytes_needed,
        range: data.and_then(range),
        notes: report.notes.clone(),
        warnings: report.warnings.clone(),
    }
}

/// The input in the words of a run's results, with the hash of every file.
///
/// # Errors
/// [`PipelineError::Read`] when a file cannot be read a second time.
pub fn input_info(path: &Path, content: &str, report: &IngestReport) -> Result<InputInfo, PipelineError> {
    let files = if path.is_dir() {
        report.files.iter().map(|name| hashed(&path.join(name), name)).collect::<Result<_, _>>()?
    } else {
        let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        vec![hashed(path, &name)?]
    };
    Ok(InputInfo {
        path: path.display().to_string(),
        kind: report.kind.clone(),
        content: content.to_owned(),
        sample_type: report.sample_type_stored.clone(),
        files,
        voxel_size_candidates: candidates(report),
        microscope: report.microscope.clone(),
        data_bar: data_bar(report),
        notes: report.notes.clone(),
    })
}

fn data_bar(report: &IngestReport) -> Option<DataBar> {
    report.data_bar.as_ref().map(|bar| DataBar { rows: bar.rows, found_by: bar.found_by.clone() })
}

fn candidates(report: &IngestReport) -> Vec<VoxelSizeCandidate> {
    report
        .voxel_size_candidates
        .iter()
        .map(|c| {
            let edges: Vec<String> = c.m_xyz.iter().map(|m| m.map_or("?".to_owned(), units::format_length)).collect();
            VoxelSizeCandidate {
                source: format!("{} of {}", c.source, c.file),
                found: format!("{} = {} (x,y,z)", c.stated, edges.join(" x ")),
                used: c.believed,
                reason: c.reason.clone(),
            }
        })
        .collect()
}

fn hashed(path: &Path, name: &str) -> Result<InputFile, PipelineError> {
    let unreadable = |source: io::Error| PipelineError::Content {
        path: path.display().to_string(),
        message: format!("cannot be read again for its checksum: {source}"),
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 1 << 20];
    let mut bytes = 0u64;
    loop {
        let n = file.read(&mut buffer).map_err(unreadable)?;
        if n == 0 {
            break;
        }
        bytes += n as u64;
        hasher.update(&buffer[..n]);
    }
    let sha256 = hasher.finalize().iter().map(|b| format!("{b:02x}")).collect();
    Ok(InputFile { name: name.to_owned(), bytes, sha256 })
}

fn range(data: &StackData) -> Option<[f64; 2]> {
    fn of<T: Sample>(volume: &Volume<T>) -> Option<[f64; 2]> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for v in volume.as_slice().iter().map(|v| v.to_f64()).filter(|v| v.is_finite()) {
            low = low.min(v);
            high = high.max(v);
        }
        (low <= high).then_some([low, high])
    }
    foamflux_io::for_each_type!(data, volume => of(volume))
}
