//! `foamflux devices`.

use std::fmt::Write as _;

use foamflux_grid::units::format_bytes;
use foamflux_transport::{Backend, CpuBackend};
use serde::Serialize;

use super::Session;

/// What is there.
#[derive(Debug, Serialize)]
struct Devices {
    schema: &'static str,
    devices: Vec<Device>,
    cpu: Cpu,
    /// What `--device auto` takes for large problems.
    auto: String,
    /// Unknowns from which on that is a GPU.
    auto_gpu_from_unknowns: Option<usize>,
}

#[derive(Debug, Serialize)]
struct Cpu {
    name: String,
    memory_bytes: Option<u64>,
    largest_cubes: Vec<Cube>,
}

/// The largest cube that memory holds, by the share of voxels that conduct.
#[derive(Debug, Clone, Copy, Serialize)]
struct Cube {
    conducting_fraction: f64,
    bytes_per_voxel: f64,
    /// Of the memory, or of 8 GiB where it is not known.
    edge_voxel: u64,
}

#[derive(Debug, Serialize)]
struct Device {
    index: usize,
    name: String,
    backend: String,
    r#type: String,
    driver: String,
    /// No driver tells it to every program; the system's for one that computes on the processor.
    memory_bytes: Option<u64>,
    max_buffer_bytes: u64,
    max_binding_bytes: u64,
    timestamps: bool,
    usable: bool,
    reason: Option<String>,
    largest_cubes: Vec<Cube>,
}

/// Memory that sizes are stated for where a device's own is not known.
const ASSUMED_MEMORY: u64 = 8 << 30;

pub(crate) fn devices(session: &Session) -> anyhow::Result<()> {
    let cpu = CpuBackend::new().describe();
    let devices = found(session);
    let best = devices.iter().find(|d| d.usable && d.r#type != "software");
    let all = Devices {
        schema: "foamflux.devices/1",
        auto: best.map_or_else(|| cpu.clone(), |d| format!("gpu:{} {}", d.index, d.name)),
        auto_gpu_from_unknowns: best.and(worth_it()),
        cpu: Cpu {
            largest_cubes: cubes(session.settings.max_memory, CPU_BYTES),
            memory_bytes: session.settings.max_memory,
            name: cpu,
        },
        devices,
    };
    session.show(&all, text)
}

/// Bytes per voxel by conducting share, measured on blobs (0.5), on struts (0.05) and on what is between them (0.95):
/// without the labels themselves.
type BytesPerVoxel = [(f64, f64); 3];

/// On the processor, by `foamflux transport --dry-run`'s plan.
const CPU_BYTES: BytesPerVoxel = [(0.05, 6.0), (0.5, 31.0), (0.95, 37.0)];

/// The largest cubes in `memory`.
fn cubes(memory: Option<u64>, bytes: BytesPerVoxel) -> Vec<Cube> {
    let memory = memory.unwrap_or(ASSUMED_MEMORY) as f64;
    bytes
        .into_iter()
        .map(|(conducting_fraction, bytes_per_voxel)| Cube {
            conducting_fraction,
            bytes_per_voxel,
            edge_voxel: (memory / bytes_per_voxel).cbrt() as u64,
        })
        .collect()
}

#[cfg(feature = "gpu")]
fn found(session: &Session) -> Vec<Device> {
    use foamflux_gpu::Kind;
    let describe = |d: foamflux_gpu::DeviceInfo| {
        let memory_bytes = if d.kind == Kind::Software { session.settings.max_memory } else { None };
        Device {
            index: d.index,
            name: d.name,
            backend: d.backend,
            r#type: d.kind.to_string(),
            driver: d.driver,
            memory_bytes,
            max_buffer_bytes: d.max_buffer_bytes,
            max_binding_bytes: d.max_binding_bytes,
            timestamps: d.timestamps,
            usable: d.unusable.is_none(),
            reason: d.unusable,
            largest_cubes: cubes(memory_bytes, foamflux_gpu::BYTES_PER_VOXEL),
        }
    };
    foamflux_gpu::devices().into_iter().map(describe).collect()
}

#[cfg(feature = "gpu")]
fn worth_it() -> Option<usize> {
    Some(foamflux_gpu::WORTH_IT)
}

#[cfg(not(feature = "gpu"))]
fn found(_: &Session) -> Vec<Device> {
    Vec::new()
}

#[cfg(not(feature = "gpu"))]
fn worth_it() -> Option<usize> {
    None
}

fn text(all: &Devices) -> String {
    let mut out = String::new();
    for d in &all.devices {
        let _ = writeln!(out, "gpu:{}  {} ({}, {}), driver {}", d.index, d.name, d.backend, d.r#type, d.driver);
        match &d.reason {
            Some(reason) => {
                let _ = writeln!(out, "       cannot be used: {reason}");
            }
            None => {
                let _ = writeln!(
                    out,
                    "       binds {} at once, buffers of {}; memory {}",
                    format_bytes(d.max_binding_bytes),
                    format_bytes(d.max_buffer_bytes),
                    d.memory_bytes.map_or("not told by the driver".to_owned(), format_bytes)
                );
                let _ = writeln!(out, "       {}", held(&d.largest_cubes, d.memory_bytes));
            }
        }
    }
    if all.devices.is_empty() {
        let _ = writeln!(
            out,
            "no GPU was found; a driver with Vulkan support makes one visible (Linux: libvulkan1 and the vendor's driver, \
             or mesa-vulkan-drivers)"
        );
    }
    let _ = writeln!(out, "cpu    {}\n       {}", all.cpu.name, held(&all.cpu.largest_cubes, all.cpu.memory_bytes));
    let _ = match all.auto_gpu_from_unknowns {
        Some(n) => writeln!(out, "--device auto: {} from {n} unknowns on, the processor below", all.auto),
        None => writeln!(out, "--device auto: {}", all.auto),
    };
    out
}

fn held(cubes: &[Cube], memory: Option<u64>) -> String {
    let list: Vec<String> =
        cubes.iter().map(|c| format!("{}^3 at {:.0} %", c.edge_voxel, 100.0 * c.conducting_fraction)).collect();
    let where_ = memory.map_or_else(|| "8 GiB hold".to_owned(), |m| format!("{} hold", format_bytes(m)));
    format!("{where_} {} of conducting voxels", list.join(", "))
}
