//! Exchanges refresh tokens for access tokens (RFC 6749, section 6).

mod reply;
#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use lazaret_net::{
    Pool, PoolOptions, Roots, TimedBody, USER_AGENT, client_config, pool, read_bounded,
};
use lazaret_values::{Chain, Secret};

use crate::Settings;
use crate::grant::{Fresh, Grant, GrantError, endpoint};

/// Longest time for an exchange.
const DONE_WITHIN: Duration = Duration::from_secs(30);
/// Longest time without a byte.
const SILENT: Duration = Duration::from_secs(10);
/// Largest answer of a token endpoint, in bytes.
const LARGEST: usize = 256 * 1024;

/// A client of token endpoints.
#[derive(Debug, Clone)]
pub struct TokenClient {
    pool: Pool<Full<Bytes>>,
}

impl TokenClient {
    /// A client that trusts the system's authorities and those of the settings. Blocks.
    ///
    /// # Errors
    /// [`GrantError::Authorities`].
    pub fn new(settings: &Settings) -> Result<Self, GrantError> {
        let mut roots = Roots::system();
        for file in &settings.ca_files {
            roots
                .add_file(file)
                .map_err(|error| GrantError::Authorities {
                    reason: format!("'{}': {error}", file.display()),
                })?;
        }
        Ok(Self {
            pool: pool(client_config(roots), PoolOptions::default()),
        })
    }

    /// Exchanges a refresh token. Redirects are not followed: they are refusals.
    ///
    /// # Errors
    /// [`GrantError`].
    pub async fn refresh(&self, grant: &Grant, token: &Secret) -> Result<Fresh, GrantError> {
        let uri = endpoint(&grant.token_url)?;
        let unreachable = |reason: String| GrantError::Unreachable {
            url: grant.token_url.clone(),
            reason,
        };
        let request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header(header::USER_AGENT, USER_AGENT)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(reply::form(grant, token)))
            .map_err(|error| unreachable(error.to_string()))?;
        let exchange = async {
            let answer = self.pool.request(request).await;
            let answer = answer.map_err(|error| unreachable(Chain(&error).to_string()))?;
            let status = answer.status();
            let body = TimedBody::new(answer.into_body(), SILENT);
            let body = read_bounded(body, LARGEST).await;
            let body = body.map_err(|error| unreachable(Chain(&error).to_string()))?;
            let body = body.ok_or_else(|| GrantError::Answer {
                reason: format!("it has more than {LARGEST} bytes"),
            })?;
            match status {
                StatusCode::OK => reply::fresh(&body),
                status => Err(reply::refused(status, &body)),
            }
        };
        match tokio::time::timeout(DONE_WITHIN, exchange).await {
            Ok(fresh) => fresh,
            Err(_) => Err(unreachable(format!("no answer in {DONE_WITHIN:?}"))),
        }
    }
}
