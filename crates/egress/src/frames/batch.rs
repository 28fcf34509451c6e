//! Several messages with one system call: `recvmmsg` and `sendmmsg`, which rustix does not have for
//! plain slices.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

/// The most frames that are taken at once, so that nothing else waits for long.
pub(crate) const BATCH: usize = 32;

/// Takes up to [`BATCH`] messages that have come, each to its own `size` bytes of `storage`, and tells
/// their lengths. A longer message is cut.
///
/// # Errors
/// That of the system call; `WouldBlock` if none has come.
#[allow(unsafe_code)]
pub(super) fn receive(
    socket: BorrowedFd<'_>,
    storage: &mut [u8],
    size: usize,
    lengths: &mut [usize; BATCH],
) -> io::Result<usize> {
    // SAFETY: both are plain C structures, for which zeroes are a valid value.
    let mut parts: [libc::iovec; BATCH] = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: as above.
    let mut messages: [libc::mmsghdr; BATCH] = unsafe { MaybeUninit::zeroed().assume_init() };
    let mut places = 0;
    for ((part, message), place) in parts
        .iter_mut()
        .zip(&mut messages)
        .zip(storage.chunks_exact_mut(size))
    {
        part.iov_base = place.as_mut_ptr().cast();
        part.iov_len = place.len();
        message.msg_hdr.msg_iov = part;
        message.msg_hdr.msg_iovlen = 1;
        places += 1;
    }
    // SAFETY: each of the first `places` messages points to one part, and each part to a place of
    // `storage` of its own; all of them outlive the call.
    let count = unsafe {
        libc::recvmmsg(
            socket.as_raw_fd(),
            messages.as_mut_ptr(),
            places,
            libc::MSG_DONTWAIT as _,
            ptr::null_mut(),
        )
    };
    let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
    for (length, message) in lengths.iter_mut().zip(&messages).take(count) {
        *length = message.msg_len as usize;
    }
    Ok(count)
}

/// Sends up to [`BATCH`] messages and tells how many were taken.
///
/// # Errors
/// That of the system call for the first message; `WouldBlock` if there is no place for it.
#[allow(unsafe_code)]
pub(super) fn send<'f>(
    socket: BorrowedFd<'_>,
    frames: impl Iterator<Item = &'f [u8]>,
) -> io::Result<usize> {
    // SAFETY: both are plain C structures, for which zeroes are a valid value.
    let mut parts: [libc::iovec; BATCH] = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: as above.
    let mut messages: [libc::mmsghdr; BATCH] = unsafe { MaybeUninit::zeroed().assume_init() };
    let mut places = 0;
    for ((part, message), frame) in parts.iter_mut().zip(&mut messages).zip(frames) {
        part.iov_base = frame.as_ptr().cast_mut().cast();
        part.iov_len = frame.len();
        message.msg_hdr.msg_iov = part;
        message.msg_hdr.msg_iovlen = 1;
        places += 1;
    }
    // SAFETY: each of the first `places` messages points to one part, and each part to a frame, which
    // is only read; all of them outlive the call.
    let count = unsafe {
        libc::sendmmsg(
            socket.as_raw_fd(),
            messages.as_mut_ptr(),
            places,
            (libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL) as _,
        )
    };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}
