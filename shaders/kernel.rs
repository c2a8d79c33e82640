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

/// What a buffer holds. "Per item" is per voxel for kernels over the grid, and per row for kernels over a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A uniform struct of [`layout`](crate::layout), by its name.
    Struct(&'static str),
    /// One byte per item.
    Connectivity,
    /// One f32 per item.
    Field,
    /// [`WIDTH`](crate::layout::WIDTH) u32 per item.
    Links,
    /// As many f32.
    Conductances,
    /// Pairs of u32, few of them.
    Pairs,
    /// One u32 per item.
    Index,
    /// u32 that are fewer than items: by block, by coarse row.
    Fewer,
    /// f32 that are fewer than items: of a coarse level, partial sums, slots.
    FewerReal,
}

impl Holds {
    /// Bytes per item; what is an order less counts nothing.
    const fn bytes(self) -> u32 {
        match self {
            Holds::Connectivity => 1,
            Holds::Field | Holds::Index => 4,
            Holds::Links | Holds::Conductances => 4 * crate::layout::WIDTH,
            Holds::Struct(_) | Holds::Pairs | Holds::Fewer | Holds::FewerReal => 0,
        }
    }
}

impl Holds {
    /// Bytes of a uniform struct.
    fn struct_bytes(self) -> usize {
        use crate::layout::{Combine, Grid, Rows, Sums, Tail};
        match self {
            Holds::Struct("Grid") => size_of::<Grid>(),
            Holds::Struct("Rows") => size_of::<Rows>(),
            Holds::Struct("Combine") => size_of::<Combine>(),
            Holds::Struct("Sums") => size_of::<Sums>(),
            Holds::Struct("Tail") => size_of::<Tail>(),
            _ => 0,
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
    /// The cells of a slab, both colours or one: `used`, `ny`, `nz`.
    Cells {
        /// Rows per thread along y; a thread strides by the size of its workgroup.
        per_thread: u32,
    },
    /// The blocks of a slab.
    Blocks,
    /// Rows of a list.
    Rows {
        /// Rows per thread; a thread strides by the size of its workgroup.
        per_thread: u32,
    },
    /// Rows of a list, a workgroup for each.
    GroupPerRow,
    /// A list, by a single workgroup.
    OneGroup,
}

/// Workgroups along x of a list's dispatch before it is folded into a second dimension.
const FOLD: u32 = 32_768;

/// Threads of a workgroup at most; no common device has more.
const WIDEST: u32 = 1024;
/// Bytes of workgroup memory per thread that the sum over a workgroup takes (`reduce.wgsl`).
const BYTES_PER_THREAD: u32 = 16;

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

    /// Bytes of the uniform struct.
    #[must_use]
    pub fn uniform_bytes(&self) -> usize {
        self.bindings.iter().map(|binding| binding.holds.struct_bytes()).sum()
    }

    /// Threads of a workgroup.
    #[must_use]
    pub const fn threads(&self) -> u32 {
        self.workgroup[0] * self.workgroup[1] * self.workgroup[2]
    }

    /// The kernel as a device runs it: one that is a single workgroup takes as many threads as `limits` has, up to
    /// 1024, because its speed is that of one core of the device; all others stay as they are.
    ///
    /// Halved until it fits, as its sums need a power of two.
    #[must_use]
    pub fn widened(mut self, limits: &Limits) -> Kernel {
        if self.work != Work::OneGroup {
            return self;
        }
        let fits = |threads: u32| {
            threads <= limits.threads
                && threads <= limits.workgroup[0]
                && BYTES_PER_THREAD * threads + 4 * crate::layout::TAIL_SLOTS <= limits.workgroup_bytes
        };
        let mut threads = WIDEST;
        while threads > self.threads() && !fits(threads) {
            threads /= 2;
        }
        self.workgroup[0] = threads.max(self.workgroup[0]);
        self
    }

    /// Workgroups to dispatch over `extent` cells, blocks, or (in its first number) rows.
    ///
    /// No dispatch has one dimension alone: with 256 threads each it would fail at 256^3, which needs 65 536 workgroups
    /// where [`Limits::WEBGPU`] allows 65 535. Lists are folded into two; a workgroup behind their end does nothing.
    #[must_use]
    pub fn groups(&self, extent: [u32; 3]) -> [u32; 3] {
        let fold = |groups: u32| {
            let groups = groups.max(1);
            if groups <= FOLD { [groups, 1, 1] } else { [FOLD, groups.div_ceil(FOLD), 1] }
        };
        match self.work {
            Work::OneGroup => [1, 1, 1],
            Work::GroupPerRow => [extent[0].max(1), 1, 1],
            Work::Rows { per_thread } => fold(extent[0].div_ceil(self.threads() * per_thread)),
            Work::Blocks => std::array::from_fn(|axis| extent[axis].div_ceil(self.workgroup[axis])),
            Work::Cells { per_thread } => std::array::from_fn(|axis| {
                extent[axis].div_ceil(self.workgroup[axis] * if axis == 1 { per_thread } else { 1 })
            }),
        }
    }

    /// Partial sums that a dispatch leaves for each of its sums.
    ///
    /// A workgroup of a reduction over cells covers one plane only, so that neither their number nor their order depends
    /// on how the box is cut into slabs.
    #[must_use]
    pub fn partials(&self, extent: [u32; 3]) -> u32 {
        self.groups(extent).into_iter().product()
    }

    /// Bytes that have to move between memory and the device per item: each field once per direction, halos and
    /// neighbours from the cache.
    #[must_use]
    pub fn bytes_per_item(&self) -> u32 {
        self.bindings
            .iter()
            .map(|binding| match binding.access {
                Access::Uniform => 0,
                Access::Read | Access::Write => binding.holds.bytes(),
                Access::ReadWrite => 2 * binding.holds.bytes(),
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
