//! Waits for signals that end this process or make it read its configuration again.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
#[cfg(feature = "serve")]
use tokio::sync::mpsc;

/// Resolves at the first SIGINT or SIGTERM.
///
/// # Errors
/// When the handlers cannot be installed.
pub(crate) fn shutdown() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// One message for each SIGHUP; a signal that arrives while a message waits adds none.
///
/// # Errors
/// When the handler cannot be installed.
#[cfg(feature = "serve")]
pub(crate) fn reload() -> io::Result<mpsc::Receiver<()>> {
    let mut hangup = signal(SignalKind::hangup())?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            if let Err(mpsc::error::TrySendError::Closed(())) = sender.try_send(()) {
                return;
            }
        }
    });
    Ok(receiver)
}
