//! What the guest asks for: the one place where its bytes are interpreted.

use rustix::io::Errno;

use crate::abi::{IN_HEADER, MOST_BYTES, code};
use crate::fields::Fields;
use crate::name::Name;

/// Longest target of a symbolic link in bytes.
const LONGEST_TARGET: usize = 4095;
/// Largest extended attribute in bytes, as the kernel limits it.
pub(crate) const LARGEST_ATTRIBUTE: usize = 64 * 1024;

/// The header of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Length of the whole request in bytes.
    pub length: u32,
    /// What is asked for.
    pub code: u32,
    /// The number that the reply repeats.
    pub unique: u64,
    /// The node that it is about.
    pub node: u64,
    /// The user who asks; of the first request, the one who is to own what this process's user owns.
    pub uid: u32,
    /// The group, likewise.
    pub gid: u32,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<'a> {
    /// Its header.
    pub header: Header,
    /// What is to be done; the error that is the answer if that cannot be read.
    pub operation: Result<Operation<'a>, Errno>,
}

/// Attributes that are to be changed, as `abi::change` marks them in `valid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Changes {
    pub valid: u32,
    pub handle: u64,
    /// The new size of a file in bytes.
    pub size: u64,
    /// Seconds and nanoseconds.
    pub atime: (i64, u32),
    pub mtime: (i64, u32),
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operation<'a> {
    Init {
        major: u32,
        minor: u32,
        readahead: u32,
        flags: u32,
    },
    Destroy,
    Lookup(Name<'a>),
    Forget {
        lookups: u64,
    },
    /// Pairs of a node and its number of lookups.
    ForgetAll(Vec<(u64, u64)>),
    GetAttributes {
        handle: Option<u64>,
    },
    SetAttributes(Changes),
    ReadLink,
    MakeLink {
        name: Name<'a>,
        target: &'a [u8],
    },
    MakeNode {
        name: Name<'a>,
        mode: u32,
    },
    MakeFolder {
        name: Name<'a>,
        mode: u32,
    },
    Remove(Name<'a>),
    RemoveFolder(Name<'a>),
    Rename {
        to: u64,
        flags: u32,
        old: Name<'a>,
        new: Name<'a>,
    },
    Link {
        node: u64,
        name: Name<'a>,
    },
    Open {
        flags: u32,
    },
    Create {
        flags: u32,
        mode: u32,
        name: Name<'a>,
    },
    Read {
        handle: u64,
        offset: u64,
        size: usize,
    },
    Write {
        handle: u64,
        offset: u64,
        flags: u32,
        bytes: &'a [u8],
    },
    Release {
        handle: u64,
    },
    Sync {
        handle: u64,
        flags: u32,
    },
    StatFileSystem,
    OpenFolder,
    List {
        handle: u64,
        offset: u64,
        size: usize,
        plus: bool,
    },
    GetExtended {
        name: &'a [u8],
        size: usize,
    },
    SetExtended {
        name: &'a [u8],
        value: &'a [u8],
        flags: u32,
    },
    ListExtended {
        size: usize,
    },
    RemoveExtended {
        name: &'a [u8],
    },
    Allocate {
        handle: u64,
        offset: u64,
        length: u64,
        mode: u32,
    },
    Seek {
        handle: u64,
        offset: u64,
        whence: u32,
    },
    CopyRange {
        from: u64,
        from_offset: u64,
        to: u64,
        to_offset: u64,
        length: u64,
        flags: u64,
    },
}

impl<'a> Request<'a> {
    /// Parses a request.
    ///
    /// # Errors
    /// The rule that a header breaks, upon which no reply is possible.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let header = header(bytes).map_err(|_| "a request is shorter than its header")?;
        if usize::try_from(header.length).ok() != Some(bytes.len()) {
            return Err("a request has another length than it says");
        }
        let rest = bytes.get(IN_HEADER..).unwrap_or_default();
        let operation = operation(header.code, rest);
        Ok(Self { header, operation })
    }
}

fn header(bytes: &[u8]) -> Result<Header, Errno> {
    let mut fields = Fields::new(bytes);
    let header = Header {
        length: fields.u32()?,
        code: fields.u32()?,
        unique: fields.u64()?,
        node: fields.u64()?,
        uid: fields.u32()?,
        gid: fields.u32()?,
    };
    // The process, and what later versions use.
    fields.skip(8)?;
    Ok(header)
}

fn operation(number: u32, bytes: &[u8]) -> Result<Operation<'_>, Errno> {
    let mut fields = Fields::new(bytes);
    let fields = &mut fields;
    Ok(match number {
        code::INIT => Operation::Init {
            major: fields.u32()?,
            minor: fields.u32()?,
            readahead: fields.u32()?,
            flags: fields.u32()?,
        },
        code::DESTROY => Operation::Destroy,
        code::LOOKUP => Operation::Lookup(name(fields)?),
        code::FORGET => Operation::Forget {
            lookups: fields.u64()?,
        },
        code::BATCH_FORGET => Operation::ForgetAll(forgotten(fields)?),
        code::GETATTR => {
            let flags = fields.u32()?;
            fields.skip(4)?;
            let handle = fields.u64()?;
            let counts = flags & crate::abi::GETATTR_HANDLE != 0;
            Operation::GetAttributes {
                handle: counts.then_some(handle),
            }
        }
        code::SETATTR => Operation::SetAttributes(changes(fields)?),
        code::READLINK => Operation::ReadLink,
        code::SYMLINK => {
            let name = name(fields)?;
            match fields.text()? {
                [] => return Err(Errno::NOENT),
                target if target.len() > LONGEST_TARGET => return Err(Errno::NAMETOOLONG),
                target => Operation::MakeLink { name, target },
            }
        }
        code::MKNOD => {
            let mode = fields.u32()?;
            // The number of a device, the umask, and nothing.
            fields.skip(12)?;
            Operation::MakeNode {
                mode,
                name: name(fields)?,
            }
        }
        code::MKDIR => {
            let mode = fields.u32()?;
            fields.skip(4)?;
            Operation::MakeFolder {
                mode,
                name: name(fields)?,
            }
        }
        code::UNLINK => Operation::Remove(name(fields)?),
        code::RMDIR => Operation::RemoveFolder(name(fields)?),
        code::RENAME => {
            let to = fields.u64()?;
            Operation::Rename {
                to,
                flags: 0,
                old: name(fields)?,
                new: name(fields)?,
            }
        }
        code::RENAME2 => {
            let (to, flags) = (fields.u64()?, fields.u32()?);
            fields.skip(4)?;
            Operation::Rename {
                to,
                flags,
                old: name(fields)?,
                new: name(fields)?,
            }
        }
        code::LINK => {
            let node = fields.u64()?;
            Operation::Link {
                node,
                name: name(fields)?,
            }
        }
        code::OPEN => Operation::Open {
            flags: fields.u32()?,
        },
        code::CREATE => {
            let (flags, mode) = (fields.u32()?, fields.u32()?);
            fields.skip(8)?;
            Operation::Create {
                flags,
                mode,
                name: name(fields)?,
            }
        }
        code::READ => {
            let (handle, offset, size) = range(fields)?;
            Operation::Read {
                handle,
                offset,
                size,
            }
        }
        code::READDIR | code::READDIRPLUS => {
            let (handle, offset, size) = range(fields)?;
            let plus = number == code::READDIRPLUS;
            Operation::List {
                handle,
                offset,
                size,
                plus,
            }
        }
        code::WRITE => {
            let (handle, offset, size) = (fields.u64()?, fields.u64()?, fields.u32()?);
            // Flags of the write, the owner of a lock.
            fields.skip(12)?;
            let flags = fields.u32()?;
            fields.skip(4)?;
            let bytes = fields.bytes(length(size)?)?;
            Operation::Write {
                handle,
                offset,
                flags,
                bytes,
            }
        }
        code::RELEASE | code::RELEASEDIR => Operation::Release {
            handle: fields.u64()?,
        },
        code::FSYNC | code::FSYNCDIR => Operation::Sync {
            handle: fields.u64()?,
            flags: fields.u32()?,
        },
        code::STATFS => Operation::StatFileSystem,
        code::OPENDIR => Operation::OpenFolder,
        code::GETXATTR => {
            let size = length(fields.u32()?)?;
            fields.skip(4)?;
            Operation::GetExtended {
                size,
                name: fields.text()?,
            }
        }
        code::LISTXATTR => Operation::ListExtended {
            size: length(fields.u32()?)?,
        },
        code::SETXATTR => {
            let (size, flags) = (length(fields.u32()?)?, fields.u32()?);
            let name = fields.text()?;
            if size > LARGEST_ATTRIBUTE {
                return Err(Errno::TOOBIG);
            }
            Operation::SetExtended {
                name,
                value: fields.bytes(size)?,
                flags,
            }
        }
        code::REMOVEXATTR => Operation::RemoveExtended {
            name: fields.text()?,
        },
        code::FALLOCATE => Operation::Allocate {
            handle: fields.u64()?,
            offset: fields.u64()?,
            length: fields.u64()?,
            mode: fields.u32()?,
        },
        code::LSEEK => Operation::Seek {
            handle: fields.u64()?,
            offset: fields.u64()?,
            whence: fields.u32()?,
        },
        code::COPY_FILE_RANGE => {
            let (from, from_offset, _node) = (fields.u64()?, fields.u64()?, fields.u64()?);
            Operation::CopyRange {
                from,
                from_offset,
                to: fields.u64()?,
                to_offset: fields.u64()?,
                length: fields.u64()?,
                flags: fields.u64()?,
            }
        }
        // The kernel does without, and does not ask again.
        _ => return Err(Errno::NOSYS),
    })
}

