//! Checked paths in the machine.

use std::fmt;
use std::str::FromStr;

use lazaret_values::Printable;

use crate::Error;

/// Longest path, in bytes.
const LIMIT: usize = 1024;

/// Folders that the machine itself provides.
const RESERVED: [&str; 3] = ["proc", "sys", "dev"];

/// A normalised absolute path below the root of the machine: without `.`, `..`, `//`, control
/// characters or trailing slash, and not in `/proc`, `/sys` or `/dev`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GuestPath(String);

impl GuestPath {
    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this path lies below `other`.
    #[must_use]
    pub fn is_below(&self, other: &Self) -> bool {
        self.0
            .strip_prefix(&other.0)
            .is_some_and(|rest| rest.starts_with('/'))
    }
}

impl FromStr for GuestPath {
    type Err = Error;

    /// Parses a path; one trailing slash is accepted and dropped.
    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = |reason| Error::MountPath {
            path: Printable::excerpt(text),
            reason,
        };
        if text.len() > LIMIT {
            return Err(fail("longer than 1024 bytes"));
        }
        let inner = text.strip_prefix('/').ok_or_else(|| fail("not absolute"))?;
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        if inner.is_empty() {
            return Err(fail("it is the root"));
        }
        if inner.chars().any(char::is_control) {
            return Err(fail("it has a control character"));
        }
        for component in inner.split('/') {
            match component {
                "" => return Err(fail("it has '//'")),
                "." | ".." => return Err(fail("it has a '.' or '..' component")),
                _ => {}
            }
        }
        if RESERVED.contains(&inner.split('/').next().unwrap_or_default()) {
            return Err(fail("/proc, /sys and /dev belong to the machine"));
        }
        Ok(Self(format!("/{inner}")))
    }
}

impl Ord for GuestPath {
    /// Compares component by component, so that a folder comes right before its content.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.split('/').cmp(other.0.split('/'))
    }
}

impl PartialOrd for GuestPath {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for GuestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for GuestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for GuestPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for GuestPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
