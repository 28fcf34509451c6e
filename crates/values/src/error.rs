//! The errors of text that is not a value of its type.

/// Text that is not a value of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Text that is not a length of time.
    #[error("'{text}' is no duration such as 90s, 1h30m or 7d")]
    Period {
        /// The text given, shortened.
        text: String,
    },
    /// A length of time that is too long for its type.
    #[error("'{text}' is too long a duration")]
    PeriodTooLong {
        /// The text given, shortened.
        text: String,
    },
    /// Text that is not a number of bytes.
    #[error("'{text}' is no size such as 512KiB or 10GiB")]
    Size {
        /// The text given, shortened.
        text: String,
    },
    /// A unit in lower case, which means different things in different programs.
    #[error("'{text}' is no size: units are capitals, such as MiB or GB")]
    SizeUnit {
        /// The text given, shortened.
        text: String,
    },
    /// A number of bytes that is too large for its type.
    #[error("'{text}' is too large a size")]
    SizeTooLarge {
        /// The text given, shortened.
        text: String,
    },
    /// Text that is not a pattern.
    #[error("'{text}' is no pattern: {reason}")]
    Pattern {
        /// The text given, shortened.
        text: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// Text that is not the name of a capability.
    #[error("'{text}' is no capability such as NET_BIND_SERVICE, CAP_CHOWN or ALL")]
    Capability {
        /// The text given, shortened.
        text: String,
    },
}
