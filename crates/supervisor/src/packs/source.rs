//! What a pack is made of: the image with its layers, and the settled run.

use std::collections::BTreeMap;
use std::path::Path;

use lazaret_artifacts::{
    AgentSpec, Error as Fault, Payload, Resolved, Resources, RunFlags, RunKind, RunSpec,
};
use lazaret_images::{FileRange, Lease, Source, Wanted, select};
use lazaret_oci::{
    Descriptor, Digest, ImageConfig, MAX_MANIFEST_BYTES, Manifest, Platform, Reference, media_type,
};

use super::launch::Launch;
use crate::image::{self, local_name};
use crate::pack_error::PackError;
use crate::prepare::{RootDisk, RunRequest, hostname};
use crate::source_name::{SourceName, is_explicit};
use crate::{Error, Home, ProgressSink, blocking};

/// An argument that no program has, to find out where arguments go.
const PROBE: &str = "\u{0}";

/// What a pack is made of. While it exists, nothing of it is pruned.
pub(super) struct Subject {
    /// The name of the image in messages.
    pub(super) name: String,
    pub(super) manifest: Manifest,
    pub(super) config: ImageConfig,
    /// The files of its layers.
    pub(super) layers: BTreeMap<Digest, FileRange>,
    pub(super) spec: RunSpec,
    pub(super) launch: Launch,
    _lease: Lease,
}

/// An image whose files are at hand.
struct Image {
    name: String,
    digest: Digest,
    manifest: Manifest,
    config: ImageConfig,
    layers: BTreeMap<Digest, FileRange>,
}

impl Home {
    /// Finds everything that a pack is made of, and fetches what is missing.
    pub(super) async fn subject_of_pack(
        &self,
        request: &RunRequest,
        platform: Option<&Platform>,
        progress: &ProgressSink,
    ) -> Result<Subject, Error> {
        let lease = self.images.lease()?;
        let native = Platform::native();
        if let Some(platform) = platform
            && (platform.os != native.os || platform.architecture != native.architecture)
        {
            let platform = platform.to_string();
            return Err(PackError::Platform { platform }.into());
        }
        let platform = platform.unwrap_or(&native);
        let source = match self.source(&request.reference)? {
            // A folder or file that holds no image keeps no name from being one.
            SourceName::Folder(_) | SourceName::File(_) if !is_explicit(&request.reference) => {
                SourceName::Name(request.reference.clone())
            }
            source => source,
        };
        let (resolved, image) = match source {
            SourceName::Name(_) => {
                let resolved = self.resolve_run(request, progress).await?;
                let image = self.fetched_image(&resolved, request, progress).await?;
                (resolved, image)
            }
            source => {
                let (images, wanted) = self.open_images(source).await?;
                let path = Path::new(&request.reference);
                let image = image_at(&*images, &wanted, platform, path).await?;
                let reference = name_of(&wanted, path)?;
                (plain(reference), image)
            }
        };
        if let Some(platform) = image::other_platform(&image.config, platform) {
            return Err(Error::ForeignImage {
                name: image.name,
                platform,
            });
        }
        for mount in &resolved.mounts {
            if let Payload::Layers(layers) = &mount.payload {
                let wanted = layers.clone();
                self.pull_missing(&mount.reference, wanted, progress)
                    .await?;
            }
        }
        let host = match &request.hostname {
            Some(name) => name.clone(),
            None => hostname(resolved.name.as_deref(), &resolved.image.to_string()),
        };
        let flags = request.flags()?;
        let (spec, words) = merged(resolved, &image.config, flags)?;
        let digest = image.digest.to_string();
        let launch = Launch::of(&spec, &image.config.config, words, host, digest);
        Ok(Subject {
            name: image.name,
            manifest: image.manifest,
            config: image.config,
            layers: image.layers,
            spec,
            launch,
            _lease: lease,
        })
    }

