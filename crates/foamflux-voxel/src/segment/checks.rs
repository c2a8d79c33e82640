//! What can be told to be wrong before work begins.

use foamflux_grid::{Event, Sample, Volume, Watch};
use rayon::prelude::*;

use super::{Method, SegmentError, SegmentOptions};
use crate::threshold::ThresholdError;

/// Most distinct whole values that make an image look like labels: there are nine labels.
pub(super) const LABEL_VALUES: usize = 9;

/// The distinct values of a volume, ascending; `None` when there are more than `at_most` or any is NaN.
#[must_use]
pub fn distinct_values<T: Sample>(volume: &Volume<T>, at_most: usize) -> Option<Vec<f64>> {
    /// Adds a value to an ascending list.
    fn insert(list: &mut Vec<f64>, value: f64, at_most: usize) -> Option<()> {
        if value.is_nan() {
            return None;
        }
        if let Err(place) = list.binary_search_by(|v| v.partial_cmp(&value).unwrap_or(std::cmp::Ordering::Equal)) {
            list.insert(place, value);
        }
        (list.len() <= at_most).then_some(())
    }
    volume
        .as_slice()
        .par_chunks(1 << 16)
        .map(|chunk| {
            let mut found = Vec::new();
            let mut last = None;
            for &value in chunk {
                // Labels come in long stretches.
                if last != Some(value) {
                    insert(&mut found, value.to_f64(), at_most)?;
                    last = Some(value);
                }
            }
            Some(found)
        })
        .try_reduce(Vec::new, |mut a, b| {
            b.into_iter().try_for_each(|value| insert(&mut a, value, at_most))?;
            Some(a)
        })
}

/// Shares of the voxels that have the least and the largest value of their type; nothing for floats.
#[must_use]
pub fn saturated<T: Sample>(volume: &Volume<T>) -> [f64; 2] {
    if !T::IS_INTEGER {
        return [0.0; 2];
    }
    let ends = [T::from_f64(f64::NEG_INFINITY), T::from_f64(f64::INFINITY)];
    let count = |chunk: &[T]| ends.map(|end| chunk.iter().filter(|v| **v == end).count() as f64);
    let [low, high] =
        volume.as_slice().par_chunks(1 << 16).map(count).reduce(|| [0.0; 2], |a, b| [a[0] + b[0], a[1] + b[1]]);
    let n = volume.shape().len() as f64;
    [low / n, high / n]
}

/// Refuses options that cannot be right for any image.
pub(super) fn options(options: &SegmentOptions) -> Result<(), SegmentError> {
    let given = match options.method {
        Method::Fixed { threshold } => vec![threshold],
        Method::Hysteresis { low, high } => vec![low, high],
        Method::Watershed { seeds: Some(seeds) } => seeds.to_vec(),
        _ => Vec::new(),
    };
    if let Some(&value) = given.iter().find(|v| !v.is_finite()) {
        return Err(SegmentError::NotANumber { value });
    }
    match options.method {
        Method::Hysteresis { low, high } if low > high => Err(SegmentError::Hysteresis { low, high }),
        Method::Watershed { seeds: Some([low, high]) } if low > high => Err(SegmentError::Hysteresis { low, high }),
        Method::Phansalkar { radius } if !(1..=100).contains(&radius) => Err(SegmentError::Parameter {
            what: "Phansalkar's radius",
            value: radius as f64,
            wanted: "1 to 100 voxels",
        }),
        Method::Sauvola { radius, .. } if !(1..=100).contains(&radius) => {
            Err(SegmentError::Parameter { what: "Sauvola's radius", value: radius as f64, wanted: "1 to 100 voxels" })
        }
        Method::Sauvola { k, .. } if !(0.0..=1.0).contains(&k) => {
            Err(SegmentError::Parameter { what: "Sauvola's k", value: k, wanted: "0 to 1" })
        }
        Method::MarkovField { beta } if !(0.0..=10.0).contains(&beta) => {
            Err(SegmentError::Parameter { what: "beta", value: beta, wanted: "0 to 10" })
        }
        _ => Ok(()),
    }
}

/// Refuses images that cannot be right for any method, and label images where a threshold is to be found.
pub(super) fn image<T: Sample>(volume: &Volume<T>, method: Method, watch: &dyn Watch) -> Result<(), SegmentError> {
    if let Some((count, first)) = crate::filter::not_finite(volume.as_slice()) {
        let (z, y, x) = volume.shape().zyx_of(first);
        return Err(ThresholdError::NotFinite { count, x, y, z }.into());
    }
    let given = method.is_given();
    match distinct_values(volume, LABEL_VALUES).as_deref() {
        Some([value]) if !given => Err(ThresholdError::Constant { value: *value }.into()),
        Some(values) if values.len() > 1 && values.iter().all(|v| v.fract() == 0.0) => {
            if given {
                watch.event(Event::Warning(format!(
                    "the image has only the values {}: it looks like labels, and a threshold was applied as asked for",
                    list(values)
                )));
                return Ok(());
            }
            Err(SegmentError::LooksLikeLabels { values: values.to_vec() })
        }
        _ => Ok(()),
    }
}

/// `0, 85 and 170`.
pub(super) fn list(values: &[f64]) -> String {
    match values {
        [] => String::new(),
        [one] => one.to_string(),
        [init @ .., last] => {
            let init: Vec<String> = init.iter().map(f64::to_string).collect();
            format!("{} and {last}", init.join(", "))
        }
    }
}

/// A suggestion for `--labels`: the least value is taken for the pore.
pub(super) fn mapping(values: &[f64]) -> String {
    let names = ["pore", "fibre", "other"];
    let pairs: Vec<String> = values.iter().zip(names).map(|(value, name)| format!("{name}={value}")).collect();
    let more = if values.len() > names.len() { ",..." } else { "" };
    format!("{}{more}", pairs.join(","))
}
