//! Which devices there are, in which order, and what each can hold.

use std::fmt;

use foamflux_shaders::Limits as Needed;

use crate::error::GpuError;

/// Kinds of devices, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A card with memory of its own.
    Discrete,
    /// A GPU that shares the processor's memory.
    Integrated,
    /// A GPU lent to a virtual machine, or one that does not say.
    Other,
    /// A driver that computes on the processor.
    Software,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Discrete => "discrete",
            Kind::Integrated => "integrated",
            Kind::Other => "other",
            Kind::Software => "software",
        })
    }
}

/// One adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceInfo {
    /// N of `--device gpu:N`.
    pub index: usize,
    /// As its driver calls it.
    pub name: String,
    /// Interface: vulkan, metal, dx12, gl.
    pub backend: String,
    /// What it is.
    pub kind: Kind,
    /// Driver and its version.
    pub driver: String,
    /// Largest buffer.
    pub max_buffer_bytes: u64,
    /// Largest part of a buffer that a kernel sees at once.
    pub max_binding_bytes: u64,
    /// Whether kernels can be timed on the device.
    pub timestamps: bool,
    /// Why it cannot be used, and what to do; none where it can.
    pub unusable: Option<String>,
}

impl DeviceInfo {
    /// Name and interface, as results print it.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("gpu:{} {} ({})", self.index, self.name, self.backend)
    }
}

/// Which device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The first of the list that can be used.
    Best,
    /// The first that is a GPU.
    BestHardware,
    /// This one.
    Index(usize),
}

/// All adapters, the best first: discrete, integrated, other, software. Those of GL only where there are no others.
#[must_use]
pub fn devices() -> Vec<DeviceInfo> {
    found().into_iter().map(|(info, _)| info).collect()
}

pub(crate) fn pick(which: Pick) -> Result<(DeviceInfo, wgpu::Adapter), GpuError> {
    let mut all = found();
    let count = all.len();
    match which {
        Pick::Index(index) if index >= count => Err(GpuError::NoSuchIndex { index, count }),
        Pick::Index(index) => {
            let (info, adapter) = all.swap_remove(index);
            match &info.unusable {
                Some(reason) => Err(GpuError::Unusable { name: info.name, reason: reason.clone() }),
                None => Ok((info, adapter)),
            }
        }
        Pick::Best | Pick::BestHardware => {
            let software = which == Pick::Best;
            let usable = |info: &DeviceInfo| info.unusable.is_none() && (software || info.kind != Kind::Software);
            if let Some(at) = all.iter().position(|(info, _)| usable(info)) {
                return Ok(all.swap_remove(at));
            }
            match all.into_iter().find(|(info, _)| software || info.kind != Kind::Software) {
                Some((DeviceInfo { name, unusable: Some(reason), .. }, _)) => Err(GpuError::Unusable { name, reason }),
                _ => Err(GpuError::NoAdapter),
            }
        }
    }
}

fn found() -> Vec<(DeviceInfo, wgpu::Adapter)> {
    let native = wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12;
    let mut all = adapters(native);
    if all.is_empty() {
        // A second choice: through GL the same device shows twice, and opening it complains where there is no display.
        all = adapters(wgpu::Backends::GL);
    }
    all.sort_by_key(|(info, _)| info.kind);
    for (index, (info, _)) in all.iter_mut().enumerate() {
        info.index = index;
    }
    all
}

fn adapters(backends: wgpu::Backends) -> Vec<(DeviceInfo, wgpu::Adapter)> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    // Drivers' validation layers belong to their developers, not to measurements.
    descriptor.flags = wgpu::InstanceFlags::empty();
    descriptor.backends = backends;
    let instance = wgpu::Instance::new(descriptor);
    let found = pollster::block_on(instance.enumerate_adapters(backends));
    found.into_iter().map(|adapter| (describe(&adapter), adapter)).collect()
}

fn describe(adapter: &wgpu::Adapter) -> DeviceInfo {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => Kind::Discrete,
        wgpu::DeviceType::IntegratedGpu => Kind::Integrated,
        wgpu::DeviceType::Cpu => Kind::Software,
        _ => Kind::Other,
    };
    let driver = [info.driver, info.driver_info].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(" ");
    DeviceInfo {
        index: 0,
        name: info.name,
        backend: info.backend.to_str().to_owned(),
        kind,
        driver,
        max_buffer_bytes: limits.max_buffer_size,
        max_binding_bytes: limits.max_storage_buffer_binding_size,
        timestamps: adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY),
        unusable: lacks(adapter, &limits),
    }
}

/// What an adapter lacks.
fn lacks(adapter: &wgpu::Adapter, has: &wgpu::Limits) -> Option<String> {
    let needs = Needed::WEBGPU;
    let compute = adapter.get_downlevel_capabilities().flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS);
    if !compute {
        return Some(
            "its driver offers no compute shaders; update it, or choose its Vulkan, Metal or DX12 entry".to_owned(),
        );
    }
    let pairs = [
        (
            "storage buffers per stage",
            u64::from(has.max_storage_buffers_per_shader_stage),
            u64::from(needs.storage_buffers),
        ),
        ("threads per workgroup", u64::from(has.max_compute_invocations_per_workgroup), u64::from(needs.threads)),
        (
            "bytes of workgroup memory",
            u64::from(has.max_compute_workgroup_storage_size),
            u64::from(needs.workgroup_bytes),
        ),
        (
            "workgroups per dimension",
            u64::from(has.max_compute_workgroups_per_dimension),
            u64::from(needs.groups_per_dimension),
        ),
    ];
    let missing = pairs.into_iter().find(|(_, has, needs)| has < needs);
    missing.map(|(what, has, needs)| format!("it offers {has} {what} and {needs} are needed; update its driver"))
}
