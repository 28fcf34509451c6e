//! `GET /v2/<name>/blobs/<digest>` with a `Range` (RFC 9110, section 14.2), unverified.

use std::io;
use std::ops::Range;

use lazaret_oci::{Descriptor, Reference};

use crate::pull::BlobPart;
use crate::{Client, Error};

impl Client {
    /// Opens the bytes `range` of a blob of the repository of `reference`, with one `GET`, which
    /// is a plain one for the whole blob.
    ///
    /// A part cannot be verified: its user must check the content by other means. A server without
    /// ranges sends the whole blob, of which the bytes before the part are read and dropped, and
    /// those after it are not read. A part that breaks off is not resumed.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Protocol`] when the registry answers with another part;
    /// [`Error::Integrity`] when it announces another length; [`Error::Local`] for a range that
    /// is empty or not within the blob, without a request.
    pub async fn blob_range(
        &self,
        reference: &Reference,
        blob: &Descriptor,
        range: Range<u64>,
    ) -> Result<BlobPart, Error> {
        if range.is_empty() || range.end > blob.size {
            let Range { start, end } = range;
            let reason = format!("no part of {} bytes: {start} to {end}", blob.size);
            return Err(Error::Local {
                operation: format!("read a part of blob {}", blob.digest),
                source: io::Error::new(io::ErrorKind::InvalidInput, reason),
            });
        }
        self.pull_part(reference, blob, range).await
    }
}
