//! Tells the tests whether the real stacks lie beside the checkout, so that without them they show as ignored.

use std::path::Path;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(real_data)");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    println!("cargo::rerun-if-changed={}", data.display());
    if data.is_dir() {
        println!("cargo::rustc-cfg=real_data");
    }
}
