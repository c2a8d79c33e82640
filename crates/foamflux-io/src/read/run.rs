//! Carrying out a plan.

use foamflux_grid::{Event, SampleType, Shape, Stage, Volume, Watch};
use rayon::prelude::*;

use super::assemble::{Assembler, Frame};
use super::error::{Fault, ReadError};
use super::input::Access;
use super::options::{BadSlices, OddSizes};
use super::plan::{Plan, bad_slice};
use super::report::{BadSlice, NonFinite};
use super::sample::PlaneSample;
use super::stack::{Stack, StackData};

/// Reads the volume in its own type.
pub(super) fn read(plan: Plan, watch: &dyn Watch) -> Result<Stack, ReadError> {
    match plan.report.sample_type {
        SampleType::U8 => typed(plan, watch, StackData::U8),
        SampleType::U16 => typed(plan, watch, StackData::U16),
        SampleType::I8 | SampleType::I16 => typed(plan, watch, StackData::I16),
        SampleType::U32 => typed(plan, watch, StackData::U32),
        SampleType::I32 => typed(plan, watch, StackData::I32),
        SampleType::F32 | SampleType::F64 => typed(plan, watch, StackData::F32),
    }
}

fn typed<T: PlaneSample>(plan: Plan, watch: &dyn Watch, wrap: fn(Volume<T>) -> StackData) -> Result<Stack, ReadError> {
    let Plan { mut report, access, frame, voxel_size, bad, batch } = plan;
    let transposed = matches!(&access, Access::Stream(s) if s.transposed);
    let frame = if transposed { transposed_frame(frame) } else { frame };
    let total = frame.region.z1 - frame.region.z0;
    watch.event(Event::Started { stage: Stage::Ingest, what: format!("{}, {} slices", report.kind, total) });
    let bytes = frame.out_zyx().iter().product::<usize>().saturating_mul(size_of::<T>()) as u64;
    let assembler = Assembler::new(frame, bad == BadSlices::Interpolate)
        .map_err(|_| ReadError::Allocation { bytes, what: "the volume" })?;
    let mut sink =
        Sink { frame, watch, policy: bad, assembler: Some(assembler), bad: Vec::new(), non_finite: None, done: 0 };
    match &access {
        Access::Slices(slices) => {
            let range = frame.region.z0..frame.region.z1;
            for first in range.clone().step_by(batch) {
                let planes: Vec<Result<Vec<T>, Fault>> = (first..range.end.min(first + batch))
                    .into_par_iter()
                    .map(|z| {
                        let slice = &slices[z];
                        let plane =
                            T::of_plane(slice.decode()?).ok_or_else(|| Fault::new("its sample type changed"))?;
                        let (width, height) = slice.header.as_ref().map_or((0, 0), |h| (h.width, h.height));
                        Ok(frame.cut(plane, width, height))
                    })
                    .collect();
                for (z, plane) in (first..).zip(planes) {
                    sink.take(z, &slices[z].name, plane)?;
                }
            }
        }
        Access::Stream(stream) => {
            stream.planes(frame.region.z0..frame.region.z1, &mut |z, plane| {
                let plane = plane
                    .and_then(|p| T::of_plane(p).ok_or_else(|| Fault::new("its sample type changed")))
                    .map(|p| frame.cut(p, frame.shape.x, frame.shape.y));
                sink.take(z, &format!("{}, slice {z}", stream.item.name), plane)
            })?;
        }
    }
    let Sink { assembler, bad: found, non_finite, .. } = sink;
    if transposed && !found.is_empty() {
        return Err(Fault::new(found[0].reason.clone()).of_file(&report.files.join(", ")));
    }
    let (Some(assembler), true) = (assembler, found.len() < total) else {
        return Err(if found.len() < total {
            ReadError::BadSlices { bad: found, total }
        } else {
            ReadError::NothingReadable { bad: found, total }
        });
    };
    let (data, slices) = assembler.finish();
    let [_, y, x] = frame.out_zyx();
    let shape = Shape::new(slices, y, x).map_err(|_| ReadError::BadSlices { bad: found.clone(), total })?;
    let (data, shape) =
        if transposed { (transpose(&data, shape)?, Shape { z: x, y, x: slices }) } else { (data, shape) };
    let mut warnings = Vec::new();
    if !found.is_empty() {
        let names = found.iter().map(|b| b.name.as_str()).collect::<Vec<_>>().join(", ");
        warnings.push(match bad {
            BadSlices::Interpolate => format!("{} bad slices were interpolated: {names}", found.len()),
            _ => format!("{} bad slices were left out, the distance along z is wrong there: {names}", found.len()),
        });
    }
    if let Some(n) = &non_finite {
        let [x, y, z] = if transposed { [n.first_xyz[2], n.first_xyz[1], n.first_xyz[0]] } else { n.first_xyz };
        report.non_finite = Some(NonFinite { first_xyz: [x, y, z], ..*n });
        warnings
            .push(format!("{} pixels are NaN and {} infinite, the first at x,y,z = {x},{y},{z}", n.nan, n.infinite));
    }
    report.bad_slices = found;
    report.warnings.extend(warnings);
    report.shape_zyx = shape;
    report.notes.iter().for_each(|n| watch.event(Event::Note(n.clone())));
    report.warnings.iter().for_each(|w| watch.event(Event::Warning(w.clone())));
    watch.event(Event::Finished { stage: Stage::Ingest, outcome: format!("{shape} (z,y,x) {}", T::TYPE) });
    let volume =
        Volume::from_vec(shape, voxel_size, data).map_err(|e| Fault::new(e.to_string()).of_file(&report.kind))?;
    Ok(Stack { data: wrap(volume), report })
}

