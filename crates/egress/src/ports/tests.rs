//! Published ports: clients of the host's side and a server in the guest.

use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

use super::serve;
use crate::stack::tests::guest::{Network, network};
use crate::stack::tests::on_one_thread;

async fn published(network: &Network, port: u16) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let end = listener.local_addr().unwrap();
    spawn_local(serve(Rc::clone(&network.stack), vec![(listener, port)]));
    end
}

#[test]
fn a_client_of_the_host_talks_to_a_server_in_the_guest() {
    on_one_thread(async {
        let mut network = network();
        let end = published(&network, 8080).await;
        let handle = network.guest.listen(8080);
        let mut client = TcpStream::connect(end).await.unwrap();
        client.write_all(b"hello").await.unwrap();
        network
            .until(|guest| {
                let socket = guest.socket(handle);
                (socket.recv_queue() == 5).then(|| {
                    socket.send_slice(b"you").unwrap();
                    socket.close();
                })
            })
            .await;
        let mut answer = Vec::new();
        network
            .drive(client.read_to_end(&mut answer))
            .await
            .unwrap();
        assert_eq!(answer, b"you");
    });
}

#[test]
fn a_port_where_nobody_listens_resets() {
    on_one_thread(async {
        let mut network = network();
        let end = published(&network, 8080).await;
        let mut client = TcpStream::connect(end).await.unwrap();
        let error = network.drive(client.read_u8()).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    });
}

#[test]
fn many_clients_at_once() {
    on_one_thread(async {
        let mut network = network();
        let end = published(&network, 8080).await;
        let handles: Vec<_> = (0..40).map(|_| network.guest.listen(8080)).collect();
        let clients = spawn_local(async move {
            let mut clients = Vec::new();
            for _ in 0..40 {
                let mut client = TcpStream::connect(end).await.unwrap();
                client.write_all(b"x").await.unwrap();
                clients.push(client);
            }
            for client in &mut clients {
                assert_eq!(client.read_u8().await.unwrap(), b'y');
            }
        });
        network
            .until(|guest| {
                for &handle in &handles {
                    let socket = guest.socket(handle);
                    if socket.recv(|bytes| (bytes.len(), bytes.len())) == Ok(1) {
                        socket.send_slice(b"y").unwrap();
                    }
                }
                clients.is_finished().then_some(())
            })
            .await;
        clients.await.unwrap();
    });
}
