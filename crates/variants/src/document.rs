//! The whole document.

use std::collections::BTreeMap;

use lazaret_values::{Printable, nearest};

use crate::{Artifact, ControlPlane, Endpoint, Error, Host, Machine};

/// A document without faults.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// The kernels by name.
    pub kernels: BTreeMap<String, Artifact>,
    /// The guest images by name.
    pub guest_images: BTreeMap<String, Artifact>,
    /// The control planes by name.
    pub control_planes: BTreeMap<String, ControlPlane>,
    /// The hosts by name.
    pub hosts: BTreeMap<String, Host>,
    /// The machines by name.
    pub machines: BTreeMap<String, Machine>,
}

impl Document {
    /// The artifact of this name; kernels come first.
    ///
    /// # Errors
    /// [`Error::NoArtifact`].
    pub fn artifact(&self, name: &str) -> Result<&Artifact, Error> {
        let kernel = self.kernels.get(name);
        kernel
            .or_else(|| self.guest_images.get(name))
            .ok_or_else(|| {
                let known = self.artifacts().map(|artifact| artifact.name.as_str());
                Error::NoArtifact {
                    name: Printable::excerpt(name),
                    nearest: nearest(name, known).map(Printable::excerpt),
                }
            })
    }

    /// All artifacts, kernels first.
    pub fn artifacts(&self) -> impl Iterator<Item = &Artifact> {
        self.kernels.values().chain(self.guest_images.values())
    }

    /// The control plane with this URL.
    #[must_use]
    pub fn control_plane_at(&self, endpoint: &Endpoint) -> Option<&ControlPlane> {
        self.control_planes
            .values()
            .find(|plane| plane.endpoint == *endpoint)
    }
}
