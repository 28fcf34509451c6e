//! The command line of a program that is a pack: its arguments are the workload's.
//!
//! ```text
//! ./FILE ARGS...               lazaret pack run --rm -i [-t] FILE -- ARGS...
//! ./FILE --lazaret WORDS...    lazaret WORDS...
//! ```

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::failure::Failure;
use crate::format::Format;
use crate::printer::Printer;
use crate::{exit, report, settings};

/// The words of the command line, the program's name first.
///
/// # Errors
/// When this program was that of a pack, and the rest is missing or damaged.
pub(crate) fn arguments() -> Result<Vec<OsString>, Failure> {
    let mut words = settings::words();
    if !lazaret_supervisor::is_program_of_pack() {
        return Ok(words);
    }
    if words.get(1).is_some_and(|word| word == settings::OWN_WORDS) {
        words.remove(1);
        return Ok(words);
    }
    let path = own_path();
    lazaret_supervisor::own_pack(&path)?;
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let mut run: Vec<OsString> = ["lazaret", "pack", "run", "--rm", "--interactive"]
        .map(OsString::from)
        .to_vec();
    run.extend(is_terminal.then(|| "--tty".into()));
    run.extend([path.into_os_string(), "--".into()]);
    run.extend(words.into_iter().skip(1));
    Ok(run)
}

/// Tells why a pack cannot be one.
pub(crate) fn refuse(failure: &Failure) -> ExitCode {
    let printer = Printer {
        quiet: false,
        format: Format::Text,
    };
    ExitCode::from(report::report(failure, printer, Some(exit::MACHINE)))
}

/// Where this program is.
fn own_path() -> PathBuf {
    std::fs::read_link("/proc/self/exe").unwrap_or_else(|_| "/proc/self/exe".into())
}
