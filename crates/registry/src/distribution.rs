//! The verbs of distribution-spec 1.1, one a file, and the token service.
//!
//! A verb takes arguments that are checked (`act`) from a sender who may (`caller`); it reads its
//! own headers, query and body, and works on the stores. It counts nothing, tells nobody and
//! asks for no right: `service` does, around it. Endpoints of our own are in `extensions` and
//! `probes`.

pub(crate) mod blobs;
pub(crate) mod listings;
pub(crate) mod manifests;
pub(crate) mod token;
pub(crate) mod uploads;
