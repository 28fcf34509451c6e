//! Makes an image with one layer of a root file system in a folder.

use std::path::Path;

use lazaret_images::ImageStore;
use lazaret_oci::{
    Descriptor, Digest, ImageConfig, Manifest, ManifestDocument, Platform, ProcessConfig, RootFs,
    media_type,
};
use lazaret_rootfs::{PackMode, PackOptions, pack};

use crate::Error;

/// Converts the folder. Owners, modes, times, attributes and links are kept; the same folder always
/// gives the same image.
pub(super) fn convert(folder: &Path, store: &ImageStore) -> Result<ManifestDocument, Error> {
    let mut writer = store.writer()?;
    let options = PackOptions {
        mode: PackMode::Preserve,
        epoch: 0,
    };
    let summary = pack(folder, &mut writer, options).map_err(|source| Error::Convert {
        subject: format!("'{}'", folder.display()),
        source,
    })?;
    let digest = Digest::from_sha256(summary.digest);
    writer.commit(Some(&digest))?;
    let platform = Platform::native();
    let config = ImageConfig {
        architecture: platform.architecture,
        os: platform.os,
        created: None,
        config: ProcessConfig::default(),
        rootfs: RootFs {
            diff_ids: vec![Digest::from_sha256(summary.diff_id)],
            ..RootFs::default()
        },
    };
    let config = serde_json::to_vec(&config).map_err(|error| Error::Io {
        action: "encode the image".to_owned(),
        source: error.into(),
    })?;
    let (config_digest, config_size) = store.add(&config[..], None, "the configuration")?;
    let manifest = ManifestDocument::of_manifest(Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: None,
        config: Descriptor::new(media_type::IMAGE_CONFIG, config_digest, config_size),
        layers: vec![Descriptor::new(
            media_type::LAYER_GZIP,
            digest,
            summary.size,
        )],
        subject: None,
        annotations: Default::default(),
    });
    store.add(manifest.raw(), Some(manifest.digest()), "the manifest")?;
    Ok(manifest)
}
