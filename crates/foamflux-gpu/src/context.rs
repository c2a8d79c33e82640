//! An open device: its queue, its compiled kernels, its memory, and what happened to it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use foamflux_shaders::{Access, KERNELS, Kernel, Limits, TAIL, source};

use crate::adapters::{DeviceInfo, Pick, pick};
use crate::error::{Fault, GpuError};

/// Seconds after which a device counts as hung; a submission takes milliseconds.
pub(crate) const HUNG_AFTER_SECONDS: u64 = 60;
/// Bytes copied to the device at once; the driver holds a copy of what is on its way.
const CHUNK: usize = 16 << 20;
/// Bytes on their way after which the host waits.
const ON_THE_WAY: usize = 256 << 20;
/// Bytes by which calls are aligned in the buffer of their uniforms; no device asks for more.
pub(crate) const CALL: usize = 256;

/// A buffer with a number by which bind groups are found again.
#[derive(Debug, Clone)]
pub(crate) struct Buffer {
    pub(crate) raw: wgpu::Buffer,
    pub(crate) id: u64,
}

#[cfg(feature = "kernel-suite")]
impl Buffer {
    /// Single-precision values that it holds, padding included.
    pub(crate) fn values(&self) -> usize {
        (self.raw.size() / 4) as usize
    }
}

struct Compiled {
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
}

/// An open device.
pub(crate) struct Context {
    pub(crate) info: DeviceInfo,
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    fault: Arc<Mutex<Option<Fault>>>,
    kernels: Vec<Compiled>,
    /// Threads of the one workgroup that solves the smallest levels.
    tail_threads: u32,
    next_id: AtomicU64,
    /// Bytes brought to the device and back.
    moved: [AtomicU64; 2],
}

