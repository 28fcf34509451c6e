//! The flags of a run, as parsed values.

use lazaret_values::Capabilities;

use crate::{PolicyFile, Port, Volume};

/// The flags of the command `run`; an empty value means that the flag was not given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunFlags {
    /// `--cpus`.
    pub cpus: Option<u32>,
    /// `--mem`, in MiB.
    pub memory_mib: Option<u64>,
    /// `--cap-add`.
    pub cap_add: Vec<Capabilities>,
    /// `--cap-drop`.
    pub cap_drop: Vec<Capabilities>,
    /// `--privileged`.
    pub privileged: bool,
    /// `--env`, as names and values.
    pub env: Vec<(String, String)>,
    /// `--user`.
    pub user: Option<String>,
    /// `--workdir`.
    pub working_dir: Option<String>,
    /// `--entrypoint`: the program, which replaces entrypoint and command; an empty text removes
    /// the entrypoint.
    pub entrypoint: Option<String>,
    /// The arguments after `--`.
    pub args: Vec<String>,
    /// `--publish`.
    pub ports: Vec<Port>,
    /// `--volume`.
    pub volumes: Vec<Volume>,
    /// `--policy`.
    pub policy: Option<PolicyFile>,
}
