//! The kernel table.

use crate::kernel::{Access, Binding, Holds, Kernel, Work};

const COMMON: &str = include_str!("common.wgsl");
const GRID: &str = include_str!("grid.wgsl");
const PULL: &str = include_str!("pull.wgsl");
const PRODUCT: &str = include_str!("product.wgsl");
const BLOCKS: &str = include_str!("blocks.wgsl");
const ROWS: &str = include_str!("rows.wgsl");
const LINKS: &str = include_str!("links.wgsl");
const FORMULA: &str = include_str!("formula.wgsl");
const REDUCE: &str = include_str!("reduce.wgsl");

/// Threads along i, y, z: rows of 64 cells keep reads coalesced.
const TILE: [u32; 3] = [64, 4, 1];
/// Reductions march 16 rows per thread before the workgroup adds up (a barrier tree per voxel is 4 to 70 times slower),
/// and stay in one plane, so that the sums do not depend on the slabs.
const MARCH: Work = Work::Cells { per_thread: 16 };
const EACH_CELL: Work = Work::Cells { per_thread: 1 };
const EACH_BLOCK: Work = Work::Blocks;

/// Threads over a list.
const LINE: [u32; 3] = [256, 1, 1];
/// Reductions over a list: 1024 rows per barrier tree.
const MARCH_ROWS: Work = Work::Rows { per_thread: 4 };
const EACH_ROW: Work = Work::Rows { per_thread: 1 };

