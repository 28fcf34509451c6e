//! Several addresses of one host (RFC 8305): the next is tried when one has failed or takes long, and the
//! first that answers wins.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long one address has alone.
const HEAD_START: Duration = Duration::from_millis(250);
/// The most addresses that are tried.
const MOST: usize = 8;

/// Connects to one of the addresses, in their order but with both families by turns.
///
/// # Errors
/// That of the last that failed.
pub(super) async fn connect(ends: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut left = by_turns(ends);
    left.truncate(MOST);
    let mut tries = JoinSet::new();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        if let Some(end) = left.pop_front() {
            tries.spawn(TcpStream::connect(end));
        } else if tries.is_empty() {
            return Err(last);
        }
        loop {
            let result = tokio::select! {
                result = tries.join_next() => result,
                () = sleep(HEAD_START), if !left.is_empty() => break,
            };
            match result {
                Some(Ok(Ok(stream))) => return Ok(stream),
                Some(Ok(Err(error))) => last = error,
                Some(Err(error)) => last = io::Error::other(error),
                None => break,
            }
            if !left.is_empty() || tries.is_empty() {
                break;
            }
        }
    }
}

/// The resolver's order, but the family of the first and the other one by turns.
pub(super) fn by_turns(ends: &[SocketAddr]) -> VecDeque<SocketAddr> {
    let first = ends.first().is_some_and(SocketAddr::is_ipv6);
    let (own, other): (Vec<_>, Vec<_>) = ends.iter().partition(|end| end.is_ipv6() == first);
    let mut other = other.into_iter();
    let mut ordered = VecDeque::new();
    for end in own {
        ordered.push_back(end);
        ordered.extend(other.next());
    }
    ordered.extend(other);
    ordered
}
