//! Tests that need a look inside: query plans, and a full disk.
//! The suites of the ports are in `crates/content/tests`.

mod full_disk;
mod plans;

use std::path::Path;
use std::sync::Arc;

use lazaret_oci::{Digest, Repository, media_type};
use sqlx::Executor as _;

use super::access::Worth;
use crate::{Durability, NewManifest, SqlMetadata, SystemClock};

async fn sqlite(folder: &Path) -> SqlMetadata {
    let file = folder.join("metadata.db");
    SqlMetadata::sqlite(&file, Durability::Ephemeral, Arc::new(SystemClock))
        .await
        .unwrap()
}

impl SqlMetadata {
    /// Runs a statement on the connection for writing.
    async fn tamper(&self, statement: &'static str) {
        let mut loan = self.access.writer(Worth::Durable).await.unwrap();
        loan.execute(statement).await.unwrap();
    }
}

fn repository(name: &str) -> Repository {
    name.parse().unwrap()
}

/// A manifest that names nothing.
fn manifest(content: &[u8], tags: &[&str]) -> NewManifest {
    NewManifest {
        digest: Digest::of(content),
        media_type: media_type::MANIFEST.to_owned(),
        bytes: content.to_vec().into(),
        tags: tags.iter().map(|name| name.parse().unwrap()).collect(),
        referrer: None,
        blobs: Vec::new(),
        manifests: Vec::new(),
        sizes: Vec::new(),
        needs_manifests: false,
        tags_are_immutable: false,
        quota: None,
    }
}
