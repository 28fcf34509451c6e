//! Pushes and pulls kernels as OCI artifacts.
//!
//! ```text
//! artifactType  application/vnd.lazaret.kernel.v1
//! config        application/vnd.lazaret.kernel.config.v1+json   name, release, architecture
//! layers        application/vnd.lazaret.kernel.image.v1         the boot image as it came
//!               application/vnd.oci.image.layer.v1.tar+gzip     the modules that a machine loads
//! ```
//! A pulled kernel is imported like any other, so what it lacks is found then and not at boot.

use std::fs::File;
use std::io;

use lazaret_images::{Blob, FileRange, Graph, Made};
use lazaret_oci::{Descriptor, Digest, Manifest, Platform, Reference, media_type};
use lazaret_vm::kernel::Source;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::kind::Kernel;
use super::modules;
use crate::hash::copy_hashed;
use crate::push::Pushed;
use crate::{Error, Home, ProgressSink, blocking};

const ARTIFACT: &str = "application/vnd.lazaret.kernel.v1";
const CONFIG: &str = "application/vnd.lazaret.kernel.config.v1+json";
const IMAGE: &str = "application/vnd.lazaret.kernel.image.v1";
/// Largest boot image, and largest archive of modules, in bytes.
const LARGEST: u64 = 512 << 20;

/// The configuration blob of the artifact.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    name: String,
    release: String,
    architecture: String,
}

impl Home {
    /// Pushes a kernel of the store.
    ///
    /// # Errors
    /// Those of the kernel store and the registry.
    pub async fn push_kernel(
        &self,
        name: &str,
        reference: &Reference,
        progress: ProgressSink,
    ) -> Result<Pushed, Error> {
        let kernel = self.kernels.get(name)?;
        let reference = reference.normalized();
        let config = Config {
            name: kernel.name.clone(),
            release: kernel.release.clone(),
            architecture: Platform::native().architecture,
        };
        let config = serde_json::to_vec(&config).map_err(|error| Error::Io {
            action: "encode the kernel's configuration".to_owned(),
            source: error.into(),
        })?;
        let config = Blob::of_bytes(CONFIG, config);
        let place = self.scratch.path()?.to_owned();
        let (image, modules) = blocking(move || {
            let path = &kernel.vmlinuz;
            let file = File::open(path).map_err(Error::io("open", path))?;
            let content = FileRange::whole(file, path)?;
            let hashed = copy_hashed(&mut content.reader(), &mut io::sink());
            let (image, size) = hashed.map_err(Error::io("read", path))?;
            let image = Blob::new(Descriptor::new(IMAGE, image, size), content);
            let archive = tempfile::tempfile_in(&place);
            let archive = archive.map_err(Error::io("create a file in", &place))?;
            let folder = modules::folder(&kernel);
            let packed = modules::pack(&kernel, &archive)?;
            let digest = Digest::from_sha256(packed.digest);
            let modules = Descriptor::new(media_type::LAYER_GZIP, digest, packed.size);
            let content = FileRange::whole(archive, &folder)?;
            Ok((image, Blob::new(modules, content)))
        })
        .await?;
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(media_type::MANIFEST.to_owned()),
            artifact_type: Some(ARTIFACT.to_owned()),
            config: config.descriptor().clone(),
            layers: vec![image.descriptor().clone(), modules.descriptor().clone()],
            subject: None,
            annotations: Default::default(),
        };
        let made = Made::new(manifest, vec![config, image, modules]);
        let graph = Graph::of(made.node());
        self.publish(&graph, &made, &reference, &progress).await?;
        Ok(Pushed::of("kernel", &graph, 2, &reference))
    }

    /// Imports a kernel of a catalogue or a registry into the store, under its own name or another.
    /// The default kernel stays the same.
    ///
    /// # Errors
    /// [`Error::NoKernelArtifact`], those of the catalogue, the registry and the store.
    pub async fn fetch_kernel(
        &self,
        wanted: &str,
        name: Option<&str>,
        progress: ProgressSink,
    ) -> Result<Kernel, Error> {
        if let Some(kernel) = self.catalogue_kernel(wanted, name, &progress).await? {
            return Ok(kernel);
        }
        self.pull_kernel(&wanted.parse()?, name, progress).await
    }

    pub(crate) async fn pull_kernel(
        &self,
        reference: &Reference,
        name: Option<&str>,
        progress: ProgressSink,
    ) -> Result<Kernel, Error> {
        let reference = reference.normalized();
        let refused = |reason: &str| Error::NoKernelArtifact {
            reference: Box::new(reference.clone()),
            reason: reason.to_owned(),
        };
        let document = self.client.manifest(&reference).await?;
        let manifest = document.manifest();
        let manifest = manifest.ok_or_else(|| refused("it is an index"))?;
        if manifest.effective_artifact_type() != ARTIFACT {
            return Err(refused(&format!(
                "its type is '{}'",
                manifest.effective_artifact_type()
            )));
        }
        let [image, modules] = &manifest.layers[..] else {
            return Err(refused("it has not two layers"));
        };
        if image.media_type != IMAGE || image.size > LARGEST || modules.size > LARGEST {
            return Err(refused(
                "its layers are not an image and modules, or too large",
            ));
        }
        let config = self
            .client
            .blob_bytes(&reference, &manifest.config, 64 << 10)
            .await?;
        let config: Config = serde_json::from_slice(&config)
            .map_err(|error| refused(&format!("its configuration: {error}")))?;
        let native = Platform::native().architecture;
        if config.architecture != native {
            return Err(refused(&format!("it is for {}", config.architecture)));
        }
        let place = self.scratch.path()?;
        let folder = TempDir::new_in(place).map_err(Error::io("create a folder in", place))?;
        for (blob, file) in [(image, "vmlinuz"), (modules, "modules.tar.gz")] {
            progress.started(blob);
            let path = folder.path().join(file);
            let target = tokio::fs::File::create(&path).await;
            let mut target = target.map_err(Error::io("create", &path))?;
            self.client.blob_to(&reference, blob, &mut target).await?;
            progress.finished(blob);
        }
        let (kernels, name) = (
            self.kernels.clone(),
            name.unwrap_or(&config.name).to_owned(),
        );
        let imported = blocking(move || {
            let modules = folder.path().join("modules");
            let count = modules::unpack(&folder.path().join("modules.tar.gz"), &modules)?;
            let source = Source::Files {
                image: folder.path().join("vmlinuz"),
                modules: (count > 0).then_some(modules),
            };
            Ok(kernels.add(&source, Some(&name))?)
        })
        .await?;
        Ok(self.shown(imported))
    }
}
