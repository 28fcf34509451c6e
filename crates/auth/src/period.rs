//! Lengths of time in the settings.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::text_form::text_form;

/// A length of time: a number and one of `s`, `m`, `h`, `d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(pub Duration);

/// Text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no duration: expected a number and one of s, m, h, d")]
pub struct PeriodError(String);

text_form!(Period, "5m", "30d");

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let parse = || {
            let unit = text.chars().last()?;
            let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
            let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
            number.checked_mul(*factor).map(Duration::from_secs)
        };
        parse()
            .map(Self)
            .ok_or_else(|| PeriodError(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (unit, factor) = UNITS
            .into_iter()
            .find(|(_, factor)| seconds.is_multiple_of(*factor) && seconds > 0)
            .unwrap_or(('s', 1));
        write!(f, "{}{unit}", seconds / factor)
    }
}
