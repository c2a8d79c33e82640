//! Tests on a device: the contract of `foamflux-transport`, the processor's answers, slabs, faults, systems of links and the current
//! distribution that they make up.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed check is a failed test, and what was compared is worth seeing"
)]

mod agreement;
mod conformance;
mod current;
mod faults;
mod harness;
mod kernels;
mod links;
mod slabs;

fn main() {
    let groups = [
        kernels::TESTS,
        conformance::CHOSEN,
        conformance::DENSE,
        conformance::COMPACT,
        agreement::TESTS,
        slabs::TESTS,
        faults::TESTS,
        links::TESTS,
        current::TESTS,
    ];
    let tests: Vec<harness::Test> = groups.into_iter().flatten().copied().collect();
    harness::run(&tests)
}
