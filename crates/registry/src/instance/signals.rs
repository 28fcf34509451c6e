//! Signals between the system and a running instance.

use lazaret_content::BoxFuture;
use tokio::sync::mpsc;

use super::notify::Notifier;

/// Signals of the system to a running registry, and back.
pub struct Signals {
    /// Resolves when the registry has to stop.
    pub stop: BoxFuture<'static, ()>,
    /// Says to read the configuration again.
    pub reload: mpsc::Receiver<()>,
    /// Is told what goes on.
    pub notifier: Notifier,
}

impl Signals {
    /// Signals that only ever say to stop, and nobody who is told.
    #[must_use]
    pub fn until(stop: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            stop: Box::pin(stop),
            reload: mpsc::channel(1).1,
            notifier: Notifier::default(),
        }
    }
}
