//! The ways to push a blob ("Pushing blobs").

use lazaret_oci::Digest;

use super::{Reply, Request, Served, encoded};

/// Size of the chunks, in bytes, unless the registry requires larger ones.
const CHUNK: usize = 1024;

/// A way to push a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// One `POST` with the whole blob.
    Post,
    /// `POST`, then `PUT` with the whole blob.
    PostThenPut,
    /// `POST`, a `PATCH` for every chunk, `PUT` without a body.
    Chunks,
    /// The same, with the last chunk in the `PUT`.
    LastChunkInPut,
    /// `POST`, one `PATCH` without length and range, `PUT` without a body.
    Stream,
}

impl Way {
    pub(crate) const ALL: [Self; 5] = [
        Self::Post,
        Self::PostThenPut,
        Self::Chunks,
        Self::LastChunkInPut,
        Self::Stream,
    ];

    /// Pushes a blob; returns the response to the request with the digest.
    #[track_caller]
    pub(crate) fn push(
        self,
        registry: &Served,
        repository: &str,
        digest: &Digest,
        bytes: &[u8],
    ) -> Reply {
        self.push_with(registry, repository, "", digest, bytes)
    }

    /// Pushes a blob with a query in the `POST`, such as `?digest-algorithm=sha512`.
    #[track_caller]
    pub(crate) fn push_with(
        self,
        registry: &Served,
        repository: &str,
        query: &str,
        digest: &Digest,
        bytes: &[u8],
    ) -> Reply {
        if self == Self::Post {
            let digest = encoded(&digest.to_string());
            let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
            return upload(registry, "POST", &path).body(bytes).send();
        }
        let mut session = Session::begin(registry, repository, query);
        match self {
            Self::Post | Self::PostThenPut => session.finish(digest).body(bytes).send(),
            Self::Chunks => {
                for (start, chunk) in session.chunks(bytes) {
                    session.patch(start, chunk).is(202);
                }
                session.finish(digest).send()
            }
            Self::LastChunkInPut => {
                let mut chunks = session.chunks(bytes);
                let (start, last) = chunks.pop().unwrap_or((0, bytes));
                for (start, chunk) in chunks {
                    session.patch(start, chunk).is(202);
                }
                let finish = session.finish(digest).body(last);
                match last {
                    [] => finish.send(),
                    _ => finish.header("Content-Range", &range(start, last)).send(),
                }
            }
            Self::Stream => {
                session.stream(bytes).is(202);
                session.finish(digest).send()
            }
        }
    }
}

/// An upload session.
pub(crate) struct Session<'a> {
    registry: &'a Served,
    /// The location of the next request, as the registry has given it.
    pub(crate) location: String,
    /// Length of every chunk except the last, in bytes.
    pub(crate) chunk: usize,
}

impl<'a> Session<'a> {
    #[track_caller]
    pub(crate) fn begin(registry: &'a Served, repository: &str, query: &str) -> Self {
        let path = format!("/v2/{repository}/blobs/uploads/{query}");
        let reply = registry.request("POST", &path).send().is(202);
        let least = reply.header("oci-chunk-min-length");
        let least = least.map_or(0, |least| least.parse().unwrap());
        Self {
            registry,
            location: reply.location(),
            chunk: CHUNK.max(least),
        }
    }

    /// Splits content into chunks, each with the position of its first byte.
    pub(crate) fn chunks<'b>(&self, bytes: &'b [u8]) -> Vec<(usize, &'b [u8])> {
        let numbered = bytes.chunks(self.chunk).enumerate();
        numbered
            .map(|(number, chunk)| (number * self.chunk, chunk))
            .collect()
    }

    /// Sends a chunk with its range. The next request goes to the location in the response.
    #[track_caller]
    pub(crate) fn patch(&mut self, start: usize, chunk: &[u8]) -> Reply {
        let reply = upload(self.registry, "PATCH", &self.location)
            .header("Content-Range", &range(start, chunk))
            .body(chunk)
            .send();
        self.follow(&reply);
        reply
    }

    /// Sends bytes without range and length.
    #[track_caller]
    pub(crate) fn stream(&mut self, bytes: &[u8]) -> Reply {
        let reply = upload(self.registry, "PATCH", &self.location)
            .streamed(bytes)
            .send();
        self.follow(&reply);
        reply
    }

    /// The closing request, which can be given a body before it is sent.
    pub(crate) fn finish(&self, digest: &Digest) -> Request {
        let mark = if self.location.contains('?') {
            '&'
        } else {
            '?'
        };
        let digest = encoded(&digest.to_string());
        let path = format!("{}{mark}digest={digest}", self.location);
        upload(self.registry, "PUT", &path)
    }

    /// Asks for the state of the upload.
    #[track_caller]
    pub(crate) fn status(&mut self) -> Reply {
        let reply = self.registry.get(&self.location);
        self.follow(&reply);
        reply
    }

    /// Cancels the upload.
    #[track_caller]
    pub(crate) fn cancel(&self) -> Reply {
        self.registry
            .request("DELETE", &self.location)
            .header("Content-Length", "0")
            .send()
    }

    fn follow(&mut self, reply: &Reply) {
        if reply.header("location").is_some() {
            self.location = reply.location();
        }
    }
}

/// The `Content-Range` of a chunk that starts at `start`.
pub(crate) fn range(start: usize, chunk: &[u8]) -> String {
    format!("{start}-{}", start + chunk.len() - 1)
}

fn upload(registry: &Served, method: &str, path: &str) -> Request {
    registry
        .request(method, path)
        .header("Content-Type", "application/octet-stream")
}
