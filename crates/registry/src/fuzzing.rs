//! Entries for the fuzz targets: each parser of hostile text, with what must hold of its result.

use lazaret_content::ManifestSelector;

use crate::act::path::Route;
use crate::config::{Document, Overrides};
use crate::message::query::{Query, encode};
use crate::message::range::{self, Requested};

pub use lazaret_auth::fuzzing as auth;

/// The text of a configuration file.
pub fn config(text: &str) {
    if let Ok(document) = Document::parse(None, text, &Overrides::default()) {
        let _ = document.config();
    }
}

/// A path as it came.
pub fn path(text: &str) {
    let Ok(route) = Route::parse(text) else {
        return;
    };
    // What was understood has one more way to be written, which means the same.
    let again = match &route {
        Route::Tags(name) => format!("/v2/{name}/tags/list"),
        Route::Manifest(name, ManifestSelector::Tag(tag)) => format!("/v2/{name}/manifests/{tag}"),
        Route::Manifest(name, ManifestSelector::Digest(digest)) => {
            format!("/v2/{name}/manifests/{digest}")
        }
        Route::Referrers(name, digest) => format!("/v2/{name}/referrers/{digest}"),
        Route::Blob(name, digest) => format!("/v2/{name}/blobs/{digest}"),
        Route::Uploads(name) => format!("/v2/{name}/blobs/uploads/"),
        Route::Upload(name, id) => format!("/v2/{name}/blobs/uploads/{id}"),
        _ => return,
    };
    assert!(!again.split('/').any(|part| part == ".."), "{again}");
    assert_eq!(Route::parse(&again).ok(), Some(route));
}

/// `Range` of a read of `size` bytes, and `Content-Range` of a chunk.
pub fn range(header: &str, size: u64) {
    if let Requested::Part(part) = range::requested(Some(header), size) {
        assert!(part.start < part.end && part.end <= size);
    }
    if let Some(chunk) = range::chunk(header) {
        assert!(chunk.start <= chunk.end);
    }
}

/// The query part of a URL.
pub fn query(text: &str) {
    let query = Query::parse(Some(text));
    for name in [
        "digest",
        "mount",
        "from",
        "n",
        "last",
        "tag",
        "artifactType",
    ] {
        for value in query.all(name) {
            let again = format!("{name}={}", encode(value));
            assert_eq!(Query::parse(Some(&again)).get(name), Some(value));
        }
    }
}
