//! Sets clock, randomness, host name and loopback, which a machine needs before anything runs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lazaret_protocol::BootConfig;
use lazaret_values::unhex;
use rustix::time::{ClockId, Timespec};

use crate::error::{Context as _, Error, Result};
use crate::{console, entropy, netlink};

/// Largest error of the clock that is not corrected.
const CLOCK_TOLERANCE: Duration = Duration::from_millis(20);

/// Applies the machine-wide settings of the boot configuration.
pub(crate) fn apply(config: &BootConfig) -> Result<()> {
    set_clock(Duration::from_nanos(config.clock_nanos))?;
    let seed = unhex(&config.entropy).ok_or_else(|| Error::Refused {
        field: "entropy",
        value: format!("{} characters", config.entropy.len()),
        reason: "it is not hexadecimal",
    })?;
    entropy::credit(&seed)?;
    rustix::system::sethostname(config.hostname.as_bytes())
        .context(|| format!("set the host name to `{}`", config.hostname))?;
    // A workload may not need loopback, and a kernel may lack networking.
    if let Err(error) = netlink::bring_up(netlink::LOOPBACK_INDEX) {
        console::say(&format!("cannot bring loopback up: {error}"));
    }
    // The kernel's default for PID 1 (at most 4096 files) is too low for agents.
    let files = rustix::process::Rlimit {
        current: Some(65_536),
        maximum: Some(1_048_576),
    };
    let _keeps_the_default = rustix::process::setrlimit(rustix::process::Resource::Nofile, files);
    Ok(())
}

/// Sets the clock to this time since the epoch, if it is off by more than the tolerance.
pub(crate) fn set_clock(host: Duration) -> Result<()> {
    let guest = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    let Ok(time) = Timespec::try_from(host) else {
        return Ok(());
    };
    if host.abs_diff(guest) <= CLOCK_TOLERANCE {
        return Ok(());
    }
    rustix::time::clock_settime(ClockId::Realtime, time)
        .context(|| format!("set the clock to {host:?} since the epoch"))
}
