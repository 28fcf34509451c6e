//! Tests of the client against small servers, most of them hostile.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests, too.

mod auth;
mod hostile;
mod identity;
mod listing;
mod observe;
mod oras;
mod part;
mod proxy;
mod pull;
mod push;
mod retry;
mod revalidate;
mod sources;
mod support;
mod tls;
mod transfer;
