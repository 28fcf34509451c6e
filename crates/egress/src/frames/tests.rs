//! The queue and the socket of frames.

use std::future::poll_fn;

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, socketpair};

use super::{BATCH, ENOUGH, FrameSocket, Inbox, MOST, Outbox, Taken};

fn pair(kind: SocketType) -> (std::os::fd::OwnedFd, std::os::fd::OwnedFd) {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socketpair(AddressFamily::UNIX, kind, flags, None).unwrap()
}

#[test]
fn frames_leave_in_order_and_never_more_than_have_a_place() {
    let mut outbox = Outbox::new(100);
    let mut seen = Vec::new();
    let mut next = 0_u32;
    for round in 1..20_u32 {
        for _ in 0..round * 20 {
            outbox.push(4, |frame| frame.copy_from_slice(&next.to_be_bytes()));
            next += 1;
        }
        let waited = (round as usize * 20).min(MOST);
        assert_eq!(outbox.is_full(), waited >= ENOUGH);
        let before = seen.len();
        outbox.drain(|frame| seen.push(u32::from_be_bytes(frame.try_into().unwrap())));
        assert_eq!(seen.len() - before, waited);
        // What was lost was the last of the round.
        let first = next - round * 20;
        let expected: Vec<u32> = (first..next).take(waited).collect();
        assert_eq!(seen[before..], expected);
        assert!(outbox.is_empty());
    }
    // A frame that nobody could have asked for is written to nowhere.
    outbox.push(5000, |frame| frame.fill(1));
    assert!(outbox.is_empty());
}

#[tokio::test]
async fn frames_come_in_batches_until_the_end() {
    let (near, far) = pair(SocketType::SEQPACKET);
    let socket = FrameSocket::new(near).unwrap();
    let mut inbox = Inbox::new(100);
    for number in 0..40_u8 {
        rustix::net::send(&far, &[number; 20], SendFlags::empty()).unwrap();
    }
    rustix::net::send(&far, &[9; 200], SendFlags::empty()).unwrap();
    drop(far);
    let mut seen = Vec::new();
    loop {
        let taken = poll_fn(|context| socket.poll_receive(context, &mut inbox))
            .await
            .unwrap();
        let (Taken::Frames(count) | Taken::Gone(count)) = taken;
        assert!(count <= BATCH);
        seen.extend(inbox.frames(count).map(<[u8]>::to_vec));
        if matches!(taken, Taken::Gone(_)) {
            break;
        }
    }
    let long = seen.pop().unwrap();
    // Longer than a frame may be, which is how it is known.
    assert_eq!(long.len(), 100 + super::ETHERNET + 1);
    let expected: Vec<Vec<u8>> = (0..40).map(|number| vec![number; 20]).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn frames_wait_until_they_are_taken() {
    let (near, far) = pair(SocketType::SEQPACKET);
    let socket = FrameSocket::new(near).unwrap();
    let mut outbox = Outbox::new(9000);
    let mut sent = 0_u32;
    // As many as the system takes, and some more.
    loop {
        outbox.push(9000, |frame| {
            frame[..4].copy_from_slice(&sent.to_be_bytes());
        });
        sent += 1;
        let poll =
            poll_fn(|context| std::task::Poll::Ready(socket.poll_send(context, &mut outbox)));
        if poll.await.is_pending() && outbox.is_full() {
            break;
        }
    }
    let mut buffer = vec![0; 9014];
    let mut received = 0;
    while received < sent {
        let sending =
            poll_fn(|context| std::task::Poll::Ready(socket.poll_send(context, &mut outbox)));
        let _ = sending.await;
        while rustix::net::recv(&far, &mut buffer[..], RecvFlags::empty()).is_ok() {
            assert_eq!(buffer[..4], received.to_be_bytes());
            received += 1;
        }
        tokio::task::yield_now().await;
    }
    assert!(outbox.is_empty());
}

#[tokio::test]
async fn another_kind_of_socket_is_refused() {
    for kind in [SocketType::STREAM, SocketType::DGRAM] {
        assert!(FrameSocket::new(pair(kind).0).is_err());
    }
}
