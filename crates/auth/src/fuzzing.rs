//! Entries for the fuzz target of what clients send to say who they are.

use crate::form::Form;
use crate::header::Credential;
use crate::jwt::Unverified;
use crate::network::Network;
use crate::scope::Scopes;

/// An `Authorization` header.
pub fn credential(text: &str) {
    if let Ok(Credential::Basic { user, password }) = Credential::parse(text) {
        assert!(!user.contains(':'));
        assert!(!format!("{user}{password}").contains(['\r', '\n', '\0']));
    }
}

/// Scopes, which mean the same when they are written again.
pub fn scopes(text: &str) {
    let Ok(scopes) = text.parse::<Scopes>() else {
        return;
    };
    for scope in &scopes.0 {
        for (action, repository) in scope.wants() {
            // Beyond repositories one has to ask for everything.
            assert!(repository.is_none() || scopes.opens(action, repository.as_ref()));
        }
    }
    assert_eq!(scopes.to_string().parse(), Ok(scopes));
}

/// A token that nobody has verified.
pub fn token(text: &str) {
    if let Ok(token) = Unverified::parse(text) {
        let _ = (token.issuer(), token.key_id(), token.kind());
    }
}

/// The body of a request for a token.
pub fn form(text: &str) {
    if let Some(form) = Form::parse(text) {
        let first = form.get("scope");
        assert_eq!(first, form.all("scope").next());
    }
}

/// A network.
pub fn network(text: &str) {
    if let Ok(network) = text.parse::<Network>() {
        assert_eq!(network.to_string().parse().ok(), Some(network));
    }
}
