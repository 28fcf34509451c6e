//! Frames over the stream to a guest.

use lazaret_protocol::{Decoder, Frame};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use crate::Error;

/// Bytes read at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// Both directions. Dropping it, or both halves, hangs up.
#[derive(Debug)]
pub struct Channel {
    sender: Sender,
    receiver: Receiver,
}

/// Frames to the guest.
#[derive(Debug)]
pub struct Sender(OwnedWriteHalf);

/// Frames from the guest.
#[derive(Debug)]
pub struct Receiver {
    stream: OwnedReadHalf,
    decoder: Decoder,
    buffer: Vec<u8>,
}

impl Channel {
    pub(crate) fn new(stream: UnixStream) -> Self {
        let (read, write) = stream.into_split();
        Self {
            sender: Sender(write),
            receiver: Receiver {
                stream: read,
                decoder: Decoder::default(),
                buffer: vec![0; PIECE_BYTES],
            },
        }
    }

    /// Sends a frame, see [`Sender::send`].
    ///
    /// # Errors
    /// [`Error::Channel`].
    pub async fn send(&mut self, frame: &Frame) -> Result<(), Error> {
        self.sender.send(frame).await
    }

    /// The next frame, see [`Receiver::receive`].
    ///
    /// # Errors
    /// [`Error::Channel`], [`Error::Protocol`].
    pub async fn receive(&mut self) -> Result<Option<Frame>, Error> {
        self.receiver.receive().await
    }

    /// The two directions apart.
    #[must_use]
    pub fn split(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }
}

impl Sender {
    /// Sends a frame; waits while the guest takes nothing. Not to be cancelled: a frame sent in
    /// part puts the stream out of step.
    ///
    /// # Errors
    /// [`Error::Channel`] when the machine is gone.
    pub async fn send(&mut self, frame: &Frame) -> Result<(), Error> {
        self.0
            .write_all(&frame.encode())
            .await
            .map_err(|source| Error::Channel { source })
    }
}

impl Receiver {
    /// The next frame; `None` when the machine is gone. May be dropped while it waits without
    /// losing anything.
    ///
    /// # Errors
    /// [`Error::Channel`], and [`Error::Protocol`], after which the stream is out of step.
    pub async fn receive(&mut self) -> Result<Option<Frame>, Error> {
        loop {
            if let Some(frame) = self.decoder.next_frame()? {
                return Ok(Some(frame));
            }
            match self.stream.read(&mut self.buffer).await {
                Ok(0) => return Ok(None),
                Ok(length) => self.decoder.push(&self.buffer[..length]),
                // A machine that was killed resets the stream instead of ending it.
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                    return Ok(None);
                }
                Err(source) => return Err(Error::Channel { source }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lazaret_protocol::Kind;

    use super::*;

    #[tokio::test]
    async fn frames_pass_in_both_directions_and_the_end_is_seen() {
        let (host, guest) = UnixStream::pair().unwrap();
        let (mut host, mut guest) = (Channel::new(host), Channel::new(guest));
        let large = Frame {
            kind: Kind::Stdin,
            payload: vec![3; 300_000],
        };
        let (sent, received) = tokio::join!(host.send(&large), guest.receive());
        sent.unwrap();
        assert_eq!(received.unwrap(), Some(large));
        guest.send(&Frame::empty(Kind::Started)).await.unwrap();
        drop(guest);
        assert_eq!(
            host.receive().await.unwrap(),
            Some(Frame::empty(Kind::Started))
        );
        assert_eq!(host.receive().await.unwrap(), None);
    }

    #[tokio::test]
    async fn bytes_that_are_no_frame_are_an_error() {
        let (host, mut guest) = UnixStream::pair().unwrap();
        guest.write_all(&[200, 0, 0, 0, 0]).await.unwrap();
        let error = Channel::new(host).receive().await.unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
    }
}
