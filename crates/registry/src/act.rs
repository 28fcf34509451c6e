//! Parses a request's method and path to one checked value: what the request asks for.
//!
//! ```text
//! method, path --parse--> Act --class--> labels of metrics and traces
//!                          | \--need---> what its sender must be allowed to do
//!                          |  \-effect-> what a success moves or changes: counts, audit, events
//!                          \--service--> the verb that does it
//! ```
//! Everything that depends on the kind of a request is decided here, and only here. A new verb
//! needs one variant, the arms that the compiler then asks for, and one file in `distribution`.
//! This module is pure: it sees no header, query or body (verbs read those), and opens no store.

mod class;
mod effect;
mod need;
mod original;
mod path;
#[cfg(test)]
mod tests;
mod transfer;

pub(crate) use class::Class;
pub(crate) use effect::{Change, Effect, Reference};
pub(crate) use need::Need;
pub(crate) use original::Original;
pub(crate) use path::parse_digest;
pub(crate) use transfer::Transfer;

use http::Method;
use lazaret_auth::Action;
use lazaret_content::{ManifestSelector, UploadId};
use lazaret_oci::{Digest, Repository};

use crate::message::Refusal;

/// All methods that paths may take, in the order of an `Allow` header.
const METHODS: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// The action that a request asks for, with its arguments from the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    /// `GET /livez`
    Live,
    /// `GET /readyz`
    Ready,
    /// `GET /metrics`
    ReadMetrics,
    /// `GET` or `POST /auth/token`
    GrantToken,
    /// Any method of a path of the original mirror's API
    Original(Original),
    /// Any method of `/v1/artifacts:push` and `/v1/artifacts:pull`
    Transfer(Transfer),
    /// `GET /v2/`
    Greet,
    /// `GET /v2/_oci/ext/discover`
    ListExtensions,
    /// `GET /ext/v1/types`, `GET /v2/_lazaret/ext/types`
    ListTypes,
    /// `GET /v2/_catalog`
    ListRepositories,
    /// `GET /v2/<name>/tags/list`
    ListTags { repository: Repository },
    /// `GET /v2/<name>/referrers/<digest>`
    ListReferrers {
        repository: Repository,
        digest: Digest,
    },
    /// `GET` or `HEAD /v2/<name>/manifests/<reference>`
    ReadManifest {
        repository: Repository,
        selector: ManifestSelector,
        head_only: bool,
    },
    /// `PUT /v2/<name>/manifests/<reference>`
    PutManifest {
        repository: Repository,
        selector: ManifestSelector,
    },
    /// `DELETE /v2/<name>/manifests/<reference>`
    DeleteManifest {
        repository: Repository,
        selector: ManifestSelector,
    },
    /// `PUT` of a manifest to a reference that is neither a tag nor a digest.
    PutNoManifest {
        repository: Repository,
        reference: String,
    },
    /// Any other method with such a reference: such a manifest cannot exist.
    NoManifest {
        repository: Repository,
        reference: String,
        action: Action,
    },
    /// `GET` or `HEAD /v2/<name>/blobs/<digest>`
    ReadBlob {
        repository: Repository,
        digest: Digest,
        head_only: bool,
    },
    /// `DELETE /v2/<name>/blobs/<digest>`
    DeleteBlob {
        repository: Repository,
        digest: Digest,
    },
    /// `POST /v2/<name>/blobs/uploads/`
    StartUpload { repository: Repository },
    /// `GET /v2/<name>/blobs/uploads/<session>`
    ReadUpload {
        repository: Repository,
        id: UploadId,
    },
    /// `PATCH /v2/<name>/blobs/uploads/<session>`
    PatchUpload {
        repository: Repository,
        id: UploadId,
    },
    /// `PUT /v2/<name>/blobs/uploads/<session>`
    FinishUpload {
        repository: Repository,
        id: UploadId,
    },
    /// `DELETE /v2/<name>/blobs/uploads/<session>`
    CancelUpload {
        repository: Repository,
        id: UploadId,
    },
    /// A method that the path does not allow.
    NotAllowed {
        class: Class,
        need: Need,
        /// The allowed methods, as in an `Allow` header.
        allow: String,
    },
}

