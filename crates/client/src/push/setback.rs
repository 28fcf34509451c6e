//! Failures of one way of sending, and how to continue after each.

use std::time::Duration;

use crate::call::{Attempt, Call};
use crate::transport::{Response, is_transient, retry_after};
use crate::{Client, Error};

/// The failure of one way of sending.
pub(super) enum Setback {
    /// It is worth repeating, after a wait.
    Again(Error, Option<Duration>),
    /// The server does not accept this way.
    OtherWay(Error),
    /// A chunk was too large; the next is smaller.
    Smaller(Error),
    /// It is final.
    Fatal(Error),
}

impl Client {
    /// Classifies an attempt that gave no answer.
    pub(super) fn setback(call: &Call<'_>, attempt: Attempt) -> Setback {
        match attempt {
            Attempt::Failed(failure) if failure.is_transient() => {
                Setback::Again(failure.into_error(&call.operation), None)
            }
            again @ Attempt::Again => Setback::Again(again.into_error(&call.operation), None),
            other => Setback::Fatal(other.into_error(&call.operation)),
        }
    }

    /// Classifies an unwanted answer.
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
