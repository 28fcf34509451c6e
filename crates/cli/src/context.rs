//! The surroundings of a command.

use lazaret_supervisor::{Home, Settings};

use crate::failure::Failure;
use crate::printer::Printer;

/// What every command gets.
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) printer: Printer,
    /// The value of `--log`, for the command that starts its log itself.
    #[cfg(feature = "serve")]
    pub(crate) log: Option<String>,
    /// The whole command line, for completions.
    pub(crate) grammar: clap::Command,
}

impl Context {
    /// The user's stores, opened.
    pub(crate) fn home(&self) -> Result<Home, Failure> {
        Ok(Home::open(self.settings.clone())?)
    }
}
