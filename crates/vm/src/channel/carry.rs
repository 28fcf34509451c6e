//! The task that owns the stream: it reads and writes frames.

use std::io::ErrorKind;
use std::sync::Arc;

use lazaret_protocol::Decoder;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::shared::{Closed, Shared};
use crate::Error;

/// Number of bytes of frames that are written at a time.
const BATCH_BYTES: usize = 64 * 1024;

/// Carries frames until the guest is gone or breaks the protocol; `decoder` holds the bytes that
/// were read after the greeting.
pub(super) async fn run(
    shared: Arc<Shared>,
    stream: UnixStream,
    decoder: Decoder,
    buffer: Vec<u8>,
) {
    let (reader, writer) = stream.into_split();
    let closed = tokio::select! {
        closed = receive(&shared, reader, decoder, buffer) => closed,
        never = send(&shared, writer) => match never {},
    };
    shared.close(closed);
}

/// Reads frames until the stream ends.
async fn receive(
    shared: &Shared,
    mut reader: impl AsyncRead + Unpin,
    mut decoder: Decoder,
    mut buffer: Vec<u8>,
) -> Closed {
    loop {
        if let Err(error) = shared.receive(&mut decoder) {
            return Closed::Protocol(error);
        }
        match read(&mut reader, &mut buffer).await {
            Ok(0) => return Closed::Ended,
            Ok(length) => decoder.push(&buffer[..length]),
            Err(error) => return Closed::Broken(error.to_string()),
        }
    }
}

/// Writes the frames to send. A guest that accepts no more is gone, which the reader reports
/// after it has read everything.
async fn send(shared: &Shared, mut writer: impl AsyncWrite + Unpin) -> std::convert::Infallible {
    let mut wire = Vec::with_capacity(2 * BATCH_BYTES);
    loop {
        wire.clear();
        shared.next_frames(BATCH_BYTES, &mut wire);
        if wire.is_empty() {
            shared.work().await;
        } else if let Err(error) = writer.write_all(&wire).await {
            tracing::debug!(%error, "the guest takes no more");
            return std::future::pending().await;
        }
    }
}

/// Reads some bytes; 0 when the machine is gone.
pub(super) async fn read(
    reader: &mut (impl AsyncRead + Unpin),
    buffer: &mut [u8],
) -> Result<usize, Error> {
    match reader.read(buffer).await {
        // A machine that was killed resets the stream instead of ending it.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(0),
        read => read.map_err(|source| Error::Channel { source }),
    }
}
