//! The requests that a registry takes: one verb a file, each a method of [`crate::Client`].
//!
//! A verb says what it asks, judges the answer and turns it into a checked value. How a request is
//! made is `call`'s; how content moves is `pull`'s and `push`'s.

mod accept;
mod blob;
mod blob_exists;
mod catalog;
mod delete;
mod download;
mod manifest;
mod pages;
mod ping;
mod push_blob;
mod push_manifest;
mod referrers;
mod referrers_tag;
mod resolve;
mod tags;
mod types;

pub use ping::Ping;
pub use push_manifest::PushedManifest;
