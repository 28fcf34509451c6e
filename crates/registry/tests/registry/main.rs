//! Tests the registry over real sockets, clause by clause of distribution-spec 1.1, with
//! hand-written requests.

#![allow(clippy::unwrap_used, reason = "this is a test")]

mod auth;
mod blobs;
mod extensions;
mod full_disk;
mod hostile;
mod listings;
mod manifests;
mod rules;
mod schemas;
mod skopeo;
mod support;
mod uploads;
mod zero_copy;
