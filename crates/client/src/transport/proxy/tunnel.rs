//! Asks a proxy for a tunnel (`CONNECT`, RFC 9110, section 9.3.6).

use std::io;

use lazaret_net::USER_AGENT;
use lazaret_values::Secret;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Longest header of an answer, in bytes.
const LONGEST: usize = 16 * 1024;

/// The reason for which there is no tunnel, as the end of a sentence about the proxy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) reason: String,
    /// Whether another try can help.
    pub(super) is_transient: bool,
}

impl Refusal {
    fn new(reason: impl Into<String>, is_transient: bool) -> Self {
        Self {
            reason: reason.into(),
            is_transient,
        }
    }
}

/// Makes a tunnel to `target` (`host:port`) of a connection to the proxy.
pub(super) async fn tunnel(
    io: &mut (impl AsyncRead + AsyncWrite + Unpin),
    target: &str,
    authorization: Option<&Secret>,
) -> Result<(), Refusal> {
    let mut request =
        format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {USER_AGENT}\r\n");
    if let Some(value) = authorization {
        request.push_str(&format!("Proxy-Authorization: {}\r\n", value.reveal()));
    }
    request.push_str("\r\n");
    let broken = |error: io::Error| Refusal::new(format!("the connection broke: {error}"), true);
    io.write_all(request.as_bytes()).await.map_err(broken)?;
    io.flush().await.map_err(broken)?;
    let header = read_header(io).await?;
    let status = status(&header).ok_or_else(|| Refusal::new("it does not speak HTTP", false))?;
    match status {
        200..=299 => Ok(()),
        407 if authorization.is_none() => Err(Refusal::new("it wants credentials (407)", false)),
        407 => Err(Refusal::new(
            "it does not accept the credentials (407)",
            false,
        )),
        408 | 429 | 500.. => {
            let reason = format!("it cannot reach {target} ({status})");
            Err(Refusal::new(reason, true))
        }
        _ => {
            let reason = format!("it opens no tunnel to {target} ({status})");
            Err(Refusal::new(reason, false))
        }
    }
}

/// Reads the header of an answer with its empty line. After it, nothing may come: in a tunnel, the
/// client speaks first.
async fn read_header(io: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, Refusal> {
    let mut header = Vec::new();
    loop {
        if header.len() >= LONGEST {
            return Err(Refusal::new("its answer is too long", false));
        }
        let mut piece = [0; 1024];
        let length = io
            .read(&mut piece)
            .await
            .map_err(|error| Refusal::new(format!("the connection broke: {error}"), true))?;
        if length == 0 {
            return Err(Refusal::new("it closed the connection", true));
        }
        let before = header.len().saturating_sub(3);
        header.extend_from_slice(&piece[..length]);
        let end = header[before..]
            .windows(4)
            .position(|four| four == b"\r\n\r\n");
        let Some(end) = end.map(|at| before + at + 4) else {
            continue;
        };
        // The body of a refusal may follow at once; it is not read.
        let is_good = status(&header).is_some_and(|status| (200..300).contains(&status));
        if header.len() > end && is_good {
            return Err(Refusal::new("it sent more than the answer", false));
        }
        header.truncate(end);
        return Ok(header);
    }
}

/// The status of an answer.
fn status(header: &[u8]) -> Option<u16> {
    let line = header.split(|byte| *byte == b'\r').next()?;
    let rest = std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.")?;
    let code = rest.get(1..)?.strip_prefix(' ')?.get(..3)?;
    code.parse().ok().filter(|code| (200..600).contains(code))
}
