//! What the document names, with or without faults: a reference to a faulty table is not another
//! fault.

use std::collections::BTreeMap;

use crate::{Connection, Endpoint, HostPlatform, PvmLane, Selector};

/// The names of the document.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// The URLs of the control planes by their names; `None` with a fault.
    pub(super) control_planes: BTreeMap<String, Option<Endpoint>>,
    /// The hosts.
    pub(super) hosts: BTreeMap<String, DeclaredHost>,
    /// The variants of all kernels; `None` with a fault.
    pub(super) kernels: BTreeMap<String, Option<Vec<Selector>>>,
    /// The variants of all guest images; `None` with a fault.
    pub(super) guest_images: BTreeMap<String, Option<Vec<Selector>>>,
}

/// What is known of a host.
#[derive(Debug, Default)]
pub(super) struct DeclaredHost {
    pub(super) platform: Option<HostPlatform>,
    pub(super) connection: Option<Connection>,
    pub(super) pvm_lanes: Vec<PvmLane>,
}

impl Declared {
    /// The control plane with this URL. `Err`: perhaps one whose URL has a fault.
    pub(super) fn control_plane_at(&self, endpoint: &Endpoint) -> Result<Option<&str>, ()> {
        let mut planes = self.control_planes.iter();
        let has_url = |(_, own): &(&String, &Option<Endpoint>)| own.as_ref() == Some(endpoint);
        match planes.find(has_url) {
            Some((name, _)) => Ok(Some(name)),
            None if self.control_planes.values().any(Option::is_none) => Err(()),
            None => Ok(None),
        }
    }
}
