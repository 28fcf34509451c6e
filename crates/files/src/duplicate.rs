//! Copies whole files, without the room that they do not take.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{SeekFrom, copy_file_range, ioctl_ficlone, seek};
use rustix::io::Errno;

use crate::error::{Error, io};
use crate::regular::open_regular;

/// Copies the file at `from` to the new file at `to`: holes stay holes, and where the file system can
/// do it, both share their blocks until one of them is written.
///
/// # Errors
/// [`Error`], also when there is a file at `to`.
pub fn duplicate(from: &Path, to: &Path) -> Result<(), Error> {
    let source = open_regular(from).map_err(io("open", from))?;
    let target = File::create_new(to).map_err(io("create", to))?;
    if ioctl_ficlone(&target, &source).is_ok() {
        return Ok(());
    }
    copy(&source, &target).map_err(io("copy to", to))
}

fn copy(source: &File, target: &File) -> io::Result<()> {
    copy_range(source, target, source.metadata()?.len(), 0)
}

/// Copies the first `size` bytes of a file into another one at `offset`, in bytes. Holes of the source are
/// left out: what is there in the target must read as zeros, such as behind its end.
///
/// # Errors
/// Those of the operating system; `UnexpectedEof` when the source is shorter.
pub fn copy_range(source: &File, target: &File, size: u64, offset: u64) -> io::Result<()> {
    if source.metadata()?.len() < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let whole = offset.saturating_add(size);
    if target.metadata()?.len() < whole {
        target.set_len(whole)?;
    }
    let mut end = 0;
    while let Some(begin) = next_data(source, end)?.filter(|begin| *begin < size) {
        end = seek(source, SeekFrom::Hole(begin))?.min(size);
        let (mut from, mut to) = (begin, begin + offset);
        while from < end {
            let left = usize::try_from(end - from).unwrap_or(usize::MAX);
            match copy_file_range(source, Some(&mut from), target, Some(&mut to), left) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(Errno::INTR) => {}
                // Between file systems that do not know each other.
                Err(Errno::XDEV | Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS) => {
                    by_hand(source, target, (from, to), end)?;
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

fn by_hand(source: &File, target: &File, (mut at, mut to): (u64, u64), end: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    let mut buffer = vec![0; 256 * 1024];
    while at < end {
        let wanted = buffer
            .len()
            .min(usize::try_from(end - at).unwrap_or(usize::MAX));
        let length = source.read_at(&mut buffer[..wanted], at)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        target.write_all_at(&buffer[..length], to)?;
        at += length as u64;
        to += length as u64;
    }
    Ok(())
}

/// The next offset with data, at or after `from`.
fn next_data(file: &File, from: u64) -> io::Result<Option<u64>> {
    match seek(file, SeekFrom::Data(from)) {
        Ok(at) => Ok(Some(at)),
        Err(Errno::NXIO) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
