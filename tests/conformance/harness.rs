//! The harness of all checks: a registry, raw requests, content, and ways to push.

mod at;
mod backend;
mod content;
mod document;
mod reply;
mod request;
mod served;
mod ways;

pub(crate) use backend::Backend;
pub(crate) use content::{Content, unique};
pub(crate) use document::{
    Document, EXAMPLE, artifact, descriptor, docker_image, image, image_over, index,
};
pub(crate) use reply::Reply;
pub(crate) use request::{Request, encoded};
pub(crate) use served::Served;
pub(crate) use ways::{Session, Way};

/// Both algorithms of the specification.
pub(crate) const ALGORITHMS: [lazaret_oci::Algorithm; 2] = [
    lazaret_oci::Algorithm::Sha256,
    lazaret_oci::Algorithm::Sha512,
];
