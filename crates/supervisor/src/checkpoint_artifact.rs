//! Pushes and pulls checkpoints as OCI artifacts.
//!
//! ```text
//! artifactType  application/vnd.lazaret.checkpoint.v1
//! config        application/vnd.lazaret.checkpoint.config.v1+json       the machine; digests of its kernel
//!                                                                       and initramfs
//! layers        application/vnd.lazaret.checkpoint.memory.v1.tar+zstd   memory and devices
//!               application/vnd.lazaret.checkpoint.disks.v1.tar+zstd    disks, with their holes
//! ```
//! Memory goes on only with the kernel that it has in it: a host needs one with the same digest, and the
//! same QEMU. What comes from a registry is not trusted: names are plain, paths are this host's, and
//! there are only regular files.

mod checks;
mod packed;

use std::fs::File;
use std::io;
use std::path::Path;

use lazaret_images::{Blob, Graph, Made};
use lazaret_oci::{Digest, Manifest, Reference};
use lazaret_vm::{JailMode, Template, TemplateKey, kernel::Kernel};
use serde::{Deserialize, Serialize};

use crate::checkpoint_error::CheckpointError;
use crate::checkpoints::Checkpoint;
use crate::hash::copy_hashed;
use crate::machines::{Spec, saved};
use crate::push::Pushed;
use crate::{Error, Home, ProgressSink, blocking, clock, initramfs};

const ARTIFACT: &str = "application/vnd.lazaret.checkpoint.v1";
const CONFIG: &str = "application/vnd.lazaret.checkpoint.config.v1+json";
const MEMORY: &str = "application/vnd.lazaret.checkpoint.memory.v1.tar+zstd";
const DISKS: &str = "application/vnd.lazaret.checkpoint.disks.v1.tar+zstd";
/// Largest configuration in bytes.
const CONFIG_BYTES: u64 = 4 << 20;

/// The configuration blob of the artifact.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    name: String,
    created: u64,
    /// Release of the kernel, for messages.
    release: String,
    kernel: Digest,
    initramfs: Digest,
    machine: Spec,
}

