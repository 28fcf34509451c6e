//! Prints results on standard output, and everything else on standard error.

use std::io::{self, Write};

use lazaret_values::Printable;
use serde::Serialize;

use crate::format::Format;
pub(crate) use crate::table::table;

/// Prints results and notes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    /// Whether notes and progress are left out.
    pub(crate) quiet: bool,
    /// How results and failures are printed.
    pub(crate) format: Format,
}

impl Printer {
    /// Prints a line or document on standard output; of an empty one nothing.
    ///
    /// # Errors
    /// Those of standard output, also for a closed pipe (which `main` treats as success).
    pub(crate) fn data(self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    /// Prints `value` as JSON, or as the text that `render` makes of it.
    ///
    /// # Errors
    /// Those of standard output.
    pub(crate) fn result<T: Serialize>(
        self,
        value: &T,
        render: impl FnOnce(&T) -> String,
    ) -> io::Result<()> {
        match self.format {
            Format::Text => {
                let text = render(value);
                self.data(&Printable::new(&text).lines().whole().to_string())
            }
            Format::Json | Format::Template(_) => self.json(value),
        }
    }

    /// Prints what a command made, as [`Printer::result`] does; when quiet, only its identifier.
    ///
    /// # Errors
    /// Those of standard output.
    pub(crate) fn made<T: Serialize>(
        self,
        value: &T,
        id: &str,
        render: impl FnOnce(&T) -> String,
    ) -> io::Result<()> {
        self.result(value, |value| match self.quiet {
            true => id.to_owned(),
            false => render(value),
        })
    }

    /// Prints `value` as JSON, or by the user's template.
    ///
    /// # Errors
    /// Those of standard output and of the template.
    pub(crate) fn json<T: Serialize>(self, value: &T) -> io::Result<()> {
        if let Format::Template(template) = self.format {
            let value = serde_json::to_value(value).map_err(io::Error::other)?;
            return self.data(&template.render(&value).map_err(io::Error::other)?);
        }
        self.data(&serde_json::to_string_pretty(value).map_err(io::Error::other)?)
    }

    /// Writes raw bytes to standard output and adds nothing.
    ///
    /// # Errors
    /// Those of standard output.
    pub(crate) fn raw(self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Prints a line for people on standard error, unless quiet.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            self.always(text);
        }
    }

    /// Prints a failure on standard error: lines for people, or one line of JSON.
    pub(crate) fn failure(self, message: &str, hint: Option<&str>, status: u8) {
        if self.format == Format::Json {
            let error = serde_json::json!({ "message": message, "hint": hint, "status": status });
            self.always(&serde_json::json!({ "error": error }).to_string());
            return;
        }
        self.always(&format!("error: {message}"));
        if let Some(hint) = hint {
            self.always(&format!("hint: {hint}"));
        }
    }

    /// Prints a warning on standard error, also when quiet.
    pub(crate) fn warning(self, text: &str) {
        self.always(&format!("warning: {text}"));
    }

    /// Prints a line on standard error, also when quiet.
    pub(crate) fn always(self, text: &str) {
        let line = format!("{}\n", Printable::new(text).lines().whole());
        // A failure cannot be reported anywhere.
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }

    /// Whether progress bars can be shown.
    pub(crate) fn interactive(self) -> bool {
        !self.quiet && self.format == Format::Text && crate::settings::is_lively()
    }
}

/// Formats a number of bytes for people, in powers of 1024.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut whole = count;
    let mut tenths = 0;
    while whole >= 1024 && unit + 1 < UNITS.len() {
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
        unit += 1;
    }
    if unit == 0 {
        format!("{whole} B")
    } else {
        format!("{whole}.{tenths} {}", UNITS[unit])
    }
}
