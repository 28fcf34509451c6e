use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lazaret_content::{BoxFuture, Error};
use lazaret_testing::http::{Answer, Peer};
use tokio::sync::mpsc;

use super::*;

/// An outbox in memory, which hides events while they are taken.
#[derive(Default)]
struct Memory(Mutex<HashMap<String, (Event, SystemTime)>>);

impl Outbox for Memory {
    fn enqueue<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), Error>> {
        let entry = (event.clone(), SystemTime::UNIX_EPOCH);
        self.0.lock().unwrap().insert(event.id.clone(), entry);
        Box::pin(async { Ok(()) })
    }

    fn take_events<'a>(
        &'a self,
        target: &'a str,
        now: SystemTime,
        retry: SystemTime,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Event>, Error>> {
        let mut events = self.0.lock().unwrap();
        let due = events
            .values_mut()
            .filter(|(event, hidden)| event.target == target && *hidden <= now)
            .take(limit);
        let taken = due.map(|(event, hidden)| {
            *hidden = retry;
            event.attempts += 1;
            event.clone()
        });
        let taken = taken.collect();
        Box::pin(async { Ok(taken) })
    }

    fn delivered<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), Error>> {
        self.0.lock().unwrap().remove(id);
        Box::pin(async { Ok(()) })
    }

    fn waiting(&self) -> BoxFuture<'_, Result<u64, Error>> {
        let count = self.0.lock().unwrap().len() as u64;
        Box::pin(async move { Ok(count) })
    }
}

/// One delivery to a receiver: the signature and the body.
type Delivery = (Option<String>, String);

/// A receiver that answers the first `failures` deliveries with 503.
fn receiver(failures: u32) -> (String, mpsc::UnboundedReceiver<Delivery>, Arc<AtomicU32>) {
    let (sender, deliveries) = mpsc::unbounded_channel();
    let attempts = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&attempts);
    let peer = Peer::start(move |seen| {
        if counter.fetch_add(1, Ordering::Relaxed) < failures {
            return Answer::new(503);
        }
        let kind = "application/cloudevents+json; charset=utf-8";
        assert_eq!(seen.header("content-type"), Some(kind));
        let signature = seen.header("x-lazaret-signature").map(str::to_owned);
        let body = String::from_utf8(seen.body.clone()).unwrap();
        // The receiver is gone when the test has seen enough.
        let _ = sender.send((signature, body));
        Answer::new(204)
    });
    (format!("{}/hook", peer.url()), deliveries, attempts)
}

/// A target that gets all events but pulls.
fn target(name: &str, url: &str) -> Target {
    Target {
        name: name.to_owned(),
        url: url.to_owned(),
        kinds: vec![
            Kind::ManifestPushed,
            Kind::ManifestDeleted,
            Kind::TagDeleted,
            Kind::BlobDeleted,
        ],
        repositories: Vec::new(),
        secret_file: None,
        timeout: Duration::from_secs(10),
        concurrency: 1,
        give_up_after: Duration::from_secs(7 * 24 * 3600),
    }
}

fn happening(kind: Kind, repository: &lazaret_oci::Repository) -> Happening<'_> {
    Happening {
        kind,
        repository,
        digest: Some("sha256:abc"),
        tag: Some("v1"),
        media_type: Some("application/json"),
        user: None,
        request: "request-1",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
}

/// Starts events over an outbox in memory, with deliveries in the background.
fn start(targets: Vec<Target>) -> (Events, Arc<Memory>, watch::Sender<Arc<[Target]>>) {
    let outbox = Arc::new(Memory::default());
    let targets = watch::Sender::new(targets.into());
    let (events, task) = Events::start(
        Arc::clone(&outbox) as _,
        HttpClient::new(),
        targets.subscribe(),
        Arc::default(),
    );
    tokio::spawn(task);
    (events, outbox, targets)
}

#[tokio::test]
async fn an_event_is_delivered_when_the_receiver_is_back() {
    let (url, mut deliveries, attempts) = receiver(2);
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "hunter2\n").unwrap();
    let mut ci = target("ci", &url);
    ci.secret_file = Some(secret);
    // Makes failed events due again soon.
    ci.timeout = Duration::from_millis(200);
    let (events, outbox, _targets) = start(vec![ci]);
    let repository = "acme/app".parse().unwrap();
    events
        .tell(&happening(Kind::ManifestPushed, &repository))
        .await
        .unwrap();
    // The event is stored before the request is answered.
    assert_eq!(outbox.0.lock().unwrap().len(), 1);

    let (signature, body) = deliveries.recv().await.unwrap();
    assert_eq!(attempts.load(Ordering::Relaxed), 3);
    let event: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["type"], "dev.lazaret.registry.manifest.pushed");
    assert_eq!(event["subject"], "acme/app");
    assert_eq!(event["data"]["digest"], "sha256:abc");
    assert_eq!(event["data"]["tag"], "v1");
    let signature = signature.unwrap();
    let (time, hash) = signature
        .strip_prefix("t=")
        .unwrap()
        .split_once(",v1=")
        .unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"hunter2");
    let tag = ring::hmac::sign(&key, format!("{time}.{body}").as_bytes());
    assert_eq!(hash, lazaret_values::hex(tag.as_ref()));
    while outbox.waiting().await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn targets_are_told_what_they_asked_for() {
    let (url, mut deliveries, _) = receiver(0);
    let mut pulls = target("pulls", &url);
    pulls.kinds = vec![Kind::ManifestPulled];
    let mut other = target("other", &url);
    other.repositories = vec!["other/**".parse().unwrap()];
    let (events, _outbox, _targets) = start(vec![pulls, other]);
    let told = async |kind, repository: &str| {
        let repository = repository.parse().unwrap();
        events.tell(&happening(kind, &repository)).await.unwrap();
    };
    told(Kind::ManifestPushed, "acme/app").await;
    told(Kind::ManifestPulled, "other/app").await;
    told(Kind::TagDeleted, "other/app").await;
    let mut types = Vec::new();
    for _ in 0..2 {
        let (_, body) = deliveries.recv().await.unwrap();
        let event: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(event["subject"], "other/app");
        types.push(event["type"].as_str().unwrap().to_owned());
    }
    types.sort();
    assert_eq!(
        types,
        [
            "dev.lazaret.registry.manifest.pulled",
            "dev.lazaret.registry.tag.deleted"
        ]
    );
    assert!(deliveries.try_recv().is_err());
}

#[tokio::test]
async fn an_event_that_nobody_takes_is_given_up() {
    let (url, _deliveries, attempts) = receiver(u32::MAX);
    let mut ci = target("ci", &url);
    ci.give_up_after = Duration::ZERO;
    let (events, outbox, _targets) = start(vec![ci]);
    let repository = "acme/app".parse().unwrap();
    events
        .tell(&happening(Kind::BlobDeleted, &repository))
        .await
        .unwrap();
    while outbox.waiting().await.unwrap() > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(attempts.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_new_target_is_told_without_a_restart() {
    let (url, mut deliveries, _) = receiver(0);
    let (events, _outbox, targets) = start(Vec::new());
    targets.send_replace(vec![target("late", &url)].into());
    let repository = "acme/app".parse().unwrap();
    events
        .tell(&happening(Kind::TagDeleted, &repository))
        .await
        .unwrap();
    assert!(deliveries.recv().await.unwrap().1.contains("tag.deleted"));
}
