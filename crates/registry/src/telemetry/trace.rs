//! Traces: one span per request, in the client's trace if it has one (W3C Trace Context, level 1),
//! sent as JSON over OTLP/HTTP (OpenTelemetry protocol 1.3).

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderMap;
use lazaret_values::{Chain, hex, unhex_array};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use crate::http_client::HttpClient;

/// Largest number of waiting spans; further ones are dropped.
const WAITING: usize = 8192;
/// Largest number of spans in one export.
const BATCH: usize = 512;
/// Longest time that a span waits for others.
const PAUSE: Duration = Duration::from_secs(2);
/// The kind of the spans: server.
const SERVER: u8 = 2;

/// The position of a request in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Context {
    pub(crate) trace: [u8; 16],
    /// The id of the request's own span.
    pub(crate) span: [u8; 8],
    /// The id of the client's span.
    pub(crate) parent: Option<[u8; 8]>,
    /// Whether the trace is recorded.
    pub(crate) is_sampled: bool,
}

impl Context {
    /// Continues the client's trace, or begins a trace that is recorded with the probability
    /// `ratio`.
    pub(crate) fn of(headers: &HeaderMap, ratio: f64) -> Self {
        let given = headers
            .get("traceparent")
            .and_then(|value| value.to_str().ok())
            .and_then(parse);
        match given {
            Some((trace, parent, is_sampled)) => Self {
                trace,
                span: random(),
                parent: Some(parent),
                is_sampled,
            },
            None => {
                let trace: [u8; 16] = random();
                Self {
                    trace,
                    span: random(),
                    parent: None,
                    is_sampled: is_chosen(trace, ratio),
                }
            }
        }
    }

    /// The header for requests that this request causes.
    pub(crate) fn header(&self) -> String {
        let flags = u8::from(self.is_sampled);
        format!(
            "00-{}-{}-{}",
            hex(&self.trace),
            hex(&self.span),
            hex(&[flags])
        )
    }
}

/// Parses version, trace, parent and flags. Later versions may have more fields.
fn parse(text: &str) -> Option<([u8; 16], [u8; 8], bool)> {
    let mut fields = text.trim().split('-');
    let [version] = unhex::<1>(fields.next()?)?;
    let trace = unhex::<16>(fields.next()?)?;
    let parent = unhex::<8>(fields.next()?)?;
    let [flags] = unhex::<1>(fields.next()?)?;
    let is_fit = version != 0xff && trace != [0; 16] && parent != [0; 8];
    let has_rest = fields.next().is_some();
    (is_fit && (version > 0 || !has_rest)).then_some((trace, parent, flags & 1 == 1))
}

/// Parses exactly `N` bytes; digits in upper case are refused.
fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_lower = !text.bytes().any(|b| b.is_ascii_uppercase());
    is_lower.then(|| unhex_array(text)).flatten()
}

/// Random bytes, which are not all zero.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fastrand::fill(&mut bytes);
    if bytes == [0; N] {
        bytes = [1; N];
    }
    bytes
}

/// Decides by the trace id, so that all services decide the same.
fn is_chosen(trace: [u8; 16], ratio: f64) -> bool {
    let [.., a, b, c, d, e, f, g] = trace;
    let value = u64::from_be_bytes([0, a, b, c, d, e, f, g]);
    let share = value as f64 / (1_u64 << 56) as f64;
    share < ratio
}

/// The span of a finished request.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) context: Context,
    pub(crate) method: String,
    /// The pattern of the path, without names.
    pub(crate) route: &'static str,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) bytes: u64,
    pub(crate) peer: std::net::SocketAddr,
    pub(crate) request: String,
    pub(crate) start: SystemTime,
    pub(crate) took: Duration,
}

/// The settings of the collector and of sampling.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Export {
    /// The URL of the collector, such as `http://localhost:4318`.
    pub(crate) endpoint: Option<String>,
    /// Ratio of traced requests, among those whose client does not decide, 0 to 1.
    pub(crate) sample_ratio: f64,
    /// The `service.name` of the spans.
    pub(crate) service_name: String,
    /// Longest time for one export.
    pub(crate) timeout: Duration,
}

/// Queues spans for the collector and never waits. Clones share one queue.
#[derive(Debug, Clone)]
pub(crate) struct Traces {
    spans: mpsc::Sender<Span>,
    export: watch::Receiver<Arc<Export>>,
}

