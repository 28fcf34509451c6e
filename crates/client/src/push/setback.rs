//! Failures of one way of sending, and their meaning for the next try.

use std::time::Duration;

use crate::call::{Attempt, Call};
use crate::transport::{Response, is_transient, retry_after};
use crate::{Client, Error};

/// The reason why one way of sending did not work.
pub(super) enum Setback {
    /// Worth the same again, after a wait.
    Again(Error, Option<Duration>),
    /// The server does not take it this way.
    OtherWay(Error),
    /// A chunk was too large; the next is smaller.
    Smaller(Error),
    /// For good.
    Fatal(Error),
}

impl Client {
    /// Sorts a try that gave no answer.
    pub(super) fn setback(call: &Call<'_>, attempt: Attempt) -> Setback {
        match attempt {
            Attempt::Failed(failure) if failure.is_transient() => {
                Setback::Again(failure.into_error(&call.operation), None)
            }
            again @ Attempt::Again => Setback::Again(again.into_error(&call.operation), None),
            other => Setback::Fatal(other.into_error(&call.operation)),
        }
    }

    /// Sorts an answer that is not the wanted one.
    pub(super) async fn refusal(&self, call: &Call<'_>, response: Response) -> Setback {
        let status = response.status;
        let wish = retry_after(&response.headers);
        let error = self.refused(call, response).await;
        let lost = error
            .answer()
            .is_some_and(|answer| answer.has_code("BLOB_UPLOAD_UNKNOWN"));
        if is_transient(status) || lost {
            Setback::Again(error, wish)
        } else {
            Setback::Fatal(error)
        }
    }
}
