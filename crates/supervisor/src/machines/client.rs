//! A client of a machine's holder.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lazaret_egress::Answer;
use lazaret_protocol::{CopyRequest, Ending as Outcome, Process};
use lazaret_vm::Channel;
use tokio::net::UnixStream;

use super::life::Ending;
use super::order::Order;
use super::question::AnswerScope;
use super::session::{Event, Session};
use super::socket;
use crate::Error;

/// Time limit for a holder to greet. It is a process of this host that waits for clients.
const GREETS_WITHIN: Duration = Duration::from_secs(30);

/// A connection to the process that holds a machine.
#[derive(Debug, Clone)]
pub struct Holder {
    channel: Arc<Channel>,
}

impl Holder {
    /// Connects to the holder of the machine in a folder; `None` when there is none.
    pub(super) async fn connect(folder: &Path) -> Result<Option<Self>, Error> {
        match socket::connect(folder) {
            Ok(stream) => Self::over(stream).await.map(Some),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(Error::io("connect to the holder of", folder)(error)),
        }
    }

    /// A client over a connection.
    pub(super) async fn over(stream: std::os::unix::net::UnixStream) -> Result<Self, Error> {
        let stream = stream
            .set_nonblocking(true)
            .and_then(|()| UnixStream::from_std(stream));
        let stream = stream.map_err(|source| Error::Io {
            action: "use the connection to the holder".to_owned(),
            source,
        })?;
        let (_, channel) = Channel::connect(stream, GREETS_WITHIN).await?;
        Ok(Self {
            channel: Arc::new(channel),
        })
    }

    /// Joins the workload. With `output` its output comes over the session from its beginning, and
    /// waits for this process to read it; otherwise none comes, and the log has it. With `bound` the
    /// machine ends when this process does, until [`Holder::detach`].
    ///
    /// # Errors
    /// [`Error::Vm`] for too many sessions.
    pub fn attach(&self, output: bool, bound: bool) -> Result<Session, Error> {
        self.open(&Order::Attach { output, bound })
    }

    /// Leaves the machine to itself.
    ///
    /// # Errors
    /// When the holder has gone.
    pub async fn detach(&self) -> Result<(), Error> {
        self.open(&Order::Detach)?.done().await.map(drop)
    }

    /// Runs a command beside the workload.
    ///
    /// # Errors
    /// [`Error::Vm`] for too many sessions, or a command that is too long.
    pub fn exec(&self, process: Process, detached: bool) -> Result<Session, Error> {
        self.open(&Order::Exec { process, detached })
    }

    /// Copies files into or out of the machine, as archives over the session's streams.
    ///
    /// # Errors
    /// [`Error::Vm`] for too many sessions, or a path that is too long.
    pub(crate) fn copy(&self, request: CopyRequest) -> Result<Session, Error> {
        self.open(&Order::Copy(request))
    }

    /// Lists the processes of the machine.
    ///
    /// # Errors
    /// [`Error::Vm`] for too many sessions.
    pub(crate) fn processes(&self) -> Result<Session, Error> {
        self.open(&Order::Processes)
    }

    /// Has the machine hold writes to its scratch disk back while the session lasts.
    ///
    /// # Errors
    /// [`Error::Vm`] for too many sessions.
    pub(crate) fn freeze(&self) -> Result<Session, Error> {
        self.open(&Order::Freeze)
    }

    /// Gives an event after each change of the log, until the machine is over.
    ///
    /// # Errors
    /// [`Error::Vm`] for too many sessions.
    pub fn watch(&self) -> Result<Session, Error> {
        self.open(&Order::Watch)
    }

    /// Waits for the end of the machine; returns its ending.
    ///
    /// # Errors
    /// When the machine was lost.
    pub async fn wait(&self) -> Result<Ending, Error> {
        self.open(&Order::Wait)?.done().await
    }

    /// Asks the workload to end, kills it after some seconds, and waits for the machine's end.
    ///
    /// # Errors
    /// When the machine was lost.
    pub async fn stop(&self, signal: u8, seconds: u64) -> Result<Ending, Error> {
        self.open(&Order::Stop { signal, seconds })?.done().await
    }

    /// Sends a signal to the workload.
    ///
    /// # Errors
    /// When the holder has gone.
    pub async fn kill(&self, signal: u8) -> Result<(), Error> {
        self.open(&Order::Kill(signal))?.done().await.map(drop)
    }

    /// Ends the machine at once, and waits until it is gone.
    ///
    /// # Errors
    /// When the machine was lost.
    pub async fn end(&self) -> Result<Ending, Error> {
        self.open(&Order::End)?.done().await
    }

    /// Stops the processors.
    ///
    /// # Errors
    /// [`Error::Workload`] when the machine does not run.
    pub async fn pause(&self) -> Result<(), Error> {
        self.ask(&Order::Pause).await
    }

    /// Lets the processors of a paused machine go on.
    ///
    /// # Errors
    /// [`Error::Workload`] when the machine is not paused.
    pub async fn resume(&self) -> Result<(), Error> {
        self.ask(&Order::Resume).await
    }

    /// Saves memory, devices and disks of the machine into an empty folder. The machine stands still
    /// for a part of that time.
    ///
    /// # Errors
    /// [`Error::Workload`] when the machine does not run, or cannot be saved.
    pub(crate) async fn save(&self, folder: &Path) -> Result<(), Error> {
        let folder = std::path::absolute(folder).map_err(Error::io("find", folder))?;
        self.ask(&Order::Save { folder }).await
    }

    /// Gives the requests that wait for a person, as a JSON list of [`crate::Question`] in a line; with
    /// `follow` again after each change, until the machine is over.
    ///
    /// # Errors
    /// [`Error::Vm`] for too many sessions.
    pub fn questions(&self, follow: bool) -> Result<Session, Error> {
        self.open(&Order::Questions { follow })
    }

    /// Answers one of them.
    ///
    /// # Errors
    /// [`Error::Workload`] when it does not wait, or the machine has no network.
    pub async fn answer(
        &self,
        question: u64,
        answer: Answer,
        scope: AnswerScope,
    ) -> Result<(), Error> {
        let order = Order::Answer {
            question,
            answer,
            scope,
        };
        self.ask(&order).await
    }

    async fn ask(&self, order: &Order) -> Result<(), Error> {
        match self.open(order)?.done().await? {
            Ending::Failure(failure) => Err(Error::Workload {
                message: failure.message,
                kind: failure.kind,
            }),
            Ending::Exit(_) | Ending::Killed => Ok(()),
        }
    }

    fn open(&self, order: &Order) -> Result<Session, Error> {
        Session::open(self.channel.clone(), order)
    }
}

impl Session {
    /// Waits for the ending; what comes before it is dropped.
    async fn done(mut self) -> Result<Ending, Error> {
        loop {
            if let Event::Ended(ending) = self.events.next().await? {
                return Ok(ending);
            }
        }
    }
}

impl From<Outcome> for Ending {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Exit(outcome) => Self::Exit(outcome),
            Outcome::Failure(failure) => Self::Failure(failure),
        }
    }
}
