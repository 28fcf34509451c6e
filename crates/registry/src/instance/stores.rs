//! Opening what the configuration names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lazaret_content::collect::{
    self,
    retention::{KeepTags, Retention, Rule as Keeping, Untagged},
};
use lazaret_content::{
    BlobStore, CloudObjects, CloudOptions, Database, Durability, FileObjects, SqlMetadata,
    SystemClock,
};
use lazaret_values::Secret;

use super::Source;
use crate::Error;
use crate::config::{Bucket, Config, RepositoryRule, RetentionRule, read_secret};
use crate::registry::{Limits, Policy};
use crate::rules::{Rule, Rules, VerifyingKey};
use crate::schemas::{FamilySchemas, Schemas};

/// Name of the database in the folder of everything.
const DATABASE: &str = "registry.db";

/// The stores of a registry, for upkeep beside the server that may run over them.
pub struct Stores {
    /// Names and relations.
    pub database: Arc<dyn Database>,
    /// Content.
    pub objects: Arc<dyn BlobStore>,
    /// How the server collects.
    pub collection: collect::Settings,
    /// What it keeps.
    pub retention: Retention,
}

impl Source {
    /// Opens the stores of a registry that is there already.
    ///
    /// # Errors
    /// Settings that are wrong, stores that are out of reach or not there.
    pub async fn open_stores(&self) -> Result<Stores, Error> {
        let (config, _) = self.read()?;
        if config.metadata.postgres.is_none() {
            let path = sqlite(&config, &self.root);
            if !path.exists() {
                return Err(Error::NoRegistry { path });
            }
        }
        let (collection, retention) = collection(&config);
        Ok(Stores {
            objects: objects(&config, &self.root)?,
            database: metadata(&config, &self.root).await?,
            collection,
            retention,
        })
    }
}

/// The folder of what is given no place of its own.
pub(super) fn root<'a>(config: &'a Config, default: &'a Path) -> &'a Path {
    config.root.as_deref().unwrap_or(default)
}

/// Where content is kept.
pub(super) fn objects(config: &Config, default: &Path) -> Result<Arc<dyn BlobStore>, Error> {
    if let Some((_, bucket)) = config.storage.bucket() {
        let options = cloud(bucket)?;
        let objects = CloudObjects::open(&options).map_err(|source| Error::Storage {
            place: bucket.url.clone(),
            source,
        })?;
        return Ok(Arc::new(objects));
    }
    let files = config.storage.files.as_ref();
    let root = files
        .and_then(|files| files.root.as_deref())
        .unwrap_or_else(|| root(config, default));
    let objects = FileObjects::open(root, Durability::Synced).map_err(|source| Error::Storage {
        place: root.display().to_string(),
        source,
    })?;
    Ok(Arc::new(objects))
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
        Some(path) => read(path)?,
        None => Vec::new(),
    };
    Ok(CloudOptions {
        url: bucket.url.clone(),
        options,
        authorities,
        part_size: bucket.part_size.map(|size| size.0),
    })
}

/// Where names and relations are kept.
pub(super) async fn metadata(config: &Config, default: &Path) -> Result<Arc<dyn Database>, Error> {
    let clock = Arc::new(SystemClock);
    if let Some(postgres) = &config.metadata.postgres {
        let url = match (&postgres.url, &postgres.url_file) {
            (Some(url), _) => url.clone(),
            (None, Some(file)) => secret(file)?,
            (None, None) => Secret::new(""),
        };
        let opened = SqlMetadata::postgres(url.reveal(), postgres.connections, clock).await;
        // The URL may hold a password: the error names no more than what it is.
        let database = opened.map_err(|source| Error::Storage {
            place: "PostgreSQL".to_owned(),
            source,
        })?;
        return Ok(Arc::new(database));
    }
    let path = sqlite(config, default);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| Error::Create {
            path: folder.to_owned(),
            source,
        })?;
    }
    let database = SqlMetadata::sqlite(&path, Durability::Synced, clock)
        .await
        .map_err(|source| Error::Storage {
            place: path.display().to_string(),
            source,
        })?;
    Ok(Arc::new(database))
}

fn sqlite(config: &Config, default: &Path) -> PathBuf {
    let sqlite = config.metadata.sqlite.as_ref();
    sqlite
        .and_then(|sqlite| sqlite.path.clone())
        .unwrap_or_else(|| root(config, default).join(DATABASE))
}

/// What repositories take, as the verbs want it.
pub(super) fn policy(config: &Config) -> Result<Policy, Error> {
    let schemas: Arc<dyn Schemas> = match &config.types_folder {
        Some(folder) => Arc::new(FamilySchemas::with_folder(folder)?),
        None => Arc::new(FamilySchemas::default()),
    };
    let rules: Vec<Rule> = config.rules.iter().map(rule).collect::<Result<_, _>>()?;
    let blob_bytes = config.limits.blob_bytes.map_or(u64::MAX, |size| size.0);
    Ok(Policy {
        rules: Rules::new(rules),
        schemas,
        limits: Limits { blob_bytes },
        redirect: config
            .storage
            .bucket()
            .is_some_and(|(_, bucket)| bucket.redirect),
    })
}

fn rule(rule: &RepositoryRule) -> Result<Rule, Error> {
    let mut signers = Vec::new();
    for path in rule
        .required_signature
        .iter()
        .flat_map(|required| &required.keys)
    {
        signers.push(VerifyingKey::from_pem(&read(path)?)?);
    }
    Ok(Rule {
        repositories: rule.repositories.clone(),
        artifact_types: rule.allowed_artifact_types.clone(),
        pinned_bundles: rule.pinned_bundles,
        immutable_tags: rule.immutable_tags.clone(),
        needs_manifests: rule.require_index_manifests,
        may_lack_layers: rule.may_lack_layers,
        signers,
        quota: rule.quota.map(|size| size.0),
    })
}

/// How the collector goes about it, and what it keeps.
pub(super) fn collection(config: &Config) -> (collect::Settings, Retention) {
    let settings = collect::Settings {
        grace: config.collection.grace.duration(),
        garbage_grace: config.collection.garbage_grace.duration(),
        ..collect::Settings::default()
    };
    let rules = config.retention.iter().map(keeping).collect();
    (settings, Retention { rules })
}

fn keeping(rule: &RetentionRule) -> Keeping {
    let keep = rule
        .keep
        .as_ref()
        .map_or_else(KeepTags::default, |keep| KeepTags {
            last: keep.last,
            newer_than: keep.newer_than,
            tags: keep.tags.clone(),
        });
    Keeping {
        repositories: rule.repositories.clone(),
        keep,
        untagged: rule
            .delete_untagged_after
            .map_or(Untagged::Keep, Untagged::DeleteAfter),
    }
}

fn secret(path: &Path) -> Result<Secret, Error> {
    read_secret(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}
