//! Plans: what files become.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The changes that a wish or a reversal needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The root folder.
    pub root: PathBuf,
    /// The changes, in the order in which they are made; one for each file.
    pub changes: Vec<Change>,
    /// What the user should know, each a sentence. Names from files are printable.
    pub notices: Vec<String>,
}

impl Plan {
    /// What remains to be done with the engines when the files are written.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for step in self.changes.iter().filter_map(|change| change.step) {
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
        steps
    }
}

/// What one file becomes. Its texts are whole, so they have whatever secrets the file has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The file, root folder included.
    pub path: PathBuf,
    /// Its text now; none when there is no such file.
    pub before: Option<String>,
    /// Its text then; none when it is removed.
    pub after: Option<String>,
    /// What the change is for.
    pub why: String,
    /// What makes the engine read it; none when it reads the file anew for each pull.
    pub step: Option<Step>,
}

/// What makes an engine read its configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The service `containerd` is restarted. Containers stay.
    RestartContainerd,
    /// The service `docker` is reloaded (SIGHUP): `registry-mirrors` and `insecure-registries` need no restart.
    ReloadDocker,
    /// The service `buildkit` is restarted.
    RestartBuildkit,
    /// The service `k3s` or `k3s-agent` is restarted.
    RestartK3s,
}
