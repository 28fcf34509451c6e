//! The sections on where content and metadata are stored.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lazaret_values::{Period, Secret, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where content is kept: one of these. It takes a restart to change it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// Files in a folder.
    pub files: Option<Files>,
    /// A bucket of S3 or of what speaks like it.
    pub s3: Option<Bucket>,
    /// A bucket of Google Cloud Storage.
    pub gcs: Option<Bucket>,
    /// A container of Azure Blob Storage.
    pub azure: Option<Bucket>,
}

impl Storage {
    /// The bucket of any provider, with the key of its section.
    #[must_use]
    pub fn bucket(&self) -> Option<(&'static str, &Bucket)> {
        [("s3", &self.s3), ("gcs", &self.gcs), ("azure", &self.azure)]
            .into_iter()
            .find_map(|(name, bucket)| Some((name, bucket.as_ref()?)))
    }
}

/// Content in files.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Files {
    /// The folder [default: `root` of the whole].
    #[schemars(extend("format" = "path"))]
    pub root: Option<PathBuf>,
}

/// Content in a bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// The bucket and a prefix in it: `s3://bucket/prefix`, `gs://bucket/prefix`,
    /// `az://container/prefix`.
    pub url: String,
    /// What the provider needs, by name, such as `region`, `endpoint`, `access_key_id`. A name
    /// that ends in `_file` gives the option's value as a file: `secret_access_key_file`.
    #[serde(default)]
    pub options: BTreeMap<String, Secret>,
    /// Further authorities of the provider's certificate, PEM.
    #[schemars(extend("format" = "path"))]
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Bytes of every part of an upload to the bucket, for stores that want parts of one size;
    /// otherwise they grow with the object. 5 MiB to 1 GiB.
    #[serde(default)]
    pub part_size: Option<Size>,
    /// Whether clients are sent to the bucket to read blobs, with a link that ends.
    #[serde(default)]
    pub redirect: bool,
    /// How long such a link is good for.
    #[serde(default = "link")]
    pub redirect_expiry: Period,
}

fn link() -> Period {
    Period::seconds(15 * 60)
}

/// Where names and relations are kept: one of these. It takes a restart to change it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metadata {
    /// A file of SQLite: one replica.
    pub sqlite: Option<Sqlite>,
    /// A database of PostgreSQL: any number of replicas.
    pub postgres: Option<Postgres>,
    /// Whether to begin with empty metadata although older content is there. It is refused
    /// otherwise, because the metadata is probably lost.
    pub start_empty: bool,
}

/// Metadata in a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sqlite {
    /// The file [default: `registry.db` in `root`].
    #[schemars(extend("format" = "path"))]
    pub path: Option<PathBuf>,
}

/// Metadata in a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Postgres {
    /// `postgres://user:password@host/database`.
    pub url: Option<Secret>,
    /// A file with that, which keeps the password out of this one.
    #[schemars(extend("format" = "path"))]
    pub url_file: Option<PathBuf>,
    /// Connections of one replica, at most.
    pub connections: u32,
}

impl Default for Postgres {
    fn default() -> Self {
        Self {
            url: None,
            url_file: None,
            connections: 16,
        }
    }
}