impl Home {
    /// Pushes a checkpoint.
    ///
    /// # Errors
    /// [`CheckpointError::NotFound`]; [`CheckpointError::Differs`] for one that could not begin here
    /// either, or that has volumes; those of the registry.
    pub async fn push_checkpoint(
        &self,
        name: &str,
        reference: &Reference,
        progress: ProgressSink,
    ) -> Result<Pushed, Error> {
        let checkpoint = self.checkpoints.find(name)?;
        let _stays = self.checkpoints.keep(name)?;
        let place = self.checkpoints.place(name);
        let refused = |reason: String| {
            Error::from(CheckpointError::Differs {
                name: name.to_owned(),
                reason,
            })
        };
        checks::portable(&checkpoint.machine).map_err(refused)?;
        let kernel = self.any_kernel(&checkpoint.machine.launch.kernel)?;
        let (key, initramfs) = self.identity(&checkpoint.machine, &kernel, &place).await?;
        Template::check_record(&saved::memory(&place), &key).map_err(|error| match error {
            lazaret_vm::Error::Template { reason, .. } => refused(reason),
            error => error.into(),
        })?;
        let reference = reference.normalized();
        let scratch = self.scratch.path()?.to_owned();
        let blobs = blocking(move || {
            let config = Config {
                name: checkpoint.name,
                created: checkpoint.created,
                release: kernel.release.clone(),
                kernel: digest_of(&kernel.vmlinuz)?,
                initramfs: digest_of(&initramfs)?,
                machine: checkpoint.machine.without_host(),
            };
            let config = serde_json::to_vec(&config).map_err(|error| Error::Io {
                action: "encode the description of the checkpoint".to_owned(),
                source: error.into(),
            })?;
            Ok(vec![
                Blob::of_bytes(CONFIG, config),
                packed::pack(&saved::memory(&place), MEMORY, &scratch)?,
                packed::pack(&saved::disks(&place), DISKS, &scratch)?,
            ])
        })
        .await?;
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(lazaret_oci::media_type::MANIFEST.to_owned()),
            artifact_type: Some(ARTIFACT.to_owned()),
            config: blobs[0].descriptor().clone(),
            layers: blobs[1..]
                .iter()
                .map(|blob| blob.descriptor().clone())
                .collect(),
            subject: None,
            annotations: Default::default(),
        };
        let made = Made::new(manifest, blobs);
        let graph = Graph::of(made.node());
        self.publish(&graph, &made, &reference, &progress).await?;
        Ok(Pushed::of("checkpoint", &graph, 2, &reference))
    }

    /// Pulls a checkpoint, under its own name or another.
    ///
    /// # Errors
    /// [`CheckpointError::Artifact`] for another artifact, and for one that cannot begin on this host;
    /// [`CheckpointError::Exists`], [`CheckpointError::Name`]; those of the registry. Nothing is left
    /// behind then.
    pub async fn pull_checkpoint(
        &self,
        reference: &Reference,
        name: Option<&str>,
        progress: ProgressSink,
    ) -> Result<Checkpoint, Error> {
        let reference = reference.normalized();
        let refused = |reason: String| {
            Error::from(CheckpointError::Artifact {
                reference: Box::new(reference.clone()),
                reason,
            })
        };
        let document = self.client.manifest(&reference).await?;
        let manifest = document.manifest();
        let manifest = manifest.ok_or_else(|| refused("it is an index".to_owned()))?;
        let found = manifest.effective_artifact_type();
        if found != ARTIFACT {
            return Err(refused(format!("its type is '{found}'")));
        }
        let [memory, disks] = &manifest.layers[..] else {
            return Err(refused("it has not two layers".to_owned()));
        };
        if (memory.media_type.as_str(), disks.media_type.as_str()) != (MEMORY, DISKS) {
            return Err(refused("its layers are not memory and disks".to_owned()));
        }
        let config = self
            .client
            .blob_bytes(&reference, &manifest.config, CONFIG_BYTES)
            .await?;
        let config: Config = serde_json::from_slice(&config)
            .map_err(|error| refused(format!("its configuration: {error}")))?;
        let name = name.unwrap_or(&config.name).to_owned();
        self.checkpoints.check_new(&name)?;
        let mut machine = config.machine;
        checks::portable(&machine).map_err(&refused)?;
        let kernel = self.kernel_with(&config.kernel).await?.ok_or_else(|| {
            let (release, digest) = (&config.release, &config.kernel);
            refused(format!(
                "it needs kernel {release} ({digest}), which is not in the store"
            ))
        })?;
        machine.launch.kernel.clone_from(&kernel.name);
        // Whoever made it does not decide how it is jailed here.
        machine.launch.jail = JailMode::default();
        if let Some(network) = &mut machine.launch.network {
            network.of_stranger();
        }
        let made = self.checkpoints.begin()?;
        for (blob, folder) in [
            (memory, saved::memory(made.path())),
            (disks, saved::disks(made.path())),
        ] {
            progress.started(blob);
            let path = made.path().join("archive");
            let target = tokio::fs::File::create(&path).await;
            let mut target = target.map_err(Error::io("create", &path))?;
            self.client.blob_to(&reference, blob, &mut target).await?;
            progress.finished(blob);
            blocking(move || packed::unpack(&path, &folder)).await?;
        }
        checks::files(&machine, made.path()).map_err(&refused)?;
        let (key, initramfs) = self.identity(&machine, &kernel, made.path()).await?;
        let memory = saved::memory(made.path());
        let theirs = blocking(move || Ok((Template::key_in(&memory)?, digest_of(&initramfs)?)));
        let (theirs, initramfs) = theirs.await?;
        if let Some(difference) = theirs.difference_elsewhere(&key) {
            return Err(refused(difference));
        }
        if initramfs != config.initramfs {
            return Err(refused("another build of Lazaret made it".to_owned()));
        }
        let checkpoint = Checkpoint::new(&name, config.created.min(clock::nanoseconds()), machine);
        let checkpoints = self.checkpoints.clone();
        blocking(move || {
            Template::adopt(&saved::memory(made.path()), key)?;
            // All of it is checked now, and not by the first machine.
            drop(Template::open(&saved::memory(made.path()))?);
            checkpoints.finish(made, &checkpoint)?;
            Ok(checkpoint)
        })
        .await
    }

    /// The identity that memory of this machine must have on this host, and the initramfs.
    async fn identity(
        &self,
        machine: &Spec,
        kernel: &Kernel,
        folder: &Path,
    ) -> Result<(TemplateKey, std::path::PathBuf), Error> {
        let (of, cache) = (kernel.clone(), self.settings.cache.clone());
        let initramfs = blocking(move || initramfs::prepare(&of, &cache)).await?;
        let mut launch = machine.launch.clone();
        launch.boot_image.clone_from(&kernel.image);
        launch.initramfs.clone_from(&initramfs);
        let plan = launch.plan_of_saved(&saved::disks(folder));
        Ok((self.qemu().await?.template_key(&plan)?, initramfs))
    }

    /// The kernel of the store whose image has this digest.
    async fn kernel_with(&self, wanted: &Digest) -> Result<Option<Kernel>, Error> {
        let (kernels, wanted) = (self.kernels.clone(), wanted.clone());
        blocking(move || {
            for kernel in kernels.ls()? {
                if digest_of(&kernel.vmlinuz)? == wanted {
                    return Ok(Some(kernel));
                }
            }
            Ok(None)
        })
        .await
    }
}

fn digest_of(path: &Path) -> Result<Digest, Error> {
    let mut file = File::open(path).map_err(Error::io("open", path))?;
    let hashed = copy_hashed(&mut file, &mut io::sink());
    Ok(hashed.map_err(Error::io("read", path))?.0)
}
