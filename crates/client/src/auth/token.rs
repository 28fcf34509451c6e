//! Fetches tokens from a realm (distribution specification, "auth/token" and "auth/oauth").

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use lazaret_values::Secret;
use serde::Deserialize;
use tokio::time::Instant;

use super::form::Form;
use super::header::{basic, bearer, encoded};
use super::{Challenge, Credential, Scopes};
use crate::Error;
use crate::error::{Answer, Cause};
use crate::options::Retry;
use crate::transport::{
    Backoff, Failure, Outgoing, Payload, Reach, Response, Transport, is_transient, resolve,
    retry_after,
};

/// Lifetime of a token that states none, in seconds (from the specification).
const DEFAULT_LIFE: u64 = 60;
/// Time before its end at which a token is renewed.
const MARGIN: Duration = Duration::from_secs(5);
/// Largest answer of a realm, in bytes.
const LARGEST: usize = 1024 * 1024;

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
            uri,
            service: challenge.get("service").map(str::to_owned),
            reach: from.reach,
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
    let mut backoff = Backoff::new(retry);
    loop {
        let outgoing =
            request(realm, scopes, credential).map_err(|failure| failure.into_error(operation))?;
        let wish = match transport.follow(outgoing).await {
            Ok(response) if is_transient(response.status) => {
                let wish = retry_after(&response.headers);
                (wish, read(realm, response, credential, operation).await)
            }
            Ok(response) => return read(realm, response, credential, operation).await,
            Err(failure) if failure.is_transient() => (None, Err(failure.into_error(operation))),
            Err(failure) => return Err(failure.into_error(operation)),
        };
        match backoff.after_failure(wish.0) {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return wish.1,
        }
    }
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

async fn read(
    realm: &Realm,
    response: Response,
    credential: Option<&Credential>,
    operation: &str,
) -> Result<Token, Error> {
    let status = response.status;
    let wait = retry_after(&response.headers);
    let host = realm.uri.authority().map_or("", |a| a.as_str()).to_owned();
    let protocol = |reason: &str| Error::Protocol {
        registry: host.clone(),
        operation: operation.to_owned(),
        reason: reason.to_owned(),
        cause: Cause::Other,
    };
    let body = response
        .read(LARGEST)
        .await
        .map_err(|failure| failure.into_error(operation))?
        .ok_or_else(|| protocol("gave a token answer that is too large"))?;
    if status != StatusCode::OK {
        let mut answer = Answer::parse(status.as_u16(), &body);
        if let Some(credential) = credential {
            hide(&mut answer, credential);
        }
        return Err(refusal(host, operation, answer, credential.is_some(), wait));
    }
    let granted: Granted = serde_json::from_slice(&body)
        .map_err(|_| protocol("gave a token answer that is not the expected JSON"))?;
    let text = [granted.token, granted.access_token]
        .into_iter()
        .flatten()
        .find(|token| !token.is_empty())
        .ok_or_else(|| protocol("gave a token answer without a token"))?;
    if bearer(&Secret::new(text.as_str())).is_none() {
        return Err(protocol("gave a token that does not fit into a header"));
    }
    // The specification sets a minimum of 60 s; a token that ends before it can be used would
    // only cause a loop.
    let life = Duration::from_secs(granted.expires_in.unwrap_or(DEFAULT_LIFE).min(86_400));
    Ok(Token {
        secret: Secret::new(text),
        ends: Instant::now() + life.saturating_sub(MARGIN.min(life / 2)),
    })
}

fn hide(answer: &mut Answer, credential: &Credential) {
    match credential {
        Credential::Basic { username, password } => {
            answer.redact(password.reveal());
            answer.redact(&encoded(username, password));
        }
        Credential::IdentityToken(secret) | Credential::Bearer(secret) => {
            answer.redact(secret.reveal());
        }
    }
}

/// Converts a refusal. Token servers answer 400, 401 or 403 to bad credentials.
fn refusal(
    registry: String,
    operation: &str,
    answer: Answer,
    credentials_sent: bool,
    wait: Option<Duration>,
) -> Error {
    let operation = format!("{operation}: fetch a token");
    match answer.status {
        400 | 401 | 403 => Error::Unauthorized {
            registry,
            operation,
            answer: Box::new(answer),
            credentials_sent,
        },
        _ => Error::refused(registry, operation, answer, credentials_sent, wait),
    }
}
