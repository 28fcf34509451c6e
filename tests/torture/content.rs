//! Content to push, and requests that push it.

use std::io;
use std::net::SocketAddr;

use lazaret_oci::{Descriptor, Digest, media_type};
use lazaret_testing::http::{Reply, send};
use serde_json::json;

/// Random bytes, which cannot be compressed; the same seed gives the same bytes.
pub(crate) fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut content = vec![0; length];
    random.fill(&mut content);
    content
}

/// An image manifest of these blobs; `note` makes it different from others of the same blobs.
pub(crate) fn manifest(config: &[u8], layers: &[&[u8]], note: &str) -> Vec<u8> {
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| Descriptor::of(media_type::LAYER, layer))
        .collect();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::MANIFEST,
        "config": Descriptor::of("application/vnd.torture.config.v1+json", config),
        "layers": layers,
        "annotations": { "note": note },
    });
    serde_json::to_vec(&manifest).unwrap()
}

/// The blobs that a manifest names.
pub(crate) fn blobs_of(manifest: &[u8]) -> Vec<Digest> {
    let document: serde_json::Value = serde_json::from_slice(manifest).unwrap();
    let layers = document["layers"].as_array().into_iter().flatten();
    std::iter::once(&document["config"])
        .chain(layers)
        .filter_map(|descriptor| descriptor["digest"].as_str())
        .map(|digest| digest.parse().unwrap())
        .collect()
}

/// Pushes a blob in one request.
pub(crate) fn push(server: SocketAddr, name: &str, content: &[u8]) -> io::Result<Reply> {
    let path = format!("/v2/{name}/blobs/uploads/?digest={}", Digest::of(content));
    send(server, "POST", &path, &[], content)
}

/// Starts an upload; returns the response's `Location`.
pub(crate) fn start(server: SocketAddr, name: &str) -> io::Result<String> {
    let reply = send(
        server,
        "POST",
        &format!("/v2/{name}/blobs/uploads/"),
        &[],
        b"",
    )?;
    assert_eq!(reply.status, 202, "{reply:?}");
    Ok(reply.header("location").unwrap().to_owned())
}

/// Sends a chunk with its range.
pub(crate) fn patch(
    server: SocketAddr,
    location: &str,
    first: usize,
    chunk: &[u8],
) -> io::Result<Reply> {
    let range = format!("{first}-{}", first + chunk.len() - 1);
    send(
        server,
        "PATCH",
        location,
        &[("Content-Range", &range)],
        chunk,
    )
}

/// Ends an upload.
pub(crate) fn finish(
    server: SocketAddr,
    location: &str,
    digest: &Digest,
    rest: &[u8],
) -> io::Result<Reply> {
    let separator = if location.contains('?') { '&' } else { '?' };
    let path = format!("{location}{separator}digest={digest}");
    send(server, "PUT", &path, &[], rest)
}

/// Pushes a manifest.
pub(crate) fn put_manifest(
    server: SocketAddr,
    name: &str,
    reference: &str,
    manifest: &[u8],
) -> io::Result<Reply> {
    let path = format!("/v2/{name}/manifests/{reference}");
    send(
        server,
        "PUT",
        &path,
        &[("Content-Type", media_type::MANIFEST)],
        manifest,
    )
}
