//! The two parts of a request, each read strictly: what is not known is refused by name.

mod json;
mod percent;
mod query;

pub(crate) use json::read_json;
pub(crate) use percent::decode;
pub(crate) use query::Query;
