//! A request as a value.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri, header};

use crate::transport::{Payload, Reach};

/// A request that can be sent several times.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) reach: Reach,
    /// Whether 303 is followed, like other redirects, or an error.
    pub(crate) sees_other: bool,
}

impl Request {
    pub(crate) fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            reach: Reach::Anywhere,
            sees_other: true,
        }
    }

    pub(crate) fn get(uri: Uri) -> Self {
        Self::new(Method::GET, uri)
    }

    pub(crate) fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::try_from(value) {
            self.headers.insert(name, value);
        }
        self
    }

    pub(super) fn payload(&self) -> Payload {
        if self.body.is_empty() {
            Payload::Empty
        } else {
            Payload::Bytes(self.body.clone())
        }
    }
}
