//! Makes one request to a registry: authentication, redirects and retries around an exchange.
//!
//! ```text
//!  repeat      until there is a final answer, within the tries
//!    attempt   with credentials, once; twice when a challenge asks for others
//!      transport: redirects, connections
//!    answer    an unwelcome answer becomes an error with the server's own message
//! ```
//! It does not judge content: the verbs, its users, do.

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
