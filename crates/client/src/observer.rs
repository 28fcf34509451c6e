//! The port through which a caller watches the exchanges with servers.

use std::fmt;

use http::{HeaderMap, Method};

/// A watcher of HTTP exchanges, such as a counter of requests or a reader of rate limits.
///
/// It is told of every exchange once, by one of the two methods: token fetches, redirects and
/// repetitions are exchanges of their own. An exchange that its caller gives up before the answer
/// is not told, nor is the
/// opening of a tunnel at a proxy. Calls come from several tasks, and must not block.
pub trait Observer: fmt::Debug + Send + Sync {
    /// `host` (with its port, if the URL has one) answered with `status` and `headers`. The body
    /// may still break off.
    fn answered(&self, host: &str, method: &Method, status: u16, headers: &HeaderMap);

    /// There was no answer from `host`: no connection, a broken one, silence, or a body whose
    /// local source failed.
    fn failed(&self, host: &str);
}
