//! The launch configuration of a pack: what is settled about its run, in one form (JSON, members sorted).
//!
//! A pack comes from anywhere, so everything here is parsed into checked values again, and a bundle of the
//! same content could ask for nothing less.

use lazaret_artifacts::{
    AgentSpec, ArtifactMount, Config, Credential, Family, GuestPath, Integration, MountTarget,
    Payload, PolicyFile, Resolved, Resources, RunKind, RunSpec,
};
use lazaret_oci::{ImageConfig, ProcessConfig, Reference};
use lazaret_values::Capabilities;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Version of the form.
const VERSION: u32 = 1;
/// Most artifacts, ports, volumes, integrations or credentials.
const MOST: usize = 1000;

/// The launch configuration. Fields are in the order of their names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Launch {
    pub(super) artifacts: Vec<PackedArtifact>,
    /// The capabilities that the workload keeps; all without it.
    pub(super) capabilities: Option<u64>,
    pub(super) cpus: u32,
    pub(super) credentials: Vec<Credential>,
    pub(super) disk_mib: Option<u64>,
    pub(super) hostname: String,
    /// The image, as people know it.
    pub(super) image: String,
    /// Digest of its manifest.
    pub(super) image_digest: String,
    pub(super) integrations: Vec<PackedIntegration>,
    pub(super) memory_mib: u64,
    pub(super) name: Option<String>,
    pub(super) policy: Option<PolicyFile>,
    pub(super) ports: Vec<String>,
    pub(super) process: ProcessConfig,
    pub(super) version: u32,
    pub(super) volumes: Vec<String>,
}

/// An artifact on the disk of artifacts, by its position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackedArtifact {
    pub(super) family: String,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) read_only: bool,
    pub(super) reference: String,
}

/// A service that the policy names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackedIntegration {
    pub(super) config: Value,
    pub(super) id: String,
    pub(super) reference: String,
}

impl Launch {
    /// The configuration of a settled run. `base` is the image's process, of which `entrypoint` and `cmd`
    /// are replaced: by what always runs, and by what arguments replace.
    pub(super) fn of(
        spec: &RunSpec,
        base: &ProcessConfig,
        (entrypoint, cmd): (Vec<String>, Vec<String>),
        hostname: String,
        image_digest: String,
    ) -> Self {
        Self {
            artifacts: spec.mounts.iter().map(PackedArtifact::of).collect(),
            capabilities: spec.capabilities.map(Capabilities::bits),
            cpus: spec.cpus,
            credentials: spec.credentials.clone(),
            disk_mib: spec.disk_mib,
            hostname,
            image: lasting(&spec.image),
            image_digest,
            integrations: spec
                .integrations
                .iter()
                .map(PackedIntegration::of)
                .collect(),
            memory_mib: spec.memory_mib,
            name: spec.name.clone(),
            policy: spec.policy.clone(),
            ports: spec.ports.iter().map(ToString::to_string).collect(),
            process: ProcessConfig {
                env: spec.env.clone(),
                user: spec.user.clone(),
                working_dir: spec.working_dir.clone(),
                entrypoint,
                cmd,
                ..base.clone()
            },
            version: VERSION,
            volumes: spec.volumes.iter().map(ToString::to_string).collect(),
        }
    }

    /// Its bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("numbers and texts become JSON")
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// The fault in words.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let launch: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if launch.version != VERSION {
            return Err(format!(
                "it has version {}, this program reads {VERSION}",
                launch.version
            ));
        }
        // Members that are not understood would be missing.
        if launch.encode() != bytes {
            return Err("it is not in its one form".to_owned());
        }
        let counts = [
            launch.artifacts.len(),
            launch.ports.len(),
            launch.volumes.len(),
            launch.integrations.len(),
            launch.credentials.len(),
        ];
        let texts = [&launch.hostname, &launch.image, &launch.image_digest];
        if counts.into_iter().any(|count| count > MOST) {
            return Err("it has too many parts".to_owned());
        }
        if texts.iter().any(|text| text.chars().any(char::is_control)) {
            return Err("its names have control characters".to_owned());
        }
        Ok(launch)
    }

    /// What it asks for, as artifacts would; and the process, as an image's.
    ///
    /// # Errors
    /// The fault in words.
    pub(super) fn resolved(&self) -> Result<(Resolved, ImageConfig), String> {
        let image: Reference = parsed(&self.image)?;
        let volumes: Vec<lazaret_artifacts::Volume> = all(&self.volumes)?;
        if let Some(volume) = volumes.iter().find(|volume| volume.is_host_path()) {
            return Err(format!("it names {} of its host", volume.source));
        }
        let mounts = self.artifacts.iter().map(PackedArtifact::mount);
        let integrations = self.integrations.iter().map(PackedIntegration::open);
        let resolved = Resolved {
            kind: RunKind::Image,
            name: self.name.clone(),
            reference: image.clone(),
            image,
            agent: AgentSpec {
                ports: all(&self.ports)?,
                volumes,
                credentials: self.credentials.clone(),
                ..AgentSpec::default()
            },
            resources: Resources {
                cpus: Some(self.cpus),
                memory_mib: Some(self.memory_mib),
                disk_mib: self.disk_mib,
            },
            capabilities: self.capabilities.map(Capabilities::of_bits),
            policy: self.policy.clone(),
            integrations: integrations.collect::<Result<_, _>>()?,
            mounts: mounts.collect::<Result<_, _>>()?,
            workflow: None,
            components: Vec::new(),
            warnings: Vec::new(),
        };
        let config = ImageConfig {
            config: self.process.clone(),
            ..ImageConfig::default()
        };
        Ok((resolved, config))
    }
}

impl PackedArtifact {
    fn of(mount: &ArtifactMount) -> Self {
        Self {
            family: mount.family.kind().to_owned(),
            name: mount.name.clone(),
            path: mount.target.path.to_string(),
            read_only: mount.target.read_only,
            reference: lasting(&mount.reference),
        }
    }

    fn mount(&self) -> Result<ArtifactMount, String> {
        let family = Family::from_kind(&self.family);
        Ok(ArtifactMount {
            reference: parsed(&self.reference)?,
            family: family.ok_or_else(|| "it has an artifact of no known kind".to_owned())?,
            name: self.name.clone(),
            target: MountTarget {
                path: parsed::<GuestPath>(&self.path)?,
                read_only: self.read_only,
            },
            // It is on the disk of artifacts already.
            payload: Payload::Layers(Vec::new()),
        })
    }
}

impl PackedIntegration {
    fn of(integration: &Integration) -> Self {
        Self {
            config: integration.config.value().clone(),
            id: integration.id.clone(),
            reference: lasting(&integration.reference),
        }
    }

    fn open(&self) -> Result<Integration, String> {
        let config = Config::parse(Family::Integration, self.config.clone());
        Ok(Integration {
            id: self.id.clone(),
            reference: parsed(&self.reference)?,
            config: config.map_err(|error| error.to_string())?,
        })
    }
}

/// A reference in words that stay true: what is on a registry of this host, perhaps for a moment only, is
/// local.
fn lasting(reference: &Reference) -> String {
    let mut reference = reference.clone();
    if reference.tag.is_some() {
        reference.digest = None;
    }
    if reference.registry.is_loopback()
        && let Ok(local) = "localhost".parse()
    {
        reference.registry = local;
    }
    reference.to_string()
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn all<T: std::str::FromStr>(texts: &[String]) -> Result<Vec<T>, String>
where
    T::Err: std::fmt::Display,
{
    texts.iter().map(|text| parsed(text)).collect()
}

#[cfg(test)]
mod tests;
