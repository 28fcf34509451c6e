//! Error bodies (distribution-spec 1.1, "Error Codes").

use std::fmt;

use serde::{Deserialize, Serialize};

/// The body of a response with a 4xx or 5xx status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The faults.
    #[serde(default)]
    pub errors: Vec<ErrorEntry>,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorEntry {
    /// A code of the specification, or of another server's own.
    pub code: String,
    /// The message, for people to read.
    #[serde(default)]
    pub message: String,
    /// Further details, of any form.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub detail: serde_json::Value,
}

impl ErrorBody {
    /// A body with one fault.
    #[must_use]
    pub fn one(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            errors: vec![ErrorEntry::new(code, message)],
        }
    }
}

impl ErrorEntry {
    /// A fault without detail.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code: code.as_str().to_owned(),
            message: message.into(),
            detail: serde_json::Value::Null,
        }
    }
}

impl fmt::Display for ErrorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, entry) in self.errors.iter().enumerate() {
            if position > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{}: {}", entry.code, entry.message)?;
        }
        Ok(())
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $text:literal $status:literal,)*) => {
        /// The error codes of the specification.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// The code, as written in the body.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The HTTP status that usually goes with it.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }
        }
    };
}

codes! {
    /// A blob does not exist.
    BlobUnknown "BLOB_UNKNOWN" 404,
    /// An upload step does not fit the session.
    BlobUploadInvalid "BLOB_UPLOAD_INVALID" 400,
    /// The upload session does not exist.
    BlobUploadUnknown "BLOB_UPLOAD_UNKNOWN" 404,
    /// The content does not have the digest, or the digest is malformed.
    DigestInvalid "DIGEST_INVALID" 400,
    /// A manifest names a blob that does not exist.
    ManifestBlobUnknown "MANIFEST_BLOB_UNKNOWN" 404,
    /// A manifest breaks a rule.
    ManifestInvalid "MANIFEST_INVALID" 400,
    /// A manifest does not exist.
    ManifestUnknown "MANIFEST_UNKNOWN" 404,
    /// A repository name breaks the grammar.
    NameInvalid "NAME_INVALID" 400,
    /// A repository does not exist.
    NameUnknown "NAME_UNKNOWN" 404,
    /// The length is missing or wrong.
    SizeInvalid "SIZE_INVALID" 400,
    /// The request needs authentication.
    Unauthorized "UNAUTHORIZED" 401,
    /// The authenticated client is not allowed to do this.
    Denied "DENIED" 403,
    /// The operation is not supported.
    Unsupported "UNSUPPORTED" 405,
    /// The client sends too many requests.
    TooManyRequests "TOOMANYREQUESTS" 429,
}
