//! Tests of the client against small servers, most of them hostile.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests, too.

mod auth;
mod hostile;
mod listing;
mod pull;
mod push;
mod retry;
mod support;
mod tls;
mod transfer;
