//! The process of a boundary, from its settings to its end.
//!
//! ```text
//! sockets taken over -> settings -> confined -> ready -> frames, connections, messages -> end
//! ```
//! It ends when the process that holds the machine does, or when QEMU has gone for good.

use std::io;
use std::net::TcpListener as StdListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::rc::Rc;

use lazaret_net::Roots;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::{LocalSet, spawn_local};

use crate::authority::{Authority, AuthorityError};
use crate::confine;
use crate::context::Context;
use crate::desk::Desk;
use crate::dial::HostDialer;
use crate::flow::converse;
use crate::link::{receive, send};
use crate::message::{FromBoundary, Settings, ToBoundary};
use crate::ports;
use crate::stack::{Incoming, Stack, StackError};

/// The most listening sockets that are handed over.
const MOST_PORTS: usize = 128;
/// The most names that are looked up at once.
const MOST_LOOKUPS: usize = 64;

/// Why a boundary has ended.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The holder is not understood, or a socket cannot be used.
    #[error("cannot {action}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// There is no stack.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The authority of the run cannot be used.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

fn failed(action: &'static str) -> impl FnOnce(io::Error) -> ServeError {
    move |source| ServeError::Io { action, source }
}

/// Serves one machine. `control` is the connection to the process that holds it, `frames` the socket
/// whose other end QEMU has. It takes the whole process, which must have one thread, and confines it.
///
/// # Errors
/// A [`ServeError`]; the end of the holder or of QEMU is none.
pub fn serve(control: OwnedFd, frames: OwnedFd) -> Result<(), ServeError> {
    let control = StdStream::from(control);
    let listeners = take_over(&control).map_err(failed("take sockets over"))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        // Each lookup of a name takes one, for as long as a name server lets it wait.
        .max_blocking_threads(MOST_LOOKUPS)
        .enable_all()
        .build()
        .map_err(failed("start the runtime"))?;
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        control
            .set_nonblocking(true)
            .map_err(failed("use the control socket"))?;
        let mut control =
            UnixStream::from_std(control).map_err(failed("use the control socket"))?;
        let settings: Option<Settings> = receive(&mut control)
            .await
            .map_err(failed("read the settings"))?;
        match settings {
            Some(settings) => machine(settings, control, frames, listeners).await,
            None => Ok(()),
        }
    })
}

async fn machine(
    settings: Settings,
    mut control: UnixStream,
    frames: OwnedFd,
    listeners: Vec<StdListener>,
) -> Result<(), ServeError> {
    let authority = settings
        .authority
        .as_ref()
        .map(Authority::from_pem)
        .transpose()?;
    // Without an authority no server is spoken to by this process itself.
    let roots = match authority {
        Some(_) => Roots::system(),
        None => Roots::none(),
    };
    let confinement = confine::enter();
    for missing in &confinement.missing {
        tracing::warn!(%missing, "the boundary is less confined");
    }
    let (sender, mut messages) = mpsc::unbounded_channel();
    let desk = Rc::new(Desk::of(&settings, sender));
    let stack = Rc::new(Stack::new(frames, &settings, desk.clone())?);
    let context = Rc::new(Context::new(
        desk.clone(),
        HostDialer::new(desk.clone()),
        authority,
        roots,
    ));
    let ports = listeners.into_iter().zip(settings.ports.iter().copied());
    let ports = ports.map(|(listener, guest)| Ok((TcpListener::from_std(listener)?, guest)));
    let ports = ports.collect::<io::Result<_>>();
    let ports = ports.map_err(failed("use a published port"))?;
    let published = ports::serve(stack.clone(), ports);
    send(&mut control, &FromBoundary::Ready)
        .await
        .map_err(failed("tell the holder"))?;
    let (incoming, mut outgoing) = control.split();
    let ended = tokio::select! {
        ended = stack.run() => ended.map_err(failed("read frames")),
        () = accept(&stack, &context) => Ok(()),
        ended = published => ended.map_err(failed("serve published ports")),
        () = hear(incoming, &desk) => Ok(()),
        () = say(&mut messages, &mut outgoing, &desk) => Ok(()),
    };
    // What was decided last is told, too.
    messages.close();
    say(&mut messages, &mut outgoing, &desk).await;
    ended
}

/// Serves the guest's connections, each as a task of its own.
async fn accept(stack: &Rc<Stack>, context: &Rc<Context<HostDialer>>) {
    loop {
        let Incoming {
            destination,
            stream,
        } = stack.accept().await;
        context.desk.room().await;
        spawn_local(converse(stream, destination, context.clone()));
    }
}

/// Takes what the holder says until it ends.
async fn hear(mut control: impl AsyncRead + Unpin, desk: &Desk) {
    while let Ok(Some(message)) = receive::<ToBoundary>(&mut control).await {
        desk.take(message);
    }
}

/// Tells the holder what there is to tell, until it ends.
async fn say(
    messages: &mut mpsc::UnboundedReceiver<FromBoundary>,
    control: &mut (impl AsyncWrite + Unpin),
    desk: &Desk,
) {
    while let Some(message) = messages.recv().await {
        if send(control, &message).await.is_err() {
            return;
        }
        desk.sent();
    }
}

/// Receives the listening sockets that come with the first byte.
fn take_over(control: &StdStream) -> io::Result<Vec<StdListener>> {
    let mut space =
        vec![std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_PORTS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let received = recvmsg(
        control,
        &mut [io::IoSliceMut::new(&mut byte)],
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    if received.bytes == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut listeners = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(sockets) = message {
            listeners.extend(sockets.map(StdListener::from));
        }
    }
    Ok(listeners)
}
