//! The source of an instance: its settings and its folder.

use std::path::{Path, PathBuf};

use lazaret_client::CredentialFiles;

use crate::config::{Config, Document, Fault, Faults, Overrides, check};

/// A free port on loopback.
const FREE_LOOPBACK: &str = "127.0.0.1:0";

/// The sources of an instance's settings, and its folder.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The path of the configuration file, if there is one.
    pub file: Option<PathBuf>,
    /// Values of flags and environment variables.
    pub overrides: Overrides,
    /// The folder of everything that has no configured place.
    pub root: Root,
    /// Where credentials for upstreams are looked up.
    pub credentials: CredentialFiles,
    /// The stages of mirrored requests that are done.
    pub stages: StageChoice,
    /// Whether it is a mirror alone, which takes no pushes.
    pub is_mirror: bool,
}

/// The stages that are done, by their numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StageChoice {
    /// All.
    #[default]
    All,
    /// Those from this number on.
    From(usize),
    /// The one with this number.
    Only(usize),
}

impl StageChoice {
    pub(super) fn keeps(self, number: usize) -> bool {
        match self {
            Self::All => true,
            Self::From(first) => number >= first,
            Self::Only(only) => number == only,
        }
    }
}

/// The folder of an instance.
#[derive(Debug, Clone)]
pub enum Root {
    /// A lasting folder, unless the settings name another one.
    Lasting(PathBuf),
    /// A new folder below this one. It is removed with the instance or, if the process dies, when
    /// the next one is made there. Its content need not survive a power loss.
    Temporary(PathBuf),
}

impl Default for Root {
    /// The working folder.
    fn default() -> Self {
        Self::Lasting(PathBuf::new())
    }
}

impl Source {
    /// The source of an ephemeral registry: empty, below `parent`, on a free port of loopback,
    /// without authentication.
    #[must_use]
    pub fn ephemeral(parent: &Path) -> Self {
        Self::ephemeral_at(parent, FREE_LOOPBACK)
    }

    /// The same on another address, such as `127.0.0.1:5000`.
    #[must_use]
    pub fn ephemeral_at(parent: &Path, address: &str) -> Self {
        let mut overrides = Overrides::default();
        overrides.set("listen", address);
        Self {
            file: None,
            overrides,
            root: Root::Temporary(parent.to_owned()),
            ..Self::default()
        }
    }

    /// Reads and checks the settings; returns them with the warnings.
    ///
    /// # Errors
    /// Fails with all faults and warnings.
    pub fn read(&self) -> Result<(Config, Vec<Fault>), Faults> {
        self.parse(&self.text()?)
    }

    /// The text of the configuration file; empty without a file.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub(super) fn text(&self) -> Result<String, Faults> {
        Document::text(self.file.as_deref())
    }

    /// Like [`Source::read`], with the text of the file.
    ///
    /// # Errors
    /// Fails with all faults and warnings.
    pub(super) fn parse(&self, text: &str) -> Result<(Config, Vec<Fault>), Faults> {
        let document = Document::parse(self.file.as_deref(), text, &self.overrides)?;
        let config = document.config()?;
        let faults = Faults(check(&document, &config));
        if faults.are_fatal() {
            return Err(faults);
        }
        Ok((config, faults.0))
    }
}
