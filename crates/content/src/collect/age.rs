//! Durations as people write them in rules: `90s`, `10m`, `24h`, `1d12h`, `2w`.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use thiserror::Error;

const UNITS: [(&str, u64); 5] = [
    ("w", 7 * 24 * 3600),
    ("d", 24 * 3600),
    ("h", 3600),
    ("m", 60),
    ("s", 1),
];

/// A duration in whole seconds, written as numbers with the units `w d h m s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Age(u64);

/// A text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{text}' is not a duration such as 90s, 10m, 24h, 30d or 1d12h")]
pub struct AgeError {
    /// The text given.
    text: String,
}

impl Age {
    /// So many seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds)
    }

    /// So many days; the longest possible when that is too long.
    #[must_use]
    pub const fn from_days(days: u64) -> Self {
        Self(days.saturating_mul(24 * 3600))
    }

    /// The standard library's form.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

/// The time `age` before `now`, but none before 1970: what no clock can tell is old enough.
pub(super) fn before(now: SystemTime, age: Duration) -> SystemTime {
    now.checked_sub(age).map_or(SystemTime::UNIX_EPOCH, |time| {
        time.max(SystemTime::UNIX_EPOCH)
    })
}

impl FromStr for Age {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        parse(text).map(Self).ok_or_else(|| AgeError {
            text: text.chars().take(64).collect(),
        })
    }
}

fn parse(mut text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut least = u64::MAX;
    if text.is_empty() {
        return None;
    }
    while !text.is_empty() {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = text[..digits].parse().ok()?;
        let unit = text.get(digits..digits + 1)?;
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        if *seconds >= least {
            return None;
        }
        least = *seconds;
        total = total.checked_add(number.checked_mul(*seconds)?)?;
        text = &text[digits + 1..];
    }
    Some(total)
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let even = |(_, seconds): &&(&str, u64)| self.0.is_multiple_of(*seconds);
        let (unit, seconds) = UNITS.iter().find(even).unwrap_or(&("s", 1));
        write!(f, "{}{unit}", self.0 / seconds)
    }
}

impl TryFrom<String> for Age {
    type Error = AgeError;

    fn try_from(text: String) -> Result<Self, AgeError> {
        text.parse()
    }
}

impl From<Age> for String {
    fn from(age: Age) -> Self {
        age.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (text, seconds) in [
            ("0s", 0),
            ("90s", 90),
            ("24h", 86_400),
            ("1d12h", 129_600),
            ("2w", 1_209_600),
            ("1w2d3h4m5s", 788_645),
        ] {
            assert_eq!(text.parse::<Age>().unwrap(), Age(seconds), "{text}");
        }
        for text in [
            "",
            "5",
            "h",
            "5 h",
            "-1h",
            "1h1h",
            "1m1h",
            "1y",
            "1é",
            "1.5h",
            "18446744073709551615w",
        ] {
            assert!(text.parse::<Age>().is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_text_form_is_exact(seconds: u64) {
            let age = Age(seconds);
            proptest::prop_assert_eq!(age.to_string().parse::<Age>().unwrap(), age);
        }
    }

    #[test]
    fn the_past_has_an_end() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(10);
        assert_eq!(before(now, Duration::MAX), SystemTime::UNIX_EPOCH);
        assert_eq!(before(now, Duration::from_secs(11)), SystemTime::UNIX_EPOCH);
        assert_eq!(
            before(now, Duration::from_secs(4)),
            SystemTime::UNIX_EPOCH + Duration::from_secs(6)
        );
    }
}
