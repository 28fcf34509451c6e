//! Content-addressed blobs, registry metadata and the image store behind ports.
