//! Kills the server while it works, again and again, on the same folder.

mod pusher;

use std::time::Duration;

use crate::model;
use crate::server::{Server, collect, lazaret};
use crate::{seed, setting};
use pusher::{Pusher, pool};

const PUSHERS: usize = 6;

#[test]
fn kills_under_load_lose_nothing() {
    let seed = seed("kills");
    let rounds = setting("LAZARET_TORTURE_ROUNDS", 5);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let pool = pool();
    let mut pushers: Vec<_> = (0..PUSHERS)
        .map(|number| Pusher::new(number, PUSHERS, &pool, seed))
        .collect();
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut slowest, mut starts) = (Duration::ZERO, 0);
    for round in 0..=rounds {
        let server = Server::start(&root);
        if round > 0 {
            slowest = slowest.max(server.started_in);
            starts += 1;
        }
        std::thread::scope(|scope| {
            for pusher in &mut pushers {
                let server = &server;
                scope.spawn(move || {
                    let (before, after) = (&pusher.before, &pusher.after);
                    let faults = model::faults(server, before, after);
                    assert!(faults.is_empty(), "round {round}: {faults:#?}");
                    let settled = model::settled(server, before, after);
                    (pusher.before, pusher.after) = (settled.clone(), settled);
                });
            }
        });
        if round == rounds {
            break;
        }
        let pause = Duration::from_millis(random.u64(20..600));
        let address = server.address;
        std::thread::scope(|scope| {
            for pusher in &mut pushers {
                scope.spawn(move || pusher.run(address));
            }
            // The collector is killed together with the server.
            std::thread::sleep(pause / 2);
            let mut collector = collect(&root, "24h").spawn().unwrap();
            std::thread::sleep(pause / 2);
            server.kill();
            collector.kill().unwrap();
            collector.wait().unwrap();
        });
    }
    let check = lazaret(&root)
        .args(["registry", "check", "--root"])
        .arg(&root)
        .output()
        .unwrap();
    let findings = String::from_utf8_lossy(&check.stdout);
    assert!(check.status.success(), "{findings}");
    let answers: u64 = pushers.iter().map(|pusher| pusher.answers).sum();
    let resumed: u64 = pushers.iter().map(|pusher| pusher.resumed).sum();
    eprintln!(
        "kills: {rounds} rounds, {answers} acknowledged changes, {resumed} uploads resumed, \
         slowest of {starts} starts {slowest:?}"
    );
    assert!(answers > rounds, "the pushers did next to nothing");
}
