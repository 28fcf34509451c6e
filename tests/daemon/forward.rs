//! Makes a UNIX socket an address, for programs that know no other.

use std::io::copy;
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::spawn;

/// Passes connections on to a socket, until the process ends.
pub(crate) fn forward(socket: &Path) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let socket = socket.to_owned();
    spawn(move || {
        for client in listener.incoming() {
            let (Ok(client), Ok(daemon)) = (client, UnixStream::connect(&socket)) else {
                continue;
            };
            let (mut from, mut to) = (client.try_clone().unwrap(), daemon.try_clone().unwrap());
            spawn(move || {
                let _broken = copy(&mut from, &mut to);
                let _gone = to.shutdown(Shutdown::Write);
            });
            let (mut from, mut to) = (daemon, client);
            spawn(move || {
                let _broken = copy(&mut from, &mut to);
                let _gone = to.shutdown(Shutdown::Both);
            });
        }
    });
    address
}
