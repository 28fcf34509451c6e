//! Frames of a hostile guest, read by the host's multiplexer.

use std::process::Command;

use lazaret_protocol::mux::HostMux;
use lazaret_protocol::{Decoder, Process, Request};

use super::bombs::repeat;
use super::cost::{Cost, LARGEST};
use crate::support::World;

/// Set for the process that reads; its value is the file to read.
const INPUT: &str = "LAZARET_TEST_FRAMES";

/// Not a test by itself: what [`frames`] runs in a process of its own.
#[test]
fn reader_of_frames() {
    let Some(input) = std::env::var_os(INPUT) else {
        return;
    };
    let bytes = std::fs::read(input).unwrap();
    let mut host = HostMux::default();
    for _ in 0..8 {
        host.open(&Request::Exec(Process {
            argv: vec!["cat".to_owned()],
            env: Vec::new(),
            user: String::new(),
            working_dir: String::new(),
            terminal: None,
            capabilities: None,
        }))
        .unwrap();
    }
    let mut decoder = Decoder::default();
    let mut wire = Vec::new();
    for piece in bytes.chunks(64 << 10) {
        decoder.push(piece);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => match host.receive(&frame) {
                    Ok(_) => {
                        wire.clear();
                        while host.write_next(&mut wire).is_some() {}
                    }
                    Err(error) => return eprintln!("error: {error}"),
                },
                Ok(None) => break,
                Err(error) => return eprintln!("error: {error}"),
            }
        }
    }
}

#[test]
fn frames() {
    let frame = |kind: u8, session: u32, length: u32| {
        [
            &[kind, 0][..],
            &session.to_le_bytes(),
            &length.to_le_bytes(),
        ]
        .concat()
    };
    let world = World::new();
    let idle = cost(&world, b"").1;
    for kind in 1..=13 {
        for (name, bytes) in [
            ("of 4 GiB", frame(kind, 1, u32::MAX)),
            (
                "of 1 MiB, half of it",
                [frame(kind, 1, 1 << 20), vec![0; 1 << 19]].concat(),
            ),
            ("empty, over and over", repeat(b"", &frame(kind, 1, 0), b"")),
            (
                "of a byte, over and over",
                repeat(b"", &[frame(kind, 1, 1), vec![0]].concat(), b""),
            ),
            (
                "of 64 KiB",
                repeat(
                    b"",
                    &[frame(kind, 1, 64 << 10), vec![b'a'; 64 << 10]].concat(),
                    b"",
                ),
            ),
        ] {
            assert!(bytes.len() <= LARGEST);
            cost(&world, &bytes)
                .0
                .assert_bounded(&format!("frame: kind {kind} {name}"), idle);
        }
    }
    let sessions: Vec<u8> = (0..u32::try_from(LARGEST).unwrap() / 11)
        .flat_map(|session| [frame(3, session, 1), vec![0]].concat())
        .collect();
    cost(&world, &sessions)
        .0
        .assert_bounded("frame: sessions", idle);
    let hello = [&[1, 0xff, 0xff, 0xff, 0xff][..], &[0; 100]].concat();
    cost(&world, &hello)
        .0
        .assert_bounded("frame: a greeting of 4 GiB", idle);
}

fn cost(world: &World, bytes: &[u8]) -> (Cost, u64) {
    let input = world.write("frames", bytes);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["limits::frames::reader_of_frames", "--exact", "--nocapture"]);
    command.env(INPUT, input);
    let cost = Cost::of(&command, world);
    let kib = cost.kib();
    (cost, kib)
}
