//! Observes one request: measures and traces it, and logs one line.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use http_body::{Frame, SizeHint};
use lazaret_auth::Identity;

use super::Metrics;
use super::trace::{Context, Span, Traces};
use crate::act::Class;
use crate::message::Body;
use crate::server::Peer;

/// A request under way. Its end is recorded when this value is dropped.
pub(crate) struct Observation {
    metrics: Arc<Metrics>,
    traces: Option<Traces>,
    peer: Arc<Peer>,
    /// The id of the request.
    request: String,
    context: Context,
    user: Option<String>,
    /// Holds the client's place among its requests under way.
    _identity: Option<Identity>,
    class: Class,
    method: &'static str,
    path: String,
    status: u16,
    bytes: u64,
    start: Instant,
    time: SystemTime,
}

impl Observation {
    /// Begins to observe a request.
    pub(super) fn new(
        metrics: Arc<Metrics>,
        traces: Option<Traces>,
        peer: &Arc<Peer>,
        head: &Parts,
        request: String,
        class: Class,
    ) -> Self {
        let ratio = traces.as_ref().map_or(0.0, Traces::sample_ratio);
        let method = method(&head.method);
        metrics.begun(class.name(), method);
        Self {
            metrics,
            traces,
            peer: Arc::clone(peer),
            request,
            context: Context::of(&head.headers, ratio),
            user: None,
            _identity: None,
            class,
            method,
            // The query is left out, because it may contain a signature.
            path: head.uri.path().to_owned(),
            // The status of a client that disconnected, which is assumed until there is a response.
            status: 499,
            bytes: 0,
            start: Instant::now(),
            time: SystemTime::now(),
        }
    }

    /// Records the client's identity. Its place among the requests under way is kept until the
    /// response is sent.
    pub(crate) fn identify(&mut self, identity: Option<&Identity>) {
        self.user = identity.and_then(Identity::user).map(str::to_owned);
        self._identity = identity.cloned();
    }

    /// The id of the request.
    pub(crate) fn request(&self) -> &str {
        &self.request
    }

    /// The header that continues the request's trace in other services.
    pub(crate) fn traceparent(&self) -> String {
        self.context.header()
    }

    /// Records the response; the request ends with the response's body.
    pub(crate) fn answered(mut self, response: Response<Body>) -> Response<Body> {
        self.status = response.status().as_u16();
        response.map(|body| {
            Body::new(Counted {
                body,
                observation: self,
            })
        })
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        let took = self.start.elapsed();
        let (class, method) = (self.class.name(), self.method);
        self.metrics
            .ended(class, method, self.status, took, self.bytes);
        // Not logged, because probes arrive every second.
        if self.class == Class::Probe {
            return;
        }
        tracing::info!(
            target: "lazaret_registry::access",
            request = self.request,
            peer = %self.peer.address,
            user = self.user.as_deref().unwrap_or("-"),
            method,
            path = self.path,
            status = self.status,
            bytes = self.bytes,
            ms = took.as_millis(),
            trace = %lazaret_values::hex(&self.context.trace),
            "request"
        );
        if let Some(traces) = &self.traces
            && self.context.is_sampled
        {
            traces.record(Span {
                context: self.context,
                method: method.to_owned(),
                route: self.class.form(),
                path: std::mem::take(&mut self.path),
                status: self.status,
                bytes: self.bytes,
                peer: self.peer.address,
                request: std::mem::take(&mut self.request),
                start: self.time,
                took,
            });
        }
    }
}

/// The known methods; all others share one label.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "OTHER",
    }
}

/// A body whose bytes are counted when they are sent.
struct Counted {
    body: Body,
    observation: Observation,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.observation.bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
