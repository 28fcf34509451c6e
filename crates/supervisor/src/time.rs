//! Moments and lengths of time, as people write and read them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat};
use lazaret_values::Period;

use crate::clock;

const NANOSECONDS: u64 = 1_000_000_000;

/// The current time, in nanoseconds since 1970.
#[must_use]
pub fn now() -> u64 {
    clock::nanoseconds()
}

/// Reads a moment: `10m` before now, seconds since 1970, or `2026-11-29T16:00:00Z` (RFC 3339; the
/// time and the zone may be left out, which means midnight and UTC). In nanoseconds since 1970.
///
/// # Errors
/// What was expected.
pub fn moment(text: &str) -> Result<u64, String> {
    if let Ok(period) = text.parse::<Period>() {
        let ago = u64::try_from(period.duration().as_nanos()).unwrap_or(u64::MAX);
        return Ok(now().saturating_sub(ago));
    }
    if let Some(moment) = seconds(text) {
        return Ok(moment);
    }
    rfc3339(text).ok_or_else(|| {
        "expected a time such as 10m, 2026-11-29T16:00:00Z or seconds since 1970".to_owned()
    })
}

/// `SECONDS[.FRACTION]` since 1970.
fn seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u64 = whole.parse().ok()?;
    let is_fraction = fraction.len() <= 9 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let fraction: u64 = match fraction {
        "" => 0,
        _ if is_fraction => format!("{fraction:0<9}").parse().ok()?,
        _ => return None,
    };
    whole.checked_mul(NANOSECONDS)?.checked_add(fraction)
}

fn rfc3339(text: &str) -> Option<u64> {
    const WITHOUT_ZONE: [&str; 3] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H"];
    let moment = match DateTime::parse_from_rfc3339(text) {
        Ok(moment) => moment.to_utc(),
        Err(_) => {
            let date = || {
                NaiveDate::parse_from_str(text, "%Y-%m-%d")
                    .ok()?
                    .and_hms_opt(0, 0, 0)
            };
            let mut forms = WITHOUT_ZONE.iter();
            let time = forms.find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
            time.or_else(date)?.and_utc()
        }
    };
    u64::try_from(moment.timestamp_nanos_opt()?).ok()
}

/// A moment as RFC 3339 in UTC, with nanoseconds.
#[must_use]
pub fn stamp(nanoseconds: u64) -> String {
    let moment = DateTime::from_timestamp_nanos(i64::try_from(nanoseconds).unwrap_or(i64::MAX));
    moment.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

/// A moment in UTC, in a form of `strftime(3)`.
#[must_use]
pub fn formatted(nanoseconds: u64, form: &str) -> String {
    let moment = DateTime::from_timestamp_nanos(i64::try_from(nanoseconds).unwrap_or(i64::MAX));
    moment.format(form).to_string()
}

/// The time between two moments in words: `5 seconds`, `3 hours`.
#[must_use]
pub fn between(earlier: u64, later: u64) -> String {
    const UNITS: [(&str, u64); 5] = [
        ("week", 604_800),
        ("day", 86_400),
        ("hour", 3600),
        ("minute", 60),
        ("second", 1),
    ];
    let seconds = later.saturating_sub(earlier) / NANOSECONDS;
    let fits =
        |unit: &&(&str, u64)| seconds >= 2 * unit.1 || (unit.1 < 604_800 && seconds >= unit.1);
    match UNITS.iter().find(fits) {
        None => "less than a second".to_owned(),
        Some((name, length)) => match seconds / length {
            1 => format!("1 {name}"),
            count => format!("{count} {name}s"),
        },
    }
}

#[cfg(test)]
mod tests;
