//! Copies files into and out of machines that run.
//!
//! ```text
//! into     host: pack   == archive ==> input   guest: unpack
//! out of   guest: pack  == output ==>  archive host: unpack
//! ```
//! Both ends are `lazaret-tar`. The guest is not trusted: what it sends is unpacked beneath the
//! target only, its reports are bounded, and names that it chooses are used only inside a folder
//! that the user has named.

mod into;
mod out;
mod pipe;
mod reports;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use lazaret_protocol::CopyRequest;
use lazaret_tar::Class;

use crate::machines::{Ending, Session};
use crate::{Error, Home};

/// Something that happens during a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyNews {
    /// This number of further bytes of the archive was carried.
    Carried(u64),
    /// Something is left out, or is not as it was.
    Warning(String),
}

/// The receiver of what happens during a copy.
pub type CopySink = Arc<dyn Fn(CopyNews) + Send + Sync>;

/// Where the files that go into a machine come from.
pub enum Inlet {
    /// A path of the host. With `/.` at its end it stands for the content of a folder.
    Path(PathBuf),
    /// A tar archive, which is unpacked into a folder as it is.
    Archive(Box<dyn Read + Send>),
}

/// Where the files that come out of a machine go.
pub enum Outlet {
    /// A path of the host.
    Path(PathBuf),
    /// A tar archive.
    Archive(Box<dyn Write + Send>),
}

/// A copy into a machine.
pub struct CopyIn {
    /// Name or id of the machine.
    pub machine: String,
    /// The target in the machine, relative to `/`.
    pub path: String,
    /// The source.
    pub from: Inlet,
    /// Whether a link that is the source is followed.
    pub follow: bool,
    /// Whether owners are kept. Otherwise everything belongs to root.
    pub owners: bool,
}

/// A copy out of a machine.
pub struct CopyOut {
    /// Name or id of the machine.
    pub machine: String,
    /// The source in the machine, relative to `/`. With `/.` at its end it stands for the content of
    /// a folder.
    pub path: String,
    /// The target.
    pub to: Outlet,
    /// Whether a link that is the source is followed.
    pub follow: bool,
    /// Whether owners are kept where that is permitted. Otherwise everything belongs to the caller.
    pub owners: bool,
}

impl Home {
    /// Opens a session of a machine that copies; returns it with the machine's name.
    async fn open_copy(
        &self,
        machine: &str,
        request: CopyRequest,
    ) -> Result<(String, Session), Error> {
        let found = self.machine(machine)?;
        let holder = self.holder(&found).await?;
        Ok((found.spec.name, holder.copy(request)?))
    }
}

/// Why the guest has not done what it was asked, if it has not; `told` is its own message.
fn fault(machine: &str, ending: &Ending, told: Option<Error>) -> Option<Error> {
    let said = |message: String, class| {
        Some(Error::MachineCopy {
            machine: machine.to_owned(),
            message,
            class,
        })
    };
    match (ending, told) {
        (_, Some(error)) => Some(error),
        (Ending::Exit(outcome), None) => match outcome.exit_status() {
            0 => None,
            status => said(
                format!("the copy ended with status {status}"),
                Class::Storage,
            ),
        },
        // It is paused, or of an earlier release.
        (Ending::Failure(failure), None) => said(failure.message.clone(), Class::Conflict),
        (Ending::Killed, None) => said("it ended".to_owned(), Class::Storage),
    }
}

/// Adds to the cause of a failure what it leaves incomplete.
fn incomplete(path: String, source: Error) -> Error {
    Error::CopyIncomplete {
        path,
        source: Box::new(source),
    }
}
