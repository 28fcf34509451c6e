//! Pushes and pulls that are killed at any moment leave nothing half-visible.

use std::time::{Duration, Instant};

use super::port::{ALL, Port, STANDARD, TOKEN};
use crate::support::{Lazaret, rounds};

/// Size of the file, large enough that kills hit the middle of transfers.
const SIZE: usize = 24 << 20;

fn content(seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; SIZE];
    rustix::rand::getrandom(&mut bytes[..1 << 20], rustix::rand::GetRandomFlags::empty()).unwrap();
    bytes[0] = seed;
    bytes
}

/// Starts a command, kills it after a time, and waits for its end.
fn kill_after(time: Duration, lazaret: &Lazaret, arguments: &[&str]) {
    let mut command = lazaret.command(arguments);
    command.env("PORT_DEMO_TOKEN", TOKEN);
    let mut process = command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(time);
    let _ = process.kill();
    process.wait().unwrap();
}

#[test]
fn killed_at_any_moment() {
    let rounds = rounds(4);
    for store in ALL {
        let port = Port::new(store);
        let (old, new) = (content(1), content(2));
        let command = |verb| {
            let mut arguments = vec!["artifacts", verb, "--artifact", "demo-kernel"];
            arguments.extend(STANDARD);
            arguments
        };
        let local = port.local("kernel", "standard");
        let cache = port.cache("kernel", "standard", "vmlinux");
        let stored = port.stored("kernel", "standard", "vmlinux");
        port.write_local("kernel", "standard", &old);
        let began = Instant::now();
        port.run(&command("push")).success();
        let whole = began.elapsed();
        let is_whole = |path: &std::path::Path| {
            let bytes = std::fs::read(path).unwrap();
            bytes == old || bytes == new
        };
        for round in 0..rounds {
            let time = whole * round / rounds;
            port.write_local("kernel", "standard", &new);
            kill_after(time, &port.lazaret(), &command("push"));
            assert!(is_whole(&cache), "{store:?} push {round}: cache");
            if let Some(stored) = &stored {
                assert!(is_whole(stored), "{store:?} push {round}: store");
            }
            // Whoever pulls now gets one or the other.
            std::fs::write(&local, "mine").unwrap();
            kill_after(time, &port.lazaret(), &command("pull"));
            let bytes = std::fs::read(&local).unwrap();
            let is_known = bytes == b"mine" || bytes == old || bytes == new;
            assert!(is_known, "{store:?} pull {round}: {} bytes", bytes.len());
            assert!(is_whole(&cache), "{store:?} pull {round}: cache");
            port.run(&command("pull")).success();
            assert!(is_whole(&local), "{store:?} pulled {round}");
            port.write_local("kernel", "standard", &old);
            port.run(&command("push")).success();
        }
    }
}
