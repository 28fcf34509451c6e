//! What an answer to `HEAD` states about a manifest.

use http::header;
use lazaret_oci::{Descriptor, Digest, media_type};

use crate::Error;
use crate::call::{Call, content_digest};
use crate::transport::Response;

/// The stated properties of a manifest, as far as the registry states them.
pub(super) struct Stated {
    pub(super) digest: Option<Digest>,
    size: Option<u64>,
    kind: Option<String>,
}

impl Stated {
    /// Reads the headers of an answer; a malformed digest is an error.
    pub(super) fn of(call: &Call<'_>, response: &Response) -> Result<Self, Error> {
        let size = response.header(header::CONTENT_LENGTH);
        let kind = response.header(header::CONTENT_TYPE);
        Ok(Self {
            digest: content_digest(call, &response.headers)?,
            size: size.and_then(|text| text.parse().ok()),
            kind: kind.map(media_type::essence),
        })
    }

    /// The descriptor with `digest`, unless size or type is not stated.
    pub(super) fn descriptor(self, digest: Digest) -> Option<Descriptor> {
        Some(Descriptor::new(&self.kind?, digest, self.size?))
    }
}
