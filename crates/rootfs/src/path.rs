//! Checked names inside the tree.

#[cfg(test)]
mod tests;

use crate::error::{EntryFault, Error};

/// Longest component of a path in bytes, as in every Linux file system.
pub(crate) const COMPONENT_MAX: usize = 255;
/// Longest whole path that is accepted, in bytes.
pub(crate) const PATH_MAX: usize = 4096;

/// A checked path below the root of a tree.
///
/// Leading `/` and every `.` component are dropped, so an absolute name lands inside the tree.
/// No component is empty, `.`, `..`, longer than 255 bytes or holds a NUL; other bytes, UTF-8 or
/// not, pass unchanged. The empty path is the root itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TreePath {
    bytes: Vec<u8>,
}

impl TreePath {
    /// Checks a name as it stands in an archive.
    pub(crate) fn parse(name: &[u8]) -> Result<Self, Error> {
        let refuse = |fault| Err(Error::entry(name, fault));
        if name.contains(&0) {
            return refuse(EntryFault::NulByte);
        }
        if name.len() > PATH_MAX {
            return refuse(EntryFault::NameTooLong);
        }
        let mut bytes = Vec::with_capacity(name.len());
        for component in name.split(|&b| b == b'/') {
            match component {
                b"" | b"." => continue,
                b".." => return refuse(EntryFault::ParentComponent),
                long if long.len() > COMPONENT_MAX => return refuse(EntryFault::ComponentTooLong),
                _ => {}
            }
            if !bytes.is_empty() {
                bytes.push(b'/');
            }
            bytes.extend_from_slice(component);
        }
        Ok(Self { bytes })
    }

    /// The normal form: components joined by single slashes, no leading one.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The parent's components and the last one; `None` for the root.
    pub(crate) fn split_last(&self) -> Option<(&[u8], &[u8])> {
        if self.bytes.is_empty() {
            return None;
        }
        Some(match self.bytes.iter().rposition(|&b| b == b'/') {
            Some(at) => (&self.bytes[..at], &self.bytes[at + 1..]),
            None => (&[], &self.bytes),
        })
    }
}

/// Splits a path or symbolic link target into its components, leaving out empty ones and `.`.
pub(crate) fn components(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|&b| b == b'/')
        .filter(|c| !c.is_empty() && *c != b".")
}
