//! Tests of reading an image back.

use futures_util::TryStreamExt as _;
use lazaret_images::{Blob, Graph, Source, Wanted};

use super::sample::Sample;

/// Checks that a source gives an image under a name: the same documents and blobs, byte for byte,
/// found by name and by digest.
pub(crate) async fn reads_like(source: &dyn Source, name: &str, sample: &Sample) {
    let root = source.root(&Wanted::Name(name.to_owned())).await.unwrap();
    assert_eq!(root.digest, sample.root.digest, "{name}");
    assert_eq!(root.size, sample.root.size);
    assert_eq!(root.media_type, sample.root.media_type);
    let graph = Graph::read(source, &root).await.unwrap();
    let nodes: Vec<_> = graph.below().iter().chain([graph.root()]).collect();
    assert_eq!(nodes.len(), sample.documents().count());
    for (digest, document) in sample.documents() {
        let node = nodes.iter().find(|node| node.digest == *digest).unwrap();
        assert_eq!(node.document.raw(), document.raw());
        assert_eq!(node.document.media_type(), document.media_type());
        let by_digest = source.root(&Wanted::Digest(digest.clone())).await.unwrap();
        assert_eq!(by_digest.digest, *digest);
        assert_eq!(by_digest.size, document.raw().len() as u64);
    }
    for expected in sample.blobs() {
        let wanted = expected.descriptor();
        let whole = bytes(expected, 0).await;
        let blob = source.blob(wanted).await.unwrap();
        assert_eq!(blob.descriptor(), wanted);
        assert_eq!(blob.bytes(wanted.size).await.unwrap(), whole);
        // Reads may be repeated, and may start at any offset.
        for offset in [0, 1, 600_000] {
            let start = usize::try_from(offset).unwrap().min(whole.len());
            if start < whole.len() {
                assert_eq!(bytes(&blob, offset).await, whole[start..], "from {offset}");
            }
        }
        if let Some(range) = blob.file() {
            let mut read = Vec::new();
            std::io::Read::read_to_end(&mut range.reader(), &mut read).unwrap();
            assert_eq!(read, whole);
            assert_eq!(range.length(), wanted.size);
        }
    }
}

async fn bytes(blob: &Blob, offset: u64) -> Vec<u8> {
    let pieces: Vec<_> = blob.read(offset).try_collect().await.unwrap();
    pieces.concat()
}
