use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::IsTerminal as _;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lazaret_supervisor::{
    Copied, CopyError, CopyIn, CopyNews, CopyOut, CopySink, Error, Inlet, Outlet,
};

use crate::attach::Signals;
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;
use crate::printer::{Printer, bytes};
use crate::progress::Line;

/// Number of bytes after which the progress is shown again.
const STEP: u64 = 1 << 20;

/// Copy files between a running machine and this host
///
/// One side is MACHINE:PATH, the other one a path here, or `-` for a tar archive on standard input or
/// output. A file goes to a missing path under that name, replaces a file, or goes into a folder. A
/// folder goes to a missing path under that name or into a folder; with `/.` at the end of the source
/// only its content does. Paths in the machine are relative to `/`; a path here with a colon is
/// written `./a:b`.
#[derive(Debug, clap::Args)]
#[command(override_usage = "lazaret cp [OPTIONS] MACHINE:PATH PATH|-\n       \
                            lazaret cp [OPTIONS] PATH|- MACHINE:PATH")]
pub(crate) struct Args {
    /// Keep user and group ids, and the setuid and setgid bits
    #[arg(short, long)]
    archive: bool,
    /// Copy what a link leads to if the source is a link
    #[arg(short = 'L', long)]
    follow_link: bool,
    /// What to copy
    source: OsString,
    /// Where to
    target: OsString,
}

/// One side of a copy.
#[derive(Debug, PartialEq, Eq)]
enum Side {
    Machine { name: String, path: String },
    Host(PathBuf),
    Stream,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Failure> {
        let (source, target) = (Side::of(&self.source)?, Side::of(&self.target)?);
        let printer = context.printer;
        let home = context.home()?;
        let mut signals = Signals::install()?;
        let mut signal = None;
        let stop = async { signal = Some(signals.next_demand().await) };
        let line = Arc::new(Line::new(printer, "copying"));
        let sink = sink(printer, line.clone());
        let copied = match (source, target) {
            (Side::Machine { name, path }, target) => {
                let copy = CopyOut {
                    machine: name,
                    path,
                    to: target.outlet()?,
                    follow: self.follow_link,
                    owners: self.archive,
                };
                home.copy_out(copy, sink, stop).await
            }
            (source, Side::Machine { name, path }) => {
                let copy = CopyIn {
                    machine: name,
                    path,
                    from: source.inlet()?,
                    follow: self.follow_link,
                    owners: self.archive,
                };
                home.copy_in(copy, sink, stop).await
            }
            _ => return Err(sides("no side of the copy is a machine")),
        };
        line.clear();
        match (copied, signal) {
            (Ok(Copied { files, bytes: size }), _) => {
                let plural = if files == 1 { "" } else { "s" };
                printer.note(&format!("copied {files} file{plural}, {}", bytes(size)));
                Ok(exit::SUCCESS)
            }
            (Err(error), Some(number)) => {
                let status = number.saturating_add(128);
                printer.failure(&lazaret_values::Chain(&error).to_string(), None, status);
                Ok(status)
            }
            (Err(Error::Copy(CopyError::Stream { source, .. })), None)
                if source.kind() == std::io::ErrorKind::BrokenPipe =>
            {
                Err(source.into())
            }
            (Err(error), None) => Err(error.into()),
        }
    }
}

impl Side {
    /// Reads one side as `docker cp` does: what begins with `/` or `.` is of the host.
    fn of(text: &OsStr) -> Result<Self, Failure> {
        let raw = text.as_bytes();
        let colon = raw.iter().position(|byte| *byte == b':');
        let is_path = raw.starts_with(b"/") || raw.starts_with(b".");
        if raw == b"-" {
            return Ok(Self::Stream);
        }
        let Some(colon) = colon.filter(|colon| !is_path && *colon > 0) else {
            return match raw {
                b"" => Err(sides("a path is empty")),
                _ => Ok(Self::Host(text.into())),
            };
        };
        let (name, path) = (&raw[..colon], &raw[colon + 1..]);
        match (str::from_utf8(name), str::from_utf8(path)) {
            (_, Ok("")) => Err(sides("the path in the machine is empty")),
            (Ok(name), Ok(path)) => Ok(Self::Machine {
                name: name.to_owned(),
                path: path.to_owned(),
            }),
            _ => Err(Failure::usage("the path in the machine is not UTF-8")),
        }
    }

    /// This side as a target.
    fn outlet(self) -> Result<Outlet, Failure> {
        match self {
            Self::Host(path) => Ok(Outlet::Path(path)),
            Self::Stream if std::io::stdout().is_terminal() => Err(sides(
                "standard output is a terminal, which is no place for an archive",
            )),
            Self::Stream => {
                // Without the buffer for lines that the standard library gives it.
                let output = std::io::stdout().as_fd().try_clone_to_owned()?;
                Ok(Outlet::Archive(Box::new(File::from(output))))
            }
            Self::Machine { .. } => Err(sides("both sides of the copy are machines")),
        }
    }

    /// This side as a source.
    fn inlet(self) -> Result<Inlet, Failure> {
        match self {
            Self::Host(path) => Ok(Inlet::Path(path)),
            Self::Stream => Ok(Inlet::Archive(Box::new(std::io::stdin()))),
            Self::Machine { .. } => Err(sides("both sides of the copy are machines")),
        }
    }
}

/// The failure for sides that do not fit.
fn sides(message: &str) -> Failure {
    Failure::usage_with(
        message,
        "`lazaret cp MACHINE:PATH PATH` or `lazaret cp PATH MACHINE:PATH`; `./a:b` is a path here",
    )
}

/// Shows warnings and the progress.
fn sink(printer: Printer, line: Arc<Line>) -> CopySink {
    let carried = AtomicU64::new(0);
    Arc::new(move |news| match news {
        CopyNews::Warning(text) => line.aside(|| printer.warning(&text)),
        CopyNews::Carried(more) => {
            let before = carried.fetch_add(more, Ordering::Relaxed);
            if before / STEP != (before + more) / STEP {
                line.say(&format!("copying {}", bytes(before + more)));
            }
        }
    })
}

#[cfg(test)]
mod tests;
