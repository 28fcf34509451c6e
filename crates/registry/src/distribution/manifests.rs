//! The verbs of `/v2/<name>/manifests/<reference>`.

mod delete;
mod get;
mod put;

pub(crate) use delete::delete;
pub(crate) use get::{answer_with, get};
pub(crate) use put::put;
