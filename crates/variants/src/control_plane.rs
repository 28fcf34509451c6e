//! Control planes: servers of the hosted API.

use crate::Endpoint;

/// A control plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlPlane {
    /// Its name in the document, fit to be a part of a path.
    pub name: String,
    /// Its URL.
    pub endpoint: Endpoint,
    /// Whom its tokens are for.
    pub audience: String,
    /// Name of the header with the token, in lower case.
    pub header: String,
    /// Name of the environment variable that has the token.
    pub token_variable: String,
}
