//! What the workload of a machine has written.

use lazaret_supervisor::time::moment;
use lazaret_supervisor::{Error, Event, FoundMachine, LogLines, LogPart, LogStream, Session};

use crate::answer::{Answer, Outgoing, stream, whole};
use crate::fault::Failure;
use crate::request::Query;
use crate::shared::{Shared, blocking};
use crate::streams::{CONTENT_TYPE, Frame, frame};

/// Number of bytes of a log that are read at a time.
const READ_BYTES: usize = 256 * 1024;
const TEXT: &str = "text/plain; charset=utf-8";

/// `GET /v1/machines/{machine}/logs`
pub(crate) async fn logs(
    shared: &Shared,
    name: &str,
    query: Option<&str>,
) -> Result<Answer, Failure> {
    let known = [
        "follow",
        "since",
        "until",
        "tail",
        "timestamps",
        "plain",
        "console",
    ];
    let query = Query::read(query, &known)?;
    let part = LogPart {
        since: query.one("since", moment)?,
        until: query.one("until", moment)?,
        tail: query.one("tail", str::parse)?,
        timestamps: query.flag("timestamps")?,
    };
    let (follow, plain) = (query.flag("follow")?, query.flag("plain")?);
    let console = query.flag("console")?;
    let found = shared.machine(name).await?;
    if console {
        let text = shared
            .look(move |home| home.machine_console(&found))
            .await?;
        return Ok(whole(text.into(), TEXT));
    }
    let (outgoing, answer) = stream(if plain { TEXT } else { CONTENT_TYPE });
    let following = Following::new(shared, &found, part, follow).await?;
    let shared = shared.clone();
    tokio::spawn(async move {
        let ended = tokio::select! {
            ended = following.show(&outgoing, plain) => ended,
            () = outgoing.gone() => return,
            () = shared.stop() => return,
        };
        if let Err(error) = ended {
            tracing::warn!(%error, "log not read");
            outgoing.fail().await;
        }
    });
    Ok(answer)
}

/// A log that is shown, and the notes that it has grown.
pub(super) struct Following {
    lines: LogLines,
    changes: Option<Session>,
}

impl Following {
    /// Opens a part of a log; with `follow` it goes on until the machine ends.
    pub(super) async fn new(
        shared: &Shared,
        found: &FoundMachine,
        part: LogPart,
        follow: bool,
    ) -> Result<Self, Error> {
        // Joined before the log is read, so that nothing is missed.
        let changes = match follow && found.state.life.is_held() {
            true => match shared.home.holder(found).await {
                Ok(holder) => Some(holder.watch()?),
                Err(_) => None,
            },
            false => None,
        };
        let found = found.clone();
        let lines = shared
            .look(move |home| home.machine_log_part(&found, part))
            .await?;
        Ok(Self { lines, changes })
    }

    /// Shows the log to its end. A client that does not read delays nobody: the log is on the disk.
    pub(super) async fn show(mut self, outgoing: &Outgoing, plain: bool) -> Result<(), Error> {
        loop {
            loop {
                let (lines, pieces) = read(self.lines).await?;
                self.lines = lines;
                if pieces.is_empty() {
                    break;
                }
                for (stream, text) in pieces {
                    let kind = match stream {
                        LogStream::Output => Frame::Output,
                        LogStream::Errors => Frame::Errors,
                    };
                    let piece = if plain { text } else { frame(kind, &text) };
                    if !outgoing.send(piece).await {
                        return Ok(());
                    }
                }
            }
            let Some(changes) = self.changes.as_mut().filter(|_| !self.lines.is_over()) else {
                return Ok(());
            };
            match changes.events.next().await {
                Ok(Event::Ended(_)) | Err(_) => self.changes = None,
                Ok(_) => {}
            }
        }
    }
}

/// Reads some of the pieces that are there.
async fn read(mut lines: LogLines) -> Result<(LogLines, Vec<(LogStream, Vec<u8>)>), Error> {
    let reading = blocking(move || {
        let (mut pieces, mut size) = (Vec::new(), 0);
        while size < READ_BYTES
            && let Some((stream, text)) = lines.next_piece()?
        {
            size += text.len().max(1);
            if !text.is_empty() {
                pieces.push((stream, text));
            }
        }
        Ok((lines, pieces))
    });
    reading.await
}
