//! File descriptors: how many this process may have, and how many connections that leaves room for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that are never a connection's: databases, logs, sockets that listen, keys.
const RESERVED: u64 = 128;

/// Raises the number of descriptors that the process may open to the most that it may ask for.
/// systemd and shells start programs with 1,024 for the sake of `select`, which nothing here uses.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!(%error, "the limit of file descriptors stays as it is");
    }
}

/// Connections that there is room for: each may have a file open beside its socket, so that a
/// crowd of clients never keeps the registry from its own storage.
pub(crate) fn connections() -> u32 {
    room(getrlimit(Resource::Nofile).current)
}

fn room(descriptors: Option<u64>) -> u32 {
    let Some(descriptors) = descriptors else {
        return u32::MAX;
    };
    let room = descriptors.saturating_sub(RESERVED) / 2;
    u32::try_from(room).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests;
