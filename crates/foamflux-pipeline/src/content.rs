//! Grey values or labels? And foreign labels into ours.

use std::collections::BTreeMap;

use foamflux_grid::{Label, Labels, Sample, Volume};
use foamflux_io::read::StackData;
use foamflux_voxel::segment::distinct_values;

use crate::config::LabelMap;
use crate::error::PipelineError;
use crate::settings::Content;

/// A volume with more distinct values than there are labels is grey.
const MOST_LABELS: usize = Label::ALL.len();

/// The input after the question is settled.
#[derive(Debug)]
pub enum Input {
    /// Grey values.
    Grey(StackData),
    /// Labels, with what was decided on the way.
    Labels(Labels, Vec<String>),
}

/// Settles what the voxels are.
///
/// # Errors
/// [`PipelineError::Content`] when labels were promised and the values are not labels, or a map does not cover them.
pub(crate) fn settle(
    data: StackData,
    content: Content,
    map: Option<&LabelMap>,
    path: &str,
) -> Result<Input, PipelineError> {
    if let Some(map) = map {
        return mapped(&data, map, path).map(|(labels, notes)| Input::Labels(labels, notes));
    }
    if content == Content::Grey {
        return Ok(Input::Grey(data));
    }
    let values = whole_values(&data);
    let Some(values) = values else {
        return match content {
            Content::Labels => Err(not_labels(&data, path)),
            _ => Ok(Input::Grey(data)),
        };
    };
    match (values.as_slice(), content) {
        ([low, high], _) => {
            let map = LabelMap::from([(*low, Label::Pore), (*high, Label::Fibre)]);
            let (labels, mut notes) = mapped(&data, &map, path)?;
            notes.insert(
                0,
                format!(
                    "two values in the file: {low} is taken as pore and {high} as fibre (say otherwise with --labels)"
                ),
            );
            Ok(Input::Labels(labels, notes))
        }
        (values, _) if values.iter().all(|v| (0..MOST_LABELS as i64).contains(v)) => {
            // One value of 0 to 8 may also be a constant grey image; a volume of one label is the useful reading.
            let map: LabelMap =
                values.iter().filter_map(|&v| Some((v, Label::from_u8(u8::try_from(v).ok()?)?))).collect();
            let (labels, mut notes) = mapped(&data, &map, path)?;
            let names: Vec<String> = map.iter().map(|(v, l)| format!("{v} {l}")).collect();
            notes.insert(0, format!("labels as numbered by foamflux: {}", names.join(", ")));
            Ok(Input::Labels(labels, notes))
        }
        (values, _) => {
            let listed: Vec<String> = values.iter().map(ToString::to_string).collect();
            let constant = if values.len() == 1 { " (a constant image)" } else { "" };
            Err(PipelineError::Content {
                path: path.to_owned(),
                message: format!(
                    "the voxels hold only the values {}{constant}, which looks like a label image with labels of its \
                     own: say what they mean, for example --labels pore={}{}, or force grey with --content grey",
                    listed.join(", "),
                    values[0],
                    values.get(1).map(|v| format!(",fibre={v}")).unwrap_or_default(),
                ),
            })
        }
    }
}

/// The distinct values, when all are whole numbers and there are no more than labels.
fn whole_values(data: &StackData) -> Option<Vec<i64>> {
    foamflux_io::for_each_type!(data, volume => distinct_values(volume, MOST_LABELS))?
        .into_iter()
        .map(|v| (v.fract() == 0.0 && v.abs() < 9e15).then_some(v as i64))
        .collect()
}

fn not_labels(data: &StackData, path: &str) -> PipelineError {
    PipelineError::Content {
        path: path.to_owned(),
        message: format!(
            "labels are expected and these are grey values ({} with more than {MOST_LABELS} distinct values): segment \
             them first with 'foamflux segment {path} -o labels.tif', or give the whole job to 'foamflux run'; a label \
             image with many values needs --labels NAME=VALUE,...",
            data.sample_type()
        ),
    }
}

/// Applies a label map.
fn mapped(data: &StackData, map: &LabelMap, path: &str) -> Result<(Labels, Vec<String>), PipelineError> {
    let (labels, unseen) = foamflux_io::for_each_type!(data, volume => apply(volume, map, path))?;
    let notes = unseen
        .into_iter()
        .map(|value| format!("the label map names {value}, which no voxel has ({})", map[&value]))
        .collect();
    Ok((labels, notes))
}

