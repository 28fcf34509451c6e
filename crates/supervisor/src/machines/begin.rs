//! How machines begin: by booting their kernel, or where a template or another machine stopped.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How a machine is to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Boot {
    /// From a template if there is one; otherwise the kernel boots, and a template is made for the
    /// next time.
    #[default]
    Auto,
    /// The kernel boots.
    Cold,
    /// From a template, which is made first if there is none.
    Template,
}

/// How a machine has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Begun {
    /// Its kernel booted.
    Cold,
    /// It goes on where a template stopped.
    Template,
    /// It goes on where another machine was at a checkpoint.
    Checkpoint,
    /// Its kernel booted, because the template could not be used: the reason.
    Fallback(String),
}

/// The machine of which another one is a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Name of the checkpoint; none for a fork.
    pub checkpoint: Option<String>,
    /// Id of the machine.
    pub machine: String,
    /// Its name at that time.
    pub machine_name: String,
    /// The folder with its memory and devices, for the first start.
    pub(crate) memory: PathBuf,
}
