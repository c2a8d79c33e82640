//! The report in a real browser: opens from disk, asks for nothing, and answers to its reader.
//!
//! The browser is Chromium without a window, driven over its debugging port. Where there is none the tests show as ignored,
//! never as passed: `FOAMFLUX_BROWSER=require` makes a missing one a failure, `off` ignores all.
//! Pictures of what was tested stay in `target/screenshots`, or in `FOAMFLUX_SCREENSHOTS=FOLDER`, for people to look at: whole
//! pages at 1280 and 400 pixels, light and dark. None may be blank.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod chromium;
#[path = "../common/mod.rs"]
mod common;
mod compare;
mod report;
mod socket;

use libtest_mimic::{Arguments, Trial};

fn main() {
    #[allow(clippy::disallowed_methods, reason = "a test harness is an application")]
    let wish = std::env::var("FOAMFLUX_BROWSER").unwrap_or_default();
    let mut arguments = Arguments::from_args();
    // One browser at a time: each takes all cores for what a graphics card would do.
    arguments.test_threads.get_or_insert(1);
    let there = wish != "off" && chromium::program().is_some();
    let missing = !there && wish == "require";
    let trials = report::TESTS
        .iter()
        .chain(compare::TESTS)
        .map(|&(name, test)| {
            let body = move || {
                if missing {
                    return Err("FOAMFLUX_BROWSER=require, but no Chromium was found in PATH".into());
                }
                test();
                Ok(())
            };
            Trial::test(name, body).with_ignored_flag(!there && !missing)
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    compare::clean();
    report::clean();
    conclusion.exit()
}
