//! Paths below one folder, which the kernel resolves without links and never out of it.

use std::ffi::OsStr;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::rc::Rc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::error::{Error, show};

const RESOLVE: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS);
/// Mode of folders that the archive does not have.
const FOLDER: Mode = Mode::from_bits_retain(0o755);

/// A folder, below which everything happens.
pub(super) struct Beneath {
    folder: Rc<OwnedFd>,
    /// Its path, for messages.
    path: Vec<u8>,
    /// The folder that was used last, and its path.
    last: Option<(Vec<Vec<u8>>, Rc<OwnedFd>)>,
}

/// A name in an open folder.
#[derive(Debug)]
pub(super) struct Spot<'a> {
    pub(super) folder: Rc<OwnedFd>,
    pub(super) name: &'a OsStr,
    shown: String,
}

impl Beneath {
    pub(super) fn new(folder: OwnedFd, path: Vec<u8>) -> Self {
        Self {
            folder: Rc::new(folder),
            path,
            last: None,
        }
    }

    /// A path for messages.
    pub(super) fn shown(&self, path: impl IntoIterator<Item = impl AsRef<[u8]>>) -> String {
        let mut whole = self.path.clone();
        for name in path {
            if !whole.is_empty() && !whole.ends_with(b"/") {
                whole.push(b'/');
            }
            whole.extend(name.as_ref());
        }
        show(whole.strip_prefix(b"./").unwrap_or(&whole))
    }

    /// A name in a folder, which is made with those above it when missing.
    pub(super) fn spot<'a>(
        &mut self,
        folders: &[Vec<u8>],
        name: &'a [u8],
    ) -> Result<Spot<'a>, Error> {
        Ok(Spot {
            folder: self.open(folders)?,
            name: OsStr::from_bytes(name),
            shown: self.shown(folders.iter().map(Vec::as_slice).chain([name])),
        })
    }

    /// Makes a folder; false if it is there.
    pub(super) fn make_folder(&mut self, path: &[Vec<u8>]) -> Result<bool, Error> {
        let Some((name, folders)) = path.split_last() else {
            return Ok(false);
        };
        let spot = self.spot(folders, name)?;
        match rustix::fs::mkdirat(&spot.folder, spot.name, Mode::RWXU) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => match spot.kind()? {
                Some(FileType::Directory) => Ok(false),
                found => Err(spot.clash(found, FileType::Directory)),
            },
            Err(error) => Err(spot.failed("make the folder")(error)),
        }
    }

    /// Opens a folder whose attributes are to be set.
    pub(super) fn readable(&self, path: &[Vec<u8>]) -> Result<OwnedFd, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        self.resolve(path, flags)
            .map_err(|error| Error::system("open", self.shown(path).as_bytes())(error))
    }

    /// Whether there is something at the path.
    pub(super) fn exists(&self, path: &[Vec<u8>]) -> bool {
        self.resolve(path, OFlags::PATH | OFlags::NOFOLLOW).is_ok()
    }

    fn open(&mut self, path: &[Vec<u8>]) -> Result<Rc<OwnedFd>, Error> {
        if path.is_empty() {
            return Ok(self.folder.clone());
        }
        if let Some((last, folder)) = &self.last
            && last == path
        {
            return Ok(folder.clone());
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let folder = match self.resolve(path, flags) {
            Err(Errno::NOENT) => {
                self.make_all(path)?;
                self.resolve(path, flags)
            }
            opened => opened,
        };
        let folder = Rc::new(folder.map_err(|error| self.closed(path, error))?);
        self.last = Some((path.to_vec(), folder.clone()));
        Ok(folder)
    }

    fn make_all(&self, path: &[Vec<u8>]) -> Result<(), Error> {
        let mut folder = self.folder.clone();
        for (index, name) in path.iter().enumerate() {
            let name = OsStr::from_bytes(name);
            let above = path.get(..=index).unwrap_or_default();
            match rustix::fs::mkdirat(&folder, name, FOLDER) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(self.closed(above, error)),
            }
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let opened = rustix::fs::openat2(&folder, name, flags, Mode::empty(), RESOLVE);
            folder = Rc::new(opened.map_err(|error| self.closed(above, error))?);
        }
        Ok(())
    }

    fn resolve(&self, path: &[Vec<u8>], flags: OFlags) -> Result<OwnedFd, Errno> {
        let path = path.join(&b'/');
        let path = OsStr::from_bytes(&path);
        let flags = flags | OFlags::CLOEXEC;
        rustix::fs::openat2(self.folder.as_fd(), path, flags, Mode::empty(), RESOLVE)
    }

    /// The error for a folder that cannot be opened.
    fn closed(&self, path: &[Vec<u8>], error: Errno) -> Error {
        let shown = self.shown(path);
        match error {
            Errno::LOOP | Errno::NOTDIR => Error::Clash {
                path: shown,
                found: "a link or no folder",
                wanted: "a folder",
            },
            error => Error::system("open", shown.as_bytes())(error),
        }
    }
}

impl Spot<'_> {
    /// The path for messages.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// For `map_err`: the attempted action.
    pub(super) fn failed(&self, action: &'static str) -> impl FnOnce(Errno) -> Error {
        Error::system(action, self.shown.as_bytes())
    }

    pub(super) fn refused(&self, reason: &'static str) -> Error {
        Error::refused(self.shown.as_bytes(), reason)
    }

    /// Whether it is the same name in the same folder.
    pub(super) fn is(&self, other: &Spot<'_>) -> bool {
        self.shown == other.shown && self.name == other.name
    }

    /// Removes what is there if it is of this kind.
    pub(super) fn clear(&self, wanted: FileType) -> Result<(), Error> {
        match self.kind()? {
            None => Ok(()),
            Some(found) if found == wanted => {
                rustix::fs::unlinkat(&self.folder, self.name, AtFlags::empty())
                    .map_err(self.failed("replace"))
            }
            found => Err(self.clash(found, wanted)),
        }
    }

    /// What is there.
    fn kind(&self) -> Result<Option<FileType>, Error> {
        match rustix::fs::statat(&self.folder, self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.failed("read")(error)),
        }
    }

    fn clash(&self, found: Option<FileType>, wanted: FileType) -> Error {
        Error::Clash {
            path: self.shown.clone(),
            found: found.map_or("gone", in_words),
            wanted: in_words(wanted),
        }
    }

    /// Sets the mode of something that is not to be opened for reading. A link in its place is not
    /// followed.
    pub(super) fn set_mode(&self, mode: Mode) -> Result<(), Error> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let set =
            rustix::fs::openat(&self.folder, self.name, flags, Mode::empty()).and_then(|fd| {
                let stat = rustix::fs::fstat(&fd)?;
                if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
                    return Err(Errno::LOOP);
                }
                rustix::fs::chmod(format!("/proc/self/fd/{}", fd.as_raw_fd()), mode)
            });
        set.map_err(self.failed("set the mode of"))
    }
}

fn in_words(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "a file",
        FileType::Directory => "a folder",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "something unknown",
    }
}
