//! The tar archives in a Debian package, read within bounds.
//!
//! `dpkg` reads ustar with the long names of GNU tar and no PAX headers; so does this reader. No
//! entry can make it keep more than a long name in memory.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use tar::EntryType;

/// Longest name of an entry, in bytes; Linux allows 4,096.
const MAX_NAME_BYTES: u64 = 64 * 1024;
/// Most entries; kernel packages have up to 10,000.
const MAX_ENTRIES: usize = 200_000;

/// Hands the path and content of each regular file to `visit`, until it says that it has enough.
///
/// # Errors
/// `InvalidData` for what is no such archive, and what `visit` returns.
pub(super) fn each_file(
    source: impl Read,
    mut visit: impl FnMut(&Path, &mut dyn Read) -> io::Result<Next>,
) -> io::Result<()> {
    let mut archive = tar::Archive::new(source);
    let mut long_name = None;
    for (number, entry) in archive.entries()?.raw(true).enumerate() {
        if number >= MAX_ENTRIES {
            return Err(invalid("it has more than 200,000 entries"));
        }
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        match kind {
            EntryType::GNULongName => {
                long_name = Some(name(&mut entry)?);
                continue;
            }
            EntryType::GNULongLink => continue,
            EntryType::XHeader | EntryType::XGlobalHeader => {
                return Err(invalid("it has PAX headers, which no Debian package has"));
            }
            _ => {}
        }
        let path = match long_name.take() {
            Some(path) => path,
            None => entry.path()?.into_owned(),
        };
        if kind.is_file() && visit(&path, &mut entry)? == Next::Stop {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether a visitor wants more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The next file.
    Go,
    /// Nothing more.
    Stop,
}

fn name(entry: &mut impl Read) -> io::Result<PathBuf> {
    let mut name = Vec::new();
    entry.take(MAX_NAME_BYTES + 1).read_to_end(&mut name)?;
    if name.len() as u64 > MAX_NAME_BYTES {
        return Err(invalid("it has a name of more than 64 KiB"));
    }
    let end = name.iter().position(|&byte| byte == 0);
    Ok(OsStr::from_bytes(&name[..end.unwrap_or(name.len())]).into())
}

fn invalid(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests;
