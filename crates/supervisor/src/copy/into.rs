//! Copies into a machine.

use std::io::{self, Read, Write as _};

use lazaret_protocol::CopyRequest;
use lazaret_tar::{Copied, Error as TarError, Source, pack};
use tokio::sync::mpsc;

use super::fault::{fault, incomplete};
use super::pipe::{Gathered, outward};
use super::reports::Reports;
use super::request::{CopyIn, CopyNews, CopySink, Inlet};
use crate::machines::{Ending, Event, Events, Input, Session};
use crate::{Error, Home, blocking};

/// Number of bytes of an archive that are read at a time.
const PIECE_BYTES: usize = 64 * 1024;

impl Home {
    /// Copies files into a machine that runs, until `stop` resolves. `sink` is told what happens.
    ///
    /// # Errors
    /// As [`Home::copy_out`].
    pub async fn copy_in(
        &self,
        copy: CopyIn,
        sink: CopySink,
        stop: impl Future<Output = ()>,
    ) -> Result<Copied, Error> {
        let CopyIn {
            machine,
            path,
            from,
            follow,
            owners,
        } = copy;
        let foreign = matches!(from, Inlet::Archive(_));
        let work = work(from, follow, sink.clone()).await?;
        let request = CopyRequest::Unpack {
            path: path.clone(),
            foreign,
            owners,
        };
        let (machine, session) = self.open_copy(&machine, request).await?;
        let Session {
            input,
            mut events,
            control: _control,
        } = session;
        let (output, pieces) = outward();
        let working = tokio::spawn(blocking(move || work(output).map_err(Error::Copy)));
        let mut reports = Reports::new(&machine, sink.clone());
        let mut has_sent = false;
        let ended = {
            let feeding = feed(input, pieces, working, &sink, &mut has_sent);
            let listening = listen(&mut events, &mut reports);
            tokio::pin!(feeding, listening, stop);
            tokio::select! {
                biased;
                ending = &mut listening => ending,
                failed = &mut feeding => match failed {
                    // The guest has the whole archive.
                    Ok(()) => tokio::select! {
                        ending = listening => ending,
                        () = stop => Err(Error::Interrupted),
                    },
                    Err(error) => Err(error),
                },
                () = &mut stop => Err(Error::Interrupted),
            }
        };
        let failed = match ended {
            // Its own message says what is incomplete.
            Ok(ending) => match fault(&machine, &ending, reports.failure()) {
                Some(failed) => return Err(failed),
                None => return Ok(reports.copied().unwrap_or_default()),
            },
            Err(error) => error,
        };
        Err(match has_sent {
            true => incomplete(format!("{machine}:{path}"), failed),
            false => failed,
        })
    }
}

/// The work that writes the archive. A source that does not exist is an error before the machine is
/// asked.
async fn work(
    from: Inlet,
    follow: bool,
    sink: CopySink,
) -> Result<Box<dyn FnOnce(Gathered) -> Result<(), TarError> + Send>, Error> {
    match from {
        Inlet::Path(path) => {
            let source = blocking(move || Source::find(&path, follow).map_err(Error::Copy)).await?;
            Ok(Box::new(move |output| {
                let warn = &mut |warning| sink(CopyNews::Warning(warning));
                pack(&source, output, warn).map(drop)
            }))
        }
        Inlet::Archive(input) => Ok(Box::new(move |output| {
            archive(input, output).map_err(|source| TarError::Stream {
                action: "read",
                source,
            })
        })),
    }
}

/// Gives the archive to the guest. When it cannot be made as a whole, its end is missing.
async fn feed(
    mut input: Input,
    mut pieces: mpsc::Receiver<Vec<u8>>,
    working: tokio::task::JoinHandle<Result<(), Error>>,
    sink: &CopySink,
    has_sent: &mut bool,
) -> Result<(), Error> {
    while let Some(bytes) = pieces.recv().await {
        *has_sent = true;
        if !input.write(&bytes).await {
            // The session has ended, and says why.
            return Ok(());
        }
        sink(CopyNews::Carried(bytes.len() as u64));
    }
    working.await.unwrap_or(Err(Error::Interrupted))
}

/// Listens to the guest until the session ends.
async fn listen(events: &mut Events, reports: &mut Reports) -> Result<Ending, Error> {
    loop {
        match events.next().await? {
            Event::Started | Event::Output(_) => {}
            Event::Errors(bytes) => reports.take(&bytes),
            Event::Ended(ending) => return Ok(ending),
        }
    }
}

/// Passes an archive on as it is.
fn archive(mut input: Box<dyn Read + Send>, mut output: Gathered) -> io::Result<()> {
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return output.flush(),
            Ok(read) => output.write_all(&buffer[..read])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