    /// The image of a resolved reference, which is pulled if the store lacks it.
    async fn fetched_image(
        &self,
        resolved: &Resolved,
        request: &RunRequest,
        progress: &ProgressSink,
    ) -> Result<Image, Error> {
        // Its disk is made for the pack alone.
        let kind = RootDisk::Own;
        let record = self
            .ensure_image(&resolved.image, request.pull, kind, progress)
            .await?;
        let store = self.images.clone();
        blocking(move || {
            let missing = || PackError::NoLayers {
                image: record.name.clone(),
            };
            let document = image::manifest(&store, &record)?;
            let (config, _) = image::config(&store, &document)?;
            let manifest = document.manifest().ok_or_else(missing)?.clone();
            let mut layers = BTreeMap::new();
            for layer in &manifest.layers {
                let file = store.open_blob(&layer.digest)?.ok_or_else(missing)?;
                layers.insert(layer.digest.clone(), file);
            }
            Ok(Image {
                name: record.name,
                digest: record.digest,
                manifest,
                config,
                layers,
            })
        })
        .await
    }
}

/// The image at a path.
async fn image_at(
    images: &dyn Source,
    wanted: &Wanted,
    platform: &Platform,
    path: &Path,
) -> Result<Image, Error> {
    let name = path.display().to_string();
    let root = images.root(wanted).await?;
    let selected = select(images, &root, platform).await;
    let document = selected
        .map_err(|error| image::without_platform(path, error))?
        .document;
    let manifest = document
        .manifest()
        .ok_or_else(|| Error::ImageNotFound { name: name.clone() })?;
    if !media_type::is_image_config(&manifest.config.media_type) {
        return Err(Error::NotAnImage {
            name,
            artifact_type: manifest.effective_artifact_type().to_owned(),
        });
    }
    let config = images.blob(&manifest.config).await?;
    let config = ImageConfig::parse(&config.bytes(MAX_MANIFEST_BYTES as u64).await?)?;
    let mut layers = BTreeMap::new();
    for layer in &manifest.layers {
        let blob = images.blob(layer).await?;
        let missing = |layer: &Descriptor| Error::BlobMissing {
            digest: layer.digest.clone(),
        };
        let file = blob.file().cloned().ok_or_else(|| missing(layer))?;
        layers.insert(layer.digest.clone(), file);
    }
    Ok(Image {
        name,
        digest: document.digest().clone(),
        manifest: manifest.clone(),
        config,
        layers,
    })
}

/// The name of an image at a path: the one that was asked for, or that of the file.
fn name_of(wanted: &Wanted, path: &Path) -> Result<Reference, Error> {
    if let Wanted::Name(name) = wanted
        && let Ok(reference) = local_name(name)
    {
        return Ok(reference);
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    local_name(&hostname(None, &stem))
}

/// A run of an image without anything else.
fn plain(image: Reference) -> Resolved {
    Resolved {
        kind: RunKind::Image,
        name: None,
        reference: image.clone(),
        image,
        agent: AgentSpec::default(),
        resources: Resources::default(),
        capabilities: None,
        policy: None,
        integrations: Vec::new(),
        mounts: Vec::new(),
        workflow: None,
        components: Vec::new(),
        warnings: Vec::new(),
    }
}

/// The settled run, and the words of its command line: those that always run, and those that arguments
/// replace. An image without a command has none of the second kind.
#[expect(clippy::type_complexity, reason = "two lists of words")]
fn merged(
    resolved: Resolved,
    config: &ImageConfig,
    flags: RunFlags,
) -> Result<(RunSpec, (Vec<String>, Vec<String>)), Error> {
    let probe = RunFlags {
        args: vec![PROBE.to_owned()],
        ..flags.clone()
    };
    let probed = RunSpec::merge(resolved.clone(), config, probe)?;
    let mut always = probed.argv.clone();
    always.pop();
    match RunSpec::merge(resolved, config, flags) {
        Ok(spec) => {
            // A shell command gets a name for itself only if there are arguments; here it always has one.
            let rest = spec.argv.strip_prefix(&always[..]).unwrap_or_default();
            let rest = rest.to_vec();
            Ok((spec, (always, rest)))
        }
        Err(Fault::NoCommand) => Ok((probed, (always, Vec::new()))),
        Err(error) => Err(error.into()),
    }
}
