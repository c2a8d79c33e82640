//! What the host has to know of a kernel.

/// How a binding is declared and used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A uniform buffer.
    Uniform,
    /// A storage buffer that is only read.
    Read,
    /// A storage buffer that is only written; WGSL has no such thing and declares it `read_write`.
    Write,
    /// A storage buffer that is read and written.
    ReadWrite,
}

/// What a buffer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A [`Slab`](crate::layout::Slab).
    Slab,
    /// A [`Ratio`](crate::layout::Ratio).
    Ratio,
    /// A [`Reduction`](crate::layout::Reduction).
    Reduction,
    /// One byte per voxel, see [`layout`](crate::layout).
    Connectivity,
    /// One f32 per voxel and two halo planes, see [`layout`](crate::layout).
    Field,
    /// One f32 per workgroup of the whole box.
    Partials,
    /// [`Slot::COUNT`](crate::layout::Slot::COUNT) f32.
    Scalars,
}

impl Holds {
    /// Bytes per voxel; what does not grow with the box counts nothing.
    const fn bytes_per_voxel(self) -> u32 {
        match self {
            Holds::Connectivity => 1,
            Holds::Field => 4,
            Holds::Slab | Holds::Ratio | Holds::Reduction | Holds::Partials | Holds::Scalars => 0,
        }
    }
}

/// One binding of group 0; its number is its place in [`Kernel::bindings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// Name of the variable in the shader.
    pub name: &'static str,
    /// How it is declared and used.
    pub access: Access,
    /// What it holds.
    pub holds: Holds,
}

/// What a dispatch covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The slab's own voxels.
    Voxels {
        /// Voxels per thread along x, y, z; a thread strides by the size of its workgroup.
        per_thread: [u32; 3],
    },
    /// A list, by a single workgroup.
    OneGroup,
}

/// A compute kernel: its text, and all that a host needs to build and to dispatch it.
#[derive(Debug, Clone, Copy)]
pub struct Kernel {
    /// Name: of the file without its ending, of the entry point, and of the twin on the CPU.
    pub name: &'static str,
    /// The parts that stand before the kernel's own text, in order.
    pub(crate) parts: &'static [&'static str],
    /// The kernel's own text.
    pub(crate) text: &'static str,
    /// Threads of a workgroup along x, y, z.
    pub workgroup: [u32; 3],
    /// What a dispatch covers.
    pub work: Work,
    /// The bindings of group 0 in the order of their numbers.
    pub bindings: &'static [Binding],
}

impl Kernel {
    /// Name of the entry point.
    #[must_use]
    pub const fn entry_point(&self) -> &'static str {
        self.name
    }

    /// Threads of a workgroup.
    #[must_use]
    pub const fn threads(&self) -> u32 {
        self.workgroup[0] * self.workgroup[1] * self.workgroup[2]
    }

    /// Workgroups to dispatch for a slab of `voxels` (x, y, z, halos not counted).
    ///
    /// The dispatch has three dimensions: in one, 256 threads each, it fails at 256^3, which needs 65 536 workgroups
    /// where [`Limits::WEBGPU`] allows 65 535.
    #[must_use]
    pub fn groups(&self, voxels: [u32; 3]) -> [u32; 3] {
        match self.work {
            Work::OneGroup => [1, 1, 1],
            Work::Voxels { per_thread } => {
                std::array::from_fn(|axis| voxels[axis].div_ceil(self.workgroup[axis] * per_thread[axis]))
            }
        }
    }

    /// Partial sums that a reduction leaves for a whole box of `voxels` (x, y, z).
    ///
    /// A workgroup of a reduction covers voxels of one plane only, so that neither their number nor their order depends
    /// on how the box is cut into slabs.
    #[must_use]
    pub fn partials(&self, voxels: [u32; 3]) -> u64 {
        self.groups(voxels).into_iter().map(u64::from).product()
    }

    /// Bytes that have to move between memory and the device per voxel: each field once per direction, halos and
    /// neighbours from the cache.
    #[must_use]
    pub fn bytes_per_voxel(&self) -> u32 {
        self.bindings
            .iter()
            .map(|binding| match binding.access {
                Access::Uniform => 0,
                Access::Read | Access::Write => binding.holds.bytes_per_voxel(),
                Access::ReadWrite => 2 * binding.holds.bytes_per_voxel(),
            })
            .sum()
    }
}

/// Limits that a kernel has to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Workgroups per dimension of a dispatch.
    pub groups_per_dimension: u32,
    /// Threads of a workgroup.
    pub threads: u32,
    /// Threads of a workgroup along x, y, z.
    pub workgroup: [u32; 3],
    /// Storage buffers that one stage binds.
    pub storage_buffers: u32,
    /// Bytes of workgroup memory.
    pub workgroup_bytes: u32,
}

impl Limits {
    /// What every WebGPU device offers: a kernel that keeps these runs anywhere.
    pub const WEBGPU: Limits = Limits {
        groups_per_dimension: 65_535,
        threads: 256,
        workgroup: [256, 256, 64],
        storage_buffers: 8,
        workgroup_bytes: 16_384,
    };
}
