//! Extended attributes: the names that are kept, and their form on disk.

use crate::error::{EntryFault, Error};

const ACL_ACCESS: &[u8] = b"system.posix_acl_access";
const ACL_DEFAULT: &[u8] = b"system.posix_acl_default";

/// Namespaces that Linux stores, with their index, which is the same on ext4 and EROFS.
const PREFIXES: [(&[u8], u8); 4] = [
    (b"user.", 1),
    (b"trusted.", 4),
    (b"security.", 6),
    (b"system.", 7),
];

/// Drops names in namespaces that Linux does not store, refuses malformed ones, and sorts the rest.
pub(crate) fn normalise(path: &[u8], xattrs: &mut Vec<(Vec<u8>, Vec<u8>)>) -> Result<(), Error> {
    if xattrs.is_empty() {
        return Ok(());
    }
    let bad = || Error::entry(path, EntryFault::BadXattr);
    xattrs.retain(|(name, _)| index(name).is_some());
    for (name, value) in xattrs.iter() {
        let suffix = index(name).map_or(&[][..], |(_, suffix)| suffix);
        let is_acl = is_acl(name);
        if name.len() > 255 || name.contains(&0) || (suffix.is_empty() && !is_acl) {
            return Err(bad());
        }
        if is_acl && acl_entries(value).is_none() {
            return Err(bad());
        }
    }
    xattrs.sort_by(|(a, _), (b, _)| order(a).cmp(&order(b)));
    let mut pairs = xattrs.windows(2);
    if pairs.any(|pair| pair[0].0 == pair[1].0) {
        return Err(bad());
    }
    Ok(())
}

/// Merges two normalised lists; if both have a name, the value of the first stays.
pub(crate) fn merge(first: &mut Vec<(Vec<u8>, Vec<u8>)>, second: Vec<(Vec<u8>, Vec<u8>)>) {
    if first.is_empty() {
        *first = second;
        return;
    }
    first.extend(second);
    // The sort is stable.
    first.sort_by(|(a, _), (b, _)| order(a).cmp(&order(b)));
    first.dedup_by(|(later, _), (earlier, _)| later == earlier);
}

pub(crate) fn is_acl(name: &[u8]) -> bool {
    name == ACL_ACCESS || name == ACL_DEFAULT
}

/// The entries of a POSIX ACL in the form of system calls and archives, and whether each entry is
/// for a named user or group.
pub(crate) fn acl_entries(value: &[u8]) -> Option<Vec<([u8; 8], bool)>> {
    let (version, entries) = value.split_first_chunk::<4>()?;
    let (entries, rest) = entries.as_chunks::<8>();
    if u32::from_le_bytes(*version) != 2 || !rest.is_empty() {
        return None;
    }
    let named = |entry: &[u8; 8]| match u16::from_le_bytes([entry[0], entry[1]]) {
        0x02 | 0x08 => Some(true),
        0x01 | 0x04 | 0x10 | 0x20 => Some(false),
        _ => None,
    };
    entries
        .iter()
        .map(|entry| Some((*entry, named(entry)?)))
        .collect()
}

/// Namespace index and the rest of the name; `None` for names that are not stored.
pub(crate) fn index(name: &[u8]) -> Option<(u8, &[u8])> {
    match name {
        ACL_ACCESS => return Some((2, b"")),
        ACL_DEFAULT => return Some((3, b"")),
        _ if name.starts_with(b"trusted.overlay.") => return None,
        _ => {}
    }
    PREFIXES
        .iter()
        .find_map(|&(prefix, index)| Some((index, name.strip_prefix(prefix)?)))
}

/// The name for an index and the rest of the name; the inverse of [`index`].
pub(crate) fn name_of(index: u8, suffix: &[u8]) -> Option<Vec<u8>> {
    match index {
        2 => return Some(ACL_ACCESS.to_vec()),
        3 => return Some(ACL_DEFAULT.to_vec()),
        _ => {}
    }
    let (prefix, _) = PREFIXES.iter().find(|(_, known)| *known == index)?;
    Some([prefix, suffix].concat())
}

/// Converts a stored value to the form of system calls: ext4 keeps ACLs in a form of its own.
pub(crate) fn acl_from_disk(name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    if !is_acl(name) {
        return Some(value.to_vec());
    }
    let (version, mut rest) = value.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*version) != 1 {
        return None;
    }
    let mut out = 2u32.to_le_bytes().to_vec();
    while let Some((short, after)) = rest.split_first_chunk::<4>() {
        out.extend_from_slice(short);
        if matches!(short[0], 0x02 | 0x08) {
            let (id, after) = after.split_first_chunk::<4>()?;
            out.extend_from_slice(id);
            rest = after;
        } else {
            out.extend_from_slice(&u32::MAX.to_le_bytes());
            rest = after;
        }
    }
    rest.is_empty().then_some(out)
}

/// The order in which Linux searches a block.
fn order(name: &[u8]) -> (u8, usize, &[u8]) {
    index(name).map_or((0, 0, name), |(index, suffix)| {
        (index, suffix.len(), suffix)
    })
}
