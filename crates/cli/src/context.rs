//! The context that every command gets.

use lazaret_supervisor::{Home, Settings};

use crate::failure::Failure;
use crate::printer::Printer;

/// The settings and the printer of a command.
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) printer: Printer,
    /// The value of `--log`, for the command that starts logging itself.
    #[cfg(feature = "serve")]
    pub(crate) log: Option<String>,
    /// The whole command line, for completions.
    pub(crate) grammar: clap::Command,
}

impl Context {
    /// Opens the user's stores.
    pub(crate) fn home(&self) -> Result<Home, Failure> {
        Ok(Home::open(self.settings.clone())?)
    }
}
