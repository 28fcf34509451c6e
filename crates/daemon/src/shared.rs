//! What all requests of a daemon share.

use std::sync::Arc;

use lazaret_supervisor::{Error, FoundMachine, Holder, Home, JailMode};
use tokio::sync::watch;

use crate::activity::Activity;
use crate::fault::{Explain, Fault};

/// What all requests of a daemon share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) home: Arc<Home>,
    pub(crate) explain: Explain,
    pub(crate) version: &'static str,
    /// How machines are jailed that do not say it.
    pub(crate) jail: JailMode,
    pub(crate) activity: Activity,
    /// Becomes true when the daemon is to end.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Shared {
    /// Does work that blocks, after what dead processes left was settled.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Home) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let home = Arc::clone(&self.home);
        blocking(move || {
            home.settle()?;
            work(&home)
        })
        .await
    }

    /// The machine with this name, id or beginning of an id.
    pub(crate) async fn machine(&self, name: &str) -> Result<FoundMachine, Error> {
        let name = name.to_owned();
        self.look(move |home| home.machine(&name)).await
    }

    /// A machine, and a connection to its holder.
    pub(crate) async fn holder(&self, name: &str) -> Result<(FoundMachine, Holder), Error> {
        let found = self.machine(name).await?;
        let holder = self.home.holder(&found).await?;
        Ok((found, holder))
    }

    /// Resolves when the daemon is to end.
    pub(crate) async fn stop(&self) {
        let mut stopping = self.stopping.clone();
        // Without a sender the daemon has ended.
        let _ended = stopping.wait_for(|stopping| *stopping).await;
    }

    /// What clients get for an error.
    pub(crate) fn fault(&self, error: &Error) -> Fault {
        Fault::of(error, self.explain)
    }
}

/// Does work that blocks.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let working = tokio::task::spawn_blocking(work);
    working.await.unwrap_or(Err(Error::Interrupted))
}
