//! One request, as those see it who run the registry: measured, traced, one line in the log.

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

/// A request under way. When it is dropped, its end is noted.
pub(crate) struct Observation {
    metrics: Arc<Metrics>,
    traces: Option<Traces>,
    peer: Arc<Peer>,
    /// The id of the request.
    request: String,
    context: Context,
    user: Option<String>,
    /// Holds the sender's place among the requests under way.
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
    /// A request begins.
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
            // The query is left out: it may hold a signature.
            path: head.uri.path().to_owned(),
            // Until there is an answer, the client is the one that went away.
            status: 499,
            bytes: 0,
            start: Instant::now(),
            time: SystemTime::now(),
        }
    }

    /// The sender is known. Its place among the requests under way is kept until the answer is
    /// sent.
    pub(crate) fn identify(&mut self, identity: Option<&Identity>) {
        self.user = identity.and_then(Identity::user).map(str::to_owned);
        self._identity = identity.cloned();
    }

    /// The id of the request.
    pub(crate) fn request(&self) -> &str {
        &self.request
    }

    /// The header that continues the request's trace elsewhere.
    pub(crate) fn traceparent(&self) -> String {
        self.context.header()
    }

    /// The request has an answer; it is over when the answer's body is.
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
        // Probes come every second.
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

/// The methods that there are; others have no name of their own in labels.
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

/// A body that is counted as it goes.
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
