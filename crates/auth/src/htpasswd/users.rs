//! The users of one version of the file.

use std::collections::HashMap;

use lazaret_values::without_byte_order_mark;

use super::hash::Hash;
use crate::error::LineError;

/// Largest number of users in a file.
const MOST: usize = 100_000;
/// Longest name, in characters.
const LONGEST_NAME: usize = 255;

/// Users with their hashes.
#[derive(Debug, Default)]
pub(crate) struct Users {
    hashes: HashMap<String, Hash>,
    /// The hash that passwords of unknown users are compared with, so that they take the same time.
    decoy: Option<Hash>,
}

impl Users {
    /// Parses `user:hash` lines. Empty lines and lines that start with `#` are skipped.
    pub(super) fn parse(text: &str) -> Result<Self, LineError> {
        let mut users = Self::default();
        for (number, line) in without_byte_order_mark(text).lines().enumerate() {
            let wrong = |reason| LineError {
                line: number + 1,
                reason,
            };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, hash) = line
                .split_once(':')
                .ok_or_else(|| wrong("it is not user:hash"))?;
            if name.is_empty()
                || name.chars().count() > LONGEST_NAME
                || name.chars().any(char::is_control)
            {
                return Err(wrong(
                    "the user's name is empty, too long or has control characters",
                ));
            }
            let hash = Hash::parse(hash).map_err(wrong)?;
            users.decoy.get_or_insert_with(|| hash.clone());
            if users.hashes.insert(name.to_owned(), hash).is_some() {
                return Err(wrong("the user has a line already"));
            }
            if users.hashes.len() > MOST {
                return Err(wrong("there are more than 100,000 users"));
            }
        }
        Ok(users)
    }

    /// Whether the password is the user's. The check takes as long for unknown users as for known
    /// ones.
    pub(super) fn verify(&self, user: &str, password: &str) -> bool {
        match self.hashes.get(user) {
            Some(hash) => hash.verify(password),
            None => {
                if let Some(decoy) = &self.decoy {
                    std::hint::black_box(decoy.verify(password));
                }
                false
            }
        }
    }

    pub(super) fn hash(&self, user: &str) -> Option<&Hash> {
        self.hashes.get(user)
    }
}
