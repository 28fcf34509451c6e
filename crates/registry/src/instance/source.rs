//! The source of an instance: its settings and its folder.

use std::path::{Path, PathBuf};

use crate::config::{Config, Document, Fault, Faults, Overrides, check};

/// A free port of this machine alone.
const FREE_LOOPBACK: &str = "127.0.0.1:0";

/// The source of settings.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// Flags and environment variables.
    pub overrides: Overrides,
    /// The folder of everything that is given no place of its own.
    pub root: Root,
}

/// The folder of an instance.
#[derive(Debug, Clone)]
pub enum Root {
    /// This folder, which stays, unless the settings name another.
    Lasting(PathBuf),
    /// A fresh folder below this one. It goes with the instance, or, when the process dies,
    /// with the next one made there. What is in it need not survive a loss of power.
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
    /// open to everybody.
    #[must_use]
    pub fn ephemeral(parent: &Path) -> Self {
        let mut overrides = Overrides::default();
        overrides.set("listen", FREE_LOOPBACK);
        Self {
            file: None,
            overrides,
            root: Root::Temporary(parent.to_owned()),
        }
    }

    /// Reads and checks the settings. Also returns what is only doubtful.
    ///
    /// # Errors
    /// Fails with everything that is wrong, and what is doubtful.
    pub fn read(&self) -> Result<(Config, Vec<Fault>), Faults> {
        let document = Document::load(self.file.as_deref(), &self.overrides)?;
        let config = document.config()?;
        let faults = Faults(check(&document, &config));
        if faults.are_fatal() {
            return Err(faults);
        }
        Ok((config, faults.0))
    }
}
