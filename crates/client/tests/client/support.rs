//! Helpers of the suites: clients that never wait, peers as registries, content.

use std::sync::Arc;
use std::time::Duration;

use lazaret_client::Timeouts;
use lazaret_client::{Anonymous, Client, Credential, CredentialSource, Error, Options, Retry};
use lazaret_oci::{Reference, Registry, Repository};
pub(crate) use lazaret_testing::http::{Answer, Peer, Seen};
use lazaret_values::{Chain, Secret};

/// Conversions from a peer to a registry and its references.
pub(crate) trait AsRegistry {
    fn registry(&self) -> Registry;

    /// The reference `<registry>/<rest>`.
    fn reference(&self, rest: &str) -> Reference;
}

impl AsRegistry for Peer {
    fn registry(&self) -> Registry {
        self.address.to_string().parse().unwrap()
    }

    fn reference(&self, rest: &str) -> Reference {
        format!("{}/{rest}", self.address).parse().unwrap()
    }
}

/// Options with which no test has to wait.
pub(crate) fn options() -> Options {
    Options {
        retry: Retry {
            scale: 0.001,
            ..Retry::default()
        },
        timeouts: Timeouts {
            connect: Duration::from_secs(5),
            header: Duration::from_secs(5),
            idle: Duration::from_secs(2),
        },
        ..Options::default()
    }
}

pub(crate) fn client() -> Client {
    Client::new(options(), Arc::new(Anonymous)).unwrap()
}

/// A source with the same credential for all registries, to see which of them gets it.
pub(crate) struct Everywhere(pub(crate) Credential);

impl CredentialSource for Everywhere {
    fn credential<'a>(
        &'a self,
        _: &'a Registry,
        _: Option<&'a Repository>,
    ) -> futures_util::future::BoxFuture<'a, Result<Option<Credential>, Error>> {
        Box::pin(async { Ok(Some(self.0.clone())) })
    }
}

pub(crate) const PASSWORD: &str = "hunter2-correct-horse";

pub(crate) fn basic() -> Credential {
    Credential::Basic {
        username: "ada".to_owned(),
        password: Secret::new(PASSWORD),
    }
}

pub(crate) fn client_with(credential: Credential) -> Client {
    Client::new(options(), Arc::new(Everywhere(credential))).unwrap()
}

/// An error with all its sources, as a user might see it.
pub(crate) fn full(error: &Error) -> String {
    format!("{} | {error:?}", Chain(error))
}

/// Bytes that do not repeat.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

/// A small valid manifest.
pub(crate) fn manifest_json() -> &'static str {
    r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#
}

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
