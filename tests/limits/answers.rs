//! Answers of registries: manifests, indexes, tokens, errors, blobs.

use lazaret_oci::Digest;
use lazaret_testing::http::{Answer, Peer, Seen};
use serde_json::json;

use super::bombs::repeat;
use super::cost::{LARGEST, check};
use crate::support::World;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

fn check_pull(name: &str, answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) {
    let peer = Peer::start(answer);
    let world = World::new();
    let reference = format!("{}/a/b:v1", peer.address);
    check(
        &format!("answer: {name}"),
        &world.lazaret(),
        &world,
        &["pull", &reference],
    );
}

fn document(kind: &str, body: &[u8]) -> Answer {
    Answer::new(200).with("Content-Type", kind).body(body)
}

/// Answers every question for a manifest with one document.
fn check_manifest(name: &str, kind: &'static str, body: Vec<u8>) {
    check_pull(name, move |seen| {
        if seen.target.contains("/manifests/") {
            document(kind, &body)
        } else {
            Answer::new(404)
        }
    });
}

fn descriptor(kind: &str, size: u64) -> serde_json::Value {
    json!({ "mediaType": kind, "digest": Digest::of(b"x").to_string(), "size": size })
}

#[test]
fn manifests() {
    let config = descriptor(CONFIG, 10).to_string();
    let layer = descriptor(LAYER, 1).to_string() + ",";
    let head = format!("{{\"schemaVersion\":2,\"config\":{config},\"layers\":[");
    let last = format!("{}]}}", descriptor(LAYER, 1));
    check_manifest(
        "layers",
        MANIFEST,
        repeat(head.as_bytes(), layer.as_bytes(), last.as_bytes()),
    );
    let noted = |piece: &[u8], last: &[u8]| {
        let head = format!("{{\"schemaVersion\":2,\"config\":{config},\"layers\":[],");
        repeat(head.as_bytes(), piece, last)
    };
    check_manifest("unknown lists", MANIFEST, {
        let head = format!("{{\"schemaVersion\":2,\"config\":{config},\"layers\":[],\"a\":[");
        repeat(head.as_bytes(), b"[0],", b"0]}")
    });
    let notes: String = (0..LARGEST / 15)
        .map(|number| format!("\"{number:06}\":\"\","))
        .collect();
    let notes = format!(
        "{{\"schemaVersion\":2,\"config\":{config},\"layers\":[],\"annotations\":{{{}}}}}",
        notes.trim_end_matches(',')
    );
    check_manifest("annotations", MANIFEST, notes.into_bytes());
    check_manifest("depth", MANIFEST, noted(b"\"a\":{", b""));
    check_manifest(
        "repeated members",
        MANIFEST,
        noted(b"\"a\":0,", b"\"b\":0}"),
    );
    check_manifest("urls", MANIFEST, {
        let head = format!(
            "{{\"schemaVersion\":2,\"config\":{config},\"layers\":[{{\"mediaType\":\"a\",\"digest\":\"{}\",\"size\":1,\"urls\":[",
            Digest::of(b"x")
        );
        repeat(head.as_bytes(), b"\"\",", b"\"\"]}]}")
    });
    check_pull("a manifest without end", |_| {
        document(MANIFEST, b"").zeros(1 << 40)
    });
    check_pull("a manifest of 1 TiB, cut", |_| {
        document(MANIFEST, b"{}").announce(1 << 40)
    });
}

#[test]
fn indexes() {
    let entry = |number: u32| json!({ "mediaType": MANIFEST, "digest": Digest::of(&number.to_le_bytes()).to_string(), "size": 1, "platform": { "architecture": "amd64", "os": "linux" } });
    let all: Vec<_> = (0..20_000).map(entry).collect();
    let index = json!({ "schemaVersion": 2, "manifests": all })
        .to_string()
        .into_bytes();
    assert!(index.len() < LARGEST);
    check_manifest("an index of 20,000", INDEX, index);
    let strange: Vec<_> = (0..20_000).map(|number| json!({ "mediaType": MANIFEST, "digest": Digest::of(b"x").to_string(), "size": 1, "platform": { "architecture": format!("a{number}"), "os": "x" } })).collect();
    let index = json!({ "schemaVersion": 2, "manifests": strange })
        .to_string()
        .into_bytes();
    check_manifest("an index of other platforms", INDEX, index);
    check_manifest("features", INDEX, {
        let head = format!(
            "{{\"schemaVersion\":2,\"manifests\":[{{\"mediaType\":\"{MANIFEST}\",\"digest\":\"{}\",\"size\":1,\"platform\":{{\"architecture\":\"x\",\"os\":\"y\",\"os.features\":[",
            Digest::of(b"x")
        );
        repeat(head.as_bytes(), b"\"\",", b"\"\"]}}]}")
    });
}

