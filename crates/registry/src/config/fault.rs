//! Faults of settings, with their places.

use std::fmt;

use super::position::Origin;

/// A fault of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The setting: `storage.s3.url`, `rules[0].quota`; empty for the whole file.
    pub path: String,
    /// The origin of its value, if a value was given.
    pub origin: Option<Origin>,
    /// The message, in one line.
    pub message: String,
    /// The advice.
    pub hint: Option<String>,
    /// Whether the registry can start in spite of the fault.
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

/// All faults that were found.
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

    /// Sets the advice of the first fault.
    pub(super) fn hint(mut self, hint: Option<String>) -> Self {
        if let Some(fault) = self.0.first_mut() {
            fault.hint = hint;
        }
        self
    }

    /// Whether any fault keeps the registry from starting.
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
