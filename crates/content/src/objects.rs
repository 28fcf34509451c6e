//! Adapters of [`crate::BlobStore`]: files, and object stores in the cloud.

mod cloud;
mod files;

#[doc(hidden)]
pub use cloud::fuzzing;
pub use cloud::{CloudObjects, CloudOptions};
pub use files::FileObjects;