impl Context {
    /// Opens a device and compiles the kernels.
    pub(crate) fn open(which: Pick) -> Result<Self, GpuError> {
        let (info, adapter) = pick(which)?;
        let features = adapter.features() & wgpu::Features::TIMESTAMP_QUERY;
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("foamflux"),
            required_features: features,
            // What the device has, never the defaults: those bind 128 MiB.
            required_limits: adapter.limits(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|e| GpuError::Refused { name: info.name.clone(), message: e.to_string() })?;
        let fault = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&fault);
        device.on_uncaptured_error(Arc::new(move |error| record(&seen, fault_of(error))));
        let seen = Arc::clone(&fault);
        device.set_device_lost_callback(move |reason, message| {
            record(&seen, Fault::Lost(format!("{reason:?}: {message}").trim_end_matches([':', ' ']).to_owned()));
        });
        let limits = widest(&adapter);
        let kernels = KERNELS.iter().map(|kernel| compile(&device, &kernel.widened(&limits))).collect();
        let context = Context {
            info,
            device,
            queue,
            fault,
            kernels,
            tail_threads: TAIL.widened(&limits).threads(),
            next_id: AtomicU64::new(0),
            moved: Default::default(),
        };
        match context.fault() {
            Some(fault) => {
                Err(GpuError::Refused { name: context.info.name.clone(), message: format!("its kernels: {fault}") })
            }
            None => Ok(context),
        }
    }

    /// Threads of the one workgroup that solves the smallest levels.
    pub(crate) fn tail_threads(&self) -> u32 {
        self.tail_threads
    }

    /// What happened first, if anything did.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes what happened.
    pub(crate) fn fail(&self, fault: Fault) {
        record(&self.fault, fault);
    }

    /// Forgets a fault that the next solve need not suffer from; a lost device stays lost.
    pub(crate) fn recover(&self) {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*fault, Some(Fault::Lost(_) | Fault::Hung(_))) {
            *fault = None;
        }
    }

    /// Bytes brought to the device and back so far: arrays, uniforms, scalars.
    pub(crate) fn moved(&self) -> [u64; 2] {
        self.moved.each_ref().map(|bytes| bytes.load(Ordering::Relaxed))
    }

    /// Writes what lies in whole words, and counts it.
    pub(crate) fn put(&self, buffer: &Buffer, at: u64, bytes: &[u8]) {
        self.moved[0].fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.queue.write_buffer(&buffer.raw, at, bytes);
    }

    /// Number of a kernel in the table.
    pub(crate) fn number(kernel: &Kernel) -> usize {
        KERNELS.iter().position(|k| k.name == kernel.name).unwrap_or(0)
    }

    pub(crate) fn pipeline(&self, kernel: usize) -> &wgpu::ComputePipeline {
        &self.kernels[kernel].pipeline
    }

    /// A storage buffer of zeros.
    pub(crate) fn zeros(&self, bytes: u64) -> Buffer {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
        self.buffer(bytes, usage)
    }

    pub(crate) fn buffer(&self, bytes: u64, usage: wgpu::BufferUsages) -> Buffer {
        // A binding must not be empty, and holds whole words (pairs of them in one case).
        let bytes = bytes.max(16).next_multiple_of(16);
        let descriptor = wgpu::BufferDescriptor { label: None, size: bytes, usage, mapped_at_creation: false };
        let raw = self.device.create_buffer(&descriptor);
        Buffer { raw, id: self.next_id.fetch_add(1, Ordering::Relaxed) }
    }

    /// A storage buffer that holds what the host has.
    pub(crate) fn upload<T: bytemuck::NoUninit>(&self, data: &[T]) -> Buffer {
        let buffer = self.zeros(size_of_val(data) as u64);
        self.write(&buffer, 0, data);
        buffer
    }

    /// Writes from a place on that is a multiple of four bytes.
    pub(crate) fn write<T: bytemuck::NoUninit>(&self, buffer: &Buffer, mut at: u64, data: &[T]) {
        let mut waiting = 0;
        for chunk in bytemuck::cast_slice::<T, u8>(data).chunks(CHUNK) {
            if self.fault().is_some() {
                return;
            }
            // Writes are whole words; the last one may need padding.
            if chunk.len().is_multiple_of(4) {
                self.put(buffer, at, chunk);
            } else {
                let mut padded = chunk.to_vec();
                padded.resize(chunk.len().next_multiple_of(4), 0);
                self.put(buffer, at, &padded);
            }
            at += chunk.len() as u64;
            waiting += chunk.len();
            if waiting >= ON_THE_WAY {
                self.queue.submit([]);
                self.wait();
                waiting = 0;
            }
        }
    }

    /// Waits for everything submitted.
    pub(crate) fn wait(&self) {
        let timeout = Some(Duration::from_secs(HUNG_AFTER_SECONDS));
        if let Err(error) = self.device.poll(wgpu::PollType::Wait { submission_index: None, timeout }) {
            self.fail(match error {
                wgpu::PollError::Timeout => Fault::Hung(HUNG_AFTER_SECONDS),
                other => Fault::Refused(other.to_string()),
            });
        }
    }

    /// A bind group of a kernel: the uniforms' buffer, then the storage buffers in the order of the table.
    pub(crate) fn bind(&self, kernel: usize, uniforms: &Buffer, buffers: &[&Buffer]) -> wgpu::BindGroup {
        let bytes = KERNELS[kernel].uniform_bytes().next_multiple_of(CALL) as u64;
        let calls = wgpu::BufferBinding { buffer: &uniforms.raw, offset: 0, size: std::num::NonZeroU64::new(bytes) };
        let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(calls) }];
        entries.extend(buffers.iter().enumerate().map(|(k, buffer)| wgpu::BindGroupEntry {
            binding: k as u32 + 1,
            resource: buffer.raw.as_entire_binding(),
        }));
        let layout = &self.kernels[kernel].layout;
        self.device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
    }

    /// Copies the start of a buffer to the host.
    pub(crate) fn download(&self, buffer: &Buffer, values: usize) -> Vec<f32> {
        let mut out = Vec::with_capacity(values);
        let bytes = 4 * values as u64;
        let chunk = (4 * CHUNK as u64).min(bytes);
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let staging = self.buffer(chunk, usage);
        let mut at = 0;
        while at < bytes && self.fault().is_none() {
            let len = chunk.min(bytes - at);
            let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.copy_buffer_to_buffer(&buffer.raw, at, &staging.raw, 0, len);
            self.queue.submit([encoder.finish()]);
            match self.mapped(&staging, len, |bytes| out.extend_from_slice(bytemuck::cast_slice(bytes))) {
                Ok(()) => at += len,
                Err(fault) => self.fail(fault),
            }
        }
        out
    }

    /// Waits for a mappable buffer and reads it.
    pub(crate) fn mapped(&self, buffer: &Buffer, bytes: u64, f: impl FnOnce(&[u8])) -> Result<(), Fault> {
        let result = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&result);
        buffer.raw.map_async(wgpu::MapMode::Read, 0..bytes, move |r| {
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(r.map_err(|e| e.to_string()));
        });
        self.wait();
        if let Some(fault) = self.fault() {
            return Err(fault);
        }
        let outcome = result.lock().unwrap_or_else(PoisonError::into_inner).take();
        match outcome {
            Some(Ok(())) => {}
            Some(Err(message)) => return Err(Fault::Lost(message)),
            None => return Err(Fault::Hung(HUNG_AFTER_SECONDS)),
        }
        self.moved[1].fetch_add(bytes, Ordering::Relaxed);
        let range = buffer.raw.get_mapped_range(0..bytes).map_err(|e| Fault::Refused(e.to_string()))?;
        f(&range);
        drop(range);
        buffer.raw.unmap();
        Ok(())
    }
}

