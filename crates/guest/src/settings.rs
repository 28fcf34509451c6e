//! Sets clock, randomness, host name and loopback, which a machine needs before anything runs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lazaret_protocol::{BootConfig, ResumeConfig};
use lazaret_values::unhex;
use rustix::time::{ClockId, Timespec};

use crate::error::{Context as _, Error, Result};
use crate::{console, entropy, netlink, root};

/// Largest error of the clock that is not corrected.
const CLOCK_TOLERANCE: Duration = Duration::from_millis(20);

/// Applies the machine-wide settings of the boot configuration.
pub(crate) fn apply(config: &BootConfig) -> Result<()> {
    set_clock(Duration::from_nanos(config.clock_nanos))?;
    credit(&config.entropy)?;
    set_hostname(&config.hostname)?;
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

/// Makes a copy of a machine one of its own, before any of its processes goes on.
pub(crate) fn renew(config: &ResumeConfig) -> Result<()> {
    set_clock(Duration::from_nanos(config.clock_nanos))?;
    if config.entropy.is_empty() {
        return Err(Error::Refused {
            field: "entropy",
            value: String::new(),
            reason: "a copy needs its own",
        });
    }
    credit(&config.entropy)?;
    let named = rustix::system::uname();
    let hostname = config.hostname.as_str();
    let is_new = named.nodename().to_bytes() != hostname.as_bytes();
    if is_new {
        set_hostname(hostname)?;
    }
    root::identify(
        is_new.then_some(hostname),
        &config.machine_id,
        config.trust.as_ref(),
    );
    Ok(())
}

fn credit(hex: &str) -> Result<()> {
    let seed = unhex(hex).ok_or_else(|| Error::Refused {
        field: "entropy",
        value: format!("{} characters", hex.len()),
        reason: "it is not hexadecimal",
    })?;
    entropy::credit(&seed)
}

fn set_hostname(name: &str) -> Result<()> {
    rustix::system::sethostname(name.as_bytes())
        .context(|| format!("set the host name to `{name}`"))
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
