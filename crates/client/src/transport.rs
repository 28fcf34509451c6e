//! HTTP exchanges: connections, TLS, time limits, redirects and backoff. Nothing here knows
//! registries.

mod body;
mod conn;
mod connect;
mod dial;
mod exchange;
mod failure;
mod identity;
mod origin;
mod proxy;
mod reach;
mod redirect;
mod retry;
#[cfg(test)]
mod tests;
mod tls;
mod whole;

pub(crate) use body::{Payload, Upload};
pub(crate) use exchange::{Outgoing, Response, Transport};
pub(crate) use failure::{Failure, describe};
pub(crate) use origin::{Origin, resolve};
pub(crate) use reach::Reach;
pub(crate) use retry::{Backoff, is_transient, retry_after};
