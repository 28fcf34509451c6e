//! The registry as a value: stores and rules, not yet listening.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use lazaret_content::{BlobStore, Database, Durability, FileObjects, SqlMetadata, SystemClock};
use lazaret_files::{LockedDir, LockedDirs};
use lazaret_oci::{Digest, Repository};

use crate::hashes::Hashes;
use crate::message::answer::Refusal;
use crate::rules::Rules;
use crate::schemas::{FamilySchemas, Schemas};
use crate::telemetry::Operations;
use crate::{Error, Server};
use lazaret_auth::Gate;

/// Uploads that nobody writes to are dropped after this long.
const UPLOAD_IDLE: Duration = Duration::from_secs(24 * 60 * 60);

/// Where a registry keeps its content.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of everything.
    pub root: PathBuf,
    /// Whether acknowledged writes survive a power loss.
    pub durability: Durability,
}

/// What may change while a registry runs.
#[derive(Clone)]
pub struct Policy {
    /// What repositories take.
    pub rules: Rules,
    /// Which configurations are valid.
    pub schemas: Arc<dyn Schemas>,
    /// How much is too much.
    pub limits: Limits,
    /// Whether clients read content from the store itself, where it can give out links.
    pub redirect: bool,
}

/// How much is too much.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one blob.
    pub blob_bytes: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            schemas: Arc::new(FamilySchemas::default()),
            limits: Limits {
                blob_bytes: u64::MAX,
            },
            redirect: false,
        }
    }
}

/// A registry over its stores. Clones share them.
#[derive(Clone)]
pub struct Registry {
    pub(crate) objects: Arc<dyn BlobStore>,
    pub(crate) metadata: Arc<dyn Database>,
    pub(crate) hashes: Arc<Hashes>,
    policy: Arc<RwLock<Arc<Policy>>>,
    gate: Arc<RwLock<Arc<Gate>>>,
    operations: Arc<Operations>,
    /// The folder of an ephemeral registry goes with its last clone.
    _folder: Option<Arc<LockedDir>>,
}

impl Registry {
    /// A registry over files.
    ///
    /// # Errors
    /// [`Error::Open`].
    pub async fn open(options: Options) -> Result<Self, Error> {
        Self::over_files(options, None).await
    }

    /// An empty registry in a fresh folder below `parent`. The folder goes with the registry,
    /// or, when the process dies, with the next one made there.
    ///
    /// # Errors
    /// [`Error::Create`], [`Error::Open`].
    pub async fn ephemeral(parent: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(parent).map_err(|source| Error::Create {
            path: parent.to_owned(),
            source,
        })?;
        let folders = LockedDirs::new(parent);
        let open = |source: lazaret_files::Error| Error::Open {
            path: parent.to_owned(),
            source: source.into(),
        };
        folders.sweep().map_err(open)?;
        let folder = folders.create().map_err(open)?;
        let options = Options {
            root: folder.path().to_owned(),
            durability: Durability::Ephemeral,
        };
        Self::over_files(options, Some(Arc::new(folder))).await
    }

    /// A registry over any stores.
    #[must_use]
    pub fn over(objects: Arc<dyn BlobStore>, metadata: Arc<dyn Database>) -> Self {
        Self {
            objects,
            metadata,
            hashes: Arc::default(),
            policy: Arc::default(),
            gate: Arc::new(RwLock::new(Arc::new(Gate::open_to_all()))),
            operations: Arc::default(),
            _folder: None,
        }
    }

    async fn over_files(options: Options, folder: Option<Arc<LockedDir>>) -> Result<Self, Error> {
        let Options { root, durability } = options;
        let open = |source| Error::Open {
            path: root.clone(),
            source,
        };
        let objects = FileObjects::open(&root, durability).map_err(open)?;
        let database = root.join("registry.db");
        let metadata = SqlMetadata::sqlite(&database, durability, Arc::new(SystemClock))
            .await
            .map_err(open)?;
        let mut registry = Self::over(Arc::new(objects), Arc::new(metadata));
        registry._folder = folder;
        Ok(registry)
    }

    /// What holds now; a change does not touch requests under way.
    pub(crate) fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes what holds for further requests.
    pub fn set_policy(&self, policy: Policy) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }

    /// Who may do what, at this moment.
    pub(crate) fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes who may do what.
    pub fn set_gate(&self, gate: Gate) {
        *self.gate.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(gate);
    }

    /// What requests share with those who run the registry.
    pub(crate) fn operations(&self) -> &Arc<Operations> {
        &self.operations
    }

    pub(crate) fn with_operations(mut self, operations: Operations) -> Self {
        self.operations = Arc::new(operations);
        self
    }

    /// The content of a blob of at most `limit` bytes; `None` when the repository has no such
    /// blob.
    pub(crate) async fn small_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        limit: u64,
    ) -> Result<Option<Bytes>, Refusal> {
        let Some(stored) = self.metadata.blob(repository, digest).await? else {
            return Ok(None);
        };
        let blob = self.objects.open(&stored.object, stored.size, None).await?;
        let Some(blob) = blob else {
            return Ok(None);
        };
        Ok(Some(blob.read(limit).await?))
    }

    /// Drops the uploads that clients have given up.
    pub(crate) async fn expire_uploads(&self) -> Result<(), lazaret_content::Error> {
        self.metadata.expire_uploads(UPLOAD_IDLE).await?;
        Ok(())
    }

    /// Listens on `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// [`Error::Listen`].
    pub async fn bind(&self, address: SocketAddr) -> Result<Server, Error> {
        Server::bind(self.clone(), address).await
    }
}
