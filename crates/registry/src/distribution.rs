//! The verbs of distribution-spec 1.1, one in each file, and the token service.
//!
//! A verb gets checked arguments (`act`) from a client that may use it (`caller`). It reads its own
//! headers, query and body, and works on the stores. It never counts, sends events or checks
//! rights: `service` does that around it. Endpoints beyond the specification are in `extensions`
//! and `probes`.

pub(crate) mod blobs;
pub(crate) mod listings;
pub(crate) mod manifests;
pub(crate) mod token;
pub(crate) mod uploads;
