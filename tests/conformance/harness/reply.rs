//! A response, with the checks that the specification requires of all responses.

use std::fmt;
use std::io;
use std::ops::Deref;

use lazaret_oci::Digest;
use lazaret_testing::http;
use serde_json::Value;

/// The codes of the section "Error Codes".
const CODES: [&str; 14] = [
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "SIZE_INVALID",
    "UNAUTHORIZED",
    "DENIED",
    "UNSUPPORTED",
    "TOOMANYREQUESTS",
];

/// Largest sum of all warnings ("Warnings"), in bytes.
const WARNING_BYTES: usize = 4096;

/// A response, with its request.
pub(crate) struct Reply {
    request: String,
    reply: http::Reply,
}

impl Deref for Reply {
    type Target = http::Reply;

    fn deref(&self) -> &http::Reply {
        &self.reply
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  -> {:?}", self.request, self.reply)
    }
}

impl Reply {
    #[track_caller]
    pub(super) fn new(request: &http::Request, reply: io::Result<http::Reply>) -> Self {
        let (method, path) = request.line();
        let request = format!("{method} {}", path.chars().take(300).collect::<String>());
        let reply = reply.unwrap_or_else(|error| panic!("{request}: {error}"));
        Self { request, reply }
    }

    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts that it is an error of the specification with this status, whose first code is this
    /// one.
    #[track_caller]
    pub(crate) fn is_error(self, status: u16, code: &str) -> Self {
        let reply = self.is(status);
        assert_eq!(reply.json()["errors"][0]["code"], code, "{reply:?}");
        reply
    }

    #[track_caller]
    pub(crate) fn has(self, name: &str, value: &str) -> Self {
        assert!(
            self.all(name).contains(&value),
            "no {name}: {value} in {self:?}"
        );
        self
    }

    #[track_caller]
    pub(crate) fn has_no(self, name: &str) -> Self {
        assert_eq!(self.header(name), None, "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn body_is(self, expected: &[u8]) -> Self {
        assert!(self.body == expected, "another body: {self:?}");
        self
    }

    /// Path and query of `Location`, which may be absolute or relative.
    #[track_caller]
    pub(crate) fn location(&self) -> String {
        let location = self.header("location");
        let location = location.unwrap_or_else(|| panic!("no Location: {self:?}"));
        match location.split_once("://") {
            Some((_, rest)) => rest[rest.find('/').unwrap()..].to_owned(),
            None => location.to_owned(),
        }
    }

    /// Path and query of the next page ("Listing Tags", RFC 5988).
    #[track_caller]
    pub(crate) fn next_page(&self) -> Option<String> {
        let link = self.header("link")?;
        let (target, parameters) = link
            .strip_prefix('<')
            .and_then(|rest| rest.split_once('>'))
            .unwrap_or_else(|| panic!("no link of RFC 5988: {self:?}"));
        assert!(parameters.contains("rel=\"next\""), "{self:?}");
        Some(target.to_owned())
    }

    #[track_caller]
    pub(super) fn holds_for_every_answer(&self) {
        assert!(self.status < 500, "the registry failed: {self:?}");
        self.length_is_that_of_the_body();
        self.digest_is_that_of_the_body();
        self.errors_have_their_form();
        self.warnings_have_their_form();
    }

    #[track_caller]
    fn length_is_that_of_the_body(&self) {
        assert!(self.rest.is_empty(), "bytes behind the body: {self:?}");
        if self.request.starts_with("HEAD ") || matches!(self.status, 204 | 304) {
            assert!(self.body.is_empty(), "an answer without a body: {self:?}");
        } else if let Some(length) = self.header("content-length") {
            assert_eq!(length, self.body.len().to_string(), "{self:?}");
        }
    }

    /// "The value of this header MUST be a digest matching that of the response body."
    #[track_caller]
    fn digest_is_that_of_the_body(&self) {
        let Some(text) = self.header("docker-content-digest") else {
            return;
        };
        let digest: Digest = text.parse().unwrap_or_else(|_| panic!("{self:?}"));
        if self.request.starts_with("GET ") && self.status == 200 {
            assert_eq!(Digest::with(digest.algorithm(), &self.body), digest);
        }
    }

    /// "If the response body is in JSON format, it MUST have the following format."
    #[track_caller]
    fn errors_have_their_form(&self) {
        let json = self
            .header("content-type")
            .is_some_and(|kind| kind.contains("json"));
        if self.status < 400 || !json || self.body.is_empty() {
            return;
        }
        let body = self.json();
        let errors = body["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("{self:?}"));
        assert!(!errors.is_empty(), "{self:?}");
        for error in errors {
            let code = error["code"].as_str().unwrap_or_else(|| panic!("{self:?}"));
            assert!(CODES.contains(&code), "{self:?}");
            assert!(
                error.get("message").is_none_or(Value::is_string),
                "{self:?}"
            );
        }
    }

    /// Warn-code 299, agent `-`, no date, at most 4096 bytes in all.
    #[track_caller]
    fn warnings_have_their_form(&self) {
        let warnings = self.all("warning");
        for warning in &warnings {
            let text = warning.strip_prefix("299 - \"");
            let text = text.and_then(|text| text.strip_suffix('"'));
            assert!(text.is_some(), "{self:?}");
        }
        let bytes: usize = warnings.iter().map(|warning| warning.len()).sum();
        assert!(bytes <= WARNING_BYTES, "{self:?}");
    }
}
