//! `/login` takes a credential for an upstream, `/auth` gives the one that the mirror uses.

use std::collections::BTreeSet;
use std::path::PathBuf;

use http::request::Parts;
use http::{HeaderName, StatusCode, header};
use lazaret_client::{Credential, CredentialFiles, CredentialSource as _, Keychain, Store};
use lazaret_files::blocking;
use lazaret_mirror::Mirror;
use lazaret_oci::wire::ErrorCode;
use lazaret_oci::{Registry, Repository};
use lazaret_values::{Chain, Printable, Secret};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refusals::unavailable;
use crate::message::{Outcome, Query, Refusal, RequestBody, RequestId, answer};

/// Largest body of a login, in bytes.
const LARGEST: usize = 16 * 1024;
/// The user that stands for a refresh token of an Azure registry.
const TOKEN_USER: &str = "00000000-0000-0000-0000-000000000000";
/// Tells that there was a login before.
const OVERWRITTEN: HeaderName = HeaderName::from_static("x-lazaret-overwritten");

/// Where logins are kept.
pub(crate) struct Logins {
    /// Lazaret's own credential file, if there is one.
    pub(crate) file: Option<PathBuf>,
    /// The namespaces whose credentials are looked up in that file.
    pub(crate) looked_up: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Login {
    host: String,
    username: String,
    password: Secret,
}

/// Takes a credential for a server of an upstream.
///
/// # Errors
/// 400 and 413 for a body that is no login; 503 for a server that is no upstream's, for an upstream
/// whose credentials are in the settings, and when the file cannot be written.
pub(super) async fn login(logins: &Logins, mirror: &Mirror, body: &mut RequestBody) -> Outcome {
    let login = read(body).await?;
    let host = Printable::excerpt(&login.host);
    let Some(upstream) = mirror.upstream_at(&login.host) else {
        return Err(unavailable(&format!(
            "{host} is no upstream of this mirror"
        )));
    };
    if !logins.looked_up.contains(upstream.namespace()) {
        let message = format!("the settings have the credentials of {host}");
        return Err(unavailable(&message));
    }
    let Some(file) = logins.file.clone() else {
        return Err(unavailable("the mirror has no file for credentials"));
    };
    let registries = upstream.registries_at(&login.host);
    let credential = Credential::Basic {
        username: login.username,
        password: login.password,
    };
    match store(file, registries, credential).await {
        Ok(was_there) => {
            tracing::info!(
                upstream = upstream.namespace(),
                was_there,
                "a login was stored"
            );
            let response = answer::empty(StatusCode::OK);
            Ok(match was_there {
                true => answer::with(response, OVERWRITTEN, "true"),
                false => response,
            })
        }
        Err(error) => {
            tracing::error!(error = %Chain(&error), "a login was not stored");
            Err(unavailable("the login could not be stored"))
        }
    }
}

async fn read(body: &mut RequestBody) -> Result<Login, Refusal> {
    let too_large = |refusal: Refusal| match refusal.is(StatusCode::PAYLOAD_TOO_LARGE) {
        true => {
            let message = format!("a login has at most {LARGEST} bytes");
            Refusal::new(ErrorCode::SizeInvalid, message).status(StatusCode::PAYLOAD_TOO_LARGE)
        }
        false => refusal,
    };
    let text = body.read(LARGEST).await.map_err(too_large)?;
    let malformed = |message: &str| {
        Refusal::new(ErrorCode::Unsupported, message).status(StatusCode::BAD_REQUEST)
    };
    // The words of the parser may quote the password.
    let login: Login = serde_json::from_slice(&text)
        .map_err(|_| malformed("the body is not {\"host\", \"username\", \"password\"}"))?;
    let is_fit = |text: &str| !text.is_empty() && !text.contains(char::is_control);
    // The file has user and password with a colon between them.
    if !is_fit(&login.username) || login.username.contains(':') || !is_fit(login.password.reveal())
    {
        return Err(malformed("the user name or password cannot be sent"));
    }
    Ok(login)
}

/// Stores a credential; returns whether it took the place of another one.
async fn store(
    file: PathBuf,
    registries: Vec<Registry>,
    credential: Credential,
) -> Result<bool, lazaret_client::Error> {
    let known = Keychain::new(CredentialFiles {
        own: Some(file.clone()),
        ..CredentialFiles::default()
    });
    let mut was_there = false;
    for registry in &registries {
        was_there |= known.credential(registry, None).await?.is_some();
    }
    blocking(move || {
        let store = Store::new(file);
        let each = |registry| store.put(registry, None, &credential);
        registries.iter().try_for_each(each)
    })
    .await?;
    Ok(was_there)
}

/// Gives the credential that the mirror uses for the server of a URL.
pub(super) async fn auth(mirror: &Mirror, head: &Parts, query: &Query) -> Outcome {
    let id = head.extensions.get::<RequestId>();
    let id = id.map_or("", |id| id.0.as_str());
    let (host, repository) = split(query.get("remote_url").unwrap_or_default());
    let found = match mirror.upstream_at(host) {
        None => None,
        Some(upstream) => {
            let found = upstream.credential(host, repository.as_ref()).await;
            found.unwrap_or_else(|error| {
                tracing::error!(error = %Chain(&error), "a credential was not found");
                None
            })
        }
    };
    let pair = found.and_then(pair);
    let (status, auths) = match &pair {
        Some((username, password)) => {
            let pair = json!({ "username": username, "password": password.reveal() });
            (StatusCode::OK, json!({ host: pair }))
        }
        None => (StatusCode::SERVICE_UNAVAILABLE, json!({})),
    };
    let text: Value = json!({
        "traceId": id,
        "success": pair.is_some(),
        "data": { "auths": auths },
    });
    let response = answer::json(status, &text);
    Ok(answer::with(response, header::CACHE_CONTROL, "no-store"))
}

/// User and password of a credential. A token that only a registry takes has none.
fn pair(credential: Credential) -> Option<(String, Secret)> {
    match credential {
        Credential::Basic { username, password } => Some((username, password)),
        Credential::IdentityToken(token) => Some((TOKEN_USER.to_owned(), token)),
        Credential::Bearer(_) => None,
    }
}

/// The server of a URL, and the repository that it is about.
fn split(url: &str) -> (&str, Option<Repository>) {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .unwrap_or(url);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let name = path.strip_prefix("v2/").and_then(|path| {
        let ends = ["/blobs/", "/manifests/"].into_iter();
        ends.filter_map(|part| path.rfind(part))
            .max()
            .map(|end| &path[..end])
    });
    (host, name.and_then(|name| name.parse().ok()))
}
