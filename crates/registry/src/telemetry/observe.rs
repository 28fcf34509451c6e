//! One request, as those see it who run the registry: measured, traced, one line in the log.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use http_body::{Frame, SizeHint};

use super::Operations;
use super::trace::{Context, Span};
use crate::message::answer::Body;
use crate::server::Peer;
use lazaret_auth::Identity;

/// A request under way. When it is dropped, its end is noted.
pub(crate) struct Observation {
    operations: Arc<Operations>,
    peer: Arc<Peer>,
    /// Its id.
    pub(crate) request: String,
    /// Where it is in a trace.
    pub(crate) context: Context,
    /// Who sent it.
    pub(crate) user: Option<String>,
    /// Holds the sender's place among the requests under way.
    pub(crate) identity: Option<Identity>,
    class: &'static str,
    route: &'static str,
    method: &'static str,
    path: String,
    status: u16,
    bytes: u64,
    start: Instant,
    time: SystemTime,
}

impl Observation {
    /// A request begins. `class` and `route` say what its path names, without names.
    pub(crate) fn new(
        operations: &Arc<Operations>,
        peer: &Arc<Peer>,
        head: &Parts,
        request: String,
        class: &'static str,
        route: &'static str,
    ) -> Self {
        let ratio = operations.sample_ratio();
        let method = method(&head.method);
        operations.metrics.begun(class, method);
        Self {
            operations: Arc::clone(operations),
            peer: Arc::clone(peer),
            request,
            context: Context::of(&head.headers, ratio),
            user: None,
            identity: None,
            class,
            route,
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
        let (class, method) = (self.class, self.method);
        self.operations
            .metrics
            .ended(class, method, self.status, took, self.bytes);
        // Probes come every second.
        if class != "probe" {
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
        }
        if let Some(traces) = &self.operations.traces
            && self.context.is_sampled
            && class != "probe"
        {
            traces.record(Span {
                context: self.context,
                method: method.to_owned(),
                route: self.route,
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
