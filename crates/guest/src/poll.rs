//! Waits for descriptors.

use std::time::Duration;

use rustix::event::{PollFd, Timespec};
use rustix::io::Errno;

use crate::error::{Context as _, Result};

/// `poll` with a [`Duration`]; an interruption returns early.
pub(crate) fn wait_for(fds: &mut [PollFd<'_>], timeout: Duration) -> Result<()> {
    let timeout = Timespec::try_from(timeout).ok();
    match rustix::event::poll(fds, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error).context(|| "poll".to_owned()),
    }
}