const fn uniform(name: &'static str, structure: &'static str) -> Binding {
    Binding { name, access: Access::Uniform, holds: Holds::Struct(structure) }
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

const SLAB: Binding = uniform("grid", "Grid");
const OPEN: Binding = read("open", Holds::Connectivity);
const PARTIALS: Binding = write("partials", Holds::FewerReal);
const SCALARS: Binding = read("scalars", Holds::FewerReal);
const LIST: Binding = uniform("rows", "Rows");
const TO: Binding = read("to", Holds::Links);
const CONDUCTANCE: Binding = read("conductance", Holds::Conductances);
const OTHERS: Binding = read("more", Holds::Pairs);
const MASKS: Binding = read("masks", Holds::Fewer);
const FIRST: Binding = read("first", Holds::Fewer);
const TABLE: Binding = read("table", Holds::Fewer);

const fn field(name: &'static str) -> Binding {
    read(name, Holds::Field)
}

/// Partial sums of `p·A p`.
pub const GRID_APPLY: Kernel = Kernel {
    name: "grid_apply",
    parts: &[COMMON, GRID, PRODUCT, REDUCE],
    text: include_str!("grid_apply.wgsl"),
    workgroup: TILE,
    work: MARCH,
    bindings: &[SLAB, OPEN, field("direction"), PARTIALS],
};

/// `x += alpha p`, `r -= alpha A p`, and `z = r / d` on the red cells.
pub const GRID_UPDATE: Kernel = Kernel {
    name: "grid_update",
    parts: &[COMMON, GRID, PRODUCT],
    text: include_str!("grid_update.wgsl"),
    workgroup: TILE,
    work: EACH_CELL,
    bindings: &[
        SLAB,
        OPEN,
        field("direction"),
        read_write("potential", Holds::Field),
        read_write("residual", Holds::Field),
        write("correction", Holds::Field),
        SCALARS,
    ],
};

/// Gauss-Seidel on one colour of the grid.
pub const GRID_RELAX: Kernel = Kernel {
    name: "grid_relax",
    parts: &[COMMON, GRID, PULL, PRODUCT, REDUCE],
    text: include_str!("grid_relax.wgsl"),
    workgroup: TILE,
    work: MARCH,
    bindings: &[SLAB, OPEN, field("direction"), field("residual"), read_write("correction", Holds::Field), PARTIALS],
};

/// Residual of the first coarse level.
pub const GRID_RESTRICT: Kernel = Kernel {
    name: "grid_restrict",
    parts: &[COMMON, GRID, PULL, BLOCKS],
    text: include_str!("grid_restrict.wgsl"),
    workgroup: TILE,
    work: EACH_BLOCK,
    bindings: &[SLAB, OPEN, field("correction"), MASKS, FIRST, TABLE, write("coarse", Holds::FewerReal)],
};

/// Correction from the first coarse level.
pub const GRID_PROLONG: Kernel = Kernel {
    name: "grid_prolong",
    parts: &[COMMON, GRID, BLOCKS],
    text: include_str!("grid_prolong.wgsl"),
    workgroup: TILE,
    work: EACH_BLOCK,
    bindings: &[
        SLAB,
        OPEN,
        read_write("correction", Holds::Field),
        MASKS,
        FIRST,
        TABLE,
        read("coarse", Holds::FewerReal),
    ],
};

/// `r = b - A x`, energy, weight, norm, change.
pub const GRID_RESIDUAL: Kernel = Kernel {
    name: "grid_residual",
    parts: &[COMMON, GRID, REDUCE],
    text: include_str!("grid_residual.wgsl"),
    workgroup: TILE,
    work: MARCH,
    bindings: &[SLAB, OPEN, field("potential"), read_write("residual", Holds::Field), PARTIALS],
};

/// Gauss-Seidel on one colour of a list.
pub const LIST_RELAX: Kernel = Kernel {
    name: "list_relax",
    parts: &[COMMON, ROWS, LINKS, REDUCE],
    text: include_str!("list_relax.wgsl"),
    workgroup: LINE,
    work: MARCH_ROWS,
    bindings: &[
        LIST,
        TO,
        CONDUCTANCE,
        OTHERS,
        field("inverse"),
        field("residual"),
        read_write("across", Holds::Field),
        field("image"),
        PARTIALS,
    ],
};

/// `q = A p`, `p·q`, `p·v`.
pub const LIST_APPLY: Kernel = Kernel {
    name: "list_apply",
    parts: &[COMMON, ROWS, LINKS, REDUCE],
    text: include_str!("list_apply.wgsl"),
    workgroup: LINE,
    work: MARCH_ROWS,
    bindings: &[
        LIST,
        TO,
        CONDUCTANCE,
        OTHERS,
        field("ground"),
        field("across"),
        write("image", Holds::Field),
        field("other"),
        PARTIALS,
    ],
};

/// `r = b - A x`, energy, weight, norm, change.
pub const LIST_RESIDUAL: Kernel = Kernel {
    name: "list_residual",
    parts: &[COMMON, ROWS, LINKS, REDUCE],
    text: include_str!("list_residual.wgsl"),
    workgroup: LINE,
    work: MARCH_ROWS,
    bindings: &[
        LIST,
        TO,
        CONDUCTANCE,
        OTHERS,
        field("ground"),
        field("drive"),
        field("across"),
        read_write("residual", Holds::Field),
        PARTIALS,
    ],
};

/// Residual of the next level.
pub const LIST_RESTRICT: Kernel = Kernel {
    name: "list_restrict",
    parts: &[COMMON, ROWS, LINKS],
    text: include_str!("list_restrict.wgsl"),
    workgroup: LINE,
    work: EACH_ROW,
    bindings: &[
        LIST,
        TO,
        CONDUCTANCE,
        OTHERS,
        field("across"),
        FIRST,
        read("children", Holds::Index),
        write("coarse", Holds::FewerReal),
    ],
};

/// Correction from the next level.
pub const LIST_PROLONG: Kernel = Kernel {
    name: "list_prolong",
    parts: &[COMMON],
    text: include_str!("list_prolong.wgsl"),
    workgroup: LINE,
    work: EACH_ROW,
    bindings: &[
        LIST,
        read("parent", Holds::Index),
        read("coarse", Holds::FewerReal),
        read_write("correction", Holds::Field),
    ],
};

/// `z = A^-1 r` on the smallest level.
pub const DIRECT: Kernel = Kernel {
    name: "direct",
    parts: &[COMMON, REDUCE],
    text: include_str!("direct.wgsl"),
    workgroup: LINE,
    work: Work::GroupPerRow,
    bindings: &[
        LIST,
        read("matrix", Holds::FewerReal),
        read("residual", Holds::FewerReal),
        write("correction", Holds::FewerReal),
    ],
};

/// `y = a y + b x`.
pub const COMBINE: Kernel = Kernel {
    name: "combine",
    parts: &[COMMON],
    text: include_str!("combine.wgsl"),
    workgroup: LINE,
    work: Work::Rows { per_thread: 4 },
    bindings: &[uniform("combined", "Combine"), SCALARS, field("added"), read_write("field", Holds::Field)],
};

/// Adds partial sums into slots, and takes a formula of slots.
pub const SUM: Kernel = Kernel {
    name: "sum",
    parts: &[COMMON, FORMULA, REDUCE],
    text: include_str!("sum.wgsl"),
    workgroup: LINE,
    work: Work::OneGroup,
    bindings: &[uniform("sums", "Sums"), read("partials", Holds::FewerReal), read_write("scalars", Holds::FewerReal)],
};

/// The cycle of the smallest levels.
pub const TAIL: Kernel = Kernel {
    name: "tail",
    parts: &[COMMON, FORMULA, REDUCE],
    text: include_str!("tail.wgsl"),
    workgroup: LINE,
    work: Work::OneGroup,
    bindings: &[
        uniform("work", "Tail"),
        read("data", Holds::Fewer),
        read_write("fields", Holds::FewerReal),
        read("residual", Holds::FewerReal),
        write("correction", Holds::FewerReal),
    ],
};

/// All kernels.
pub const KERNELS: &[Kernel] = &[
    GRID_APPLY,
    GRID_UPDATE,
    GRID_RELAX,
    GRID_RESTRICT,
    GRID_PROLONG,
    GRID_RESIDUAL,
    LIST_RELAX,
    LIST_APPLY,
    LIST_RESIDUAL,
    LIST_RESTRICT,
    LIST_PROLONG,
    DIRECT,
    COMBINE,
    SUM,
    TAIL,
];
