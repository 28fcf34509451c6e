//! Whole bodies of documents, free of their content coding.
//!
//! Every request asks for `identity`; some servers and proxies compress all the same. Blobs are
//! not read here: their digest is that of the bytes that come.

use std::io::Read;

use flate2::read::{MultiGzDecoder, ZlibDecoder};
use http::header;
use lazaret_net::read_bounded;

use super::exchange::Response;
use super::failure::{Failure, describe};
use crate::error::Cause;

impl Response {
    /// The whole body; none when it has more than `limit` bytes.
    pub(crate) async fn read(self, limit: usize) -> Result<Option<Vec<u8>>, Failure> {
        let host = self.uri.authority().map_or("", |a| a.as_str()).to_owned();
        let coding = self.header(header::CONTENT_ENCODING).unwrap_or("identity");
        let coding = coding.trim().to_ascii_lowercase();
        let body = read_bounded(self.body, limit).await;
        let body = body.map_err(|error| Failure::network(&host, describe(&error)))?;
        let Some(body) = body else {
            return Ok(None);
        };
        let plain = match coding.as_str() {
            "identity" | "" => return Ok(Some(body)),
            "gzip" | "x-gzip" => within(MultiGzDecoder::new(&body[..]), limit),
            "deflate" => within(ZlibDecoder::new(&body[..]), limit),
            _ => Err(std::io::ErrorKind::Unsupported.into()),
        };
        plain.map_err(|_| {
            let reason = "gave a body whose content coding cannot be undone";
            Failure::refused(&host, reason, Cause::Other)
        })
    }
}

/// What a decoder gives; none when it is more than `limit` bytes.
fn within(decoder: impl Read, limit: usize) -> std::io::Result<Option<Vec<u8>>> {
    let mut plain = Vec::new();
    decoder
        .take(limit as u64 + 1)
        .read_to_end(&mut plain)
        .map(|length| (length <= limit).then_some(plain))
}