/// How wide a workgroup may be.
///
/// Metal has a limit of its own for each pipeline, below the device's where a kernel needs many registers, and OpenGL's
/// drivers say more than they do well: there the width stays what every WebGPU device has.
fn widest(adapter: &wgpu::Adapter) -> Limits {
    let has = adapter.limits();
    match adapter.get_info().backend {
        wgpu::Backend::Vulkan | wgpu::Backend::Dx12 => Limits {
            threads: has.max_compute_invocations_per_workgroup,
            workgroup: [
                has.max_compute_workgroup_size_x,
                has.max_compute_workgroup_size_y,
                has.max_compute_workgroup_size_z,
            ],
            workgroup_bytes: has.max_compute_workgroup_storage_size,
            ..Limits::WEBGPU
        },
        _ => Limits::WEBGPU,
    }
}

fn record(fault: &Mutex<Option<Fault>>, new: Fault) {
    let mut fault = fault.lock().unwrap_or_else(PoisonError::into_inner);
    // The first one is the cause; but that a device is lost explains whatever came before.
    if fault.is_none() || matches!((&*fault, &new), (Some(Fault::Refused(_)), Fault::Lost(_))) {
        *fault = Some(new);
    }
}

fn fault_of(error: wgpu::Error) -> Fault {
    match error {
        wgpu::Error::OutOfMemory { source } => Fault::OutOfMemory(source.to_string()),
        wgpu::Error::Validation { description, .. } => {
            if description.contains("is lost") {
                Fault::Lost(description)
            } else {
                Fault::Refused(description)
            }
        }
        wgpu::Error::Internal { description, .. } => Fault::Refused(description),
    }
}

fn compile(device: &wgpu::Device, kernel: &Kernel) -> Compiled {
    let entries: Vec<_> = kernel
        .bindings
        .iter()
        .enumerate()
        .map(|(number, binding)| wgpu::BindGroupLayoutEntry {
            binding: number as u32,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: match binding.access {
                    Access::Uniform => wgpu::BufferBindingType::Uniform,
                    Access::Read => wgpu::BufferBindingType::Storage { read_only: true },
                    Access::Write | Access::ReadWrite => wgpu::BufferBindingType::Storage { read_only: false },
                },
                has_dynamic_offset: binding.access == Access::Uniform,
                min_binding_size: None,
            },
            count: None,
        })
        .collect();
    let label = Some(kernel.name);
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label,
        bind_group_layouts: &[Some(&layout)],
        ..wgpu::PipelineLayoutDescriptor::default()
    });
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label,
        source: wgpu::ShaderSource::Wgsl(source(kernel).into()),
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label,
        layout: Some(&pipeline_layout),
        module: &module,
        entry_point: Some(kernel.entry_point()),
        compilation_options: wgpu::PipelineCompilationOptions {
            // Every variable of workgroup memory is written before it is read.
            zero_initialize_workgroup_memory: false,
            ..wgpu::PipelineCompilationOptions::default()
        },
        cache: None,
    });
    Compiled { pipeline, layout }
}
