//! Tests of whole instances, from the configuration file to the last request.

use std::path::Path;
use std::time::Duration;

use lazaret_testing::http::{Answer, Peer, Seen, exchange};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::*;

mod truncation;

/// A running instance.
struct Running {
    address: String,
    metrics: Option<String>,
    config: watch::Receiver<Arc<Config>>,
    reload: mpsc::Sender<()>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

fn source(folder: &Path, text: &str) -> Source {
    let file = folder.join("registry.toml");
    std::fs::write(&file, text).unwrap();
    Source {
        file: Some(file),
        root: Root::Lasting(folder.join("content")),
        ..Source::default()
    }
}

async fn start(folder: &Path, text: &str) -> Running {
    let text = format!("listen = [\"127.0.0.1:0\"]\n{text}");
    let instance = Instance::open(source(folder, &text)).await.unwrap();
    let address = instance.urls()[0]
        .strip_prefix("http://")
        .unwrap()
        .to_owned();
    let metrics = instance
        .metrics_address()
        .map(|address| address.to_string());
    let config = instance.configuration();
    let (reload, reloads) = mpsc::channel(1);
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(instance.serve(Signals {
        stop: Box::pin(async {
            let _ = stopped.await;
        }),
        reload: reloads,
        notifier: Notifier::default(),
    }));
    Running {
        address,
        metrics,
        config,
        reload,
        stop,
        task,
    }
}

/// Replaces a file in one step.
fn replace(file: &Path, text: &str) {
    let new = file.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, file).unwrap();
}

/// Sends the head of a request; returns the status and the whole response.
async fn ask(address: &str, request: &str) -> (u16, String) {
    let request = format!("{request}\r\nhost: x\r\nconnection: close\r\n\r\n");
    let address = address.parse().unwrap();
    // On another thread, because the registry runs on this one.
    let asked = tokio::task::spawn_blocking(move || exchange(address, request.as_bytes()));
    let answer = String::from_utf8(asked.await.unwrap().unwrap()).unwrap();
    (answer[9..12].parse().unwrap(), answer)
}

#[tokio::test]
async fn measurements_tell_what_happened_and_no_names() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path(), "[metrics]\nlisten = \"127.0.0.1:0\"").await;
    let metrics = running.metrics.as_deref().unwrap();
    assert_eq!(ask(&running.address, "GET /v2/ HTTP/1.1").await.0, 200);
    assert_eq!(
        ask(
            &running.address,
            "GET /v2/secret/name/manifests/v1 HTTP/1.1"
        )
        .await
        .0,
        404
    );
    assert_eq!(ask(&running.address, "GET /readyz HTTP/1.1").await.0, 200);
    // The measurements are only at their own address.
    assert_eq!(ask(&running.address, "GET /metrics HTTP/1.1").await.0, 404);
    let (status, answer) = ask(metrics, "GET /metrics HTTP/1.1").await;
    assert_eq!(status, 200);
    let (_, text) = answer.split_once("\r\n\r\n").unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    let has = |line: &str| assert!(text.contains(line), "{line} is not in\n{text}");
    has("lazaret_http_requests_total{class=\"base\",method=\"GET\",status=\"200\"} 1");
    has("lazaret_http_requests_total{class=\"manifest\",method=\"GET\",status=\"404\"} 1");
    has("lazaret_http_requests_in_flight{class=\"base\",method=\"GET\"} 0");
    has("lazaret_metadata_ping_duration_seconds_count 1");
    has("process_resident_memory_bytes ");
    assert!(!text.contains("secret"), "{text}");
    drop(running.stop);
    running.task.await.unwrap();
}

