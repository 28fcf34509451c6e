//! The audit log: one event for everything that matters to security.
//!
//! Events go to `tracing` with the target `audit`; the subscriber decides on file and format.
//! Passwords, tokens and keys are never among the fields. Text of clients is shortened and cleaned
//! of control characters, so that it cannot forge a line.

use std::net::IpAddr;

use lazaret_oci::Repository;
use lazaret_values::Printable;

use crate::scope::Scopes;
use crate::{Action, Denied, Identity, Method};

/// Longest text of a client in an event, in characters.
const LONGEST: usize = 256;

/// A client logged in with a valid credential.
pub(super) fn login(identity: &Identity) {
    tracing::info!(
        target: "audit",
        event = "login",
        outcome = "ok",
        user = clean(identity.user().unwrap_or_default()),
        method = identity.method().as_str(),
        key = identity.key().unwrap_or_default(),
        address = %identity.address(),
    );
}

/// A client presented an invalid credential.
pub(super) fn login_failed(address: IpAddr, user: &str, method: Option<Method>, denied: &Denied) {
    tracing::warn!(
        target: "audit",
        event = "login",
        outcome = denied.kind(),
        user = clean(user),
        method = method.map_or("", Method::as_str),
        reason = match denied {
            Denied::Unauthorized { reason, .. } => reason,
            _ => "",
        },
        address = %address,
    );
}

/// A token was issued.
pub(super) fn token(identity: &Identity, id: &str, scopes: &Scopes, refresh: bool) {
    tracing::info!(
        target: "audit",
        event = "token",
        outcome = "ok",
        user = clean(identity.user().unwrap_or_default()),
        method = identity.method().as_str(),
        key = identity.key().unwrap_or_default(),
        token = id,
        scope = clean(&scopes.to_string()),
        refresh,
        address = %identity.address(),
    );
}

/// A client asked for something that it is not allowed to do.
pub(super) fn denied(
    identity: &Identity,
    action: Action,
    repository: Option<&Repository>,
    why: &Denied,
) {
    tracing::warn!(
        target: "audit",
        event = "access",
        outcome = why.kind(),
        user = clean(identity.user().unwrap_or_default()),
        method = identity.method().as_str(),
        key = identity.key().unwrap_or_default(),
        action = action.as_str(),
        repository = repository.map(Repository::as_str).unwrap_or_default(),
        address = %identity.address(),
    );
}

/// Content of the registry was changed.
pub(super) fn change(
    identity: &Identity,
    action: Action,
    repository: &Repository,
    reference: &str,
) {
    tracing::info!(
        target: "audit",
        event = action.as_str(),
        outcome = "ok",
        user = clean(identity.user().unwrap_or_default()),
        method = identity.method().as_str(),
        key = identity.key().unwrap_or_default(),
        repository = repository.as_str(),
        reference = clean(reference),
        address = %identity.address(),
    );
}

/// Removes control characters, and limits the length.
fn clean(text: &str) -> String {
    Printable::new(text).within(LONGEST).to_string()
}
