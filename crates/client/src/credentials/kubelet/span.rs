//! Reads lengths of time as Go writes them (`time.ParseDuration`), which Kubernetes uses in JSON.

use std::time::Duration;

/// The units in seconds. Those that start like a shorter one come first.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("\u{b5}s", 1e-6),
    ("\u{3bc}s", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
];

/// Parses numbers with units such as `1h30m` and `1.5s`; `0` needs none. A negative time is zero.
pub(super) fn parse_span(text: &str) -> Result<Duration, ()> {
    let (is_negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    let mut seconds = 0.0;
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or(())?;
        let (number, after) = rest.split_at(end);
        let number: f64 = number.parse().map_err(|_| ())?;
        let (unit, factor) = *UNITS
            .iter()
            .find(|(unit, _)| after.starts_with(unit))
            .ok_or(())?;
        seconds += number * factor;
        rest = &after[unit.len()..];
        if rest.is_empty() {
            break;
        }
    }
    if is_negative {
        return Ok(Duration::ZERO);
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| ())
}
