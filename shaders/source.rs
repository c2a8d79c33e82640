//! Joins the text of a kernel: constants from Rust, shared parts, the kernel itself.

use std::fmt::Write as _;

use crate::kernel::{Kernel, Work};
use crate::layout::{
    AFTER, ALL, BEFORE, IMAGE, INLET, MORE, ONLY_BEFORE, OPEN_X_HIGH, OPEN_X_LOW, OPEN_Y_HIGH, OPEN_Y_LOW, OPEN_Z_HIGH,
    OPEN_Z_LOW, OUTLET, PRODUCT, PULL, QUOTIENT, SUM, TAIL_APPLY, TAIL_CAC, TAIL_CR, TAIL_DAC, TAIL_DAD, TAIL_DR,
    TAIL_FIRST_STEP, TAIL_INVERT, TAIL_LEVELS, TAIL_PROLONG, TAIL_RELAX, TAIL_RESTRICT, TAIL_SECOND_STEP, TAIL_SLOTS,
    TAIL_STEPS, TO_ELECTRODE, TWO_STEPS, WIDTH,
};

const WHOLE: [(&str, u32); 35] = [
    ("OPEN_X_LOW", OPEN_X_LOW),
    ("OPEN_X_HIGH", OPEN_X_HIGH),
    ("OPEN_Y_LOW", OPEN_Y_LOW),
    ("OPEN_Y_HIGH", OPEN_Y_HIGH),
    ("OPEN_Z_LOW", OPEN_Z_LOW),
    ("OPEN_Z_HIGH", OPEN_Z_HIGH),
    ("INLET", INLET),
    ("OUTLET", OUTLET),
    ("WIDTH", WIDTH),
    ("MORE", MORE),
    ("PULL", PULL),
    ("SUM", SUM),
    ("IMAGE", IMAGE),
    ("ONLY_BEFORE", ONLY_BEFORE),
    ("ALL", ALL),
    ("BEFORE", BEFORE),
    ("AFTER", AFTER),
    ("TAIL_LEVELS", TAIL_LEVELS),
    ("TAIL_STEPS", TAIL_STEPS),
    ("TAIL_SLOTS", TAIL_SLOTS),
    ("TAIL_CAC", TAIL_CAC),
    ("TAIL_CR", TAIL_CR),
    ("TAIL_DAD", TAIL_DAD),
    ("TAIL_DAC", TAIL_DAC),
    ("TAIL_DR", TAIL_DR),
    ("TAIL_RELAX", TAIL_RELAX),
    ("TAIL_RESTRICT", TAIL_RESTRICT),
    ("TAIL_PROLONG", TAIL_PROLONG),
    ("TAIL_APPLY", TAIL_APPLY),
    ("TAIL_INVERT", TAIL_INVERT),
    ("TAIL_FIRST_STEP", TAIL_FIRST_STEP),
    ("TAIL_SECOND_STEP", TAIL_SECOND_STEP),
    ("QUOTIENT", QUOTIENT),
    ("PRODUCT", PRODUCT),
    ("TWO_STEPS", TWO_STEPS),
];

/// `SMALLEST` is the least normal number, by which it is safe to divide where 0 would not be; `ROUNDING` is a rounding of 1.
const REAL: [(&str, f32); 3] =
    [("TO_ELECTRODE", TO_ELECTRODE), ("SMALLEST", f32::MIN_POSITIVE), ("ROUNDING", f32::EPSILON)];

/// The whole WGSL text of a kernel, ready to compile.
#[must_use]
pub fn source(kernel: &Kernel) -> String {
    let mut text = String::from("// Constants that the host shares.\n");
    let [x, y, z] = kernel.workgroup;
    let per_thread = match kernel.work {
        Work::Cells { per_thread } | Work::Rows { per_thread } => per_thread,
        Work::Blocks | Work::GroupPerRow | Work::OneGroup => 1,
    };
    let sizes = [
        ("WORKGROUP_X", x),
        ("WORKGROUP_Y", y),
        ("WORKGROUP_Z", z),
        ("THREADS", kernel.threads()),
        ("PER_THREAD", per_thread),
    ];
    for (name, value) in WHOLE.into_iter().chain(sizes) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "const {name}: u32 = {value}u;");
    }
    for (name, value) in REAL {
        let _ = writeln!(text, "const {name}: f32 = {value:e}f;");
    }
    for part in kernel.parts.iter().chain(std::iter::once(&kernel.text)) {
        text.push('\n');
        text.push_str(part);
    }
    text
}
