//! Entry points for the fuzz targets: each parser of hostile text, with properties of its result.

use http::Method;

use crate::act::{Act, Reference};
use crate::config::{Document, Overrides};
use crate::message::Query;
use crate::message::query::encode;
use crate::message::range::{self, Requested};

pub use lazaret_auth::fuzzing as auth;

/// Parses the text of a configuration file.
pub fn config(text: &str) {
    if let Ok(document) = Document::parse(None, text, &Overrides::default()) {
        let _ = document.config();
    }
}

/// Parses a percent-encoded path, with each method.
pub fn path(text: &str) {
    for method in [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ] {
        if let Ok(act) = Act::parse(&method, text) {
            check(&method, &act);
        }
    }
}

/// Checks that an act keeps its meaning when its path is written in another way.
fn check(method: &Method, act: &Act) {
    let again = match act {
        Act::ListTags { repository } => format!("/v2/{repository}/tags/list"),
        Act::ReadManifest {
            repository,
            selector,
            ..
        }
        | Act::PutManifest {
            repository,
            selector,
        }
        | Act::DeleteManifest {
            repository,
            selector,
        } => format!("/v2/{repository}/manifests/{}", Reference::from(selector)),
        Act::ListReferrers { repository, digest } => {
            format!("/v2/{repository}/referrers/{digest}")
        }
        Act::ReadBlob {
            repository, digest, ..
        }
        | Act::DeleteBlob { repository, digest } => format!("/v2/{repository}/blobs/{digest}"),
        Act::StartUpload { repository } => format!("/v2/{repository}/blobs/uploads/"),
        Act::ReadUpload { repository, id }
        | Act::PatchUpload { repository, id }
        | Act::FinishUpload { repository, id }
        | Act::CancelUpload { repository, id } => {
            format!("/v2/{repository}/blobs/uploads/{id}")
        }
        Act::NotAllowed { allow, .. } => {
            let is_listed = allow.split(", ").any(|listed| listed == method);
            assert!(!allow.is_empty() && !is_listed, "{method}: {allow}");
            return;
        }
        _ => return,
    };
    assert!(!again.split('/').any(|part| part == ".."), "{again}");
    assert_eq!(Act::parse(method, &again).ok().as_ref(), Some(act));
}

/// Parses `Range` of a read of `size` bytes, and `Content-Range` of a chunk.
pub fn range(header: &str, size: u64) {
    if let Requested::Part(part) = range::requested(Some(header), size) {
        assert!(part.start < part.end && part.end <= size);
    }
    if let Some(chunk) = range::chunk(header) {
        assert!(chunk.start <= chunk.end);
    }
}

/// Parses the query of a URL.
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
