use std::sync::{Arc, Mutex};

use http::{HeaderMap, Method};
use lazaret_client::{Anonymous, Client, Observer, Options};
use lazaret_oci::{Descriptor, Digest, media_type};

use crate::support::{
    Answer, AsRegistry as _, Everywhere, MANIFEST, Peer, Seen, basic, manifest_json, options,
};

/// Notes every call in one line.
#[derive(Debug, Default)]
struct Notes(Mutex<Vec<String>>);

impl Notes {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Observer for Notes {
    fn answered(&self, host: &str, method: &Method, status: u16, headers: &HeaderMap) {
        let left = headers.get("ratelimit-remaining");
        let left = left.map_or("-", |value| value.to_str().unwrap());
        let line = format!("{host} {method} {status} {left}");
        self.0.lock().unwrap().push(line);
    }

    fn failed(&self, host: &str) {
        self.0.lock().unwrap().push(format!("{host} failed"));
    }
}

fn watched() -> (Options, Arc<Notes>) {
    let notes = Arc::new(Notes::default());
    let observer: Arc<dyn Observer> = Arc::clone(&notes) as _;
    let options = Options {
        observer: Some(observer),
        ..options()
    };
    (options, notes)
}

fn guarded(seen: &Seen, own: &str) -> Answer {
    if seen.path() == "/token" {
        return Answer::json(200, r#"{"token":"t0k3n"}"#);
    }
    match seen.header("authorization") {
        Some("Bearer t0k3n") => Answer::new(200)
            .with("Content-Type", MANIFEST)
            .with("RateLimit-Remaining", "76;w=21600")
            .body(manifest_json().as_bytes()),
        _ => Answer::new(401).with(
            "WWW-Authenticate",
            format!(r#"Bearer realm="http://{own}/token""#),
        ),
    }
}

#[tokio::test]
async fn token_fetches_and_limits_are_seen() {
    let peer = Peer::start_with(str::to_owned, |seen, own: &String| guarded(seen, own));
    let (options, notes) = watched();
    let client = Client::new(options, Arc::new(Everywhere(basic()))).unwrap();
    client
        .manifest(&peer.reference("team/app:v1"))
        .await
        .unwrap();
    let host = peer.address;
    assert_eq!(
        notes.take(),
        [
            format!("{host} GET 401 -"),
            format!("{host} GET 200 -"),
            format!("{host} GET 200 76;w=21600"),
        ]
    );
    client.verify(&peer.registry(), basic()).await.unwrap();
    assert_eq!(notes.take().len(), 3, "the client for a login is watched");
}

#[tokio::test]
async fn redirects_repetitions_and_failures_are_seen() {
    let storage = Peer::start(|_| Answer::new(503));
    let target = storage.url();
    let peer = Peer::start(move |_| Answer::new(307).with("Location", target.clone()));
    let (mut options, notes) = watched();
    options.retry.tries = 2;
    let client = Client::new(options, Arc::new(Anonymous)).unwrap();
    let blob = Descriptor::of(media_type::LAYER, b"x");
    client.blob(&peer.reference("a"), &blob).await.unwrap_err();
    let (first, second) = (peer.address, storage.address);
    let round = [format!("{first} GET 307 -"), format!("{second} GET 503 -")];
    assert_eq!(notes.take(), [round.clone(), round].concat());

    let broken = Peer::start(|_| Answer::raw(Vec::new()));
    let digest = Digest::of(b"x");
    client
        .blob_size(&broken.reference("a"), &digest)
        .await
        .unwrap_err();
    assert_eq!(notes.take(), vec![format!("{} failed", broken.address); 2]);
}

/// Caches are told the registry of an image in `ns`, which upstream registries must never see:
/// the servers behind some redirects refuse unknown parameters.
#[tokio::test]
async fn the_namespace_is_never_sent() {
    let peer = Peer::start_with(str::to_owned, |seen, own: &String| {
        match seen.path().rsplit('/').nth(1) {
            _ if seen.header("authorization").is_none() => guarded(seen, own),
            Some("list") => Answer::new(404),
            _ => guarded(seen, own),
        }
    });
    let client = Client::new(options(), Arc::new(Anonymous)).unwrap();
    let reference = peer.reference("team/app:v1");
    let blob = Descriptor::of(MANIFEST, manifest_json().as_bytes());
    client.ping(&peer.registry()).await.unwrap();
    client.resolve(&reference).await.unwrap();
    client.manifest(&reference).await.unwrap();
    client.manifest_if_changed(&reference, None).await.unwrap();
    client.blob_size(&reference, &blob.digest).await.unwrap();
    client.blob_exists(&reference, &blob.digest).await.unwrap();
    client.blob_bytes(&reference, &blob, 1 << 20).await.unwrap();
    client.blob_range(&reference, &blob, 1..9).await.unwrap();
    // Their answers are of no interest.
    let _ = client.tags(&reference).await;
    let _ = client.referrers(&reference, &blob.digest, None).await;
    let log = peer.log();
    assert!(log.len() > 10, "{log:?}");
    for line in log {
        let (_, query) = line.split_once('?').unwrap_or_default();
        assert!(!query.split('&').any(|p| p.starts_with("ns=")), "{line}");
    }
}