fn apply<T: Sample>(volume: &Volume<T>, map: &LabelMap, path: &str) -> Result<(Labels, Vec<i64>), PipelineError> {
    let mut seen: BTreeMap<i64, bool> = map.keys().map(|&k| (k, false)).collect();
    // Labels come in long runs: remember the last value and ask the map only when it changes.
    let mut last: Option<(T, u8)> = None;
    let mut out = Vec::with_capacity(volume.shape().len());
    for (i, &v) in volume.as_slice().iter().enumerate() {
        if let Some((value, label)) = last
            && value == v
        {
            out.push(label);
            continue;
        }
        let number = v.to_f64();
        let whole = number as i64;
        match map.get(&whole).filter(|_| number.fract() == 0.0) {
            Some(&label) => {
                seen.insert(whole, true);
                last = Some((v, label as u8));
                out.push(label as u8);
            }
            None => return Err(unmapped(volume, i, map, path)),
        }
    }
    let labels = Labels::new(volume.like(out)?)?;
    Ok((labels, seen.into_iter().filter(|(_, was)| !was).map(|(v, _)| v).collect()))
}

fn unmapped<T: Sample>(volume: &Volume<T>, i: usize, map: &LabelMap, path: &str) -> PipelineError {
    let value = volume.as_slice()[i];
    let count = volume.as_slice().iter().filter(|&&v| v == value).count();
    let (z, y, x) = volume.shape().zyx_of(i);
    let known: Vec<String> = map.iter().map(|(v, l)| format!("{l}={v}")).collect();
    PipelineError::Content {
        path: path.to_owned(),
        message: format!(
            "the value {} (in {count} voxels, first at x,y,z = {x},{y},{z}) is not in the label map {}: add it, for \
             example --labels {},other={}",
            value.to_f64(),
            known.join(","),
            known.join(","),
            value.to_f64(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foamflux_grid::{Shape, VoxelSize};

    fn stack(values: &[u8]) -> StackData {
        let shape = Shape::new(1, 1, values.len()).unwrap();
        StackData::U8(Volume::from_vec(shape, VoxelSize::Unknown, values.to_vec()).unwrap())
    }

    fn labels(values: &[u8], map: Option<&str>) -> Result<Vec<u8>, String> {
        let map = map.map(|m| crate::config::parse_label_map(m).unwrap());
        match settle(stack(values), Content::Auto, map.as_ref(), "f").map_err(|e| e.to_string())? {
            Input::Labels(labels, _) => Ok(labels.volume().as_slice().to_vec()),
            Input::Grey(_) => Err("grey".into()),
        }
    }

    #[test]
    fn two_values_need_no_map() {
        assert_eq!(labels(&[0, 255, 0], None), Ok(vec![0, 1, 0]));
        assert_eq!(labels(&[7, 3, 3], None), Ok(vec![1, 0, 0]));
        assert_eq!(labels(&[0, 1, 1], None), Ok(vec![0, 1, 1]));
    }

    #[test]
    fn own_labels_are_kept_and_foreign_ones_need_a_map() {
        assert_eq!(labels(&[0, 1, 2, 3], None), Ok(vec![0, 1, 2, 3]));
        let error = labels(&[0, 85, 170], None).unwrap_err();
        assert!(error.contains("--labels pore=0,fibre=85"), "{error}");
        assert_eq!(labels(&[0, 85, 170], Some("pore=0,fibre=85,other=170")), Ok(vec![0, 1, 8]));
    }

    #[test]
    fn a_value_outside_of_the_map_is_named_with_its_place() {
        let error = labels(&[0, 85, 85, 9, 9], Some("pore=0,fibre=85")).unwrap_err();
        assert!(error.contains("the value 9 (in 2 voxels, first at x,y,z = 3,0,0)"), "{error}");
    }

    #[test]
    fn many_values_are_grey() {
        let grey: Vec<u8> = (0..40).collect();
        assert_eq!(labels(&grey, None), Err("grey".into()));
        assert!(matches!(
            settle(stack(&grey), Content::Labels, None, "f"),
            Err(PipelineError::Content { message, .. }) if message.contains("foamflux segment")
        ));
    }
}
