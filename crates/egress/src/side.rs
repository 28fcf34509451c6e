//! The guest's end of a TCP connection.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A connection of the guest, whose TCP is spoken by this process. A shutdown of writing is a FIN;
/// dropped before both sides are shut down, it is reset.
pub trait GuestSide: AsyncRead + AsyncWrite + Unpin + 'static {
    /// The connection is reset (RST): the guest sees that it was refused or broken.
    fn reset(&mut self);

    /// Copies both ways until both have ended.
    ///
    /// # Errors
    /// A side has broken the connection off; the other one is reset too.
    fn splice(self, world: TcpStream) -> impl Future<Output = io::Result<()>>;
}
