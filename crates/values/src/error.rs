//! Why text is no value of its type.

/// Text that is no value of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a length of time.
    #[error("'{text}' is no duration such as 90s, 1h30m or 7d")]
    Period {
        /// The text given, shortened.
        text: String,
    },
    /// A length of time that no value can hold.
    #[error("'{text}' is too long a duration")]
    PeriodTooLong {
        /// The text given, shortened.
        text: String,
    },
    /// Not a number of bytes.
    #[error("'{text}' is no size such as 512KiB or 10GiB")]
    Size {
        /// The text given, shortened.
        text: String,
    },
    /// A unit in lower case, which stands for different things in different programs.
    #[error("'{text}' is no size: units are capitals, such as MiB or GB")]
    SizeUnit {
        /// The text given, shortened.
        text: String,
    },
    /// A number of bytes that no value can hold.
    #[error("'{text}' is too large a size")]
    SizeTooLarge {
        /// The text given, shortened.
        text: String,
    },
    /// Not a pattern.
    #[error("'{text}' is no pattern: {reason}")]
    Pattern {
        /// The text given, shortened.
        text: String,
        /// The rule it breaks.
        reason: &'static str,
    },
}
