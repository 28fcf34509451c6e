//! Documents of an issuer, over HTTPS (HTTP only on this machine), small and soon.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lazaret_values::Chain;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

/// Largest document, in bytes.
const LARGEST: usize = 256 * 1024;
/// Longest time that a document takes.
const TIMEOUT: Duration = Duration::from_secs(10);

type Https = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// Fetches documents. The system's authorities are read at the first use.
pub(super) struct Fetch {
    ca_file: Option<PathBuf>,
    client: OnceCell<Https>,
}

impl Fetch {
    pub(super) fn new(ca_file: Option<&Path>) -> Self {
        Self {
            ca_file: ca_file.map(Path::to_owned),
            client: OnceCell::new(),
        }
    }

    /// The body of a document. Redirects are not followed. The error is a sentence for the log.
    pub(super) async fn get(&self, url: &str) -> Result<Bytes, String> {
        let uri = check(url)?;
        let fetch = async {
            let client = self.client.get_or_try_init(|| self.connect()).await?;
            let request = Request::get(uri)
                .header(header::ACCEPT, "application/json")
                .header(
                    header::USER_AGENT,
                    concat!("lazaret/", env!("CARGO_PKG_VERSION")),
                )
                .body(Empty::new())
                .map_err(|error| error.to_string())?;
            let failed = |error: hyper_util::client::legacy::Error| Chain(&error).to_string();
            let response = client.request(request).await.map_err(failed)?;
            if response.status() != StatusCode::OK {
                return Err(format!("it answered {}", response.status()));
            }
            let body = Limited::new(response.into_body(), LARGEST);
            let body = body.collect().await.map_err(|error| error.to_string())?;
            Ok(body.to_bytes())
        };
        tokio::time::timeout(TIMEOUT, fetch)
            .await
            .map_err(|_| "it did not answer in time".to_owned())
            .flatten()
            .map_err(|why| format!("'{url}': {why}"))
    }

    async fn connect(&self) -> Result<Https, String> {
        let ca_file = self.ca_file.clone();
        let config = tokio::task::spawn_blocking(move || tls(ca_file.as_deref()))
            .await
            .map_err(|error| error.to_string())??;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector))
    }
}

/// Only HTTPS, except to this machine.
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

fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for problem in &native.errors {
        tracing::debug!(%problem, "system certificate store");
    }
    roots.add_parsable_certificates(native.certs);
    if let Some(path) = ca_file {
        let failed = |why: String| format!("authorities '{}': {why}", path.display());
        let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| failed(error.to_string()))?;
            roots
                .add(certificate)
                .map_err(|error| failed(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
