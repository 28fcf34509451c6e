//! Faults of the settings, with their places.

use std::fmt;

use super::position::Origin;

/// Something wrong with one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The setting: `storage.s3.url`, `rules[0].quota`; empty for the file as a whole.
    pub path: String,
    /// Where its value comes from, if somebody gave it one.
    pub origin: Option<Origin>,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether the registry starts nevertheless.
    pub is_warning: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Everything that was found wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    pub(super) fn one(path: impl Into<String>, origin: Option<Origin>, message: String) -> Self {
        Self(vec![Fault {
            path: path.into(),
            origin,
            message,
            hint: None,
            is_warning: false,
        }])
    }

    /// The first fault's advice.
    pub(super) fn hint(mut self, hint: Option<String>) -> Self {
        if let Some(fault) = self.0.first_mut() {
            fault.hint = hint;
        }
        self
    }

    /// Whether the registry cannot start with these.
    #[must_use]
    pub fn are_fatal(&self) -> bool {
        self.0.iter().any(|fault| !fault.is_warning)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}
