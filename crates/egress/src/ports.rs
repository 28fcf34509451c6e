//! Published ports: connections of the host's side into the guest.

#[cfg(test)]
mod tests;

use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::splice::{reset_on_drop, splice};
use crate::stack::Stack;

/// The most connections to one port at once; further ones wait in the system's queue.
const MOST: usize = 256;
/// How long to wait when the system has no place for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves each of the listening sockets, whose connections go to the guest's port beside it. It ends only
/// when it is dropped, which ends the connections too, or with an error.
///
/// # Errors
/// A socket is none that listens.
pub async fn serve(stack: Rc<Stack>, listeners: Vec<(TcpListener, u16)>) -> io::Result<()> {
    let mut ports = JoinSet::new();
    for (listener, port) in listeners {
        ports.spawn_local(listen(Rc::clone(&stack), listener, port));
    }
    while let Some(ended) = ports.join_next().await {
        ended.map_err(io::Error::other)??;
    }
    // Without a port, there is nothing to do.
    std::future::pending().await
}

async fn listen(stack: Rc<Stack>, listener: TcpListener, port: u16) -> io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept(), if connections.len() < MOST => accepted,
        };
        match accepted {
            Ok((world, _)) => {
                connections.spawn_local(carry(Rc::clone(&stack), world, port));
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(error),
            // It concerns the one connection, or there are too many files for now.
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

async fn carry(stack: Rc<Stack>, world: TcpStream, port: u16) {
    // Without it, the connection is only slower.
    let _ = world.set_nodelay(true);
    match stack.connect(port).await {
        // What breaks a connection off, both ends learn.
        Ok(guest) => drop(splice(guest, world).await),
        Err(_) => reset_on_drop(&world),
    }
}
