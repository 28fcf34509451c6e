//! Lengths of time: one notation for settings, flags and rules.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::{Error, Printable};

/// A length of time in whole milliseconds.
///
/// Its text is a sequence of whole numbers, each with a unit; the parts are added: `500ms`, `90s`,
/// `5m`, `2h`, `1d`, `1w`, `1h30m`.
///
/// | unit | stands for |
/// |---|---|
/// | `ms` | a millisecond |
/// | `s` | a second |
/// | `m` | 60 seconds |
/// | `h` | 60 minutes |
/// | `d` | 24 hours |
/// | `w` | 7 days |
///
/// A unit is required, even for `0s`. Periods are written with the units from `d` to `ms`, the
/// longest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(Duration);

/// The units with their lengths in milliseconds, the longest first.
const UNITS: [(&str, u128); 6] = [
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

impl Period {
    /// The period of length zero.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// The duration, rounded down to whole milliseconds.
    #[must_use]
    pub const fn new(duration: Duration) -> Self {
        let nanoseconds = duration.subsec_millis() * 1_000_000;
        Self(Duration::new(duration.as_secs(), nanoseconds))
    }

    /// A period of so many seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// A period of so many minutes; the longest period when that is too long.
    #[must_use]
    pub const fn minutes(minutes: u64) -> Self {
        Self::seconds(minutes.saturating_mul(60))
    }

    /// A period of so many hours; the longest period when that is too long.
    #[must_use]
    pub const fn hours(hours: u64) -> Self {
        Self::seconds(hours.saturating_mul(3600))
    }

    /// A period of so many days; the longest period when that is too long.
    #[must_use]
    pub const fn days(days: u64) -> Self {
        Self::seconds(days.saturating_mul(86_400))
    }

    /// The period as a [`Duration`].
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// Whether its length is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl FromStr for Period {
    type Err = Error;

    /// # Errors
    /// [`Error::Period`], [`Error::PeriodTooLong`].
    fn from_str(text: &str) -> Result<Self, Error> {
        let milliseconds = milliseconds(text).ok_or_else(|| Error::Period {
            text: Printable::excerpt(text),
        })?;
        let too_long = || Error::PeriodTooLong {
            text: Printable::excerpt(text),
        };
        let milliseconds = milliseconds.ok_or_else(too_long)?;
        let seconds = u64::try_from(milliseconds / 1000).map_err(|_| too_long())?;
        let rest = u64::try_from(milliseconds % 1000).map_err(|_| too_long())?;
        Ok(Self(
            Duration::from_secs(seconds) + Duration::from_millis(rest),
        ))
    }
}

/// Sum of the parts in milliseconds. `None` for text of another form, `Some(None)` when a number is
/// too large.
fn milliseconds(text: &str) -> Option<Option<u128>> {
    let mut total = Some(0_u128);
    let mut rest = text;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(number);
        let unit = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        if number.is_empty() {
            return None;
        }
        // The text has only digits, so parsing fails only when the number is too large.
        let number: Option<u128> = number.parse().ok();
        let part = number.and_then(|number| number.checked_mul(*factor));
        total = total
            .zip(part)
            .and_then(|(total, part)| total.checked_add(part));
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return f.write_str("0s");
        }
        let mut rest = self.0.as_millis();
        // Weeks are skipped, because days are more usual: 30d, not 4w2d.
        for (name, factor) in UNITS.into_iter().skip(1) {
            let count = rest / factor;
            if count > 0 {
                write!(f, "{count}{name}")?;
            }
            rest %= factor;
        }
        Ok(())
    }
}

#[cfg(feature = "serde")]
crate::serde_by_text!(Period);
#[cfg(feature = "schemars")]
crate::schema_by_text!(Period, {
    "pattern": "^([0-9]+(ms|s|m|h|d|w))+$",
    "examples": ["30s", "1h30m"],
});

#[cfg(test)]
mod tests;
