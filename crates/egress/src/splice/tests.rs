//! A guest and a real server, with nothing but copying between them.

use std::net::Ipv4Addr;

use smoltcp::socket::tcp::State;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, spawn_local};

use super::{Copied, splice};
use crate::stack::tests::guest::{Network, network};
use crate::stack::tests::on_one_thread;

const SERVER: Ipv4Addr = Ipv4Addr::new(93, 184, 216, 34);

/// A connection of the guest that is spliced to one that the test has.
async fn spliced(
    network: &mut Network,
) -> (
    smoltcp::iface::SocketHandle,
    TcpStream,
    JoinHandle<std::io::Result<Copied>>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let world = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (server, _) = listener.accept().await.unwrap();
    let (handle, incoming) = network.connected(SERVER, 5432).await;
    let task = spawn_local(splice(incoming.stream, world));
    (handle, server, task)
}

#[test]
fn bytes_and_ends_pass_both_ways() {
    on_one_thread(async {
        let mut network = network();
        let (handle, mut server, task) = spliced(&mut network).await;
        let echo = spawn_local(async move {
            let mut bytes = Vec::new();
            server.read_to_end(&mut bytes).await.unwrap();
            server.write_all(&bytes).await.unwrap();
            server.shutdown().await.unwrap();
        });
        let sent: Vec<u8> = (0..2_000_000_u32).map(|at| (at % 251) as u8).collect();
        let (mut out, mut back) = (0, Vec::new());
        network
            .until(|guest| {
                let socket = guest.socket(handle);
                if socket.may_send() {
                    out += socket.send_slice(&sent[out..]).unwrap();
                    if out == sent.len() {
                        socket.close();
                    }
                }
                let _ = socket.recv(|bytes| {
                    back.extend_from_slice(bytes);
                    (bytes.len(), ())
                });
                (!socket.may_recv()).then_some(())
            })
            .await;
        assert!(back == sent);
        echo.await.unwrap();
        let copied = network.drive(task).await.unwrap().unwrap();
        let length = sent.len() as u64;
        assert_eq!((copied.sent, copied.received), (length, length));
    });
}

#[test]
fn the_server_may_end_first() {
    on_one_thread(async {
        let mut network = network();
        let (handle, mut server, task) = spliced(&mut network).await;
        server.write_all(b"bye").await.unwrap();
        server.shutdown().await.unwrap();
        network
            .until(|guest| (guest.socket(handle).state() == State::CloseWait).then_some(()))
            .await;
        network.guest.socket(handle).send_slice(b"thanks").unwrap();
        network.guest.socket(handle).close();
        let mut thanks = Vec::new();
        network
            .drive(server.read_to_end(&mut thanks))
            .await
            .unwrap();
        assert_eq!(thanks, b"thanks");
        network.drive(task).await.unwrap().unwrap();
    });
}

#[test]
fn a_reset_passes_both_ways() {
    on_one_thread(async {
        let mut network = network();
        let (handle, mut server, task) = spliced(&mut network).await;
        network.guest.socket(handle).abort();
        let error = network.drive(server.read_u8()).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        assert!(network.drive(task).await.unwrap().is_err());

        let (handle, server, task) = spliced(&mut network).await;
        super::reset_on_drop(&server);
        drop(server);
        network
            .until(|guest| (guest.socket(handle).state() == State::Closed).then_some(()))
            .await;
        assert!(network.drive(task).await.unwrap().is_err());
    });
}

#[test]
fn a_server_that_does_not_read_stops_only_its_guest() {
    on_one_thread(async {
        let mut network = network();
        let (stuck, stuck_server, _stuck_task) = spliced(&mut network).await;
        let (handle, mut server, _task) = spliced(&mut network).await;
        let bytes = vec![7; 100_000];
        let mut quiet = 0;
        network
            .until(|guest| {
                let more = guest.socket(stuck).send_slice(&bytes).unwrap();
                quiet = if more == 0 { quiet + 1 } else { 0 };
                (quiet > 500).then_some(())
            })
            .await;
        network.guest.socket(handle).send_slice(b"ping").unwrap();
        let mut ping = [0; 4];
        network.drive(server.read_exact(&mut ping)).await.unwrap();
        assert_eq!(&ping, b"ping");
        drop(stuck_server);
    });
}
