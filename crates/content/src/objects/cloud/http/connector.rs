//! Connections, with error kinds that decide about retries.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use lazaret_net::{Pool, PoolError, PoolOptions, Roots, TimedBody, client_config, pool};
use object_store::ClientOptions;
use object_store::client::{
    ClientConfigKey, HttpClient, HttpConnector as Connect, HttpError, HttpErrorKind, HttpRequest,
    HttpRequestBody, HttpResponse, HttpResponseBody, HttpService,
};
use rustls::ClientConfig;

use super::body::StoreBody;
use crate::Error;
use crate::error::invalid;

const CONNECT: Duration = Duration::from_secs(10);

/// An idle connection is kept for this time.
const IDLE: Duration = Duration::from_secs(60);

/// Time limit for the beginning of a response: completing a large object takes a while.
const ANSWER: Duration = Duration::from_secs(60);

/// Time limit for each further piece of a response.
const PATIENCE: Duration = Duration::from_secs(30);

/// Smallest acceptable rate of sending, in bytes per second; a slower store counts as failed.
const LEAST_RATE: u64 = 64 * 1024;

/// Makes HTTP clients that share their trusted authorities.
#[derive(Debug, Clone)]
pub(in crate::objects::cloud) struct Connector {
    tls: ClientConfig,
}

impl Connector {
    /// Trusts the system's authorities and those in `pem`.
    pub(in crate::objects::cloud) fn new(pem: &[u8]) -> Result<Self, Error> {
        // A system without authorities can still use plain HTTP and the authorities in `pem`.
        let mut roots = Roots::system();
        roots
            .add_pem(pem)
            .map_err(|error| invalid(format!("the authorities: {error}")))?;
        Ok(Self {
            tls: client_config(roots),
        })
    }
}

impl Connect for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let limits = PoolOptions {
            connect: CONNECT,
            idle: IDLE,
            idle_per_host: usize::MAX,
        };
        let client = pool(self.tls.clone(), limits);
        let allow_http = options.get_config_value(&ClientConfigKey::AllowHttp);
        Ok(HttpClient::new(Service {
            client,
            allow_http: allow_http.as_deref() == Some("true"),
        }))
    }
}

#[derive(Debug)]
struct Service {
    client: Pool<HttpRequestBody>,
    /// Whether plain HTTP to other machines is allowed.
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
        Ok(answer.map(|body| HttpResponseBody::new(StoreBody(TimedBody::new(body, PATIENCE)))))
    }
}

/// Sets the kind of an error: a request that was not sent may be sent again; one that failed on the
/// way may be repeated only if it is idempotent.
fn failed(error: PoolError) -> HttpError {
    let kind = if error.is_connect() {
        HttpErrorKind::Connect
    } else {
        HttpErrorKind::Interrupted
    };
    HttpError::new(kind, error)
}

/// Whether a host, as it stands in a URL, is certainly this machine.
pub(in crate::objects::cloud) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let parsed = address.parse::<IpAddr>();
    host == "localhost" || parsed.is_ok_and(|address| address.is_loopback())
}
