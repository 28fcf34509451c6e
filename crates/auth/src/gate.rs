//! The gate between a request and its verb: identifies the client and decides what it may do.
//!
//! ```text
//! head, peer -> origin (address, base URL) -> credential -> authenticator -> Identity
//! Identity x Action x Repository -> token scope and policy -> go on, 401, 403
//! ```
//! A gate is immutable. When settings change, its owner makes the next gate from it
//! ([`Gate::reopen`]), which keeps failed logins, requests under way and keys of issuers. A gate
//! sends no response: the caller makes one of [`Denied`](crate::Denied).

mod access;
mod login;
mod open;
mod origin;
mod texts;
mod token;

pub use open::{Context, Gate};
pub use origin::TOKEN_PATH;
pub use token::FORM_BYTES;
