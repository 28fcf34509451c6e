//! The process of the boundary, and what is said to it.

use std::ffi::OsString;
use std::fs::File;
use std::io::IoSlice;
use std::net::TcpListener;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use lazaret_egress::{FromBoundary, Settings, ToBoundary};
use lazaret_values::Chain;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
    sendmsg, socketpair,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::process::Child;
use tokio::sync::mpsc;
use tokio::time::{interval, sleep, timeout};

use super::shared::Shared;
use crate::machines::spawn::leave_terminal;
use crate::{Error, NetworkError};

/// File for what a boundary has to say about its own failures.
const LOG: &str = "network.log";
/// Longest time for a boundary to answer frames.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// How often the file of the policy is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// Pause before another boundary is started.
const PAUSE: Duration = Duration::from_millis(200);
/// The most boundaries of one run; a guest that ends each is left without a network.
const MOST: u32 = 16;

/// The command that serves a boundary.
#[derive(Debug, Clone)]
pub(in crate::machines) struct BoundaryCommand {
    /// The program and its arguments.
    pub(in crate::machines) words: Vec<OsString>,
    /// Its environment: the variables that say which authorities this host trusts.
    pub(in crate::machines) trust: Vec<(&'static str, OsString)>,
}

/// Everything to start a boundary with, again and again.
pub(in crate::machines) struct Boundary {
    pub(super) command: BoundaryCommand,
    pub(super) folder: PathBuf,
    pub(super) settings: Settings,
    pub(super) frames: OwnedFd,
    pub(super) listeners: Vec<TcpListener>,
    pub(super) shared: Arc<Shared>,
}

/// A boundary that answers frames. It ends when this value is dropped.
pub(super) struct Running {
    /// Killed when it is dropped.
    _process: Child,
    control: UnixStream,
}

/// The two ends of a socket for frames, one a message: ours, and QEMU's.
pub(super) fn frames() -> Result<(OwnedFd, OwnedFd), Error> {
    let kind = SocketType::SEQPACKET;
    socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None).map_err(|error| Error::Io {
        action: "make a socket for the network".to_owned(),
        source: error.into(),
    })
}

impl Boundary {
    /// Starts a boundary, and waits until it answers frames.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be started, [`NetworkError::Boundary`] when it does not answer.
    pub(super) async fn start(&self) -> Result<Running, Error> {
        let failed = |source| Error::Io {
            action: "start the network of the machine".to_owned(),
            source,
        };
        let [program, arguments @ ..] = &self.command.words[..] else {
            return Err(failed(std::io::ErrorKind::NotFound.into()));
        };
        let (ours, theirs) = StdStream::pair().map_err(failed)?;
        let path = self.folder.join(LOG);
        let log = File::options().create(true).append(true).open(&path);
        let log = log.map_err(Error::io("open", &path))?;
        let frames = self.frames.try_clone().map_err(failed)?;
        let mut process = tokio::process::Command::new(program);
        process
            .args(arguments)
            .env_clear()
            .envs(self.command.trust.iter().cloned())
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(frames))
            .stderr(Stdio::from(log))
            .kill_on_drop(true);
        leave_terminal(&mut process);
        let child = process.spawn().map_err(failed)?;
        drop(process);
        self.hand_over(&ours).map_err(failed)?;
        ours.set_nonblocking(true).map_err(failed)?;
        let mut running = Running {
            _process: child,
            control: UnixStream::from_std(ours).map_err(failed)?,
        };
        if let Err(error) = self.shared.rules.follow() {
            tracing::warn!(error = %Chain(&error), "the policy stays as it was");
        }
        let mut settings = self.settings.clone();
        settings.documents = self.shared.rules.documents();
        let greeting = async {
            lazaret_egress::send(&mut running.control, &settings).await?;
            lazaret_egress::receive::<FromBoundary>(&mut running.control).await
        };
        let reason = match timeout(READY_WITHIN, greeting).await {
            Ok(Ok(Some(FromBoundary::Ready))) => return Ok(running),
            Ok(Ok(_)) => "it ended".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it did not answer within {} s", READY_WITHIN.as_secs()),
        };
        let log = self.folder.join(LOG);
        Err(NetworkError::Boundary { reason, log }.into())
    }

    /// Serves a boundary, and those that follow when it ends.
    pub(super) async fn serve(self, first: Running) {
        let mut running = Some(first);
        for _ in 0..MOST {
            let Some(boundary) = running.take() else {
                return;
            };
            self.carry(boundary).await;
            if self.shared.is_ending() {
                return;
            }
            tracing::warn!("the network has ended and is started again");
            sleep(PAUSE).await;
            running = match self.start().await {
                Ok(boundary) => Some(boundary),
                Err(error) => {
                    tracing::error!(error = %Chain(&error), "the machine has no network any more");
                    None
                }
            };
        }
    }

    /// Carries messages until the boundary ends.
    async fn carry(&self, mut running: Running) {
        let (sender, messages) = mpsc::unbounded_channel();
        self.shared.questions.attach(sender);
        let (incoming, outgoing) = running.control.split();
        tokio::select! {
            () = self.hear(incoming) => {}
            () = say(messages, outgoing) => {}
            () = self.follow() => {}
        }
        self.shared.questions.clear();
    }

    async fn hear(&self, mut control: impl AsyncRead + Unpin) {
        loop {
            match lazaret_egress::receive::<FromBoundary>(&mut control).await {
                Ok(Some(message)) => self.take(message),
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(%error, "the boundary is not understood");
                    return;
                }
            }
        }
    }

    fn take(&self, message: FromBoundary) {
        match message {
            FromBoundary::Ready => {}
            FromBoundary::Decision(record) => self.shared.record(record),
            FromBoundary::Ask(asked) => self.shared.ask(asked),
            FromBoundary::AskOver { ask } => self.shared.questions.remove(ask),
            FromBoundary::Credential {
                request,
                integration,
                name,
                host,
            } => {
                let shared = self.shared.clone();
                tokio::spawn(async move {
                    let answer = shared.credential(&integration, &name, &host).await;
                    shared
                        .questions
                        .send(ToBoundary::Credential { request, answer });
                });
            }
        }
    }

    /// Has the boundary know of changes of the policy.
    async fn follow(&self) {
        let mut ticks = interval(LOOK);
        loop {
            ticks.tick().await;
            match self.shared.rules.follow() {
                Ok(false) => {}
                Ok(true) => self.shared.tell_rules(),
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "the policy stays as it was");
                }
            }
        }
    }

    /// Hands the listening sockets over, with one byte.
    fn hand_over(&self, control: &StdStream) -> std::io::Result<()> {
        let sockets: Vec<_> = self.listeners.iter().map(|socket| socket.as_fd()).collect();
        let mut space =
            vec![std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(sockets.len()))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !sockets.is_empty() {
            ancillary.push(SendAncillaryMessage::ScmRights(&sockets));
        }
        sendmsg(
            control,
            &[IoSlice::new(&[0])],
            &mut ancillary,
            SendFlags::empty(),
        )?;
        Ok(())
    }
}

/// Sends messages to the boundary until that has gone.
async fn say(
    mut messages: mpsc::UnboundedReceiver<ToBoundary>,
    mut control: impl AsyncWrite + Unpin,
) {
    while let Some(message) = messages.recv().await {
        if lazaret_egress::send(&mut control, &message).await.is_err() {
            return;
        }
    }
}
