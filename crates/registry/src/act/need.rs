//! The credentials and rights that requests need.

use http::Method;
use lazaret_auth::Action;
use lazaret_oci::Repository;

/// The credential or right that a request needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: credentials are ignored.
    Nothing,
    /// No right, but credentials must be valid if there are any.
    Identity,
    /// No right, but a client without credentials is challenged, if any authenticator is set up.
    Greeting,
    /// The right to read the measurements.
    Metrics,
    /// The right to this action on a repository; `List` applies to all of them.
    Right(Action, Option<Repository>),
}

impl Need {
    /// The right that a method usually needs on a repository.
    pub(super) fn by_method(method: &Method, repository: Repository) -> Self {
        Self::Right(by_method(method), Some(repository))
    }
}

/// The action that a method usually stands for.
pub(super) fn by_method(method: &Method) -> Action {
    match *method {
        Method::GET | Method::HEAD => Action::Pull,
        Method::DELETE => Action::Delete,
        _ => Action::Push,
    }
}