#[tokio::test]
async fn a_change_of_the_file_counts_at_once_and_a_broken_one_never() {
    let folder = tempfile::tempdir().unwrap();
    let mut running = start(folder.path(), "").await;
    let delete = "DELETE /v2/acme/app/manifests/v1 HTTP/1.1";
    assert_eq!(ask(&running.address, delete).await.0, 404);

    let file = folder.path().join("registry.toml");
    replace(&file, "delete = false\nlisten = [\"127.0.0.1:1\"]\n");
    running.reload.send(()).await.unwrap();
    running.config.changed().await.unwrap();
    assert_eq!(ask(&running.address, delete).await.0, 405);
    // Settings that need a restart did not change.
    assert_eq!(running.config.borrow().listen[0].port(), 0);

    replace(&file, "delete = \"perhaps\"\n");
    running.reload.send(()).await.unwrap();
    // The channel has room for one message: when the third is accepted, the second was handled.
    running.reload.send(()).await.unwrap();
    running.reload.send(()).await.unwrap();
    assert_eq!(ask(&running.address, delete).await.0, 405);
    assert!(!running.config.has_changed().unwrap());

    // A changed file is also noticed without a signal.
    replace(&file, "delete = true\n# and longer");
    running.config.changed().await.unwrap();
    assert_eq!(ask(&running.address, delete).await.0, 404);
    drop(running.stop);
    running.task.await.unwrap();
}

#[tokio::test]
async fn a_file_that_lost_its_protection_never_counts() {
    let folder = tempfile::tempdir().unwrap();
    let whole = "listen = [\"127.0.0.1:0\"]\n[[access]]\nrepositories = [\"public/**\"]\n\
                 subjects = [\"everyone\"]\nactions = [\"pull\"]\n";
    let text = whole.split_once('\n').unwrap().1;
    let running = start(folder.path(), text).await;
    let secret = "GET /v2/secret/manifests/v1 HTTP/1.1";
    let refused = ask(&running.address, secret).await.0;
    assert!([401, 403].contains(&refused), "{refused}");
    let file = folder.path().join("registry.toml");
    // Cut off anywhere: some of it is no TOML, some has nothing of the rule, some half of it.
    for length in 0..whole.len() {
        std::fs::write(&file, &whole[..length]).unwrap();
        // The channel has room for one: when a third is taken, the first was acted on.
        for _ in 0..3 {
            running.reload.send(()).await.unwrap();
        }
        let status = ask(&running.address, secret).await.0;
        assert_eq!(status, refused, "{:?}", &whole[..length]);
    }
    drop(running.stop);
    running.task.await.unwrap();
}

#[tokio::test]
async fn readiness_ends_before_the_service_does() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path(), "[drain]\ndelay = \"700ms\"").await;
    assert_eq!(ask(&running.address, "GET /readyz HTTP/1.1").await.0, 200);
    drop(running.stop);
    let mut answer = ask(&running.address, "GET /readyz HTTP/1.1").await;
    while answer.0 == 200 {
        answer = ask(&running.address, "GET /readyz HTTP/1.1").await;
    }
    assert_eq!(answer.0, 503);
    assert!(answer.1.contains("draining"), "{}", answer.1);
    // Requests are still answered.
    assert_eq!(ask(&running.address, "GET /v2/ HTTP/1.1").await.0, 200);
    running.task.await.unwrap();
    assert!(TcpStream::connect(&running.address).await.is_err());
}

/// A collector that accepts exports.
fn collector() -> (String, mpsc::UnboundedReceiver<Seen>) {
    let (sender, exported) = mpsc::unbounded_channel();
    let peer = Peer::start(move |seen| {
        // The receiver is gone when the test has seen enough.
        let _ = sender.send(seen.clone());
        Answer::json(200, "{}")
    });
    (peer.url(), exported)
}

