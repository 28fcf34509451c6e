//! Sends one request and receives one response.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use lazaret_net::{TimedBody, USER_AGENT};

use super::body::Payload;
use super::conn::Peer;
use super::connect::Connector;
use super::failure::{Failure, FailureKind, classify};
use super::origin::{Origin, PlainHttp};
use super::proxy::ProxyRoute;
use super::reach::{Reach, Zone};
use super::tls::Tls;
use crate::Error;
use crate::error::Cause;
use crate::observer::Observer;
use crate::options::{Options, Timeouts};

/// A request to be sent once.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) payload: Payload,
    pub(crate) reach: Reach,
}

/// A response, with the URL that gave it.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) uri: Uri,
    pub(crate) status: http::StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: TimedBody,
    /// The addresses to which this server may point.
    reach: Reach,
    /// The reach by which a proxy reached this server by its name.
    by_name: Option<Reach>,
    /// Whether a credential was sent with the request; set by the caller that added it.
    pub(crate) proved: bool,
    /// The `Authorization` that was sent; set likewise.
    pub(crate) sent: Option<HeaderValue>,
}

impl Response {
    /// A header as text.
    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The addresses of `target` to which this server may point. The address of a server behind a
    /// proxy is not known: it may point to itself just as it was reached.
    pub(crate) fn reach_to(&self, target: &Uri) -> Reach {
        match self.by_name {
            Some(reach) if Origin::of(target) == Origin::of(&self.uri) => reach,
            _ => self.reach,
        }
    }
}

type Pool = Client<Connector, Payload>;

/// Sends requests over pooled connections.
pub(crate) struct Transport {
    tls: Arc<Tls>,
    proxy: Option<Arc<ProxyRoute>>,
    pub(crate) timeouts: Timeouts,
    pub(crate) plain: PlainHttp,
    /// One pool for each reach: a connection made with a wide one must not serve a narrow one.
    pools: Mutex<HashMap<Reach, Pool>>,
    observer: Option<Arc<dyn Observer>>,
}

impl Transport {
    pub(crate) fn new(options: &Options) -> Result<Self, Error> {
        let proxy = options.proxy.as_ref().map(ProxyRoute::new);
        Ok(Self {
            tls: Arc::new(Tls::new(options)?),
            proxy: proxy.transpose()?.map(Arc::new),
            timeouts: options.timeouts,
            plain: PlainHttp::new(options),
            pools: Mutex::default(),
            observer: options.observer.clone(),
        })
    }

    fn pool(&self, reach: Reach) -> Pool {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools
            .entry(reach)
            .or_insert_with(|| {
                let connector = Connector {
                    tls: Arc::clone(&self.tls),
                    proxy: self.proxy.clone(),
                    reach,
                    timeout: self.timeouts.connect,
                };
                Client::builder(TokioExecutor::new())
                    .pool_timer(TokioTimer::new())
                    .pool_idle_timeout(Duration::from_secs(30))
                    .pool_max_idle_per_host(16)
                    .build(connector)
            })
            .clone()
    }

    /// Sends one request, and tells the observer. The caller handles redirects and failures.
    pub(crate) async fn send(&self, outgoing: Outgoing) -> Result<Response, Failure> {
        let Some(observer) = &self.observer else {
            return self.exchange(outgoing).await;
        };
        let method = outgoing.method.clone();
        let host = outgoing
            .uri
            .authority()
            .map_or("", |a| a.as_str())
            .to_owned();
        let result = self.exchange(outgoing).await;
        match &result {
            Ok(Response {
                status, headers, ..
            }) => {
                observer.answered(&host, &method, status.as_u16(), headers);
            }
            Err(_) => observer.failed(&host),
        }
        result
    }

    async fn exchange(&self, outgoing: Outgoing) -> Result<Response, Failure> {
        let Outgoing {
            method,
            uri,
            headers,
            authorization,
            payload,
            reach,
        } = outgoing;
        let host = uri.authority().map_or("", |a| a.as_str()).to_owned();
        let started = tokio::time::Instant::now();
        let sent = payload.sent();
        let mut request = Request::new(payload);
        *request.method_mut() = method.clone();
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers;
        let fields = request.headers_mut();
        fields.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        // Without it any coding is acceptable (RFC 9110, section 12.5.3), and digests are of
        // bytes without one.
        fields.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("identity"),
        );
        if let Some(value) = authorization {
            fields.insert(header::AUTHORIZATION, value);
        }
        if matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            let length = http_body::Body::size_hint(request.body()).lower();
            request
                .headers_mut()
                .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        let pool = self.pool(reach);
        let answer = pool.request(request);
        tokio::pin!(answer);
        let mut seen = 0;
        let result = loop {
            match tokio::time::timeout(self.timeouts.header, &mut answer).await {
                Ok(result) => break result,
                // While the request itself makes progress, the server is not late.
                Err(_) if sent.bytes.load(Ordering::Relaxed) > seen => {
                    seen = sent.bytes.load(Ordering::Relaxed);
                }
                Err(_) => {
                    let reason = format!("no answer after {:?}", self.timeouts.header);
                    return Err(Failure::network(&host, reason));
                }
            }
        };
        let source = sent
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let elapsed = started.elapsed();
        // Neither headers nor query strings: both carry secrets.
        match (result, source) {
            (Ok(response), _) => {
                let status = response.status();
                tracing::debug!(%method, host, path = uri.path(), %status, ?elapsed, "answer");
                let (parts, body) = response.into_parts();
                let peer = parts.extensions.get::<Peer>();
                let by_name = peer.is_some_and(|peer| peer.is_by_name).then_some(reach);
                // Every connection knows its peer; a server without one may point to the fewest.
                let zone = peer.map_or(Zone::Public, |peer| peer.zone);
                Ok(Response {
                    uri,
                    status: parts.status,
                    headers: parts.headers,
                    body: TimedBody::new(body, self.timeouts.idle),
                    reach: Reach::From(zone),
                    by_name,
                    proved: false,
                    sent: None,
                })
            }
            (Err(_), Some(error)) => Err(Failure {
                host,
                kind: FailureKind::Source(error),
            }),
            (Err(error), None) => {
                let failure = classify(&host, &error);
                tracing::debug!(%method, host, path = uri.path(), ?elapsed, "no answer");
                Err(failure)
            }
        }
    }

    /// Checks that a server at `from` may point to `to`, as far as TLS is concerned.
    pub(crate) fn check_step(&self, from: &Uri, to: &Uri, what: &str) -> Result<(), Failure> {
        let host = from.authority().map_or("", |a| a.as_str());
        let (Some(from), Some(to)) = (Origin::of(from), Origin::of(to)) else {
            return Err(Failure::refused(
                host,
                format!("gave a bad {what}"),
                Cause::Other,
            ));
        };
        if self.plain.allows_step(&from, &to) {
            return Ok(());
        }
        let cause = if from.tls {
            Cause::TlsTurnedOff
        } else {
            Cause::PlainNotListed
        };
        Err(Failure::refused(
            host,
            format!("gave a {what} that turns TLS off ({to})"),
            cause,
        ))
    }
}
