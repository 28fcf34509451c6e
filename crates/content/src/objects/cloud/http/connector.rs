//! Connections, and the errors that decide what is tried again.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    ClientConfigKey, HttpClient, HttpConnector as Connect, HttpError, HttpErrorKind, HttpRequest,
    HttpRequestBody, HttpResponse, HttpResponseBody, HttpService,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::body::TimedBody;
use crate::Error;
use crate::error::invalid;

const CONNECT: Duration = Duration::from_secs(10);

/// An answer begins within this time: completing a large object takes a while.
const ANSWER: Duration = Duration::from_secs(60);

/// An answer goes on within this time.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store that takes fewer bytes a second than this is as good as gone.
const LEAST_RATE: u64 = 64 * 1024;

/// Makes clients that share what they trust.
#[derive(Debug, Clone)]
pub(in crate::objects::cloud) struct Connector {
    tls: ClientConfig,
}

impl Connector {
    /// Trusts the system's authorities and those in `pem`.
    pub(in crate::objects::cloud) fn new(pem: &[u8]) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        // A system without any can still reach plain HTTP and what is in `pem`.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let added = certificate.map_err(|error| error.to_string());
            added
                .and_then(|one| roots.add(one).map_err(|error| error.to_string()))
                .map_err(|error| invalid(format!("a certificate of an authority: {error}")))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| invalid(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls })
    }
}

impl Connect for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(self.tls.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .build(https);
        let allow_http = options.get_config_value(&ClientConfigKey::AllowHttp);
        Ok(HttpClient::new(Service {
            client,
            allow_http: allow_http.as_deref() == Some("true"),
        }))
    }
}

#[derive(Debug)]
struct Service {
    client: Client<HttpsConnector<HttpConnector>, HttpRequestBody>,
    /// Plain HTTP to other machines.
    allow_http: bool,
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let uri = request.uri();
        let plain = uri.scheme_str() != Some("https");
        if plain && !self.allow_http && !uri.host().is_some_and(is_loopback) {
            let refused = std::io::Error::other("plain http to another machine is not allowed");
            return Err(HttpError::new(HttpErrorKind::Unknown, refused));
        }
        let length = request.body().content_length() as u64;
        let patience = ANSWER + Duration::from_secs(length / LEAST_RATE);
        let answer = tokio::time::timeout(patience, self.client.request(request)).await;
        let answer = answer
            .map_err(|late| HttpError::new(HttpErrorKind::Timeout, late))?
            .map_err(failed)?;
        Ok(answer.map(|body| HttpResponseBody::new(TimedBody::new(body, PATIENCE))))
    }
}

/// A request that was not sent may be sent again; one that broke on the way only if a second
/// time does no harm.
fn failed(error: legacy::Error) -> HttpError {
    let kind = if error.is_connect() {
        HttpErrorKind::Connect
    } else {
        HttpErrorKind::Interrupted
    };
    HttpError::new(kind, error)
}

/// Whether a host, as it stands in a URL, is this machine for certain.
pub(in crate::objects::cloud) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let parsed = address.parse::<IpAddr>();
    host == "localhost" || parsed.is_ok_and(|address| address.is_loopback())
}