impl Traces {
    /// Makes the queue, and the task that sends its spans.
    pub(crate) fn start(
        client: HttpClient,
        export: watch::Receiver<Arc<Export>>,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (spans, receiver) = mpsc::channel(WAITING);
        let task = send(receiver, client, export.clone());
        (Self { spans, export }, task)
    }

    /// Ratio of traced requests, among those whose client does not decide, 0 to 1.
    pub(crate) fn sample_ratio(&self) -> f64 {
        self.export.borrow().sample_ratio
    }

    pub(crate) fn record(&self, span: Span) {
        // With a slow collector spans are lost, but requests are not delayed.
        let _ = self.spans.try_send(span);
    }
}

async fn send(
    mut spans: mpsc::Receiver<Span>,
    client: HttpClient,
    export: watch::Receiver<Arc<Export>>,
) {
    let mut batch = Vec::new();
    while spans.recv_many(&mut batch, BATCH).await > 0 {
        let deadline = tokio::time::Instant::now() + PAUSE;
        while batch.len() < BATCH {
            let room = BATCH - batch.len();
            let more = spans.recv_many(&mut batch, room);
            if !matches!(tokio::time::timeout_at(deadline, more).await, Ok(1..)) {
                break;
            }
        }
        let export = Arc::clone(&export.borrow());
        let count = batch.len();
        let body = document(&export, &batch);
        batch.clear();
        let Some(url) = export.endpoint.as_deref().map(traces_url) else {
            continue;
        };
        let body = Bytes::from(body.to_string());
        let headers = [("content-type", "application/json")];
        let sent = client.post(&url, &headers, body, export.timeout).await;
        if let Err(error) = sent {
            let error = Chain(&error).to_string();
            tracing::warn!(count, error, "failed to send traces");
        }
    }
}

/// The URL of the endpoint for traces (OTLP/HTTP: `/v1/traces` is added to a URL without a path).
fn traces_url(endpoint: &str) -> String {
    let rest = endpoint
        .split_once("://")
        .map_or(endpoint, |(_, rest)| rest);
    match rest.split_once('/') {
        None => format!("{endpoint}/v1/traces"),
        Some((_, "")) => format!("{endpoint}v1/traces"),
        Some(_) => endpoint.to_owned(),
    }
}

fn attribute(key: &str, value: Value) -> Value {
    let value = match value {
        Value::Number(number) => json!({ "intValue": number.to_string() }),
        value => json!({ "stringValue": value }),
    };
    json!({ "key": key, "value": value })
}

/// Makes an `ExportTraceServiceRequest` in the JSON form of the protocol.
fn document(export: &Export, spans: &[Span]) -> Value {
    let nanoseconds = |time: SystemTime| {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap_or_default().as_nanos().to_string()
    };
    let spans: Vec<Value> = spans
        .iter()
        .map(|span| {
            let mut name = String::new();
            let _ = write!(name, "{} {}", span.method, span.route);
            let attributes = vec![
                attribute("http.request.method", span.method.clone().into()),
                attribute("http.route", span.route.into()),
                attribute("url.path", span.path.clone().into()),
                attribute("http.response.status_code", span.status.into()),
                attribute("http.response.body.size", span.bytes.into()),
                attribute("client.address", span.peer.ip().to_string().into()),
                attribute("lazaret.request_id", span.request.clone().into()),
            ];
            let context = &span.context;
            let mut value = json!({
                "traceId": hex(&context.trace),
                "spanId": hex(&context.span),
                "name": name,
                "kind": SERVER,
                "startTimeUnixNano": nanoseconds(span.start),
                "endTimeUnixNano": nanoseconds(span.start + span.took),
                "attributes": attributes,
                // Errors of clients are not errors of the span.
                "status": if span.status >= 500 { json!({ "code": 2 }) } else { json!({}) },
            });
            if let Some(parent) = &context.parent {
                value["parentSpanId"] = hex(parent).into();
            }
            value
        })
        .collect();
    json!({
        "resourceSpans": [{
            "resource": { "attributes": [
                attribute("service.name", export.service_name.clone().into()),
                attribute("service.version", env!("CARGO_PKG_VERSION").into()),
            ]},
            "scopeSpans": [{ "scope": { "name": "lazaret" }, "spans": spans }],
        }]
    })
}
