//! What the guest has open.

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;

/// An open file or folder.
#[derive(Debug)]
pub(crate) struct Handle {
    object: OwnedFd,
    /// Number of the node.
    pub(crate) node: u64,
    pub(crate) is_folder: bool,
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.object.as_fd()
    }
}

/// All that is open.
#[derive(Debug)]
pub(crate) struct Handles {
    open: HashMap<u64, Handle>,
    /// The next number; none is used twice.
    next: u64,
    most: usize,
}

impl Handles {
    /// Room for so many.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            open: HashMap::new(),
            next: 1,
            most,
        }
    }

    /// Says whether there is room for another one.
    ///
    /// # Errors
    /// `EMFILE`.
    pub(crate) fn check_room(&self) -> Result<(), Errno> {
        match self.open.len() < self.most {
            true => Ok(()),
            false => Err(Errno::MFILE),
        }
    }

    /// Keeps an open object; returns its number.
    pub(crate) fn keep(&mut self, object: OwnedFd, node: u64, is_folder: bool) -> u64 {
        let number = self.next;
        self.next += 1;
        let handle = Handle {
            object,
            node,
            is_folder,
        };
        self.open.insert(number, handle);
        number
    }

    pub(crate) fn close(&mut self, number: u64) {
        self.open.remove(&number);
    }

    /// An open file.
    pub(crate) fn file(&self, number: u64) -> Result<&Handle, Errno> {
        self.get(number)
            .filter(|handle| !handle.is_folder)
            .ok_or(Errno::BADF)
    }

    /// An open folder.
    pub(crate) fn folder(&self, number: u64) -> Result<&Handle, Errno> {
        self.get(number)
            .filter(|handle| handle.is_folder)
            .ok_or(Errno::BADF)
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Handle> {
        self.open.get(&number)
    }

    /// Something open of a node, whatever became of its names.
    pub(crate) fn of(&self, node: u64) -> Option<&Handle> {
        self.open.values().find(|handle| handle.node == node)
    }
}
