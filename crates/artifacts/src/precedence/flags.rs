//! What the command line of a run says.

use crate::{PolicyFile, Port, Volume};

/// What the command line of `run` says; empty means not given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunFlags {
    /// `--cpus`.
    pub cpus: Option<u32>,
    /// `--mem`, in MiB.
    pub memory_mib: Option<u64>,
    /// `--env`, names and values.
    pub env: Vec<(String, String)>,
    /// `--user`.
    pub user: Option<String>,
    /// `--workdir`.
    pub working_dir: Option<String>,
    /// `--entrypoint`: the program, instead of entrypoint and command; empty text removes
    /// the entrypoint.
    pub entrypoint: Option<String>,
    /// What follows `--`.
    pub args: Vec<String>,
    /// `--publish`.
    pub ports: Vec<Port>,
    /// `--volume`.
    pub volumes: Vec<Volume>,
    /// `--policy`.
    pub policy: Option<PolicyFile>,
}
