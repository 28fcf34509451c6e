//! Makes OCI layouts by hand, so that a test controls every byte.

use std::path::{Path, PathBuf};

use lazaret_oci::{
    Descriptor, Digest, ImageConfig, Manifest, ManifestDocument, ProcessConfig, RootFs, media_type,
};

use super::Layer;
use super::layer::gzip;

/// The layers and the configuration of an image that is to be written.
pub(crate) struct Image {
    layers: Vec<(Vec<u8>, Digest)>,
    process: ProcessConfig,
}

impl Image {
    pub(crate) fn new() -> Self {
        Self {
            layers: Vec::new(),
            process: ProcessConfig::default(),
        }
    }

    /// An image with busybox, `/bin/sh` and its applets.
    pub(crate) fn busybox() -> Self {
        Self::new().layer(busybox_layer())
    }

    pub(crate) fn layer(self, layer: Layer) -> Self {
        let tar = layer.tar();
        let diff_id = Digest::of(&tar);
        self.blob(gzip(&tar), diff_id)
    }

    /// Adds a raw layer blob, with the diff id that it claims.
    pub(crate) fn blob(mut self, blob: Vec<u8>, diff_id: Digest) -> Self {
        self.layers.push((blob, diff_id));
        self
    }

    pub(crate) fn command(mut self, command: &[&str]) -> Self {
        self.process.cmd = command.iter().map(ToString::to_string).collect();
        self
    }

    pub(crate) fn process(mut self, change: impl FnOnce(&mut ProcessConfig)) -> Self {
        change(&mut self.process);
        self
    }

    /// Writes an OCI layout with the tag `v1`.
    pub(crate) fn write(self, folder: &Path) -> PathBuf {
        let blobs = folder.join("blobs/sha256");
        std::fs::create_dir_all(&blobs).unwrap();
        let put = |bytes: &[u8]| {
            let digest = Digest::of(bytes);
            std::fs::write(blobs.join(digest.hex()), bytes).unwrap();
            digest
        };
        let config = ImageConfig {
            architecture: "amd64".into(),
            os: "linux".into(),
            created: None,
            config: self.process,
            rootfs: RootFs {
                diff_ids: self
                    .layers
                    .iter()
                    .map(|(_, diff_id)| diff_id.clone())
                    .collect(),
                ..RootFs::default()
            },
        };
        let config = serde_json::to_vec(&config).unwrap();
        put(&config);
        let layers = self.layers.iter().map(|(blob, _)| {
            put(blob);
            Descriptor::of(media_type::LAYER_GZIP, blob)
        });
        let manifest = ManifestDocument::of_manifest(Manifest {
            schema_version: 2,
            media_type: Some(media_type::MANIFEST.into()),
            artifact_type: None,
            config: Descriptor::of(media_type::IMAGE_CONFIG, &config),
            layers: layers.collect(),
            subject: None,
            annotations: Default::default(),
        });
        put(manifest.raw());
        let mut entry = manifest.descriptor();
        entry
            .annotations
            .insert("org.opencontainers.image.ref.name".into(), "v1".into());
        let index = serde_json::json!({ "schemaVersion": 2, "manifests": [entry] });
        std::fs::write(folder.join("index.json"), index.to_string()).unwrap();
        std::fs::write(
            folder.join("oci-layout"),
            r#"{"imageLayoutVersion":"1.0.0"}"#,
        )
        .unwrap();
        folder.to_owned()
    }
}

/// Busybox (the distribution's static build), with the applets that tests use.
pub(crate) fn busybox_layer() -> Layer {
    let busybox = std::fs::read("/bin/busybox").expect("busybox-static is installed");
    let mut layer = Layer::new()
        .directory("bin", 0o755)
        .program("bin/busybox", &busybox)
        .directory("etc", 0o755)
        .file(
            "etc/passwd",
            b"root:x:0:0:root:/root:/bin/sh\nworker:x:1000:2000::/home/worker:/bin/sh\n",
        )
        .file(
            "etc/group",
            b"root:x:0:\nworker:x:2000:\nextra:x:3000:worker\n",
        )
        .directory("root", 0o700)
        .directory("tmp", 0o1777);
    for applet in [
        "sh",
        "ls",
        "cat",
        "echo",
        "id",
        "stat",
        "mount",
        "umount",
        "touch",
        "env",
        "hostname",
        "pwd",
        "sha256sum",
        "head",
        "sleep",
        "kill",
        "ip",
        "yes",
        "find",
        "sort",
        "wc",
        "readlink",
        "mkdir",
        "rm",
        "test",
        "true",
        "dd",
        "od",
        "ps",
        "df",
        "sync",
        "date",
        "vi",
        "stty",
        "tty",
        "clear",
        "printf",
        "top",
        "less",
    ] {
        layer = layer.symlink(&format!("bin/{applet}"), "busybox");
    }
    layer
}
