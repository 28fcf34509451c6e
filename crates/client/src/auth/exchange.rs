//! Exchanges access tokens of Microsoft Entra ID (Azure Active Directory) for refresh tokens of an
//! Azure registry: `POST /oauth2/exchange`.
//!
//! Source: "ACR OAuth" of Azure/acr, `docs/AAD-OAuth.md`.

use http::{HeaderMap, HeaderValue, Method, Uri, header};
use lazaret_oci::Registry;
use lazaret_values::Secret;
use serde::Deserialize;

use super::form::Form;
use super::server::{Subject, settle};
use crate::Error;
use crate::options::Retry;
use crate::transport::{Outgoing, Payload, Reach, Transport};

/// An exchange at a registry that the user named.
pub(crate) struct Exchange<'a> {
    pub(crate) registry: &'a Registry,
    /// The Entra tenant, where the token alone does not tell.
    pub(crate) tenant: Option<&'a str>,
    pub(crate) access_token: &'a Secret,
}

#[derive(Deserialize)]
struct Granted {
    refresh_token: String,
}

impl Exchange<'_> {
    /// The registry's refresh token.
    pub(crate) async fn fetch(&self, transport: &Transport, retry: Retry) -> Result<Secret, Error> {
        let plain = transport.plain.allows(self.registry);
        let scheme = if plain { "http" } else { "https" };
        let uri: Uri = format!("{scheme}://{}/oauth2/exchange", self.registry)
            .parse()
            .expect("registries are valid in URLs");
        let mut form = Form::default();
        form.add("grant_type", "access_token");
        form.add("service", self.registry.as_str());
        if let Some(tenant) = self.tenant {
            form.add("tenant", tenant);
        }
        form.add("access_token", self.access_token.reveal());
        let form = form.into_text();
        let subject = Subject {
            host: self.registry.as_str(),
            operation: &format!("log in to {}", self.registry),
            step: "exchange the access token",
            secrets: &[self.access_token.reveal().to_owned()],
        };
        let outgoing = || {
            Ok(Outgoing {
                method: Method::POST,
                uri: uri.clone(),
                headers: headers(),
                authorization: None,
                payload: Payload::Bytes(form.clone().into()),
                reach: Reach::Anywhere,
            })
        };
        let response = settle(transport, retry, subject.operation, outgoing).await?;
        let body = subject.body(response).await?;
        let granted: Granted = serde_json::from_slice(&body)
            .map_err(|_| subject.protocol("gave a token answer that is not the expected JSON"))?;
        if granted.refresh_token.is_empty() {
            return Err(subject.protocol("gave a token answer without a token"));
        }
        Ok(Secret::new(granted.refresh_token))
    }
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    headers
}