/// Takes slices in order: counts, complains, and hands the good ones on.
struct Sink<'a, T> {
    frame: Frame,
    watch: &'a dyn Watch,
    policy: BadSlices,
    /// Dropped, with its memory, once the read is known to fail; the rest is only checked.
    assembler: Option<Assembler<T>>,
    bad: Vec<BadSlice>,
    non_finite: Option<NonFinite>,
    done: u64,
}

impl<T: PlaneSample> Sink<'_, T> {
    fn take(&mut self, z: usize, name: &str, plane: Result<Vec<T>, Fault>) -> Result<(), ReadError> {
        if self.watch.cancelled() {
            return Err(ReadError::Cancelled);
        }
        match plane {
            Ok(plane) => {
                if !T::IS_INTEGER {
                    self.count_non_finite(z, &plane);
                }
                if let Some(assembler) = &mut self.assembler {
                    assembler.push(plane);
                }
            }
            Err(fault) => {
                let mut bad = bad_slice(z, name, &fault);
                match (self.policy, &mut self.assembler) {
                    (BadSlices::Skip, _) => "left out".clone_into(&mut bad.action),
                    (BadSlices::Interpolate, Some(assembler)) => {
                        assembler.hole();
                        "interpolated".clone_into(&mut bad.action);
                    }
                    (BadSlices::Interpolate, None) | (BadSlices::Refuse, _) => self.assembler = None,
                }
                self.bad.push(bad);
            }
        }
        self.done += 1;
        let total = (self.frame.region.z1 - self.frame.region.z0) as u64;
        self.watch.event(Event::Advanced { stage: Stage::Ingest, done: self.done, total: Some(total) });
        Ok(())
    }

    fn count_non_finite(&mut self, z: usize, plane: &[T]) {
        for (i, v) in plane.iter().enumerate() {
            let v = v.to_f64();
            if v.is_finite() {
                continue;
            }
            let width = self.frame.region.x1 - self.frame.region.x0;
            let at = [self.frame.region.x0 + i % width, self.frame.region.y0 + i / width, z];
            let n = self.non_finite.get_or_insert(NonFinite { nan: 0, infinite: 0, first_xyz: at });
            if v.is_nan() {
                n.nan += 1;
            } else {
                n.infinite += 1;
            }
        }
    }
}

/// The frame of the array as it lies in a Fortran-ordered file: x and z change places.
fn transposed_frame(frame: Frame) -> Frame {
    let (s, r) = (frame.shape, frame.region);
    Frame {
        shape: Shape { z: s.x, y: s.y, x: s.z },
        region: foamflux_grid::Region { x0: r.z0, x1: r.z1, z0: r.x0, z1: r.x1, ..r },
        fit: OddSizes::Refuse,
        ..frame
    }
}

/// Exchanges the first and the last axis.
fn transpose<T: PlaneSample>(data: &[T], shape: Shape) -> Result<Vec<T>, ReadError> {
    let mut out = Vec::new();
    let bytes = size_of_val(data) as u64;
    out.try_reserve_exact(data.len()).map_err(|_| ReadError::Allocation { bytes, what: "the volume" })?;
    for x in 0..shape.x {
        for y in 0..shape.y {
            out.extend((0..shape.z).map(|z| data[shape.index(z, y, x)]));
        }
    }
    Ok(out)
}