fn name<'a>(fields: &mut Fields<'a>) -> Result<Name<'a>, Errno> {
    Name::new(fields.text()?)
}

/// A size of at most [`MOST_BYTES`].
fn length(size: u32) -> Result<usize, Errno> {
    let size = usize::try_from(size).map_err(|_| Errno::INVAL)?;
    match size <= MOST_BYTES {
        true => Ok(size),
        false => Err(Errno::INVAL),
    }
}

fn range(fields: &mut Fields<'_>) -> Result<(u64, u64, usize), Errno> {
    Ok((fields.u64()?, fields.u64()?, length(fields.u32()?)?))
}

fn forgotten(fields: &mut Fields<'_>) -> Result<Vec<(u64, u64)>, Errno> {
    let count = fields.u32()?;
    fields.skip(4)?;
    // Each takes 16 bytes of the request: what is not there ends it.
    (0..count)
        .map(|_| Ok((fields.u64()?, fields.u64()?)))
        .collect()
}

fn changes(fields: &mut Fields<'_>) -> Result<Changes, Errno> {
    let valid = fields.u32()?;
    fields.skip(4)?;
    let (handle, size, _lock) = (fields.u64()?, fields.u64()?, fields.u64()?);
    let (atime, mtime, _ctime) = (fields.u64()?, fields.u64()?, fields.u64()?);
    let (atime_part, mtime_part, _part) = (fields.u32()?, fields.u32()?, fields.u32()?);
    let mode = fields.u32()?;
    fields.skip(4)?;
    Ok(Changes {
        valid,
        handle,
        size,
        atime: (atime.cast_signed(), atime_part),
        mtime: (mtime.cast_signed(), mtime_part),
        mode,
        uid: fields.u32()?,
        gid: fields.u32()?,
    })
}

#[cfg(test)]
mod tests;
