//! Copies out of a machine.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use lazaret_protocol::CopyRequest;
use lazaret_tar::{Copied, Error as TarError, Options, Unpacking, name_of, unpack};
use tokio::time::timeout;

use super::fault::{fault, incomplete};
use super::pipe::{Pieces, inward};
use super::reports::Reports;
use super::request::{CopyNews, CopyOut, CopySink, Outlet};
use crate::machines::{Ending, Event, Session};
use crate::{Error, Home, blocking};

const SIGKILL: u8 = 9;
/// Time for the unpacking to end when the user has ended the copy.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

impl Home {
    /// Copies files out of a machine that runs, until `stop` resolves. `sink` is told what happens.
    ///
    /// # Errors
    /// [`Error::MachineNotFound`], [`Error::MachineNotRunning`]; [`Error::MachineCopy`] for the
    /// machine's side, [`Error::Copy`] for this one; [`Error::CopyIncomplete`] around the cause
    /// when a part was written; [`Error::Interrupted`].
    pub async fn copy_out(
        &self,
        copy: CopyOut,
        sink: CopySink,
        stop: impl Future<Output = ()>,
    ) -> Result<Copied, Error> {
        let CopyOut {
            machine,
            path,
            to,
            follow,
            owners,
        } = copy;
        let request = CopyRequest::Pack {
            path: path.clone(),
            follow,
        };
        let (machine, session) = self.open_copy(&machine, request).await?;
        let (sender, pieces) = inward();
        let warnings = sink.clone();
        let working = tokio::spawn(blocking(move || match to {
            Outlet::Path(target) => files(pieces, &target, &path, owners, &warnings),
            Outlet::Archive(output) => archive(pieces, output).map_err(Error::Copy),
        }));
        let mut reports = Reports::new(&machine, sink.clone());
        let carried = {
            let carrying = carry(session, sender, &mut reports, &sink);
            tokio::select! {
                ended = carrying => ended,
                () = stop => Err(Error::Interrupted),
            }
        };
        // The archive has ended for it, wherever that was.
        let worked = match &carried {
            // Whoever reads its output may be stuck.
            Err(Error::Interrupted) => match timeout(ENDS_WITHIN, working).await {
                Ok(worked) => worked.unwrap_or(Err(Error::Interrupted)),
                Err(_) => Err(Error::Interrupted),
            },
            _ => working.await.unwrap_or(Err(Error::Interrupted)),
        };
        let failed = match carried {
            Ok(ending) => ending.and_then(|ending| fault(&machine, &ending, reports.failure())),
            Err(error) => Some(error),
        };
        match (failed, worked) {
            (None, Ok(copied)) => Ok(reports.copied().unwrap_or(copied)),
            (None, Err(error)) => Err(error),
            (Some(failed), Err(Error::Copy(TarError::Incomplete { path, .. }))) => {
                Err(incomplete(path, failed))
            }
            (Some(failed), _) => Err(failed),
        }
    }
}

/// Carries the archive until the session ends; `None` when nobody takes it any more.
async fn carry(
    session: Session,
    sender: tokio::sync::mpsc::Sender<Vec<u8>>,
    reports: &mut Reports,
    sink: &CopySink,
) -> Result<Option<Ending>, Error> {
    let Session {
        input,
        mut events,
        control,
    } = session;
    drop(input);
    loop {
        match events.next().await? {
            Event::Started => {}
            Event::Output(bytes) => {
                sink(CopyNews::Carried(bytes.len() as u64));
                if sender.send(bytes).await.is_err() {
                    control.signal(SIGKILL);
                    return Ok(None);
                }
            }
            Event::Errors(bytes) => reports.take(&bytes),
            Event::Ended(ending) => return Ok(Some(ending)),
        }
    }
}

/// Unpacks the archive. The name of what arrives is the one that the user gave, never the guest's.
fn files(
    pieces: Pieces,
    target: &Path,
    path: &str,
    owners: bool,
    sink: &CopySink,
) -> Result<Copied, Error> {
    let name = name_of(path.as_bytes()).map(<[u8]>::to_vec);
    let options = Options {
        owners,
        devices: false,
    };
    let warn = &mut |warning| sink(CopyNews::Warning(warning));
    unpack(pieces, target, &Unpacking::One(name), options, warn).map_err(Error::Copy)
}

/// Writes the archive as it is.
fn archive(mut pieces: Pieces, mut output: Box<dyn Write + Send>) -> Result<Copied, TarError> {
    let mut copy = || -> io::Result<()> {
        while let Some(piece) = pieces.next() {
            output.write_all(&piece)?;
        }
        output.flush()
    };
    let action = "write";
    copy().map_err(|source| TarError::Stream { action, source })?;
    Ok(Copied::default())
}
