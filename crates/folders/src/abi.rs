//! The numbers of the language between kernel and server (`include/uapi/linux/fuse.h`), as far as they
//! are used. All numbers are in the byte order of the machine.

/// Major version, which has never changed.
pub(crate) const MAJOR: u32 = 7;
/// Minor version: that of Linux 5.11, the first with [`init::HANDLE_KILLPRIV_V2`].
pub(crate) const MINOR: u32 = 33;

/// Node number of the folder itself.
pub(crate) const ROOT: u64 = 1;

/// Length of a request's header.
pub(crate) const IN_HEADER: usize = 40;
/// Length of a reply's header.
pub(crate) const OUT_HEADER: usize = 16;
/// Most bytes of one write or read.
pub(crate) const MOST_BYTES: usize = lazaret_protocol::FOLDER_DATA_BYTES;
/// The size of a page of the guest.
pub(crate) const PAGE: usize = 4096;

/// What a request asks for.
pub(crate) mod code {
    pub(crate) const LOOKUP: u32 = 1;
    pub(crate) const FORGET: u32 = 2;
    pub(crate) const GETATTR: u32 = 3;
    pub(crate) const SETATTR: u32 = 4;
    pub(crate) const READLINK: u32 = 5;
    pub(crate) const SYMLINK: u32 = 6;
    pub(crate) const MKNOD: u32 = 8;
    pub(crate) const MKDIR: u32 = 9;
    pub(crate) const UNLINK: u32 = 10;
    pub(crate) const RMDIR: u32 = 11;
    pub(crate) const RENAME: u32 = 12;
    pub(crate) const LINK: u32 = 13;
    pub(crate) const OPEN: u32 = 14;
    pub(crate) const READ: u32 = 15;
    pub(crate) const WRITE: u32 = 16;
    pub(crate) const STATFS: u32 = 17;
    pub(crate) const RELEASE: u32 = 18;
    pub(crate) const FSYNC: u32 = 20;
    pub(crate) const SETXATTR: u32 = 21;
    pub(crate) const GETXATTR: u32 = 22;
    pub(crate) const LISTXATTR: u32 = 23;
    pub(crate) const REMOVEXATTR: u32 = 24;
    pub(crate) const INIT: u32 = 26;
    pub(crate) const OPENDIR: u32 = 27;
    pub(crate) const READDIR: u32 = 28;
    pub(crate) const RELEASEDIR: u32 = 29;
    pub(crate) const FSYNCDIR: u32 = 30;
    pub(crate) const CREATE: u32 = 35;
    pub(crate) const DESTROY: u32 = 38;
    pub(crate) const BATCH_FORGET: u32 = 42;
    pub(crate) const FALLOCATE: u32 = 43;
    pub(crate) const READDIRPLUS: u32 = 44;
    pub(crate) const RENAME2: u32 = 45;
    pub(crate) const LSEEK: u32 = 46;
    pub(crate) const COPY_FILE_RANGE: u32 = 47;
}

/// What both sides can do.
pub(crate) mod init {
    pub(crate) const ASYNC_READ: u32 = 1;
    pub(crate) const BIG_WRITES: u32 = 1 << 5;
    pub(crate) const AUTO_INVAL_DATA: u32 = 1 << 12;
    pub(crate) const DO_READDIRPLUS: u32 = 1 << 13;
    pub(crate) const READDIRPLUS_AUTO: u32 = 1 << 14;
    pub(crate) const PARALLEL_DIROPS: u32 = 1 << 18;
    pub(crate) const MAX_PAGES: u32 = 1 << 22;
    /// The server takes set-uid bits away when a file is written; the kernel does not ask for its
    /// capabilities before each write.
    pub(crate) const HANDLE_KILLPRIV_V2: u32 = 1 << 28;

    /// What is asked for where the guest's kernel has it.
    pub(crate) const WANTED: u32 = ASYNC_READ
        | BIG_WRITES
        | AUTO_INVAL_DATA
        | DO_READDIRPLUS
        | READDIRPLUS_AUTO
        | PARALLEL_DIROPS
        | MAX_PAGES
        | HANDLE_KILLPRIV_V2;
}

/// Which attributes are changed.
pub(crate) mod change {
    pub(crate) const MODE: u32 = 1;
    pub(crate) const UID: u32 = 1 << 1;
    pub(crate) const GID: u32 = 1 << 2;
    pub(crate) const SIZE: u32 = 1 << 3;
    pub(crate) const ATIME: u32 = 1 << 4;
    pub(crate) const MTIME: u32 = 1 << 5;
    pub(crate) const HANDLE: u32 = 1 << 6;
    pub(crate) const ATIME_NOW: u32 = 1 << 7;
    pub(crate) const MTIME_NOW: u32 = 1 << 8;
}

/// `FUSE_GETATTR_FH`: the handle of a request for attributes counts.
pub(crate) const GETATTR_HANDLE: u32 = 1;
/// `FUSE_FSYNC_FDATASYNC`: attributes need not be written.
pub(crate) const FSYNC_DATA: u32 = 1;
/// `FOPEN_KEEP_CACHE`: what the guest has of the file is still right.
pub(crate) const KEEP_CACHE: u32 = 1 << 1;

/// `O_ACCMODE` and flags of open files, as the guest's kernel has them.
pub(crate) mod open {
    pub(crate) const ACCESS: u32 = 0o3;
    pub(crate) const EXCLUSIVE: u32 = 0o200;
    pub(crate) const APPEND: u32 = 0o2000;
    pub(crate) const DATA_SYNC: u32 = 0o10000;
    pub(crate) const SYNC: u32 = 0o4_010_000;
}