impl Act {
    /// Parses a method and a path, which is still percent-encoded.
    ///
    /// # Errors
    /// Fails when the path leads to no endpoint, or names nothing that could exist.
    pub(crate) fn parse(method: &Method, path: &str) -> Result<Self, Refusal> {
        let segments = path::segments(path)?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        Ok(match segments[..] {
            ["livez"] => reading(method, Self::Live),
            ["readyz"] => reading(method, Self::Ready),
            ["metrics"] => reading(method, Self::ReadMetrics),
            ["auth", "token"] => choose(method, Class::Token, Need::Identity, |method| {
                (reads(method) || method == Method::POST).then_some(Self::GrantToken)
            }),
            ["ext", "v1", "types"] | ["v2", "_lazaret", "ext", "types"] => {
                reading(method, Self::ListTypes)
            }
            ["v1", last] => Self::Transfer(Transfer::of(last).ok_or_else(Refusal::not_found)?),
            ["v2"] | ["v2", ""] => reading(method, Self::Greet),
            ["v2", "_catalog"] => reading(method, Self::ListRepositories),
            ["v2", "_oci", "ext", "discover"] => reading(method, Self::ListExtensions),
            ["v2", ref rest @ ..] => Self::of_repository(method, rest)?,
            [only] => Self::Original(Original::of(only).ok_or_else(Refusal::not_found)?),
            _ => return Err(Refusal::not_found()),
        })
    }

    /// Parses a path below `/v2/`. It is parsed from its end, because a repository name contains
    /// slashes itself.
    fn of_repository(method: &Method, segments: &[&str]) -> Result<Self, Refusal> {
        Ok(match segments {
            [name @ .., "tags", "list"] => {
                let repository = path::repository(name)?;
                let need = Need::by_method(method, repository.clone());
                choose(method, Class::Tags, need, |method| {
                    let repository = repository.clone();
                    reads(method).then_some(Self::ListTags { repository })
                })
            }
            [name @ .., "manifests", reference] => {
                let repository = path::repository(name)?;
                match path::selector(reference) {
                    Some(selector) => Self::of_manifest(method, &repository, &selector),
                    None => Self::of_no_manifest(method, repository, path::excerpt(reference)),
                }
            }
            [name @ .., "referrers", digest] => {
                let (repository, digest) = (path::repository(name)?, parse_digest(digest)?);
                let need = Need::by_method(method, repository.clone());
                choose(method, Class::Referrers, need, |method| {
                    let (repository, digest) = (repository.clone(), digest.clone());
                    reads(method).then_some(Self::ListReferrers { repository, digest })
                })
            }
            [name @ .., "blobs", "uploads"] | [name @ .., "blobs", "uploads", ""] => {
                let repository = path::repository(name)?;
                let need = Need::Right(Action::Push, Some(repository.clone()));
                choose(method, Class::Uploads, need, |method| {
                    let repository = repository.clone();
                    (method == Method::POST).then_some(Self::StartUpload { repository })
                })
            }
            [name @ .., "blobs", "uploads", id] => {
                let repository = path::repository(name)?;
                let id = id.parse().map_err(|_| Refusal::unknown_upload())?;
                Self::of_upload(method, &repository, &id)
            }
            [name @ .., "blobs", digest] => {
                let (repository, digest) = (path::repository(name)?, parse_digest(digest)?);
                Self::of_blob(method, &repository, &digest)
            }
            _ => return Err(Refusal::not_found()),
        })
    }

    fn of_manifest(method: &Method, repository: &Repository, selector: &ManifestSelector) -> Self {
        let need = Need::by_method(method, repository.clone());
        choose(method, Class::Manifest, need, |method| {
            let (repository, selector) = (repository.clone(), selector.clone());
            Some(match *method {
                Method::GET | Method::HEAD => Self::ReadManifest {
                    repository,
                    selector,
                    head_only: method == Method::HEAD,
                },
                Method::PUT => Self::PutManifest {
                    repository,
                    selector,
                },
                Method::DELETE => Self::DeleteManifest {
                    repository,
                    selector,
                },
                _ => return None,
            })
        })
    }

    fn of_no_manifest(method: &Method, repository: Repository, reference: String) -> Self {
        if method == Method::PUT {
            return Self::PutNoManifest {
                repository,
                reference,
            };
        }
        Self::NoManifest {
            repository,
            reference,
            action: need::by_method(method),
        }
    }

    fn of_blob(method: &Method, repository: &Repository, digest: &Digest) -> Self {
        let need = Need::by_method(method, repository.clone());
        choose(method, Class::Blob, need, |method| {
            let (repository, digest) = (repository.clone(), digest.clone());
            Some(match *method {
                Method::GET | Method::HEAD => Self::ReadBlob {
                    repository,
                    digest,
                    head_only: method == Method::HEAD,
                },
                Method::DELETE => Self::DeleteBlob { repository, digest },
                _ => return None,
            })
        })
    }

    fn of_upload(method: &Method, repository: &Repository, id: &UploadId) -> Self {
        let need = Need::Right(Action::Push, Some(repository.clone()));
        choose(method, Class::Upload, need, |method| {
            let (repository, id) = (repository.clone(), id.clone());
            Some(match *method {
                Method::GET | Method::HEAD => Self::ReadUpload { repository, id },
                Method::PATCH => Self::PatchUpload { repository, id },
                Method::PUT => Self::FinishUpload { repository, id },
                Method::DELETE => Self::CancelUpload { repository, id },
                _ => return None,
            })
        })
    }

