//! Messages over a stream socket: each is its length as four bytes, the most significant first, and JSON.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Longest message in bytes: a policy of many rules.
const LONGEST: usize = 16 * 1024 * 1024;

/// Sends one message.
///
/// # Errors
/// When the other side has gone, or the message is longer than 16 MiB.
pub async fn send(
    stream: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> io::Result<()> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message)?;
    let length = bytes.len() - 4;
    let number = u32::try_from(length).ok().filter(|_| length <= LONGEST);
    let number = number.ok_or(io::ErrorKind::InvalidInput)?;
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    stream.write_all(&bytes).await
}

/// Receives one message; `None` when the other side has ended.
///
/// # Errors
/// When it ended within a message, or what came is none.
pub async fn receive<M: DeserializeOwned>(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<M>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    stream.take(length as u64).read_to_end(&mut bytes).await?;
    if bytes.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(serde_json::from_slice(&bytes)?))
}

#[cfg(test)]
mod tests;
