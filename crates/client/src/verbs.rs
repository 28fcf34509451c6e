//! The requests to a registry: one verb for each file, each a method of [`crate::Client`].
//!
//! A verb builds the request, checks the answer and turns it into a checked value. `call` sends
//! requests; `pull` and `push` move content.

mod accept;
mod blob;
mod blob_exists;
mod blob_range;
mod blob_size;
mod catalog;
mod delete;
mod download;
mod manifest;
mod oras;
mod pages;
mod ping;
mod push_blob;
mod push_manifest;
mod referrers;
mod referrers_tag;
mod resolve;
mod revalidate;
mod stated;
mod tags;
mod types;

pub use ping::Ping;
pub use push_manifest::PushedManifest;
pub use revalidate::Revalidation;
