//! Entry points for the fuzz target of the parsers of credentials.

use crate::form::Form;
use crate::header::Credential;
use crate::jwt::Unverified;
use crate::network::Network;
use crate::scope::Scopes;

/// Parses an `Authorization` header.
pub fn credential(text: &str) {
    if let Ok(Credential::Basic { user, password }) = Credential::parse(text) {
        assert!(!user.contains(':'));
        assert!(!format!("{user}{password}").contains(['\r', '\n', '\0']));
    }
}

/// Parses scopes, which must keep their meaning when they are written and parsed again.
pub fn scopes(text: &str) {
    let Ok(scopes) = text.parse::<Scopes>() else {
        return;
    };
    for scope in &scopes.0 {
        for (action, repository) in scope.wants() {
            // Actions without a repository need the scope of the whole registry.
            assert!(repository.is_none() || scopes.opens(action, repository.as_ref()));
        }
    }
    assert_eq!(scopes.to_string().parse(), Ok(scopes));
}

/// Parses a token without verifying it.
pub fn token(text: &str) {
    if let Ok(token) = Unverified::parse(text) {
        let _ = (token.issuer(), token.key_id(), token.kind());
    }
}

/// Parses the body of a request for a token.
pub fn form(text: &str) {
    if let Some(form) = Form::parse(text) {
        let first = form.get("scope");
        assert_eq!(first, form.all("scope").next());
    }
}

/// Parses a network.
pub fn network(text: &str) {
    if let Ok(network) = text.parse::<Network>() {
        assert_eq!(network.to_string().parse().ok(), Some(network));
    }
}
