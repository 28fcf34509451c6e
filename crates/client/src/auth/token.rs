//! Fetches tokens from a realm (distribution specification, "auth/token" and "auth/oauth").

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Uri, header};
use lazaret_values::Secret;
use serde::Deserialize;
use tokio::time::Instant;

use super::form::Form;
use super::header::{basic, bearer, encoded};
use super::server::{Subject, settle};
use super::{Challenge, Credential, Scopes};
use crate::Error;
use crate::error::Cause;
use crate::options::Retry;
use crate::transport::{Failure, Outgoing, Payload, Reach, Response, Transport, resolve};

/// Lifetime of a token that states none, in seconds (from the specification).
const DEFAULT_LIFE: u64 = 60;
/// Time before its end at which a token is renewed.
const MARGIN: Duration = Duration::from_secs(5);

/// A bearer token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) secret: Secret,
    /// Time from which it is not used any more.
    pub(crate) ends: Instant,
}

/// The token server of a registry.
#[derive(Debug, Clone)]
pub(crate) struct Realm {
    pub(crate) uri: Uri,
    pub(crate) service: Option<String>,
    /// The addresses to which the registry may point.
    pub(crate) reach: Reach,
}

impl Realm {
    /// The realm of a challenge that came with the response `from`.
    pub(crate) fn of(
        challenge: &Challenge,
        from: &Response,
        transport: &Transport,
    ) -> Result<Self, Failure> {
        let host = from.uri.authority().map_or("", |a| a.as_str());
        let uri = challenge
            .get("realm")
            .filter(|realm| realm.contains("://"))
            .and_then(|realm| resolve(&from.uri, realm))
            .ok_or_else(|| Failure::refused(host, "named no usable token realm", Cause::Other))?;
        transport.check_step(&from.uri, &uri, "token realm")?;
        Ok(Self {
            reach: from.reach_to(&uri),
            uri,
            service: challenge.get("service").map(str::to_owned),
        })
    }
}

#[derive(Deserialize)]
struct Granted {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    expires_in: Option<u64>,
}

/// Fetches a token, with the credential if there is one.
pub(crate) async fn fetch(
    transport: &Transport,
    retry: Retry,
    realm: &Realm,
    scopes: &Scopes,
    credential: Option<&Credential>,
    operation: &str,
) -> Result<Token, Error> {
    let response = settle(transport, retry, operation, || {
        request(realm, scopes, credential)
    })
    .await?;
    let subject = Subject {
        host: realm.uri.authority().map_or("", |a| a.as_str()),
        operation,
        step: "fetch a token",
        secrets: &credential.map(secrets).unwrap_or_default(),
    };
    let body = subject.body(response).await?;
    granted(&subject, &body)
}

fn request(
    realm: &Realm,
    scopes: &Scopes,
    credential: Option<&Credential>,
) -> Result<Outgoing, Failure> {
    let mut form = Form::default();
    if let Some(service) = &realm.service {
        form.add("service", service);
    }
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(Credential::IdentityToken(refresh)) = credential {
        let scopes: Vec<String> = scopes.texts().collect();
        if !scopes.is_empty() {
            form.add("scope", &scopes.join(" "));
        }
        form.add("grant_type", "refresh_token");
        form.add("client_id", "lazaret");
        form.add("refresh_token", refresh.reveal());
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        return Ok(Outgoing {
            method: Method::POST,
            uri: realm.uri.clone(),
            headers,
            authorization: None,
            payload: Payload::Bytes(form.into_text().into()),
            reach: realm.reach,
        });
    }
    for scope in scopes.texts() {
        form.add("scope", &scope);
    }
    let authorization = match credential {
        Some(Credential::Basic { username, password }) => {
            form.add("account", username);
            Some(basic(username, password))
        }
        _ => None,
    };
    let text = realm.uri.to_string();
    let joint = if realm.uri.query().is_some() {
        '&'
    } else {
        '?'
    };
    let host = realm.uri.authority().map_or("", |a| a.as_str());
    let query = form.into_text();
    let uri = if query.is_empty() {
        text
    } else {
        format!("{text}{joint}{query}")
    }
    .parse::<Uri>()
    .map_err(|_| Failure::refused(host, "named a token realm that is no URL", Cause::Other))?;
    Ok(Outgoing {
        method: Method::GET,
        uri,
        headers,
        authorization,
        payload: Payload::Empty,
        reach: realm.reach,
    })
}

fn granted(subject: &Subject<'_>, body: &[u8]) -> Result<Token, Error> {
    let granted: Granted = serde_json::from_slice(body)
        .map_err(|_| subject.protocol("gave a token answer that is not the expected JSON"))?;
    let text = [granted.token, granted.access_token]
        .into_iter()
        .flatten()
        .find(|token| !token.is_empty())
        .ok_or_else(|| subject.protocol("gave a token answer without a token"))?;
    if bearer(&Secret::new(text.as_str())).is_none() {
        return Err(subject.protocol("gave a token that does not fit into a header"));
    }
    // The specification sets a minimum of 60 s; a token that ends before it can be used would
    // only cause a loop.
    let life = Duration::from_secs(granted.expires_in.unwrap_or(DEFAULT_LIFE).min(86_400));
    Ok(Token {
        secret: Secret::new(text),
        ends: Instant::now() + life.saturating_sub(MARGIN.min(life / 2)),
    })
}

/// The forms in which a server may echo a credential.
fn secrets(credential: &Credential) -> Vec<String> {
    match credential {
        Credential::Basic { username, password } => {
            vec![password.reveal().to_owned(), encoded(username, password)]
        }
        Credential::IdentityToken(secret) | Credential::Bearer(secret) => {
            vec![secret.reveal().to_owned()]
        }
    }
}
