//! The room of the mirror: answers requests for what is an upstream's.
//!
//! What is fetched is content of this registry, so that what it has is answered by the verbs in
//! `distribution`. This room asks `lazaret-mirror` first, and turns its errors into answers with which
//! clients go on as well as they can.

mod blobs;
mod headers;
mod listings;
mod manifests;
mod refusals;
mod rules;

pub(crate) use blobs::get as blob;
pub(crate) use listings::{referrers, tags};
pub(crate) use manifests::get as manifest;
pub(crate) use rules::Rules;

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderName, header};
use lazaret_mirror::{Address, Entry, Mirror};
use lazaret_oci::wire::ErrorCode;

use crate::message::{Query, Refusal};

/// The namespace that an answer is for (distribution-spec, "Registry Proxying").
pub(crate) const NAMESPACE: HeaderName = HeaderName::from_static("oci-namespace");

/// A request as the mirror understands it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entered {
    /// The path in this registry; `None` when it is that of the request.
    pub(crate) path: Option<String>,
    /// The namespace, if the client named one.
    pub(crate) namespace: Option<String>,
}

/// Finds out for whom a request is.
///
/// # Errors
/// 404 for an upstream that this mirror does not have.
pub(crate) fn enter(mirror: Option<&Arc<Mirror>>, head: &Parts) -> Result<Entered, Refusal> {
    let as_it_is = Entered {
        path: None,
        namespace: None,
    };
    let Some(mirror) = mirror else {
        return Ok(as_it_is);
    };
    let query = Query::parse(head.uri.query());
    let host = head
        .uri
        .authority()
        .map(http::uri::Authority::as_str)
        .or_else(|| head.headers.get(header::HOST)?.to_str().ok());
    let entry = mirror.enter(&Address {
        path: head.uri.path(),
        host,
        namespace: query.get("ns"),
    });
    match entry {
        Entry::AsItIs => Ok(as_it_is),
        Entry::Mirrored { path, namespace } => {
            headers::require_suffix(&head.headers, &namespace)?;
            Ok(Entered {
                path: Some(path),
                namespace: Some(namespace),
            })
        }
        Entry::Foreign(namespace) => {
            let name = lazaret_values::Printable::excerpt(&namespace);
            let message = format!("this mirror has no upstream {name}");
            Err(Refusal::new(ErrorCode::NameUnknown, message))
        }
    }
}
