//! `cargo xtask bench`: speed, side by side with other tools, in one run on the same input.
//!
//! Drives the release binary from outside, as a user would; expects what `make bench` has
//! installed and built.

mod collection;
mod load;
mod machine;
mod registry;
mod rootfs;
mod scale;
mod server;
mod tools;
mod transfer;

use tools::Bench;

/// Runs everything, or the one subject that is asked for, and prints one table a subject.
///
/// # Errors
/// Gives what kept a subject from being measured.
pub(crate) fn run() -> Result<String, Vec<String>> {
    let bench = Bench::new().map_err(|error| vec![error])?;
    let subjects: [Subject; 6] = [
        ("registry", registry::run),
        ("collection", collection::run),
        ("scale", scale::run),
        ("rootfs", rootfs::run),
        ("machine", machine::run),
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
