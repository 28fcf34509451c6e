//! Copies files between an archive on the standard streams and the root in which this process runs.
//!
//! It is a process of its own, so that PID 1 never waits for a disk, and what a session has for
//! commands holds here as well: windows, signals, an exit status. Standard error has reports, one
//! line of JSON each.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;
use std::process::ExitCode;

use lazaret_protocol::{CopyFault, CopyReport, CopyRequest};
use lazaret_tar::{Class, Copied, Error, Options, Source, Unpacking, pack, unpack};
use lazaret_values::Chain;

/// Size in bytes of the buffers of the streams: that of a pipe.
const BUFFER_BYTES: usize = 64 * 1024;

/// Does what the request says.
pub(crate) fn run(request: &str) -> ExitCode {
    let copied = match serde_json::from_str(request) {
        Ok(request) => copy(&request),
        Err(error) => {
            return fail(
                CopyFault::Invalid,
                &format!("the request is not understood: {error}"),
            );
        }
    };
    match copied {
        Ok(Copied { files, bytes }) => {
            report(&CopyReport::Done { files, bytes });
            ExitCode::SUCCESS
        }
        Err(error) => fail(fault(error.class()), &Chain(&error).to_string()),
    }
}

fn copy(request: &CopyRequest) -> Result<Copied, Error> {
    let root = Path::new("/");
    let warn = &mut |warning| report(&CopyReport::Warning(warning));
    match request {
        CopyRequest::Pack { path, follow } => {
            let source = Source::find(&root.join(path), *follow)?;
            let output = BufWriter::with_capacity(BUFFER_BYTES, stream(std::io::stdout().as_fd())?);
            pack(&source, output, warn)
        }
        CopyRequest::Unpack {
            path,
            foreign,
            owners,
        } => {
            let input = BufReader::with_capacity(BUFFER_BYTES, stream(std::io::stdin().as_fd())?);
            let what = match foreign {
                true => Unpacking::Archive,
                false => Unpacking::One(None),
            };
            let options = Options {
                owners: *owners,
                devices: true,
            };
            unpack(input, &root.join(path), &what, options, warn)
        }
    }
}

/// A standard stream without the buffer that the standard library gives it.
fn stream(stream: BorrowedFd<'_>) -> Result<File, Error> {
    let copy = stream.try_clone_to_owned();
    copy.map(File::from).map_err(|source| Error::Stream {
        action: "open",
        source,
    })
}

fn fail(fault: CopyFault, message: &str) -> ExitCode {
    let message = message.to_owned();
    report(&CopyReport::Failed { fault, message });
    ExitCode::FAILURE
}

fn fault(class: Class) -> CopyFault {
    match class {
        Class::NotFound => CopyFault::NotFound,
        Class::Conflict => CopyFault::Conflict,
        Class::Invalid => CopyFault::Invalid,
        Class::Storage => CopyFault::Storage,
    }
}

fn report(report: &CopyReport) {
    let Ok(mut line) = serde_json::to_vec(report) else {
        return;
    };
    line.push(b'\n');
    let mut rest = line.as_slice();
    while !rest.is_empty() {
        match rustix::io::write(rustix::stdio::stderr(), rest) {
            Ok(written @ 1..) => rest = rest.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            // Nobody listens.
            Ok(0) | Err(_) => return,
        }
    }
}