#[tokio::test]
async fn a_request_is_a_span_of_the_clients_trace() {
    let folder = tempfile::tempdir().unwrap();
    let (endpoint, mut exported) = collector();
    let text = format!("[tracing]\nendpoint = \"{endpoint}\"\nsample_ratio = 0.0");
    let running = start(folder.path(), &text).await;
    // Not traced: the client does not ask for it, and the ratio is zero.
    ask(&running.address, "GET /v2/ HTTP/1.1").await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let request = format!(
        "GET /v2/acme/app/manifests/v1?token=hunter2 HTTP/1.1\r\nx-request-id: r-1\r\n\
         traceparent: 00-{trace}-b7ad6b7169203331-01"
    );
    assert_eq!(ask(&running.address, &request).await.0, 404);
    let export = exported.recv().await.unwrap();
    let asked = (export.method.as_str(), export.target.as_str());
    assert_eq!(asked, ("POST", "/v1/traces"));
    let body: serde_json::Value = serde_json::from_slice(&export.body).unwrap();
    let spans = &body["resourceSpans"][0]["scopeSpans"][0]["spans"];
    assert_eq!(spans.as_array().unwrap().len(), 1, "{body}");
    let span = &spans[0];
    assert_eq!(span["traceId"], trace);
    assert_eq!(span["parentSpanId"], "b7ad6b7169203331");
    assert_eq!(span["name"], "GET /v2/{name}/manifests/{reference}");
    let attribute = |key: &str| {
        let all = span["attributes"].as_array().unwrap();
        let found = all
            .iter()
            .find(|attribute| attribute["key"] == key)
            .unwrap();
        found["value"].clone()
    };
    assert_eq!(attribute("http.response.status_code")["intValue"], "404");
    assert_eq!(
        attribute("url.path")["stringValue"],
        "/v2/acme/app/manifests/v1"
    );
    assert_eq!(attribute("lazaret.request_id")["stringValue"], "r-1");
    assert!(!body.to_string().contains("hunter2"));
    drop(running.stop);
    running.task.await.unwrap();
}

#[tokio::test]
async fn a_registry_with_wrong_settings_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Instance::open(source(folder.path(), "lisen = []")).await;
    let Err(Error::Config(faults)) = opened else {
        panic!("it started");
    };
    assert_eq!(faults.0[0].hint.as_deref(), Some("did you mean listen?"));
    assert!(!folder.path().join("content").exists());
}

#[tokio::test]
async fn content_is_collected_as_often_as_the_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[collection]\ninterval = \"50ms\"\n[metrics]\nlisten = \"127.0.0.1:0\"";
    let running = start(folder.path(), text).await;
    let metrics = running.metrics.as_deref().unwrap();
    let wanted = "lazaret_collections_total{outcome=\"Success\"}";
    while !ask(metrics, "GET /metrics HTTP/1.1")
        .await
        .1
        .contains(wanted)
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(running.stop);
    running.task.await.unwrap();
}

#[tokio::test]
async fn empty_metadata_beside_older_content_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let listen = "listen = [\"127.0.0.1:0\"]\n";
    let open = async |settings: &str| {
        let source = source(folder.path(), &format!("{listen}{settings}"));
        Instance::open(source).await.map(drop)
    };
    open("").await.unwrap();
    open("").await.unwrap();
    let shard = folder.path().join("content/objects/ab");
    std::fs::write(shard.join("ab".repeat(16)), "content").unwrap();
    open("")
        .await
        .expect("younger content may be of an upload that was lost with power");
    for suffix in ["", "-wal", "-shm"] {
        let path = folder.path().join(format!("content/registry.db{suffix}"));
        let _ = std::fs::remove_file(path);
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    for attempt in 0..2 {
        let refused = open("").await;
        assert!(
            matches!(refused, Err(Error::MetadataLost { .. })),
            "{attempt}: {refused:?}"
        );
    }
    open("[metadata]\nstart_empty = true").await.unwrap();
}

#[tokio::test]
async fn metadata_that_names_content_beside_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path(), "").await;
    let digest = lazaret_oci::Digest::of(b"content");
    let head = format!("POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1");
    let push =
        format!("{head}\r\nhost: x\r\ncontent-length: 7\r\nconnection: close\r\n\r\ncontent");
    let address = running.address.parse().unwrap();
    let pushed = tokio::task::spawn_blocking(move || exchange(address, push.as_bytes()));
    let answer = String::from_utf8(pushed.await.unwrap().unwrap()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    drop(running.stop);
    running.task.await.unwrap();
    std::fs::remove_dir_all(folder.path().join("content/objects")).unwrap();
    let listen = "listen = [\"127.0.0.1:0\"]";
    for attempt in 0..2 {
        let refused = Instance::open(source(folder.path(), listen))
            .await
            .map(drop);
        let is_lost = matches!(refused, Err(Error::ContentLost { .. }));
        assert!(is_lost, "{attempt}: {refused:?}");
    }
}
