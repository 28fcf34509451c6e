use std::sync::Arc;

use lazaret_client::{Anonymous, Class, Client};
use lazaret_oci::{Descriptor, Digest};
use serde_json::{Value, json};

use crate::support::{Answer, AsRegistry, Peer, client, options};

const MANIFEST: &str = "application/vnd.cncf.oras.artifact.manifest.v1+json";
const TYPE: &str = "dadi.image.v1";

fn entry(content: &[u8], kind: &str) -> Value {
    json!({
        "mediaType": MANIFEST,
        "digest": Digest::of(content).to_string(),
        "size": content.len(),
        "artifactType": kind,
    })
}

fn digests(found: &[Descriptor]) -> Vec<Digest> {
    found.iter().map(|entry| entry.digest.clone()).collect()
}

#[tokio::test]
async fn referrers_of_oras_come_from_all_pages_and_are_filtered() {
    let subject = Digest::of(b"subject");
    let first =
        format!("/v2/a/_oras/artifacts/referrers?digest={subject}&artifactType=odd%20%26%2B");
    let peer = Peer::start(move |seen| {
        if seen.target == first {
            let page = json!({"referrers": [entry(b"1", "odd &+"), entry(b"2", "other")]});
            let next = "</v2/a/_oras/artifacts/referrers?next=1>; rel=\"next\"";
            return Answer::json(200, &page.to_string()).with("Link", next);
        }
        match seen.target.as_str() {
            "/v2/a/_oras/artifacts/referrers?next=1" => Answer::json(
                200,
                &json!({"referrers": [entry(b"3", "odd &+")]}).to_string(),
            ),
            _ => Answer::new(500),
        }
    });
    let reference = peer.reference("a");
    let found = client()
        .oras_referrers(&reference, &subject, "odd &+")
        .await
        .unwrap();
    assert_eq!(digests(&found), [Digest::of(b"1"), Digest::of(b"3")]);
}

#[tokio::test]
async fn the_older_api_is_asked_where_there_is_no_newer_one() {
    let subject = Digest::of(b"subject");
    let path = format!("/oras/artifacts/v1/team/a/manifests/{subject}/referrers");
    let peer = Peer::start(move |seen| match seen.path() == path {
        true => Answer::json(200, &json!({"references": [entry(b"1", TYPE)]}).to_string()),
        false => Answer::new(404),
    });
    let reference = peer.reference("team/a");
    let found = client()
        .oras_referrers(&reference, &subject, TYPE)
        .await
        .unwrap();
    assert_eq!(digests(&found), [Digest::of(b"1")]);
    assert_eq!(peer.log().len(), 2);
}

#[tokio::test]
async fn a_registry_without_the_api_has_no_referrers_and_errors_stay_errors() {
    for status in [404, 400, 405] {
        let peer = Peer::start(move |_| Answer::new(status));
        let reference = peer.reference("a");
        let found = client()
            .oras_referrers(&reference, &Digest::of(b""), TYPE)
            .await;
        assert_eq!(found.unwrap(), [], "{status}");
    }
    for body in ["\"text\"", "{\"referrers\": 1}", "<html>"] {
        let peer = Peer::start(move |_| Answer::json(200, body));
        let reference = peer.reference("a");
        let found = client()
            .oras_referrers(&reference, &Digest::of(b""), TYPE)
            .await;
        assert_eq!(found.unwrap_err().class(), Class::Protocol, "{body}");
    }
    let peer = Peer::start(|_| Answer::new(403));
    let reference = peer.reference("a");
    let found = client()
        .oras_referrers(&reference, &Digest::of(b""), TYPE)
        .await;
    assert_eq!(found.unwrap_err().class(), Class::Denied);
}

#[tokio::test]
async fn endless_pages_of_oras_end() {
    let peer = Peer::start(|seen| {
        let next = format!("<{}x>; rel=next", seen.target);
        Answer::json(200, "{\"referrers\": null}").with("Link", next)
    });
    let mut options = options();
    options.max_pages = 20;
    let client = Client::new(options, Arc::new(Anonymous)).unwrap();
    let reference = peer.reference("a");
    let subject = Digest::of(b"subject");
    let found = client.oras_referrers(&reference, &subject, TYPE);
    assert_eq!(found.await.unwrap_err().class(), Class::Protocol);
    assert_eq!(peer.log().len(), 20);
}

#[tokio::test]
async fn the_content_of_an_artifact_is_read_and_verified() {
    let blob = json!({"mediaType": "x/y", "digest": Digest::of(b"1").to_string(), "size": 1});
    let text = json!({"mediaType": MANIFEST, "artifactType": TYPE, "blobs": [blob]}).to_string();
    let digest = Digest::of(text.as_bytes());
    let peer = Peer::start(move |seen| {
        assert!(seen.header("accept").unwrap().contains(MANIFEST));
        Answer::json(200, &text)
    });
    let reference = peer.reference("a").pinned(digest);
    let found = client().oras_blobs(&reference).await.unwrap();
    assert_eq!(digests(&found), [Digest::of(b"1")]);
    let other = peer.reference("a").pinned(Digest::of(b"other"));
    let error = client().oras_blobs(&other).await.unwrap_err();
    assert_eq!(error.class(), Class::Integrity);
}