    /// The class of the path.
    pub(crate) fn class(&self) -> Class {
        match self {
            Self::Live | Self::Ready => Class::Probe,
            Self::ReadMetrics => Class::Metrics,
            Self::GrantToken => Class::Token,
            Self::Greet => Class::Base,
            Self::ListExtensions | Self::ListTypes => Class::Extension,
            Self::ListRepositories => Class::Catalog,
            Self::ListTags { .. } => Class::Tags,
            Self::ListReferrers { .. } => Class::Referrers,
            Self::ReadManifest { .. }
            | Self::PutManifest { .. }
            | Self::DeleteManifest { .. }
            | Self::PutNoManifest { .. }
            | Self::NoManifest { .. } => Class::Manifest,
            Self::ReadBlob { .. } | Self::DeleteBlob { .. } => Class::Blob,
            Self::StartUpload { .. } => Class::Uploads,
            Self::ReadUpload { .. }
            | Self::PatchUpload { .. }
            | Self::FinishUpload { .. }
            | Self::CancelUpload { .. } => Class::Upload,
            // As any unknown path, which they are where the API is not set up.
            Self::Original(_) => Class::Other,
            Self::Transfer(_) => Class::Transfer,
            Self::NotAllowed { class, .. } => *class,
        }
    }

    /// The credential or right that the request needs.
    pub(crate) fn need(&self) -> Need {
        let right = |action, repository: &Repository| Need::Right(action, Some(repository.clone()));
        match self {
            Self::Live | Self::Ready | Self::GrantToken | Self::Original(_) | Self::Transfer(_) => {
                Need::Nothing
            }
            Self::ReadMetrics => Need::Metrics,
            Self::Greet => Need::Greeting,
            Self::ListExtensions | Self::ListTypes => Need::Identity,
            Self::ListRepositories => Need::Right(Action::List, None),
            Self::ListTags { repository }
            | Self::ListReferrers { repository, .. }
            | Self::ReadManifest { repository, .. }
            | Self::ReadBlob { repository, .. } => right(Action::Pull, repository),
            Self::PutManifest { repository, .. }
            | Self::PutNoManifest { repository, .. }
            | Self::StartUpload { repository }
            | Self::ReadUpload { repository, .. }
            | Self::PatchUpload { repository, .. }
            | Self::FinishUpload { repository, .. }
            | Self::CancelUpload { repository, .. } => right(Action::Push, repository),
            Self::DeleteManifest { repository, .. } | Self::DeleteBlob { repository, .. } => {
                right(Action::Delete, repository)
            }
            Self::NoManifest {
                repository, action, ..
            } => right(*action, repository),
            Self::NotAllowed { need, .. } => need.clone(),
        }
    }

    /// The effect of a success, if it matters to anybody but the client.
    pub(crate) fn effect(&self) -> Option<Effect<'_>> {
        let (change, repository, reference) = match self {
            Self::ReadManifest {
                repository,
                selector,
                head_only: false,
            } => (Change::ManifestPulled, repository, Some(selector.into())),
            Self::PutManifest {
                repository,
                selector,
            } => (Change::ManifestPushed, repository, Some(selector.into())),
            Self::DeleteManifest {
                repository,
                selector,
            } => {
                let change = match selector {
                    ManifestSelector::Tag(_) => Change::TagDeleted,
                    ManifestSelector::Digest(_) => Change::ManifestDeleted,
                };
                (change, repository, Some(selector.into()))
            }
            Self::ReadBlob {
                repository,
                digest,
                head_only: false,
            } => (Change::BlobPulled, repository, Some(digest.into())),
            Self::DeleteBlob { repository, digest } => {
                (Change::BlobDeleted, repository, Some(digest.into()))
            }
            Self::StartUpload { repository } | Self::FinishUpload { repository, .. } => {
                (Change::BlobPushed, repository, None)
            }
            _ => return None,
        };
        Some(Effect {
            change,
            repository,
            reference,
        })
    }
}

/// The act of a path that can only be read.
fn reading(method: &Method, act: Act) -> Act {
    let need = match act.need() {
        Need::Nothing => Need::Identity,
        need => need,
    };
    choose(method, act.class(), need, |method| {
        reads(method).then(|| act.clone())
    })
}

/// The act of a method. `class` and `need` are for methods that the path does not allow.
fn choose(
    method: &Method,
    class: Class,
    need: Need,
    act_of: impl Fn(&Method) -> Option<Act>,
) -> Act {
    act_of(method).unwrap_or_else(|| {
        let allowed = METHODS.iter().filter(|method| act_of(method).is_some());
        let allowed: Vec<&str> = allowed.map(Method::as_str).collect();
        Act::NotAllowed {
            class,
            need,
            allow: allowed.join(", "),
        }
    })
}

fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}
