//! Signals by name, as people and images write them.

/// The signals of Linux on x86-64 (signal(7)), by number.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];
const RTMIN: u8 = 34;
const RTMAX: u8 = 64;

/// The number of a signal: `TERM`, `SIGTERM`, `15`, `RTMIN+3`.
#[must_use]
pub fn signal_number(text: &str) -> Option<u8> {
    if let Ok(number) = text.parse::<u8>() {
        return (1..=RTMAX).contains(&number).then_some(number);
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    if let Some(position) = NAMES.iter().position(|known| *known == name) {
        return u8::try_from(position + 1).ok();
    }
    let offset = |rest: &str| match rest {
        "" => Some(0),
        rest => rest.get(1..)?.parse::<u8>().ok(),
    };
    if let Some(rest) = name
        .strip_prefix("RTMIN")
        .filter(|rest| !rest.starts_with('-'))
    {
        return RTMIN
            .checked_add(offset(rest)?)
            .filter(|number| *number <= RTMAX);
    }
    let rest = name
        .strip_prefix("RTMAX")
        .filter(|rest| !rest.starts_with('+'))?;
    RTMAX
        .checked_sub(offset(rest)?)
        .filter(|number| *number >= RTMIN)
}

#[cfg(test)]
mod tests;
