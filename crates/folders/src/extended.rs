//! Extended attributes: those of users. All others have a meaning for the host's kernel, or for its
//! programs.

use std::os::fd::AsFd as _;

use rustix::fs::{FileType, XattrFlags, getxattr, listxattr, removexattr, setxattr};
use rustix::io::Errno;

use crate::beneath::path_of;
use crate::reply::Reply;
use crate::request::LARGEST_ATTRIBUTE;
use crate::state::{Folder, Object};

/// What the names of served attributes begin with.
const OF_USERS: &[u8] = b"user.";
/// Longest name in bytes.
const LONGEST_NAME: usize = 255;

impl Folder {
    pub(crate) fn get_extended(
        &mut self,
        node: u64,
        name: &[u8],
        size: usize,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        let object = self.with_extended(node, name)?;
        let mut value = vec![0; LARGEST_ATTRIBUTE];
        let length = getxattr(path_of(object.place.as_fd()), name, &mut value)?;
        answer(value.get(..length).unwrap_or_default(), size, reply)
    }

    pub(crate) fn list_extended(
        &mut self,
        node: u64,
        size: usize,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        let object = self.with_extended(node, OF_USERS)?;
        let mut names = vec![0; LARGEST_ATTRIBUTE];
        let length = listxattr(path_of(object.place.as_fd()), &mut names)?;
        names.truncate(length);
        let names = names.split_inclusive(|byte| *byte == 0);
        let ours: Vec<u8> = names
            .filter(|name| name.starts_with(OF_USERS))
            .flatten()
            .copied()
            .collect();
        answer(&ours, size, reply)
    }

    pub(crate) fn set_extended(
        &mut self,
        node: u64,
        (name, value): (&[u8], &[u8]),
        flags: u32,
    ) -> Result<(), Errno> {
        self.check_writable()?;
        let flags = XattrFlags::from_bits(flags).ok_or(Errno::INVAL)?;
        let object = self.with_extended(node, name)?;
        setxattr(path_of(object.place.as_fd()), name, value, flags)
    }

    pub(crate) fn remove_extended(&mut self, node: u64, name: &[u8]) -> Result<(), Errno> {
        self.check_writable()?;
        let object = self.with_extended(node, name)?;
        removexattr(path_of(object.place.as_fd()), name)
    }

    /// The object of a node, if it can have an attribute of this name.
    fn with_extended(&mut self, node: u64, name: &[u8]) -> Result<Object, Errno> {
        if !name.starts_with(OF_USERS) {
            return Err(Errno::OPNOTSUPP);
        }
        if name.len() > LONGEST_NAME {
            return Err(Errno::RANGE);
        }
        let object = self.object(node)?;
        match object.known.kind() {
            FileType::RegularFile | FileType::Directory => Ok(object),
            _ => Err(Errno::OPNOTSUPP),
        }
    }
}

/// Gives the bytes, or their number to who has no room.
fn answer(bytes: &[u8], size: usize, reply: &mut Reply) -> Result<(), Errno> {
    match size {
        0 => {
            reply.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
            reply.u32(0);
        }
        _ if bytes.len() > size => return Err(Errno::RANGE),
        _ => reply.bytes(bytes),
    }
    Ok(())
}
