//! Joins the text of a kernel: constants from Rust, shared parts, the kernel itself.

use std::fmt::Write as _;

use crate::kernel::{Kernel, Work};
use crate::layout::{ACTIVE, OPEN_X_HIGH, OPEN_X_LOW, OPEN_Y_HIGH, OPEN_Y_LOW, OPEN_Z_HIGH, OPEN_Z_LOW};

const BITS: [(&str, u32); 7] = [
    ("ACTIVE", ACTIVE),
    ("OPEN_X_LOW", OPEN_X_LOW),
    ("OPEN_X_HIGH", OPEN_X_HIGH),
    ("OPEN_Y_LOW", OPEN_Y_LOW),
    ("OPEN_Y_HIGH", OPEN_Y_HIGH),
    ("OPEN_Z_LOW", OPEN_Z_LOW),
    ("OPEN_Z_HIGH", OPEN_Z_HIGH),
];

/// The whole WGSL text of a kernel, ready to compile.
#[must_use]
pub fn source(kernel: &Kernel) -> String {
    let mut text = String::from("// Constants that the host shares.\n");
    let [x, y, z] = kernel.workgroup;
    let per_thread = match kernel.work {
        Work::Voxels { per_thread } => per_thread,
        Work::OneGroup => [1, 1, 1],
    };
    let sizes = [
        ("WORKGROUP_X", x),
        ("WORKGROUP_Y", y),
        ("WORKGROUP_Z", z),
        ("THREADS", kernel.threads()),
        ("ROWS_PER_THREAD", per_thread[1]),
    ];
    for (name, value) in BITS.into_iter().chain(sizes) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "const {name}: u32 = {value}u;");
    }
    for part in kernel.parts.iter().chain(std::iter::once(&kernel.text)) {
        text.push('\n');
        text.push_str(part);
    }
    text
}
