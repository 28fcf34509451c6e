//! Sets clock, randomness, host name and loopback, which a machine needs before anything runs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lazaret_protocol::BootConfig;
use lazaret_values::unhex;
use rustix::time::{ClockId, Timespec};

use crate::error::{Context as _, Error, Result};
use crate::{console, entropy, netlink};

/// Largest error of the clock that is not corrected.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(1);

/// Applies the machine-wide settings of the boot configuration.
pub(crate) fn apply(config: &BootConfig) -> Result<()> {
    set_clock(config.clock_seconds)?;
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

fn set_clock(seconds: u64) -> Result<()> {
    let host = UNIX_EPOCH + Duration::from_secs(seconds);
    let guest = SystemTime::now();
    let off = host
        .duration_since(guest)
        .unwrap_or_else(|ahead| ahead.duration());
    let Ok(tv_sec) = i64::try_from(seconds) else {
        return Ok(());
    };
    if off <= CLOCK_TOLERANCE {
        return Ok(());
    }
    rustix::time::clock_settime(ClockId::Realtime, Timespec { tv_sec, tv_nsec: 0 })
        .context(|| format!("set the clock to {seconds} seconds since the epoch"))
}
