//! Which files of a folder or archive are the stack.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::ReadError;
use super::naming::{self, Series};
use super::origin::{Item, Origin};
use super::report::{Gap, IgnoredFile};

/// Extensions of slices.
const SLICES: [&str; 5] = ["tif", "tiff", "btf", "tf8", "png"];
/// Extensions of volumes.
const VOLUMES: [&str; 4] = ["npy", "nrrd", "nhdr", "raw"];
/// Images that are not read, so that the message can say what to do.
const FOREIGN_IMAGES: [&str; 12] =
    ["jpg", "jpeg", "bmp", "gif", "jp2", "webp", "dcm", "ima", "dm3", "dm4", "txm", "mrc"];
/// A series this long is a stack beside which single images are previews.
const STACK: usize = 3;
/// One preview is allowed for every so many slices, and always one.
const SLICES_PER_PREVIEW: usize = 10;

/// What a folder or archive holds.
#[derive(Debug)]
pub(super) enum Contents {
    /// Slices in order.
    Slices(Found),
    /// One file that is the stack.
    One(Item, Vec<IgnoredFile>),
}

/// Slices in order and what was noticed.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) slices: Vec<Item>,
    pub(super) ignored: Vec<IgnoredFile>,
    pub(super) gaps: Vec<Gap>,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// Files of a folder, not of the folders in it.
pub(super) fn list(folder: &Path, name: &str, ignored: &mut Vec<IgnoredFile>) -> Result<Vec<Item>, ReadError> {
    let failed = |source| ReadError::Io { file: name.to_owned(), source };
    let mut items = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        match std::fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => {
                let slices = count_slices(&path);
                let holds = if slices > 0 { format!(" (holds {slices} TIFF or PNG files)") } else { String::new() };
                ignored.push(IgnoredFile { name: format!("{name}/"), reason: format!("a folder{holds}") });
            }
            Ok(meta) => items.push(Item { name, len: meta.len(), origin: Origin::Path(path) }),
            Err(e) => ignored.push(IgnoredFile { name, reason: format!("cannot be read: {e}") }),
        }
    }
    Ok(items)
}

fn count_slices(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let names = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned());
    names.filter(|n| junk(n).is_none() && SLICES.contains(&extension(n).as_str())).count()
}

/// The extension in lower case, or nothing.
pub(super) fn extension(name: &str) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.rsplit_once('.').map_or(String::new(), |(_, e)| e.to_ascii_lowercase())
}

/// Why a file is litter of an operating system, if it is.
fn junk(name: &str) -> Option<&'static str> {
    if name.split('/').any(|part| part == "__MACOSX") {
        return Some("macOS resource fork");
    }
    let file = name.rsplit('/').next().unwrap_or(name);
    if file.starts_with("._") {
        Some("macOS resource fork")
    } else if name.split('/').any(|part| part.starts_with('.') && part != "." && part != "..") {
        Some("hidden file")
    } else if ["thumbs.db", "desktop.ini"].contains(&file.to_ascii_lowercase().as_str()) {
        Some("written by Windows Explorer")
    } else {
        None
    }
}

/// Chooses the stack among the files of `input`.
///
/// # Errors
/// When there is none, or when it is not clear which one it is.
pub(super) fn choose(input: &str, items: Vec<Item>, mut ignored: Vec<IgnoredFile>) -> Result<Contents, ReadError> {
    let mut slices = Vec::new();
    let mut volumes = Vec::new();
    let mut foreign = BTreeMap::<String, usize>::new();
    for item in items {
        let extension = extension(&item.name);
        let reason = if let Some(reason) = junk(&item.name) {
            reason
        } else if SLICES.contains(&extension.as_str()) {
            slices.push(item);
            continue;
        } else if VOLUMES.contains(&extension.as_str()) {
            volumes.push(item);
            continue;
        } else if FOREIGN_IMAGES.contains(&extension.as_str()) {
            *foreign.entry(extension).or_default() += 1;
            "image format that is not read"
        } else if ["hdr", "txt"].contains(&extension.as_str()) {
            "text: a pixel size is read from it where a microscope wrote it for a slice of this name"
        } else {
            "not a TIFF or PNG slice"
        };
        ignored.push(IgnoredFile { name: item.name, reason: reason.to_owned() });
    }
    ignored.sort_by(|a, b| naming::natural(&a.name, &b.name));
    let several = |names: &[Item]| ReadError::SeveralSeries {
        input: input.to_owned(),
        series: names.iter().map(|i| i.name.clone()).collect(),
    };
    volumes.sort_by(|a, b| naming::natural(&a.name, &b.name));
    match (slices.len(), volumes.len()) {
        (0, 1) => return Ok(Contents::One(volumes.remove(0), ignored)),
        (0, 0) => return Err(nothing(input, &foreign, &ignored)),
        (1, 0) => return Ok(Contents::One(slices.remove(0), ignored)),
        (0, _) => return Err(several(&volumes)),
        (1, _) => {
            volumes.append(&mut slices);
            return Err(several(&volumes));
        }
        _ => {}
    }
    for volume in volumes {
        ignored.push(IgnoredFile { name: volume.name, reason: "a volume beside the slices".to_owned() });
    }
    one_folder(input, &slices)?;
    stack_of(input, slices, ignored).map(Contents::Slices)
}

