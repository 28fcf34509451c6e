//! Tests that the audit log has the events, but no secret.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lazaret_content::{ApiKeys as _, Clock as _};
use tracing_subscriber::fmt::MakeWriter;

use super::support::{basic, bearer, repository, secret_of, with_tokens};
use crate::{Action, new_key};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn events_are_told_without_secrets() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let world = with_tokens();
    let (key, text) = new_key("alice", "", world.clock.now(), None);
    world.keys.put_key(&key).await.unwrap();
    let password = basic("alice", "alice-pw");
    world.identify(Some(&password)).await.unwrap();
    let _ = world.identify(Some(&basic("alice", "zz-guess"))).await;
    let _ = world
        .identify(Some(&basic("mal\u{2028}lory", "zz-guess")))
        .await;
    world.identify(Some(&bearer(&text))).await.unwrap();
    let _ = world.identify(Some(&bearer(&format!("{text}zz")))).await;
    let query = "scope=repository:alice/app:pull&offline_token=true";
    let grant = world.token(query, Some(&password)).await.unwrap();
    let alice = world.identify(Some(&bearer(&grant.token))).await.unwrap();
    let _ = world.demand(&alice, Action::Push, "bob/app");
    world
        .gate
        .record(&alice, Action::Push, &repository("alice/app"), "v1");
    let _ = world
        .identify(Some(&bearer(&format!("{}zz", grant.token))))
        .await;
    let refresh = grant.refresh_token.unwrap();
    let _ = world
        .post(&format!(
            "grant_type=refresh_token&refresh_token={refresh}zz"
        ))
        .await;
    let _ = world
        .post("grant_type=password&username=alice&password=zz-guess")
        .await;
    world.clock.advance(Duration::from_secs(5));

    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let audit: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("audit: "))
        .collect();
    let has = |parts: &[&str]| {
        audit
            .iter()
            .any(|line| parts.iter().all(|part| line.contains(part)))
    };
    assert!(
        has(&[
            "event=\"login\"",
            "outcome=\"ok\"",
            "user=\"alice\"",
            "192.0.2.1"
        ]),
        "{log}"
    );
    assert!(
        has(&[
            "event=\"login\"",
            "outcome=\"unauthorized\"",
            "user=\"alice\""
        ]),
        "{log}"
    );
    assert!(
        has(&[
            "event=\"login\"",
            "method=\"api-key\"",
            "outcome=\"unauthorized\""
        ]),
        "{log}"
    );
    assert!(
        has(&[
            "event=\"token\"",
            "scope=\"repository:alice/app:pull\"",
            "refresh=true"
        ]),
        "{log}"
    );
    assert!(
        has(&[
            "event=\"access\"",
            "outcome=\"forbidden\"",
            "repository=\"bob/app\""
        ]),
        "{log}"
    );
    assert!(
        has(&[
            "event=\"push\"",
            "repository=\"alice/app\"",
            "reference=\"v1\""
        ]),
        "{log}"
    );
    let secret = secret_of(&text);
    let secrets = [
        "alice-pw",
        "zz-guess",
        secret,
        &grant.token,
        &refresh,
        &password[6..],
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "'{secret}' is in the log");
    }
    // Nor does the log have the signature of a token.
    let signature = grant.token.rsplit_once('.').unwrap().1;
    assert!(!log.contains(signature));
}
