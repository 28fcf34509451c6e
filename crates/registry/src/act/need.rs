//! Needs of requests: credentials and rights.

use http::Method;
use lazaret_auth::Action;
use lazaret_oci::Repository;

/// The thing that the sender of a request has to show, or the right that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: credentials are not looked at.
    Nothing,
    /// No right, but credentials that are shown must be good.
    Identity,
    /// Somebody who shows no credentials is asked for some, if anybody can be known at all.
    Greeting,
    /// The right to read measurements.
    Metrics,
    /// The right to do this to a repository; `List` is about all of them.
    Right(Action, Option<Repository>),
}

impl Need {
    /// The right that a method usually needs of a repository.
    pub(super) fn by_method(method: &Method, repository: Repository) -> Self {
        Self::Right(by_method(method), Some(repository))
    }
}

/// The action that a method usually is.
pub(super) fn by_method(method: &Method) -> Action {
    match *method {
        Method::GET | Method::HEAD => Action::Pull,
        Method::DELETE => Action::Delete,
        _ => Action::Push,
    }
}
