//! System calls that have no function of their own.

use rustix::io::Errno;

/// The result of a call of the C library: a number, or -1 and an error beside it.
pub(super) fn check(result: libc::c_long) -> Result<usize, Errno> {
    usize::try_from(result).map_err(|_| {
        let error = std::io::Error::last_os_error();
        Errno::from_io_error(&error).unwrap_or(Errno::IO)
    })
}
