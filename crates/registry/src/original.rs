//! Answers the API of the original mirror: `/config`, `/login`, `/auth`, `/status`.
//!
//! It is there only when the settings say so: `/auth` gives credentials away, and `/config` writes files of
//! the container engine. A client shows a token, and is on this machine unless the settings say
//! otherwise. Content is never answered here.

mod engine;
mod logins;
mod refusals;
#[cfg(test)]
mod tests;

pub(crate) use engine::Engine;
pub(crate) use logins::Logins;
use refusals::unavailable;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use lazaret_files::blocking;
use lazaret_mirror::{Mirror, Upstream};
use lazaret_oci::wire::ErrorCode;
use lazaret_values::Secret;

use crate::act;
use crate::message::{Body, Outcome, Query, Refusal, RequestBody, answer};
use crate::named_file::read_secret;
use crate::same_secret::is_same;
use crate::server::Peer;

/// What the API works with.
pub(crate) struct Original {
    /// File with the token of its clients.
    pub(crate) token_file: PathBuf,
    /// Whether clients of other machines may use it.
    pub(crate) is_remote: bool,
    /// The container engine of this machine.
    pub(crate) engine: Engine,
    /// Where logins are kept.
    pub(crate) logins: Logins,
}

/// Answers a request for one of its paths.
///
/// # Errors
/// 404 when the API is not set up, 401 and 403 for strangers, 405, and the refusals of each path.
pub(crate) async fn answer(
    original: Option<&Original>,
    mirror: Option<&Arc<Mirror>>,
    path: act::Original,
    head: &Parts,
    peer: &Peer,
    body: &mut RequestBody,
) -> Outcome {
    let (Some(original), Some(mirror)) = (original, mirror) else {
        return Err(Refusal::not_found());
    };
    original.admit(&head.headers, peer).await?;
    let query = Query::parse(head.uri.query());
    let reads = matches!(head.method, Method::GET | Method::HEAD);
    match (path, &head.method) {
        (act::Original::Config, method) if reads || is_change(method) => {
            engine::answer(&original.engine, mirror, method, &query).await
        }
        (act::Original::Config, _) => Err(not_allowed("GET, HEAD, PUT, DELETE")),
        (act::Original::Login, &Method::PUT) => logins::login(&original.logins, mirror, body).await,
        (act::Original::Login, _) => Err(not_allowed("PUT")),
        (act::Original::Auth, _) if reads => logins::auth(mirror, head, &query).await,
        (act::Original::Status, _) if reads => Ok(status(mirror)),
        (act::Original::Auth | act::Original::Status, _) => Err(not_allowed("GET, HEAD")),
    }
}

fn is_change(method: &Method) -> bool {
    matches!(*method, Method::PUT | Method::DELETE)
}

fn not_allowed(allow: &str) -> Refusal {
    Refusal::not_allowed("the path does not take this method", allow)
}

impl Original {
    /// Lets those in who may use the API.
    ///
    /// # Errors
    /// 403 for another machine, 401 without the token, 503 when the token cannot be read.
    async fn admit(&self, headers: &HeaderMap, peer: &Peer) -> Result<(), Refusal> {
        if !self.is_remote && !peer.address.ip().to_canonical().is_loopback() {
            let message = "this is for clients on the mirror's own machine";
            return Err(Refusal::new(ErrorCode::Denied, message));
        }
        let file = self.token_file.clone();
        let read = blocking(move || {
            let read = read_secret(&file);
            Ok::<_, lazaret_files::Stopped>(read.map_err(|error| (file, error)))
        });
        let wanted = match read.await {
            Ok(Ok(token)) if !token.reveal().is_empty() => token,
            Ok(Ok(_)) => {
                tracing::error!(file = %self.token_file.display(), "the token is empty");
                return Err(unavailable("the mirror has no token"));
            }
            Ok(Err((file, error))) => {
                tracing::error!(file = %file.display(), %error, "the token was not read");
                return Err(unavailable("the mirror has no token"));
            }
            Err(_) => return Err(unavailable("the mirror is stopping")),
        };
        match bearer(headers) {
            Some(token) if is_same(&token, &wanted) => Ok(()),
            _ => {
                let refusal =
                    Refusal::new(ErrorCode::Unauthorized, "the token is not the mirror's");
                Err(refusal.header(header::WWW_AUTHENTICATE, "Bearer"))
            }
        }
    }
}

/// The token of a request (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| Secret::new(token))
}

/// One line for each upstream.
fn status(mirror: &Mirror) -> Response<Body> {
    let text: String = mirror.upstreams().iter().map(|one| line(one)).collect();
    let mut response = answer::bytes(StatusCode::OK, text.into());
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

fn line(upstream: &Upstream) -> String {
    let mut line = format!("{}:", upstream.namespace());
    for (position, standing) in upstream.standings().into_iter().enumerate() {
        let comma = if position > 0 { "," } else { "" };
        let registry = standing.registry;
        let written = match standing.pause {
            None => write!(line, "{comma} {registry} is asked"),
            Some((rest, reason)) => {
                let seconds = rest.as_secs();
                write!(line, "{comma} {registry} rests {seconds} s ({reason})")
            }
        };
        written.expect("a String takes all text");
    }
    line.push('\n');
    line
}
