//! Checks that some packages do not depend on certain crates, directly or indirectly, with `cargo
//! tree`, which builds nothing. `tidy` checks the arrows between the workspace's own crates.

use std::collections::BTreeSet;
use std::process::Command;

/// The crates that must not depend on each other.
const ALONE: [&str; 6] = ["client", "images", "content", "rootfs", "vm", "guest"];

/// Crates that only a registry needs.
const OF_REGISTRIES: [&str; 5] = [
    "sqlx",
    "object_store",
    "lazaret-auth",
    "lazaret-content",
    "lazaret-registry",
];

const BINARY: &str = "lazaret-cli";

pub(crate) fn run() -> Result<String, Vec<String>> {
    let mut faults = Vec::new();
    let client = tree(BINARY, &["--no-default-features"])?;
    for name in found(&client, &OF_REGISTRIES) {
        faults.push(format!("{BINARY} without features brings {name}"));
    }
    // Without this the check above would prove nothing.
    let whole = tree(BINARY, &[])?;
    for name in OF_REGISTRIES.iter().filter(|name| !whole.contains(**name)) {
        faults.push(format!(
            "{BINARY} does not bring {name}: name what took its place"
        ));
    }
    for name in ALONE {
        let package = format!("lazaret-{name}");
        let others = ALONE.iter().filter(|other| **other != name);
        let others: Vec<String> = others.map(|other| format!("lazaret-{other}")).collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        for other in found(&tree(&package, &[])?, &others) {
            faults.push(format!("{package} brings {other}"));
        }
    }
    match faults.is_empty() {
        true => Ok(format!(
            "the client is built without {}; {} know nothing of each other",
            OF_REGISTRIES.join(", "),
            ALONE.join(", ")
        )),
        false => Err(faults),
    }
}

/// The names of all crates that a package needs, without those of its tests.
fn tree(package: &str, features: &[&str]) -> Result<BTreeSet<String>, Vec<String>> {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args(["tree", "--locked", "--offline", "--package", package])
        .args(["--edges", "normal,build", "--prefix", "none"])
        .args(["--format", "{p}"])
        .args(features)
        .output()
        .map_err(|error| vec![format!("failed to run cargo tree: {error}")])?;
    if !output.status.success() {
        return Err(vec![String::from_utf8_lossy(&output.stderr).into_owned()]);
    }
    Ok(names(&String::from_utf8_lossy(&output.stdout)))
}

/// The first word of each line: the name of a crate, without version and path.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.lines().filter_map(|line| line.split(' ').next());
    words.map(str::to_owned).collect()
}

fn found<'a>(tree: &BTreeSet<String>, wanted: &[&'a str]) -> Vec<&'a str> {
    let wanted = wanted.iter().copied();
    wanted.filter(|name| tree.contains(*name)).collect()
}

#[cfg(test)]
mod tests;
