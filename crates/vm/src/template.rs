//! Templates: the saved memory and devices of a machine whose guest has said hello, from which
//! other machines begin in a fraction of the time that a boot takes.
//!
//! ```text
//! <folder>/memory          pages of the memory that are not zero
//! <folder>/state           state of the devices, as QEMU migrates it
//! <folder>/template.json   the record, written last: identity, the guest's hello, sizes, digests
//! ```
//!
//! [`crate::Machine::save_template`] makes one, [`crate::Machine::restore`] starts machines from it.
//! Its memory is a sealed file without a name (memfd): machines map it privately, so they share
//! what they do not write, and no machine can change it for another.

mod key;
mod memory;
mod pages;
mod record;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use lazaret_protocol::Hello;

pub use self::key::TemplateKey;
pub(crate) use self::key::{FORMAT, Fields};
pub(crate) use self::record::MAX_STATE_BYTES;
use self::record::{MEMORY, Record, STATE};
use crate::Error;

/// A template that machines can be started from. Dropping it frees its memory when the last of
/// these machines has ended.
#[derive(Debug)]
pub struct Template {
    folder: PathBuf,
    key: TemplateKey,
    hello: Hello,
    state: Vec<u8>,
    memory: OwnedFd,
}

impl Template {
    /// Opens the template in `folder` and copies its memory into a sealed memfd. It blocks on
    /// files.
    ///
    /// # Errors
    /// [`Error::Template`] for a damaged one, [`Error::Io`].
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let record = Record::read(folder)?;
        let memory = memory::create(record.memory_bytes).map_err(Error::io("make", MEMFD))?;
        let path = folder.join(MEMORY);
        let file = lazaret_files::open_regular(&path).map_err(Error::io("open", &path))?;
        let read = pages::read(&file, &memory, record.memory_bytes);
        let sum = read.map_err(|error| pages::fault(folder, &path, error))?;
        record.memory.check(folder, MEMORY, &sum)?;
        memory::seal(&memory).map_err(Error::io("seal", MEMFD))?;
        Self::of(folder, record, memory.into())
    }

    /// Opens the template in `folder` with its memory from an earlier [`Template::open`], which
    /// another process may have kept. It blocks on a small file.
    ///
    /// # Errors
    /// [`Error::Template`] for a damaged one, and for memory that is not sealed or has another
    /// size; [`Error::Io`].
    pub fn with_memory(folder: &Path, memory: OwnedFd) -> Result<Self, Error> {
        let record = Record::read(folder)?;
        memory::check(&memory, record.memory_bytes).map_err(|reason| Error::Template {
            path: folder.to_owned(),
            reason,
        })?;
        Self::of(folder, record, memory)
    }

    /// Writes a template into `folder`, which must be empty, and opens it. `memory` is what
    /// [`Template::new_memory`] returned; no process may have it mapped any more.
    pub(crate) fn write(
        folder: &Path,
        key: TemplateKey,
        hello: Hello,
        state: Vec<u8>,
        memory: File,
    ) -> Result<Self, Error> {
        memory::seal(&memory).map_err(Error::io("seal", MEMFD))?;
        let size = memory.metadata().map_err(Error::io("read", MEMFD))?.len();
        let path = folder.join(MEMORY);
        let file = File::create_new(&path).map_err(Error::io("create", &path))?;
        let pages = pages::write(&memory, &file).map_err(Error::io("write", &path))?;
        let path = folder.join(STATE);
        std::fs::write(&path, &state).map_err(Error::io("write", &path))?;
        Record::new(key, hello, size, pages, &state).write(folder)?;
        Self::with_memory(folder, memory.into())
    }

    /// Memory for a machine that is to become a template.
    pub(crate) fn new_memory(mib: u64) -> Result<File, Error> {
        memory::create(mib * 1024 * 1024).map_err(Error::io("make", MEMFD))
    }

    /// A file without a name for a piece of memory, or the state of devices.
    pub(crate) fn new_file() -> Result<File, Error> {
        memory::create(0).map_err(Error::io("make", MEMFD))
    }

    /// Copies what is not zero in `piece` to an offset in memory that is zero.
    pub(crate) fn fill(memory: &File, offset: u64, piece: &File) -> Result<(), Error> {
        pages::copy(piece, memory, offset).map_err(Error::io("fill", MEMFD))
    }

    fn of(folder: &Path, record: Record, memory: OwnedFd) -> Result<Self, Error> {
        let state = record.read_state(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            key: record.key,
            hello: record.hello,
            state,
            memory,
        })
    }

    /// The sealed memory, which another process may keep for [`Template::with_memory`].
    #[must_use]
    pub fn memory(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }

    /// The identity of the machines that can be started from it.
    #[must_use]
    pub fn key(&self) -> &TemplateKey {
        &self.key
    }

    /// The hello of its guest.
    #[must_use]
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// The state of the devices.
    pub(crate) fn state(&self) -> &[u8] {
        &self.state
    }

    /// Checks the record of the template in `folder` against the identity of a machine. It blocks on
    /// a small file.
    ///
    /// # Errors
    /// [`Error::Template`] for a damaged one and for one of other machines, [`Error::Io`].
    pub fn check_record(folder: &Path, wanted: &TemplateKey) -> Result<(), Error> {
        check(&Record::read(folder)?.key, folder, wanted)
    }

    /// The identity in the record of the template in `folder`. It blocks on a small file.
    ///
    /// # Errors
    /// [`Error::Template`] for a damaged one, [`Error::Io`].
    pub fn key_in(folder: &Path) -> Result<TemplateKey, Error> {
        Ok(Record::read(folder)?.key)
    }

    /// Gives the template in `folder`, which comes from another host, the identity of machines of this
    /// one. The caller has compared them. It blocks on a small file.
    ///
    /// # Errors
    /// As [`Template::key_in`].
    pub fn adopt(folder: &Path, key: TemplateKey) -> Result<(), Error> {
        let mut record = Record::read(folder)?;
        record.key = key;
        record.write(folder)
    }

    /// Refuses machines of another identity.
    pub(crate) fn check(&self, wanted: &TemplateKey) -> Result<(), Error> {
        check(&self.key, &self.folder, wanted)
    }
}

fn check(key: &TemplateKey, folder: &Path, wanted: &TemplateKey) -> Result<(), Error> {
    match key.difference(wanted) {
        None => Ok(()),
        Some(reason) => Err(Error::Template {
            path: folder.to_owned(),
            reason,
        }),
    }
}

/// What messages call a file without a name.
const MEMFD: &str = "the memory of a template";
