//! The stores with which the registry is checked.

use std::path::Path;

use lazaret_registry::Source;
use lazaret_testing::{moto, postgres};

use super::unique;

/// The stores of a registry.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Backend {
    /// Objects in files, metadata in SQLite.
    FilesAndSqlite,
    /// Objects in an S3 bucket, metadata in PostgreSQL.
    S3AndPostgres,
}

impl Backend {
    /// The source of an empty registry, which is stored below `parent` or in services of its own.
    pub(crate) fn source(self, parent: &Path) -> Source {
        let mut source = Source::ephemeral(&parent.join("registries"));
        if let Self::S3AndPostgres = self {
            let file = parent.join("registry.toml");
            std::fs::write(&file, s3_and_postgres()).unwrap();
            source.file = Some(file);
        }
        source
    }
}

fn s3_and_postgres() -> String {
    let (endpoint, bucket, prefix) = (moto::endpoint(), moto::BUCKET, unique());
    let database = postgres::database();
    format!(
        r#"
        [storage.s3]
        url = "s3://{bucket}/{prefix}"
        [storage.s3.options]
        endpoint = "{endpoint}"
        region = "us-east-1"
        access_key_id = "test"
        secret_access_key = "test"
        [metadata.postgres]
        url = "{database}"
        connections = 4
        "#
    )
}
