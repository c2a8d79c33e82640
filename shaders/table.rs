//! The kernel table.

use crate::kernel::{Access, Binding, Holds, Kernel, Work};

const COMMON: &str = include_str!("common.wgsl");
const GRID: &str = include_str!("grid.wgsl");
const REDUCE: &str = include_str!("reduce.wgsl");
const RATIO: &str = include_str!("ratio.wgsl");

/// Threads along x, y, z of kernels that treat each voxel by itself: rows of 32 keep reads coalesced, and the third
/// dimension keeps the dispatch small.
const TILE: [u32; 3] = [32, 4, 2];
const EACH_VOXEL: Work = Work::Voxels { per_thread: [1, 1, 1] };

/// Reductions march 16 rows per thread before the workgroup adds up (a barrier tree per voxel is 4 to 70 times slower),
/// and stay in one plane, so that the sums do not depend on the slabs.
const SHEET: [u32; 3] = [32, 8, 1];
const MARCH: Work = Work::Voxels { per_thread: [1, 16, 1] };

const fn uniform(name: &'static str, holds: Holds) -> Binding {
    Binding { name, access: Access::Uniform, holds }
}

const fn read(name: &'static str, holds: Holds) -> Binding {
    Binding { name, access: Access::Read, holds }
}

const fn write(name: &'static str, holds: Holds) -> Binding {
    Binding { name, access: Access::Write, holds }
}

const fn read_write(name: &'static str, holds: Holds) -> Binding {
    Binding { name, access: Access::ReadWrite, holds }
}

const SLAB: Binding = uniform("slab", Holds::Slab);

/// `r = A c - b`, or `q = A p` with the electrodes at zero.
pub const APPLY: Kernel = Kernel {
    name: "apply",
    parts: &[COMMON, GRID],
    text: include_str!("apply.wgsl"),
    workgroup: TILE,
    work: EACH_VOXEL,
    bindings: &[
        SLAB,
        read("connectivity", Holds::Connectivity),
        read("potential", Holds::Field),
        write("product", Holds::Field),
    ],
};

/// Partial sums of `a·b`.
pub const DOT_PRODUCT: Kernel = Kernel {
    name: "dot_product",
    parts: &[COMMON, GRID, REDUCE],
    text: include_str!("dot_product.wgsl"),
    workgroup: SHEET,
    work: MARCH,
    bindings: &[SLAB, read("left", Holds::Field), read("right", Holds::Field), write("partials", Holds::Partials)],
};

/// Partial sums of the energy `E = sum g (c_i - c_f)^2`.
pub const ENERGY: Kernel = Kernel {
    name: "energy",
    parts: &[COMMON, GRID, REDUCE],
    text: include_str!("energy.wgsl"),
    workgroup: SHEET,
    work: MARCH,
    bindings: &[
        SLAB,
        read("connectivity", Holds::Connectivity),
        read("potential", Holds::Field),
        write("partials", Holds::Partials),
    ],
};

/// Adds partial sums into a slot.
pub const SUM: Kernel = Kernel {
    name: "sum",
    parts: &[COMMON, REDUCE],
    text: include_str!("sum.wgsl"),
    workgroup: [256, 1, 1],
    work: Work::OneGroup,
    bindings: &[
        uniform("reduction", Holds::Reduction),
        read("partials", Holds::Partials),
        write("scalars", Holds::Scalars),
    ],
};

/// `c += s p` and `r += s q`.
pub const UPDATE: Kernel = Kernel {
    name: "update",
    parts: &[COMMON, GRID, RATIO],
    text: include_str!("update.wgsl"),
    workgroup: TILE,
    work: EACH_VOXEL,
    bindings: &[
        SLAB,
        uniform("ratio", Holds::Ratio),
        read("scalars", Holds::Scalars),
        read("search", Holds::Field),
        read("product", Holds::Field),
        read_write("potential", Holds::Field),
        read_write("gradient", Holds::Field),
    ],
};

/// `p = s p - r`.
pub const SEARCH: Kernel = Kernel {
    name: "search",
    parts: &[COMMON, GRID, RATIO],
    text: include_str!("search.wgsl"),
    workgroup: TILE,
    work: EACH_VOXEL,
    bindings: &[
        SLAB,
        uniform("ratio", Holds::Ratio),
        read("scalars", Holds::Scalars),
        read("gradient", Holds::Field),
        read_write("direction", Holds::Field),
    ],
};

/// All kernels.
pub const KERNELS: &[Kernel] = &[APPLY, DOT_PRODUCT, ENERGY, SUM, UPDATE, SEARCH];
