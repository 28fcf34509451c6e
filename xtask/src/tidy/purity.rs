//! Checks that the pure crates, which ARCHITECTURE.md lists, ban input and output in their
//! `clippy.toml` and use no runtime.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::architecture::{PATH, listed};
use super::fault::{Check, Fault};
use super::repository::Member;

/// The calls that a pure crate must ban.
const BANNED: &[&str] = &[
    "std::env::var",
    "std::env::var_os",
    "std::fs::read",
    "std::fs::read_to_string",
    "std::fs::write",
    "std::process::Command::new",
    "std::time::Instant::now",
    "std::time::SystemTime::now",
    "std::fs::File",
    "std::net::TcpStream",
    "std::net::TcpListener",
];

/// Crates that a pure crate must not depend on.
const RUNTIMES: &[&str] = &["tokio", "hyper", "rustix"];

/// The part of `clippy.toml` that is checked.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct Clippy {
    disallowed_methods: Vec<Ban>,
    disallowed_types: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    path: String,
}

/// Checks the pure crates; `read` returns the text of a file of the repository.
pub(crate) fn check(
    architecture: &str,
    members: &[Member],
    read: impl Fn(&str) -> Option<String>,
) -> Vec<Fault> {
    let Some((pure, line)) = listed(architecture, "pure crates") else {
        let text = "the invariants do not list the pure crates, as in \"pure crates (`oci`)\"";
        return vec![Fault::new(Check::Purity, PATH, 0, text)];
    };
    let mut faults = Vec::new();
    for name in &pure {
        let Some(member) = members.iter().find(|member| member.name == *name) else {
            let text = format!("the pure crate {name} is no crate");
            faults.push(Fault::new(Check::Purity, PATH, line, text));
            continue;
        };
        let path = format!("{}/clippy.toml", member.folder);
        let text = read(&path).unwrap_or_default();
        let missing = unbanned(&text);
        if !missing.is_empty() {
            let text = format!("a pure crate; ban {}", missing.join(", "));
            faults.push(Fault::new(Check::Purity, &path, 0, text));
        }
        for runtime in RUNTIMES
            .iter()
            .filter(|name| member.dependencies.contains(**name))
        {
            let path = format!("{}/Cargo.toml", member.folder);
            let text = format!("a pure crate does not use {runtime}");
            faults.push(Fault::new(Check::Purity, &path, 0, text));
        }
    }
    faults
}

/// The calls that a `clippy.toml` does not ban.
fn unbanned(text: &str) -> Vec<&'static str> {
    let clippy: Clippy = toml::from_str(text).unwrap_or_default();
    let bans = clippy
        .disallowed_methods
        .iter()
        .chain(&clippy.disallowed_types);
    let banned: BTreeSet<&str> = bans.map(|ban| ban.path.as_str()).collect();
    BANNED
        .iter()
        .copied()
        .filter(|path| !banned.contains(path))
        .collect()
}
