//! The time in which a guest rests and neither side sends anything.

use std::sync::Arc;
use std::time::Duration;

use lazaret_protocol::mux::Event;
use lazaret_protocol::{Ending, Request};
use tokio::time::timeout;

use super::session::Session;
use super::shared::Shared;
use crate::Error;

/// A guest at rest. When this is dropped, both sides speak again and the guest's processes go on.
#[derive(Debug)]
pub struct Rest {
    /// The session; its input ends with the rest.
    session: Option<Session>,
    shared: Arc<Shared>,
}

impl Rest {
    pub(super) async fn begin(shared: &Arc<Shared>, limit: Duration) -> Result<Self, Error> {
        let (number, changed) = shared.open_last(&Request::Rest)?;
        let mut rest = Self {
            session: Some(Session::new(number, shared.clone(), changed)),
            shared: shared.clone(),
        };
        let refused = |reason: String| Error::Restless { reason };
        match timeout(limit, rest.started()).await {
            Ok(Ok(Some(Event::Started))) => Ok(rest),
            Ok(Ok(Some(Event::Ended(Ending::Failure(failure))))) => Err(refused(failure.message)),
            Ok(Ok(Some(_))) => Err(refused("it gave another answer".to_owned())),
            Ok(Ok(None)) => Err(refused("the machine ended".to_owned())),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                let seconds = limit.as_secs();
                Err(refused(format!("it did not answer within {seconds} s")))
            }
        }
    }

    async fn started(&mut self) -> Result<Option<Event>, Error> {
        match &mut self.session {
            Some(session) => session.events.next().await,
            None => Ok(None),
        }
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.shared.speak();
        // Its input ends.
        self.session = None;
    }
}
