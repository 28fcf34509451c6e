//! Signals from the system to a running instance, and notifications back.

use lazaret_content::BoxFuture;
use tokio::sync::mpsc;

use super::notify::Notifier;

/// Signals to a running registry, and the receiver of its notifications.
pub struct Signals {
    /// Resolves when the registry has to stop.
    pub stop: BoxFuture<'static, ()>,
    /// Receives a message when the configuration is to be reloaded.
    pub reload: mpsc::Receiver<()>,
    /// Notifies the service manager of the state.
    pub notifier: Notifier,
}

impl Signals {
    /// Signals that can only stop the registry, without notifications.
    #[must_use]
    pub fn until(stop: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            stop: Box::pin(stop),
            reload: mpsc::channel(1).1,
            notifier: Notifier::default(),
        }
    }
}
