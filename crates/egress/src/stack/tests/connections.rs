//! Connections: bytes both ways, ends, resets, limits.

use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use smoltcp::socket::tcp::State;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::guest::network;
use super::on_one_thread;

const SERVER: Ipv4Addr = Ipv4Addr::new(93, 184, 216, 34);

/// Bytes that differ enough to notice one that is lost, doubled or at another's place.
fn pattern(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| u8::try_from((at * 7 + at / 251) % 256).unwrap())
        .collect()
}

#[test]
fn bytes_go_both_ways() {
    on_one_thread(async {
        let mut network = network();
        let (handle, incoming) = network.connected(SERVER, 443).await;
        assert_eq!(incoming.destination.name, None);
        assert_eq!(incoming.destination.address, SERVER);
        assert_eq!(incoming.destination.port, 443);
        let echo = tokio::task::spawn_local(async move {
            let (mut read, mut write) = tokio::io::split(incoming.stream);
            tokio::io::copy(&mut read, &mut write).await.unwrap();
            write.shutdown().await.unwrap();
        });
        let sent = pattern(3_000_000);
        let (mut out, mut back) = (0, Vec::new());
        network
            .until(|guest| {
                let socket = guest.socket(handle);
                out += socket.send_slice(&sent[out..]).unwrap_or_default();
                if out == sent.len() {
                    socket.close();
                }
                while socket
                    .recv(|bytes| {
                        back.extend_from_slice(bytes);
                        (bytes.len(), bytes.len())
                    })
                    .is_ok_and(|count| count > 0)
                {}
                (!socket.may_recv()).then_some(())
            })
            .await;
        assert_eq!(back, sent);
        echo.await.unwrap();
        let stack = Rc::clone(&network.stack);
        network
            .until(|_| (stack.connections() == 0).then_some(()))
            .await;
    });
}

#[test]
fn the_guest_s_end_leaves_the_other_way_open() {
    on_one_thread(async {
        let mut network = network();
        let (handle, mut incoming) = network.connected(SERVER, 443).await;
        network
            .guest
            .socket(handle)
            .send_slice(b"question")
            .unwrap();
        network.guest.socket(handle).close();
        let mut question = Vec::new();
        network
            .drive(incoming.stream.read_to_end(&mut question))
            .await
            .unwrap();
        assert_eq!(question, b"question");
        network
            .drive(incoming.stream.write_all(b"answer"))
            .await
            .unwrap();
        network.drive(incoming.stream.shutdown()).await.unwrap();
        drop(incoming);
        let state = network
            .until(|guest| {
                let socket = guest.socket(handle);
                let state = socket.state();
                matches!(state, State::TimeWait | State::Closed).then_some(state)
            })
            .await;
        assert_eq!(state, State::TimeWait);
        let mut answer = [0; 16];
        assert_eq!(network.guest.socket(handle).recv_slice(&mut answer), Ok(6));
        assert_eq!(&answer[..6], b"answer");
    });
}

#[test]
fn our_end_leaves_the_other_way_open() {
    on_one_thread(async {
        let mut network = network();
        let (handle, mut incoming) = network.connected(SERVER, 443).await;
        network
            .drive(incoming.stream.write_all(b"greeting"))
            .await
            .unwrap();
        network.drive(incoming.stream.shutdown()).await.unwrap();
        network
            .until(|guest| (guest.socket(handle).state() == State::CloseWait).then_some(()))
            .await;
        network.guest.socket(handle).send_slice(b"later").unwrap();
        network.guest.socket(handle).close();
        let mut later = Vec::new();
        network
            .drive(incoming.stream.read_to_end(&mut later))
            .await
            .unwrap();
        assert_eq!(later, b"later");
    });
}

#[test]
fn a_reset_is_a_reset_both_ways() {
    on_one_thread(async {
        let mut network = network();
        let (handle, mut incoming) = network.connected(SERVER, 443).await;
        incoming.stream.reset();
        network
            .until(|guest| (guest.socket(handle).state() == State::Closed).then_some(()))
            .await;
        let error = incoming.stream.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);

        let (handle, incoming) = network.connected(SERVER, 443).await;
        drop(incoming);
        network
            .until(|guest| (guest.socket(handle).state() == State::Closed).then_some(()))
            .await;

        let (handle, mut incoming) = network.connected(SERVER, 443).await;
        network.guest.socket(handle).abort();
        let error = network.drive(incoming.stream.read_u8()).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        assert!(incoming.stream.write_u8(1).await.is_err());
    });
}

#[test]
fn what_was_written_before_the_end_still_arrives() {
    on_one_thread(async {
        let mut network = network();
        let (handle, mut incoming) = network.connected(SERVER, 80).await;
        let page = pattern(200_000);
        network
            .drive(incoming.stream.write_all(&page))
            .await
            .unwrap();
        network.drive(incoming.stream.shutdown()).await.unwrap();
        drop(incoming);
        let mut got = Vec::new();
        network
            .until(|guest| {
                let socket = guest.socket(handle);
                let _ = socket.recv(|bytes| {
                    got.extend_from_slice(bytes);
                    (bytes.len(), ())
                });
                (!socket.may_recv()).then_some(())
            })
            .await;
        assert_eq!(got, page);
    });
}

