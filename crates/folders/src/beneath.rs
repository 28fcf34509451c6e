//! Objects of the folder, by paths: the kernel resolves each beneath the folder and through no link.

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstatfs, openat, openat2};
use rustix::io::Errno;

use crate::attributes::{Known, Owners};
use crate::error::Error;
use crate::name::Name;

/// The descriptors of this process, by which the kernel opens an object again that it has resolved.
const DESCRIPTORS: &str = "/proc/self/fd";

/// Most other file systems that are remembered as ones whose files are served.
const MOST_DEVICES: usize = 64;

/// File systems whose files are not data but the kernel itself (`linux/magic.h`).
const NO_DATA: [u64; 12] = [
    0x9fa0,      // proc
    0x6265_6572, // sysfs
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0x7363_6673, // securityfs
    0x0027_e0eb, // cgroup
    0x6367_7270, // cgroup2
    0xcafe_4a11, // bpf
    0x1cd1,      // devpts
    0x6265_6570, // configfs
    0xf97c_ff8c, // selinuxfs
    0xde5e_81e4, // efivarfs
];

/// The folder, or the file, that is served.
#[derive(Debug)]
pub(crate) struct Beneath {
    root: OwnedFd,
    descriptors: OwnedFd,
    /// The file system of the root.
    pub(crate) device: u64,
    /// Other file systems, mounted beneath, whose files are served.
    devices: Vec<u64>,
}

impl Beneath {
    /// Opens what the user has named, through links if there are any on the way.
    pub(crate) fn open(path: &Path, owners: &Owners) -> Result<(Self, FileType), Error> {
        let open = |path: &Path| {
            let opened = openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
            opened.map_err(|source| Error::Open {
                path: path.to_owned(),
                source: source.into(),
            })
        };
        let root = open(path)?;
        let known = Known::of(root.as_fd(), owners).map_err(|source| Error::Open {
            path: path.to_owned(),
            source: source.into(),
        })?;
        let refuse = |kind| Error::Kind {
            path: path.to_owned(),
            kind,
        };
        let kind = known.kind();
        if !matches!(kind, FileType::Directory | FileType::RegularFile) {
            return Err(refuse("neither a folder nor a regular file"));
        }
        if check_data(root.as_fd()).is_err() {
            return Err(refuse("an interface of the kernel"));
        }
        let descriptors = open(Path::new(DESCRIPTORS))?;
        let beneath = Self {
            root,
            descriptors,
            device: known.identity.device,
            devices: Vec::new(),
        };
        Ok((beneath, kind))
    }

    pub(crate) fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// Finds the object at a path beneath the root.
    pub(crate) fn find(&mut self, path: &[u8], owners: &Owners) -> Result<(OwnedFd, Known), Errno> {
        let object = resolve(self.root.as_fd(), OsStr::from_bytes(path))?;
        self.look(object, owners)
    }

    /// Finds the object of a name in a folder.
    pub(crate) fn find_in(
        &mut self,
        folder: BorrowedFd<'_>,
        name: Name<'_>,
        owners: &Owners,
    ) -> Result<(OwnedFd, Known), Errno> {
        let object = resolve(folder, name.path())?;
        self.look(object, owners)
    }

    fn look(&mut self, object: OwnedFd, owners: &Owners) -> Result<(OwnedFd, Known), Errno> {
        let known = Known::of(object.as_fd(), owners)?;
        let device = known.identity.device;
        if device != self.device && !self.devices.contains(&device) {
            check_data(object.as_fd())?;
            self.devices.truncate(MOST_DEVICES - 1);
            self.devices.push(device);
        }
        Ok((object, known.on(self.device)))
    }

    /// Opens an object again that was found, to read or write it.
    pub(crate) fn reopen(&self, object: BorrowedFd<'_>, flags: OFlags) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::CLOEXEC | OFlags::NOCTTY;
        let (folder, name) = self.name(object);
        openat(folder, name, flags, Mode::empty())
    }

    /// A name for an object that was found, for calls that take no descriptor of this kind: a folder and a
    /// name in it, which are to be followed.
    pub(crate) fn name(&self, object: BorrowedFd<'_>) -> (BorrowedFd<'_>, String) {
        (self.descriptors.as_fd(), object.as_raw_fd().to_string())
    }
}

/// A path for an object that was found, for calls that take nothing else.
pub(crate) fn path_of(object: BorrowedFd<'_>) -> String {
    format!("{DESCRIPTORS}/{}", object.as_raw_fd())
}

/// Makes a new file in a folder and opens it.
pub(crate) fn create(
    folder: BorrowedFd<'_>,
    name: Name<'_>,
    flags: OFlags,
    mode: Mode,
) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat2(folder, name.path(), flags, mode, STAYS)
}

const STAYS: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS);

fn resolve(from: BorrowedFd<'_>, path: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat2(from, path, flags, Mode::empty(), STAYS)
}

fn check_data(object: BorrowedFd<'_>) -> Result<(), Errno> {
    let kind = u64::try_from(fstatfs(object)?.f_type).unwrap_or_default();
    match NO_DATA.contains(&(kind & 0xffff_ffff)) {
        true => Err(Errno::ACCESS),
        false => Ok(()),
    }
}
