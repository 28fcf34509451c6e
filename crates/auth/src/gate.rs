//! The gate between a request and its verb: it says who asks, and whether they may.
//!
//! ```text
//! head, peer -> origin (address, base URL) -> credential -> authenticator -> Identity
//! Identity x Action x Repository -> token scope and policy -> go on, 401, 403
//! ```
//! A gate does not change. When settings change, its owner makes the next one from it
//! ([`Gate::reopen`]): failed logins, requests under way and keys of issuers are kept. It answers
//! nothing itself: whoever asks makes an answer of [`Denied`](crate::Denied).

mod access;
mod login;
mod open;
mod origin;
mod texts;
mod token;

pub use open::{Context, Gate};
pub use origin::TOKEN_PATH;
pub use token::FORM_BYTES;
