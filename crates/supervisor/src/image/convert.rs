//! Converts layers to a disk and verifies them on the way.

use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use lazaret_images::{FileRange, RangeReader};
use lazaret_oci::{Algorithm, Descriptor, Digest, Hasher, ImageConfig, Manifest};
use lazaret_rootfs::{DiskBuilder, LayerSummary, Options, Summary};

use crate::Error;
use crate::inject::Injection;

/// The conversion of an image's layers to a disk.
pub(crate) struct Conversion<'a> {
    /// The name of the image in messages.
    pub(crate) name: &'a str,
    pub(crate) manifest: &'a Manifest,
    pub(crate) config: &'a ImageConfig,
    /// Opens a layer. Layers that are not yet verified are verified here.
    pub(crate) open: &'a (dyn Fn(&Descriptor) -> Result<FileRange, Error> + Sync),
    /// Additions to the disk, applied after the layers.
    pub(crate) inject: &'a [Injection],
}

impl Conversion<'_> {
    /// Writes the disk. Every layer must have the diff id that the configuration says.
    pub(crate) fn run(&self, output: File, options: Options) -> Result<Summary, Error> {
        let diff_ids = self.diff_ids()?;
        self.inject
            .iter()
            .try_for_each(|injection| injection.check(self.config))?;
        let failed = |source| Error::Convert {
            subject: self.name.to_owned(),
            source,
        };
        let mut disk = DiskBuilder::create(output, options).map_err(failed)?;
        for (layer, diff_id) in self.manifest.layers.iter().zip(diff_ids) {
            self.layer(layer, diff_id, |blob| disk.apply_layer(blob, ""))?;
        }
        for injection in self.inject {
            injection.apply(&mut disk)?;
        }
        disk.finish().map_err(failed)
    }

    /// The diff ids of the layers; there must be as many as there are layers.
    pub(crate) fn diff_ids(&self) -> Result<&[Digest], Error> {
        let diff_ids = &self.config.rootfs.diff_ids;
        if diff_ids.len() != self.manifest.layers.len() {
            return Err(Error::LayerCount {
                image: self.name.to_owned(),
                layers: self.manifest.layers.len(),
                diff_ids: diff_ids.len(),
            });
        }
        Ok(diff_ids)
    }

    /// Converts one layer, which must have the digest of the manifest and the diff id of the
    /// configuration.
    pub(crate) fn layer(
        &self,
        layer: &Descriptor,
        diff_id: &Digest,
        convert: impl FnOnce(&mut Verified) -> Result<LayerSummary, lazaret_rootfs::Error>,
    ) -> Result<(), Error> {
        let subject = format!("layer {} of {}", layer.digest, self.name);
        let range = (self.open)(layer)?;
        // The digest of an uncompressed layer is its diff id, which is checked anyway.
        let verify = !range.is_checked() && layer.digest != *diff_id;
        let mut blob = Verified {
            content: range.reader(),
            hashing: verify.then(|| Hashing::start(layer.digest.algorithm())),
        };
        let summary = convert(&mut blob);
        let summary = summary.map_err(|source| Error::Convert {
            subject: subject.clone(),
            source,
        })?;
        let mismatch = |expected: &Digest, actual, subject| {
            Err(Error::DigestMismatch {
                expected: expected.clone(),
                actual,
                subject,
            })
        };
        match blob.hashing.map(Hashing::finish) {
            Some(actual) if actual != layer.digest => {
                return mismatch(&layer.digest, actual, subject);
            }
            _ => {}
        }
        let actual = Digest::from_sha256(summary.diff_id);
        if actual != *diff_id {
            return mismatch(diff_id, actual, format!("diff id of {subject}"));
        }
        Ok(())
    }
}

/// A blob whose digest is computed as it is read.
pub(crate) struct Verified {
    content: RangeReader,
    hashing: Option<Hashing>,
}

impl Read for Verified {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.content.read(buffer)?;
        if let Some(hashing) = &self.hashing {
            hashing.update(&buffer[..length]);
        }
        Ok(length)
    }
}

/// Number of pieces that may wait to be hashed.
const WAITING: usize = 16;

/// Computes a digest on a thread of its own, because the reading thread is busy with decompression.
struct Hashing {
    pieces: SyncSender<Vec<u8>>,
    thread: JoinHandle<Digest>,
}

impl Hashing {
    fn start(algorithm: Algorithm) -> Self {
        let (pieces, received) = sync_channel::<Vec<u8>>(WAITING);
        let thread = std::thread::spawn(move || {
            let mut hasher = Hasher::new(algorithm);
            for piece in received {
                hasher.update(&piece);
            }
            hasher.finish()
        });
        Self { pieces, thread }
    }

    fn update(&self, bytes: &[u8]) {
        // The receiver is gone only if its thread panicked, which `finish` reports.
        let _ = self.pieces.send(bytes.to_vec());
    }

    fn finish(self) -> Digest {
        drop(self.pieces);
        match self.thread.join() {
            Ok(digest) => digest,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}
