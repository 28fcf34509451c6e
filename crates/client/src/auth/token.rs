//! Tokens from a realm (distribution specification, "auth/token" and "auth/oauth").

use std::time::Duration;

use base64::Engine as _;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use lazaret_values::Secret;
use serde::Deserialize;
use tokio::time::Instant;

use super::{Challenge, Credential, Scopes};
use crate::Error;
use crate::error::Answer;
use crate::options::Retry;
use crate::transport::{
    Backoff, Failure, Outgoing, Payload, Reach, Response, Transport, is_transient, read_bounded,
    resolve, retry_after,
};

/// Life of a token that does not say (specification: 60 seconds).
const DEFAULT_LIFE: u64 = 60;
/// A token is renewed this much before it ends.
const MARGIN: Duration = Duration::from_secs(5);
/// Largest answer of a realm, in bytes.
const LARGEST: usize = 1024 * 1024;

/// A bearer token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) secret: Secret,
    /// When to stop using it.
    pub(crate) ends: Instant,
}

/// Who gives out the tokens of a registry.
#[derive(Debug, Clone)]
pub(crate) struct Realm {
    pub(crate) uri: Uri,
    pub(crate) service: Option<String>,
    /// Where the registry may point to.
    pub(crate) reach: Reach,
}

impl Realm {
    /// The realm of a challenge that came with the answer of `from`.
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
            .ok_or_else(|| Failure::refused(host, "named no usable token realm", None))?;
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
                (
                    wish,
                    read(transport, realm, response, credential, operation).await,
                )
            }
            Ok(response) => return read(transport, realm, response, credential, operation).await,
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
            payload: Payload::Bytes(form.0.into()),
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
    let uri = if form.0.is_empty() {
        text
    } else {
        format!("{text}{joint}{}", form.0)
    }
    .parse::<Uri>()
    .map_err(|_| Failure::refused(host, "named a token realm that is no URL", None))?;
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
    transport: &Transport,
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
        hint: None,
    };
    let body = read_bounded(response.body, LARGEST, transport.timeouts.idle)
        .await
        .map_err(|reason| Failure::network(&host, reason).into_error(operation))?
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
    // The specification sets the least at 60 s; a token that ends before it can be used would
    // only loop.
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

/// Token servers answer 400, 401 or 403 to bad credentials, as they please.
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
        _ => crate::call::refusal(registry, operation, answer, credentials_sent, wait),
    }
}

/// The `Authorization` of a user name and password.
pub(crate) fn basic(username: &str, password: &Secret) -> HeaderValue {
    let mut value = HeaderValue::try_from(format!("Basic {}", encoded(username, password)))
        .expect("base64 is visible ASCII");
    value.set_sensitive(true);
    value
}

fn encoded(username: &str, password: &Secret) -> String {
    base64::engine::general_purpose::STANDARD.encode(format!("{username}:{}", password.reveal()))
}

/// The `Authorization` of a token, unless it has characters that no header may have.
pub(crate) fn bearer(token: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.reveal())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// `application/x-www-form-urlencoded`.
#[derive(Default)]
struct Form(String);

impl Form {
    fn add(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                self.0.push(char::from(byte));
            } else {
                self.0.push_str(&format!("%{byte:02X}"));
            }
        }
    }
}