#[test]
fn many_connections_at_once_do_not_mix() {
    on_one_thread(async {
        let mut network = network();
        let mut handles = Vec::new();
        for number in 0..64_u16 {
            handles.push(network.guest.connect(SERVER, 1000 + number));
        }
        let stack = Rc::clone(&network.stack);
        let server = tokio::task::spawn_local(async move {
            for _ in 0..64 {
                let mut incoming = stack.accept().await;
                tokio::task::spawn_local(async move {
                    let mut bytes = vec![0; 50_000];
                    incoming.stream.read_exact(&mut bytes).await.unwrap();
                    let [_, key] = incoming.destination.port.to_be_bytes();
                    bytes.iter_mut().for_each(|byte| *byte ^= key);
                    incoming.stream.write_all(&bytes).await.unwrap();
                    incoming.stream.shutdown().await.unwrap();
                    let _ = incoming.stream.read_u8().await;
                });
            }
        });
        let sent = pattern(50_000);
        let mut progress = vec![(0, Vec::new(), false); 64];
        network
            .until(|guest| {
                for (handle, (out, back, over)) in handles.iter().zip(&mut progress) {
                    let socket = guest.socket(*handle);
                    if socket.may_send() {
                        *out += socket.send_slice(&sent[*out..]).unwrap();
                    }
                    let _ = socket.recv(|bytes| {
                        back.extend_from_slice(bytes);
                        (bytes.len(), ())
                    });
                    if back.len() == sent.len() {
                        socket.close();
                        *over = true;
                    }
                }
                progress.iter().all(|(_, _, over)| *over).then_some(())
            })
            .await;
        server.await.unwrap();
        for (port, (_, back, _)) in (1000_u16..).zip(&progress) {
            let [_, key] = port.to_be_bytes();
            let expected: Vec<u8> = sent.iter().map(|byte| byte ^ key).collect();
            assert_eq!(*back, expected);
        }
    });
}

#[test]
fn a_connection_that_nobody_reads_delays_nobody() {
    on_one_thread(async {
        let mut network = network();
        let (stuck, stuck_incoming) = network.connected(SERVER, 1).await;
        let (handle, mut incoming) = network.connected(SERVER, 2).await;
        let bytes = pattern(100_000);
        // As much as gets in, until nothing does.
        let mut quiet = 0;
        let mut taken = 0;
        network
            .until(|guest| {
                let more = guest.socket(stuck).send_slice(&bytes).unwrap();
                taken += more;
                quiet = if more == 0 { quiet + 1 } else { 0 };
                (quiet > 200).then_some(())
            })
            .await;
        // The window here and the buffer there.
        assert!(taken < 2_000_000, "{taken} bytes");
        network.guest.socket(handle).send_slice(b"ping").unwrap();
        let mut ping = [0; 4];
        network
            .drive(incoming.stream.read_exact(&mut ping))
            .await
            .unwrap();
        assert_eq!(&ping, b"ping");
        drop(stuck_incoming);
    });
}

#[test]
fn a_guest_that_takes_no_frames_stops_writers_and_goes_on_later() {
    on_one_thread(async {
        let mut network = network();
        let (handle, mut incoming) = network.connected(SERVER, 443).await;
        network.guest.deaf = true;
        let sent = pattern(6_000_000);
        let copy = sent.clone();
        let writer = tokio::task::spawn_local(async move {
            incoming.stream.write_all(&copy).await.unwrap();
            incoming.stream.shutdown().await.unwrap();
            incoming
        });
        network.wait(Duration::from_millis(100)).await;
        assert!(!writer.is_finished());
        network.guest.deaf = false;
        let mut got = Vec::new();
        network
            .until(|guest| {
                let socket = guest.socket(handle);
                let _ = socket.recv(|bytes| {
                    got.extend_from_slice(bytes);
                    (bytes.len(), ())
                });
                (!socket.may_recv()).then_some(())
            })
            .await;
        assert!(got == sent);
        drop(writer.await.unwrap());
    });
}

#[test]
fn connections_into_the_guest() {
    on_one_thread(async {
        let mut network = network();
        let stack = Rc::clone(&network.stack);
        let refused = network.drive(stack.connect(8080)).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        let handle = network.guest.listen(8080);
        let mut stream = network.drive(stack.connect(8080)).await.unwrap();
        network.drive(stream.write_all(b"hello")).await.unwrap();
        network
            .until(|guest| (guest.socket(handle).recv_queue() == 5).then_some(()))
            .await;
        network.guest.socket(handle).send_slice(b"you").unwrap();
        let mut answer = [0; 3];
        network.drive(stream.read_exact(&mut answer)).await.unwrap();
        assert_eq!(&answer, b"you");
        drop(stream);
        network
            .until(|guest| (guest.socket(handle).state() == State::Closed).then_some(()))
            .await;
        network
            .until(|_| (stack.connections() == 0).then_some(()))
            .await;
    });
}

#[test]
fn when_qemu_has_gone_everything_ends() {
    on_one_thread(async {
        let mut network = network();
        let (_, mut incoming) = network.connected(SERVER, 443).await;
        drop(network.guest);
        network.running.await.unwrap().unwrap();
        let error = incoming.stream.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    });
}
