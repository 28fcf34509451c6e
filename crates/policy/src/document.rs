//! Policies as they are written.

use serde::{Deserialize, Serialize};

use crate::verdict::Verdict;

/// What a document is for, which decides between documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// A policy of a person: a file, or what the command line says.
    Policy,
    /// A policy of an artifact, which somebody else has written: as [`Layer::Policy`], but what it permits does
    /// not reach private addresses.
    Artifact,
    /// What a person has answered for this run: it settles what policies ask for, and never allows what
    /// one of them denies by a rule.
    Answers,
}

/// A list of rules and the verdict where none of them matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The name of the document, by which its rules are told: `policy.yaml`, `acme/policies/web:v1`.
    pub origin: String,
    /// What it is for.
    pub layer: Layer,
    /// The verdict where no rule matches; of several documents the strictest. `None` is no opinion.
    pub default: Option<Verdict>,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Rule {
    /// A host, `*.domain` (any depth below the domain, without itself), an address, a network, or `*`.
    #[serde(rename = "match")]
    pub pattern: String,
    /// The ports, as numbers or ranges; empty means every port.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<serde_json::Value>,
    /// The HTTP methods, `*` for every one; empty means every one, and what is not HTTP. `HEAD` is not
    /// implied by `GET`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// Patterns of paths; empty means every path, and what is not HTTP.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// `false`: the connection is passed through without looking into TLS. `true`: it is looked into
    /// although nothing depends on that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_terminate: Option<bool>,
    /// A note for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