fn nothing(input: &str, foreign: &BTreeMap<String, usize>, ignored: &[IgnoredFile]) -> ReadError {
    let found = if let Some((extension, n)) = foreign.iter().max_by_key(|(_, n)| **n) {
        format!(
            ": it holds {n} .{extension} files, which are not read; open them in Fiji and save an image sequence as TIFF"
        )
    } else if ignored.iter().any(|i| i.reason.contains("holds")) {
        let sub: Vec<&str> = ignored.iter().filter(|i| i.reason.contains("holds")).map(|i| i.name.as_str()).collect();
        format!(": they are in {}; give one such folder", sub.join(", "))
    } else if ignored.is_empty() {
        ": it is empty; give the folder that holds the slices, or one file with all of them".to_owned()
    } else {
        let shown: Vec<&str> = ignored.iter().take(3).map(|i| i.name.as_str()).collect();
        let more = if ignored.len() > shown.len() {
            format!(" and {} more", ignored.len() - shown.len())
        } else {
            String::new()
        };
        format!(
            ": it holds {}{more}; give the folder that holds the slices, or one file with all of them",
            shown.join(", ")
        )
    };
    ReadError::NoSlices { input: input.to_owned(), found }
}

/// Slices of an archive must lie in one of its folders.
fn one_folder(input: &str, slices: &[Item]) -> Result<(), ReadError> {
    let mut folders = BTreeMap::<&str, usize>::new();
    for slice in slices {
        *folders.entry(slice.name.rsplit_once('/').map_or(".", |(folder, _)| folder)).or_default() += 1;
    }
    if folders.len() > 1 {
        let series = folders.iter().map(|(folder, n)| format!("{n} files in {folder}/")).collect();
        return Err(ReadError::SeveralSeries { input: input.to_owned(), series });
    }
    Ok(())
}

fn stack_of(input: &str, mut items: Vec<Item>, mut ignored: Vec<IgnoredFile>) -> Result<Found, ReadError> {
    // The order of the directory is the file system's and must not matter.
    items.sort_by(|a, b| naming::natural(&a.name, &b.name));
    let names: Vec<&str> = items.iter().map(|i| i.name.as_str()).collect();
    let mut all = naming::series(&names);
    let stack = all.remove(0);
    let (mut notes, mut warnings) = (Vec::new(), Vec::new());
    if !all.is_empty() {
        let allowed = (stack.slices.len() / SLICES_PER_PREVIEW).max(1);
        let alone = all.iter().all(|s| s.slices.len() == 1) && all.len() <= allowed;
        if stack.slices.len() < STACK || !alone {
            all.insert(0, stack);
            let series = all.iter().map(|s| describe(s, &names)).collect();
            return Err(ReadError::SeveralSeries { input: input.to_owned(), series });
        }
        for series in &all {
            let name = names[series.slices[0].0].to_owned();
            warnings.push(format!("{name} stands alone beside the stack and is left out"));
            ignored.push(IgnoredFile { name, reason: "an image that is not part of the series".to_owned() });
        }
    }
    let twice = naming::duplicates(&stack);
    if !twice.is_empty() {
        let list = |group: &Vec<usize>| group.iter().map(|&i| names[i]).collect::<Vec<_>>().join(" and ");
        return Err(ReadError::Duplicates { input: input.to_owned(), duplicates: twice.iter().map(list).collect() });
    }
    let (gaps, step) = naming::gaps(&stack);
    if let Some(step) = step {
        notes.push(format!(
            "slice numbers rise in steps of {step}; the voxel size along z is that between slices of the stack"
        ));
    }
    if !gaps.is_empty() {
        let list = gaps.iter().map(Gap::to_string).collect::<Vec<_>>().join(", ");
        warnings.push(format!("slice numbers are missing: {list}; the distance along z is wrong there"));
    }
    let extensions: std::collections::BTreeSet<String> = names.iter().map(|n| extension(n)).collect();
    if extensions.contains("png") && extensions.len() > 1 {
        notes.push("TIFF and PNG slices are mixed".to_owned());
    }
    let slices = stack.slices.iter().map(|&(i, _)| items[i].clone()).collect();
    Ok(Found { slices, ignored, gaps, notes, warnings })
}

fn describe(series: &Series, names: &[&str]) -> String {
    let name = |s: Option<&(usize, Option<u64>)>| s.map_or("", |&(i, _)| names[i]);
    match series.slices.len() {
        1 => name(series.slices.first()).to_owned(),
        n => format!("{n} files from {} to {}", name(series.slices.first()), name(series.slices.last())),
    }
}
