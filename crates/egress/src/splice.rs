//! Both sides of a permitted connection, copied to each other as they are.

#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use tokio::net::TcpStream;

use crate::side::GuestSide;
use crate::stack::GuestStream;

/// How many pieces are copied one way before others have their turn.
const PIECES: usize = 16;

/// What was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Bytes of the guest.
    pub sent: u64,
    /// Bytes of the world.
    pub received: u64,
}

/// Copies both ways until both have ended: the end of one way is passed on, and the other goes on. Bytes
/// go from the buffer of one side into that of the other, with nothing in between; a side that does not
/// read stops only the other one.
///
/// # Errors
/// A side has broken the connection off; the other one is reset too when the streams are dropped.
pub async fn splice(guest: GuestStream, world: TcpStream) -> io::Result<Copied> {
    let mut copied = Copied::default();
    let (mut out, mut back) = (Way::Open, Way::Open);
    let result = poll_fn(|context| {
        if out == Way::Open {
            match poll_out(&guest, &world, context, &mut copied.sent) {
                Poll::Ready(Ok(())) => out = Way::Ended,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {}
            }
        }
        if back == Way::Open {
            match poll_back(&guest, &world, context, &mut copied.received) {
                Poll::Ready(Ok(())) => back = Way::Ended,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {}
            }
        }
        if out == Way::Ended && back == Way::Ended {
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    })
    .await;
    if result.is_err() {
        reset_on_drop(&world);
    }
    result.map(|()| copied)
}

impl GuestSide for GuestStream {
    fn reset(&mut self) {
        Self::reset(self);
    }

    async fn splice(self, world: TcpStream) -> io::Result<()> {
        splice(self, world).await?;
        Ok(())
    }
}

/// Makes the system break the connection off with RST when the stream is dropped.
pub(crate) fn reset_on_drop(world: &TcpStream) {
    // Otherwise it ends with FIN.
    let _ = rustix::net::sockopt::set_socket_linger(world, Some(std::time::Duration::ZERO));
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    Ended,
}

/// From the guest to the world.
fn poll_out(
    guest: &GuestStream,
    world: &TcpStream,
    context: &mut Context<'_>,
    count: &mut u64,
) -> Poll<io::Result<()>> {
    for _ in 0..PIECES {
        std::task::ready!(world.poll_write_ready(context))?;
        let piece = guest.poll_take(context, |bytes| match world.try_write(bytes) {
            Ok(written) => (written, Ok(written)),
            Err(error) => (0, Err(error)),
        })?;
        match std::task::ready!(piece) {
            None => {
                rustix::net::shutdown(world, rustix::net::Shutdown::Write)?;
                return Poll::Ready(Ok(()));
            }
            Some(Ok(written)) => *count += written as u64,
            Some(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            Some(Err(error)) => return Poll::Ready(Err(error)),
        }
    }
    context.waker().wake_by_ref();
    Poll::Pending
}

/// From the world to the guest.
fn poll_back(
    guest: &GuestStream,
    world: &TcpStream,
    context: &mut Context<'_>,
    count: &mut u64,
) -> Poll<io::Result<()>> {
    for _ in 0..PIECES {
        std::task::ready!(world.poll_read_ready(context))?;
        let piece = guest.poll_fill(context, |space| match world.try_read(space) {
            Ok(read) => (read, Ok(read)),
            Err(error) => (0, Err(error)),
        })?;
        match std::task::ready!(piece) {
            Ok(0) => {
                guest.finish();
                return Poll::Ready(Ok(()));
            }
            Ok(read) => *count += read as u64,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
    context.waker().wake_by_ref();
    Poll::Pending
}
