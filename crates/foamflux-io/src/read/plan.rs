//! The plan of a read: what, in which order, into what shape and type, with how much memory.

use std::collections::BTreeMap;
use std::path::Path;

use foamflux_grid::{SampleType, Shape, VoxelSize, Watch};

use super::assemble::{Frame, MAX_LABELS};
use super::data_bar;
use super::error::{Fault, ReadError};
use super::input::{self, Access, Input};
use super::options::{BadSlices, BinMode, OddSizes, ReadOptions};
use super::report::{BadSlice, IngestReport, OddSlice};
use super::run;
use super::sample::Plane;
use super::slice::{Header, Slice};
use super::stack::Stack;
use super::stream::Stream;
use super::voxel_size;

/// Slices that [`Plan::looks_like_labels`] decodes, spread over the stack.
const LABEL_SAMPLES: usize = 5;

/// What would be read, from names and headers only.
#[derive(Debug)]
pub struct Plan {
    pub(super) report: IngestReport,
    pub(super) access: Access,
    pub(super) frame: Frame,
    pub(super) voxel_size: VoxelSize,
    pub(super) bad: BadSlices,
    /// Slices decoded at the same time.
    pub(super) batch: usize,
}

/// Looks at names and headers of `input` and plans the read. No pixel is decoded
/// (except that a TIFF in an archive is unpacked to reach its directories).
///
/// Slices whose headers show them to be truncated or unreadable are listed in the report;
/// whether they are an error is decided by [`Plan::read`], which looks at all the others first.
///
/// # Errors
/// [`ReadError`], when it is not clear what the stack is, or nothing of it can be read, or it would not fit.
pub fn plan(input: &Path, options: &ReadOptions) -> Result<Plan, ReadError> {
    let found = input::open(input, options)?;
    let Input { kind, files, access, ignored, gaps, notes, warnings, held_bytes } = found;
    let report = IngestReport {
        kind,
        files,
        shape_zyx_file: Shape { z: 1, y: 1, x: 1 },
        shape_zyx: Shape { z: 1, y: 1, x: 1 },
        sample_type_stored: String::new(),
        sample_type: SampleType::U8,
        byte_order: None,
        compression: "none".to_owned(),
        voxel_size_m_xyz: None,
        voxel_size_source: None,
        voxel_size_candidates: Vec::new(),
        microscope: None,
        data_bar: None,
        gaps,
        odd_slices: Vec::new(),
        ignored,
        bad_slices: Vec::new(),
        non_finite: None,
        notes,
        warnings,
        bytes_needed: 0,
    };
    let mut builder = Builder { report, options, held_bytes };
    match access {
        Access::Slices(slices) => builder.slices(slices),
        Access::Stream(stream) => builder.stream(stream),
    }
}

struct Builder<'a> {
    report: IngestReport,
    options: &'a ReadOptions,
    held_bytes: u64,
}

