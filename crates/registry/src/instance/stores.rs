//! Opens the stores that the settings name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lazaret_content::{
    BlobStore, CloudObjects, CloudOptions, Database, Durability, FileObjects, SqlMetadata,
    SystemClock,
};

use lazaret_files::{Stopped, blocking};
use lazaret_values::Secret;

use super::home::Home;
use crate::Error;
use crate::config::{Bucket, Config};
use crate::named_file::{read, read_secret};

/// File name of the database in the folder of the registry.
const DATABASE: &str = "registry.db";

/// The folder of everything that has no configured place.
pub(super) fn root<'a>(config: &'a Config, home: &'a Path) -> &'a Path {
    config.root.as_deref().unwrap_or(home)
}

/// Opens the store of content.
///
/// # Errors
/// Fails when a file cannot be read, or the store cannot be opened.
pub(super) fn objects(config: &Config, home: &Home) -> Result<Arc<dyn BlobStore>, Error> {
    if let Some((_, bucket)) = config.storage.bucket() {
        let options = cloud(bucket)?;
        let objects = CloudObjects::open(&options).map_err(|source| Error::Storage {
            place: bucket.url.clone(),
            source,
        })?;
        return Ok(Arc::new(objects));
    }
    let root = content_root(config, home);
    let objects = FileObjects::open(root, home.durability).map_err(|source| Error::Storage {
        place: root.display().to_string(),
        source,
    })?;
    Ok(Arc::new(objects.with_reserve(reserve(config, home))))
}

/// The folder of the content that is kept in files.
fn content_root<'a>(config: &'a Config, home: &'a Home) -> &'a Path {
    let files = config.storage.files.as_ref();
    files
        .and_then(|files| files.root.as_deref())
        .unwrap_or_else(|| root(config, &home.path))
}

/// The place of the content, for messages.
pub(super) fn content_place(config: &Config, home: &Home) -> String {
    match config.storage.bucket() {
        Some((_, bucket)) => bucket.url.clone(),
        None => content_root(config, home).display().to_string(),
    }
}

fn cloud(bucket: &Bucket) -> Result<CloudOptions, Error> {
    let mut options = Vec::new();
    for (key, value) in &bucket.options {
        match key.strip_suffix("_file") {
            Some(key) => {
                let value = secret(Path::new(value.reveal()))?;
                options.push((key.to_owned(), value.reveal().to_owned()));
            }
            None => options.push((key.clone(), value.reveal().to_owned())),
        }
    }
    let authorities = match &bucket.ca_file {
        Some(path) => read(path).map_err(Error::unread(path))?,
        None => Vec::new(),
    };
    Ok(CloudOptions {
        url: bucket.url.clone(),
        options,
        authorities,
        part_size: bucket.part_size.map(|size| size.0),
    })
}

/// Opens the store of metadata.
///
/// # Errors
/// Fails when a file cannot be read, or the database cannot be opened.
pub(super) async fn metadata(config: &Config, home: &Home) -> Result<Arc<dyn Database>, Error> {
    let clock = Arc::new(SystemClock);
    if let Some(postgres) = &config.metadata.postgres {
        let url = match (&postgres.url, &postgres.url_file) {
            (Some(url), _) => url.clone(),
            (None, Some(file)) => secret(file)?,
            (None, None) => Secret::new(""),
        };
        let opened = SqlMetadata::postgres(url.reveal(), postgres.connections, clock).await;
        // The URL may contain a password, so the error names only the kind of database.
        let database = opened.map_err(|source| Error::Storage {
            place: "PostgreSQL".to_owned(),
            source,
        })?;
        return Ok(Arc::new(database));
    }
    let path = sqlite(config, &home.path);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| Error::Create {
            path: folder.to_owned(),
            source,
        })?;
    }
    let database = SqlMetadata::sqlite(&path, home.durability, clock)
        .await
        .map_err(|source| Error::Storage {
            place: path.display().to_string(),
            source,
        })?;
    let folder = path.parent().unwrap_or(&home.path).to_owned();
    let reserve = reserve(config, home);
    let database = blocking(move || Ok::<_, Stopped>(database.with_reserve(&folder, reserve)));
    Ok(Arc::new(database.await?))
}

/// Bytes that stay free on each disk. What is temporary has nothing to be freed.
fn reserve(config: &Config, home: &Home) -> u64 {
    match home.durability {
        Durability::Synced => config.reserve.0,
        Durability::Ephemeral => 0,
    }
}

/// The place of the metadata, for messages. A URL may contain a password, so it is not named.
pub(super) fn place(config: &Config, home: &Home) -> String {
    match config.metadata.postgres {
        Some(_) => "PostgreSQL".to_owned(),
        None => sqlite(config, &home.path).display().to_string(),
    }
}

/// The path of the SQLite file.
pub(super) fn sqlite(config: &Config, home: &Path) -> PathBuf {
    let sqlite = config.metadata.sqlite.as_ref();
    sqlite
        .and_then(|sqlite| sqlite.path.clone())
        .unwrap_or_else(|| root(config, home).join(DATABASE))
}

fn secret(path: &Path) -> Result<Secret, Error> {
    read_secret(path).map_err(Error::unread(path))
}
