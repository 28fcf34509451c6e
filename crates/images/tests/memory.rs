//! Tests that copied content is streamed: it is never in memory as a whole.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests, too.

use bytes::Bytes;
use futures_util::stream;
use lazaret_images::{
    Blob, Content, FileRange, ImageStore, LayoutFolder, LayoutTar, Pieces, TarKind, Target,
};
use lazaret_oci::{Algorithm, Descriptor, Hasher};

const PIECE: usize = 64 * 1024;
const PIECES: usize = 3072;
/// Most memory in bytes: far below the size of the blob, and enough for buffers of every kind.
const MOST_BYTES: u64 = 32 << 20;

/// 192 MiB of content that is generated while it is read.
struct Generated;

fn piece(number: usize) -> Bytes {
    Bytes::from(vec![number.to_le_bytes()[0]; PIECE])
}

impl Content for Generated {
    fn read(&self, _: u64) -> Pieces {
        Box::pin(stream::iter((0..PIECES).map(|number| Ok(piece(number)))))
    }
}

fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() * 1024
}

#[tokio::test]
async fn large_blobs_take_little_memory_whatever_the_target() {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    (0..PIECES).for_each(|number| hasher.update(&piece(number)));
    let size = (PIECE * PIECES) as u64;
    let descriptor = Descriptor::new("application/octet-stream", hasher.finish(), size);
    let folder = tempfile::tempdir().unwrap();
    let store = ImageStore::open(folder.path().join("store")).unwrap();
    let store = store.leased().unwrap();
    let layout = LayoutFolder::create(&folder.path().join("layout")).unwrap();
    let tar = LayoutTar::create(&folder.path().join("a.tar"), TarKind::Oci).unwrap();
    let before = peak();
    // From a stream into the store, then from the store's file, as a stream, into the others.
    let generated = Blob::new(descriptor.clone(), Generated);
    store.put_blob(&generated).await.unwrap();
    let stored: FileRange = store
        .store()
        .open_blob(&descriptor.digest)
        .unwrap()
        .unwrap();
    layout
        .put_blob(&Blob::new(descriptor.clone(), Streamed(stored.clone())))
        .await
        .unwrap();
    tar.put_blob(&Blob::new(descriptor, stored)).await.unwrap();
    let grown = peak() - before;
    assert!(grown < MOST_BYTES, "{grown} bytes more");
}

/// A file of which only the stream is offered, not the range.
struct Streamed(FileRange);

impl Content for Streamed {
    fn read(&self, offset: u64) -> Pieces {
        self.0.read(offset)
    }
}
