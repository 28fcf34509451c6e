//! The verbs of distribution-spec 1.1, one a file, and the token service.

pub(crate) mod blobs;
pub(crate) mod listings;
pub(crate) mod manifests;
pub(crate) mod token;
pub(crate) mod uploads;
