//! What is settled about a network before its machine starts.

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::PathBuf;

use lazaret_egress::{AuthorityPem, GATEWAY, GUEST, Integration, MTU, NAMES, PREFIX, Settings};
use lazaret_policy::{Document, Layer};
use lazaret_values::Printable;
use lazaret_vm::NetworkDevice;
use serde::{Deserialize, Serialize};

/// The most seconds that a request of a machine from elsewhere waits for a person.
const STRANGERS_ASK_SECONDS: u64 = 600;

/// The network device of every machine that has one.
pub(crate) fn device() -> NetworkDevice {
    NetworkDevice {
        mac: lazaret_egress::GUEST_MAC
            .map(|byte| format!("{byte:02x}"))
            .join(":"),
        mtu: MTU,
    }
}

/// Which connections a machine may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkMode {
    /// It has no network device.
    None,
    /// Those that its policy permits.
    Policy,
    /// Those that no rule denies.
    Open,
}

/// A port of the host that leads into the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPort {
    /// Address on the host.
    pub address: IpAddr,
    /// Port on the host; 0 is one that the host chooses.
    pub host: u16,
    /// Port in the machine.
    pub guest: u16,
}

impl std::fmt::Display for PublishedPort {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = std::net::SocketAddr::new(self.address, self.host);
        write!(formatter, "{host}->{}/tcp", self.guest)
    }
}

/// The network of a machine, as it is kept in its folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NetworkLaunch {
    /// Which connections it may have.
    pub(crate) mode: NetworkMode,
    /// The policy.
    pub(crate) documents: Vec<Document>,
    /// The file that the policy was read from, if that is followed.
    pub(crate) file: Option<PathBuf>,
    /// The services with credentials.
    pub(crate) integrations: Vec<Integration>,
    /// Whether TLS is looked into.
    pub(crate) intercept: bool,
    /// Whether what no rule denies passes, and is recorded.
    pub(crate) learn: bool,
    /// Seconds that a request waits for a person.
    pub(crate) ask_seconds: u64,
    /// Names whose address the user has given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) hosts: Vec<(String, IpAddr)>,
    /// The ports of the host that lead into the machine.
    pub(crate) ports: Vec<PublishedPort>,
}

impl NetworkLaunch {
    /// Leaves of a machine that others have made what its policy says. What only a person of this host may
    /// give is gone: names for addresses, ports, a file to follow, services, and more than the policy permits.
    pub(crate) fn of_stranger(&mut self) {
        self.mode = NetworkMode::Policy;
        self.learn = false;
        self.file = None;
        self.hosts.clear();
        self.ports.clear();
        self.integrations.clear();
        self.ask_seconds = self.ask_seconds.min(STRANGERS_ASK_SECONDS);
        for document in &mut self.documents {
            document.layer = Layer::Artifact;
            document.origin = Printable::excerpt(&document.origin);
        }
    }

    /// The settings of a boundary.
    pub(in crate::machines) fn settings(&self, authority: Option<AuthorityPem>) -> Settings {
        Settings {
            guest: GUEST,
            gateway: GATEWAY,
            prefix: PREFIX,
            names: NAMES,
            hosts: self.hosts.clone(),
            mtu: MTU,
            documents: self.documents.clone(),
            integrations: self.integrations.clone(),
            authority,
            learn: self.learn || self.mode == NetworkMode::Open,
            ask_seconds: self.ask_seconds,
            ports: self.ports.iter().map(|port| port.guest).collect(),
        }
    }
}
