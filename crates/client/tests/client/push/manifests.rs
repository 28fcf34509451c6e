//! Tests of pushing manifests.

use super::*;

#[tokio::test]
async fn a_manifest_is_pushed_and_its_digest_compared() {
    let document = ManifestDocument::parse(manifest_json().as_bytes().to_vec(), None).unwrap();
    let digest = document.digest().clone();
    let peer = Peer::start(|seen| {
        Answer::new(201).with("Docker-Content-Digest", Digest::of(&seen.body).to_string())
    });
    let pushed = client()
        .push_manifest(&peer.reference("a:v1"), &document)
        .await
        .unwrap();
    assert_eq!(
        (pushed.digest, pushed.lists_subject),
        (digest.clone(), None)
    );
    let seen = &peer.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str()),
        ("PUT", "/v2/a/manifests/v1")
    );
    assert_eq!(seen.header("content-type"), Some(document.media_type()));
    assert_eq!(seen.body, document.raw());
    // The pin is of other bytes: nothing is sent.
    let pinned = peer.reference("a").pinned(Digest::of(b"other"));
    assert_eq!(
        client()
            .push_manifest(&pinned, &document)
            .await
            .unwrap_err()
            .class(),
        Class::Integrity
    );
    assert_eq!(peer.log().len(), 1);
    let liar = Peer::start(|_| {
        Answer::new(201).with("Docker-Content-Digest", Digest::of(b"z").to_string())
    });
    let error = client()
        .push_manifest(&liar.reference("a:v1"), &document)
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Integrity);
}

#[tokio::test]
async fn every_fault_of_a_refused_manifest_is_kept() {
    let body = r#"{"errors":[
        {"code":"MANIFEST_INVALID","message":"name is not a label","detail":{"instancePath":"/metadata/name"}},
        {"code":"MANIFEST_INVALID","message":"spec is missing","detail":{"instancePath":""}}]}"#;
    let peer = Peer::start(move |_| Answer::json(400, body));
    let document = ManifestDocument::parse(manifest_json().as_bytes().to_vec(), None).unwrap();
    let error = client()
        .push_manifest(&peer.reference("a:v1"), &document)
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Invalid);
    let entries = &error.answer().unwrap().errors;
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].detail["instancePath"], "/metadata/name");
    assert!(
        error
            .to_string()
            .contains("name is not a label; MANIFEST_INVALID: spec is missing"),
        "{error}"
    );
}

#[tokio::test]
async fn a_manifest_push_survives_a_failure() {
    let tries = AtomicUsize::new(0);
    let peer = Peer::start(move |_| {
        if tries.fetch_add(1, Ordering::SeqCst) == 0 {
            Answer::new(503)
        } else {
            Answer::new(201)
        }
    });
    let document = ManifestDocument::parse(manifest_json().as_bytes().to_vec(), None).unwrap();
    client()
        .push_manifest(&peer.reference("a:v1"), &document)
        .await
        .unwrap();
}
