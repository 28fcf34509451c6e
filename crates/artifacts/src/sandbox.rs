//! Reads the `spec` of a sandbox.

use lazaret_values::Capabilities;
use serde_json::Value;

use crate::{Config, Error, parse_cpus, parse_memory};

/// The isolation of the agent from the machine on which it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// A virtual machine.
    Microvm,
    /// A container.
    Container,
}

/// The resources of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resources {
    /// Number of whole processors.
    pub cpus: Option<u32>,
    /// Memory in MiB.
    pub memory_mib: Option<u64>,
    /// Size in MiB of the disk that the machine writes to.
    pub disk_mib: Option<u64>,
}

/// `spec` of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxSpec {
    /// `isolation`.
    pub isolation: Isolation,
    /// `baseImage`, with a digest; it may lack a host.
    pub base_image: Option<String>,
    /// `resources`.
    pub resources: Resources,
    /// `capabilities`: those that the workload keeps; all without it.
    pub capabilities: Option<Capabilities>,
    /// Whether `capabilities` is something else than a list, which this program does not know.
    pub has_other_capabilities: bool,
    /// `supervisorVersion`.
    pub supervisor_version: Option<String>,
}

impl SandboxSpec {
    /// Reads the spec of a sandbox from a valid configuration.
    ///
    /// # Errors
    /// [`Error::Quantity`] for an amount that is out of range, [`Error::Capability`].
    pub fn of(config: &Config) -> Result<Self, Error> {
        let spec = config.spec();
        let resources = &spec["resources"];
        Ok(Self {
            isolation: match spec["isolation"].as_str() {
                Some("container") => Isolation::Container,
                _ => Isolation::Microvm,
            },
            base_image: spec["baseImage"].as_str().map(str::to_owned),
            capabilities: capabilities(&spec["capabilities"])?,
            has_other_capabilities: match &spec["capabilities"] {
                Value::Object(map) => !map.is_empty(),
                _ => false,
            },
            supervisor_version: spec["supervisorVersion"].as_str().map(str::to_owned),
            resources: Resources {
                cpus: amount(resources.get("cpu"), parse_cpus)?,
                memory_mib: amount(resources.get("memory"), parse_memory)?,
                disk_mib: amount(resources.get("disk"), parse_memory)?,
            },
        })
    }
}

/// The capabilities of a list; an empty one keeps none.
fn capabilities(value: &Value) -> Result<Option<Capabilities>, Error> {
    let Value::Array(names) = value else {
        return Ok(None);
    };
    let mut kept = Capabilities::NONE;
    for name in names {
        kept = kept.with(Capabilities::parse(name.as_str().unwrap_or_default())?);
    }
    Ok(Some(kept))
}

fn amount<T>(
    value: Option<&Value>,
    parse: impl Fn(&Value) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    value.map(parse).transpose()
}
