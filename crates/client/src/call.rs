//! One request to a registry: authentication, redirects and repetition around an exchange.
//!
//! ```text
//!  repeat      until it is answered for good, within the tries
//!    attempt   with credentials, once; twice when a challenge asks for others
//!      transport: redirects, connections
//!    answer    an unwelcome answer becomes an error with the server's own words
//! ```
//! It judges no content: that is for the verbs, which use it.

mod answer;
mod attempt;
mod digest;
mod repeat;
mod request;
mod subject;

pub(crate) use attempt::Attempt;
pub(crate) use digest::content_digest;
pub(crate) use request::Request;
pub(crate) use subject::Call;