/// A manifest with this configuration and these layers, and answers of its blobs.
fn check_image(name: &str, config: Vec<u8>, size: u64, layers: Vec<serde_json::Value>) {
    let digest = Digest::of(&config).to_string();
    let manifest = json!({ "schemaVersion": 2, "config": { "mediaType": CONFIG, "digest": digest, "size": size }, "layers": layers }).to_string();
    check_pull(name, move |seen| {
        if seen.target.contains("/manifests/") {
            document(MANIFEST, manifest.as_bytes())
        } else if seen.target.contains(&digest) {
            let answer = Answer::new(200).with("Content-Type", "application/octet-stream");
            if size > config.len() as u64 {
                answer.zeros(size)
            } else {
                answer.body(&config)
            }
        } else {
            Answer::new(200).zeros(1 << 40)
        }
    });
}

#[test]
fn images() {
    check_image("a configuration of 1 TiB", b"{}".to_vec(), 1 << 40, vec![]);
    let id = format!("\"{}\",", Digest::of(b"x"));
    let head = b"{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[";
    let config = repeat(
        head,
        id.as_bytes(),
        format!("{}]}}}}", id.trim_end_matches(',')).as_bytes(),
    );
    let size = config.len() as u64;
    check_image("a configuration of layers", config, size, vec![]);
    let head = b"{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"config\":{\"Env\":[";
    let config = repeat(head, b"\"\",", b"\"\"]}}");
    let size = config.len() as u64;
    check_image("a configuration of variables", config, size, vec![]);
    let config = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"]}}"#.to_vec();
    let size = config.len() as u64;
    check_image(
        "a layer without end",
        config.clone(),
        size,
        vec![descriptor(LAYER, 1)],
    );
    check_image(
        "a layer of 8 EiB",
        config,
        size,
        vec![descriptor(LAYER, i64::MAX as u64)],
    );
}

#[test]
fn tokens() {
    let challenged = |name: &'static str, answer: fn() -> Answer| {
        let peer = Peer::start_with(str::to_owned, move |seen, host: &String| {
            if seen.target.starts_with("/token") {
                return answer();
            }
            Answer::new(401).with(
                "WWW-Authenticate",
                format!("Bearer realm=\"http://{host}/token\",service=\"a\""),
            )
        });
        let world = World::new();
        let reference = format!("{}/a/b:v1", peer.address);
        check(
            &format!("answer: {name}"),
            &world.lazaret(),
            &world,
            &["pull", &reference],
        );
    };
    challenged("a token without end", || Answer::new(200).zeros(1 << 40));
    challenged("a token of 4 MiB", || {
        Answer::new(200).body(&repeat(b"{\"token\":\"", b"a", b"\"}"))
    });
    challenged("a token of depth", || {
        Answer::new(200).body(&b"[".repeat(1 << 20))
    });
    challenged("an error without end", || Answer::new(403).zeros(1 << 40));
    check_pull("challenges", |_| {
        let challenge = "Bearer realm=\"x\",".repeat(2000);
        Answer::new(401).with("WWW-Authenticate", challenge)
    });
    check_pull("an error of lists", |_| {
        Answer::new(500).body(&repeat(b"{\"errors\":[", b"{\"code\":\"\"},", b"{}]}"))
    });
    check_pull("headers", |_| {
        let mut answer = Answer::new(404);
        for number in 0..90 {
            answer = answer.with(&format!("X-{number}"), "a".repeat(4000));
        }
        answer
    });
    check_pull("a header without end", |_| {
        Answer::raw(repeat(b"HTTP/1.1 200 OK\r\nA: ", b"a", b""))
    });
}
