//! The verbs of `/v2/<name>/blobs/<digest>`.

mod delete;
mod get;

pub(crate) use delete::delete;
pub(crate) use get::{described, get, serve, unsatisfiable, wanted_range};
