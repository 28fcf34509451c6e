//! What the boundary and the process that holds the machine tell each other, over a stream socket:
//! each message is its length as four bytes, the most significant first, and JSON.

use std::net::{IpAddr, Ipv4Addr};

use lazaret_policy::{Document, Rule, RuleId, Verdict};
use serde::{Deserialize, Serialize};

/// The first message to the boundary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The guest's address.
    pub guest: Ipv4Addr,
    /// The gateway's address, which also answers names.
    pub gateway: Ipv4Addr,
    /// Bits of their network.
    pub prefix: u8,
    /// First address and bits of the range from which names get addresses.
    pub names: (Ipv4Addr, u8),
    /// Names whose address the user has given.
    #[serde(default)]
    pub hosts: Vec<(String, IpAddr)>,
    /// Largest packet in bytes.
    pub mtu: u16,
    /// The policy.
    pub documents: Vec<Document>,
    /// Services with credentials.
    pub integrations: Vec<Integration>,
    /// The authority of this run, which the guest trusts; without it no TLS is terminated.
    pub authority: Option<AuthorityPem>,
    /// Whether everything that no rule denies passes, and is recorded.
    pub learn: bool,
    /// Seconds that a request waits for an answer of a person.
    pub ask_seconds: u64,
    /// The guest's port for each of the listening sockets that were handed over, in order.
    pub ports: Vec<u16>,
}

/// An authority for certificates and its key, as PEM.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorityPem {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

impl std::fmt::Debug for AuthorityPem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AuthorityPem(..)")
    }
}

/// A service that is used with a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integration {
    /// Its id.
    pub id: String,
    /// Where it is.
    pub endpoints: Vec<Endpoint>,
    /// What its requests carry.
    pub credentials: Vec<IntegrationCredential>,
}

/// A place of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// A host or `*.domain`.
    pub host: String,
    /// Its ports; empty means 443.
    pub ports: Vec<u16>,
}

/// A credential of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationCredential {
    /// Its name.
    pub name: String,
    /// Where it goes.
    pub inject: Inject,
    /// Text with `{}` for the secret; `None` is the secret alone.
    pub format: Option<String>,
    /// What the guest has instead of the secret.
    pub placeholder: String,
}

/// The place of a secret in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inject {
    /// The header of this name.
    Header(String),
    /// The parameter of this name.
    Query(String),
    /// The password of Basic authentication for this user.
    Basic(String),
}

impl Inject {
    /// The part of a request and the format of what is put there, in words.
    #[must_use]
    pub fn told(&self, format: Option<&str>) -> String {
        let format = format.unwrap_or("{}");
        match self {
            Self::Header(name) => format!("header {name}: {format}"),
            Self::Query(name) => format!("query {name}={format}"),
            Self::Basic(user) => format!("basic {user}:{format}"),
        }
    }
}

/// From the holder to the boundary, after [`Settings`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToBoundary {
    /// The policy is now this one; held requests are decided again.
    Policy(Vec<Document>),
    /// A person has answered.
    Answer {
        /// The number of the question.
        ask: u64,
        /// The answer.
        answer: Answer,
    },
    /// A credential that was asked for.
    Credential {
        /// The number of the request.
        request: u64,
        /// The outcome.
        answer: CredentialAnswer,
    },
}

/// The answer of a person to a held request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// This request passes.
    Allow,
    /// This request is refused.
    Deny,
}

/// The outcome of a request for a credential.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialAnswer {
    /// The secret.
    Secret(String),
    /// There is none; the reason.
    Missing(String),
}

/// From the boundary to the holder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromBoundary {
    /// Frames are answered from now on.
    Ready,
    /// Something was decided.
    Decision(DecisionRecord),
    /// A request is held for a person.
    Ask(AskRecord),
    /// A question needs no answer any more.
    AskOver {
        /// Its number.
        ask: u64,
    },
    /// A request needs a credential.
    Credential {
        /// The number of the request.
        request: u64,
        /// The integration's id.
        integration: String,
        /// The credential's name.
        name: String,
        /// The host that gets it.
        host: String,
    },
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// Whether it passed.
    pub verdict: Verdict,
    /// What has decided.
    pub rule: RuleId,
    /// `tcp`, `tls`, `http`, `dns`, or what kind of frame was dropped.
    pub protocol: String,
    /// The name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The method, for HTTP.
    pub method: Option<String>,
    /// The path without the query, for HTTP.
    pub path: Option<String>,
    /// The credentials that the request carried: `integration/name`.
    pub credentials: Vec<String>,
    /// Why it was refused, in words.
    pub reason: Option<String>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskRecord {
    /// Its number in this run, from 1.
    pub ask: u64,
    /// The rule that asks.
    pub rule: RuleId,
    /// The name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The method, for HTTP.
    pub method: Option<String>,
    /// The path without the query, for HTTP.
    pub path: Option<String>,
    /// Whether it is a whole connection that waits, which clients stand only for some seconds.
    pub connection: bool,
}

impl AskRecord {
    /// A rule for all that goes to the same host and port.
    #[must_use]
    pub fn rule_for_place(&self, verdict: Verdict) -> Rule {
        Rule {
            pattern: self.host.clone(),
            ports: vec![self.port.into()],
            methods: Vec::new(),
            paths: Vec::new(),
            verdict,
            tls_terminate: None,
            description: None,
        }
    }
}

impl std::fmt::Debug for CredentialAnswer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Secret(_) => formatter.write_str("Secret(..)"),
            Self::Missing(reason) => formatter.debug_tuple("Missing").field(reason).finish(),
        }
    }
}
