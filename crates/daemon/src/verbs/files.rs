//! Copies files into and out of machines, as tar archives.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use lazaret_supervisor::{CopyIn, CopyNews, CopyOut, Inlet, Outlet};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use crate::answer::{Answer, Outgoing, done, stream};
use crate::fault::Failure;
use crate::request::Query;
use crate::shared::Shared;

const ARCHIVE: &str = "application/x-tar";
/// Longest time that a client may be silent in the middle of an archive.
const STALL: Duration = Duration::from_secs(300);
/// Number of pieces of an archive that wait for the machine.
const PIECES: usize = 4;

/// `GET /v1/machines/{machine}/files`
pub(crate) async fn out(
    shared: &Shared,
    name: String,
    query: Option<&str>,
) -> Result<Answer, Failure> {
    let query = Query::read(query, &["path", "follow_link"])?;
    let (path, follow) = (query.text("path")?, query.flag("follow_link")?);
    let machine = shared.machine(&name).await?.spec.id;
    let (outgoing, answer) = stream(ARCHIVE);
    let (begun, beginning) = oneshot::channel();
    let copy = CopyOut {
        machine,
        path,
        to: Outlet::Archive(Box::new(Archive {
            outgoing: outgoing.clone(),
            begun: Some(begun),
        })),
        follow,
        owners: true,
    };
    let (shared, busy) = (shared.clone(), shared.activity.begin());
    let mut copying = tokio::spawn(async move {
        let stop = async {
            tokio::select! {
                () = shared.stop() => {}
                () = outgoing.gone() => {}
            }
        };
        let copied = shared.home.copy_out(copy, Arc::new(drop), stop).await;
        if copied.is_err() {
            // The client sees that the archive is not whole.
            let _late = tokio::time::timeout(STALL, outgoing.fail()).await;
        }
        drop(busy);
        copied
    });
    // A failure before the first byte is an answer of its own.
    tokio::select! {
        biased;
        Ok(()) = beginning => {}
        copied = &mut copying => {
            copied.unwrap_or(Err(lazaret_supervisor::Error::Interrupted))?;
        }
    }
    Ok(answer)
}

/// `PUT /v1/machines/{machine}/files`
pub(crate) async fn into(
    shared: &Shared,
    name: String,
    query: Option<&str>,
    mut body: Incoming,
) -> Result<Answer, Failure> {
    let query = Query::read(query, &["path", "archive"])?;
    let (path, owners) = (query.text("path")?, query.flag("archive")?);
    let machine = shared.machine(&name).await?.spec.id;
    let (sender, pieces) = mpsc::channel(PIECES);
    let copy = CopyIn {
        machine,
        path,
        from: Inlet::Archive(Box::new(Pieces {
            pieces,
            piece: Bytes::new(),
        })),
        follow: false,
        owners,
    };
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&warnings);
    let sink = move |news| {
        if let CopyNews::Warning(text) = news {
            noted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(text);
        }
    };
    let copying = shared.home.copy_in(copy, Arc::new(sink), shared.stop());
    tokio::pin!(copying);
    let feeding = feed(&mut body, sender);
    let copied = tokio::select! {
        copied = &mut copying => copied,
        () = feeding => copying.await,
    }?;
    let warnings = std::mem::take(&mut *warnings.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(done(
        &json!({ "files": copied.files, "bytes": copied.bytes, "warnings": warnings }),
    ))
}

/// Gives the pieces of a body to the copy. A body that breaks off is an error for it.
async fn feed(body: &mut Incoming, sender: mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let piece = match tokio::time::timeout(STALL, body.frame()).await {
            Ok(None) => return,
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(bytes) => Ok(bytes),
                Err(_trailers) => continue,
            },
            Ok(Some(Err(error))) => Err(io::Error::other(error)),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        let is_broken = piece.is_err();
        if sender.send(piece).await.is_err() || is_broken {
            return;
        }
    }
}

/// An archive that is read where threads may block.
struct Pieces {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// An archive that is written where threads may block.
struct Archive {
    outgoing: Outgoing,
    /// Told with the first byte.
    begun: Option<oneshot::Sender<()>>,
}

impl Write for Archive {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(begun) = self.begun.take() {
            let _gone = begun.send(());
        }
        match self.outgoing.send_blocking(bytes.to_vec()) {
            true => Ok(bytes.len()),
            false => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
