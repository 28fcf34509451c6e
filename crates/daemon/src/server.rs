//! Accepts connections until the daemon is to end, or is idle for long enough.

use std::sync::Arc;
use std::time::Duration;

use lazaret_supervisor::{Home, JailMode};
use tokio::net::UnixListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::activity::Activity;
use crate::connection;
use crate::error::Error;
use crate::fault::Explain;
use crate::shared::Shared;
use crate::socket::Socket;

/// Most connections at a time.
const CONNECTIONS: usize = 128;
/// Pause after a failure to accept a connection, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Time for requests to finish when the daemon is to end.
const DRAIN: Duration = Duration::from_secs(10);

/// What a daemon is made of.
pub struct Options {
    /// The user's stores.
    pub home: Home,
    /// Explains errors.
    pub explain: Explain,
    /// The version of the program.
    pub version: &'static str,
    /// How machines are jailed that do not say it.
    pub jail: JailMode,
    /// Time without a request after which it ends.
    pub idle_exit: Option<Duration>,
}

/// A daemon that listens.
pub struct Daemon {
    socket: Socket,
    listener: UnixListener,
    options: Options,
}

impl Daemon {
    /// A daemon on a socket.
    ///
    /// # Errors
    /// [`Error::Io`] when the runtime cannot use the socket.
    pub fn new(socket: Socket, options: Options) -> Result<Self, Error> {
        let listener = socket.listener().and_then(UnixListener::from_std);
        let listener = listener.map_err(|source| Error::Io {
            action: "listen on",
            path: socket.address().into(),
            source,
        })?;
        Ok(Self {
            socket,
            listener,
            options,
        })
    }

    /// Serves until `stop` resolves or nobody has asked for anything for long enough, and finishes the
    /// requests under way. What would go on for ever, such as logs that are followed, is ended.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let Self {
            socket,
            listener,
            options,
        } = self;
        let (stopping, receiver) = watch::channel(false);
        let activity = Activity::new();
        let shared = Shared {
            home: Arc::new(options.home),
            explain: options.explain,
            version: options.version,
            jail: options.jail,
            activity: activity.clone(),
            stopping: receiver,
        };
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        let idle = activity.idle(options.idle_exit);
        tokio::pin!(stop, idle);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                () = &mut idle => break,
                Some(_) = connections.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                connection::refuse(&stream);
                continue;
            };
            let connection = connection::serve(stream, shared.clone());
            connections.spawn(async move {
                connection.await;
                drop(place);
            });
        }
        // Nobody finds it any more, and the next daemon may begin.
        drop((listener, socket));
        let _nobody_waits = stopping.send(true);
        let over = async {
            while connections.join_next().await.is_some() {}
            activity.idle(Some(Duration::ZERO)).await;
        };
        if tokio::time::timeout(DRAIN, over).await.is_err() {
            tracing::warn!("requests were still under way at the end");
        }
        connections.shutdown().await;
    }
}
