//! Bodies that nobody wants.

use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;

/// Bytes of a refused request's body that are read away, so that its sender gets to read the answer.
const MOST_DRAINED: u64 = 64 << 20;

/// How long they are read away.
const DRAINED: Duration = Duration::from_secs(20);

/// Reads the body of a refused request away.
pub(super) fn drain(mut body: Incoming) {
    let draining = async move {
        let mut left = MOST_DRAINED;
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
            match left.checked_sub(bytes) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    tokio::task::spawn_local(timeout(DRAINED, draining));
}
