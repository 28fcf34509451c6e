//! Structure: the arrows between crates, file sizes, stray markers.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::metadata::Metadata;

/// Which crate may use which (ARCHITECTURE.md). Names without the prefix `lazaret-`.
const ARROWS: &[(&str, &[&str])] = &[
    ("values", &[]),
    ("oci", &["values"]),
    ("protocol", &[]),
    ("artifacts", &["values", "oci"]),
    ("files", &["values"]),
    ("client", &["values", "oci", "files"]),
    ("images", &["values", "oci", "files"]),
    ("content", &["values", "oci", "files"]),
    ("testing", &[]),
    ("rootfs", &["values"]),
    ("vm", &["values", "protocol"]),
    ("guest", &["values", "protocol"]),
    ("auth", &["values", "oci", "files", "content"]),
    (
        "registry",
        &["values", "oci", "artifacts", "files", "content", "auth"],
    ),
    (
        "supervisor",
        &[
            "values",
            "oci",
            "artifacts",
            "protocol",
            "files",
            "client",
            "images",
            "rootfs",
            "vm",
        ],
    ),
    (
        "cli",
        &[
            "values",
            "oci",
            "artifacts",
            "client",
            "content",
            "vm",
            "registry",
            "supervisor",
        ],
    ),
];

/// Longest source file.
const MAX_LINES: usize = 800;

/// Files that may be longer, and why.
const LONG_FILES: &[(&str, &str)] = &[];

pub(crate) fn run() -> Result<String, Vec<String>> {
    let metadata = Metadata::read()?;
    let files = tracked_files(&metadata.workspace_root)?;
    let mut faults = arrow_faults(&metadata);
    let mut lines_total = 0;
    let mut sizes = Vec::new();
    for file in &files {
        let Ok(text) = std::fs::read_to_string(metadata.workspace_root.join(file)) else {
            continue;
        };
        let lines = text.lines().count();
        lines_total += lines;
        sizes.push(lines);
        faults.extend(file_faults(file, &text, lines));
    }
    sizes.sort_unstable();
    let median = sizes.get(sizes.len() / 2).copied().unwrap_or_default();
    if faults.is_empty() {
        Ok(format!(
            "{} source files, {lines_total} lines, median {median}",
            files.len()
        ))
    } else {
        Err(faults)
    }
}

fn tracked_files(root: &Path) -> Result<Vec<PathBuf>, Vec<String>> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "*.rs",
            "*.sh",
        ])
        .output()
        .map_err(|error| vec![format!("failed to run git: {error}")])?;
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(PathBuf::from)
        .filter(|path| root.join(path).exists())
        .collect())
}

fn arrow_faults(metadata: &Metadata) -> Vec<String> {
    let mut faults = Vec::new();
    for member in metadata.members() {
        let Some(name) = member.name.strip_prefix("lazaret-") else {
            continue;
        };
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
            faults.push(format!(
                "{} has no place in the architecture (xtask/src/tidy.rs)",
                member.name
            ));
            continue;
        };
        for dependency in &member.dependencies {
            let Some(target) = dependency.name.strip_prefix("lazaret-") else {
                continue;
            };
            let in_tests = dependency.kind.as_deref() == Some("dev");
            if !in_tests && !allowed.contains(&target) {
                faults.push(format!(
                    "lazaret-{name} must not depend on lazaret-{target}"
                ));
            }
        }
    }
    faults
}

fn file_faults(path: &Path, text: &str, lines: usize) -> Vec<String> {
    let shown = path.display();
    let mut faults = Vec::new();
    let excused = LONG_FILES.iter().any(|(long, _)| Path::new(long) == path);
    if lines > MAX_LINES && !excused {
        faults.push(format!(
            "{shown} has {lines} lines; split it (limit {MAX_LINES})"
        ));
    }
    // Spelt in two halves so that this file does not accuse itself.
    for marker in [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
    ] {
        for (number, line) in text.lines().enumerate() {
            if line.contains(marker) {
                faults.push(format!("{shown}:{}: stray {marker}", number + 1));
            }
        }
    }
    faults
}
