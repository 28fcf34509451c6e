//! A run of a guest image of a document: its disk boots by itself, and its own agent answers.
//!
//! ```text
//! disk root (read-only) + disk scratch -> overlay, made by our initramfs, which goes on with /init there
//! ```

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use lazaret_artifacts::{AgentSpec, Resolved, Resources, RunKind, RunSpec};
use lazaret_oci::{Digest, ImageConfig, Platform, ProcessConfig};

use super::named::NamedRequest;
use super::request::{RootDisk, RunRequest};
use super::subject::{Content, Subject};
use super::{folders, mounts};
use crate::build_error::BuildError;
use crate::image::local_name;
use crate::{Error, Home};

/// What a guest image runs until it is stopped, when no command is given.
const STAYS: [&str; 4] = ["/bin/busybox", "tail", "-f", "/dev/null"];
const PATH: &str = "PATH=/bin:/sbin:/usr/bin:/usr/sbin";

impl Home {
    /// What is run of a guest image.
    pub(super) fn guest_subject(
        &self,
        request: &RunRequest,
        named: &NamedRequest,
        name: &str,
        (volumes, folders): (&[mounts::Named], &[folders::Settled]),
    ) -> Result<Subject, Error> {
        let refused = |what| Error::Build(BuildError::NotOfGuestImages { what });
        if request.root != RootDisk::Shared {
            return Err(refused("other root file system"));
        }
        if !request.mounts.is_empty() {
            return Err(refused("artifacts mounted by reference"));
        }
        let (disk, version) = self.named_guest_image(&named.document, name, named.selector)?;
        let image = local_name(&format!("{}:{}", plain(name), plain(&version)))?;
        let mut flags = request.flags()?;
        let folders = folders.iter().map(|folder| folder.volume.clone());
        let volumes = volumes.iter().map(|named| named.volume.clone());
        flags.volumes = volumes.chain(folders).collect();
        let native = Platform::native();
        let config = ImageConfig {
            architecture: native.architecture,
            os: native.os,
            config: ProcessConfig {
                env: vec![PATH.to_owned()],
                cmd: STAYS.map(str::to_owned).to_vec(),
                volumes: BTreeMap::new(),
                ..ProcessConfig::default()
            },
            ..ImageConfig::default()
        };
        let resolved = Resolved {
            kind: RunKind::Image,
            name: Some(name.to_owned()),
            reference: image.clone(),
            image,
            agent: AgentSpec::default(),
            resources: Resources::default(),
            capabilities: None,
            policy: None,
            integrations: Vec::new(),
            mounts: Vec::new(),
            workflow: None,
            components: Vec::new(),
            warnings: Vec::new(),
        };
        let hostname = match &request.hostname {
            Some(name) => name.clone(),
            None => super::boot::hostname(Some(name), name),
        };
        Ok(Subject {
            spec: RunSpec::merge(resolved, &config, flags)?,
            hostname,
            digest: Digest::of(disk.as_os_str().as_encoded_bytes()).to_string(),
            stop_signal: None,
            kernel: None,
            content: Content::Disk(disk),
        })
    }
}

/// A name as part of a reference: lower-case letters, digits, `-`, `_` and `.`.
fn plain(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
    let plain: String = lower.chars().filter(is_plain).take(100).collect();
    let is_inner = |c: char| !c.is_ascii_alphanumeric();
    match plain.trim_matches(is_inner) {
        "" => "guest".to_owned(),
        plain => plain.to_owned(),
    }
}
