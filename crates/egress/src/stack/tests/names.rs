//! Names and the guest's address, over the wire.

use std::net::Ipv4Addr;
use std::rc::Rc;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use smoltcp::socket::tcp::State;

use super::super::wire::{GATEWAY, GUEST, MTU};
use super::frames::{udp, udp_from};
use super::guest::{Network, network, network_with};
use super::on_one_thread;
use crate::frames::GUEST_MAC;

fn question(name: &str) -> Vec<u8> {
    let mut message = Message::new(99, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
    message.to_vec().unwrap()
}

fn address(answer: &[u8]) -> Ipv4Addr {
    let answer = Message::from_vec(answer).unwrap();
    assert_eq!(answer.metadata.response_code, ResponseCode::NoError);
    match &answer.answers[0].data {
        RData::A(address) => address.0,
        data => panic!("{data}"),
    }
}

async fn resolve(network: &mut Network, name: &str, server: Ipv4Addr) -> Ipv4Addr {
    let answer = network.ask(&udp(server, 53, &question(name))).await;
    // From the server that was asked to the port that has asked.
    assert_eq!(answer[26..30], server.octets());
    assert_eq!(answer[34..38], [0, 53, 5000_u16.to_be_bytes()[0], 136]);
    address(&answer[42..])
}

#[test]
fn a_connection_to_a_name_s_address_knows_the_name() {
    on_one_thread(async {
        let mut network = network();
        let address = resolve(&mut network, "API.example.com.", GATEWAY).await;
        // Another server answers the same, because it is this one too.
        let other = Ipv4Addr::new(8, 8, 8, 8);
        let same = resolve(&mut network, "api.example.com.", other).await;
        assert_eq!(address, same);
        let (_, incoming) = network.connected(address, 443).await;
        let destination = &incoming.destination;
        assert_eq!(destination.name.as_deref(), Some("api.example.com"));
        assert_eq!(destination.address, address);
        assert_eq!(destination.port, 443);
    });
}

#[test]
fn a_private_name_exists_where_a_rule_names_it() {
    on_one_thread(async {
        let mut network = network_with(&["git.corp", "*"]);
        resolve(&mut network, "git.corp.", GATEWAY).await;
        let other = udp(GATEWAY, 53, &question("github.com.corp."));
        let answer = network.ask(&other).await;
        let answer = Message::from_vec(&answer[42..]).unwrap();
        assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
    });
}

#[test]
fn a_name_server_that_a_rule_allows_is_not_replaced() {
    on_one_thread(async {
        let server = Ipv4Addr::new(8, 8, 8, 8);
        let mut network = network_with(&["8.8.8.8"]);
        let (_, incoming) = network.connected(server, 53).await;
        assert_eq!(incoming.destination.address, server);
    });
}

#[test]
fn names_are_answered_over_tcp_too() {
    on_one_thread(async {
        let mut network = network();
        let stack = Rc::clone(&network.stack);
        let accepting = tokio::task::spawn_local(async move { stack.accept().await });
        for server in [GATEWAY, Ipv4Addr::new(1, 1, 1, 1)] {
            let handle = network.guest.connect(server, 53);
            let question = question("example.com.");
            let length = u16::try_from(question.len()).unwrap().to_be_bytes();
            let message = [&length[..], &question].concat();
            // Twice over one connection.
            let mut message = [message.clone(), message].concat();
            let mut answers = Vec::new();
            network
                .until(|guest| {
                    let socket = guest.socket(handle);
                    if socket.may_send() && !message.is_empty() {
                        let count = socket.send_slice(&message).unwrap();
                        message.drain(..count);
                        socket.close();
                    }
                    let _ = socket.recv(|bytes| {
                        answers.extend_from_slice(bytes);
                        (bytes.len(), ())
                    });
                    matches!(socket.state(), State::TimeWait | State::Closed).then_some(())
                })
                .await;
            let length = usize::from(u16::from_be_bytes([answers[0], answers[1]]));
            assert_eq!(answers.len(), 2 * (length + 2));
            assert_eq!(
                address(&answers[2..length + 2]),
                address(&answers[length + 4..])
            );
        }
        assert!(!accepting.is_finished());
    });
}

#[test]
fn the_guest_gets_its_address_by_dhcp() {
    on_one_thread(async {
        let mut network = network();
        let mut message = vec![0; 240];
        message[..3].copy_from_slice(&[1, 1, 6]);
        message[28..34].copy_from_slice(&GUEST_MAC);
        message[236..].copy_from_slice(&[99, 130, 83, 99]);
        message.extend([53, 1, 1, 255]);
        let none = Ipv4Addr::UNSPECIFIED;
        let mut frame = udp_from(none, Ipv4Addr::BROADCAST, 68, 67, &message);
        frame[..6].fill(0xff);
        let offer = network.ask(&frame).await;
        assert_eq!(offer[30..34], [255; 4]);
        assert_eq!(offer[34..38], [0, 67, 0, 68]);
        assert_eq!(offer[58..62], GUEST.octets());
        let mtu = [&[26, 2][..], &MTU.to_be_bytes()].concat();
        assert!(offer.windows(4).any(|bytes| bytes == mtu));
    });
}
