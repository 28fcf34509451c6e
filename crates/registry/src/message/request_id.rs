//! The id of a request, for verbs that tell it in their bodies.

/// The id of a request: an extension of its head.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);
