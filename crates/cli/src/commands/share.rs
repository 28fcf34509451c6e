use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use lazaret_supervisor::{Error, SharedFolder, serve_folders};

use crate::failure::Failure;

/// Serve folders to a machine. The process that holds the machine starts this command; standard input is
/// the stream of requests.
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(crate) struct Args {
    /// The folders and files: `ro:PATH` or `rw:PATH`
    folders: Vec<OsString>,
    /// Not without every wall
    #[arg(long)]
    strictly: bool,
}

impl Args {
    /// Serves until the machine ends. There must be no other thread: it would not be confined.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let stream = rustix::stdio::stdin().try_clone_to_owned();
        let stream = stream.map_err(|error| Failure::io("use what it was started with", error))?;
        // From here on the stream is open only once, and ends with it.
        let nothing = std::fs::File::open("/dev/null");
        let nothing = nothing.map_err(|error| Failure::io("open /dev/null", error))?;
        rustix::stdio::dup2_stdin(&nothing)
            .map_err(|error| Failure::io("let go of what it was started with", error.into()))?;
        let folders: Vec<_> = self.folders.iter().map(|text| folder(text)).collect();
        serve_folders(stream, &folders, self.strictly).map_err(|error| Error::from(error).into())
    }
}

fn folder(text: &OsStr) -> SharedFolder {
    let bytes = text.as_bytes();
    let (read_only, path) = match bytes.strip_prefix(b"rw:") {
        Some(path) => (false, path),
        None => (true, bytes.strip_prefix(b"ro:").unwrap_or(bytes)),
    };
    SharedFolder {
        path: PathBuf::from(OsString::from_vec(path.to_vec())),
        read_only,
    }
}
