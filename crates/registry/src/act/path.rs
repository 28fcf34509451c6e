//! Paths of the distribution specification ("Endpoints") and of the extensions.
//!
//! A repository name has slashes itself, so a path is read from its end.

use lazaret_content::{ManifestSelector, UploadId};
use lazaret_oci::wire::ErrorCode;
use lazaret_oci::{Digest, Repository};

use crate::message::answer::Refusal;

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/v2/`
    Base,
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/<name>/tags/list`
    Tags(Repository),
    /// `/v2/<name>/manifests/<reference>`
    Manifest(Repository, ManifestSelector),
    /// The same with a reference that is neither tag nor digest: there can be no such manifest.
    NoManifest(Repository, String),
    /// `/v2/<name>/referrers/<digest>`
    Referrers(Repository, Digest),
    /// `/v2/<name>/blobs/<digest>`
    Blob(Repository, Digest),
    /// `/v2/<name>/blobs/uploads/`
    Uploads(Repository),
    /// `/v2/<name>/blobs/uploads/<session>`
    Upload(Repository, UploadId),
    /// `/v2/_oci/ext/discover`
    Discover,
    /// `/ext/v1/types`, `/v2/_lazaret/ext/types`
    Types,
    /// `/livez`
    Live,
    /// `/readyz`
    Ready,
    /// `/metrics`
    Metrics,
    /// `/auth/token`
    Token,
}

impl Route {
    /// What kind of thing the path names, for measurements, and its form, for traces.
    pub(crate) fn class(&self) -> (&'static str, &'static str) {
        match self {
            Self::Base => ("base", "/v2/"),
            Self::Catalog => ("catalog", "/v2/_catalog"),
            Self::Tags(_) => ("tags", "/v2/{name}/tags/list"),
            Self::Manifest(..) | Self::NoManifest(..) => {
                ("manifest", "/v2/{name}/manifests/{reference}")
            }
            Self::Referrers(..) => ("referrers", "/v2/{name}/referrers/{digest}"),
            Self::Blob(..) => ("blob", "/v2/{name}/blobs/{digest}"),
            Self::Uploads(_) => ("upload", "/v2/{name}/blobs/uploads/"),
            Self::Upload(..) => ("upload", "/v2/{name}/blobs/uploads/{session}"),
            Self::Discover | Self::Types => ("extension", "/ext"),
            Self::Live | Self::Ready => ("probe", "/livez"),
            Self::Metrics => ("metrics", "/metrics"),
            Self::Token => ("token", "/auth/token"),
        }
    }

    /// Reads a path as it came, percent-encoded.
    pub(crate) fn parse(path: &str) -> Result<Self, Refusal> {
        let segments: Vec<String> = path
            .strip_prefix('/')
            .unwrap_or(path)
            .split('/')
            .map(segment)
            .collect::<Option<_>>()
            .ok_or_else(|| {
                Refusal::new(
                    ErrorCode::NameInvalid,
                    "a part of the path is not text, or has an encoded slash",
                )
            })?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments[..] {
            ["livez"] => Ok(Self::Live),
            ["readyz"] => Ok(Self::Ready),
            ["metrics"] => Ok(Self::Metrics),
            ["auth", "token"] => Ok(Self::Token),
            ["ext", "v1", "types"] | ["v2", "_lazaret", "ext", "types"] => Ok(Self::Types),
            ["v2"] | ["v2", ""] => Ok(Self::Base),
            ["v2", "_catalog"] => Ok(Self::Catalog),
            ["v2", "_oci", "ext", "discover"] => Ok(Self::Discover),
            ["v2", ref rest @ ..] => Self::of_repository(rest),
            _ => Err(Refusal::not_found()),
        }
    }

    fn of_repository(segments: &[&str]) -> Result<Self, Refusal> {
        match segments {
            [name @ .., "tags", "list"] => Ok(Self::Tags(repository(name)?)),
            [name @ .., "manifests", reference] => {
                let name = repository(name)?;
                Ok(match selector(reference) {
                    Some(selector) => Self::Manifest(name, selector),
                    None => Self::NoManifest(name, reference.chars().take(160).collect()),
                })
            }
            [name @ .., "referrers", digest] => {
                Ok(Self::Referrers(repository(name)?, parse_digest(digest)?))
            }
            [name @ .., "blobs", "uploads"] | [name @ .., "blobs", "uploads", ""] => {
                Ok(Self::Uploads(repository(name)?))
            }
            [name @ .., "blobs", "uploads", id] => Ok(Self::Upload(
                repository(name)?,
                id.parse().map_err(|_| Refusal::unknown_upload())?,
            )),
            [name @ .., "blobs", digest] => {
                Ok(Self::Blob(repository(name)?, parse_digest(digest)?))
            }
            _ => Err(Refusal::not_found()),
        }
    }
}

fn repository(segments: &[&str]) -> Result<Repository, Refusal> {
    segments
        .join("/")
        .parse()
        .map_err(|error: lazaret_oci::Error| {
            Refusal::new(ErrorCode::NameInvalid, error.to_string())
        })
}

pub(crate) fn parse_digest(text: &str) -> Result<Digest, Refusal> {
    text.parse().map_err(|error: lazaret_oci::Error| {
        Refusal::new(ErrorCode::DigestInvalid, error.to_string())
    })
}

fn selector(text: &str) -> Option<ManifestSelector> {
    match text.parse() {
        Ok(digest) => Some(ManifestSelector::Digest(digest)),
        Err(_) => text.parse().ok().map(ManifestSelector::Tag),
    }
}

/// One segment of a path. An encoded slash is no slash of the path and fits nothing.
fn segment(text: &str) -> Option<String> {
    decode(text).filter(|text| !text.contains('/'))
}

/// Percent-decoding; `None` when the result is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        let escape = (bytes[position] == b'%')
            .then(|| text.get(position + 1..position + 3))
            .flatten()
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escape {
            Some(byte) => {
                decoded.push(byte);
                position += 3;
            }
            None => {
                decoded.push(bytes[position]);
                position += 1;
            }
        }
    }
    String::from_utf8(decoded).ok()
}
