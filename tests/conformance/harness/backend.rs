//! The stores that a registry is checked over.

use std::path::Path;
use std::sync::Arc;

use lazaret_content::{BlobStore, CloudObjects, CloudOptions, Database, FileObjects, SqlMetadata};
use lazaret_content::{Clock, SystemClock};
use lazaret_registry::{Durability, Registry};
use lazaret_testing::{moto, postgres};

use super::unique;

/// What a registry keeps its content in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Backend {
    /// Objects in files, metadata in SQLite.
    FilesAndSqlite,
    /// Objects in an S3 bucket, metadata in PostgreSQL.
    S3AndPostgres,
}

impl Backend {
    /// An empty registry, and the folder that it lives in, if any.
    pub(crate) async fn open(self) -> (Registry, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (objects, metadata) = match self {
            Self::FilesAndSqlite => files_and_sqlite(folder.path(), clock).await,
            Self::S3AndPostgres => s3_and_postgres(clock).await,
        };
        (Registry::over(objects, metadata), folder)
    }
}

type Stores = (Arc<dyn BlobStore>, Arc<dyn Database>);

async fn files_and_sqlite(folder: &Path, clock: Arc<dyn Clock>) -> Stores {
    let durability = Durability::Ephemeral;
    let objects = FileObjects::open(folder, durability).unwrap();
    let file = folder.join("metadata.db");
    let metadata = SqlMetadata::sqlite(&file, durability, clock).await.unwrap();
    (Arc::new(objects), Arc::new(metadata))
}

async fn s3_and_postgres(clock: Arc<dyn Clock>) -> Stores {
    let options = [
        ("endpoint", moto::endpoint()),
        ("region", "us-east-1"),
        ("access_key_id", "test"),
        ("secret_access_key", "test"),
    ];
    let options = CloudOptions {
        url: format!("s3://{}/{}", moto::BUCKET, unique()),
        options: options
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .to_vec(),
        ..CloudOptions::default()
    };
    let objects = CloudObjects::open(&options).unwrap();
    let database = postgres::database();
    let metadata = SqlMetadata::postgres(&database, 4, clock).await.unwrap();
    (Arc::new(objects), Arc::new(metadata))
}
