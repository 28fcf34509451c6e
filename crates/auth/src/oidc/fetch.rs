//! Fetches documents of an issuer over HTTPS (on this machine also HTTP), with limits on size and
//! time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::Empty;
use lazaret_net::{
    Pool, PoolError, PoolOptions, Roots, USER_AGENT, client_config, pool, read_bounded,
};
use lazaret_values::Chain;
use tokio::sync::OnceCell;

/// Largest document, in bytes.
const LARGEST: usize = 256 * 1024;
/// Longest time for fetching a document.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The client that fetches documents. The system's authorities are read when it is first used.
pub(super) struct Fetch {
    ca_file: Option<PathBuf>,
    client: OnceCell<Pool<Empty<Bytes>>>,
}

impl Fetch {
    pub(super) fn new(ca_file: Option<&Path>) -> Self {
        Self {
            ca_file: ca_file.map(Path::to_owned),
            client: OnceCell::new(),
        }
    }

    /// Fetches a document. Redirects are not followed. The error is a sentence for the log.
    pub(super) async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let uri = check(url)?;
        let fetch = async {
            let client = self.client.get_or_try_init(|| self.connect()).await?;
            let request = Request::get(uri)
                .header(header::ACCEPT, "application/json")
                .header(header::USER_AGENT, USER_AGENT)
                .body(Empty::new())
                .map_err(|error| error.to_string())?;
            let failed = |error: PoolError| Chain(&error).to_string();
            let response = client.request(request).await.map_err(failed)?;
            if response.status() != StatusCode::OK {
                return Err(format!("it answered {}", response.status()));
            }
            let body = read_bounded(response.into_body(), LARGEST).await;
            body.map_err(|error| Chain(&error).to_string())?
                .ok_or_else(|| format!("it has more than {LARGEST} bytes"))
        };
        tokio::time::timeout(TIMEOUT, fetch)
            .await
            .map_err(|_| "it did not answer in time".to_owned())
            .flatten()
            .map_err(|why| format!("'{url}': {why}"))
    }

    async fn connect(&self) -> Result<Pool<Empty<Bytes>>, String> {
        let ca_file = self.ca_file.clone();
        let roots = tokio::task::spawn_blocking(move || roots(ca_file.as_deref()))
            .await
            .map_err(|error| error.to_string())??;
        Ok(pool(client_config(roots), PoolOptions::default()))
    }
}

/// Checks a URL: HTTPS, or any scheme of HTTP to this machine.
pub(super) fn check(url: &str) -> Result<Uri, String> {
    let wrong = |why: &str| format!("'{url}' {why}");
    let uri: Uri = url.parse().map_err(|_| wrong("is no URL"))?;
    let host: lazaret_oci::Registry = uri
        .authority()
        .and_then(|authority| authority.as_str().parse().ok())
        .ok_or_else(|| wrong("names no host"))?;
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if host.is_loopback() => Ok(uri),
        _ => Err(wrong("is not https")),
    }
}

fn roots(ca_file: Option<&Path>) -> Result<Roots, String> {
    let mut roots = Roots::system();
    if let Some(path) = ca_file {
        let added = roots.add_file(path);
        added.map_err(|error| format!("authorities '{}': {error}", path.display()))?;
    }
    Ok(roots)
}
