//! Decides whether and when to retry.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use crate::options::Retry;

/// Whether another try can help after this status.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// The wait that the server asks for: seconds or an HTTP date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(
        date.duration_since(SystemTime::now())
            .unwrap_or(Duration::ZERO),
    )
}

/// The backoff of one operation.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    policy: Retry,
    failures: u32,
    waited: Duration,
}

impl Backoff {
    pub(crate) fn new(policy: Retry) -> Self {
        Self {
            policy,
            failures: 0,
            waited: Duration::ZERO,
        }
    }

    /// Records a failure. `Some`: wait that long and try again; `None`: give up, because the
    /// tries are used up or the server asks for a longer wait than is left.
    pub(crate) fn after_failure(&mut self, wish: Option<Duration>) -> Option<Duration> {
        self.failures += 1;
        if self.failures >= self.policy.tries {
            return None;
        }
        let doubled = self
            .policy
            .first
            .saturating_mul(1_u32 << (self.failures - 1).min(20))
            .min(self.policy.most);
        // "Equal jitter": half fixed, half random, so that parallel clients drift apart.
        let jittered = doubled.mul_f64(0.5 + 0.5 * fastrand::f64());
        let wait = wish.map_or(jittered, |wish| wish.max(jittered));
        if self.waited.saturating_add(wait) > self.policy.budget {
            return None;
        }
        self.waited += wait;
        Some(wait.mul_f64(self.policy.scale.clamp(0.0, 1000.0)))
    }

    /// Forgets the failures after progress.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
        self.waited = Duration::ZERO;
    }
}
