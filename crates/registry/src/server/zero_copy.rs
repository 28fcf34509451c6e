//! Sends files without copying them, with `sendfile(2)` under an HTTP/1.1 connection that handles
//! only bytes.
//!
//! A body that is a file does not yield its content. It yields equally long slices of a region that
//! nobody reads ([`STAND_IN`]), and records in the connection's [`Outgoing`] which part of which
//! file each slice stands for. [`Wire`], below the HTTP layer, gets the slices in the same order,
//! recognizes them by their address, and sends the file in their place. The HTTP layer neither
//! looks at body bytes nor copies them while the stream is vectored. If it ever did, the connection
//! would fail instead of sending wrong bytes.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use rustix::io::{Errno, ReadWriteFlags};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Number of bytes of a file that are sent at once.
const PIECE: usize = 1024 * 1024;

/// Number of bytes of files that a connection sends before others of its thread have their turn.
/// A reader that is as fast as the sender would keep the thread for its whole file.
const TURN: usize = 2 * PIECE;

/// Stands for the content of files. It is never touched, so it takes no memory.
static STAND_IN: [u8; PIECE] = [0; PIECE];

/// Smallest body that is sent this way, in bytes.
pub(crate) const LEAST: u64 = 64 * 1024;

/// The parts of files that the stand-ins on their way through a connection stand for, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outgoing(Arc<Mutex<VecDeque<Piece>>>);

#[derive(Debug)]
struct Piece {
    file: Arc<File>,
    range: Range<u64>,
}

impl Outgoing {
    fn pieces(&self) -> std::sync::MutexGuard<'_, VecDeque<Piece>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A part of a file, as a body for the connection that has this [`Outgoing`].
pub(crate) struct FileBody {
    outgoing: Outgoing,
    file: Arc<File>,
    range: Range<u64>,
    /// The task that reads the next piece into the page cache.
    reading: Option<JoinHandle<io::Result<()>>>,
}

impl FileBody {
    pub(crate) fn new(outgoing: Outgoing, file: File, range: Range<u64>) -> Self {
        Self {
            outgoing,
            file: Arc::new(file),
            range,
            reading: None,
        }
    }

    fn piece(&self) -> Range<u64> {
        self.range.start..self.range.end.min(self.range.start + PIECE as u64)
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let piece = self.piece();
        if piece.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(reading) = &mut self.reading {
            let outcome = ready!(Pin::new(reading).poll(cx));
            self.reading = None;
            outcome.map_err(io::Error::other)??;
        } else if !is_cached(&self.file, &piece) {
            // `sendfile` would wait for the disk, and block all tasks on this thread.
            let (file, range) = (Arc::clone(&self.file), piece);
            let reading = tokio::task::spawn_blocking(move || read_through(&file, range));
            self.reading = Some(reading);
            return self.poll_frame(cx);
        }
        self.range.start = piece.end;
        let length = usize::try_from(piece.end - piece.start).map_err(io::Error::other)?;
        self.outgoing.pieces().push_back(Piece {
            file: Arc::clone(&self.file),
            range: piece,
        });
        let stand_in = Bytes::from_static(&STAND_IN[..length]);
        Poll::Ready(Some(Ok(Frame::data(stand_in))))
    }

    fn is_end_stream(&self) -> bool {
        self.range.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.range.end - self.range.start)
    }
}

/// Whether both ends of a range are in the page cache, and so very likely all of it.
fn is_cached(file: &File, range: &Range<u64>) -> bool {
    [range.start, range.end - 1].into_iter().all(|offset| {
        let mut byte = [0];
        let mut slices = [IoSliceMut::new(&mut byte)];
        !matches!(
            rustix::io::preadv2(file, &mut slices, offset, ReadWriteFlags::NOWAIT),
            Err(Errno::AGAIN)
        )
    })
}

fn read_through(file: &File, range: Range<u64>) -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    let mut buffer = vec![0; 128 * 1024];
    let mut offset = range.start;
    while offset < range.end {
        match file.read_at(&mut buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => offset += length as u64,
        }
    }
    Ok(())
}

/// A TCP stream that sends parts of files in place of their stand-ins.
pub(crate) struct Wire {
    stream: TcpStream,
    outgoing: Outgoing,
    /// Number of bytes of files that were sent in this turn.
    sent: usize,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, outgoing: Outgoing) -> Self {
        Self {
            stream,
            outgoing,
            sent: 0,
        }
    }

    /// Sends bytes of the file that a stand-in of `length` bytes stands for.
    fn poll_send(&mut self, cx: &mut Context<'_>, length: usize) -> Poll<io::Result<usize>> {
        if self.sent >= TURN {
            self.sent = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            ready!(self.stream.poll_write_ready(cx))?;
            let mut pieces = self.outgoing.pieces();
            let piece = pieces
                .front_mut()
                .ok_or_else(|| io::Error::other("no file for a stand-in"))?;
            let left =
                usize::try_from(piece.range.end - piece.range.start).map_err(io::Error::other)?;
            let outcome = self.stream.try_io(Interest::WRITABLE, || {
                let mut offset = piece.range.start;
                let count = left.min(length);
                Ok(rustix::fs::sendfile(
                    &self.stream,
                    &piece.file,
                    Some(&mut offset),
                    count,
                )?)
            });
            match outcome {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                Ok(sent) => {
                    self.sent += sent;
                    piece.range.start += sent as u64;
                    if piece.range.is_empty() {
                        pieces.pop_front();
                    }
                    return Poll::Ready(Ok(sent));
                }
            }
        }
    }
}

fn is_stand_in(bytes: &[u8]) -> bool {
    !bytes.is_empty() && STAND_IN.as_ptr_range().contains(&bytes.as_ptr())
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().position(|slice| !slice.is_empty());
        let slices = &slices[first.unwrap_or(slices.len())..];
        match slices.first() {
            Some(slice) if is_stand_in(slice) => self.poll_send(cx, slice.len()),
            _ => {
                let end = slices.iter().position(|slice| is_stand_in(slice));
                let slices = &slices[..end.unwrap_or(slices.len())];
                Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
