//! Programs of the operator that decide on requests.

use std::time::{Duration, Instant};

use crate::harness::{Image, Served, Upstream, blob_path, manifest_path, tag_path};

/// A mirror whose manifests pass a program, written in shell; `$question` is what it is told.
fn asking(upstream: &Upstream, program: &str) -> Served {
    let stages = "\"login\", \"authn\", PROGRAM, \"resolve\", \"cache\", \"pull\"";
    asking_at(upstream, program, stages)
}

fn asking_at(upstream: &Upstream, program: &str, stages: &str) -> Served {
    let script = format!("#!/bin/sh\nquestion=$(cat)\nexec 2>/dev/null\n{program}\n");
    let stage = "{ exec = { command = \"FOLDER/program\", args = [\"one\"], timeout = \"1s\" } }";
    let stages = stages.replace("PROGRAM", stage);
    let url = upstream.url();
    Served::beside(
        &[("program", &script), ("log", "")],
        &format!(
            "[mirror]\ntag_lifetime = \"0s\"\n[[upstreams]]\nnamespace = \"up.example\"\nprefix = \"up\"\n\
             endpoints = [\"{url}\"]\n[upstreams.pipeline]\nmanifests = {{ stages = [{stages}] }}\n\
             blobs = {{ stages = [\"cache\", \"pull\"] }}\n"
        ),
    )
}

/// An upstream with an image.
fn upstream(seed: u64) -> (Upstream, Image) {
    let (upstream, image) = (Upstream::start(), Image::small(seed));
    upstream.image("app", "v1", &image);
    (upstream, image)
}

#[test]
fn a_program_that_allows_a_request_is_told_what_it_is() {
    let (upstream, image) = upstream(120);
    let program = "echo \"$1 $question\" >> $(dirname $0)/log; echo '{\"verdict\":\"allow\"}'";
    let mirror = asking(&upstream, program);
    mirror
        .get(&tag_path("app", "v1"))
        .is(200)
        .has(&image.index.bytes);
    mirror.head(&manifest_path("app", &image.index)).is(200);
    let log = std::fs::read_to_string(mirror.folder().join("log")).unwrap();
    let told: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line.strip_prefix("one ").unwrap()).unwrap())
        .collect();
    assert_eq!(
        told,
        [
            serde_json::json!({
                "version": 1, "resource": "manifests", "method": "GET", "namespace": "up.example",
                "repository": "app", "reference": "v1",
            }),
            serde_json::json!({
                "version": 1, "resource": "manifests", "method": "HEAD", "namespace": "up.example",
                "repository": "app", "reference": image.index.digest.to_string(),
            }),
        ]
    );
}

#[test]
fn a_program_behind_resolve_is_told_the_digest() {
    let (upstream, image) = upstream(121);
    let program = "echo \"$question\" >> $(dirname $0)/log; echo '{\"verdict\":\"allow\"}'";
    let mirror = asking_at(
        &upstream,
        program,
        "\"resolve\", PROGRAM, \"cache\", \"pull\"",
    );
    mirror.get(&tag_path("app", "v1")).is(200);
    let log = std::fs::read_to_string(mirror.folder().join("log")).unwrap();
    let told: serde_json::Value = serde_json::from_str(&log).unwrap();
    assert_eq!(told["digest"], image.index.digest.to_string());
}

#[test]
fn a_program_that_denies_a_request_is_403_with_its_reason_also_for_what_is_kept() {
    let (upstream, image) = upstream(122);
    let program = "if [ -e $(dirname $0)/closed ]; then \
                   echo '{\"verdict\":\"deny\",\"reason\":\"closed on Mondays\"}'; \
                   else echo '{\"verdict\":\"allow\"}'; fi";
    let mirror = asking(&upstream, program);
    mirror.get(&manifest_path("app", &image.index)).is(200);
    std::fs::write(mirror.folder().join("closed"), "").unwrap();
    let calls = upstream.calls();
    for path in [manifest_path("app", &image.index), tag_path("app", "v1")] {
        let answer = mirror.get(&path).is(403);
        let message = answer.json()["errors"][0]["message"].to_string();
        assert!(message.contains("closed on Mondays"), "{message}");
    }
    assert_eq!(upstream.calls(), calls, "{:?}", upstream.log());
    // Blobs pass no program here.
    mirror.get(&blob_path("app", &image.layers[0][0])).is(200);
}

#[test]
fn a_program_may_ask_for_something_else() {
    let (upstream, image) = (Upstream::start(), Image::small(123));
    upstream.image("team/approved", "stable", &image);
    let program = "echo '{\"verdict\":\"rewrite\",\"repository\":\"team/approved\",\"reference\":\"stable\"}'";
    let mirror = asking(&upstream, program);
    mirror
        .get(&tag_path("app", "v1"))
        .is(200)
        .has(&image.index.bytes);
    assert_eq!(upstream.log(), ["GET /v2/team/approved/manifests/stable"]);
}

#[test]
fn a_program_may_give_credentials() {
    let (upstream, image) = upstream(124);
    upstream.require("ada", "hunter2");
    let program =
        "echo '{\"verdict\":\"credentials\",\"username\":\"ada\",\"password\":\"hunter2\"}'";
    let mirror = asking(&upstream, program);
    mirror
        .get(&tag_path("app", "v1"))
        .is(200)
        .has(&image.index.bytes);
    assert!(upstream.count("*", "/token") > 0, "{:?}", upstream.log());
    // Those that are wrong are no way in.
    let program = program.replace("hunter2", "hunter3");
    let mirror = asking(&upstream, &program);
    mirror.get(&tag_path("app", "v1")).is(404);
}

#[test]
fn a_program_without_a_verdict_is_503_and_its_upstream_is_not_asked() {
    let (upstream, _) = upstream(125);
    for program in [
        "echo garbage",
        "true",
        "echo '{\"verdict\":\"maybe\"}'",
        "echo '{\"verdict\":\"allow\"}'; exit 1",
        "echo '{\"verdict\":\"rewrite\",\"repository\":\"../../etc\"}'",
        "echo '{\"verdict\":\"rewrite\",\"reference\":\"no tag!\"}'",
        "kill -9 $$",
        // More than it may say.
        "head -c 200000 /dev/zero | tr '\\0' ' '; echo '{\"verdict\":\"allow\"}'",
    ] {
        let mirror = asking(&upstream, program);
        let answer = mirror.get(&tag_path("app", "v1"));
        assert_eq!(answer.status, 503, "{program}");
        assert!(answer.header("retry-after").is_some());
    }
    assert_eq!(upstream.calls(), 0, "{:?}", upstream.log());
}

#[test]
fn a_program_that_takes_too_long_is_503_and_ended() {
    let (upstream, _) = upstream(126);
    let mirror = asking(&upstream, "echo $$ > $(dirname $0)/log; exec sleep 60");
    let started = Instant::now();
    mirror.get(&tag_path("app", "v1")).is(503);
    assert!(started.elapsed() < Duration::from_secs(8));
    assert_eq!(upstream.calls(), 0);
    let process = std::fs::read_to_string(mirror.folder().join("log")).unwrap();
    let folder = format!("/proc/{}", process.trim());
    crate::harness::until("it has ended", || !std::path::Path::new(&folder).exists());
}

#[test]
fn a_program_that_is_not_there_is_503() {
    let (upstream, _) = upstream(127);
    let mirror = asking(&upstream, "echo '{\"verdict\":\"allow\"}'");
    mirror.get(&tag_path("app", "v1")).is(200);
    std::fs::remove_file(mirror.folder().join("program")).unwrap();
    mirror.get(&tag_path("app", "v1")).is(503);
}
