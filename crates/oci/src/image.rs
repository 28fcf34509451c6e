//! The image configuration (image-spec 1.1, config.md), with the members that a runner needs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::null::or_null;
use crate::{Digest, Error};

/// The configuration blob of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// The architecture: `amd64`, `arm64`, ...
    #[serde(default)]
    pub architecture: String,
    /// The operating system: `linux`, ...
    #[serde(default)]
    pub os: String,
    /// Time of the image's creation (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// How to run it.
    #[serde(default, deserialize_with = "or_null")]
    pub config: ProcessConfig,
    /// The layers' uncompressed digests.
    #[serde(default, deserialize_with = "or_null")]
    pub rootfs: RootFs,
}

/// The default process of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProcessConfig {
    /// The user and group: `user`, `uid`, `user:group` or `uid:gid`.
    #[serde(
        default,
        deserialize_with = "or_null",
        skip_serializing_if = "String::is_empty"
    )]
    pub user: String,
    /// Environment variables: `NAME=value`.
    #[serde(
        default,
        deserialize_with = "or_null",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub env: Vec<String>,
    /// First part of the command line (`Entrypoint`).
    #[serde(
        default,
        deserialize_with = "or_null",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub entrypoint: Vec<String>,
    /// Rest of the command line (`Cmd`), which the arguments of `run` replace.
    #[serde(
        default,
        deserialize_with = "or_null",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub cmd: Vec<String>,
    /// The working folder.
    #[serde(
        default,
        deserialize_with = "or_null",
        skip_serializing_if = "String::is_empty"
    )]
    pub working_dir: String,
    /// The signal that asks the workload to end: a name or a number.
    #[serde(
        default,
        deserialize_with = "or_null",
        skip_serializing_if = "String::is_empty"
    )]
    pub stop_signal: String,
    /// Paths that are folders of their own in a running container, as keys of empty objects.
    #[serde(
        default,
        deserialize_with = "or_null",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub volumes: BTreeMap<String, serde_json::Value>,
    /// Free-form labels.
    #[serde(
        default,
        deserialize_with = "or_null",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub labels: BTreeMap<String, String>,
}

/// The diff ids of the layers: digests of their uncompressed content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootFs {
    /// Always `layers`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// One diff id a layer.
    #[serde(default, deserialize_with = "or_null")]
    pub diff_ids: Vec<Digest>,
}

impl Default for RootFs {
    fn default() -> Self {
        Self {
            kind: "layers".to_owned(),
            diff_ids: Vec::new(),
        }
    }
}

impl ImageConfig {
    /// Parses a configuration blob.
    ///
    /// # Errors
    /// [`Error::ImageConfig`].
    pub fn parse(raw: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(raw).map_err(|error| Error::ImageConfig {
            reason: error.to_string(),
        })
    }
}
