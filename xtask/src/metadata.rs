//! Reads what cargo knows about the workspace, without a network.

use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

/// The part of `cargo metadata` that the checks read.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    /// All packages of the resolved graph.
    pub(crate) packages: Vec<Package>,
    /// Ids of the packages of this workspace.
    pub(crate) workspace_members: Vec<String>,
    /// The resolved graph.
    pub(crate) resolve: Resolve,
    /// Root folder of the workspace.
    pub(crate) workspace_root: PathBuf,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `dev`, `build`, or `None` for an ordinary dependency.
    pub(crate) kind: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

#[derive(Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
}

impl Metadata {
    /// Asks cargo for the graph of this platform, from the lock file alone.
    pub(crate) fn read() -> Result<Self, Vec<String>> {
        let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
            .args(["metadata", "--format-version", "1", "--locked", "--offline"])
            .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
            .output()
            .map_err(|error| vec![format!("failed to run cargo metadata: {error}")])?;
        if !output.status.success() {
            return Err(vec![String::from_utf8_lossy(&output.stderr).into_owned()]);
        }
        serde_json::from_slice(&output.stdout)
            .map_err(|error| vec![format!("failed to read cargo metadata: {error}")])
    }

    /// All packages that this platform builds, of the workspace and of registries.
    pub(crate) fn resolved(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.resolve.nodes.iter().any(|node| node.id == package.id))
    }

    /// The packages of this workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }
}