impl Builder<'_> {
    fn slices(&mut self, mut slices: Vec<Slice>) -> Result<Plan, ReadError> {
        let total = slices.len();
        self.report.bad_slices = (slices.iter().enumerate())
            .filter_map(|(z, s)| s.header.as_ref().err().map(|f| bad_slice(z, &s.name, f)))
            .collect();
        let Some(common) = common(&slices) else {
            return Err(ReadError::NothingReadable { bad: self.report.bad_slices.clone(), total });
        };
        let (width, height) = self.odd_sizes(&mut slices, &common, total)?;
        self.report.files = match &slices[..] {
            [] => Vec::new(),
            _ if self.report.files.len() > 1 => slices.iter().map(|s| s.name.clone()).collect(),
            _ => std::mem::take(&mut self.report.files),
        };
        let shape = Shape::new(slices.len(), height, width)
            .map_err(|e| Fault::new(e.to_string()).of_file(&self.report.files.join(", ")))?;
        self.report.sample_type = common.scalar.target();
        self.report.sample_type_stored.clone_from(&common.stored);
        self.report.byte_order = common.order;
        common.compression.clone_into(&mut self.report.compression);
        self.conversions(&slices);
        if let Some(note) = common.scalar.note() {
            self.report.notes.push(note.to_owned());
        }
        let stated = slices
            .iter()
            .filter_map(|s| s.header.as_ref().ok().map(|h| (s.name.as_str(), h)))
            .flat_map(|(name, h)| h.stated.iter().map(move |s| (name, s)));
        let decision = voxel_size::decide(stated, self.options.voxel_size.as_ref(), self.options.slice_thickness_m);
        let decision = self.microscope(&slices, decision)?;
        let (bar, warning) = data_bar::choose(&slices, (width, height), self.options)?;
        self.report.warnings.extend(warning);
        if let Some(bar) = &bar {
            self.report.notes.push(format!(
                "the data bar of {} rows at the lower end of the images is cut off (by {}; --data-bar keep leaves it)",
                bar.rows, bar.found_by
            ));
        }
        self.report.data_bar = bar;
        let working = slices.iter().filter_map(|s| s.header.as_ref().ok()).map(|h| h.working_bytes).max().unwrap_or(0);
        let batch = (2 * rayon::current_num_threads()).min(slices.len()).max(1);
        self.finish(Access::Slices(slices), shape, decision, (working, batch))
    }

    fn stream(&mut self, stream: Stream) -> Result<Plan, ReadError> {
        let s = stream.shape;
        let shape = if stream.transposed { Shape { z: s.x, y: s.y, x: s.z } } else { s };
        if let Some((planes, fault)) = stream.missing() {
            if stream.transposed {
                return Err(fault.of_file(&stream.item.name));
            }
            if planes.len() == shape.z {
                let bad = vec![bad_slice(0, &stream.item.name, &fault)];
                return Err(ReadError::NothingReadable { bad, total: shape.z });
            }
            self.report.bad_slices =
                planes.map(|z| bad_slice(z, &format!("{}, slice {z}", stream.item.name), &fault)).collect();
        }
        self.report.sample_type = stream.scalar.target();
        self.report.sample_type_stored.clone_from(&stream.stored);
        self.report.byte_order = (stream.scalar.bytes() > 1).then_some(stream.order);
        self.report.compression = match (stream.gzip, stream.item.in_archive()) {
            (true, _) => "gzip",
            (false, true) => "zip",
            (false, false) => "none",
        }
        .to_owned();
        if let Some(note) = stream.scalar.note() {
            self.report.notes.push(note.to_owned());
        }
        let stated: Vec<_> = stream.stated.iter().map(|s| (stream.item.name.as_str(), s)).collect();
        let decision =
            voxel_size::decide(stated.into_iter(), self.options.voxel_size.as_ref(), self.options.slice_thickness_m);
        let decision = self.microscope(&[], decision)?;
        let working = stream.plane_bytes().saturating_mul(3);
        self.finish(Access::Stream(stream), shape, decision, (working, 1))
    }

    /// Says which microscope it was, and corrects the y edge for a tilt where that was asked for.
    fn microscope(
        &mut self,
        slices: &[Slice],
        decision: voxel_size::Decision,
    ) -> Result<voxel_size::Decision, ReadError> {
        let of = |s: &'_ Slice| s.header.as_ref().ok().and_then(|h| h.microscope.clone());
        let microscope = slices.iter().find_map(of);
        self.report.microscope = microscope.as_ref().map(super::microscope::Microscope::describe);
        if let Some(found) = &self.report.microscope {
            self.report.notes.push(format!("electron microscope: {found}"));
        }
        let tilts = slices.iter().filter_map(|s| of(s)?.tilt_deg);
        let range =
            tilts.fold(None, |r: Option<[f64; 2]>, t| Some(r.map_or([t, t], |[low, high]| [low.min(t), high.max(t)])));
        voxel_size::tilted(decision, self.options.tilt, range, microscope.is_some_and(|m| m.tilt_corrected))
    }

    /// Applies the policy for slices that are not like most. Width and height of the stack.
    fn odd_sizes(
        &mut self,
        slices: &mut Vec<Slice>,
        common: &Header,
        total: usize,
    ) -> Result<(usize, usize), ReadError> {
        let alike = |h: &Header| h.scalar.target() == common.scalar.target();
        let odd = |h: &Header| (h.width, h.height) != (common.width, common.height) || !alike(h);
        let list = |action: &str| -> Vec<OddSlice> {
            let headers = slices.iter().enumerate().filter_map(|(z, s)| s.header.as_ref().ok().map(|h| (z, s, h)));
            headers
                .filter(|(_, _, h)| odd(h))
                .map(|(z, s, h)| OddSlice { z, name: s.name.clone(), found: h.describe(), action: action.to_owned() })
                .collect()
        };
        let found = list("refused");
        if found.is_empty() {
            return Ok((common.width, common.height));
        }
        let refuse = |odd, remedy: &str| {
            Err(ReadError::OddSlices { odd, total, common: common.describe(), remedy: remedy.to_owned() })
        };
        let edges = |pick: fn(usize, usize) -> usize| {
            let fold = |a: Option<(usize, usize)>, h: &Header| match a {
                Some((w, h0)) => Some((pick(w, h.width), pick(h0, h.height))),
                None => Some((h.width, h.height)),
            };
            slices
                .iter()
                .filter_map(|s| s.header.as_ref().ok())
                .fold(None, fold)
                .unwrap_or((common.width, common.height))
        };
        let same_type = slices.iter().filter_map(|s| s.header.as_ref().ok()).all(alike);
        let (size, action) = match self.options.odd_sizes {
            OddSizes::Refuse if same_type => {
                return refuse(found, "go on with --odd-sizes skip, crop or pad, or remove them");
            }
            OddSizes::Refuse | OddSizes::Crop | OddSizes::Pad if !same_type => {
                return refuse(found, "save all slices with the same type, or go on with --odd-sizes skip");
            }
            OddSizes::Crop => (edges(usize::min), "cropped about its centre"),
            OddSizes::Pad => (edges(usize::max), "padded with its smallest value"),
            OddSizes::Refuse | OddSizes::Skip => ((common.width, common.height), "left out"),
        };
        self.report.odd_slices = list(action);
        if self.options.odd_sizes == OddSizes::Skip {
            slices.retain(|s| !s.header.as_ref().is_ok_and(&odd));
            for (z, bad) in slices
                .iter()
                .enumerate()
                .filter(|(_, s)| s.header.is_err())
                .map(|(z, _)| z)
                .zip(&mut self.report.bad_slices)
            {
                bad.z = z;
            }
            self.report.warnings.push(format!(
                "{} slices of odd size or type left out; the distance along z is wrong there",
                found.len()
            ));
        } else {
            self.report.notes.push(format!("{} slices of odd size: all fitted to {}x{}", found.len(), size.0, size.1));
        }
        Ok(size)
    }

    /// Notes about conversions, each with the number of slices where it is not all of them.
    fn conversions(&mut self, slices: &[Slice]) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for header in slices.iter().filter_map(|s| s.header.as_ref().ok()) {
            for note in &header.notes {
                *counts.entry(note).or_default() += 1;
            }
        }
        for (note, n) in counts {
            let of = if n < slices.len() { format!(" ({n} of {} slices)", slices.len()) } else { String::new() };
            self.report.notes.push(format!("{note}{of}"));
        }
    }

    fn finish(
        &mut self,
        access: Access,
        shape: Shape,
        decision: voxel_size::Decision,
        (working, batch): (u64, usize),
    ) -> Result<Plan, ReadError> {
        let options = self.options;
        let rows = shape.y - self.report.data_bar.as_ref().map_or(0, |bar| bar.rows);
        let region = options.crop.unwrap_or(foamflux_grid::Region { y1: rows, ..shape.region() });
        let cropped = region.shape_within(shape).map_err(|_| ReadError::Crop { region, shape })?;
        if options.bin == 0 {
            return Err(ReadError::Bin { bin: 0, shape: cropped });
        }
        let frame = Frame { shape, fit: options.odd_sizes, region, bin: options.bin, mode: options.bin_mode };
        let [z, y, x] = frame.out_zyx();
        let out = Shape::new(z, y, x).map_err(|_| ReadError::Bin { bin: options.bin, shape: cropped })?;
        let dropped = [cropped.z % options.bin, cropped.y % options.bin, cropped.x % options.bin];
        if dropped != [0; 3] {
            self.report.notes.push(format!(
                "{} slices, {} rows and {} columns at the end do not fill a bin of {} and are dropped",
                dropped[0], dropped[1], dropped[2], options.bin
            ));
        }
        if shape.z == 1 {
            self.report.notes.push("a single slice: nothing can be said along z".to_owned());
        }
        let transposed = matches!(&access, Access::Stream(s) if s.transposed);
        let (needed, batch) = self.memory(&frame, out, transposed, (working, batch))?;
        let voxel_size = decision.voxel_size.binned(options.bin);
        if voxel_size == VoxelSize::Unknown {
            self.report.notes.push("the voxel size is unknown: give --voxel-size".to_owned());
            if let (Some(ask), true) = (&decision.thickness_missing, shape.z > 1) {
                self.report.warnings.push(ask.clone());
            }
        }
        if let VoxelSize::Known { m_xyz, source } = &voxel_size {
            self.report.voxel_size_m_xyz = Some(*m_xyz);
            self.report.voxel_size_source = Some(source.clone());
        }
        self.report.voxel_size_candidates = decision.candidates;
        self.report.warnings.extend(decision.warnings);
        self.report.shape_zyx_file = shape;
        self.report.shape_zyx = out;
        self.report.bytes_needed = needed;
        let report = self.report.clone();
        Ok(Plan { report, access, frame, voxel_size, bad: options.bad_slices, batch })
    }

    /// Bytes needed at the peak and the number of slices decoded at once: as many as the limit allows.
    fn memory(
        &self,
        frame: &Frame,
        out: Shape,
        transposed: bool,
        (working, batch): (u64, usize),
    ) -> Result<(u64, usize), ReadError> {
        let sample = self.report.sample_type.bytes() as u64;
        let volume = (out.len() as u64).saturating_mul(sample).saturating_mul(if transposed { 2 } else { 1 });
        let slice = (frame.shape.y as u64).saturating_mul(frame.shape.x as u64).saturating_mul(sample);
        let binning = match frame.mode {
            _ if frame.bin == 1 => 0,
            BinMode::Mean => 8 * (out.y as u64).saturating_mul(out.x as u64),
            BinMode::Majority => slice.saturating_mul(frame.bin as u64),
        };
        let last = if self.options.bad_slices == BadSlices::Interpolate { 2 * slice } else { 0 };
        let fixed = volume.saturating_add(binning).saturating_add(last).saturating_add(self.held_bytes);
        let each = working.saturating_add(slice);
        let needed = |batch: usize| fixed.saturating_add(each.saturating_mul(batch as u64));
        let Some(limit) = self.options.max_memory else { return Ok((needed(batch), batch)) };
        match (1..=batch).rev().find(|&b| needed(b) <= limit) {
            Some(batch) => Ok((needed(batch), batch)),
            None => Err(ReadError::Memory {
                shape: out,
                sample_type: self.report.sample_type,
                needed: needed(1),
                limit,
                hint: if self.held_bytes > 0 {
                    "; unpacking the archive first also saves memory".to_owned()
                } else {
                    String::new()
                },
            }),
        }
    }
}

