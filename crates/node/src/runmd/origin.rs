//! Where a statement stands.

use std::fmt;

/// A file of the original mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum File {
    /// `mirror.runmd`, which says what is served.
    Mirror,
    /// `.runmd` in the same folder, which says how.
    Operations,
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mirror => "mirror.runmd",
            Self::Operations => ".runmd",
        })
    }
}

/// A line of a file of the original mirror. Displays as ``mirror.runmd:7 `+ .proxy localhost:8578` ``.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The file.
    pub file: File,
    /// The line, from 1.
    pub line: usize,
    /// What stands there, without white space around it; printable, and cut after 160 characters.
    pub text: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} `{}`", self.file, self.line, self.text)
    }
}
