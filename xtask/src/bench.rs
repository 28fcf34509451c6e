//! `cargo xtask bench`: measures speed side by side with other tools, in one run on the same input.
//!
//! It runs the release binary from outside, as a user would, and expects everything that `make
//! bench` has installed and built.

mod collection;
mod load;
mod machine;
mod mirror;
mod network;
mod pack;
mod registry;
mod rootfs;
mod scale;
mod server;
mod tools;
mod transfer;

use tools::Bench;

/// Measures all subjects, or the one that is asked for, and prints one table for each.
///
/// # Errors
/// The reasons that a subject could not be measured.
pub(crate) fn run() -> Result<String, Vec<String>> {
    let bench = Bench::new().map_err(|error| vec![error])?;
    let subjects: [Subject; 9] = [
        ("registry", registry::run),
        ("collection", collection::run),
        ("mirror", mirror::run),
        ("scale", scale::run),
        ("rootfs", rootfs::run),
        ("machine", machine::run),
        ("network", network::run),
        ("pack", pack::run),
        ("transfer", transfer::run),
    ];
    let wanted = std::env::args().nth(2);
    for (name, measure) in subjects {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            measure(&bench).map_err(|error| vec![error])?;
        }
    }
    Ok("done".to_owned())
}

type Subject = (&'static str, fn(&Bench) -> Result<(), String>);