/// The most common size and type among readable slices; among equals the first.
fn common(slices: &[Slice]) -> Option<Header> {
    let mut counts: Vec<(&Header, usize)> = Vec::new();
    for header in slices.iter().filter_map(|s| s.header.as_ref().ok()) {
        let same = |h: &Header| {
            (h.width, h.height, h.scalar.target()) == (header.width, header.height, header.scalar.target())
        };
        match counts.iter_mut().find(|(h, _)| same(h)) {
            Some((_, n)) => *n += 1,
            None => counts.push((header, 1)),
        }
    }
    let most = counts.iter().map(|(_, n)| *n).max()?;
    counts.iter().find(|(_, n)| *n == most).map(|(h, _)| (*h).clone())
}

pub(super) fn bad_slice(z: usize, name: &str, fault: &Fault) -> BadSlice {
    BadSlice { z, name: name.to_owned(), reason: fault.0.clone(), action: "none".to_owned() }
}

impl Plan {
    /// What was found.
    #[must_use]
    pub const fn report(&self) -> &IngestReport {
        &self.report
    }

    /// Whether the stack looks like labels: whole numbers with at most nine distinct values
    /// in five slices spread over the part to read. Damaged slices are passed over.
    ///
    /// # Errors
    /// [`ReadError`] when the file cannot be opened any more.
    pub fn looks_like_labels(&self) -> Result<bool, ReadError> {
        if self.report.sample_type == SampleType::F32 {
            return Ok(false);
        }
        let mut seen = std::collections::BTreeSet::new();
        let mut look = |plane: &Plane| {
            if plane.is_integer() && seen.len() <= MAX_LABELS {
                // Whole numbers of at most 32 bits.
                seen.extend(plane.to_f64().into_iter().map(|v| v as i64));
            }
        };
        let range = match &self.access {
            Access::Stream(s) if s.transposed => 0..s.shape.z,
            _ => self.frame.region.z0..self.frame.region.z1,
        };
        let n = range.len();
        let mut picks: Vec<usize> =
            (0..LABEL_SAMPLES).map(|i| range.start + i * n.saturating_sub(1) / (LABEL_SAMPLES - 1)).collect();
        picks.dedup();
        let mut looked = false;
        match &self.access {
            Access::Slices(slices) => {
                for plane in picks.into_iter().filter_map(|z| slices[z].decode().ok()) {
                    looked = true;
                    look(&plane);
                }
            }
            Access::Stream(stream) => {
                for z in picks {
                    stream.planes(z..z + 1, &mut |_, plane| {
                        if let Ok(plane) = plane {
                            looked = true;
                            look(&plane);
                        }
                        Ok(())
                    })?;
                }
            }
        }
        Ok(looked && seen.len() <= MAX_LABELS)
    }

    /// Reads the stack. Every note and warning of the report is also sent to `watch`, once.
    ///
    /// # Errors
    /// [`ReadError::BadSlices`] with *every* truncated or unreadable slice, unless the options say to go on;
    /// [`ReadError::Allocation`]; [`ReadError::Cancelled`].
    pub fn read(self, watch: &dyn Watch) -> Result<Stack, ReadError> {
        run::read(self, watch)
    }
}
