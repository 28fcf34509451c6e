//! Users and passwords in a file, as Apache's `htpasswd` writes it, with slow hashes only.
//!
//! Hashes are verified on blocking threads, a few at once. Equal logins under way share one
//! verification, and a success is remembered for a minute.

mod file;
mod hash;
mod passwords;
#[cfg(test)]
mod tests;
mod users;

pub(super) use passwords::{Passwords, Verdict};
