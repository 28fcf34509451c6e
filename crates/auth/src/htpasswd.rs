//! Users and passwords in a file in the format of Apache's `htpasswd`, with slow hashes only.
//!
//! Hashes are verified on blocking threads, a few at once. Equal logins at the same time share one
//! verification, and a success is remembered for a minute.

mod file;
mod hash;
mod passwords;
#[cfg(test)]
mod tests;
mod users;

pub(super) use passwords::{Passwords, Verdict};
