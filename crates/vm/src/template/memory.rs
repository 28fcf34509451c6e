//! Memory in files without a name, which cannot change once they are sealed (memfd_create(2)).

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use rustix::fs::{
    MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create,
};

/// After these seals nobody can change content, size or seals; private mappings stay possible.
const SEALS: SealFlags = SealFlags::WRITE
    .union(SealFlags::GROW)
    .union(SealFlags::SHRINK)
    .union(SealFlags::SEAL);

/// Makes memory of `size` bytes, all zero.
pub(super) fn create(size: u64) -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let memory = memfd_create("lazaret-template", flags)?;
    ftruncate(&memory, size)?;
    Ok(memory.into())
}

/// Seals memory, which no process may have mapped for writing.
pub(super) fn seal(memory: &File) -> io::Result<()> {
    Ok(fcntl_add_seals(memory, SEALS)?)
}

/// Checks that `memory` is sealed and has `size` bytes; returns the fault in words.
pub(super) fn check(memory: impl AsFd, size: u64) -> Result<(), String> {
    let words = |error: rustix::io::Errno| format!("its memory is not readable: {error}");
    let sealed = fcntl_get_seals(&memory).map_err(|error| match error {
        rustix::io::Errno::INVAL => "its memory is no memfd".to_owned(),
        error => words(error),
    })?;
    if !sealed.contains(SEALS) {
        return Err("its memory is not sealed".to_owned());
    }
    let found = fstat(&memory).map_err(words)?.st_size;
    if u64::try_from(found) != Ok(size) {
        return Err(format!("its memory has {found} bytes and not {size}"));
    }
    Ok(())
}
