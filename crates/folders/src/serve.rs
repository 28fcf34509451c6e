//! The stream of requests.

use std::io::{BufReader, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use lazaret_protocol::{FOLDER_HEAD_BYTES, FolderHead};

use crate::confine::{self, Limits};
use crate::error::Error;
use crate::reply::Reply;
use crate::state::Folder;

/// Bytes that are read from the stream at a time; larger pieces are not copied.
const BUFFER: usize = 16 * 1024;

/// A folder, or a single file, that a machine gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// Its path on the host.
    pub path: PathBuf,
    /// Whether nothing in it may be changed.
    pub read_only: bool,
}

/// Opens the folders, confines this process to them for good, and serves them until the stream ends.
/// `strictly`: not without every wall.
///
/// The process is to have one thread: others would not be confined.
///
/// # Errors
/// [`Error::Open`] and [`Error::Kind`] for the folders, [`Error::Confine`]; [`Error::Protocol`] and
/// [`Error::Stream`] when the conversation fails.
pub fn serve(stream: OwnedFd, shared: &[Shared], strictly: bool) -> Result<(), Error> {
    let files = Limits::raise(shared.len())?;
    let mut folders = open(shared, files)?;
    confine::enter(&folders, strictly)?;
    let stream = UnixStream::from(stream);
    let writer = stream.try_clone();
    let writer = writer.map_err(|source| Error::Stream { source })?;
    carry(stream, writer, &mut folders)
}

/// Serves folders as [`serve`] does, but confines nothing: for tests of what a guest can do.
///
/// # Errors
/// Those of [`serve`] but [`Error::Confine`].
pub fn serve_here(reader: impl Read, writer: impl Write, shared: &[Shared]) -> Result<(), Error> {
    const FILES: usize = 64;
    carry(reader, writer, &mut open(shared, FILES)?)
}

fn open(shared: &[Shared], files: usize) -> Result<Vec<Folder>, Error> {
    let open = |shared: &Shared| Folder::open(&shared.path, shared.read_only, files);
    shared.iter().map(open).collect()
}

fn carry(reader: impl Read, mut writer: impl Write, folders: &mut [Folder]) -> Result<(), Error> {
    let failed = |source| Error::Stream { source };
    let mut reader = BufReader::with_capacity(BUFFER, reader);
    let (mut message, mut reply) = (Vec::new(), Reply::default());
    while let Some(head) = head(&mut reader)? {
        let head = FolderHead::decode(head).ok_or(Error::Protocol {
            reason: "a message is too long",
        })?;
        let folder = usize::try_from(head.number).ok();
        let folder = folder.and_then(|number| folders.get_mut(number));
        let folder = folder.ok_or(Error::Protocol {
            reason: "a message is of no folder",
        })?;
        message.resize(usize::try_from(head.length).unwrap_or_default(), 0);
        match reader.read_exact(&mut message) {
            Err(error) if is_end(error.kind()) => return Ok(()),
            read => read.map_err(failed)?,
        }
        let answer = folder.answer(head.number, &message, &mut reply);
        if let Some(answer) = answer.map_err(|reason| Error::Protocol { reason })? {
            match writer.write_all(answer) {
                Err(error) if is_end(error.kind()) => return Ok(()),
                written => written.map_err(failed)?,
            }
        }
    }
    Ok(())
}

/// The next head; `None` when the machine is gone.
fn head(reader: &mut impl Read) -> Result<Option<[u8; FOLDER_HEAD_BYTES]>, Error> {
    let mut head = [0; FOLDER_HEAD_BYTES];
    match reader.read_exact(&mut head) {
        Ok(()) => Ok(Some(head)),
        Err(error) if is_end(error.kind()) => Ok(None),
        Err(source) => Err(Error::Stream { source }),
    }
}

fn is_end(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
    )
}

#[cfg(test)]
mod tests;
